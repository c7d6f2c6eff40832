package jsonhttp

import (
	"math"
	"testing"
)

// Whatever the document and the expression are, evaluating ends, and yields a
// number or an error.
func FuzzEval(f *testing.F) {
	for _, value := range []string{
		"body.a / body.b", "body.map(a, body.map(b, a == b)).size()", "status", "body == body ? 1 : 0",
		"body.a.matches('(a+)+$')", "math.greatest(body.a)", "body.a[0].b", "double(body.a) + 1.0", "body.all(x, x in body)",
	} {
		f.Add(value, []byte(`{"a":[1,{"b":"x"}],"b":1e308}`))
		f.Add(value, []byte(`[[[[]]],null,"\ud800",-0.0]`))
	}
	f.Fuzz(func(t *testing.T, value string, doc []byte) {
		x, err := compile(value)
		if err != nil {
			return
		}
		body, err := document(doc, x.usesBody)
		if err != nil {
			return
		}
		if v, err := x.eval(t.Context(), body, 200); err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
			t.Errorf("%q yields %v", value, v)
		}
	})
}
