package embedded

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// tidyEvery is how often finished messages are deleted; with little room, every
// measureEvery.
const (
	measureEvery = time.Second
	tidyEvery    = time.Minute
)

// keepHouse counts what is on disk and deletes what is finished.
func (l *Log) keepHouse(ctx context.Context) {
	tick := time.NewTicker(measureEvery)
	defer tick.Stop()
	var last time.Time
	var full *kfake.FaultHandle
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-l.press:
		}
		l.measure()
		short := l.Used() > l.cfg.MaxBytes/5*4
		if now := time.Now(); short || now.Sub(last) >= tidyEvery {
			last = now
			l.tidy(ctx, now, short)
			l.measure()
		}
		full = l.guard(full)
	}
}

func (l *Log) pressed() {
	select {
	case l.press <- struct{}{}:
	default:
	}
}

// guard holds the bound against other clients too.
func (l *Log) guard(full *kfake.FaultHandle) *kfake.FaultHandle {
	over := l.Used() > l.cfg.MaxBytes
	switch {
	case over && full == nil:
		return l.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.PolicyViolation, Count: -1})
	case !over && full != nil:
		full.Remove()
		return nil
	}
	return full
}

// measure counts what is on disk. What is appended meanwhile may count twice
// until the next time.
func (l *Log) measure() {
	since := l.since.Load()
	var sum int64
	_ = filepath.WalkDir(l.cfg.Dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // a file that is gone takes no room
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			sum += info.Size()
		}
		return nil
	})
	l.measured.Store(sum)
	l.since.Add(-since)
}

// tidy deletes what every group has finished and is old enough, or with short,
// however old it is. What it cannot find out it leaves for the next time.
func (l *Log) tidy(ctx context.Context, now time.Time, short bool) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	old, err := l.admin.ListOffsetsAfterMilli(ctx, now.Add(-l.cfg.Retention).UnixMilli())
	if err != nil {
		return
	}
	ends, err := l.admin.ListEndOffsets(ctx)
	if err != nil {
		return
	}
	places, ok := l.places(ctx)
	if !ok {
		return
	}
	for topic, partitions := range ends {
		for id, end := range partitions {
			aged, known := old.Lookup(topic, id)
			if end.Err != nil || !known || aged.Err != nil {
				continue
			}
			at := before(aged.Offset, end.Offset, places[topic], id, short)
			// Below the log's start, or because the topic is gone: nothing to do.
			_ = l.cluster.DeleteRecords(topic, id, at)
		}
	}
}

// places are where the groups stand, by topic; of each group all partitions.
func (l *Log) places(ctx context.Context) (map[string][]map[int32]int64, bool) {
	groups, err := l.admin.ListGroups(ctx)
	if err != nil {
		return nil, false
	}
	places := map[string][]map[int32]int64{}
	for _, g := range l.admin.FetchManyOffsets(ctx, groups.Groups()...) {
		if g.Err != nil {
			return nil, false
		}
		for topic, partitions := range g.Fetched {
			of := map[int32]int64{}
			for id, p := range partitions {
				of[id] = p.At
			}
			places[topic] = append(places[topic], of)
		}
	}
	return places, true
}

// before says up to where a partition's messages may go: those that every group
// of the topic has finished, once they are aged, or at once when room is short;
// of a topic that no group reads, those that are aged. The newest message always
// stays: from it a restart knows which offset is next.
func before(aged, end int64, groups []map[int32]int64, id int32, short bool) int64 {
	at := aged
	if len(groups) > 0 {
		finished := end
		for _, places := range groups {
			finished = min(finished, max(places[id], 0))
		}
		if short {
			at = finished
		}
		at = min(at, finished)
	}
	return max(min(at, end-1), 0)
}
