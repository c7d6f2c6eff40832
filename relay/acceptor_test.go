package relay_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daero/daero/relay"
)

func TestAcceptRemembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccepting(t, relay.Config{Remember: 2}, newFakeLog(nil))
		defer a.stop()
		first := mustAccept(t, a, order("k", "1", "v"))
		if first.ID != "1" || first.Repeated || first.Spooled || first.At != (relay.Position{Topic: "orders", Partition: 3}) {
			t.Errorf("receipt %+v: want id 1 at orders/3/0", first)
		}
		again := mustAccept(t, a, order("k", "1", "v"))
		if again.Repeated = !again.Repeated; again != first {
			t.Errorf("the same again: got %+v, want %+v, repeated", again, first)
		}
		m := order("k", "1", "v")
		m.SetHeader(relay.HeaderWriter, []byte("somebody else"))
		if r := mustAccept(t, a, m); r.Repeated {
			t.Error("the key of another writer is another key")
		}
		m = order("k", "1", "v")
		m.Topic = "views"
		if r := mustAccept(t, a, m); r.Repeated {
			t.Error("the key of another topic is another key")
		}
		if r := mustAccept(t, a, order("k", "1", "v")); r.Repeated {
			t.Error("two newer keys were accepted, and two are remembered")
		}
		_, err := a.Accept(t.Context(), order("k", "1", "w"))
		if bad := new(relay.InvalidError); !errors.As(err, &bad) || bad.Kind != "conflict" {
			t.Errorf("the same key for another message: got %v, want a conflict", err)
		}
		if v := a.topic("orders"); v.Accepted != 3 || v.Repeated != 1 || v.Invalid != 1 || v.Bytes == 0 {
			t.Errorf("counted %+v, want 3 accepted, 1 repeated, 1 invalid", v)
		}
	})
}

func TestAcceptMakesAnID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccepting(t, relay.Config{}, newFakeLog(nil))
		defer a.stop()
		r1, r2 := mustAccept(t, a, order("k", "", "v")), mustAccept(t, a, order("k", "", "v"))
		if len(r1.ID) != 36 || r1.ID[14] != '7' || r1.ID == r2.ID || r2.Repeated {
			t.Errorf("ids %q and %q: want two UUIDs of version 7", r1.ID, r2.ID)
		}
		if got := a.log.kept[0].ID(); got != r1.ID {
			t.Errorf("the log has id %q, its writer %q", got, r1.ID)
		}
		if got := a.log.kept[0].Time; !got.Equal(time.Now().Add(-2 * time.Millisecond)) {
			t.Errorf("time %v: want when it was accepted", got)
		}
	})
}

// The same message, sent again while the first one is on its way, joins it.
func TestAcceptJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newFakeLog(func(*relay.Message) fate { return fate{after: time.Second, kept: true} })
		a := newAccepting(t, relay.Config{}, log)
		defer a.stop()
		repeated := make(chan bool, 5)
		for range 5 {
			go func() {
				r, err := a.Accept(context.Background(), order("k", "1", "v"))
				if err != nil {
					t.Error(err)
				}
				repeated <- r.Repeated
			}()
		}
		n := 0
		for range 5 {
			if <-repeated {
				n++
			}
		}
		if n != 4 || len(log.values()) != 1 {
			t.Errorf("%d of 5 are repeats, %d kept: want 4 and 1", n, len(log.values()))
		}
	})
}

// F6: a time-out is unknown, and the same key later uses the late outcome.
func TestF6UnknownIsNotKeptTwice(t *testing.T) {
	for name, late := range map[string]struct {
		fate     fate
		repeated bool
		kept     int
	}{
		"kept late":     {fate{after: 8 * time.Second, kept: true}, true, 1},
		"lost late":     {fate{after: 8 * time.Second, err: relay.ErrAway}, false, 1},
		"never known":   {fate{after: 8 * time.Second, kept: true, err: relay.ErrUnknown}, false, 2},
		"answer is out": {fate{after: time.Second, kept: true, reply: 7 * time.Second}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newFakeLog(nil)
				log.is(late.fate)
				a := newAccepting(t, relay.Config{}, log)
				defer a.stop()
				r, err := a.Accept(t.Context(), order("k", "", "v"))
				if !errors.Is(err, relay.ErrUnknown) || len(r.ID) != 36 {
					t.Fatalf("got %+v, %v: want %v and the id to try again with", r, err, relay.ErrUnknown)
				}
				log.is(fate{kept: true})
				if late.fate.err != nil {
					time.Sleep(time.Minute)
				} // else it waits for the first one's outcome
				again, err := a.Accept(t.Context(), order("k", r.ID, "v"))
				if err != nil || again.Repeated != late.repeated || len(log.values()) != late.kept {
					t.Errorf("again: %+v, %v, and %d are kept; want repeated %v and %d", again, err, len(log.values()), late.repeated, late.kept)
				}
				if v := a.topic("orders"); v.Unknown != 1 {
					t.Errorf("counted %+v, want 1 unknown", v)
				}
			})
		})
	}
}

// Who goes away changes nothing for who comes again.
func TestAcceptSurvivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newFakeLog(func(*relay.Message) fate { return fate{after: time.Second, kept: true} })
		a := newAccepting(t, relay.Config{}, log)
		defer a.stop()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := a.Accept(ctx, order("k", "1", "v")); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want the caller's own end", err)
		}
		if r := mustAccept(t, a, order("k", "1", "v")); !r.Repeated || len(log.values()) != 1 {
			t.Errorf("%+v, %d kept: want a repeat, and 1", r, len(log.values()))
		}
	})
}

