package gate

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/daero/daero/internal/speak"
)

// words are a page's in one language. The page is for a person who did nothing
// wrong.
type words struct {
	lang, title, why        string
	sent, again             string
	script, keeps, keepsFor string
	on                      string
	nothingTitle, nothing   string
	cookieTitle, cookies    string
	front                   string
}

var (
	korean = words{
		lang: "ko", title: "잠시 확인이 필요합니다",
		why:    "지금 요청이 몰리고 있어, 사람이 보낸 요청인지 한 번 확인합니다. 대부분은 아무것도 하지 않으셔도 몇 초 안에 끝납니다. 고객님의 기기나 계정에는 문제가 없습니다.",
		sent:   "보내신 내용은 아직 처리되지 않았습니다. 확인이 끝나면 이전 화면이 열립니다. 거기서 다시 보내 주세요.",
		again:  "확인을 마치지 못했거나 시간이 지났습니다. 다시 한번 해 주세요.",
		script: "이 확인에는 자바스크립트가 필요합니다. 브라우저에서 켜고 이 페이지를 새로 고쳐 주세요. 켤 수 없으면 서비스 운영자에게 문의해 주세요.",
		keeps:  "확인이 끝나면 쿠키 하나를 저장합니다. ", keepsFor: "분 동안 다시 묻지 않고, 그 뒤 30일 동안 이 기기를 기억합니다.",
		on:           "계속",
		nothingTitle: "여기에는 볼 것이 없습니다", nothing: "이 주소는 확인이 끝난 뒤 저절로 지나가는 곳입니다. 처음 화면에서 다시 시작해 주세요.",
		cookieTitle: "쿠키가 저장되지 않았습니다", cookies: "확인은 끝났지만, 브라우저가 그 사실을 담은 쿠키를 저장하지 않았습니다. 이 사이트의 쿠키를 허용한 뒤 다시 시도해 주세요. 허용하지 않으면 요청마다 다시 확인하게 됩니다.",
		front: "처음 화면으로",
	}
	english = words{
		lang: "en", title: "One quick check",
		why:    "Many requests are coming in at the moment, so each sender is checked once to be a person. Mostly that is done within seconds without your doing anything. Nothing is wrong with your device or your account.",
		sent:   "What you sent has not been processed. After the check the page before opens again: please send it from there once more.",
		again:  "The check was not finished, or took too long. Please do it once more.",
		script: "This check needs JavaScript. Switch it on in your browser and reload the page. If you cannot, please ask whoever runs this service.",
		keeps:  "After the check one cookie is kept: for ", keepsFor: " minutes you are not asked again, and for 30 days after that this device is known.",
		on:           "Continue",
		nothingTitle: "Nothing to see here", nothing: "This address is passed through by itself after a check. Please begin again at the front page.",
		cookieTitle: "The cookie was not kept", cookies: "You passed the check, but your browser did not keep the cookie that says so. Allow cookies of this site and try again; without it every request would be checked anew.",
		front: "To the front page",
	}
)

func wordsFor(r *http.Request) *words {
	if speak.Korean(r) {
		return &korean
	}
	return &english
}

// style is what the pages look like.
const style = speak.PageStyle + `
.daero-captcha{margin:1rem 0;min-height:65px}button,.on{font:inherit;padding:.5rem 1.25rem;min-height:44px;border:1px solid var(--soft);border-radius:.5rem;background:transparent;color:inherit;margin:0 0 1rem}
.on{display:inline-block;box-sizing:border-box;text-decoration:none}:focus-visible{outline:3px solid var(--mark);outline-offset:2px}`

// policy allows our own script and frame, and the style above by its hash. It says
// nothing of form-action: browsers apply that to wherever the form leads in the
// end, and the page that was asked for may send people to sign in at another
// host. They would be stuck here; and nothing that a stranger says stands in the
// page but as text.
var policy = func() []string {
	sum := sha256.Sum256([]byte(style))
	return []string{"default-src 'none'; script-src 'self'; frame-src 'self'; connect-src 'self'; img-src 'self'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'"}
}()

// script sends the form once the widget has a token.
const script = `"use strict";
function daeroGate(token) {
	var form = document.getElementById("gate");
	form.elements.token.value = token;
	form.submit();
}
`

func serveScript(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(script)))
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(script)) // who asked went away
	}
}

// page is one that asks.
type page struct {
	back, ask string
	form      bool // a form was sent, and is lost
	again     bool // it was tried before
}

// askPerson shows a page with the widget on it.
func (g *Gate) askPerson(w http.ResponseWriter, r *http.Request, p page, status int) {
	say := wordsFor(r)
	var b strings.Builder
	head(&b, say, say.title)
	if p.again {
		b.WriteString(`<p role="alert"><strong>` + say.again + `</strong></p>`)
	}
	b.WriteString(`<p>` + say.why + `</p>`)
	if p.form {
		b.WriteString(`<p role="status"><strong>` + say.sent + `</strong></p>`)
	}
	b.WriteString(`<noscript><p role="alert"><strong>` + say.script + `</strong></p></noscript><form id="gate" method="post" action="` + ClearPath + `">`)
	field := func(name, value string) {
		b.WriteString(`<input type="hidden" name="` + name + `" value="` + html.EscapeString(value) + `">`)
	}
	field("for", p.ask)
	field("back", p.back)
	field("token", "")
	if p.form {
		field("form", "1")
	}
	b.WriteString(`<div class="daero-captcha" data-sitekey="` + html.EscapeString(g.cfg.SiteKey) + `" data-start="auto" data-hl="` + say.lang + `" data-callback="daeroGate"></div>` +
		`<button type="submit">` + say.on + `</button></form><p class="soft">` + say.keeps + strconv.Itoa(int(g.cfg.Life.Minutes())) + say.keepsFor + `</p>`)
	b.WriteString(`<script src="` + ScriptPath + `"></script><script src="` + widgetPath + `" async defer></script>`)
	send(w, r, say, status, &b)
}

// saying is what a page without a widget is about.
type saying int

const (
	sayNothing saying = iota
	sayCookies
)

// tell shows a page that asks nothing.
func (g *Gate) tell(w http.ResponseWriter, r *http.Request, status int, s saying) {
	say := wordsFor(r)
	title, text := say.nothingTitle, say.nothing
	if s == sayCookies {
		title, text = say.cookieTitle, say.cookies
	}
	var b strings.Builder
	head(&b, say, title)
	b.WriteString(`<p>` + text + `</p><p><a class="on" href="/">` + say.front + `</a></p>`)
	send(w, r, say, status, &b)
}

func head(b *strings.Builder, say *words, title string) {
	b.WriteString(`<!doctype html><html lang="` + say.lang + `"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">` +
		`<meta name="robots" content="noindex"><title>` + title + `</title><style>` + style + `</style></head><body><main><h1>` + title + `</h1>`)
}

func send(w http.ResponseWriter, r *http.Request, say *words, status int, b *strings.Builder) {
	b.WriteString("</main></body></html>\n")
	h := w.Header()
	h["Content-Security-Policy"] = policy
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", say.lang)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Vary", "Accept, Accept-Language, Cookie, Sec-Fetch-Dest, "+Header)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(b.String())) // who asked went away
	}
}
