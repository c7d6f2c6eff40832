package gateway

import (
	"github.com/daero/daero"
	"github.com/daero/daero/driver/prometheus"
)

// prometheusOptions say what is asked of a Prometheus.
type prometheusOptions struct {
	webOptions
	// Query is in PromQL and gives a single value.
	Query string `json:"query"`
}

const prometheusExample = `signal db prometheus http://127.0.0.1:9090 "max(db_busy_ratio)" 0.7 0.8 0.9 0.97`

var _ = addSource("prometheus", source{
	example: prometheusExample,
	args: func(l *signalLine, args []string) []string {
		o := optionsOf[prometheusOptions](l)
		if len(args) < 2 {
			l.bad(l.d, "prometheus takes an address and a query: write it like: %s", prometheusExample)
			return nil
		}
		o.URL, o.Query = args[0], args[1]
		return args[2:]
	},
	words: func(l *signalLine) []word { return optionsOf[prometheusOptions](l).words(l) },
	make: func(m *making, s *SignalConfig) (daero.Source, error) {
		o, err := options[prometheusOptions](s)
		if err != nil {
			return nil, err
		}
		a, err := m.asked(o.webOptions)
		if err != nil {
			return nil, err
		}
		return prometheus.New(prometheus.Config{URL: a.url, Query: o.Query, Every: a.every, Auth: a.auth, Header: a.header})
	},
})
