package prometheus

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// answers carries requests to a fixed answer.
type answers []byte

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	_, _ = w.Write(a)
	return w.Result(), nil
}

// Whatever a server answers, there is a value with a time that can be, or an
// error.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`,
		`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1e300,"1"]}]}}`,
		`{"status":"success","data":{"resultType":"vector","result":[{"histogram":[1,{"count":"1","sum":"1","buckets":[[0,"1","2","3"]]}]}]}}`,
		`{"status":"success","data":{"resultType":"matrix","result":[]}}`, `{"status":"error"}`, `{}`, `[]`, "",
		`{"status":"success","data":{"resultType":"scalar","result":["x",null]}}`,
		`{"status":"success","data":{"resultType":"vector","result":[null]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := New(Config{URL: "http://h", Query: "1", Transport: answers(body)})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		a, err := s.ask(t.Context())
		if late := a.At.Sub(now); err == nil && (late > time.Minute || late < -2*time.Minute) {
			t.Errorf("answer %+v", a)
		}
	})
}
