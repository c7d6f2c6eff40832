package cloudevent_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/cloudevent"
)

func head(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// binary is a good event in binary mode, with changes.
func binary(pairs ...string) http.Header {
	h := head("Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "/shop", "Ce-Type", "ordered")
	for i := 0; i < len(pairs); i += 2 {
		if h.Del(pairs[i]); pairs[i+1] != "" {
			h.Set(pairs[i], pairs[i+1])
		}
	}
	return h
}

func TestModes(t *testing.T) {
	for name, c := range map[string]struct {
		h    http.Header
		want cloudevent.Mode
	}{
		"nothing":              {head(), cloudevent.None},
		"plain JSON":           {head("Content-Type", "application/json"), cloudevent.None},
		"binary":               {binary(), cloudevent.Binary},
		"half of one":          {head("Ce-Type", "a"), cloudevent.Binary},
		"structured":           {head("Content-Type", "application/cloudevents+json; charset=utf-8"), cloudevent.Structured},
		"in capitals":          {head("Content-Type", "Application/CloudEvents+JSON; charset=UTF-8"), cloudevent.Structured},
		"structured, not ours": {head("Content-Type", "application/cloudevents+avro"), cloudevent.Foreign},
		"another charset":      {head("Content-Type", "application/cloudevents+json; charset=euc-kr"), cloudevent.Foreign},
		"broken parameters":    {head("Content-Type", "application/cloudevents+json; ="), cloudevent.Foreign},
		"batch":                {head("Content-Type", "application/cloudevents-batch+json"), cloudevent.Batch},
	} {
		if got := cloudevent.ModeOf(c.h); got != c.want {
			t.Errorf("%s: mode %d, want %d", name, got, c.want)
		}
	}
}

func TestBinary(t *testing.T) {
	h := binary("Ce-Subject", "%EC%A3%BC%EB%AC%B8%20%2217%22", "Ce-Time", "2026-11-25T09:30:00+09:00", "Ce-Partitionkey", "c-17",
		"Ce-Comexampleext", `"old \"style\""`, "Content-Type", "text/plain", "X-Other", "x")
	e, err := cloudevent.FromHTTP(cloudevent.Binary, h, []byte("data"))
	if err != nil {
		t.Fatal(err)
	}
	want := &cloudevent.Event{
		ID: "1", Source: "/shop", Type: "ordered", Subject: `주문 "17"`, Time: "2026-11-25T09:30:00+09:00", DataContentType: "text/plain",
		Extensions: []cloudevent.Attribute{{Name: "comexampleext", Value: `old "style"`}, {Name: "partitionkey", Value: "c-17"}},
		Data:       []byte("data"),
	}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("got %+v\nwant %+v", e, want)
	}
}

func TestStructured(t *testing.T) {
	for name, c := range map[string]struct {
		members string
		media   string
		data    string // "-" is none
		ext     string // of x
	}{
		"JSON as it is":        {`"data": {"a" :1.0e2, "b":[]}`, "application/json", `{"a" :1.0e2, "b":[]}`, ""},
		"a string is JSON":     {`"data":"hello"`, "application/json", `"hello"`, ""},
		"a string of text":     {`"data":"h\u00e9 \"x\"","datacontenttype":"text/plain"`, "text/plain", `hé "x"`, ""},
		"text after its type":  {`"datacontenttype":"text/plain","data":"t"`, "text/plain", `t`, ""},
		"number in text":       {`"data":5,"datacontenttype":"text/plain"`, "text/plain", `5`, ""},
		"special JSON":         {`"data":{"a":1},"datacontenttype":"application/vnd.shop+json"`, "application/vnd.shop+json", `{"a":1}`, ""},
		"base64":               {`"data_base64":"AAEC","datacontenttype":"image/png"`, "image/png", "\x00\x01\x02", ""},
		"none":                 {`"subject":"s"`, "", "-", ""},
		"null is JSON":         {`"data":null`, "application/json", "null", ""},
		"null is no text":      {`"data":null,"datacontenttype":"text/plain"`, "text/plain", "-", ""},
		"null base64":          {`"data_base64":null,"data":1`, "application/json", "1", ""},
		"an integer extension": {`"x":-5`, "", "-", "-5"},
		"a boolean extension":  {`"x":true`, "", "-", "true"},
		"an absent extension":  {`"x":null`, "", "-", ""},
	} {
		e, err := cloudevent.FromJSON([]byte(`{"specversion":"1.0","id":"1","source":"/shop","type":"t",` + c.members + "}\n"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Data == nil != (c.data == "-") || e.Data != nil && string(e.Data) != c.data || e.DataContentType != c.media || e.Extension("x") != c.ext {
			t.Errorf("%s: got %q of %q, x %q; want %q of %q, x %q", name, e.Data, e.DataContentType, e.Extension("x"), c.data, c.media, c.ext)
		}
	}
}

func TestHostile(t *testing.T) {
	long := strings.Repeat("x", cloudevent.MaxValue+1)
	many := binary()
	for i := range cloudevent.MaxAttributes + 1 {
		many.Set(fmt.Sprintf("Ce-X%d", i), "v")
	}
	twice := binary()
	twice.Add("Ce-Id", "2")
	for name, c := range map[string]struct {
		h    http.Header
		want string
	}{
		"no version":           {binary("Ce-Specversion", ""), "specversion"},
		"old version":          {binary("Ce-Specversion", "0.3"), "only 1.0"},
		"no id":                {binary("Ce-Id", ""), "no id"},
		"no source":            {binary("Ce-Source", ""), "no source"},
		"no type":              {binary("Ce-Type", ""), "no type"},
		"two ids":              {twice, "2 times"},
		"a dash in a name":     {binary("Ce-A-B", "v"), "letters a-z"},
		"a long name":          {binary("Ce-"+strings.Repeat("n", 65), "v"), "letters a-z"},
		"a name that data has": {binary("Ce-Data", "v"), "taken"},
		"a long value":         {binary("Ce-X", long), "longer than"},
		"many":                 {many, "more than"},
		"no percent code":      {binary("Ce-X", "100%"), "percent"},
		"wrong percents":       {binary("Ce-X", "%zz"), "percent"},
		"a line break":         {binary("Ce-X", "a%0D%0Ab"), "control"},
		"no UTF-8":             {binary("Ce-X", "%ff"), "UTF-8"},
		"C1 control":           {binary("Ce-X", "%C2%85"), "control"},
		"no time":              {binary("Ce-Time", "yesterday"), "RFC 3339"},
		"type as a header":     {binary("Ce-Datacontenttype", "text/plain"), "Content-Type"},
	} {
		_, err := cloudevent.FromHTTP(cloudevent.Binary, c.h, nil)
		if bad := new(cloudevent.Error); !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
	const ok = `"specversion":"1.0","id":"1","source":"s","type":"t"`
	for name, c := range map[string][2]string{
		"nothing":           {``, "no JSON object"},
		"an array":          {`[{` + ok + `}]`, "no JSON object"},
		"cut off":           {`{` + ok, "no JSON"},
		"no JSON":           {`{` + ok + `,}`, "no JSON"},
		"something after":   {`{` + ok + `} {}`, "follows"},
		"twice":             {`{` + ok + `,"id":"2"}`, "twice"},
		"data twice":        {`{` + ok + `,"data":1,"data":2}`, "twice"},
		"both datas":        {`{` + ok + `,"data":1,"data_base64":"AA=="}`, "one of the two"},
		"no base64":         {`{` + ok + `,"data_base64":"A"}`, "no base64"},
		"base64 number":     {`{` + ok + `,"data_base64":1}`, "no string"},
		"no UTF-8":          {"{" + ok + ",\"x\":\"\xff\"}", "UTF-8"},
		"an object":         {`{` + ok + `,"x":{}}`, "must be a string"},
		"a fraction":        {`{` + ok + `,"x":1.5}`, "32-bit"},
		"a large number":    {`{` + ok + `,"x":3000000000}`, "32-bit"},
		"a capital":         {`{` + ok + `,"X":"v"}`, "letters a-z"},
		"an empty value":    {`{` + ok + `,"x":""}`, "empty"},
		"version as number": {`{"specversion":1,"id":"1","source":"s","type":"t"}`, "only 1.0"},
		"version is null":   {`{"specversion":null,"id":"1","source":"s","type":"t"}`, "specversion"},
		"id is null":        {`{"specversion":"1.0","id":null,"source":"s","type":"t"}`, "no id"},
		"deep":              {`{` + ok + `,"data":` + strings.Repeat("[", 20000), "no JSON"},
		"a bare surrogate":  {`{` + ok + `,"x":"\u0000"}`, "control"},
	} {
		_, err := cloudevent.FromJSON([]byte(c[0]))
		if bad := new(cloudevent.Error); !errors.As(err, &bad) || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c[1])
		}
	}
	if _, err := cloudevent.FromHTTP(cloudevent.Batch, head(), nil); err == nil {
		t.Error("a batch is taken")
	}
}

// random is any event that can be.
func random(r *rand.Rand) *cloudevent.Event {
	alphabet := []rune(`abcXYZ019 "%\/<>&'+;=주문é💡~-_.:`)
	text := func() string {
		b := make([]rune, 1+r.IntN(12))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	some := func(s string) string {
		if r.IntN(2) == 0 {
			return ""
		}
		return s
	}
	e := &cloudevent.Event{ID: text(), Source: text(), Type: text(), Subject: some(text()), Time: some("2026-11-25T09:30:00.5Z"), DataSchema: some(text())}
	for i := range r.IntN(4) {
		e.Extensions = append(e.Extensions, cloudevent.Attribute{Name: fmt.Sprintf("x%d", i), Value: text()})
	}
	switch r.IntN(5) {
	case 0:
	case 1:
		e.Data, e.DataContentType = []byte(`{"a": [1, "주"]}`), "application/json"
	case 2:
		e.Data, e.DataContentType = []byte(` {"a": 1}`), "application/x+json; charset=utf-8"
	case 3:
		e.Data, e.DataContentType = []byte("no JSON"), "application/json"
	default:
		e.Data, e.DataContentType = []byte{0, byte(r.IntN(256)), 255}, some("image/png")
	}
	return e
}

// Whatever way an event goes, it arrives as it was.
func TestRoundTrips(t *testing.T) {
	for seed := range uint64(3000) {
		want := random(rand.New(rand.NewPCG(seed, 5)))
		h := http.Header{}
		want.SetHTTP(h)
		for name, v := range h {
			if name != http.CanonicalHeaderKey(name) {
				t.Fatalf("seed %d: header %q is not as net/http has it", seed, name)
			}
			for _, c := range v[0] {
				if c < ' ' || c > '~' {
					t.Fatalf("seed %d: header %s: %q is not printable ASCII", seed, name, v[0])
				}
			}
		}
		for way, f := range map[string]func() (*cloudevent.Event, error){
			"binary":     func() (*cloudevent.Event, error) { return cloudevent.FromHTTP(cloudevent.ModeOf(h), h, want.Data) },
			"structured": func() (*cloudevent.Event, error) { return cloudevent.FromJSON(want.JSON()) },
			"message": func() (*cloudevent.Event, error) {
				return cloudevent.FromMessage(&relay.Message{Value: want.Data, Headers: want.Headers(nil)})
			},
		} {
			got, err := f()
			if err != nil {
				t.Fatalf("seed %d, %s: %v\n%+v", seed, way, err, want)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, %s: got %+v\nwant %+v", seed, way, got, want)
			}
		}
	}
}

func TestFromMessage(t *testing.T) {
	e, err := cloudevent.FromMessage(&relay.Message{Value: []byte("v"), Headers: []relay.Header{{Name: "content-type", Value: []byte("text/plain")}}})
	if e != nil || err != nil {
		t.Errorf("got %+v, %v: it is no event", e, err)
	}
	_, err = cloudevent.FromMessage(&relay.Message{Headers: []relay.Header{{Name: "ce_specversion", Value: []byte("1.0")}}})
	if err == nil {
		t.Error("an event without anything is one")
	}
}

func FuzzJSON(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(random(rand.New(rand.NewPCG(seed, 5))).JSON())
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := cloudevent.FromJSON(body)
		if err != nil {
			if !errors.As(err, new(*cloudevent.Error)) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		again, err := cloudevent.FromJSON(e.JSON())
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("%+v\nbecame %+v (%v)", e, again, err)
		}
		h := http.Header{}
		e.SetHTTP(h)
		again, err = cloudevent.FromHTTP(cloudevent.Binary, h, e.Data)
		if len(e.Data) == 0 {
			e.Data = nil // a body cannot tell
		}
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("%+v\nbecame %+v (%v)", e, again, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add("a%20b", `"a \" b"`)
	f.Fuzz(func(t *testing.T, coded, plain string) {
		if v, err := cloudevent.Decode(coded); err != nil && v != "" {
			t.Errorf("%q: %q and %v", coded, v, err)
		}
		if v, err := cloudevent.Decode(cloudevent.Encode(plain)); err != nil || v != plain {
			t.Errorf("%q became %q (%v)", plain, v, err)
		}
	})
}

func BenchmarkBinary(b *testing.B) {
	h := binary("Ce-Subject", "order", "Content-Type", "application/json")
	body := []byte(`{"a":1}`)
	b.ReportAllocs()
	for b.Loop() {
		e, err := cloudevent.FromHTTP(cloudevent.Binary, h, body)
		if err != nil {
			b.Fatal(err)
		}
		e.Headers(make([]relay.Header, 0, 8))
	}
}

func BenchmarkStructured(b *testing.B) {
	body := []byte(`{"specversion":"1.0","id":"1","source":"/shop","type":"t","datacontenttype":"application/json","data":{"a":1}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cloudevent.FromJSON(body); err != nil {
			b.Fatal(err)
		}
	}
}
