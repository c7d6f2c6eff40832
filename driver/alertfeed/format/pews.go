package format

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
)

// Phase is what KMA's early warning (PEWS) shows.
type Phase uint8

// The phases, as the two bits after the first say them.
const (
	Calm    Phase = 0b00
	Over    Phase = 0b01 // an earthquake's display ended
	Warning Phase = 0b10 // an early warning
	Report  Phase = 0b11 // what the earthquake was
)

// The head of a PEWS document: four bytes, and one in a replay.
const (
	PEWSHead       = 4
	PEWSReplayHead = 1
)

// The tail of a PEWS document: 120 bits, then 60 bytes of text.
const (
	pewsBits = 15
	pewsText = 60
	pewsTail = pewsBits + pewsText
	// withdrawn is how many calm documents in a row take a warning back, so
	// that one that was mixed up on the way does not.
	withdrawn = 3
)

// pewsRegions are the regions of the bitmap, in its order, in Korean and
// English.
var pewsRegions = [17][2]string{
	{"서울", "Seoul"},
	{"부산", "Busan"},
	{"대구", "Daegu"},
	{"인천", "Incheon"},
	{"광주", "Gwangju"},
	{"대전", "Daejeon"},
	{"울산", "Ulsan"},
	{"세종", "Sejong"},
	{"경기", "Gyeonggi"},
	{"강원", "Gangwon"},
	{"충북", "Chungbuk"},
	{"충남", "Chungnam"},
	{"전북", "Jeonbuk"},
	{"전남", "Jeonnam"},
	{"경북", "Gyeongbuk"},
	{"경남", "Gyeongnam"},
	{"제주", "Jeju"},
}

// PEWS reads the documents of KMA's early warning, one a second, in the order
// of their times. The zero PEWS is ready.
//
//	byte 0     bit 7: the list of stations changed; bits 6-5: the phase
//	           then, not read: the intensity at each station, 4 bits each
//	tail       bits 0-9     latitude, 30 + v/100
//	           bits 10-19   longitude, 124 + v/100
//	           bits 20-26   magnitude, v/10
//	           bits 27-36   depth in km, v/10
//	           bits 37-68   time, seconds since 1970
//	           bits 69-94   number of the earthquake, "20" before it
//	           bits 95-98   greatest intensity
//	           bits 99-115  the regions where that is; all of them: none
//	           60 bytes     text, UTF-8
//
// A warning that gives way to calm without a report was withdrawn: its cancel
// comes at the third calm second.
type PEWS struct {
	last   string      // the tail that was told last, and its phase
	warned alert.Alert // the warning that no report followed yet
	calm   int         // documents since
}

// Take reads the document of a time. It returns nothing while nothing changed.
func (p *PEWS) Take(at time.Time, data []byte, head int) ([]alert.Alert, error) {
	if err := fits(data); err != nil {
		return nil, err
	}
	if len(data) < head || head < 1 {
		return nil, fmt.Errorf("PEWS: a document of %d bytes is none", len(data))
	}
	switch phase := Phase(data[0] >> 5 & 0b11); phase {
	case Warning, Report:
		return p.tell(at, data[head:], phase)
	case Over:
		p.warned, p.calm = alert.Alert{}, 0
	case Calm:
		if p.warned.ID == "" {
			break
		}
		if p.calm++; p.calm < withdrawn {
			break
		}
		a := p.warned
		*p = PEWS{}
		a.Action, a.Version = alert.Cancel, at.Unix()
		return []alert.Alert{a}, nil
	}
	return nil, nil
}

func (p *PEWS) tell(at time.Time, body []byte, phase Phase) ([]alert.Alert, error) {
	if len(body) < pewsTail {
		return nil, fmt.Errorf("PEWS: an earthquake in %d bytes: want %d", len(body), pewsTail)
	}
	p.calm = 0
	tail := body[len(body)-pewsTail:]
	key := string(byte(phase)) + string(tail)
	if key == p.last {
		return nil, nil
	}
	a := alert.Alert{
		ID: "20" + strconv.Itoa(bits(tail, 69, 26)), Version: at.Unix(), Status: alert.Actual,
		Origin: time.Unix(int64(bits(tail, 37, 32)), 0).UTC(),
		Infos:  []alert.Info{pewsInfo(tail)},
	}
	if err := a.Valid(); err != nil {
		return nil, err
	}
	p.last, p.warned = key, alert.Alert{}
	if phase == Warning {
		p.warned = a
	}
	return []alert.Alert{a}, nil
}

func pewsInfo(tail []byte) alert.Info {
	info := alert.Info{
		Title:     strings.TrimRight(strings.ToValidUTF8(string(tail[pewsBits:]), ""), " \x00"),
		Magnitude: magnitude(float64(bits(tail, 20, 7)) / 10),
		Areas:     place(30+float64(bits(tail, 0, 10))/100, 124+float64(bits(tail, 10, 10))/100),
	}
	const all = 1<<17 - 1
	regions := bits(tail, 99, 17)
	for i, names := range pewsRegions {
		if regions != all && regions>>(16-i)&1 == 1 {
			info.Regions = append(info.Regions, names[:]...)
		}
	}
	return info
}

// bits reads n bits from a bit on, the first being the highest of byte 0.
func bits(b []byte, from, n int) int {
	v := 0
	for i := from; i < from+n; i++ {
		v = v<<1 | int(b[i/8]>>(7-i%8)&1)
	}
	return v
}
