package captcha

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func testMint(secrets ...string) (m mint) {
	for _, s := range secrets {
		m = append(m, deriveKeys([]byte(s), newKnot))
	}
	return m
}

func TestIDs(t *testing.T) {
	m := testMint("one secret", "another")
	i := newID(stepWork, noon)
	name := m.writeID(&i)
	if got, ok := m.readID(name, noon.Add(openMost)); !ok || got.nonce != i.nonce || got.step != stepWork || !got.made.Equal(noon) {
		t.Errorf("%+v %v", got, ok)
	}
	for at, want := range map[time.Duration]bool{
		-time.Hour: false, -61 * time.Second: false, -time.Minute: true, 0: true, openMost: true, openMost + time.Second: false, 1 << 62: false,
	} {
		if _, ok := m.readID(name, noon.Add(at)); ok != want {
			t.Errorf("at %v: %v", at, ok)
		}
	}
	if _, ok := testMint("new", "one secret").readID(name, noon); !ok {
		t.Error("signed with the secret before")
	}
	if _, ok := testMint("another").readID(name, noon); ok {
		t.Error("signed with no secret of ours")
	}
	raw, err := base64.RawURLEncoding.DecodeString(name)
	if err != nil || len(name) != idLen {
		t.Fatal(err, len(name))
	}
	for at := range raw { // every bit counts
		for bit := range 8 {
			raw[at] ^= 1 << bit
			if _, ok := m.readID(base64.RawURLEncoding.EncodeToString(raw), noon); ok {
				t.Errorf("bit %d of byte %d does not count", bit, at)
			}
			raw[at] ^= 1 << bit
		}
	}
}

func TestTokensHoldWhatTheyAreGiven(t *testing.T) {
	m := testMint("one secret")
	want := passed{
		contract: Turnstile, kind: KindWords, score: 0.37, reasons: ReasonAsked | ReasonTest, at: noon.Add(123 * time.Millisecond), prefix: tag{1, 2, 3},
		site: strings.Repeat("k", 40), host: strings.Repeat("h", 253), action: strings.Repeat("a", 32), cdata: strings.Repeat("d", 255),
	}
	token, salt := m.seal(want.encode())
	if len(token) > 900 || len(token) > MaxToken {
		t.Errorf("%d characters", len(token))
	}
	plain, again, ok := m.unseal(token)
	if got, fine := decodePassed(plain); !ok || !fine || again != salt || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, ok)
	}
	// It says nothing to the one who carries it, and no two are alike.
	other, _ := m.seal(want.encode())
	if b, _ := base64.RawURLEncoding.DecodeString(token); strings.Contains(string(b), "kkkk") || strings.Contains(string(b), "dddd") || other == token {
		t.Error("a token can be read")
	}
}

func FuzzReadID(f *testing.F) {
	m := testMint("one secret")
	i := newID(stepQuestion, noon)
	f.Add(m.writeID(&i))
	f.Add("")
	f.Add(strings.Repeat("A", idLen))
	name := m.writeID(&i)
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := m.readID(s, noon); ok && s != name && len(s) == idLen {
			// Only what was signed here, in this run or in one that wrote the corpus.
			if got, _ := m.readID(s, noon); got.nonce == i.nonce {
				t.Errorf("%q is taken for %q", s, name)
			}
		}
	})
}

func FuzzUnseal(f *testing.F) {
	m := testMint("one secret")
	p := passed{contract: Native, kind: KindOrder, score: 1, at: noon, site: "k", host: "h"}
	token, _ := m.seal(p.encode())
	f.Add(token, p.encode())
	f.Add("", []byte(nil))
	f.Add(flip(token), []byte("\x00\x00\x64"))
	f.Fuzz(func(t *testing.T, s string, plain []byte) {
		if got, _, ok := m.unseal(s); ok && s != token {
			if q, ok := decodePassed(got); !ok || q.site != "k" {
				t.Errorf("%q is taken for a token", s)
			}
		}
		// What is in a token is ours; to decode anything is safe all the same.
		if q, ok := decodePassed(plain); ok && string(q.encode()) != string(plain) {
			t.Errorf("%x decodes to %+v", plain, q)
		}
	})
}

// FuzzOpening sends whatever decodes as JSON.
func FuzzOpening(f *testing.F) {
	f.Add([]byte(`{"sitekey":"KEY","host":"shop.example.com","session":"s","mode":"audio","probes":["webdriver","x"],"lang":"en"}`))
	f.Add([]byte(`{"sitekey":"KEY","host":"[::1]:80","session":"\u0000","cdata":"\ud800","action":"/"}`))
	f.Add([]byte(`{"contract":"turnstile","sitekey":"1x00000000000000000000AA","host":"한국.kr","session":"s"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newStage(t, func(c *Config, s *Site) { c.TestKeys, s.Hosts = true, []string{"shop.example.com", "app:"} })
		var o Opening
		if json.Unmarshal([]byte(strings.ReplaceAll(string(b), "KEY", s.shop.Key)), &o) != nil {
			return
		}
		r, err := s.Open(t.Context(), o, noon)
		if err != nil {
			if refused(err) == "" {
				t.Error(err)
			}
			return
		}
		if r.Step != StepWork {
			return
		}
		r, err = s.Work(t.Context(), r.ID, o.Session, solved(r), o.Address, s.time())
		if err != nil {
			t.Fatal(err)
		}
		if r.Step == StepDone {
			c := s.Check(t.Context(), Check{Contract: o.Contract, Secret: s.secret, Token: r.Token}, s.time())
			if c.Failure != OK && c.Failure != DummyToken || c.CData != o.CData || c.Action != o.Action {
				t.Errorf("%+v of %+v", c, o)
			}
		}
	})
}
