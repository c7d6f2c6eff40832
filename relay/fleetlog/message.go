package fleetlog

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/daero/daero/level/fleet"
	"github.com/daero/daero/relay"
)

// signature is the header with the signature: writers of the relay cannot set
// what begins so.
const signature = relay.ReservedPrefix + "signature"

// errUnsigned is one for all: who sends it is not told why.
var errUnsigned = errors.New("a reading is not signed with a secret of this fleet")

// Message is a reading as a message of a topic, signed with secret unless that
// is empty.
func Message(topic string, r fleet.Reading, secret []byte) (*relay.Message, error) {
	value, err := r.Encode()
	if err != nil {
		return nil, err
	}
	m := &relay.Message{Topic: topic, Key: []byte(r.Node), Value: value, Time: r.At, Partition: -1, Headers: []relay.Header{
		{Name: "ce_specversion", Value: []byte("1.0")},
		{Name: "ce_id", Value: fmt.Appendf(nil, "%d-%d", r.Run, r.Seq)},
		{Name: "ce_source", Value: []byte("daero/" + url.PathEscape(r.Node))},
		{Name: "ce_type", Value: []byte("dev.daero.reading")},
		{Name: "ce_time", Value: []byte(r.At.UTC().Format(time.RFC3339Nano))},
		{Name: relay.HeaderContentType, Value: []byte("application/json")},
	}}
	if len(secret) > 0 {
		m.Headers = append(m.Headers, relay.Header{Name: signature, Value: sign(secret, topic, value)})
	}
	return m, nil
}

// Read is the reading in a message. Only the value counts, and with secrets only
// if it was signed with one of them.
func Read(m *relay.Message, secrets [][]byte) (fleet.Reading, error) {
	if len(m.Value) > fleet.MaxBytes {
		return fleet.Reading{}, fmt.Errorf("a reading of %d bytes: at most %d", len(m.Value), fleet.MaxBytes)
	}
	if len(secrets) > 0 && !signed(m, secrets) {
		return fleet.Reading{}, errUnsigned
	}
	return fleet.Parse(m.Value)
}

func signed(m *relay.Message, secrets [][]byte) bool {
	mac := m.Header(signature)
	for _, s := range secrets {
		if hmac.Equal(mac, sign(s, m.Topic, m.Value)) {
			return true
		}
	}
	return false
}

// sign covers the topic, so that what one fleet says is nothing to another with
// the same secret.
func sign(secret []byte, topic string, value []byte) []byte {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "daero reading %d\n%s\n", fleet.Version, topic)
	h.Write(value)
	return h.Sum(nil)
}
