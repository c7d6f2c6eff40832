package verify

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A ledger is a file of lines that is only ever appended to, one write for each
// line: what was written before a kill -9 is there after it. (It is not synced:
// the machine does not go down, only processes do.) Tabs separate fields: no
// quoted text holds one.
type ledger struct {
	mu   sync.Mutex
	file *os.File
	next int64 // number of the next arrival of this life
}

// openLedger appends to a ledger. A line that a kill has cut short is ended, so
// that the next one is whole.
func openLedger(name string) (*ledger, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	last := make([]byte, 1)
	if at, err := f.Stat(); err == nil && at.Size() > 0 {
		if _, err := f.ReadAt(last, at.Size()-1); err == nil && last[0] != '\n' {
			_, err = f.WriteString("\n")
			if err != nil {
				return nil, err
			}
		}
	}
	return &ledger{file: f}, nil
}

// arrived writes a delivery down and returns its number.
func (l *ledger) arrived(a *Arrival) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	_, err := fmt.Fprintf(l.file, "d\t%d\t%d\t%d\t%d\t%q\t%q\t%d\t%d\t%d\t%d\n", a.Target, l.next, a.Key, a.N, a.ID,
		a.At.Topic, a.At.Partition, a.At.Offset, a.Epoch, a.Relay)
	return l.next, err
}

// answered writes down that the answer to an arrival of a life was written.
func (l *ledger) answered(life int, number int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintf(l.file, "a\t%d\t%d\n", life, number)
	return err
}

// readLedger returns the arrivals of a ledger, in order. Lines that were cut
// short are left out: they were not answered.
func readLedger(name string) ([]Arrival, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseLedger(b)
}

type arrivalNumber struct {
	life   int
	number int64
}

func parseLedger(b []byte) ([]Arrival, error) {
	var all []Arrival
	index := map[arrivalNumber]int{}
	for at := 0; at < len(b); {
		length := bytes.IndexByte(b[at:], '\n')
		if length < 0 {
			break // cut short, and nobody came after
		}
		line := string(b[at : at+length])
		switch kind, _, _ := strings.Cut(line, "\t"); kind {
		case "d":
			if a, number, ok := parseArrival(line); ok {
				a.Place = int64(at)
				index[arrivalNumber{a.Target, number}] = len(all)
				all = append(all, a)
			}
		case "a":
			var n arrivalNumber
			if _, err := fmt.Sscanf(line, "a\t%d\t%d", &n.life, &n.number); err != nil {
				break
			}
			i, ok := index[n]
			if !ok {
				return nil, fmt.Errorf("ledger: byte %d: an answer to nothing: %q", at, line)
			}
			all[i].Answered = true
		}
		at += length + 1
	}
	return all, nil
}

// parseArrival is written out: Sscanf takes 5 µs for each line.
func parseArrival(line string) (a Arrival, number int64, ok bool) {
	f := strings.Split(line, "\t")
	if len(f) != 11 {
		return a, 0, false
	}
	good := true
	integer := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		good = good && err == nil
		return n
	}
	text := func(s string) string {
		s, err := strconv.Unquote(s)
		good = good && err == nil
		return s
	}
	a.Target, number = int(integer(f[1])), integer(f[2])
	a.Key, a.N, a.ID = int(integer(f[3])), int(integer(f[4])), text(f[5])
	a.At.Topic, a.At.Partition, a.At.Offset = text(f[6]), int32(integer(f[7])), integer(f[8])
	a.Epoch, a.Relay = integer(f[9]), int(integer(f[10]))
	return a, number, good
}
