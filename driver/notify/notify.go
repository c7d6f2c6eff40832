// Package notify tells people in a channel what the playbook does: Slack,
// Discord, Teams, Telegram, mail, a plain webhook and others, each named by one
// address in the form of the shoutrrr library.
//
//	slack://hook:TOKEN-A-TOKEN-B-TOKEN-C@webhook
//	smtp://USER:PASSWORD@HOST:587/?fromaddress=FROM&toaddresses=TO
//
// Such addresses are keys: they show in no error.
package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/daero/daero/driver/poll"
	"github.com/daero/daero/playbook"
)

// Config describes a Channel.
type Config struct {
	// URL is the channel's address, see [Forms].
	URL string
	// Lang is the language of the messages: "en", "ko", or "both", the default.
	Lang string
}

const (
	// Timeout bounds how long Do waits for the service.
	Timeout = 12 * time.Second
	// maxSending bounds messages whose sending has not ended. The library cannot
	// be told to stop, so a service that hangs must not pile them up.
	maxSending = 4
)

// Channel is one place to tell people. It is safe for concurrent use.
type Channel struct {
	lang string
	hide hidden
	send func(text string) error

	mu      sync.Mutex
	sending map[string]*sending // by the notice's ID
}

// sending is a message on its way. done is closed when the library is through
// with it; err is set by then.
type sending struct {
	done chan struct{}
	err  error
}

// New returns a Channel. It contacts nobody; the error names every mistake, and
// nothing of the address but its scheme.
func New(cfg Config) (*Channel, error) {
	hide := hide(cfg.URL)
	_, err := service(cfg.URL)
	if err := errors.Join(hide.error(err), checkLang(cfg.Lang)); err != nil {
		return nil, err
	}
	send := func(text string) error {
		// A new one each time: the library does not say whether one can send twice
		// at a time.
		s, err := service(cfg.URL)
		if err != nil {
			return err
		}
		return s.Send(text, nil)
	}
	return &Channel{lang: cfg.Lang, hide: hide, send: send, sending: map[string]*sending{}}, nil
}

func checkLang(lang string) error {
	switch lang {
	case "", "en", "ko", "both":
		return nil
	}
	return fmt.Errorf("unknown language %q: use en, ko or both", lang)
}

// ErrBusy says that too many messages are still being sent.
var ErrBusy = errors.New("earlier messages are still being sent: the service does not answer")

// Do tells the channel once, and waits until it was told, ctx ends, or 12 s have
// passed. A notice whose earlier try is still on its way is not sent again:
// its end is waited for.
func (c *Channel) Do(ctx context.Context, n playbook.Notice) error {
	s, err := c.begin(n)
	if err != nil {
		return err
	}
	t := time.NewTimer(Timeout)
	defer t.Stop()
	select {
	case <-s.done:
		if err := c.hide.error(s.err); err != nil {
			return errors.New(poll.Note(err.Error()))
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return fmt.Errorf("the service did not answer within %s: %w", Timeout, context.DeadlineExceeded)
	}
}

// begin starts to send, unless the notice is on its way already.
func (c *Channel) begin(n playbook.Notice) (*sending, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.sending[n.ID]; s != nil {
		return s, nil
	}
	if len(c.sending) >= maxSending {
		return nil, ErrBusy
	}
	s := &sending{done: make(chan struct{})}
	c.sending[n.ID] = s
	go func() {
		defer close(s.done)
		defer func() {
			if r := recover(); r != nil {
				s.err = fmt.Errorf("sending panicked: %v", r)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.sending, n.ID)
		}()
		s.err = c.send(Text(n, c.lang))
	}()
	return s, nil
}
