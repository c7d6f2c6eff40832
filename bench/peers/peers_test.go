package peers

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/rehearse"
	"github.com/daero/daero/rehearse/live"
	"github.com/daero/daero/rehearse/virtual"
)

var (
	update   = flag.Bool("update", false, "play everything and write results.json and RESULTS.md")
	seeds    = flag.Uint64("seeds", 1, "how many seeds per cell; their median counts")
	peerIs   = flag.String("peer", "", "play only contenders whose name contains this, and write nothing")
	render   = flag.Bool("render", false, "TestResults: write RESULTS.md from results.json again, playing nothing")
	liveToo  = flag.Bool("live", false, "play the live part alone, and write nothing")
	daeroExe = flag.String("daero", "../../bin/daero", "the daero program, for the live part")
	stormIs  = flag.String("scenario", "", "play only scenarios whose name contains this, and write nothing")
)

// play plays one scenario once.
func play(t *testing.T, p Peer, name string, seed uint64) (rep []virtual.PhaseReport, s *virtual.Scenario, attempts float64) {
	s, err := scenario(name, seed)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		c, done, err := p.Build(NewStage(s))
		if err != nil {
			t.Fatal(err)
		}
		if done != nil {
			defer done()
		}
		res := virtual.Play(s, c, synctest.Wait)
		rep, attempts = res.Report(), res.AttemptsPerAction()
	})
	return rep, s, attempts
}

// calmP99 is that of the service without protection.
func calmP99(t *testing.T, name string, seed uint64) float64 {
	s, err := scenario(name, seed)
	if err != nil {
		t.Fatal(err)
	}
	end := s.Phases[0].To
	rep := []virtual.PhaseReport{}
	synctest.Test(t, func(*testing.T) {
		s.Phases = append(s.Phases[:1:1], virtual.Phase{Name: "end", From: end, To: end + time.Millisecond})
		rep = virtual.Play(s, open{}, synctest.Wait).Report()
	})
	return rep[0].P99
}

type job struct {
	peer Peer
	name string
	seed uint64
}

// playAll plays every contender through every scenario, two plays at a time
// where the library allows it.
func playAll(t *testing.T, names []string, peers []Peer, progress io.Writer) []Cell {
	calm := map[string]float64{}
	var jobs []job
	for _, n := range names {
		for seed := uint64(1); seed <= *seeds; seed++ {
			calm[fmt.Sprint(n, seed)] = calmP99(t, n, seed)
			for _, p := range peers {
				jobs = append(jobs, job{p, n, seed})
			}
		}
	}
	// Mixed, so that two of one library seldom wait for each other.
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	var mu sync.Mutex
	got := map[string][]Cell{}
	var alone sync.Map // by module
	next := make(chan job)
	var wg sync.WaitGroup
	began, finished := time.Now(), 0
	for range min(runtime.NumCPU(), 4) {
		wg.Go(func() {
			for j := range next {
				if j.peer.Alone {
					m, _ := alone.LoadOrStore(j.peer.Module, &sync.Mutex{})
					m.(*sync.Mutex).Lock()
				}
				rep, s, attempts := play(t, j.peer, j.name, j.seed)
				if j.peer.Alone {
					m, _ := alone.Load(j.peer.Module)
					m.(*sync.Mutex).Unlock()
				}
				c := newCell(j.name, j.peer.Name, rep, s, attempts, calm[fmt.Sprint(j.name, j.seed)])
				mu.Lock()
				got[j.name+"\n"+j.peer.Name] = append(got[j.name+"\n"+j.peer.Name], c)
				finished++
				if finished%50 == 0 {
					fmt.Fprintf(progress, "%d of %d plays, %.0f s\n", finished, len(jobs), time.Since(began).Seconds())
				}
				mu.Unlock()
			}
		})
	}
	for _, j := range jobs {
		next <- j
	}
	close(next)
	wg.Wait()
	var out []Cell
	for _, n := range names {
		for _, p := range peers {
			out = append(out, median(got[n+"\n"+p.Name]))
		}
	}
	return out
}

