package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/daero/daero/level"
	"github.com/daero/daero/playbook"
)

// Text is the message of a notice, in a language as in [Config].
//
//	Load level 3 alert: 3 alert begins.
//	Why: busy 93% ≥ 90% (alert)
//	Comes down: busy < 81% for 30s
//	gw-1, 2026-11-24 15:04:05 UTC
func Text(n playbook.Notice, lang string) string {
	switch lang {
	case "en":
		return english(n)
	case "ko":
		return korean(n)
	}
	return korean(n) + "\n\n" + english(n)
}

func english(n playbook.Notice) string {
	verb := "ends"
	if n.Entered {
		verb = "begins"
	}
	lines := []string{fmt.Sprintf("Load level %s: %s %s.", number(n.Level, n.Level.String()), number(n.Row, n.Row.String()), verb)}
	if n.Why != "" {
		lines = append(lines, "Why: "+calm(n.Why))
	}
	if n.Down != "" {
		lines = append(lines, "Comes down: "+calm(n.Down))
	}
	return strings.Join(append(lines, from(n)), "\n")
}

func korean(n playbook.Notice) string {
	verb := "대응 해제"
	if n.Entered {
		verb = "대응 시작"
	}
	lines := []string{fmt.Sprintf("부하 레벨 %s: %s %s", number(n.Level, n.Level.Korean()), number(n.Row, n.Row.Korean()), verb)}
	why := n.Korean
	if why == "" {
		why = n.Why
	}
	if why != "" {
		lines = append(lines, "이유: "+calm(why))
	}
	if n.DownKorean != "" {
		lines = append(lines, "내려가는 조건: "+calm(n.DownKorean))
	}
	return strings.Join(append(lines, from(n)), "\n")
}

func number(l level.Level, word string) string { return fmt.Sprintf("%d %s", l, word) }

// from says which gateway tells it, and when.
func from(n playbook.Notice) string {
	at := n.At.UTC().Format(time.DateTime) + " UTC"
	if n.Node == "" {
		return at
	}
	return calm(n.Node) + ", " + at
}

// maxLine bounds a line, in characters: channels refuse long messages.
const maxLine = 400

// calm makes a text that may come from outside, such as what an alert feed
// says, one line that wakes nobody: chat services take @everyone or <!channel>
// for an order to.
func calm(s string) string {
	var b strings.Builder
	n, before := 0, ' '
	for _, r := range s {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			r = ' '
		}
		if r == ' ' && before == ' ' {
			continue
		}
		if n++; n > maxLine {
			b.WriteRune('…')
			break
		}
		if (before == '@' || before == '<') && r != ' ' {
			b.WriteRune(' ')
		}
		b.WriteRune(r)
		before = r
	}
	return strings.TrimSpace(b.String())
}
