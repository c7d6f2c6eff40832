package level

import (
	"fmt"
	"strconv"
	"strings"
)

// Level is how hard a service is pressed.
type Level uint8

// The levels: those of Korea's crisis alerts, which every operator there knows.
const (
	Normal Level = iota
	Attention
	Caution
	Alert
	Serious
)

// Count is how many levels there are.
const Count = 5

var (
	english = [Count]string{"normal", "attention", "caution", "alert", "serious"}
	korean  = [Count]string{"정상", "관심", "주의", "경계", "심각"}
)

// String returns the level's English word, which configuration uses.
func (l Level) String() string {
	if l < Count {
		return english[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// Korean returns the level's Korean word.
func (l Level) Korean() string {
	if l < Count {
		return korean[l]
	}
	return l.String()
}

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = Parse(string(text))
	return err
}

// Names lists the levels' words, the lowest first.
func Names() []string { return english[:] }

// Parse reads a level: its English or Korean word, or its number.
func Parse(s string) (Level, error) {
	for l := range Level(Count) {
		if strings.EqualFold(s, english[l]) || s == korean[l] || s == strconv.Itoa(int(l)) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("unknown level %q: use %s, or 0 to %d", s, strings.Join(english[:], ", "), Serious)
}
