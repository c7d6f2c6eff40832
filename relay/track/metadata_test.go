package track_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/relay/track"
)

// full is a Tracker with its whole window taken and a share of it done.
func full(base int64, rnd *rand.Rand, share float64) *track.Tracker {
	t := track.New(base)
	for o := base; o < base+track.Window; o++ {
		t.Take(o)
	}
	for o := base + 1; o < base+track.Window; o++ {
		if rnd.Float64() < share {
			t.Done(o)
		}
	}
	return t
}

func TestMetadataFits(t *testing.T) {
	longest := 0
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		base := int64(rnd.Uint64() >> 2)
		tr := full(base, rnd, float64(seed)/40)
		var stuck []track.Stuck
		for range 100 {
			stuck = append(stuck, track.Stuck{Offset: base + int64(rnd.IntN(track.Window)), Attempts: 1 << 40, Age: 1 << 62})
		}
		s := tr.Encode(stuck)
		longest = max(longest, len(s))
		if len(s) > 4096 {
			t.Fatalf("seed %d: %d bytes, Kafka keeps 4096", seed, len(s))
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("seed %d: not printable ASCII: %q", seed, s)
		}
		back, _, ok := track.Restore(base, s)
		same(t, seed, tr, back, ok)
	}
	t.Logf("longest: %d bytes", longest)
}

func TestMetadataIsShortWhereRunsAreLong(t *testing.T) {
	tr := track.New(0)
	for o := range int64(10000) {
		tr.Take(o)
	}
	for o := int64(1); o < 10000; o++ {
		tr.Done(o)
	}
	if s := tr.Encode(nil); len(s) > 30 {
		t.Fatalf("one run takes %d bytes: %q", len(s), s)
	}
	if s := track.New(5).Encode(nil); s != "" {
		t.Fatalf("nothing to say, and said %q", s)
	}
}

// TestF05AttemptsSurvive: who takes a partition over knows how often the stuck
// messages were tried.
func TestF05AttemptsSurvive(t *testing.T) {
	tr := track.New(100)
	for o := int64(100); o < 200; o++ {
		tr.Take(o)
	}
	want := []track.Stuck{{100, 3, 1500 * time.Millisecond}, {150, 19, time.Hour}}
	_, got, ok := track.Restore(100, tr.Encode([]track.Stuck{want[1], want[0], {99, 1, 0}}))
	if !ok || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v %v, want %v", got, ok, want)
	}
}

// TestF29DamagedMetadataIsIgnored: what does not fit is as if it were not there.
func TestF29DamagedMetadataIsIgnored(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	good := full(1000, rnd, 0.5).Encode([]track.Stuck{{1000, 2, time.Second}})
	for name, s := range map[string]string{
		"empty": "", "other version": "v2" + good[2:], "no checksum": "v1|", "cut": good[:len(good)-4],
		"foreign": "consumer-7", "long": "v1|0|" + strings.Repeat("A", 1<<20), "no base64": "v1|0|***",
	} {
		if _, stuck, ok := track.Restore(1000, s); ok || stuck != nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, _, ok := track.Restore(1001, good); ok {
		t.Error("metadata of another offset was taken")
	}
	for i := range len(good) {
		bad := []byte(good)
		bad[i] ^= byte(1 + rnd.IntN(127))
		if string(bad) == strings.ToUpper(good) {
			continue
		}
		if tr, _, ok := track.Restore(1000, string(bad)); ok && tr.Encode(nil) != full(1000, rand.New(rand.NewPCG(7, 7)), 0.5).Encode(nil) {
			t.Fatalf("byte %d changed, and taken", i)
		}
	}
}

func FuzzRestore(f *testing.F) {
	rnd := rand.New(rand.NewPCG(1, 2))
	f.Add(int64(7), full(7, rnd, 0.5).Encode([]track.Stuck{{7, 1, time.Second}}))
	f.Add(int64(7), full(7, rnd, 0.999).Encode(nil))
	f.Add(int64(-1), "v1|0|AA")
	f.Fuzz(func(t *testing.T, base int64, metadata string) {
		tr, stuck, ok := track.Restore(base, metadata)
		if tr.Base() < base || tr.Base() > base+track.Window {
			t.Fatalf("base %d of %d", tr.Base(), base)
		}
		if !ok && (len(stuck) > 0 || tr.Encode(nil) != "") {
			t.Fatal("not ok, but something was taken")
		}
		for _, s := range stuck {
			if s.Offset < base || s.Offset >= base+track.Window || s.Attempts < 0 || s.Age < 0 {
				t.Fatalf("stuck %v at base %d", s, base)
			}
		}
	})
}

// FuzzBody changes bodies whose checksum fits: a hostile member could.
func FuzzBody(f *testing.F) {
	f.Add(int64(3), []byte{1, 1, 2, 1, 0, 1, 1})
	f.Add(int64(3), []byte{2, 2, 1, 5, 0})
	f.Fuzz(func(t *testing.T, base int64, body []byte) {
		base &= 1<<62 - 1
		tr, stuck, ok := track.Restore(base, track.Seal(base, body))
		if !ok {
			return
		}
		again, stuck2, ok := track.Restore(tr.Base(), tr.Encode(stuck))
		if s := tr.Encode(nil); s != "" && !ok || again.Encode(nil) != s {
			t.Fatalf("does not come back: %q, %q", s, again.Encode(nil))
		}
		if len(stuck2) > len(stuck) {
			t.Fatalf("%v became %v", stuck, stuck2)
		}
	})
}
