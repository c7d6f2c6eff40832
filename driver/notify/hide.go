package notify

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// hidden are the parts of an address that must not show.
type hidden []string

// minHidden is the length from which a part is hidden; shorter ones are words
// and numbers that tell nothing, and replacing them would garble messages.
const minHidden = 4

// hide takes an address apart. What it may hold is a key anywhere: services
// keep theirs as user, as host or in the path.
func hide(raw string) (h hidden) {
	u, err := url.Parse(raw)
	if err != nil {
		return hidden{raw}
	}
	var texts []string
	if u.User != nil {
		password, _ := u.User.Password()
		texts = append(texts, u.User.Username(), password)
	}
	switch u.Scheme {
	case "smtp", "ntfy", "gotify", "mattermost", "rocketchat", "zulip":
	default: // discord's and others' host is a name of the webhook
		if !strings.HasPrefix(u.Scheme, "generic") {
			texts = append(texts, u.Host)
		}
	}
	texts = append(texts, strings.Split(u.Path, "/")...)
	for _, values := range u.Query() {
		texts = append(texts, values...)
	}
	for _, t := range texts {
		// Whole, and in its parts: libraries put them together anew.
		for _, part := range append([]string{t}, strings.FieldsFunc(t, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_'
		})...) {
			if len(part) >= minHidden && !public[part] {
				h = append(h, part, url.QueryEscape(part), url.PathEscape(part))
			}
		}
	}
	return h
}

// public are parts of addresses that are the same for everyone.
var public = map[string]bool{
	"hook": true, "webhook": true, "telegram": true, "json": true, "https": true, "http": true,
	"text": true, "shoutrrr": true, "POST": true, "office": true,
}

var addresses = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://[^\s"']+`)

// error is err without what is hidden, nil for nil. Of the library's errors
// only the text is kept: what they wrap has the address.
func (h hidden) error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, f := range forms { // our own words
		text = strings.ReplaceAll(text, f.address, f.mark())
	}
	text = addresses.ReplaceAllString(text, "[address]")
	for _, part := range h {
		text = strings.ReplaceAll(text, part, "[hidden]")
	}
	for _, f := range forms {
		text = strings.ReplaceAll(text, f.mark(), f.address)
	}
	return errors.New(text)
}

// mark stands for a form's address while others are taken out.
func (f form) mark() string { return "\x00" + f.scheme + "\x00" }
