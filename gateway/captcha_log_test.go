package gateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestClearanceInTheLog: an access log hides a clearance that comes as a cookie,
// as it does all cookies, and one that comes as a header with the filter of
// docs/captcha/operate.md.
func TestClearanceInTheLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.log")
	w := newWorld(t, strings.Replace(captchaFile, "\tdaero_captcha\n", `	log {
		output file `+file+`
		format filter {
			request>headers>Daero-Clearance delete
		}
	}
	daero_captcha
`, 1))
	w.do("GET", "/v1/messages?seen", "", "Daero-Clearance", "by-header", "Cookie", "daero_clearance=by-cookie")
	var log string
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(log, "seen"); {
		data, err := os.ReadFile(file)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no access log: %v", err)
		}
		log = string(data)
	}
	if strings.Contains(log, "by-header") || strings.Contains(log, "by-cookie") {
		t.Error(log)
	}
}
