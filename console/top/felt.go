package top

import (
	"fmt"

	"github.com/daero/daero/live"
)

// who are the people that something happens to.
var who = map[string]words{
	"foreground": {"in use ", " (쓰는 중)"},
	"background": {"background ", " (백그라운드)"},
	"new-device": {"new-device ", " (새 기기)"},
}

// The forms have who, how many, and how long. What is cut off first in a narrow
// window stands last.
var feelings = map[live.Feeling]words{
	live.FeltShed:      {"%[2]s %[1]stold to come back", "%[2]s 다시 오라 함%[1]s"},
	live.FeltDefer:     {"%[2]s %[1]sdone later", "%[2]s 나중에 처리%[1]s"},
	live.FeltChallenge: {"%[2]s %[1]sasked to prove themselves", "%[2]s 확인 요청%[1]s"},
	live.FeltFail:      {"%[2]s %[1]sfail", "%[2]s 실패%[1]s"},
	live.FeltWait:      {"%[2]s %[1]swait %[3]s", "%[2]s %[3]s 대기%[1]s"},
	live.FeltSlow:      {"%[2]s %[1]stake %[3]s", "%[2]s %[3]s 걸림%[1]s"},
}

// felt says in a sentence what those who use a lane notice.
func felt(f live.Felt, l Lang) string {
	form, ok := feelings[f.Kind]
	if !ok {
		return words{"nothing", "영향 없음"}.in(l)
	}
	share := words{fmt.Sprintf("%d of %d", f.N, f.Of), fmt.Sprintf("%d건 중 %d건", f.Of, f.N)}.in(l)
	if f.N == f.Of {
		share = words{"all", "모두"}.in(l)
	}
	args := []any{who[f.Who].in(l), share}
	if f.Kind == live.FeltWait || f.Kind == live.FeltSlow {
		args = append(args, took(f.Seconds))
	}
	return fmt.Sprintf(form.in(l), args...)
}
