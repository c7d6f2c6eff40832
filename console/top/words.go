package top

import (
	"fmt"
	"strings"
	"time"
)

// Lang is the language of the screen.
type Lang int

// The languages.
const (
	English Lang = iota
	Korean
)

// LangOf reads a locale, such as ko_KR.UTF-8.
func LangOf(locale string) Lang {
	if strings.HasPrefix(strings.ToLower(locale), "ko") {
		return Korean
	}
	return English
}

// words are a text in each language.
type words [2]string

func (w words) in(l Lang) string { return w[l] }

var (
	wordLane    = words{"LANE", "도로"}
	wordState   = words{"STATE", "상태"}
	wordIn      = words{"IN/s", "유입/초"}
	wordThrough = words{"THRU/s", "통과/초"}
	wordWaiting = words{"WAIT", "대기"}
	wordWaited  = words{"WAITED", "대기 시간"}
	wordTaken   = words{"TAKEN", "한도"}
	wordOutcome = words{"OUTCOME", "처리 결과"}
	wordFelt    = words{"PEOPLE", "사용자 영향"}
	wordInForce = words{"IN FORCE", "지금 켜진 대응"}
	wordSignals = words{"SIGNALS", "신호"}
	wordFeed    = words{"JUST NOW", "방금 일어난 일"}
	wordNothing = words{"nothing", "없음"}
	wordDown    = words{"down", "내려가려면"}
	wordWhy     = words{"why", "이유"}
	wordShadow  = words{"shadow", "연습"}
	wordStopped = words{"stopped", "꺼짐"}
	wordMore    = words{"%d more lanes: make the window taller", "도로 %d개 더 있음: 창을 키우세요"}
	wordAll     = words{"all", "전체"}
	wordNodes   = words{"nodes %d/%d", "노드 %d/%d"}
	wordLive    = words{"live", "실시간"}
	wordPinned  = words{"PINNED until %s by %s: %s", "%s까지 고정됨 (%s): %s"}
	wordPaused  = words{"PAUSED until %s by %s: %s", "%s까지 대응 멈춤 (%s): %s"}
	wordAllDark = words{"The whole playbook is in shadow: nothing is done, only recorded.", "대응 전체가 연습 모드입니다. 기록만 하고 아무것도 하지 않습니다."}
	wordStale   = words{"NO ANSWER for %s, these are the values of %s", "%s째 응답 없음, %s의 값입니다"}
	wordNoData  = words{"waiting for the first answer…", "첫 응답을 기다리는 중…"}
	wordKeys    = words{"q quit  l 한국어  u UTC  ↑↓ lanes", "q 끝내기  l English  u UTC  ↑↓ 도로"}
	wordLegend  = words{"p passed  w waited  d deferred  c challenged  s shed  f failed", "p 통과  w 대기  d 나중 처리  c 확인 요청  s 거절  f 실패"}
	wordMissing = words{"gone", "끊김"}
)

// states are what a lane does: a sign, and a word.
var states = map[string]struct {
	sign string
	word words
	tone tone
}{
	"ok":          {"●", words{"ok", "정상"}, good},
	"idle":        {"○", words{"idle", "한산"}, quiet},
	"waiting":     {"◆", words{"waiting", "대기 중"}, warn},
	"deferring":   {"◇", words{"deferring", "미룸"}, warn},
	"challenging": {"◈", words{"asking", "확인 중"}, warn},
	"shedding":    {"▲", words{"shedding", "거절 중"}, bad},
	"failing":     {"✖", words{"failing", "실패 중"}, bad},
}

// kinds say where something came from.
var kinds = map[string]words{
	"auto":    {"auto", "자동"},
	"manual":  {"manual", "수동"},
	"outside": {"outside", "외부"},
	"signal":  {"signal", "신호"},
	"system":  {"system", "시스템"},
}

// many writes a number in about five columns: 12, 3,120, 41k, 2.1M.
func many(n float64) string {
	switch {
	case n < 0.05:
		return "0"
	case n < 10:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0")
	case n < 1000:
		return fmt.Sprintf("%.0f", n)
	case n < 9999.5:
		return fmt.Sprintf("%d,%03d", int(n+0.5)/1000, int(n+0.5)%1000)
	case n < 999_500:
		return fmt.Sprintf("%.0fk", n/1000)
	}
	return fmt.Sprintf("%.1fM", n/1e6)
}

// took writes seconds as people read them.
func took(seconds float64) string {
	switch {
	case seconds <= 0:
		return "0"
	case seconds < 0.0995:
		return fmt.Sprintf("%.0f ms", max(seconds*1000, 1))
	case seconds < 0.9995:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 10:
		return fmt.Sprintf("%.1f s", seconds)
	case seconds < 120:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 7200:
		return fmt.Sprintf("%.0f min", seconds/60)
	}
	return fmt.Sprintf("%.0f h", seconds/3600)
}

// clock writes a time of the day, and the day if it is not today's.
func clock(t, now time.Time, zone *time.Location) string {
	t, now = t.In(zone), now.In(zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("01-02 15:04")
}
