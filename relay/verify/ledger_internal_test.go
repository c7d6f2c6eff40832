package verify

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/daero/daero/relay"
)

func arrivalOf(n, life int) *Arrival {
	r := Record{Key: 3, N: n}
	return &Arrival{Record: r, ID: ID(r), At: relay.Position{Topic: "a topic", Partition: 2, Offset: int64(n)}, Epoch: 9, Relay: 4, Target: life}
}

func TestLedgerKeepsArrivalsOverLives(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ledger")
	f := follower{name: name, records: map[Record]struct{}{}}
	if n, err := f.follow(); n != 0 || err != nil {
		t.Fatalf("%d records, %v before there is a ledger", n, err)
	}
	var want []Arrival
	write := func(life, n int, answered bool) {
		l, err := openLedger(name)
		if err != nil {
			t.Fatal(err)
		}
		defer l.file.Close()
		a := *arrivalOf(n, life)
		number, err := l.arrived(&a)
		if err != nil {
			t.Fatal(err)
		}
		if answered {
			if err := l.answered(life, number); err != nil {
				t.Fatal(err)
			}
		}
		a.Answered = answered
		want = append(want, a)
	}
	write(1, 1, true)
	write(2, 2, false)
	if n, err := f.follow(); n != 2 || err != nil {
		t.Errorf("%d records, %v: want 2", n, err)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	file.WriteString("d\t2\t2\t3\t77\t\"verify-3-77\"\t\"a top") // killed while it wrote
	file.Close()
	write(3, 2, true)
	if n, err := f.follow(); n != 2 || err != nil {
		t.Errorf("%d records, %v: want 2: one came again, one was cut short", n, err)
	}
	got, err := readLedger(name)
	if err != nil {
		t.Fatal(err)
	}
	place := int64(-1)
	for i := range got {
		if got[i].Place <= place {
			t.Errorf("arrival %d stands at %d, the one before at %d", i, got[i].Place, place)
		}
		place, got[i].Place = got[i].Place, 0
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLedgerWithAnAnswerToNothing(t *testing.T) {
	if _, err := parseLedger([]byte("a\t1\t1\n")); err == nil {
		t.Error("no error")
	}
}

func FuzzLedger(f *testing.F) {
	f.Add([]byte("d\t1\t1\t3\t77\t\"verify-3-77\"\t\"t\"\t2\t5\t9\t4\na\t1\t1\n"))
	f.Add([]byte("d\t1\t1\t3\nd\n\na\t1\t1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := parseLedger(b)
		if err != nil {
			return
		}
		for i, a := range all {
			if a.Place < 0 || a.Place >= int64(len(b)) || i > 0 && a.Place <= all[i-1].Place {
				t.Errorf("arrival %d of %d bytes stands at %d", i, len(b), a.Place)
			}
		}
	})
}
