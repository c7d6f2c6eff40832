package widget

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/internal/speak"
	"github.com/daero/daero/web"
)

// words of the page itself; those of the widget are in its script.
type words struct{ lang, title, noScript, missing string }

var (
	korean = words{
		lang: "ko", title: "사람 확인",
		noScript: "이 확인에는 자바스크립트가 필요합니다. 켜고 페이지를 새로 고쳐 주세요.",
		missing:  "지금은 확인할 수 없습니다. 서비스 운영자에게 알려 주세요.",
	}
	english = words{
		lang: "en", title: "Human check",
		noScript: "This check needs JavaScript. Switch it on and reload the page.",
		missing:  "The check cannot be shown at present. Please tell whoever runs this service.",
	}
)

// policy of the frame: its own host, and nothing written into the page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "

// maxAncestors bounds a header: proxies take some 8 KiB of all of them.
const maxAncestors = 4 << 10

// frame serves the page that asks. A page that the site does not know gets one
// that says so: a browser's own error would say nothing.
func (h *Handler) frame(w http.ResponseWriter, r *http.Request) {
	if err := method(w, r, http.MethodGet, http.MethodHead); err != nil {
		h.refuse(w, err)
		return
	}
	q := r.URL.Query()
	say := wordsFor(r, q.Get("hl"))
	ancestors, wrong := h.ancestors(r, q.Get("k"))
	head := w.Header()
	head.Set("Content-Security-Policy", policy+ancestors)
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Language", say.lang)
	head.Set("Vary", "Accept-Language, Referer")
	head.Set("Cache-Control", "private, no-cache")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "same-origin")
	head.Set("Cross-Origin-Resource-Policy", "cross-origin")
	head.Set("Cross-Origin-Embedder-Policy", "require-corp")
	if h.files == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "<!doctype html><html lang=%q><meta charset=\"utf-8\"><title>%s</title><p>%s</p><p lang=\"en\">%s</p></html>\n",
			say.lang, say.title, say.missing, html.EscapeString(web.Missing))
		return
	}
	fmt.Fprintf(w, `<!doctype html>
<html lang="%s" data-error="%s" data-worker="worker.js?v=%s">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>%s</title>
<link rel="stylesheet" href="frame.css?v=%s">
<script src="frame.%s.js?v=%s" defer></script>
</head>
<body><noscript>%s</noscript></body>
</html>
`, say.lang, wrong, h.files.tag["worker.js"], say.title, h.files.tag["frame.css"], say.lang, h.files.tag["frame."+say.lang+".js"], say.noScript)
}

// wordsFor takes the language that the page asks for, or the browser's.
func wordsFor(r *http.Request, hl string) words {
	tag, _, _ := strings.Cut(strings.ToLower(hl), "-")
	if tag == "ko" || (tag == "" || tag == "auto") && speak.Korean(r) {
		return korean
	}
	return english
}

// ancestors are the sources of frame-ancestors: where the site may be shown, and
// our own pages. wrong is why the frame cannot ask; then it may stand anywhere,
// for it says nothing but that.
func (h *Handler) ancestors(r *http.Request, key string) (sources, wrong string) {
	if len(key) > 128 {
		return "*", captcha.CodeNoSite
	}
	hosts, err := h.cfg.Platform.Hosts(r.Context(), key, h.cfg.Now())
	if err != nil {
		told, cause := refusalOf(err)
		if errors.Is(err, captcha.ErrNoSite) {
			return "*", captcha.CodeNoSite
		}
		if cause != nil && h.cfg.Refused != nil {
			h.cfg.Refused(Refused{Reference: newReference(), Status: told.Status, Code: told.Code, Cause: cause})
		}
		return "*", told.Code
	}
	if slices.Contains(hosts, "*") {
		return "*", ""
	}
	site := captcha.Site{Hosts: hosts}
	page := refererHost(r)
	if page != "" && !strings.EqualFold(page, r.Host) {
		if _, ok := site.ShownOn(page); !ok {
			return "*", captcha.CodeWrongHost
		}
	}
	b := []byte("'self'")
	for _, host := range hosts {
		if source, ok := source(host); ok && len(b) < maxAncestors {
			b = append(b, source...)
		}
	}
	if len(b) >= maxAncestors { // the page alone is enough, where it says which it is
		if source, ok := source(page); ok {
			return "'self'" + source, ""
		}
	}
	return string(b), ""
}

// refererHost is the host of the page around the frame, "" where it does not say.
// Our script asks the browser to send it.
func refererHost(r *http.Request) string {
	u, err := url.Parse(r.Header.Get("Referer"))
	if err != nil {
		return ""
	}
	return u.Host
}

// source makes an entry of a site's hosts one of a policy, at any port. Apps are
// none, nor are addresses of version 6, which the policy's grammar lacks.
func source(host string) (string, bool) {
	base, wild := strings.CutPrefix(host, "*.")
	clean, ok := captcha.CleanHost(base)
	if !ok || strings.HasPrefix(host, "app:") || strings.ContainsAny(clean, ":;, ") {
		return "", false
	}
	if wild {
		clean = "*." + clean
	}
	return " http://" + clean + ":* https://" + clean + ":*", true
}
