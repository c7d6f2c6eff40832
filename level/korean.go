package level

import (
	"regexp"
	"strings"
)

// Korean says in Korean what Change.Why says in English, for those who have only
// that, as the record does. It is "" for what no change says.
func Korean(why string) string {
	if m := pinnedWhy.FindStringSubmatch(why); m != nil {
		if to, err := Parse(m[1]); err == nil {
			return pinnedKorean(to, m[2], m[3], m[4])
		}
	}
	why, unheard := cutUnheard(why)
	ko := koreanSentence(why)
	if ko == "" {
		return ""
	}
	return ko + unheard
}

// The sentences of why, taken apart.
var (
	pinnedWhy  = regexp.MustCompile(`^pinned to (\w+) until (\d\d:\d\d:\d\d UTC) by (.+?): (.*)$`)
	unheardWhy = regexp.MustCompile(`^(.*) \(nothing heard of ([^()]+)\)$`)
	ofLevel    = regexp.MustCompile(`^(the pin ended, and|the warning is over, and nothing else asks for|nothing asks for) (\w+)(| still holds| any more)$`)
	reached    = regexp.MustCompile(`^(\S+) (\S+) (≥|near) (\S+) \((\w+)\)(; |$)`)
	warns      = regexp.MustCompile(`^(\S+) warns until (\d\d:\d\d:\d\d UTC)(; |$)`)
	warnsOf    = regexp.MustCompile(`^(\S+) warns: (.+?) \(until (\d\d:\d\d:\d\d UTC)\)(; |$)`)
)

func pinnedKorean(to Level, until, by, reason string) string {
	return by + particle(by, "이", "가") + " " + until + "까지 " + koreanTowards[to] + " 고정: " + reason
}

func cutUnheard(why string) (rest, ko string) {
	m := unheardWhy.FindStringSubmatch(why)
	if m == nil {
		return why, ""
	}
	return m[1], " (" + m[2] + " 신호 없음)"
}

func koreanSentence(why string) string {
	const ended = "the pin ended"
	if why == ended+", and nothing asks for more" {
		return "고정이 끝났고 더 높은 단계의 조건이 없음"
	}
	if m := ofLevel.FindStringSubmatch(why); m != nil {
		lv, err := Parse(m[2])
		switch {
		case err != nil:
			return ""
		case m[3] == " still holds":
			return "고정이 끝났고 " + lv.Korean() + " 단계가 유지됨"
		case m[3] == " any more":
			return lv.Korean() + " 조건이 모두 풀림"
		}
		return "예고가 끝났고 " + lv.Korean() + " 조건도 없음"
	}
	if rest, ok := strings.CutPrefix(why, ended+"; "); ok {
		if ko := koreanCauses(rest); ko != "" {
			return "고정이 끝남; " + ko
		}
		return ""
	}
	return koreanCauses(why)
}

// koreanCauses goes from signal to signal: what a warning says may have any
// letters in it.
func koreanCauses(why string) string {
	var all []string
	for why != "" {
		var m []string
		if m = reached.FindStringSubmatch(why); m != nil {
			lv, err := Parse(m[5])
			if err != nil {
				return ""
			}
			near := " 이상"
			if m[3] == "near" {
				near = "에 근접"
			}
			all = append(all, m[1]+" "+koreanValue(m[2])+", "+lv.Korean()+" 기준 "+koreanValue(m[4])+near)
		} else if m = warns.FindStringSubmatch(why); m != nil {
			all = append(all, m[1]+" 예고, "+m[2]+"까지")
		} else if m = warnsOf.FindStringSubmatch(why); m != nil {
			all = append(all, m[1]+" 예고: "+m[2]+" ("+m[3]+"까지)")
		} else {
			return ""
		}
		why = why[len(m[0]):]
	}
	return strings.Join(all, "; ")
}

// koreanValue is a value as Signal.Show writes it, in Korean.
func koreanValue(shown string) string {
	if number, ok := strings.CutSuffix(shown, "x"); ok {
		return number + "배"
	}
	return shown
}
