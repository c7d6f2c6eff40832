package gateway

import (
	"github.com/daero/daero"
	"github.com/daero/daero/driver/jsonhttp"
)

// jsonOptions say what is read out of a JSON document.
type jsonOptions struct {
	webOptions
	// Value is the expression (CEL) that yields the value, from body, the
	// document, and status, the answer's HTTP status.
	Value string `json:"value"`
}

const jsonExample = `signal queue json http://127.0.0.1:9000/health "body.queue / body.capacity" 0.5 0.7 0.9 1.0`

var _ = addSource("json", source{
	example: jsonExample,
	args: func(l *signalLine, args []string) []string {
		o := optionsOf[jsonOptions](l)
		if len(args) < 2 {
			l.bad(l.d, "json takes an address and an expression: write it like: %s", jsonExample)
			return nil
		}
		o.URL, o.Value = args[0], args[1]
		return args[2:]
	},
	words: func(l *signalLine) []word { return optionsOf[jsonOptions](l).words(l) },
	make: func(m *making, s *SignalConfig) (daero.Source, error) {
		o, err := options[jsonOptions](s)
		if err != nil {
			return nil, err
		}
		a, err := m.asked(o.webOptions)
		if err != nil {
			return nil, err
		}
		return jsonhttp.New(jsonhttp.Config{URL: a.url, Value: o.Value, Every: a.every, Auth: a.auth, Header: a.header})
	},
})
