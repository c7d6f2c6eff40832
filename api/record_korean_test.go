package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/daero/daero/api/store"
)

// TestWhyInKorean: what daero itself said is in the record in Korean too; what
// people gave as reasons stays theirs.
func TestWhyInKorean(t *testing.T) {
	w := newWorld(t)
	w.load = 0.95
	w.step(3 * time.Second)
	w.browser().login(store.Viewer)
	w.expect(w.do(store.Acting, "POST", "/daero/api/level/pin", `{"level":"caution","for":"1h","reason":"level test"}`), 200)
	want := map[string]string{
		"level.changed": "busy 95%, 심각 기준 90% 이상", "action.entered": "심각 단계", "operator.login": "토큰, 주소 198.51.100.9", "level.pinned": "",
	}
	seen := map[string]bool{}
	for _, one := range w.get("/daero/api/audit?limit=100")["entries"].([]any) {
		e := one.(map[string]any)
		what := e["what"].(string)
		if ko, asked := want[what]; asked && !strings.Contains(e["why"].(string), "pinned") {
			seen[what] = true
			if got, _ := e["why_ko"].(string); !strings.HasPrefix(got, ko) || (got == "") != (ko == "") {
				t.Errorf("%s, %q: %q, want %q", what, e["why"], got, ko)
			}
		}
	}
	if len(seen) != len(want) {
		t.Errorf("seen %v of %v", seen, want)
	}
}
