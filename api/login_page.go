package api

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"strings"
)

// loginPage is what a one-time link opens. Looking at it uses nothing up:
// mail scanners and browsers look ahead.
type loginPage struct {
	Lang, Title, Text     string
	Label, Button, Secret string // the form; none without a secret
	Token, TokenText      string // the result
	Who                   string // who the form lets in
	Name                  bool   // the form asks for one
	Href, HrefText        string // where to go on
}

const loginStyle = `:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.0625rem/1.7 system-ui,"Apple SD Gothic Neo","Malgun Gothic","Noto Sans KR",sans-serif;word-break:keep-all}
main{max-width:36rem;margin:1rem;padding:2rem}h1{font-size:1.5rem;line-height:1.3}input,button{font:inherit;padding:.5rem .75rem}label{display:block;margin-bottom:1rem}input{display:block;width:100%;box-sizing:border-box}
code{display:block;padding:1rem;border:1px solid;overflow-wrap:anywhere;user-select:all}`

var loginTemplate = template.Must(template.New("login").Parse(`<!doctype html><html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>{{.Title}}</title><style>` + loginStyle + `</style></head><body><main><h1>{{.Title}}</h1>{{if .Who}}<p><strong>{{.Who}}</strong></p>{{end}}<p>{{.Text}}</p>
{{if .Secret}}<form method="post" action="login" autocomplete="off"><input type="hidden" name="token" value="{{.Secret}}">{{if .Name}}<label>{{.Label}}<input name="name" value="admin" required maxlength="64" pattern="[a-z0-9.\-_@]+"></label>{{end}}<button>{{.Button}}</button></form>{{end}}
{{if .Token}}<code>{{.Token}}</code><p>{{.TokenText}}</p>{{end}}{{if .Href}}<p><a href="{{.Href}}">{{.HrefText}}</a></p>{{end}}</main></body></html>
`))

// loginPolicy lets the page have its own style, and nothing else.
var loginPolicy = func() string {
	sum := sha256.Sum256([]byte(loginStyle))
	return "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// The page's states, in English and in Korean.
var (
	asks = [2]loginPage{
		{Title: "Set up daero's first admin", Text: "The button makes an admin's token and shows it once. After that this link is of no use any more.", Label: "Name of the admin", Button: "Make the token"},
		{Title: "daero 첫 관리자 만들기", Text: "아래 단추를 누르면 관리자 토큰을 만들어 한 번만 보여 줍니다. 그 뒤에는 이 링크를 다시 쓸 수 없습니다.", Label: "관리자 이름", Button: "토큰 만들기"},
	}
	done = [2]loginPage{
		{Title: "The admin's token", Text: "Keep it now: it is not shown again.", TokenText: `Commands read it from the variable DAERO_TOKEN or from a file (--token-file); programs send it as "Authorization: Bearer …".`},
		{Title: "관리자 토큰", Text: "지금 보관해 주세요. 다시 보여 주지 않습니다.", TokenText: `명령은 환경 변수 DAERO_TOKEN이나 파일(--token-file)에서 토큰을 읽고, 프로그램은 "Authorization: Bearer …"로 보냅니다.`},
	}
	spent = [2]loginPage{
		{Title: "This link cannot be used", Text: `It was used, has expired after 15 minutes, or is not whole. On the machine itself, "daero operator add NAME --role admin" makes a token at any time.`},
		{Title: "쓸 수 없는 링크입니다", Text: `이미 썼거나, 15분이 지났거나, 주소가 온전하지 않습니다. 서버에서 "daero operator add 이름 --role admin"으로 언제든지 토큰을 만들 수 있습니다.`},
	}
	taken = [2]loginPage{
		{Title: "Another name, please", Text: "The name is taken, or has letters other than a-z, 0-9 and . - _ @. The link can still be used."},
		{Title: "다른 이름을 써 주세요", Text: "이미 있는 이름이거나 a-z, 0-9, . - _ @ 밖의 글자가 있습니다. 링크는 아직 쓸 수 있습니다."},
	}
	enters = [2]loginPage{
		{Title: "Log in to daero", Text: "The button logs this browser in. After that this link is of no use any more.", Button: "Log in"},
		{Title: "daero 로그인", Text: "아래 단추를 누르면 이 브라우저에서 로그인합니다. 그 뒤에는 이 링크를 다시 쓸 수 없습니다.", Button: "로그인"},
	}
	entered = [2]loginPage{
		{Title: "You are logged in", Text: "This site serves daero's API and not the console."},
		{Title: "로그인했습니다", Text: "이 사이트에는 콘솔이 없고 API만 있습니다."},
	}
	insecure = [2]loginPage{
		{Title: "Nobody can log in over plain HTTP", Text: "Anybody on the way could take the session. Give the site a name, so that it gets a certificate, or come through a tunnel: ssh -L 8080:127.0.0.1:PORT HOST, then http://localhost:8080/. The link can still be used."},
		{Title: "HTTP로는 로그인할 수 없습니다", Text: "중간에서 세션을 가로챌 수 있기 때문입니다. 사이트에 이름을 주어 인증서를 받게 하거나, 터널로 접속해 주세요: ssh -L 8080:127.0.0.1:PORT HOST 다음에 http://localhost:8080/. 링크는 아직 쓸 수 있습니다."},
	}
	notTurned = [2]loginPage{
		{Title: "The login did not succeed", Text: "It was cancelled, took longer than ten minutes, or went wrong on the other side. Begin again; a password, a token or a link works meanwhile."},
		{Title: "로그인하지 못했습니다", Text: "취소했거나, 10분이 지났거나, 상대 쪽에서 문제가 있었습니다. 다시 시도해 주세요. 그동안 비밀번호, 토큰, 링크로 로그인할 수 있습니다."},
	}
	notAllowed = [2]loginPage{
		{Title: "This account may not come in", Text: "It has no role here, is not of an allowed domain, or its name is an operator's. An admin finds the reason in the record."},
		{Title: "들어올 수 없는 계정입니다", Text: "이 계정에는 역할이 없거나, 허용된 도메인이 아니거나, 같은 이름의 운영자가 있습니다. 관리자가 기록에서 이유를 볼 수 있습니다."},
	}
)

// page sends one of the pages in the reader's language.
func (c *call) page(status int, pages [2]loginPage, fill func(*loginPage)) error {
	p := pages[0]
	p.Lang = "en"
	if prefersKorean(c.r.Header.Get("Accept-Language")) {
		p = pages[1]
		p.Lang = "ko"
	}
	if fill != nil {
		fill(&p)
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", loginPolicy)
	h.Set("Referrer-Policy", "no-referrer") // the address has the secret in it
	h.Set("Vary", "Accept-Language")
	c.w.WriteHeader(status)
	_ = loginTemplate.Execute(c.w, p) // who asked went away
	return nil
}

// prefersKorean reports whether Korean is named before English. Browsers list
// languages in the order of preference.
func prefersKorean(accept string) bool {
	for tag := range strings.SplitSeq(strings.ToLower(accept), ",") {
		switch tag = strings.TrimSpace(tag); {
		case strings.HasPrefix(tag, "ko"):
			return true
		case strings.HasPrefix(tag, "en"):
			return false
		}
	}
	return false
}
