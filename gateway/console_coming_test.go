package gateway_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/daero/daero/api"
	"github.com/daero/daero/level"
)

// What a calendar's file says is to come is on the first screen and on that of
// the playbook, in the order in which it comes.
func TestWhatACalendarSaysIsToCome(t *testing.T) {
	first := time.Now().Add(26 * time.Hour).UTC().Truncate(time.Second)
	const form = "20060102T150405Z"
	file := filepath.Join(t.TempDir(), "events.ics")
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//daero//test//EN\r\n" +
		"BEGIN:VEVENT\r\nUID:b\r\nSUMMARY:접수 마감\r\nDTSTART:" + first.Add(time.Hour).Format(form) + "\r\nEND:VEVENT\r\n" +
		"BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Tickets\r\nDTSTART:" + first.Format(form) + "\r\nDURATION:PT30M\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newConsole(t, "daero_api", "daero_console",
		"signal busy", "signal events calendar "+file+" {\n\t\t\t\tarm caution\n\t\t\t\tlead 10m\n\t\t\t}\n\t\t\tsignal busy")
	token := c.token("viewer")
	for path, list := range map[string]string{"now": "coming", "playbook/coming": "events"} {
		resp, body := c.fetch("/daero/api/"+path, token)
		var doc map[string]json.RawMessage
		var coming []api.ComingDoc
		if err := errors.Join(json.Unmarshal([]byte(body), &doc), json.Unmarshal(doc[list], &coming)); err != nil || resp.StatusCode != http.StatusOK || len(coming) != 2 {
			t.Fatalf("%s: %d %v %s", path, resp.StatusCode, err, body)
		}
		a, b := coming[0], coming[1]
		if a.Name != "Tickets" || b.Name != "접수 마감" || a.Level != level.Caution || a.Source != "events" ||
			!a.At.Equal(first) || !b.At.Equal(first.Add(time.Hour)) {
			t.Errorf("%s: %+v, %+v; the first is at %s", path, a, b, first)
		}
	}
}
