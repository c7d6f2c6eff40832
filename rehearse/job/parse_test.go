package job_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/daero/daero/rehearse/job"
)

const goodLine = `{"arm":"lanes-honouring","index":3,"arms":4,"phase":"storm","at":3.1,"of":17,"lanes":{"login":{"ok":120,"refused":900,"failed":0,"p99_ms":181.5},"message":{"ok":0,"refused":0,"failed":1,"p99_ms":null}}}`

func TestParseLine(t *testing.T) {
	l, err := job.ParseLine([]byte(goodLine))
	if err != nil || l.Arm != "lanes-honouring" || l.At != 3.1 || l.Lanes["login"].Refused != 900 || *l.Lanes["login"].P99 != 181.5 || l.Lanes["message"].P99 != nil {
		t.Fatalf("%+v, %v", l, err)
	}
	for name, tt := range map[string]struct{ from, to string }{
		"unknown field":     {`"index"`, `"indexes"`},
		"another document":  {`}}}`, `}}}{}`},
		"arm of no arms":    {`"index":3`, `"index":4`},
		"below zero":        {`"index":3`, `"index":-1`},
		"no name":           {`"lanes-honouring"`, `"<b>"`},
		"no lane":           {`"login"`, `""`},
		"a terminal's code": {`"storm"`, `"\u001b[2J"`},
		"two lines":         {`"storm"`, `"a\nb"`},
		"negative count":    {`"ok":120`, `"ok":-1`},
		"a huge count":      {`"ok":120`, `"ok":2000000`},
		"a fraction":        {`"ok":120`, `"ok":1.5`},
		"no time":           {`"at":3.1`, `"at":-1`},
		"years":             {`"of":17`, `"of":1e9`},
		"no number":         {`181.5`, `1e400`},
		"a link elsewhere":  {`"lanes"`, `"console":"http://127.0.0.1.example.com/","lanes"`},
	} {
		text := strings.Replace(goodLine, tt.from, tt.to, 1)
		if text == goodLine {
			t.Fatalf("%s: nothing is changed", name)
		}
		if l, err := job.ParseLine([]byte(text)); err == nil {
			t.Errorf("%s: taken: %+v", name, l)
		}
	}
}

// TestLines: however the system cuts what is written, and whatever stands
// between the lines.
func TestLines(t *testing.T) {
	text := "daero: a warning\n" + goodLine + "\n{broken\n" + strings.Repeat("x", 100_000) + "\n" + goodLine + "\nat the end"
	for _, size := range []int{1, 7, 4096, 1 << 20} {
		var chunks [][]byte
		for rest := []byte(text); len(rest) > 0; {
			n := min(size, len(rest))
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		lines, said := job.Lines(chunks)
		if len(lines) != 2 || !strings.HasSuffix(said, "at the end") || len(said) > 600 {
			t.Errorf("in pieces of %d: %d lines, said %q", size, len(lines), said)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(goodLine))
	f.Add([]byte(`{"arm":"none","index":0,"arms":1,"phase":"","at":0,"of":0}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := job.ParseLine(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := job.ParseLine(again); err != nil {
			t.Errorf("%s was taken, and is not as %s: %v", text, again, err)
		}
	})
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"scenario":"goal","bars":[{"name":"a","want":">= 1","got":null,"ok":true}],"noisy":["x"],"not_judged":[{"name":"levels","why":"kept there"}],"ok":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		state, verdicts, not, err := job.ParseReport(text)
		if err != nil {
			return
		}
		if !state.Ended() || verdicts == nil {
			t.Errorf("%s: state %q, verdicts %v", text, state, verdicts)
		}
		if data, err := json.Marshal([]any{verdicts, not}); err != nil || bytes.Contains(data, []byte(`\u001b`)) {
			t.Errorf("%s: shown as %s, %v", text, data, err)
		}
	})
}

func FuzzParseJob(f *testing.F) {
	f.Add([]byte(`{"id":"20260101t000000-0000000a","scenario":"goal","arms":["none"],"target":"sample","seed":1,"duration_seconds":8,"bars":"all","state":"missed","by":"kim","reason":"x","began":"2026-01-01T00:00:00Z","ended":"2026-01-01T00:01:00Z","progress":{"arm":"none","phase":"","done":8,"of":8,"seconds":8,"left_seconds":0},"verdicts":[],"report":true,"series":{"step_seconds":1,"arms":{"none":{"login":{"ok":[1],"refused":[0],"failed":[0],"p99":[null]}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		j, err := job.ParseJob(text)
		if err != nil {
			return
		}
		data, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := job.ParseJob(data); err != nil {
			t.Errorf("%s was taken, and is not as %s: %v", text, data, err)
		}
	})
}
