package gateway_test

import (
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	"github.com/daero/daero/lane"
)

// TestReloadKeepsWhatWasLearned: counters, bases and permits out go on.
func TestReloadKeepsWhatWasLearned(t *testing.T) {
	w := newWorld(t, lanesFile)
	for range 10 {
		w.get("/v1/messages")
	}
	release := w.fill()
	if err := w.load(strings.Replace(lanesFile, "tier critical", "tier critical\n\t\t\tfloor 10%%", 1)); err != nil {
		t.Fatal(err)
	}
	if l := laneOf(t, "message"); l.Served != 10 {
		t.Errorf("served %d after the reload", l.Served)
	}
	if n := laneOf(t, "login").InFlight; n != 1 {
		t.Errorf("%d in flight after the reload", n)
	}
	if r := w.get("/v1/login"); r.StatusCode != 503 {
		t.Errorf("the permit that is out was forgotten: %d", r.StatusCode)
	}
	release()
	if r := w.get("/v1/login"); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
	noneOut(t)
}

// TestReloadDropsLane: a lane that is gone serves what is in flight.
func TestReloadDropsLane(t *testing.T) {
	w := newWorld(t, lanesFile)
	release := w.fill()
	if err := w.load(strings.Replace(lanesFile, "lane login", "lane signin", 1)); err != nil {
		t.Fatal(err)
	}
	release()
	if r := w.get("/v1/login", "Daero-Debug", "lane"); r.StatusCode != 200 || r.Header.Get("Daero-Lane") != "signin" {
		t.Errorf("%d lane %q", r.StatusCode, r.Header.Get("Daero-Lane"))
	}
	noneOut(t)
}

// TestFailedReloadChangesNothing, however late it fails.
func TestFailedReloadChangesNothing(t *testing.T) {
	w := newWorld(t, lanesFile)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	wider := strings.Replace(lanesFile, "fixed_limit 1", "fixed_limit 50", 1)
	for name, caddyfile := range map[string]string{
		"a mistake in the Caddyfile": strings.Replace(wider, "tier critical", "tier crucial", 1),
		"a handler that disagrees":   wider + "http://127.0.0.1:0 {\n\tlanes {\n\t\tlane login {\n\t\t\tpath /x\n\t\t\ttier normal\n\t\t}\n\t}\n}\n",
		"a handler that cannot be":   wider + "http://127.0.0.1:0 {\n\treverse_proxy {\n\t\tto 127.0.0.1:1\n\t\ttransport http {\n\t\t\ttls_client_auth /no/such/file /no/such/file\n\t\t}\n\t}\n}\n",
		"a port in use":              wider + "http://" + busy.Addr().String() + " {\n\tbind 127.0.0.1\n\trespond ok\n}\n",
	} {
		// Apps start in an order that changes, so try more than once.
		for range 4 {
			if err := w.load(caddyfile); err == nil {
				t.Fatalf("%s: accepted", name)
			}
			if b := snapshotOf(t); b.Limit != 1 {
				t.Fatalf("%s: limit %d is in force", name, b.Limit)
			}
		}
	}
	release := w.fill()
	if r := w.get("/v1/login"); r.StatusCode != 503 {
		t.Errorf("the old configuration is not in force: %d", r.StatusCode)
	}
	release()
	noneOut(t)
}

// TestValidateTouchesNothing: neither what is in force nor the storage.
func TestValidateTouchesNothing(t *testing.T) {
	w := newWorld(t, lanesFile)
	storage := t.TempDir()
	other := strings.NewReplacer("fixed_limit 1", "fixed_limit 9", "%[1]s", "127.0.0.1:0", "%[2]s", "127.0.0.1:1", "%[3]s", storage).Replace(lanesFile)
	raw, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(other), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(raw, cfg); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(cfg); err != nil {
		t.Fatal(err)
	}
	if b := snapshotOf(t); b.Limit != 1 {
		t.Errorf("limit %d", b.Limit)
	}
	if entries := filesIn(t, storage); len(entries) != 0 {
		t.Errorf("validate wrote %v", entries)
	}
	_ = w
}

func snapshotOf(t *testing.T) lane.Snapshot {
	t.Helper()
	return snapshot(t).Backends["default"]
}

func filesIn(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
