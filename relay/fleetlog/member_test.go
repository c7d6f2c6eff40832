package fleetlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/fleetlog"
	"github.com/daero/daero/relay/memlog"
)

// gateway steps a Member ten times a second, as the control does.
type gateway struct {
	m   *fleetlog.Member
	end func()

	mu    sync.Mutex
	found level.Standing
	got   level.Standing
	told  []audit.Entry
}

type world struct {
	t   *testing.T
	log *memlog.Log
	all []*gateway
}

func newWorld(t *testing.T, members int, change func(i int, c *fleetlog.Config)) *world {
	w := &world{t: t, log: memlog.New(memlog.Config{Delay: 5 * time.Millisecond}).Topic(fleetlog.Topic, 3)}
	for i := range members {
		g := &gateway{}
		w.all = append(w.all, g)
		w.start(i, change)
	}
	return w
}

func (w *world) start(i int, change func(i int, c *fleetlog.Config)) {
	w.t.Helper()
	g := w.all[i]
	cfg := fleetlog.Config{
		Log:   fleetlog.Grouped(w.log.Node(fmt.Sprint("gw", i)), fmt.Sprint(i, time.Now().UnixMilli())),
		Fleet: fleet.Config{Node: fmt.Sprint("gw", i)}, Record: g.record,
	}
	if change != nil {
		change(i, &cfg)
	}
	m, err := fleetlog.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	g.m = m
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := m.Run(ctx); !errors.Is(err, context.Canceled) {
			w.t.Errorf("gateway %d: %v", i, err)
		}
	})
	wg.Go(func() {
		tick := time.NewTicker(level.Interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				g.step(now, m)
			}
		}
	})
	g.end = func() { cancel(); wg.Wait() }
}

func (w *world) close() {
	for _, g := range w.all {
		g.end()
	}
	w.log.Close()
}

func (g *gateway) step(now time.Time, m *fleetlog.Member) {
	g.mu.Lock()
	found := g.found
	g.mu.Unlock()
	got := m.Agree(now, found)
	g.mu.Lock()
	g.got = got
	g.mu.Unlock()
}

func (g *gateway) find(lv level.Level) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.found = level.Standing{Level: lv, Acting: lv}
}

func (g *gateway) record(e audit.Entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.told = append(g.told, e)
}

func (g *gateway) acting() level.Level {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.Acting
}

// whats are what was recorded, in order, with what it was about.
func (g *gateway) whats() (all []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.told {
		all = append(all, e.What+" "+e.Target)
	}
	return all
}

// TestFleet: a majority that is pressed raises the others within two seconds,
// through the log; without the log each is alone, and what happens is recorded.
func TestFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		time.Sleep(10 * time.Second)
		w.all[0].find(level.Alert)
		time.Sleep(5 * time.Second)
		if got := w.all[2].acting(); got != level.Normal {
			t.Errorf("one of three raised another to %s", got)
		}
		w.all[1].find(level.Alert)
		time.Sleep(500 * time.Millisecond) // a rise is told at once
		if got := w.all[2].acting(); got != level.Alert {
			t.Errorf("two of three at alert, the third at %s", got)
		}
		w.log.OnAppend(func(string, *relay.Message) (bool, error) { return false, relay.ErrAway })
		time.Sleep(fleet.DefaultStale + fleet.DefaultHold + time.Second)
		if got := w.all[2].acting(); got != level.Normal {
			t.Errorf("the log is away, and acts on %s", got)
		}
		st := w.all[2].m.State(time.Now())
		if st.Heard != 0 || st.Log.Failed < 30 || !strings.Contains(st.Error, "daero.readings: the log is away") {
			t.Errorf("%+v", st)
		}
		w.log.OnAppend(nil)
		time.Sleep(6 * time.Second)
		if st := w.all[2].m.State(time.Now()); w.all[2].acting() != level.Alert || st.Error != "" || st.Heard != 2 || st.Log.Malformed != 0 {
			t.Errorf("back: %s %+v", w.all[2].acting(), st)
		}
		want := []string{
			"fleet.heard daero.readings", "fleet.raised alert", "fleet.alone daero.readings", "fleet.eased normal",
			"fleet.heard daero.readings", "fleet.raised alert",
		}
		if got := w.all[2].whats(); !slices.Equal(got, want) {
			t.Errorf("recorded\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if why := w.all[2].told[1].Why; why != "a majority of 3 gateways measures alert or more, this one normal" {
			t.Errorf("says %q", why)
		}
	})
}

