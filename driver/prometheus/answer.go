package prometheus

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"github.com/daero/daero/driver/poll"
)

// Times that are believed: a server's clock may differ a little, and a cache
// may give an older answer.
const (
	maxAhead = time.Second
	maxAge   = time.Minute
)

// answer takes the single value out of what a query gave.
func answer(v model.Value, now time.Time) (poll.Answer, error) {
	switch v := v.(type) {
	case *model.Scalar:
		if v != nil {
			return poll.Answer{Value: float64(v.Value), At: sane(v.Timestamp, now)}, nil
		}
	case model.Vector:
		return single(v, now)
	case model.Matrix:
		return poll.Answer{}, fmt.Errorf("query gives a range of values: take off [...], or use a function over it, for example avg_over_time(...)")
	}
	return poll.Answer{}, fmt.Errorf("query gives no number: it must give a scalar or one series")
}

func single(v model.Vector, now time.Time) (poll.Answer, error) {
	switch {
	case len(v) == 0:
		return poll.Answer{}, fmt.Errorf("query gives no series: check the metric's name and labels (%w)", poll.ErrNothing)
	case len(v) > 1:
		return poll.Answer{}, fmt.Errorf("query gives %d series: aggregate it, for example max(...)", len(v))
	case v[0] == nil:
		return poll.Answer{}, fmt.Errorf("query gives no number: it must give a scalar or one series")
	case v[0].Histogram != nil:
		return poll.Answer{}, fmt.Errorf("query gives a histogram: take a number from it, for example histogram_quantile(0.95, ...)")
	}
	return poll.Answer{Value: float64(v[0].Value), At: sane(v[0].Timestamp, now)}, nil
}

// sane is the time that the server says if it can be true, else now.
func sane(t model.Time, now time.Time) time.Time {
	at := t.Time()
	if age := now.Sub(at); age < -maxAhead || age > maxAge {
		return now
	}
	return at
}
