package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// LaneQuestion is a request that is asked about, and not made.
type LaneQuestion struct {
	Method string `json:"method"` // default GET
	// URL is a path that begins with /, or a whole address.
	URL string `json:"url"`
	// Headers are pairs of a name and a value.
	Headers [][2]string `json:"headers,omitempty"`
	IP      string      `json:"ip,omitempty"` // of the client

	// Host is the site through which the question came. It is the first that is
	// meant where URL and Headers name none.
	Host string `json:"-"`
}

// LaneAnswer is the lane that a request would take, and why.
type LaneAnswer struct {
	Lane    string `json:"lane"`
	Backend string `json:"backend"`
	Rule    int    `json:"rule,omitempty"`  // counted from 1; 0 if no rule matched
	Match   string `json:"match,omitempty"` // what matched, in words
	Intent  string `json:"intent"`
	User    bool   `json:"user"` // known, not anonymous
	Stream  bool   `json:"stream"`
	Where   string `json:"where,omitempty"` // FILE:LINE of the lane, where known
	// Verdict is what the orders in force would do with it now: pass, shed,
	// challenge or defer. Of an anonymous request, which has no place of its own,
	// what they do with all of them. There may be no room in the lane all the same.
	Verdict string `json:"verdict"`
	Site    string `json:"site"` // where the server listens that would take it
}

// Errors of [Config.LaneOf].
var (
	// ErrNoLanes: the request reaches none.
	ErrNoLanes = errors.New("the request reaches no lanes: it matches no site or route that has them")
	// ErrQuestion: the request could not be made. It is joined with why.
	ErrQuestion = errors.New("the request cannot be made")
)

// Bounds of a question.
const (
	maxAskedURL     = 8 << 10
	maxAskedHeaders = 100
)

func findLane(c *call) error {
	var q LaneQuestion
	if err := c.read(&q); err != nil {
		return err
	}
	switch {
	case q.URL == "":
		return bad(`which "url"? Give a path, like "/v1/messages"`)
	case len(q.URL) > maxAskedURL:
		return bad(fmt.Sprintf("the url is longer than %d bytes", maxAskedURL))
	case len(q.Headers) > maxAskedHeaders:
		return bad(fmt.Sprintf("%d headers: at most %d", len(q.Headers), maxAskedHeaders))
	}
	q.Host = c.r.Host
	a, err := c.LaneOf(c.r.Context(), q)
	switch {
	case errors.Is(err, ErrNoLanes):
		return problem{Status: http.StatusNotFound, Kind: "no-lanes", Title: "The request reaches no lanes", Detail: "it matches no site or route that has them"}
	case errors.Is(err, ErrQuestion):
		return bad(err.Error())
	case err != nil:
		return err
	}
	return c.send(http.StatusOK, a)
}

// noLanes is the answer where nobody knows the lanes of requests.
func noLanes(context.Context, LaneQuestion) (LaneAnswer, error) { return LaneAnswer{}, ErrNoLanes }
