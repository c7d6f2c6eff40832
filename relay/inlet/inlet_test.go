package inlet_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/daero/daero/relay"
	"github.com/daero/daero/relay/inlet"
)

// taker accepts what it is told to.
type taker struct {
	mu   sync.Mutex
	got  []*relay.Message
	err  error
	r    relay.Receipt
	wait chan struct{}
}

func (a *taker) Accept(ctx context.Context, m *relay.Message) (relay.Receipt, error) {
	if a.wait != nil {
		select {
		case <-a.wait:
		case <-ctx.Done():
			return relay.Receipt{}, context.Cause(ctx)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = append(a.got, m)
	r := a.r
	if r.ID == "" {
		r.ID = string(m.Header(relay.HeaderID))
	}
	r.At.Topic = m.Topic
	return r, a.err
}

const token = "a-token-that-is-long-enough"

func config(a inlet.Acceptor) inlet.Config {
	return inlet.Config{
		Relay:  a,
		Topics: []relay.Topic{{Name: "orders", MaxBytes: 1000}, {Name: "private"}},
		Writers: []inlet.Writer{
			{Name: "shop", Topic: "orders", Token: inlet.Hash(token)},
			{Name: "shop", Topic: "orders", Token: inlet.Hash("the-next-token-of-the-shop")},
			{Name: "till", Topic: "orders", Cert: "CN=till"},
			{Name: "desk", Topic: "private", Cert: "DNS=desk.example"},
			{Name: "robot", Topic: "private", Cert: "URI=spiffe://example/robot"},
			{Name: "clerk", Topic: "private", Cert: "CN=clerk,C=KR"},
		},
	}
}

func make1(tb testing.TB, cfg inlet.Config) *inlet.Inlet {
	tb.Helper()
	h, err := inlet.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// post is a good request, with changes: "Name: value" sets a header, "Name:"
// takes it out, and what begins with a slash is the path.
func post(body string, changes ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/daero/relay/orders", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Idempotency-Key", "id-1")
	r.Header.Set("Daero-Key", "customer-17")
	for _, c := range changes {
		name, value, _ := strings.Cut(c, ":")
		switch value = strings.TrimSpace(value); {
		case strings.HasPrefix(c, "/"):
			r.URL.Path = c
		case value == "":
			r.Header.Del(name)
		case strings.HasPrefix(name, "+"):
			r.Header.Add(name[1:], value)
		default:
			r.Header.Set(name, value)
		}
	}
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

type problem struct {
	Type, Title, Detail, ID string
	Status, Limit           int
	After                   int `json:"retry_after_seconds"`
}

// problemOf reads a problem document, which every refusal must be.
func problemOf(t *testing.T, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" ||
		p.Status != w.Code || p.Title == "" || p.Detail == "" || !strings.HasPrefix(p.Type, "urn:problem-type:daero:relay-") {
		t.Fatalf("%d %q is no problem document: %v", w.Code, w.Body, err)
	}
	if (w.Header().Get("Retry-After") != "") != (p.After > 0) {
		t.Errorf("Retry-After %q, and %d in the document", w.Header().Get("Retry-After"), p.After)
	}
	return p
}

func TestTaken(t *testing.T) {
	a := &taker{r: relay.Receipt{At: relay.Position{Partition: 3, Offset: 17}}}
	h := make1(t, config(a))
	w := do(h, post(`{"a":1}`, "Content-Type: application/json", "Traceparent: 00-ab-cd-01", "Daero-Header-Kind: new",
		"+Daero-Header-Kind: newer", "X-Other: x", "Cookie: secret", "Daero-Attempt: 9"))
	if want := `{"id":"id-1","topic":"orders","partition":3,"offset":17,"spooled":false,"repeated":false}` + "\n"; w.Code != 202 || w.Body.String() != want {
		t.Fatalf("%d %s, want 202 %s", w.Code, w.Body, want)
	}
	m := a.got[0]
	headers := map[string]string{}
	for _, v := range m.Headers {
		headers[v.Name] += string(v.Value) + ";"
	}
	want := map[string]string{
		"content-type": "application/json;", "traceparent": "00-ab-cd-01;", "kind": "new;newer;",
		"idempotency-key": "id-1;", "daero-writer": "shop;",
	}
	if string(m.Key) != "customer-17" || string(m.Value) != `{"a":1}` || m.Topic != "orders" || len(headers) != len(want) {
		t.Errorf("message %+v, headers %v", m, headers)
	}
	for name, v := range want {
		if headers[name] != v {
			t.Errorf("header %s is %q, want %q", name, headers[name], v)
		}
	}
	a.r = relay.Receipt{ID: `a "b" \`, Spooled: true, Repeated: true, At: relay.Position{Partition: -1}}
	w = do(h, post("x"))
	var got struct {
		ID                string
		Spooled, Repeated bool
		Partition         *int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.ID != `a "b" \` || !got.Spooled || !got.Repeated || got.Partition != nil {
		t.Errorf("%s (%v): want the id, spooled, repeated and no place", w.Body, err)
	}
}

func TestKeysAndIDs(t *testing.T) {
	event := []string{"Ce-Specversion: 1.0", "Ce-Id: 1", "Ce-Source: /shop", "Ce-Type: t"}
	for name, c := range map[string]struct {
		changes []string
		key, id string
	}{
		"as they are":           {nil, "customer-17", "id-1"},
		"percent":               {[]string{"Daero-Key: %EC%A3%BC%20%25"}, "주 %", "id-1"},
		"a quoted id":           {[]string{`Idempotency-Key: "a \"b\""`}, "customer-17", `a "b"`},
		"no id":                 {[]string{"Idempotency-Key:"}, "customer-17", ""},
		"no key":                {[]string{"Daero-Key:"}, "", "id-1"},
		"an event":              {event, "customer-17", "id-1"},
		"an event's own id":     {append(event, "Idempotency-Key:"), "customer-17", "ce-65638845d47d955900f0f7a140c6e0b0"},
		"an event's own key":    {append(event, "Daero-Key:", "Ce-Partitionkey: p%201"), "p 1", "id-1"},
		"an event's own, again": {append(event, "Daero-Key: p", "Ce-Partitionkey: p"), "p", "id-1"},
	} {
		a := &taker{}
		if w := do(make1(t, config(a)), post("x", c.changes...)); w.Code != 202 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		m := a.got[0]
		id := string(m.Header(relay.HeaderID))
		if string(m.Key) != c.key || id != c.id {
			t.Errorf("%s: key %q, id %q; want %q, %q", name, m.Key, id, c.key, c.id)
		}
	}
}

func TestEvents(t *testing.T) {
	a := &taker{}
	h := make1(t, config(a))
	const event = `{"specversion":"1.0","id":"1","source":"/shop","type":"t","time":"2030-01-01T00:00:00Z","partitionkey":"p","data":{"a":1}}`
	w := do(h, post(event, "Content-Type: application/cloudevents+json", "Daero-Key:"))
	if w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	m := a.got[0]
	// F28: a clock that is ahead stays an attribute.
	if string(m.Value) != `{"a":1}` || string(m.Header("ce_time")) != "2030-01-01T00:00:00Z" || !m.Time.IsZero() ||
		string(m.Header("content-type")) != "application/json" || string(m.Key) != "p" {
		t.Errorf("message %+v", m)
	}
	// Base64 and attributes make a body larger than its message.
	big := `{"specversion":"1.0","id":"2","source":"/shop","type":"t","data_base64":"` + strings.Repeat("AAAA", 300) + `"}`
	if w := do(h, post(big, "Content-Type: application/cloudevents+json")); w.Code != 202 || len(a.got[1].Value) != 900 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func squeeze(b []byte) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.String()
}

func TestGzip(t *testing.T) {
	a := &taker{}
	h := make1(t, config(a))
	if w := do(h, post(squeeze([]byte("hello")), "Content-Encoding: gzip")); w.Code != 202 || string(a.got[0].Value) != "hello" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"no gzip":                   {"hello", 400},
		"cut off":                   {squeeze([]byte("hello"))[:20], 400},
		"wrong sum":                 {squeeze([]byte("hello"))[:25] + "12345678", 400},
		"F20 a bomb":                {squeeze(make([]byte, 20<<20)), 413},
		"a small one that is large": {squeeze(make([]byte, 1001)), 413},
		"empty blocks without end":  {strings.Repeat(squeeze(nil), 100_000), 413},
	} {
		for _, announced := range []bool{true, false} {
			r := post(c.body, "Content-Encoding: gzip")
			if !announced {
				r.ContentLength = -1
			}
			if w := do(h, r); w.Code != c.want {
				t.Errorf("%s, length announced %v: %d %s, want %d", name, announced, w.Code, w.Body, c.want)
			}
		}
	}
	if len(a.got) != 1 {
		t.Errorf("%d were accepted", len(a.got)-1)
	}
}

func TestRefused(t *testing.T) {
	many := []string{}
	for range 300 {
		many = append(many, "+X-A: v")
	}
	event := []string{"Ce-Specversion: 1.0", "Ce-Id: 1", "Ce-Source: /shop", "Ce-Type: t"}
	for name, c := range map[string]struct {
		r     *http.Request
		want  int
		kind  string
		limit int
	}{
		"no writer":          {post("x", "Authorization:"), 401, "writer", 0},
		"wrong token":        {post("x", "Authorization: Bearer wrong"), 401, "writer", 0},
		"empty token":        {post("x", "Authorization: Bearer "), 401, "writer", 0},
		"basic":              {post("x", "Authorization: Basic "+token), 401, "writer", 0},
		"two tokens":         {post("x", "+Authorization: Bearer "+token), 401, "writer", 0},
		"stranger, no topic": {post("x", "Authorization:", "/daero/relay/nowhere"), 401, "writer", 0},
		"not this writer's":  {post("x", "/daero/relay/private"), 403, "not-yours", 0},
		"no such topic":      {post("x", "/daero/relay/nowhere"), 404, "not-found", 0},
		"no topic":           {post("x", "/daero/relay/"), 404, "not-found", 0},
		"more than a topic":  {post("x", "/daero/relay/orders/1"), 404, "not-found", 0},
		"elsewhere":          {post("x", "/orders"), 404, "not-found", 0},
		"F20 too large":      {post(strings.Repeat("x", 1001)), 413, "too-large", 1000},
		"F20 too large, no length": {func() *http.Request {
			r := post(strings.Repeat("x", 100_000))
			r.ContentLength = -1
			return r
		}(), 413, "too-large", 1000},
		"zstd":            {post("x", "Content-Encoding: zstd"), 415, "media-type", 0},
		"gzip twice":      {post("x", "Content-Encoding: gzip", "+Content-Encoding: gzip"), 415, "media-type", 0},
		"a batch":         {post("[]", "Content-Type: application/cloudevents-batch+json"), 415, "media-type", 0},
		"another format":  {post("", "Content-Type: application/cloudevents+protobuf"), 415, "media-type", 0},
		"no event":        {post("{}", "Content-Type: application/cloudevents+json"), 400, "event", 0},
		"half an event":   {post("x", "Ce-Id: 1"), 400, "event", 0},
		"two keys":        {post("x", append(event, "Ce-Partitionkey: other")...), 400, "bad-request", 0},
		"key twice":       {post("x", "+Daero-Key: b"), 400, "bad-request", 0},
		"no percent code": {post("x", "Daero-Key: 100%"), 400, "bad-request", 0},
		"id twice":        {post("x", "+Idempotency-Key: b"), 400, "bad-request", 0},
		"two types":       {post("x", "Content-Type: a/b", "+Content-Type: c/d"), 400, "bad-request", 0},
		"a reserved name": {post("x", "Daero-Header-Daero-Writer: boss"), 400, "bad-request", 0},
		"another id":      {post("x", "Daero-Header-Idempotency-Key: b"), 400, "bad-request", 0},
		"an attribute":    {post("x", "Daero-Header-Ce_id: b"), 400, "bad-request", 0},
		"no name":         {post("x", "Daero-Header-: b"), 400, "bad-request", 0},
		"header bomb":     {post("x", many...), 431, "headers", 64 << 10},
		"a large header":  {post("x", "X-A: "+strings.Repeat("v", 70_000)), 431, "headers", 64 << 10},
	} {
		a := &taker{}
		w := do(make1(t, config(a)), c.r)
		p := problemOf(t, w)
		if w.Code != c.want || p.Type != "urn:problem-type:daero:relay-"+c.kind || p.Limit != c.limit {
			t.Errorf("%s: %d %s; want %d %s, limit %d", name, w.Code, w.Body, c.want, c.kind, c.limit)
		}
		if len(a.got) > 0 {
			t.Errorf("%s: it was accepted", name)
		}
		if w.Code == 401 && w.Header().Get("Www-Authenticate") == "" {
			t.Errorf("%s: it does not say what to show", name)
		}
	}
	for _, method := range []string{"GET", "PUT", "HEAD", "OPTIONS"} {
		r := post("x")
		r.Method = method
		if w := do(make1(t, config(&taker{})), r); w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d, allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

// Nobody writes who is not configured.
func TestNoOpenRelay(t *testing.T) {
	cfg := config(&taker{})
	cfg.Writers = nil
	h := make1(t, cfg)
	for _, r := range []*http.Request{post("x"), post("x", "Authorization:"), post("x", "Authorization: Bearer ")} {
		if w := do(h, r); w.Code != 401 {
			t.Errorf("%d %s, want 401", w.Code, w.Body)
		}
	}
}

// What the relay says, as a writer is told.
func TestRelayErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		want  int
		kind  string
		again bool // it is worth trying again
	}{
		"F6 unknown":     {relay.ErrUnknown, 503, "unknown", true},
		"away":           {relay.ErrAway, 503, "away", true},
		"F11 full":       {relay.ErrFull, 507, "full", true},
		"F20 too large":  {relay.ErrTooLarge, 413, "too-large", false},
		"not in the log": {relay.ErrNoTopic, 503, "not-ready", true},
		"denied":         {relay.ErrDenied, 503, "not-ready", true},
		"caller is gone": {context.Canceled, 503, "unknown", true},
		"anything":       {errors.New("disk /secret/path failed"), 503, "away", true},
		"no key":         {&relay.InvalidError{Kind: "key", What: "no key"}, 422, "key", false},
		"conflict":       {&relay.InvalidError{Kind: "conflict", What: "used"}, 409, "conflict", false},
		"id":             {&relay.InvalidError{Kind: "id", What: "bad id"}, 400, "bad-request", false},
		"size":           {&relay.InvalidError{Kind: "size", What: "large", Limit: 1000}, 413, "too-large", false},
		"header name":    {&relay.InvalidError{Kind: "headers", What: "bad name"}, 400, "bad-request", false},
		"too many":       {&relay.InvalidError{Kind: "headers", What: "many", Limit: 64}, 431, "headers", false},
	} {
		a := &taker{err: c.err}
		w := do(make1(t, config(a)), post("x"))
		p := problemOf(t, w)
		if w.Code != c.want || p.Type != "urn:problem-type:daero:relay-"+c.kind || (p.After > 0) != c.again {
			t.Errorf("%s: %d %s; want %d %s, again %v", name, w.Code, w.Body, c.want, c.kind, c.again)
		}
		if c.again && c.want != 413 && p.ID != "id-1" {
			t.Errorf("%s: %s does not say the id to send it again with", name, w.Body)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %s tells what is not the writer's", name, w.Body)
		}
	}
}

func TestMistakes(t *testing.T) {
	_, err := inlet.New(inlet.Config{
		Prefix: "relay", InFlight: -1, Reading: -1, Held: 5, Within: -1,
		Topics: []relay.Topic{{Name: "a b"}, {Name: "orders"}},
		Writers: []inlet.Writer{
			{},
			{Name: "shop", Topic: "nowhere", Token: inlet.Hash(token)},
			{Name: "shop", Topic: "orders"},
			{Name: "both", Topic: "orders", Cert: "CN=a", Token: inlet.Hash(token)},
			{Name: "empty", Topic: "orders", Token: inlet.Hash("")},
			{Name: "cert", Topic: "orders", Cert: "a"},
		},
	})
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{
		"no relay", "prefix", "in flight", "reading", "held", "within", `"a b"`, `writer ""`, `no topic "nowhere"`,
		"writer shop of topic orders: shows either", "writer both", "writer empty", "writer cert",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
}
