package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/daero/daero"
	"github.com/daero/daero/gateway"
	"github.com/daero/daero/lane"
)

// world is a gateway in this process with a service behind it.
type world struct {
	t       *testing.T
	url     string // of the gateway
	service *service
	client  *http.Client
	listen  string
	storage string
}

// service is a backend whose requests to /hold last until released.
type service struct {
	url     string
	entered chan struct{}
	finish  chan struct{}
	served  atomic.Int64
	handle  http.HandlerFunc // instead, if set
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.served.Add(1)
	if s.handle != nil {
		s.handle(w, r)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/hold") {
		s.entered <- struct{}{}
		<-s.finish
	}
	io.Copy(w, r.Body)
	fmt.Fprint(w, "served")
}

// lanesFile is a Caddyfile with what the tests vary put in: %[1]s the gateway's
// address, %[2]s the service's, %[3]s a storage folder.
const lanesFile = `{
	daero
	admin off
	persist_config off
	grace_period 1s
	storage file_system %[3]s
	log {
		output discard
	}
}
http://%[1]s {
	lanes {
		fixed_limit 1
		lane message {
			path /v1/messages*
			tier critical
			queue off
		}
		lane login {
			path /v1/login*
			tier sheddable
			background header X-App-State background
		}
		user header X-User-Id
		expose
	}
	reverse_proxy %[2]s
}
`

func newWorld(t *testing.T, caddyfile string) *world {
	t.Helper()
	s := &service{entered: make(chan struct{}), finish: make(chan struct{})}
	backend := httptest.NewServer(s)
	t.Cleanup(backend.Close)
	s.url = backend.Listener.Addr().String()
	w := &world{t: t, service: s, client: &http.Client{Transport: &http.Transport{}}, listen: freePort(t), storage: t.TempDir()}
	w.url = "http://" + w.listen
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := w.load(caddyfile); err != nil {
		t.Fatal(err)
	}
	return w
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// load puts a Caddyfile in force, as `daero reload` does.
func (w *world) load(caddyfile string) error {
	if strings.Contains(caddyfile, "%[1]s") {
		caddyfile = fmt.Sprintf(caddyfile, w.listen, w.service.url, w.storage)
	}
	cfg, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return err
	}
	return caddy.Load(cfg, true)
}

type reply struct {
	*http.Response
	body string
}

func (w *world) do(method, path, body string, headers ...string) reply {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := w.client.Do(r)
	if err != nil && (body == "" || strings.HasPrefix(path, "/daero/relay/")) { // both may come twice
		// A reload closes the old server's socket in the background; what the
		// kernel had queued for it is lost. That is Caddy's, not ours.
		r.Body = io.NopCloser(strings.NewReader(body))
		resp, err = w.client.Do(r)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{resp, string(data)}
}

func (w *world) get(path string, headers ...string) reply {
	w.t.Helper()
	return w.do("GET", path, "", headers...)
}

// fill occupies the only permit until release is called.
func (w *world) fill() (release func()) {
	w.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); w.get("/v1/login/hold") }()
	<-w.service.entered
	return func() { w.service.finish <- struct{}{}; <-done }
}

func snapshot(t *testing.T) daero.Snapshot {
	t.Helper()
	app, err := caddy.ActiveContext().AppIfConfigured("daero")
	if err != nil {
		t.Fatal(err)
	}
	return app.(*gateway.App).Snapshot()
}

func laneOf(t *testing.T, name string) lane.LaneSnapshot {
	t.Helper()
	for _, l := range snapshot(t).Backends["default"].Lanes {
		if l.Name == name {
			return l
		}
	}
	t.Fatalf("no lane %s", name)
	return lane.LaneSnapshot{}
}

// noneOut fails the test if a permit was not given back.
func noneOut(t *testing.T) {
	t.Helper()
	s := snapshot(t)
	for name, b := range s.Backends {
		for _, l := range b.Lanes {
			if b.InFlight != 0 || l.InFlight != 0 || l.Waiting != 0 {
				t.Errorf("backend %s: %d in flight, lane %s: %d in flight, %d waiting", name, b.InFlight, l.Name, l.InFlight, l.Waiting)
			}
		}
	}
	if s.BodyBytes != 0 {
		t.Errorf("%d bytes of bodies are still accounted for", s.BodyBytes)
	}
}

