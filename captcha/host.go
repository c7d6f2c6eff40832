package captcha

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AnyHost in [Site.Hosts] lets any page show the site. It is for a gateway's own
// site, which stands wherever that gateway does and looks at the host in its
// tokens; a site of somebody's may not have it.
const AnyHost = "*"

// appHost begins the entries of [Site.Hosts] that are native apps: "app:" for
// any, "app:com.example.shop" for one.
const appHost = "app:"

// CleanHost returns a host as it is compared: lower case, without port and last
// dot, international names in ASCII ("xn--…"), addresses in their short form.
// ok is false for what is no host.
func CleanHost(h string) (clean string, ok bool) {
	if len(h) == 0 || len(h) > 512 || !utf8.ValidString(h) {
		return "", false
	}
	h, ok = withoutPort(h)
	if !ok {
		return "", false
	}
	if a, err := netip.ParseAddr(h); err == nil {
		return a.Unmap().WithZone("").String(), true
	}
	// What input methods write for a dot, as browsers take it.
	h = strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(h)
	h = strings.TrimSuffix(h, ".")
	labels := strings.Split(strings.ToLower(h), ".")
	for i, l := range labels {
		if labels[i], ok = cleanLabel(l); !ok {
			return "", false
		}
	}
	clean = strings.Join(labels, ".")
	return clean, len(clean) <= 253
}

// withoutPort cuts ":8080", and the brackets of "[::1]:8080".
func withoutPort(h string) (string, bool) {
	if inner, found := strings.CutPrefix(h, "["); found {
		h, rest, closed := strings.Cut(inner, "]")
		_, err := netip.ParseAddr(h)
		return h, closed && err == nil && (rest == "" || isPort(rest))
	}
	i := strings.IndexByte(h, ':')
	if i < 0 || strings.Count(h, ":") > 1 { // an address of version 6
		return h, true
	}
	return h[:i], isPort(h[i:])
}

func isPort(s string) bool {
	if len(s) < 2 || len(s) > 6 || s[0] != ':' {
		return false
	}
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// cleanLabel returns a label of a host in ASCII.
func cleanLabel(l string) (string, bool) {
	ascii := true
	for _, r := range l {
		switch {
		case r >= utf8.RuneSelf:
			// Marks and loose jamo have a composed form, which browsers use; what is
			// neither letter nor number is in no name.
			if !unicode.IsLetter(r) && !unicode.IsNumber(r) || r >= 0x1100 && r <= 0x11ff {
				return "", false
			}
			ascii = false
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return "", false
		}
	}
	if !ascii {
		l = "xn--" + punycode([]rune(l))
	}
	return l, l != "" && len(l) <= 63
}

// punycode encodes a label after RFC 3492, section 6.3.
func punycode(label []rune) string {
	const base, tMin, tMax, skew, damp = 36, 1, 26, 38, 700
	var out []byte
	for _, r := range label {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias, done := rune(utf8.RuneSelf), 0, 72, basic
	for done < len(label) {
		next := rune(unicode.MaxRune)
		for _, r := range label {
			if r >= n {
				next = min(next, r)
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range label {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, digit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			out = append(out, digit(q))
			// adapt the bias
			if delta /= 2; done == basic {
				delta = delta * 2 / damp
			}
			delta += delta / (done + 1)
			k := 0
			for ; delta > (base-tMin)*tMax/2; k += base {
				delta /= base - tMin
			}
			bias, delta = k+(base-tMin+1)*delta/(delta+skew), 0
			done++
		}
		delta++
		n++
	}
	return string(out)
}

func digit(d int) byte {
	if d < 26 {
		return 'a' + byte(d)
	}
	return '0' + byte(d-26)
}

// ShownOn returns the host as tokens hold it, and whether the site may be shown
// there. "" is an app that does not say which one it is: it may if the site has
// no hosts or one that begins with "app:". "app:com.example.shop" may if that, or
// "app:" alone, is among them. An app can say what it likes: nobody vouches for
// it as a browser does for a page.
func (s *Site) ShownOn(host string) (clean string, ok bool) {
	if host == "" || strings.HasPrefix(host, appHost) {
		return host, s.shownIn(host)
	}
	if clean, ok = CleanHost(host); !ok {
		return "", false
	}
	for _, h := range s.Hosts {
		if h == AnyHost {
			return clean, true
		}
		if strings.HasPrefix(h, appHost) { // "app:8080" is no host with a port
			continue
		}
		if base, wild := strings.CutPrefix(h, "*."); wild {
			if base, ok := CleanHost(base); ok && strings.HasSuffix(clean, "."+base) {
				return clean, true
			}
		} else if h, ok := CleanHost(h); ok && h == clean {
			return clean, true
		}
	}
	return "", false
}

func (s *Site) shownIn(app string) bool {
	if app != "" && !isApp(app) {
		return false
	}
	if len(s.Hosts) == 0 {
		return true
	}
	for _, h := range s.Hosts {
		if strings.HasPrefix(h, appHost) && (h == appHost || h == app || app == "") {
			return true
		}
	}
	return false
}

// isApp reports whether s is "app:" or "app:" and a package's name.
func isApp(s string) bool {
	name, found := strings.CutPrefix(s, appHost)
	return found && len(name) <= 128 && only(name, "._-")
}

// only reports whether s has nothing but letters, digits and extra.
func only(s, extra string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return true
}
