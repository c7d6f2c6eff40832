package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/daero/daero/internal/child"
)

// readyWithin bounds how long a process may take until it answers.
const readyWithin = 15 * time.Second

// end ends a process and waits for it. The error is that of a process that had
// failed before.
func end(p *child.Process) error {
	select {
	case <-p.Done():
		return p.Failed()
	default:
	}
	_ = p.Stop(3 * time.Second) // it is gone in any case
	return nil
}

// send sends a body and expects success.
func send(ctx context.Context, method, url, contentType, body string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000)); resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, said)
	}
	return nil
}

// messengerAddress reads the first line that the messenger prints.
func messengerAddress(r io.Reader) (string, error) {
	var first struct{ Listening string }
	if err := json.NewDecoder(r).Decode(&first); err != nil || first.Listening == "" {
		return "", errors.Join(errors.New("messenger: did not say where it listens"), err)
	}
	return first.Listening, nil
}