// TestEachReadsAllPartitions, also after its group was thrown out, and never
// what was written before it joined.
func TestEachReadsAllPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const members = 8
		log := memlog.New(memlog.Config{}).Topic(fleetlog.Topic, 3)
		for i := range 500 { // of a gateway that is long gone
			m, err := fleetlog.Message(fleetlog.Topic, fleet.Reading{Node: fmt.Sprint("old", i%7), Run: 1, Seq: uint64(i)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			log.Put(*m)
		}
		w := &world{t: t, log: log}
		for i := range members {
			w.all = append(w.all, &gateway{})
			w.start(i, nil)
		}
		defer w.close()
		time.Sleep(time.Minute)
		for i, g := range w.all {
			if st := g.m.State(time.Now()); st.Heard != members-1 || len(st.Members) != members-1 || st.Counts.Repeated != 0 {
				t.Errorf("gateway %d hears %d of %d, %+v", i, st.Heard, len(st.Members), st.Counts)
			}
		}
	})
}

// TestALogThatHangs holds nobody up: one reading is under way, and no more.
func TestALogThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &hanging{}
		w := &world{t: t, log: memlog.New(memlog.Config{}), all: []*gateway{{}}}
		w.start(0, func(_ int, c *fleetlog.Config) { c.Log = fleetlog.Grouped(l, "x") })
		w.all[0].find(level.Caution)
		time.Sleep(time.Minute)
		if got := w.all[0].acting(); got != level.Caution {
			t.Errorf("acts on %s", got)
		}
		st := w.all[0].m.State(time.Now())
		if l.asked != 1 || st.Log.Held < 50 || st.Log.Rejoined < 3 || st.Log.Rejoined > 10 || !strings.Contains(st.Error, "reading daero.readings") {
			t.Errorf("asked %d times, %+v", l.asked, st)
		}
		if len(l.groups) != int(st.Log.Rejoined)+1 && len(l.groups) != int(st.Log.Rejoined) {
			t.Errorf("%d names of groups for %d times", len(l.groups), st.Log.Rejoined)
		}
		w.close()
	})
}

type hanging struct {
	asked  int
	groups map[string]bool
}

func (l *hanging) Append(*relay.Message, func(relay.Position, error)) { l.asked++ }

func (l *hanging) Consume(_ context.Context, g relay.Group, _ relay.Consumer) error {
	if l.groups == nil {
		l.groups = map[string]bool{}
	}
	l.groups[g.Name] = true
	return relay.ErrDenied
}

// TestOnlySignedVoicesCount where there is a secret, and a change of secrets
// loses nobody.
func TestOnlySignedVoicesCount(t *testing.T) {
	old, next := []byte(strings.Repeat("o", 32)), []byte(strings.Repeat("n", 32))
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4, func(i int, c *fleetlog.Config) {
			c.Secrets = [][][]byte{{old, next}, {next, old}, {next, old}, nil}[i]
		})
		defer w.close()
		for range 10 {
			for i := range 5 {
				m, _ := fleetlog.Message(fleetlog.Topic, fleet.Reading{Node: fmt.Sprint("made-up", i), Run: 1, Acting: level.Serious}, []byte(strings.Repeat("x", 32)))
				w.log.Put(*m)
			}
			time.Sleep(time.Second)
		}
		for i, heard := range []int{2, 2, 2, 8} { // 3 has no secret: it hears whoever speaks
			st := w.all[i].m.State(time.Now())
			if st.Heard != heard && i < 3 || i < 3 && st.Log.Unsigned < 50 || i < 3 && st.Raised != level.Normal {
				t.Errorf("gateway %d: %+v", i, st)
			}
		}
	})
}