func TestLanesPassAndRefuse(t *testing.T) {
	w := newWorld(t, lanesFile)
	if r := w.get("/v1/messages/1", "Daero-Debug", "lane"); r.StatusCode != 200 || r.Header.Get("Daero-Lane") != "message" {
		t.Errorf("%d, lane %q", r.StatusCode, r.Header.Get("Daero-Lane"))
	}
	if r := w.get("/v1/messages/1"); r.Header.Get("Daero-Lane") != "" {
		t.Error("the lane is told without being asked for")
	}
	release := w.fill()
	r := w.get("/v1/login", "X-User-Id", "kim", "Daero-Debug", "lane")
	if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || r.Header.Get("Daero-Lane") != "login" ||
		r.Header.Get("Content-Type") != "application/problem+json" || r.Close {
		t.Errorf("%d %v %s", r.StatusCode, r.Header, r.body)
	}
	before := w.service.served.Load()
	grpc := w.do("POST", "/v1/login", "", "Content-Type", "application/grpc")
	if grpc.StatusCode != 200 || grpc.Header.Get("Grpc-Status") != "14" || grpc.body != "" {
		t.Errorf("%d %v %q", grpc.StatusCode, grpc.Header, grpc.body)
	}
	page := w.get("/v1/login", "Accept", "text/html", "Accept-Language", "ko")
	if page.StatusCode != 503 || !strings.Contains(page.body, `lang="ko"`) || page.Header.Get("Set-Cookie") == "" {
		t.Errorf("%d %v", page.StatusCode, page.Header)
	}
	if n := w.service.served.Load(); n != before {
		t.Errorf("%d refused requests reached the service", n-before)
	}
	release()
	noneOut(t)
}

func TestAppointmentsThroughGateway(t *testing.T) {
	w := newWorld(t, lanesFile)
	release := w.fill()
	first := w.get("/v1/login", "X-User-Id", "kim").Header.Get("Daero-Appointment")
	again := w.get("/v1/login", "X-User-Id", "kim", "Daero-Appointment", first).Header.Get("Daero-Appointment")
	if first == "" || again != first {
		t.Errorf("who returns early got %q, had %q", again, first)
	}
	foreign := w.get("/v1/login", "X-User-Id", "lee", "Daero-Appointment", first)
	if foreign.StatusCode != 503 || foreign.Header.Get("Daero-Appointment") == first {
		t.Errorf("somebody else's appointment: %d %v", foreign.StatusCode, foreign.Header)
	}
	release()
	for result, token := range map[string]string{"garbage": "!", "oversize": strings.Repeat("A", 4000)} {
		if r := w.get("/v1/login", "Daero-Appointment", token); r.StatusCode != 200 {
			t.Errorf("%s: %d", result, r.StatusCode)
		}
	}
	// A reload keeps the secret, so it keeps the appointments.
	if err := w.load(lanesFile); err != nil {
		t.Fatal(err)
	}
	w.get("/v1/login", "X-User-Id", "kim", "Daero-Appointment", first)
	counts := snapshot(t).Appointments
	if counts["early"]+counts["ok"] != 2 || counts["foreign"] != 1 || counts["garbage"] != 1 || counts["oversize"] != 1 || counts["forged"] != 0 {
		t.Errorf("counts %v", counts)
	}
	noneOut(t)
}

// TestBackendDown: Caddy's usual 502; nothing is learned and no permit leaks.
func TestBackendDown(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(lanesFile, "reverse_proxy %[2]s", "reverse_proxy 127.0.0.1:1"))
	for range 20 {
		if r := w.get("/v1/messages"); r.StatusCode != 502 {
			t.Fatalf("status %d", r.StatusCode)
		}
	}
	if l := laneOf(t, "message"); l.Dropped != 20 || l.Served+l.Failed+l.Overloaded != 0 || l.Base != 0 {
		t.Errorf("learned from a backend that is not there: %+v", l)
	}
	noneOut(t)
}

