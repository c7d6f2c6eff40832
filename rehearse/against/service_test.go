package against_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/daero/daero/rehearse/against"
)

const whole = `{"name":"staging","url":"https://Staging.example.com:443/","most":500,"message":"POST /api/messages {\"text\":\"hi  {user}\"}","login":"PUT /api/login/{user}","sync":"GET /api/sync?since=0","headers":{"Authorization":"Bearer x"}}`

func TestParse(t *testing.T) {
	s, err := against.Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if s.Host() != "staging.example.com" || s.Message.Body != `{"text":"hi  {user}"}` || s.Login.Method != "PUT" {
		t.Errorf("%+v, host %q", s, s.Host())
	}
	for text, want := range map[string][2]string{
		"nothing":     {whole, "{}"},
		"two":         {"}}", "}}{}"},
		"a new word":  {`"most"`, `"mostly"`},
		"a bad name":  {`"staging"`, `"Staging 1"`},
		"the sample":  {`"staging"`, `"sample"`},
		"no scheme":   {"https://", ""},
		"a file":      {"https://Staging.example.com:443/", "file:///etc/passwd"},
		"a password":  {"https://", "https://kim:secret@"},
		"a path":      {":443/", "/api"},
		"a query":     {":443/", "/?x=1"},
		"too much":    {"500", "50000"},
		"below zero":  {"500", "-5"},
		"DELETE":      {"PUT", "DELETE"},
		"the console": {"/api/login/{user}", "/daero/api/login"},
		"around it":   {"/api/login/{user}", "/x/../daero/api/login"},
		"or so":       {"/api/login/{user}", "/%64aero/api/login"},
		"hidden":      {"/api/login/{user}", "/./Daero//api/login"},
		"consent":     {"/api/login/{user}", "/.well-known/x"},
		"another":     {"/api/login/{user}", "//example.com/x"},
		"no path":     {"/api/login/{user}", "api"},
		"a body":      {"/api/sync?since=0", "/api/sync {}"},
		"two lines":   {"hi  {user}", `hi\nthere`},
		"a Host":      {"Authorization", "Host"},
		"an agent":    {"Authorization", "user-agent"},
		"no header":   {"Authorization", "A b"},
		"two headers": {"Bearer x", `x\r\nHost: y`},
		"in the open": {"https://Staging.example.com:443/", "http://staging.example.com"},
	} {
		bad := strings.Replace(whole, want[0], want[1], 1)
		if bad == whole {
			t.Fatalf("%s: nothing is changed", text)
		}
		if s, err := against.Parse([]byte(bad)); err == nil {
			t.Errorf("%s: taken: %+v", text, s)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "Bearer") {
			t.Errorf("%s: says %v", text, err)
		}
	}
}

func TestDefaultsAreTheSample(t *testing.T) {
	s := against.Service{Name: "mine", URL: "http://127.0.0.1:9000"}.WithDefaults()
	if err := s.Validate(); err != nil || s.Most != against.DefaultMost || s.Message.Path != "/v1/messages" {
		t.Errorf("%+v, %v", s, err)
	}
	for url, want := range map[string]string{
		"https://staging.example.com:8443/x": "staging-example-com", "http://127.0.0.1:9000": "127-0-0-1", "http://[::1]:1": "1", "%": "target", "http://sample": "target",
	} {
		if got := against.NameOf(url); got != want {
			t.Errorf("%s is called %q, want %q", url, got, want)
		}
	}
}

func TestRequest(t *testing.T) {
	s, err := against.Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	req, err := s.Request("message", "message-7")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(req.Body)
	again, _ := req.GetBody() // a kept-alive connection may have broken
	second, _ := io.ReadAll(again)
	if req.URL.String() != "https://Staging.example.com:443/api/messages" || string(body) != `{"text":"hi  message-7"}` || string(second) != string(body) || req.ContentLength != int64(len(body)) ||
		req.Header.Get("Content-Type") != "application/json" || req.Header.Get("Authorization") != "Bearer x" || req.Header.Get("X-User-Id") != "message-7" || req.UserAgent() != against.Agent {
		t.Errorf("%s %v %s", req.URL, req.Header, body)
	}
	if req, err = s.Request("login", "people-1"); err != nil || req.URL.Path != "/api/login/people-1" || req.Body == nil || req.Header.Get("Content-Type") != "" {
		t.Errorf("%+v, %v", req, err)
	}
	if _, err := s.Request("rest", "x"); err == nil {
		t.Error("a lane without a request")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"url":"http://localhost"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := against.Parse(text)
		if err != nil {
			return
		}
		for _, lane := range []string{"message", "login", "sync"} {
			req, err := s.Request(lane, "people-1")
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if strings.HasPrefix(req.URL.Path, "/daero/") || req.URL.User != nil || !strings.EqualFold(req.URL.Host, req.Host) {
				t.Errorf("%s: goes to %s", text, req.URL)
			}
		}
		told, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := against.Parse(told); err != nil || again.Host() != s.Host() || again.Message != s.Message {
			t.Errorf("%s is told as %s: %+v, %v", text, told, again, err)
		}
	})
}

func FuzzParseConsent(f *testing.F) {
	f.Add("# x\nallow Staging.example.com\nmost 500\n")
	f.Add("<!doctype html>")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := against.ParseConsent(text)
		if err != nil {
			if len(c.Hosts) > 0 || c.Most != 0 {
				t.Errorf("%q: half a consent: %+v", text, c)
			}
			return
		}
		for _, host := range c.Hosts {
			if !strings.Contains(strings.ToLower(text), "allow") || !strings.Contains(strings.ToLower(text), host) {
				t.Errorf("%q allows %q", text, host)
			}
		}
		if c.Most != 0 && c.Most < 10 {
			t.Errorf("%q: at most %d", text, c.Most)
		}
	})
}
