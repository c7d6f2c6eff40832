package calendar

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Config describes a Calendar. Exactly one of Path and URL is given.
type Config struct {
	// Path is a file, read again within 30 s of being changed. At most 8 MB.
	Path string
	// URL is polled every 5 min, by http or https. At most 1 MB. Unlike in a
	// file, events that cannot be understood are left out and named in the note:
	// whose calendar it is cannot be told to mend it.
	URL string
	// Lead is how long before an event's start it arms. Default 10 min, at most
	// 12 h.
	Lead time.Duration
	// Zone is where times without a zone and whole days are, unless the calendar
	// says it (X-WR-TIMEZONE). Default: the machine's.
	Zone *time.Location
	// Transport carries the requests. Default: a clone of http.DefaultTransport.
	Transport http.RoundTripper
	// Seed makes waits repeatable; 0: random.
	Seed uint64
}

// Defaults and bounds of Config.
const (
	DefaultLead = 10 * time.Minute
	maxLead     = 12 * time.Hour
)

// Validate reports every mistake at once, joined. It neither reads nor dials.
func (c Config) Validate() error {
	var errs []error
	switch {
	case c.Path == "" && c.URL == "":
		errs = append(errs, errors.New("no calendar: name an .ics file or the address of one"))
	case c.Path != "" && c.URL != "":
		errs = append(errs, errors.New("a file and an address: name one of them, or make two signals"))
	case c.URL != "":
		errs = append(errs, checkURL(c.URL))
	}
	if c.Lead < 0 || c.Lead > maxLead {
		errs = append(errs, fmt.Errorf("lead %s: must be at most %s", c.Lead, maxLead))
	}
	return errors.Join(errs...)
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil: // err has all of it, secrets too
		return errors.New("the calendar's address cannot be read: write it as https://host/path")
	case u.Scheme == "webcal":
		return errors.New("the calendar's address begins with webcal://: write https:// instead")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("the calendar's address must begin with http:// or https://")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Lead == 0 {
		c.Lead = DefaultLead
	}
	if c.Zone == nil {
		c.Zone = time.Local
	}
	return c
}
