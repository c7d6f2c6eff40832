package rehearse

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// demoSite is what the CAPTCHA of the demo has to show: a site for pages of this
// machine. Its secret is told to nobody: `daero captcha site rotate demo` gives
// it another one.
const demoSite = `{"name":"demo","hosts":["localhost","127.0.0.1"]}`

// addDemoSite adds it to the gateway that has its admin endpoint there.
func addDemoSite(ctx context.Context, admin string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+admin+"/daero/api/captcha/sites", strings.NewReader(demoSite))
	if err != nil {
		return err
	}
	req.Header.Set("Origin", "http://"+admin)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the site of the captcha could not be added: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // the status says enough
		return fmt.Errorf("the site of the captcha could not be added: %s: %s", resp.Status, said)
	}
	return nil
}
