package prometheus_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/driver/fetch"
	"github.com/daero/daero/driver/prometheus"
	"github.com/daero/daero/level"
)

func first(t *testing.T, s *prometheus.Signal) level.Reading {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if r := s.Read(time.Now()); r.Note != "not asked yet" {
			return r
		}
		<-tick.C
	}
	t.Fatal("nothing was said")
	return level.Reading{}
}

func ok(kind, result string) string {
	return fmt.Sprintf(`{"status":"success","data":{"resultType":%q,"result":%s}}`, kind, result)
}

func TestAnswers(t *testing.T) {
	now := float64(time.Now().UnixMilli()) / 1000
	for name, c := range map[string]struct {
		status int
		body   string
		want   string // the value, or part of the note
	}{
		"scalar":           {200, ok("scalar", fmt.Sprintf(`[%.3f,"0.25"]`, now)), "0.25"},
		"one series":       {200, ok("vector", fmt.Sprintf(`[{"metric":{"a":"b"},"value":[%.3f,"7"]}]`, now)), "7"},
		"three series":     {200, ok("vector", `[{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"1"]}]`), "query gives 3 series: aggregate it, for example max(...)"},
		"no series":        {200, ok("vector", `[]`), "no series"},
		"a range":          {200, ok("matrix", `[{"metric":{},"values":[[1,"1"]]}]`), "range of values"},
		"a string":         {200, ok("string", `[1,"x"]`), "not a number of Prometheus'"},
		"NaN":              {200, ok("scalar", fmt.Sprintf(`[%.3f,"NaN"]`, now)), "no value"},
		"infinite":         {200, ok("scalar", fmt.Sprintf(`[%.3f,"+Inf"]`, now)), "no value"},
		"bad query":        {400, `{"status":"error","errorType":"bad_data","error":"parse error at char 3"}`, "the query fails: parse error at char 3"},
		"secret repeated":  {422, `{"status":"error","errorType":"x","error":"who is swordfish1?"}`, "who is [secret]?"},
		"malformed":        {200, `{"status":`, "not a number of Prometheus'"},
		"another server":   {200, `<html>`, "not a number of Prometheus'"},
		"null in it":       {200, ok("vector", `[null]`), "no number"},
		"oversize":         {200, ok("scalar", `[1,"`+strings.Repeat("1", prometheus.MaxBody)+`"]`), "too large"},
		"not found":        {404, "404 page", "it answers 404"},
		"overloaded":       {503, "", "it answers 503"},
		"post not allowed": {405, "", "it answers 405"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if user, password, _ := r.BasicAuth(); r.URL.Path != "/sub/api/v1/query" || r.FormValue("query") != "up" || user != "u" || password != "swordfish1" {
					t.Errorf("asked %s %v as %s", r.URL.Path, r.Form, user)
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer srv.Close()
			s, err := prometheus.New(prometheus.Config{URL: srv.URL + "/sub/", Query: "up", Auth: fetch.Auth{User: "u", Password: "swordfish1"}})
			if err != nil {
				t.Fatal(err)
			}
			r := first(t, s)
			got := r.Note
			if !r.At.IsZero() {
				got = fmt.Sprint(r.Value)
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("reading %+v, want %q", r, c.want)
			}
		})
	}
}

func TestTimeIsTheServersWhereItCanBe(t *testing.T) {
	for name, c := range map[string]struct {
		ahead time.Duration
		taken bool
	}{
		"a little behind": {-20 * time.Second, true}, "years behind": {-10000 * time.Hour, false}, "ahead": {time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := time.Now()
			at := before.Add(c.ahead).Truncate(time.Millisecond)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, ok("scalar", fmt.Sprintf(`[%d.%03d,"1"]`, at.Unix(), at.Nanosecond()/1e6)))
			}))
			defer srv.Close()
			s, err := prometheus.New(prometheus.Config{URL: srv.URL, Query: "1"})
			if err != nil {
				t.Fatal(err)
			}
			r := first(t, s)
			if c.taken && !r.At.Equal(at) || !c.taken && r.At.Before(before) {
				t.Errorf("At %s, the server said %s, asked at %s", r.At, at, before)
			}
		})
	}
}

func TestSlowServer(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer srv.Close()
	s, err := prometheus.New(prometheus.Config{URL: srv.URL, Query: "1", Every: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if r := first(t, s); !r.At.IsZero() || r.Note != "no answer within 1s" {
		t.Errorf("reading %+v", r)
	}
}

func TestMistakesAreAllNamed(t *testing.T) {
	_, err := prometheus.New(prometheus.Config{URL: "http://u:hunter2@h/", Every: 2 * time.Hour, Auth: fetch.Auth{Password: "swordfish"}})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"user or password", "no query", "every 2h", "name the user"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("error shows a secret: %v", err)
	}
}
