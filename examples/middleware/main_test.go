package main

import (
	"net/http/httptest"
	"testing"

	"github.com/daero/daero/lane"
)

func TestServesThroughLanes(t *testing.T) {
	h, err := withLanes(service())
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/v1/messages": "no new messages\n", "/v1/login": "welcome\n"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
}

func TestClassify(t *testing.T) {
	r := httptest.NewRequest("POST", "/v1/login", nil)
	r.Header.Set("X-App-State", "background")
	r.Header.Set("X-User-Id", "kim")
	if c := classify(r); c.Lane != "login" || c.Intent != lane.Background || c.User != "kim" {
		t.Errorf("%+v", c)
	}
}