// TestHostileMessages are counted and nothing else.
func TestHostileMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.close()
		time.Sleep(time.Second)
		for _, value := range []string{"", "{}", strings.Repeat("[", 10_000), strings.Repeat("x", 500_000), `{"v":1,"node":"\u0000"}`, "\xff"} {
			w.log.Put(relay.Message{Topic: fleetlog.Topic, Value: []byte(value), Partition: -1})
		}
		time.Sleep(time.Second)
		if st := w.all[0].m.State(time.Now()); st.Log.Malformed != 6 || len(st.Members) != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestTwin: it is said once, and not of a restart.
func TestTwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		w.all = append(w.all, &gateway{})
		time.Sleep(5 * time.Second)
		w.start(1, func(_ int, c *fleetlog.Config) { c.Fleet.Node = "gw0" })
		time.Sleep(10 * time.Second)
		if got := w.all[0].whats(); len(got) != 0 {
			t.Errorf("after ten seconds: %v", got)
		}
		time.Sleep(time.Minute)
		if got := w.all[0].whats(); !slices.Equal(got, []string{"fleet.twin gw0"}) {
			t.Errorf("%v", got)
		}
		w.close()
	})
}

// TestAdopt: a new configuration does not begin with silence, and one that fails
// leaves the old one as it was.
func TestAdopt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		w.all[0].find(level.Alert)
		w.all[1].find(level.Alert)
		time.Sleep(10 * time.Second)
		g := w.all[2]
		was, end := g.m, g.end
		w.start(2, func(_ int, c *fleetlog.Config) { c.Fleet.Hold = 20 * time.Second })
		g.m.Adopt(was)
		for range 50 {
			time.Sleep(level.Interval)
			if got := g.acting(); got != level.Alert {
				t.Fatalf("acts on %s after a reload", got)
			}
			if got := was.Agree(time.Now(), level.Standing{}); got.Acting != level.Alert {
				t.Fatalf("the old one would act on %s", got.Acting)
			}
		}
		end()
		time.Sleep(time.Minute)
		for i, g := range w.all {
			if st := g.m.State(time.Now()); st.Heard != 2 {
				t.Errorf("gateway %d: %+v", i, st)
			}
			if got := g.whats(); slices.Contains(got, "fleet.twin gw2") {
				t.Errorf("gateway %d: %v", i, got)
			}
		}
	})
}

// TestAgreeAllocatesNothing and does not wait for what is under way.
func TestAgreeAllocatesNothing(t *testing.T) {
	m, err := fleetlog.New(fleetlog.Config{Log: fleetlog.Grouped(&hanging{}, "x"), Fleet: fleet.Config{Node: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() { m.Agree(now, level.Standing{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestWhatWasThereBeforeIsNoNews: a group that is sent back to an older place
// does not raise the dead.
func TestWhatWasThereBeforeIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, log: memlog.New(memlog.Config{}), all: []*gateway{{}}}
		w.start(0, func(_ int, c *fleetlog.Config) { c.Log = fleetlog.Grouped(sentBack{}, "x") })
		defer w.close()
		time.Sleep(time.Second)
		st := w.all[0].m.State(time.Now())
		if len(st.Members) != 1 || st.Members[0].Node != "at 10" || st.Counts.Heard != 1 {
			t.Errorf("%+v", st)
		}
	})
}

type sentBack struct{}

func (sentBack) Append(*relay.Message, func(relay.Position, error)) {}

func (sentBack) Consume(ctx context.Context, _ relay.Group, c relay.Consumer) error {
	p := relay.Partition{Topic: fleetlog.Topic}
	for range 2 {
		c.Claimed(nil, []relay.Claim{{Partition: p, Offset: 3, End: 10}})
		var ms []*relay.Message
		for offset := int64(3); offset < 11; offset++ {
			m, err := fleetlog.Message(fleetlog.Topic, fleet.Reading{Node: fmt.Sprint("at ", offset), Run: 1, Seq: 1}, nil)
			if err != nil {
				return err
			}
			m.Partition, m.Offset = 0, offset
			ms = append(ms, m)
		}
		c.Received(ms)
		c.Revoked(ctx, []relay.Partition{p}, true)
	}
	<-ctx.Done()
	return ctx.Err()
}
