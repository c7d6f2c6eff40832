package feedserver

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long PEWS shows what: the warning, the report, and that it is over.
const (
	pewsWarning = 30 * time.Second
	pewsReport  = 5 * time.Minute
	pewsOver    = 6 * time.Minute
)

// pewsStations is how many stations the documents tell the intensity of.
const pewsStations = 260

// servePEWS serves the document of a second that has passed, and for a minute.
func (s *Server) servePEWS(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	w.Header().Set("ST", fmt.Sprintf("%d.%03d", now.Unix(), now.UnixMilli()%1000))
	at, ok := pewsTime(r.PathValue("file"))
	if !ok || at.After(now) || now.Sub(at) > time.Minute {
		http.NotFound(w, r)
		return
	}
	at = at.Add(time.Second - 1) // all of that second
	s.document(w, 4, at, s.until(at))
}

// servePEWSReplay serves the seconds of Pohang, 2017, as they were then.
func (s *Server) servePEWSReplay(w http.ResponseWriter, r *http.Request) {
	at, ok := pewsTime(r.PathValue("file"))
	if !ok || r.PathValue("number") != pohang.ID {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ST", fmt.Sprintf("%d.%03d", time.Now().Unix(), time.Now().UnixMilli()%1000))
	origin := PohangOrigin()
	m := message{Event: pohang, serial: 1, origin: origin, at: origin.Add(pohang.Age)}
	var all []message
	if !at.Before(m.at) {
		all = append(all, m)
	}
	s.document(w, 1, at, all)
}

// PohangOrigin is when the earthquake of Pohang was: 2017-11-15 14:29:31 KST.
func PohangOrigin() time.Time { return time.Date(2017, 11, 15, 5, 29, 31, 0, time.UTC) }

func pewsTime(file string) (time.Time, bool) {
	name, ok := strings.CutSuffix(file, ".b")
	at, err := time.Parse("20060102150405", name)
	return at, ok && err == nil
}

// document writes what PEWS shows at a time: the event that was told last.
func (s *Server) document(w http.ResponseWriter, head int, at time.Time, all []message) {
	doc := make([]byte, head, head+pewsStations/2+75)
	doc[0] = 0b00 << 5
	doc = append(doc, make([]byte, pewsStations/2)...)
	if actual := latest(all); len(actual) > 0 {
		m := actual[len(actual)-1]
		first := m
		for _, p := range all {
			if p.ID == m.ID {
				first = p
				break
			}
		}
		if m.Kind != Cancel {
			phase := pewsPhase(at.Sub(first.at))
			doc[0] = phase << 5
			if phase != 0 {
				doc = append(doc, pewsTail(m)...)
			}
		}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(doc)
}

func pewsPhase(since time.Duration) byte {
	switch {
	case since < pewsWarning:
		return 0b10
	case since < pewsReport:
		return 0b11
	case since < pewsOver:
		return 0b01
	}
	return 0b00
}

// pewsTail writes the 120 bits and the text.
func pewsTail(m message) []byte {
	tail := make([]byte, 15, 75)
	pos := 0
	put := func(v float64, n int) {
		u := uint64(math.Round(v))
		for i := n - 1; i >= 0; i-- {
			tail[pos/8] |= byte(u>>i&1) << (7 - pos%8)
			pos++
		}
	}
	number, _ := strconv.Atoi(strings.TrimPrefix(m.ID, "20"))
	put((m.Lat-30)*100, 10)
	put((m.Lon-124)*100, 10)
	put(m.Magnitude*10, 7)
	put(m.DepthKM*10, 10)
	put(float64(m.origin.Unix()), 32)
	put(float64(number), 26)
	put(6, 4)
	put(float64(int(1)<<(16-m.Region)), 17)
	text := m.Place
	if len(text) > 60 {
		text = text[:60]
	}
	return append(tail, text+strings.Repeat(" ", 60-len(text))...)
}
