package httptarget

import (
	"bufio"
	"io"
	"time"

	"github.com/daero/daero/relay"
)

// Standard makes a target use net/http for plain addresses too.
func Standard(cfg Config) Config {
	cfg.standard = true
	return cfg
}

// Read reads an answer as the own way does.
func Read(in io.Reader, id string, limit int) (status int, after string, same bool, text []byte, whole bool, err error) {
	r := bufio.NewReaderSize(in, maxLine)
	var h head
	if err := readHead(r, []byte(id), &h); err != nil {
		return 0, "", false, nil, false, err
	}
	text, whole, err = readBody(r, &h, limit, make([]byte, 0, maxReason))
	return h.status, h.after, h.same, text, whole, err
}

// Wire returns the request that the own way makes of a message.
func Wire(topic, key, name1, value1, name2, value2 string) []byte {
	cfg := Config{}.withDefaults()
	u, err := address("http://h/take")
	if err != nil {
		panic(err)
	}
	w := newPlain(&cfg, u, map[string]string{"User-Agent": userAgent})
	var f fields
	f.message(&relay.Message{Topic: topic, Key: []byte(key), Headers: []relay.Header{
		{Name: name1, Value: []byte(value1)}, {Name: name2, Value: []byte(value2)},
	}}, map[string]string{"tenant": "Tenant"})
	newSigner([]byte("0123456789abcdef0123456789abcdef")).sign(&f, f.value(0), []byte("body"), time.Unix(1, 0))
	return append(f.appendHead(append([]byte(nil), w.first...), len("body")), "body"...)
}