// only keeps what contains a word.
func only[T any](all []T, word string, name func(T) string) []T {
	return slices.DeleteFunc(slices.Clone(all), func(x T) bool { return !strings.Contains(name(x), word) })
}

// TestPeers plays everything and writes the results with -update (minutes), the
// live part alone with -live, a part with -peer or -scenario, and otherwise a
// slice that shows that every contender still works.
func TestPeers(t *testing.T) {
	partial := *peerIs != "" || *stormIs != ""
	switch {
	case *update || partial:
	case *liveToo:
		showLive(t)
		return
	default:
		playSlice(t)
		return
	}
	names := only(scenarioNames, *stormIs, func(s string) string { return s })
	peers := only(Peers(), *peerIs, func(p Peer) string { return p.Name })
	began := time.Now()
	cells := playAll(t, names, peers, os.Stderr)
	if partial {
		for _, c := range cells {
			logins := "–"
			if c.Logins != nil {
				logins = percent(*c.Logins, 1)
			}
			fmt.Fprintf(os.Stderr, "%-28s %-36s %10s %9s %5.1f/%.1f s %9s %5.2f %v\n", c.Scenario, c.Peer, percent(c.OK, 2), times(c.P99), c.Degraded, c.Allowed, logins, c.Attempts, c.Bars())
		}
		return
	}
	haproxy, err := findHAProxy()
	if err != nil {
		t.Fatal(err)
	}
	r := here(haproxyVersion(haproxy))
	r.Seeds, r.Cells = *seeds, cells
	r.Took.Virtual = time.Since(began).Seconds()
	began = time.Now()
	r.Live, r.LiveLoad = playLive(t, haproxy)
	r.Took.Live = time.Since(began).Seconds()
	write(t, r)
}

// playSlice plays every contender through the calm, and daero through a storm.
func playSlice(t *testing.T) {
	for _, c := range playAll(t, []string{"calm"}, Peers(), io.Discard) {
		if c.OK <= 0 || c.Attempts < 1 {
			t.Errorf("%s: answered %s of the calm's messages in %.2f attempts per login: it did not play", c.Peer, percent(c.OK, 2), c.Attempts)
		}
	}
	daero := only(Peers(), "daero", func(p Peer) string { return p.Name })
	for _, c := range playAll(t, []string{"storm 10x"}, daero, io.Discard) {
		if !c.Held() {
			t.Errorf("%s in %s: bars %v", c.Peer, c.Scenario, c.Bars())
		}
	}
}

// showLive plays the live part and writes nothing.
func showLive(t *testing.T) {
	haproxy, err := findHAProxy()
	if err != nil {
		t.Fatal(err)
	}
	cells, load := playLive(t, haproxy)
	for _, c := range cells {
		t.Logf("%+v p99 %s", c, times(c.P99))
	}
	t.Logf("%+v", load)
}

// playLive runs every arm of the live part, one after the other.
func playLive(t *testing.T, haproxy string) ([]LiveCell, LiveLoad) {
	s := rehearse.Settings{Seed: 1, Duration: 13 * time.Second}.WithDefaults()
	daero, err := filepath.Abs(*daeroExe)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(daero); err != nil {
		t.Fatalf("%v: run make build", err)
	}
	var logs []*live.Log
	var others []float64
	for _, a := range Arms() {
		fmt.Fprintf(os.Stderr, "live: %s\n", a.Name)
		others = append(others, quietMachine(t.Context(), time.Minute))
		log, err := playArm(t.Context(), s, a, daero, haproxy)
		if err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
		logs = append(logs, log)
	}
	left := s.LoginsLeft(s.Workers)
	cells := judgeLive(s, Arms(), logs)
	for i := range cells {
		cells[i].Others = &others[i]
	}
	return cells, LiveLoad{
		Seed: s.Seed, Workers: s.Workers, Seconds: s.Duration.Seconds(),
		Messages: s.Messages, Storm: s.Storm * left, Left: left,
	}
}

func write(t *testing.T, r Results) {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("results.json", append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("RESULTS.md", []byte(Render(r)), 0o644); err != nil {
		t.Fatal(err)
	}
}
