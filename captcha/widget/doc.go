// Package widget serves what a visitor's browser, or an app, needs of the
// captcha: the scripts at the paths that pages know, the frame that asks, and the
// protocol between the frame and a [Platform]. It is plain net/http; what it
// knows of the visitor's address it is told.
//
// # Pages
//
// One script speaks all contracts. Which one follows from the path that it was
// loaded from:
//
//	/recaptcha/api.js, /recaptcha/enterprise.js    grecaptcha            .g-recaptcha
//	/1/api.js, /1/secure-api.js                    hcaptcha, grecaptcha  .h-captcha
//	/turnstile/v0/api.js                           turnstile             .cf-turnstile
//	/daero/captcha/api.js                          daeroCaptcha          .daero-captcha
//
// The script puts a frame of /daero/captcha/frame into the page and hidden fields
// beside it. Everything else is in the frame, whose policy allows its own host
// alone; the page needs this host in its script-src and frame-src, which pages
// written for the three have for theirs. There is no cookie and no storage.
//
// # Protocol
//
// Bodies are JSON objects of up to 8 KiB with the fields named here, each once.
// Replies are a [captcha.Reply]; refusals are problem documents (RFC 9457) with
// the members code, reference and, where it helps, retry_after_seconds.
//
//	POST challenge                {sitekey, session, contract, host, action, cdata, lang, mode, probes}
//	POST challenge/{id}/work      {session, y}
//	POST challenge/{id}/answer    {session, points} or {session, text}
//	POST challenge/{id}/switch    {session, mode}
//	POST challenge/{id}/extend    {session}
//	GET  challenge/{id}/{part}    image, icon, audio, audio-slow
//
// all below /daero/captcha/. A browser may ask only from our own frame; an app
// sends neither Origin nor Sec-Fetch-Site, and leaves host away or says
// "app:com.example.shop". For a client in Go, [pow.Solve] does the work:
//
//	open → {"step":"work","id":…,"work":{"n","x","t"}} → y = x^(2^t) mod n
//	     → {"step":"done","token":…} or {"step":"question","id":…,"question":{…}}
//	     → answer → done, or work for another question
//	     → {"step":"wait","after":30}: later again; with an id, send work with y ""
//
// # Hooks for tests
//
// In the page: [data-daero-captcha] is a widget's box, and its frame's title is
// "사람 확인" or "Human check". In the frame: [data-state] is idle, work,
// question, wait, error, expired or done; [data-mode] is click, text or audio
// and [data-kind] the kind while there is a question. The checkbox has the
// role checkbox, the map the role application, the input the role textbox; all
// buttons have data-do: start, submit, undo, zoom, other, more, close, again,
// play, slow, mode-click, mode-text, mode-audio. [data-mark] is a mark on the
// map, #say the live region, [data-ref] the reference of an error.
package widget
