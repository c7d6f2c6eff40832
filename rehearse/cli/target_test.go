package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/against"
)

// service is somebody else's: it counts what it is sent.
type service struct {
	*httptest.Server
	agrees atomic.Value // the text of its consent
	answer http.HandlerFunc

	mu      sync.Mutex
	came    []time.Time // without those that asked for consent
	strange []string    // headers that are not as they should be
}

func newService(t *testing.T, answer http.HandlerFunc) *service {
	t.Helper()
	s := &service{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.agrees.Store("# staging\nallow " + strings.TrimPrefix(s.URL, "http://") + "\n")
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == against.ConsentPath {
		fmt.Fprint(w, s.agrees.Load())
		return
	}
	s.mu.Lock()
	s.came = append(s.came, time.Now())
	if r.UserAgent() != against.Agent || r.Header.Get("X-User-Id") == "" {
		s.strange = append(s.strange, fmt.Sprint(r.Header))
	}
	s.mu.Unlock()
	if s.answer != nil {
		s.answer(w, r)
	}
}

// most is the most that came within a second, and how many in all.
func (s *service) most() (most, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := 0
	for i, at := range s.came {
		for at.Sub(s.came[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most, len(s.came)
}

// held rehearses against a service and returns what it says.
func held(ctx context.Context, t *testing.T, stage rehearse.Elsewhere, url, args string) (r rehearse.Report, status int, said string) {
	t.Helper()
	all := append([]string{"goal", "--target", url, "--duration", "4s", "--output", "json", "--patience", "0s"}, strings.Fields(args)...)
	var stdout, stderr bytes.Buffer
	o, status, ok := parse(all, nil, &stderr)
	if !ok {
		return r, status, stderr.String()
	}
	status = o.rehearse(ctx, stage, &stdout, &stderr)
	if stdout.Len() > 0 {
		if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
			t.Errorf("%s: %v", &stdout, err)
		}
	}
	return r, status, stderr.String()
}

// TestAgainstATarget: the people of the scenario come, made so few that no
// second has more than may be, and what cannot be judged is said.
func TestAgainstATarget(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	file := filepath.Join(t.TempDir(), "report.html")
	r, status, said := held(t.Context(), t, rehearse.Elsewhere{}, s.URL, "--bars correctness --most 300 --html "+file)
	if status != exitGood || !r.OK || r.Target == nil || len(r.Arms) != 1 || r.Arms[0].Name != "target" {
		t.Fatalf("exit status %d: %+v %s", status, r, said)
	}
	most, all := s.most()
	if most > 300+15 { // on its way some catch up with others
		t.Errorf("%d came in a second", most)
	}
	load := r.Target
	if load.Most != 300 || load.Scaled >= 1 || load.Peak > 240.1 || load.Peak < 200 || float64(load.Sent) < 0.8*load.Planned || load.URL != s.URL {
		t.Errorf("%+v", load)
	}
	if warm := int64(all) - load.Sent; warm < 3 || warm > 100 {
		t.Errorf("%d came, %d of them before it began: %+v", all, warm, load)
	}
	if len(s.strange) > 0 {
		t.Errorf("sent with %s", s.strange[0])
	}
	why := map[string]bool{}
	for _, n := range r.NotJudged {
		why[n.Name] = n.Why != ""
	}
	for _, want := range []string{"levels and actions", "control: without daero", "login goodput / static lanes"} {
		if !why[want] {
			t.Errorf("%q is not judged, and nobody says so: %+v", want, r.NotJudged)
		}
	}
	page, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(page, []byte("Not judged")) || !bytes.Contains(page, []byte(s.URL)) || bytes.Contains(page, []byte(" workers")) {
		t.Errorf("the page does not say what was rehearsed against: %v", err)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), "not judged: levels and actions") || !strings.Contains(text.String(), "at most 300/s") {
		t.Errorf("%s, %v", &text, err)
	}
}

// TestTheCapHolds: also where all are refused and try again, and where the
// target bears less than was asked for.
func TestTheCapHolds(t *testing.T) {
	t.Parallel()
	s := newService(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	s.agrees.Store(fmt.Sprint(s.agrees.Load(), "most 40\n"))
	r, status, said := held(t.Context(), t, rehearse.Elsewhere{}, s.URL, "--bars correctness --most 5000")
	if status != exitBad || r.Target == nil {
		t.Fatalf("exit status %d: %s", status, said)
	}
	if most, _ := s.most(); most > 40+3 || r.Target.Most != 40 {
		t.Errorf("%d came in a second: %+v", most, r.Target)
	}
}

// TestNobodyIsStormed: who does not agree is asked, and sent nothing.
func TestNobodyIsStormed(t *testing.T) {
	t.Parallel()
	other := newService(t, nil)
	for name, tt := range map[string]struct{ text, want string }{
		"a page for every path": {"<!doctype html><title>Welcome</title>", "does not agree"},
		"another host":          {"allow staging.example.com", "does not name it"},
		"nobody":                {"# nothing", "does not name it"},
		"a condition":           {"allow %s\nonly sundays", `"only sundays": is not known`},
		"too little":            {"allow %s\nmost 1", `most "1"`},
		"endless":               {strings.Repeat("# \n", 9000) + "allow %s", "more than"},
	} {
		s := newService(t, nil)
		s.agrees.Store(strings.ReplaceAll(tt.text, "%s", strings.TrimPrefix(s.URL, "http://")))
		_, status, said := held(t.Context(), t, rehearse.Elsewhere{}, s.URL, "")
		if _, all := s.most(); status != exitBad || !strings.Contains(said, tt.want) || all > 0 {
			t.Errorf("%s: exit status %d, sent %d, said %s", name, status, all, said)
		}
	}
	elsewhere := httptest.NewServer(http.RedirectHandler(other.URL+against.ConsentPath, http.StatusFound))
	defer elsewhere.Close()
	ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer ill.Close()
	unknown := httptest.NewTLSServer(other)
	defer unknown.Close()
	none := httptest.NewServer(http.NotFoundHandler())
	defer none.Close()
	for url, want := range map[string]string{none.URL: "answers 404", elsewhere.URL: "is elsewhere", ill.URL: "answers 502", unknown.URL: "certificate"} {
		if _, status, said := held(t.Context(), t, rehearse.Elsewhere{}, url, ""); status != exitBad || !strings.Contains(said, want) {
			t.Errorf("%s: exit status %d, said %s, want %q", url, status, said, want)
		}
	}
	if _, all := other.most(); all > 0 {
		t.Errorf("a redirect was followed: %d", all)
	}
}

// TestTriedFirst: a mapping that is wrong is found by one request, not by
// thousands, and nobody is sent to another host.
func TestTriedFirst(t *testing.T) {
	t.Parallel()
	other := newService(t, nil)
	for _, tt := range []struct {
		answer http.HandlerFunc
		want   string
	}{
		{http.RedirectHandler(other.URL+"/v1/messages", http.StatusTemporaryRedirect).ServeHTTP, "redirects are not followed"},
		{http.NotFound, "the first message was answered 404"},
		{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the first message was not answered"},
		{func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
		}, "the first sync was answered 405"},
	} {
		s := newService(t, tt.answer)
		_, status, said := held(t.Context(), t, rehearse.Elsewhere{}, s.URL, "")
		if _, all := s.most(); status != exitBad || !strings.Contains(said, tt.want) || all > 2 {
			t.Errorf("exit status %d, sent %d, said %s, want %q", status, all, said, tt.want)
		}
	}
	if _, all := other.most(); all > 0 {
		t.Errorf("%d came to another host", all)
	}
}

// TestGivenUp: a target that answers nothing any more, or takes its consent
// back, is left alone.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		happens func(*service, *http.Request)
		want    string
	}{
		"dies": {func(s *service, _ *http.Request) {
			go func() {
				_ = s.Listener.Close()
				s.CloseClientConnections()
			}()
		}, "has not answered at all for 500ms"},
		"takes it back":  {func(s *service, _ *http.Request) { s.agrees.Store("# not today") }, "does not agree any more"},
		"hangs for ever": {func(_ *service, r *http.Request) { <-r.Context().Done() }, "has not answered at all"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *service
			trouble := make(chan struct{})
			s = newService(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client go
				select {
				case <-trouble:
					tt.happens(s, r)
				default:
				}
			})
			time.AfterFunc(time.Second, func() { close(trouble) })
			began := time.Now()
			_, status, said := held(t.Context(), t, rehearse.Elsewhere{Silence: 500 * time.Millisecond, Again: 200 * time.Millisecond}, s.URL, "--most 200")
			if took := time.Since(began); status != exitBad || !strings.Contains(said, tt.want) || took > 3500*time.Millisecond {
				t.Errorf("exit status %d after %s, said %s", status, took, said)
			}
		})
	}
}