func TestOutcomesOfService(t *testing.T) {
	w := newWorld(t, lanesFile)
	for status, count := range map[int]func(lane.LaneSnapshot) uint64{
		200: func(l lane.LaneSnapshot) uint64 { return l.Served },
		404: func(l lane.LaneSnapshot) uint64 { return l.Served },
		500: func(l lane.LaneSnapshot) uint64 { return l.Failed },
		502: func(l lane.LaneSnapshot) uint64 { return l.Failed },
		503: func(l lane.LaneSnapshot) uint64 { return l.Overloaded },
		429: func(l lane.LaneSnapshot) uint64 { return l.Overloaded },
	} {
		w.service.handle = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) }
		before := count(laneOf(t, "message"))
		if r := w.get("/v1/messages"); r.StatusCode != status {
			t.Errorf("status %d, want the service's %d", r.StatusCode, status)
		}
		if n := count(laneOf(t, "message")) - before; n != 1 {
			t.Errorf("%d counted %d times", status, n)
		}
	}
	noneOut(t)
}

func TestShadowThroughGateway(t *testing.T) {
	w := newWorld(t, strings.Replace(lanesFile, "expose", "shadow", 1))
	release := w.fill()
	if r := w.get("/v1/login"); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
	if n := laneOf(t, "login").WouldRefuse; n != 1 {
		t.Errorf("would have refused %d", n)
	}
	release()
	noneOut(t)
}

func TestPlaceholdersAndMetrics(t *testing.T) {
	withMetrics := strings.Replace(lanesFile, "reverse_proxy %[2]s",
		"header X-Lane {http.daero.lane}/{http.daero.verdict}\n\thandle /metrics {\n\t\tmetrics\n\t}\n\thandle {\n\t\treverse_proxy %[2]s\n\t}\n\theader >X-Ended {http.daero.lane}/{http.daero.verdict}", 1)
	w := newWorld(t, withMetrics)
	if r := w.get("/v1/messages"); r.Header.Get("X-Ended") != "message/pass" {
		t.Errorf("placeholders %q", r.Header.Get("X-Ended"))
	}
	release := w.fill()
	w.get("/v1/login", "X-App-State", "background")
	release()
	metrics := w.get("/metrics").body
	for _, want := range []string{
		`daero_lane_passed_total{backend="default",intent="foreground",lane="message",tier="critical"} 1`,
		`daero_lane_refused_total{backend="default",intent="background",lane="login",reason="full",tier="sheddable"} 1`,
		`daero_backend_limit{backend="default"} 1`,
		`daero_appointments_total{result="issued"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, grep(metrics, "daero_"))
		}
	}
	noneOut(t)
}

func grep(text, word string) string {
	var b bytes.Buffer
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) && !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestKeptInStorage: what was learned and the secret outlive the process.
func TestKeptInStorage(t *testing.T) {
	w := newWorld(t, strings.Replace(lanesFile, "fixed_limit 1", "initial_limit 17", 1))
	for range 5 {
		w.get("/v1/messages")
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(w.storage, "daero", "learned.json"))
	if err != nil || !strings.Contains(string(data), `"limit":17`) {
		t.Fatalf("%s %v", data, err)
	}
	if err := os.WriteFile(filepath.Join(w.storage, "daero", "learned.json"), []byte(`{"default":{"limit":33,"bases":{"message":2000000}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.load(strings.Replace(lanesFile, "fixed_limit 1", "initial_limit 17", 1)); err != nil {
		t.Fatal(err)
	}
	if b := snapshot(t).Backends["default"]; b.Limit != 33 {
		t.Errorf("limit %d after a restart, want the 33 that was kept", b.Limit)
	}
	key, err := os.ReadFile(filepath.Join(w.storage, "daero", "appointment.key"))
	if err != nil || len(key) != 32 {
		t.Errorf("secret of %d bytes, %v", len(key), err)
	}
}
