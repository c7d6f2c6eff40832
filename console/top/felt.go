package top

import (
	"fmt"

	"github.com/daero/daero/live"
)

// who are the people that something happens to.
var who = map[string]words{
	"":           {"", ""},
	"foreground": {"in use ", "쓰는 중인 "},
	"background": {"background ", "백그라운드 "},
	"new-device": {"new-device ", "새 기기 "},
}

var feelings = map[live.Feeling]words{
	live.FeltShed:      {"%[2]s %[1]stold to come back", "%s요청 %s 나중에 다시 오라는 답을 받음"},
	live.FeltDefer:     {"%[2]s %[1]sdone later", "%s요청 %s 나중에 처리됨"},
	live.FeltChallenge: {"%[2]s %[1]sasked to prove themselves", "%s요청 %s 확인을 요청받음"},
	live.FeltFail:      {"%[2]s %[1]sfail", "%s요청 %s 실패함"},
	live.FeltWait:      {"%[2]s %[1]swait %[3]s", "%s요청 %s %s 기다림"},
	live.FeltSlow:      {"%[2]s %[1]stake %[3]s", "%s요청 %s %s 걸림"},
}

// felt says in a sentence what those who use a lane notice.
func felt(f live.Felt, l Lang) string {
	form, ok := feelings[f.Kind]
	if !ok {
		return words{"nothing", "영향 없음"}.in(l)
	}
	share := words{fmt.Sprintf("%d of %d", f.N, f.Of), fmt.Sprintf("%d건 중 %d건이", f.Of, f.N)}.in(l)
	if f.N == f.Of {
		share = words{"all", "모두"}.in(l)
	}
	args := []any{who[f.Who].in(l), share}
	if f.Kind == live.FeltWait || f.Kind == live.FeltSlow {
		args = append(args, took(f.Seconds))
	}
	return fmt.Sprintf(form.in(l), args...)
}
