package captcha

import (
	"testing"
)

func TestNobodyIsAskedWhoSeemsLikeAPerson(t *testing.T) {
	s := newStage(t, nil)
	r := s.open(s.opening())
	if r.Expires != 120 || r.Work.T != 400*340 {
		t.Errorf("expires %d, t %d", r.Expires, r.Work.T)
	}
	r, err := s.work(r)
	r = s.must(StepDone, r, err)
	if r.Expires != 300 || len(r.Token) > 900 {
		t.Errorf("expires %d, a token of %d", r.Expires, len(r.Token))
	}
	c := s.check(r.Token)
	if c.Failure != OK || c.Site != s.site.Key || c.Host != "shop.example.com" || c.Action != "login" || c.CData != "order 7" ||
		c.Interactive || c.Kind != KindWork || c.Score != 0.9 || len(c.Reasons) != 0 || !c.At.Equal(s.time()) {
		t.Errorf("%+v", c)
	}
}

func TestAQuestionIsAnswered(t *testing.T) {
	s := newStage(t, always)
	r, err := s.work(s.open(s.opening()))
	r = s.must(StepQuestion, r, err)
	if r.Ask.Mode != Click || r.Ask.Lang != "ko" || r.Expires != 120 || len(r.Ask.Modes) != 2 || r.Ask.Parts[0] != PartImage {
		t.Errorf("%+v", r.Ask)
	}
	if m, err := s.Media(t.Context(), r.ID, PartImage, s.time()); err != nil || m.Type != "image/jpeg" {
		t.Error(m, err)
	}
	r, err = s.Answer(t.Context(), r.ID, session, rightClick, home, s.time())
	c := s.check(s.must(StepDone, r, err).Token)
	if c.Failure != OK || !c.Interactive || c.Kind != KindOrder || c.Score != 1 || !has(c.Reasons, "asked") {
		t.Errorf("%+v", c)
	}
}
