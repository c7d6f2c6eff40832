package captcha

import (
	"strings"
	"testing"
)

func TestCleanHost(t *testing.T) {
	for in, want := range map[string]string{
		"shop.example.com": "shop.example.com", "SHOP.Example.COM": "shop.example.com", "shop.example.com.": "shop.example.com",
		"shop.example.com:8443": "shop.example.com", "localhost:3000": "localhost", "my_host": "my_host",
		"127.0.0.1:80": "127.0.0.1", "[::1]:8080": "::1", "[::1]": "::1", "::1": "::1", "2001:DB8:0:0::1": "2001:db8::1",
		"::ffff:1.2.3.4": "1.2.3.4",
		// As other implementations of RFC 3492 have it.
		"bücher.example": "xn--bcher-kva.example", "münchen-ost.de": "xn--mnchen-ost-9db.de", "Ä.de": "xn--4ca.de",
		"한국.kr": "xn--3e0b707e.kr", "다음。한국": "xn--2j1b000b.xn--3e0b707e", "세계의모든사람들이한국어를이해한다면.com": "xn--989aomm9k97bua391bj7dz9bgnz01c5mb232a29emld0708cea54b.com",
		"他们为什么不说中文.com": "xn--ihqwcrb4cv8a8dqg056pqjye.com", "例え.テスト": "xn--r8jz45g.xn--zckzah",
	} {
		if got, ok := CleanHost(in); !ok || got != want {
			t.Errorf("%s: %s %v, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{
		"", ".", "a..b", ".a", "a b", "a/b", "a:b", "a:", ":80", "a:123456", "[::1", "[::1]x", "[a]", "a?b", "a%00", "\x00", "\xff.com",
		"*.a", "a\u202eb", "e\u0301.com", "\u1112\u1161.kr", "a\u200b.com", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 127) + "com",
		strings.Repeat("a", 600), "1.2.3.4.:x", "☃.net",
	} {
		if got, ok := CleanHost(in); ok {
			t.Errorf("%q is taken for %q", in, got)
		}
	}
}

func TestShownOn(t *testing.T) {
	for _, c := range []struct {
		hosts, host, want string // want "": it may not be shown
	}{
		{"shop.example.com", "shop.example.com", "shop.example.com"},
		{"Shop.Example.com:443", "shop.example.COM.", "shop.example.com"},
		{"shop.example.com", "a.shop.example.com", ""},
		{"shop.example.com", "example.com", ""},
		{"*.example.com", "a.b.example.com:1", "a.b.example.com"},
		{"*.example.com", "example.com", ""},
		{"*.example.com", "badexample.com", ""},
		{"*.example.com", ".example.com", ""},
		{"*.한국.kr", "xn--2j1b000b.xn--3e0b707e.kr", "xn--2j1b000b.xn--3e0b707e.kr"},
		{"*.한국.kr", "다음.한국.kr", "xn--2j1b000b.xn--3e0b707e.kr"},
		{"localhost", "localhost:5173", "localhost"},
		{"1.2.3.4", "1.2.3.4:80", "1.2.3.4"},
		{"a.example b.example", "b.example", "b.example"},
		{"", "shop.example.com", ""},
		{"shop.example.com", "", ""},
		{"", "app:com.example", "app:com.example"},
		{"app:", "app:com.example", "app:com.example"},
		{"shop.example.com app:com.example", "app:com.example", "app:com.example"},
		{"shop.example.com app:com.example", "app:com.other", ""},
		{"shop.example.com app:com.example", "shop.example.com", "shop.example.com"},
		{"app:com.example", "app:", ""},
		{"app:8080", "app", ""},
		{"app:8080", "app:8080", "app:8080"},
		{"app:", "app:com example", ""},
		{"app:", "app:" + strings.Repeat("a", 200), ""},
	} {
		s := Site{Hosts: strings.Fields(c.hosts)}
		if got, ok := s.ShownOn(c.host); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q on %q: %q %v, want %q", c.hosts, c.host, got, ok, c.want)
		}
	}
	for hosts, want := range map[string]bool{"": true, "app:": true, "app:com.example": true, "shop.example.com": false, "shop.example.com app:": true} {
		s := Site{Hosts: strings.Fields(hosts)}
		if _, ok := s.ShownOn(""); ok != want {
			t.Errorf("%q, an app without a name: %v", hosts, ok)
		}
	}
}

// FuzzCleanHost: what is clean stays as it is, and has nothing in it that is no
// host's.
func FuzzCleanHost(f *testing.F) {
	for _, s := range []string{"shop.example.com", "한국.kr:80", "[::1]:8", "a:b", "::ffff:1.2.3.4", "xn--a", "다음。한국"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, h string) {
		clean, ok := CleanHost(h)
		if !ok {
			return
		}
		if again, ok := CleanHost(clean); !ok || again != clean {
			t.Errorf("%q, then %q, then %q %v", h, clean, again, ok)
		}
		if !only(clean, "-_.:") || len(clean) > 253 {
			t.Errorf("%q: %q", h, clean)
		}
	})
}
