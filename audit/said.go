package audit

import (
	"strconv"
	"strings"
	"time"
)

// Said is what Before and After of an entry say, part by part, so that it can be
// said in another language.
type Said struct {
	Before []Phrase `json:"before,omitempty"`
	After  []Phrase `json:"after,omitempty"`
}

// Phrase is one part of what an entry says.
type Phrase struct {
	// Kind is open, closed, shed, defer, challenge, ceiling or ramp of a lane's
	// order, or setting of a captcha's site.
	Kind string `json:"kind"`
	// Who is foreground, background, or "" for both, of whom Share (0 to 1) is
	// shed, deferred or challenged.
	Who   string   `json:"who,omitempty"`
	Share *float64 `json:"share,omitempty"`
	// Permits is a ceiling.
	Permits int `json:"permits,omitempty"`
	// From, Add (0 to 1) and Every (seconds) are a ramp's.
	From  *float64 `json:"from,omitempty"`
	Add   *float64 `json:"add,omitempty"`
	Every float64  `json:"every_seconds,omitempty"`
	// Name and Value are a setting's.
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
}

// Say takes apart what an entry says. It returns nil where that is in nobody's
// language, or in a way that is not known.
func Say(e Entry) *Said {
	var take func(string) []Phrase
	switch e.What {
	case LaneOrdered, LaneReleased:
		take = order
	case SiteAdded, SiteChanged, SiteRemoved, SiteRestored:
		take = settings
	default:
		return nil
	}
	s := Said{take(e.Before), take(e.After)}
	if s.Before == nil && s.After == nil {
		return nil
	}
	return &s
}

// order takes a lane's order apart, as daero.LaneOrder writes it: "shed
// background 50%, at most 20 permits". One part that is not known leaves all of
// it to the text.
func order(text string) (all []Phrase) {
	if text == "" {
		return nil
	}
	parts := strings.Split(text, ", ")
	for i := 0; i < len(parts); i++ {
		part := parts[i]
		if strings.HasPrefix(part, "let in ") && i+1 < len(parts) { // it has a comma of its own
			i++
			part += ", " + parts[i]
		}
		p, ok := orderPart(part)
		if !ok {
			return nil
		}
		all = append(all, p)
	}
	return all
}

func orderPart(part string) (p Phrase, ok bool) {
	words := strings.Fields(part)
	switch {
	case part == "open", part == "closed":
		return Phrase{Kind: part}, true
	case len(words) == 4 && strings.HasPrefix(part, "at most ") && words[3] == "permits":
		n, err := strconv.Atoi(words[2])
		return Phrase{Kind: "ceiling", Permits: n}, err == nil && n > 0
	case len(words) == 6 && strings.HasPrefix(part, "let in ") && words[4] == "each":
		from, whole := percent(strings.TrimSuffix(words[2], ","))
		add, also := percent(strings.TrimPrefix(words[3], "+"))
		every, err := time.ParseDuration(words[5])
		return Phrase{Kind: "ramp", From: from, Add: add, Every: every.Seconds()}, whole && also && err == nil && every > 0
	case len(words) != 2 && len(words) != 3:
		return p, false
	}
	if p.Kind = words[0]; p.Kind != "shed" && p.Kind != "defer" && p.Kind != "challenge" {
		return p, false
	}
	if len(words) == 3 {
		if p.Who = words[1]; p.Who != "foreground" && p.Who != "background" {
			return p, false
		}
	}
	p.Share, ok = percent(words[len(words)-1])
	return p, ok
}

// percent reads "50%" as a share.
func percent(text string) (*float64, bool) {
	digits, is := strings.CutSuffix(text, "%")
	n, err := strconv.ParseUint(digits, 10, 7)
	if !is || err != nil || n > 100 {
		return nil, false
	}
	share := float64(n) / 100
	return &share, true
}

// SiteSettings are the names of what is set at a captcha's site, in the order in
// which the record has them.
var SiteSettings = []string{
	"name", "hosts", "langs", "state", "ask", "level", "work", "bind prefix", "prefix challenges", "prefix misses", "prefix audio",
	"prefix tokens", "prefix most", "site challenges",
}

// settings takes a site's settings apart: "name: shop; ask: never". They come in
// their order, so that a value may have almost anything in it.
func settings(text string) (all []Phrase) {
	at := 0
	for next := text; next != ""; {
		i := at
		for ; i < len(SiteSettings) && !strings.HasPrefix(next, SiteSettings[i]+": "); i++ {
		}
		if i == len(SiteSettings) {
			return nil
		}
		name := SiteSettings[i]
		value := strings.TrimPrefix(next, name+": ")
		next = ""
		end := len(value)
		for _, later := range SiteSettings[i+1:] {
			if j := strings.Index(value[:end], "; "+later+": "); j >= 0 {
				end, next = j, value[j+2:]
			}
		}
		all = append(all, Phrase{Kind: "setting", Name: name, Value: value[:end]})
		at = i + 1
	}
	return all
}
