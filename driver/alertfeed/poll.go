package alertfeed

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/daero/daero/driver/alertfeed/alert"
	"github.com/daero/daero/driver/alertfeed/format"
)

// poll fetches CAP or USGS again and again.
func (f *Feed) poll(ctx context.Context) {
	p := &poller{f: f, read: map[string]bool{}}
	for failures := 0; ctx.Err() == nil; {
		err := p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			failures = 0
		} else {
			failures++
			f.fail(err)
		}
		if !sleep(ctx, f.after(err, f.cfg.Every, failures)) {
			return
		}
	}
}

// poller is what is remembered from one poll to the next.
type poller struct {
	f    *Feed
	last validators
	usgs format.USGS
	read map[string]bool // linked documents that were read, by version
}

// maxLinks bounds how many linked documents one poll fetches; the rest comes
// with the next.
const maxLinks = 20

func (p *poller) once(ctx context.Context) error {
	body, next, _, err := p.f.get(ctx, p.f.cfg.URL, p.last, timeout)
	if err != nil {
		return err
	}
	if body == nil { // the same as before: heard, and nothing new
		p.f.hear(time.Now(), nil, nil)
		return nil
	}
	if p.f.cfg.Format == USGS {
		alerts, err := p.usgs.Take(body)
		if err != nil {
			return err
		}
		p.f.hear(time.Now(), alerts, nil)
		p.last = next
		return nil
	}
	feed, err := format.Atom(body)
	if err != nil {
		return err
	}
	alerts, all, bad := p.links(ctx, feed)
	p.f.hear(time.Now(), alerts, bad)
	if p.last = next; !all {
		p.last = validators{} // there is more to fetch, even if the feed stays the same
	}
	return nil
}

// links returns a feed's alerts, with those of the documents that it links to
// and that were not read yet; all is false if some are still to be fetched.
func (p *poller) links(ctx context.Context, feed format.Feed) (alerts []alert.Alert, all bool, bad error) {
	now, fetched := time.Now(), 0
	all, bad = true, feed.Bad
	read := make(map[string]bool, len(feed.Entries))
	for _, e := range feed.Entries {
		if e.Alert != nil {
			alerts = append(alerts, *e.Alert)
			continue
		}
		key := e.ID + " " + e.Updated.String() + " " + e.Link
		switch {
		case p.read[key] || p.f.past(now, e.Updated):
			read[key] = true
			continue
		case fetched == maxLinks || ctx.Err() != nil:
			all = false
			continue
		}
		fetched++
		a, err := p.document(ctx, e.Link)
		if err != nil {
			all, bad = false, fmt.Errorf("a linked alert: %w", plainReason(err))
			continue
		}
		alerts = append(alerts, a)
		read[key] = true
	}
	p.read = read
	return alerts, all, bad
}

// past reports whether an entry is too old to arm, and to cancel what may still
// stand: it need not be fetched.
func (f *Feed) past(now, updated time.Time) bool {
	arm, age := f.cfg.Filter.Arm, f.cfg.Filter.MaxAge
	if arm == 0 {
		arm = alert.DefaultArm
	}
	if age == 0 {
		age = alert.DefaultMaxAge
	}
	return !updated.IsZero() && now.Sub(updated) > arm+age
}

var errForeignLink = errors.New("it is on another host: only documents on the feed's own host are read")

func (p *poller) document(ctx context.Context, link string) (alert.Alert, error) {
	u, err := p.f.url.Parse(link)
	if err != nil {
		return alert.Alert{}, errors.New("its address cannot be read")
	}
	if !same(u, p.f.url) || u.User != nil {
		return alert.Alert{}, errForeignLink
	}
	body, _, _, err := p.f.get(ctx, (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String(), validators{}, timeout)
	if err != nil {
		return alert.Alert{}, err
	}
	return format.CAP(body)
}

// plainReason is reason as an error.
func plainReason(err error) error { return errors.New(reason(err)) }
