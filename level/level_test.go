package level_test

import (
	"testing"

	"github.com/daero/daero/level"
)

func TestParse(t *testing.T) {
	for l := range level.Level(level.Count) {
		for _, word := range []string{l.String(), l.Korean()} {
			if got, err := level.Parse(word); err != nil || got != l {
				t.Errorf("%q is %v, %v", word, got, err)
			}
		}
		text, _ := l.MarshalText()
		var back level.Level
		if err := back.UnmarshalText(text); err != nil || back != l {
			t.Errorf("%q is %v, %v", text, back, err)
		}
	}
	for _, bad := range []string{"", "5", "-1", "severe", "정"} {
		if _, err := level.Parse(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
	if got := level.Level(9).String() + level.Level(9).Korean(); got != "level(9)level(9)" {
		t.Error(got)
	}
}