// TestCancelled: once it is cancelled nothing more comes.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newService(t, func(http.ResponseWriter, *http.Request) {})
	time.AfterFunc(1500*time.Millisecond, cancel)
	_, status, said := held(ctx, t, rehearse.Elsewhere{}, s.URL, "--most 200")
	ended := time.Now()
	if status != exitBad || !strings.Contains(said, "canceled") {
		t.Errorf("exit status %d, said %s", status, said)
	}
	if err := ctx.Err(); err == nil {
		t.Error("it ended before")
	}
	s.Close() // waits for those under way
	if last := s.came[len(s.came)-1]; last.After(ended) {
		t.Errorf("one came %s after the end", last.Sub(ended))
	}
}

func TestTargetWrongUse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "target.json")
	if err := os.WriteFile(file, []byte(`{"url":"https://staging.example.com","most":7,"login":"POST /daero/api/login"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"--target https://example.com --console":                  "leave it out",
		"--most 100":                                              "say --target",
		"--target-sync GET":                                       "say --target",
		"--target https://kim:secret@example.com":                 "use header Authorization",
		"--target https://example.com/api":                        "paths stand with",
		"--target " + file:                                        "daero's own",
		"--target /nowhere":                                       "write an address",
		"--target https://example.com --most 5":                   "most 5",
		"--target https://example.com --arms auto":                `arm "auto": is not known: use target`,
		"--target https://example.com --target-sync DELETE":       `method "DELETE"`,
		"--target https://example.com --target-login /login":      `method "/login"`,
		"--target https://example.com --most 20 --scenario flood": "scenario",
	} {
		var stdout, stderr bytes.Buffer
		if got := Rehearse(t.Context(), append([]string{"goal"}, strings.Fields(args)...), nil, &stdout, &stderr); got != exitUsage || !strings.Contains(stderr.String(), want) || strings.Contains(stderr.String(), "secret") {
			t.Errorf("%s: exit status %d, said %s", args, got, &stderr)
		}
	}
}

// TestTargetFromStandardInput: what a gateway tells its rehearsal.
func TestTargetFromStandardInput(t *testing.T) {
	told := strings.NewReader(`{"name":"staging","url":"https://staging.example.com","most":500,"message":"POST /api/messages {\"text\":\"hello\"}","headers":{"Authorization":"Bearer x"}}`)
	o, _, ok := parse([]string{"goal", "--target", "-", "--target-login", `POST /api/login user={user}`}, told, &bytes.Buffer{})
	if !ok {
		t.Fatal("wrong use")
	}
	s := o.settings.Target
	if s.Name != "staging" || s.Most != 500 || s.Message.Body != `{"text":"hello"}` || s.Login.Path != "/api/login" || s.Login.Body != "user={user}" || s.Sync.Path != "/v1/sync" || s.Headers["Authorization"] != "Bearer x" {
		t.Errorf("%+v", s)
	}
	if o.settings.Duration != time.Minute || len(o.settings.Arms) != 1 {
		t.Errorf("%+v", o.settings)
	}
}
