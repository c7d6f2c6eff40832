package inbox

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Fence refuses messages of a relay that has been replaced. The zero Fence is
// ready to use.
//
// A relay that was cut off from its log may go on for a while, next to the one
// that took its partitions over; what it sends carries a lower Daero-Epoch. A
// Fence knows the partitions of one delivery, in one process; it forgets one
// that was silent for ten minutes. It narrows the gap, and idempotency closes
// it: an old message that comes before any new one is let in.
type Fence struct {
	mu    sync.Mutex
	parts map[string]fenced
}

type fenced struct {
	epoch int64
	at    time.Time
}

const (
	fenceFor   = 10 * time.Minute
	fenceParts = 10_000 // with more, those that are silent longest go
)

// Admit reports whether a message may be taken at now.
func (f *Fence) Admit(now time.Time, topic string, partition int32, epoch int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.parts == nil {
		f.parts = map[string]fenced{}
	}
	name := topic + "/" + strconv.Itoa(int(partition))
	old, ok := f.parts[name]
	if ok && epoch < old.epoch && now.Sub(old.at) < fenceFor {
		return false
	}
	if !ok && len(f.parts) >= fenceParts {
		f.drop()
	}
	f.parts[name] = fenced{epoch, now}
	return true
}

// drop forgets the half that is silent longest, so that it is not called often.
func (f *Fence) drop() {
	times := make([]time.Time, 0, len(f.parts))
	for _, p := range f.parts {
		times = append(times, p.at)
	}
	slices.SortFunc(times, time.Time.Compare)
	middle := times[len(times)/2]
	for name, p := range f.parts {
		if !p.at.After(middle) {
			delete(f.parts, name)
		}
	}
}

// Handler answers 409 with Retry-After where Admit says no: whoever sent that
// is no longer asked, and need not make a dead letter of it. Requests without
// an epoch pass.
func (f *Fence) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		epoch, err := strconv.ParseInt(r.Header.Get("Daero-Epoch"), 10, 64)
		partition, err2 := strconv.ParseInt(r.Header.Get("Daero-Partition"), 10, 32)
		if err == nil && err2 == nil && !f.Admit(time.Now(), r.Header.Get("Daero-Topic"), int32(partition), epoch) {
			refuse(w, http.StatusConflict, time.Second, "the relay that sent this has been replaced")
			return
		}
		next.ServeHTTP(w, r)
	})
}
