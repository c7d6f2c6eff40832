package widget

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
)

// maxID is how long an id may be; those that are given are below 200.
const maxID = 512

// post registers an endpoint that takes JSON and gives a reply.
func (h *Handler) post(path string, take func(r *http.Request, body []byte, now time.Time) (captcha.Reply, error)) {
	h.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		var reply captcha.Reply
		err := allowed(w, r, http.MethodPost)
		if err == nil {
			var body []byte
			if body, err = readBody(w, r); err == nil {
				reply, err = take(r, body, h.cfg.Now())
			}
		}
		if err != nil {
			h.refuse(w, err)
			return
		}
		send(w, http.StatusOK, "application/json", reply)
	})
}

// allowed is whether a request may be looked at: by its method, by where it
// comes from, and by its id.
func allowed(w http.ResponseWriter, r *http.Request, methods ...string) error {
	if err := method(w, r, methods...); err != nil {
		return err
	}
	if !ours(r) {
		return &captcha.Refusal{
			Status: http.StatusForbidden, Code: "cross-origin",
			Text: "only the widget's own frame may ask: put the script on the page, or ask from an app without Origin",
		}
	}
	id := r.PathValue("id")
	if len(id) > maxID {
		return notThere()
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' && c != '.' {
			return notThere()
		}
	}
	return nil
}

// notThere is what is said of ids that were never given, as the platform says it
// of those that are over: nobody is told which.
func notThere() error {
	return &captcha.Refusal{Status: http.StatusGone, Code: captcha.CodeGone, Text: "this challenge is over or was answered already: ask for a new one"}
}

func (h *Handler) open(r *http.Request, body []byte, now time.Time) (captcha.Reply, error) {
	o := captcha.Opening{Address: h.cfg.Client(r)}
	err := fields(body, map[string]any{
		"sitekey": &o.SiteKey, "contract": &o.Contract, "host": &o.Host, "action": &o.Action, "cdata": &o.CData,
		"lang": &o.Lang, "session": &o.Session, "mode": &o.Mode, "probes": &o.Probes,
	})
	if err != nil {
		return captcha.Reply{}, err
	}
	if o.Host == "" && browser(r) { // a page without a host is none that could be registered
		o.Host = "null"
	}
	return h.cfg.Platform.Open(r.Context(), o, now)
}

func (h *Handler) work(r *http.Request, body []byte, now time.Time) (captcha.Reply, error) {
	var session, y string
	if err := fields(body, map[string]any{"session": &session, "y": &y}); err != nil {
		return captcha.Reply{}, err
	}
	return h.cfg.Platform.Work(r.Context(), r.PathValue("id"), session, y, h.cfg.Client(r), now)
}

func (h *Handler) answer(r *http.Request, body []byte, now time.Time) (captcha.Reply, error) {
	var session, text string
	var points [][]float64
	if err := fields(body, map[string]any{"session": &session, "text": &text, "points": &points}); err != nil {
		return captcha.Reply{}, err
	}
	g := answer.Given{Text: text}
	for _, p := range points {
		if len(p) != 2 {
			return captcha.Reply{}, bad("a point has two numbers: [x, y]")
		}
		g.Points = append(g.Points, [2]float64{p[0], p[1]})
	}
	return h.cfg.Platform.Answer(r.Context(), r.PathValue("id"), session, g, h.cfg.Client(r), now)
}

func (h *Handler) change(r *http.Request, body []byte, now time.Time) (captcha.Reply, error) {
	var session string
	var mode captcha.Mode
	if err := fields(body, map[string]any{"session": &session, "mode": &mode}); err != nil {
		return captcha.Reply{}, err
	}
	return h.cfg.Platform.Switch(r.Context(), r.PathValue("id"), session, mode, h.cfg.Client(r), now)
}

func (h *Handler) extend(r *http.Request, body []byte, now time.Time) (captcha.Reply, error) {
	var session string
	if err := fields(body, map[string]any{"session": &session}); err != nil {
		return captcha.Reply{}, err
	}
	return h.cfg.Platform.Extend(r.Context(), r.PathValue("id"), session, now)
}

// media serves a picture or a sound. Parts of it may be asked for: Safari plays
// no sound otherwise.
func (h *Handler) media(w http.ResponseWriter, r *http.Request) {
	part := captcha.Part(r.PathValue("part"))
	err := allowed(w, r, http.MethodGet, http.MethodHead)
	if err == nil {
		switch part {
		case captcha.PartImage, captcha.PartIcon, captcha.PartAudio, captcha.PartAudioSlow:
		default:
			err = notThere()
		}
	}
	var m captcha.Media
	if err == nil {
		m, err = h.cfg.Platform.Media(r.Context(), r.PathValue("id"), part, h.cfg.Now())
	}
	if err != nil {
		h.refuse(w, err)
		return
	}
	head := w.Header()
	private(head)
	head.Set("Content-Type", m.Type)
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(m.Bytes))
}

// private is for what one visitor is told: nobody keeps it, nobody else's page
// shows it.
func private(head http.Header) {
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func send(w http.ResponseWriter, status int, kind string, doc any) {
	data, err := json.Marshal(doc)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{}`)
	}
	private(w.Header())
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // who asked went away
}
