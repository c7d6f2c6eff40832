package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/answer"
	"github.com/daero/daero/captcha/pow"
)

// control is what tests ask, and nobody else: it listens on a port of its own.
func (s *stage) control() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /site", says(s.addSite))
	mux.Handle("POST /token", says(s.token))
	mux.Handle("POST /page", says(func(_ *http.Request, p page) (any, error) {
		s.pages.put(p)
		return nil, nil
	}))
	mux.Handle("POST /clock", says(func(_ *http.Request, seconds float64) (any, error) {
		s.clock.ahead.Store(int64(seconds * float64(time.Second)))
		return nil, nil
	}))
	mux.Handle("POST /press", says(func(_ *http.Request, seconds float64) (any, error) {
		s.platform.Press(time.Duration(seconds * float64(time.Second)))
		return nil, nil
	}))
	mux.Handle("POST /answer", says(func(_ *http.Request, id string) (any, error) {
		p, ok := s.answers.get(id)
		if !ok {
			return nil, errors.New("nothing of that challenge was fetched")
		}
		return p, nil
	}))
	return mux
}

// says is a handler that is told one value in JSON and says one.
func says[In any](do func(*http.Request, In) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		out, err := do(r, in)
		if err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // whoever asked may be gone
	})
}

// newSite is a site that a test wants.
type newSite struct {
	Hosts  []string       `json:"hosts"`
	Langs  []string       `json:"langs"`
	Policy captcha.Policy `json:"policy"`
}

func (s *stage) addSite(r *http.Request, in newSite) (any, error) {
	site, secret := captcha.NewSite("test", in.Hosts, s.clock.now())
	site.Langs, site.Policy = in.Langs, in.Policy
	if err := site.Validate(); err != nil {
		return nil, err
	}
	return map[string]string{"key": site.Key, "secret": secret}, s.sites.AddSite(r.Context(), site)
}

// token passes for a visitor, without a browser.
func (s *stage) token(r *http.Request, o captcha.Opening) (any, error) {
	o.Session, o.Address = "nobody's", "192.0.2.1"
	reply, err := s.platform.Open(r.Context(), o, s.clock.now())
	for range 4 {
		if err != nil {
			return nil, err
		}
		switch reply.Step {
		case captcha.StepDone:
			return map[string]string{"token": reply.Token}, nil
		case captcha.StepWork:
			y, err := pow.Solve(reply.Work.N, reply.Work.X, reply.Work.T)
			if err != nil {
				return nil, err
			}
			reply, err = s.platform.Work(r.Context(), reply.ID, o.Session, y, o.Address, s.clock.now())
			if err != nil {
				return nil, err
			}
		case captcha.StepQuestion:
			reply, err = s.solve(r, reply, o)
		default:
			return nil, fmt.Errorf("step %s: %s", reply.Step, reply.Code)
		}
	}
	return nil, errors.New("it never ends")
}

// solve answers a question by looking at what only this server knows.
func (s *stage) solve(r *http.Request, reply captcha.Reply, o captcha.Opening) (captcha.Reply, error) {
	ctx := withMedia(r.Context(), "/challenge/"+reply.ID+"/")
	if _, err := s.platform.Media(ctx, reply.ID, reply.Ask.Parts[0], s.clock.now()); err != nil {
		return captcha.Reply{}, err
	}
	p, _ := s.answers.get(reply.ID)
	var given answer.Given
	for _, spot := range p.Answer.Spots {
		given.Points = append(given.Points, [2]float64{spot.X, spot.Y})
	}
	if texts := p.Answer.Texts; p.Answer.Rule == answer.Words {
		given.Text = strings.Join(texts, " ")
	} else if len(texts) > 0 {
		given.Text = texts[0]
	}
	return s.platform.Answer(r.Context(), reply.ID, o.Session, given, o.Address, s.clock.now())
}