func TestAcceptErrors(t *testing.T) {
	for _, want := range []error{relay.ErrAway, relay.ErrNoTopic, relay.ErrTooLarge, relay.ErrFull, relay.ErrDenied} {
		synctest.Test(t, func(t *testing.T) {
			log := newFakeLog(nil)
			log.is(fate{err: want})
			a := newAccepting(t, relay.Config{}, log)
			defer a.stop()
			if _, err := a.Accept(t.Context(), order("k", "1", "v")); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
			log.is(fate{kept: true})
			if r := mustAccept(t, a, order("k", "1", "v")); r.Repeated {
				t.Error("nothing was kept, and the next one is a repeat")
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		a := newAccepting(t, relay.Config{}, newFakeLog(nil))
		defer a.stop()
		if _, err := a.Accept(t.Context(), &relay.Message{Topic: "nowhere"}); !errors.Is(err, relay.ErrNoTopic) {
			t.Errorf("got %v, want %v", err, relay.ErrNoTopic)
		}
	})
}

func TestInvalid(t *testing.T) {
	with := func(name, value string) *relay.Message {
		m := order("k", "", "v")
		m.Headers = append(m.Headers, relay.Header{Name: name, Value: []byte(value)})
		return m
	}
	many := order("k", "", "v")
	for range 65 {
		many.Headers = append(many.Headers, relay.Header{Name: "a"})
	}
	twice := with(relay.HeaderID, "1")
	twice.Headers = append(twice.Headers, relay.Header{Name: "Idempotency-Key", Value: []byte("2")})
	for name, c := range map[string]struct {
		m     *relay.Message
		kind  string
		limit int
	}{
		"no key":            {order("", "", "v"), "key", 0},
		"long key":          {order(strings.Repeat("k", 4097), "", "v"), "key", 4096},
		"F20 large":         {order("k", "", strings.Repeat("v", 1_000_000)), "size", 1_000_000},
		"many headers":      {many, "headers", 64},
		"heavy headers":     {with("a", strings.Repeat("v", 16<<10)), "headers", 16 << 10},
		"no name":           {with("", "v"), "headers", 0},
		"space in a name":   {with("a b", "v"), "headers", 0},
		"colon in a name":   {with("a:", "v"), "headers", 0},
		"no ASCII in name":  {with("ä", "v"), "headers", 0},
		"long name":         {with(strings.Repeat("n", 256), "v"), "headers", 0},
		"line break":        {with("a", "v\r\nb: c"), "headers", 0},
		"nul":               {with("a", "v\x00"), "headers", 0},
		"long id":           {with(relay.HeaderID, strings.Repeat("i", 256)), "id", 255},
		"id with a tab":     {with(relay.HeaderID, "a\tb"), "id", 0},
		"id not ASCII":      {with(relay.HeaderID, "키"), "id", 0},
		"two ids":           {twice, "id", 0},
		"origin":            {with("Daero-Origin", "a/1/1"), "reserved", 0},
		"attempts":          {with(relay.HeaderAttempts, "9"), "reserved", 0},
		"redriven":          {with(relay.HeaderRedriven, "9"), "reserved", 0},
		"first attempt":     {with(relay.HeaderFirst, "9"), "reserved", 0},
		"status of a death": {with(relay.HeaderLastStatus, "9"), "reserved", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccepting(t, relay.Config{}, newFakeLog(nil))
				defer a.stop()
				_, err := a.Accept(t.Context(), c.m)
				bad := new(relay.InvalidError)
				if !errors.As(err, &bad) || bad.Kind != c.kind || bad.Limit != c.limit {
					t.Fatalf("got %v (%+v), want kind %s, limit %d", err, bad, c.kind, c.limit)
				}
				if errors.Is(err, relay.ErrTooLarge) != (c.kind == "size") {
					t.Errorf("%v is, or is not, %v", err, relay.ErrTooLarge)
				}
				if a.log.appends() > 0 {
					t.Error("the log was asked")
				}
			})
		})
	}
}

func TestAcceptKeepsWhatItGets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccepting(t, relay.Config{}, newFakeLog(nil))
		defer a.stop()
		m := order("k", "1", "v")
		m.Headers = append(m.Headers, relay.Header{Name: "X-Kind", Value: []byte("new")}, relay.Header{Name: "daero-not-before", Value: []byte("t")})
		m.Time = time.Now().Add(5 * time.Hour) // F28: a writer's clock changes nothing
		mustAccept(t, a, m)
		k := a.log.kept[0]
		if string(k.Header("x-kind")) != "new" || string(k.Header(relay.HeaderNotBefore)) != "t" || m.Headers[1].Name != "X-Kind" {
			t.Errorf("kept %v of %v: want names in lower case, and those of the caller as they were", k.Headers, m.Headers)
		}
		if k.Time.After(time.Now()) {
			t.Errorf("time %v is the writer's", k.Time)
		}
	})
}

func TestTopicMistakes(t *testing.T) {
	_, err := relay.New(relay.Config{
		AcceptWithin: -1, Remember: -1,
		Topics: []relay.Topic{
			{},
			{Name: "a b"},
			{Name: ".."},
			{Name: "a"},
			{Name: "a"},
			{Name: strings.Repeat("n", 250)},
			{Name: "c", Order: 9, MaxBytes: 1 << 30, MaxHeaders: -1, MaxHeaderBytes: -1, Outage: relay.Spool},
			{Name: "d", Outage: 9},
		},
	})
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{
		"no log", "accept within", "remember", "without a name", `"a b"`, `".."`, "declared twice", "longer than 249",
		"no such order", "max bytes", "max headers", "max header bytes", "there is no spool", "no such way",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
}
