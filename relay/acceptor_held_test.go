package relay_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/daero/daero/relay"
)

func TestHeldRoundTrip(t *testing.T) {
	for _, m := range []relay.Message{
		{Topic: "a"},
		{Topic: "a", Key: []byte{}, Value: []byte{}},
		{Topic: "a.b_c-D", Key: []byte("k"), Value: []byte("v"), Headers: []relay.Header{{Name: "a"}, {Name: "a", Value: []byte{}}, {Name: "b", Value: []byte("\x00\xff")}}},
	} {
		m.Partition, m.Time = -1, time.Unix(0, 1764063000123456789)
		if m.Headers == nil {
			m.Headers = []relay.Header{}
		}
		got, run, err := relay.DecodeHeld(relay.EncodeHeld(&m, 7))
		if err != nil || run != 7 || !reflect.DeepEqual(*got, m) {
			t.Errorf("%+v became %+v of %d (%v)", m, got, run, err)
		}
	}
}

func FuzzHeld(f *testing.F) {
	f.Add(relay.EncodeHeld(&relay.Message{Topic: "a", Key: []byte("k"), Headers: []relay.Header{{Name: "n", Value: []byte("v")}}}, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, run, err := relay.DecodeHeld(b)
		if err != nil {
			return
		}
		again, run2, err := relay.DecodeHeld(relay.EncodeHeld(m, run))
		if err != nil || run2 != run || !reflect.DeepEqual(again, m) {
			t.Errorf("%+v became %+v (%v)", m, again, err)
		}
	})
}
