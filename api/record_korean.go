package api

import (
	"strings"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/audit"
	"github.com/daero/daero/level"
)

// koreanWhy is why something happened, in Korean, where it was daero that said
// so: "" where people gave a reason, which is in their language.
func koreanWhy(e audit.Entry) string {
	switch {
	case e.What == audit.LevelChanged:
		return level.Korean(e.Why)
	case e.What == audit.LoggedIn:
		return koreanLogin(e.Why)
	case strings.HasPrefix(e.What, "action.") && e.Who == audit.By:
		word, _ := strings.CutPrefix(e.Why, "level ")
		if lv, err := level.Parse(word); err == nil && word != e.Why {
			return lv.Korean() + " 단계"
		}
	}
	return ""
}

var koreanWays = map[string]string{
	store.ByPassword: "비밀번호", store.ByLink: "로그인 링크", store.ByToken: "토큰", store.ByOIDC: "통합 로그인",
}

// koreanLogin says how somebody logged in, and from where.
func koreanLogin(why string) string {
	by, from, ok := strings.Cut(why, ", from ")
	way := koreanWays[strings.TrimPrefix(by, "by ")]
	if !ok || way == "" {
		return ""
	}
	return way + ", 주소 " + from
}
