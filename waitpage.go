package daero

import (
	"net/http"
	"strconv"

	"github.com/daero/daero/internal/speak"
)

var pageType = []string{"text/html; charset=utf-8"}

// pageWords are the page's words in one language. The page is for a person who
// did nothing wrong: it says what happened, that nothing needs to be done, and
// when it goes on.
type pageWords struct {
	lang, title, why         string
	waitBefore, waitAfter    string // around the seconds
	again, resend, resendHow string
}

var (
	korean = pageWords{
		lang: "ko", title: "지금 이용자가 많습니다",
		why:        "서비스가 한꺼번에 많은 요청을 받고 있어 잠시 순서를 나누고 있습니다. 고객님의 기기나 연결에는 문제가 없습니다.",
		waitBefore: "약 ", waitAfter: "초 뒤에 이 페이지가 저절로 다시 열립니다. 그때 먼저 들어가실 수 있게 자리를 잡아 두었습니다.",
		again:  "새로 고침을 더 누르셔도 순서는 그대로입니다.",
		resend: "보내신 내용은 아직 처리되지 않았습니다.", resendHow: "초 뒤에 이전 화면으로 돌아가 다시 보내 주세요. 그때 먼저 들어가실 수 있게 자리를 잡아 두었습니다.",
	}
	english = pageWords{
		lang: "en", title: "Very busy right now",
		why:        "Many people are using this service at the same moment, so they are let in one after another. Nothing is wrong with your device or your connection.",
		waitBefore: "In about ", waitAfter: " s this page opens again by itself. A place is kept for you at that time.",
		again:  "Reloading earlier neither helps nor costs you your place.",
		resend: "What you sent has not been processed.", resendHow: " s go back to the page before and send it again. A place is kept for you at that time.",
	}
)

// page is a rendered wait page in pieces, between which the seconds stand.
type page [][]byte

var (
	pages   = [2]page{waitPage(english), waitPage(korean)}
	resends = [2]page{resendPage(english), resendPage(korean)}
)

func pageHead(w pageWords, refresh bool) (before, after string) {
	before = `<!doctype html><html lang="` + w.lang + `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">`
	after = `<title>` + w.title + `</title><style>` + speak.PageStyle + `</style></head><body><main><h1>` + w.title + `</h1><p>` + w.why + `</p>`
	if refresh {
		return before + `<meta http-equiv="refresh" content="`, `">` + after
	}
	return before + after, ""
}

// waitPage comes back by itself, which needs no script.
func waitPage(w pageWords) page {
	before, after := pageHead(w, true)
	return page{
		[]byte(before),
		[]byte(after + `<p role="status">` + w.waitBefore + `<strong>`),
		[]byte(`</strong>` + w.waitAfter + `</p><p class="soft">` + w.again + `</p></main></body></html>` + "\n"),
	}
}

// resendPage answers a form that was sent: coming back by itself would lose
// what was in it.
func resendPage(w pageWords) page {
	before, _ := pageHead(w, false)
	return page{
		[]byte(before + `<p role="status"><strong>` + w.resend + `</strong> ` + w.waitBefore + `<strong>`),
		[]byte(`</strong>` + w.resendHow + `</p></main></body></html>` + "\n"),
	}
}

func writePage(w http.ResponseWriter, r *http.Request, s *scratch, status, seconds int) {
	lang := 0
	if speak.Korean(r) {
		lang = 1
	}
	p := resends[lang]
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		p = pages[lang]
	}
	b := s.buf[:0]
	for i, piece := range p {
		if i > 0 {
			b = strconv.AppendInt(b, int64(seconds), 10)
		}
		b = append(b, piece...)
	}
	s.buf = b
	h := w.Header()
	h["Content-Type"] = pageType
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	h["Content-Security-Policy"] = pagePolicy
	h["Vary"] = varies
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b)
	}
}

var pagePolicy = []string{speak.PagePolicy}
