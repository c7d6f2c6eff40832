package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/daero/daero/api"
)

// contract is the document of the API as tests use it: answers are checked
// against what it says, and may have nothing that it does not say.
type contract struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	compiled map[string]*jsonschema.Schema
}

var theContract = sync.OnceValues(func() (*contract, error) {
	c := &contract{compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(api.OpenAPI()))
	if err != nil {
		return nil, err
	}
	c.doc = doc.(map[string]any)
	// In public a client must bear what it does not know; here nothing is unknown.
	for _, s := range c.at("components", "schemas") {
		if s := s.(map[string]any); s["properties"] != nil {
			s["additionalProperties"] = false
		}
	}
	// What a problem has beside its four members depends on the problem.
	delete(c.at("components", "schemas", "ProblemDoc"), "additionalProperties")
	c.compiler.AssertFormat()
	return c, c.compiler.AddResource("daero.json", c.doc)
})

// at walks into the document.
func (c *contract) at(path ...string) map[string]any {
	o := c.doc
	for _, p := range path {
		o, _ = o[p].(map[string]any)
	}
	return o
}

// schema compiles what stands at a place of the document.
func (c *contract) schema(path ...string) (*jsonschema.Schema, error) {
	pointer := ""
	for _, p := range path {
		p = strings.NewReplacer("~", "~0", "/", "~1").Replace(p)
		pointer += "/" + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.compiled[pointer]; s != nil {
		return s, nil
	}
	s, err := c.compiler.Compile("daero.json#" + pointer)
	c.compiled[pointer] = s
	return s, err
}

// route finds the path of the document that a request is of.
func (c *contract) route(method, path string) string {
	best := ""
	for p, item := range c.at("paths") {
		pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(p), "[^/]+")
		if item.(map[string]any)[strings.ToLower(method)] == nil || !regexp.MustCompile("^"+pattern+"$").MatchString(path) {
			continue
		}
		if best == "" || strings.Count(p, "{") < strings.Count(best, "{") {
			best = p
		}
	}
	return best
}

// check compares an answer with what the document says of it.
func (c *contract) check(r *http.Request, rec *httptest.ResponseRecorder) error {
	path := c.route(r.Method, r.URL.EscapedPath())
	if path == "" {
		return nil // there is nothing, or not by this method: the problem says so
	}
	method := strings.ToLower(r.Method)
	at := []string{"paths", path, method, "responses", strconv.Itoa(rec.Code)}
	if c.at(at...) == nil && rec.Code < 400 {
		return fmt.Errorf("%s %s: the document knows no answer %d", r.Method, path, rec.Code)
	}
	media, _, _ := strings.Cut(rec.Header().Get("Content-Type"), ";")
	switch {
	case media == "application/problem+json":
		at = []string{"components", "schemas", "ProblemDoc"}
	case media == "" && rec.Body.Len() == 0:
		return nil
	case media == "application/json":
		at = append(at, "content", media, "schema")
	case c.at(append(at, "content", media)...) == nil && rec.Code < 400:
		return fmt.Errorf("%s %s: the document knows no answer of %s", r.Method, path, media)
	default:
		return nil
	}
	if c.at(at...) == nil {
		return fmt.Errorf("%s %s %d: the document knows no JSON for it: %s", r.Method, path, rec.Code, rec.Body)
	}
	return c.valid(rec.Body.Bytes(), at...)
}

func (c *contract) valid(data []byte, at ...string) error {
	s, err := c.schema(at...)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if err := s.Validate(v); err != nil {
		return fmt.Errorf("%s: %w\n%.2000s", strings.Join(at, " "), err, data)
	}
	return nil
}

// asked compares a query with the parameters of its route.
func (c *contract) asked(path string, r *http.Request) error {
	method := strings.ToLower(r.Method)
	parameters, _ := c.at("paths", path, method)["parameters"].([]any)
	query := r.URL.Query()
	for i, p := range parameters {
		p := p.(map[string]any)
		name := p["name"].(string)
		value := query.Get(name)
		if p["in"] != "query" || value == "" {
			continue
		}
		query.Del(name)
		data := []byte(value) // a number, true or false
		if form := p["schema"].(map[string]any)["type"]; form == "string" {
			data, _ = json.Marshal(value)
		}
		if err := c.valid(data, "paths", path, method, "parameters", strconv.Itoa(i), "schema"); err != nil {
			return err
		}
	}
	for name := range query {
		return fmt.Errorf("%s %s: the document knows no parameter %s", r.Method, path, name)
	}
	return nil
}

// kept checks a request that was accepted, and every answer.
func (c *contract) kept(t *testing.T, r *http.Request, body string, rec *httptest.ResponseRecorder) {
	t.Helper()
	if err := c.check(r, rec); err != nil {
		t.Errorf("OpenAPI: %v", err)
	}
	if rec.Code >= 300 {
		return
	}
	path := c.route(r.Method, r.URL.EscapedPath())
	if err := c.asked(path, r); err != nil {
		t.Errorf("OpenAPI, a query that was accepted: %v", err)
	}
	at := []string{"paths", path, strings.ToLower(r.Method), "requestBody", "content", "application/json", "schema"}
	if body == "" || c.at(at...) == nil {
		return
	}
	if err := c.valid([]byte(body), at...); err != nil {
		t.Errorf("OpenAPI, a body that was accepted: %v", err)
	}
}

// promised returns the contract.
func promised(t *testing.T) *contract {
	t.Helper()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOpenAPI: the document is whole. Every route is in it with all that goes in
// and out, every reference leads somewhere, every schema is one by its own
// rules, names are given once.
func TestOpenAPI(t *testing.T) {
	c := promised(t)
	if c.doc["openapi"] != "3.1.1" || c.at("info")["title"] == "" || c.at("info")["version"] == "" {
		t.Errorf("openapi %v, info %v", c.doc["openapi"], c.doc["info"])
	}
	ids, routes := map[string]string{}, api.Routes()
	for _, rt := range routes {
		op := c.at("paths", rt.Path, strings.ToLower(rt.Method))
		if op == nil {
			t.Errorf("%s %s is missing", rt.Method, rt.Path)
			continue
		}
		id := op["operationId"].(string)
		if was := ids[id]; was != "" || !regexp.MustCompile(`^[a-z][A-Za-z0-9]+$`).MatchString(id) {
			t.Errorf("operationId %q of %s %s is that of %q too", id, rt.Method, rt.Path, was)
		}
		ids[id] = rt.Method + " " + rt.Path
		if op["summary"] != rt.Summary || (rt.Role == "") != (len(op["security"].([]any)) == 0) {
			t.Errorf("%s %s: %v, security %v", rt.Method, rt.Path, op["summary"], op["security"])
		}
		checkOperation(t, rt, op)
	}
	n := 0
	for _, item := range c.at("paths") {
		n += len(item.(map[string]any))
	}
	if n != len(routes) {
		t.Errorf("%d operations of %d routes", n, len(routes))
	}
}

func checkOperation(t *testing.T, rt api.Route, op map[string]any) {
	t.Helper()
	var declared []string
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		p := p.(map[string]any)
		if p["description"] == nil || p["description"] == "" {
			t.Errorf("%s: what %s is is not said", rt.Path, p["name"])
		}
		if p["in"] == "path" {
			declared = append(declared, p["name"].(string))
			if p["required"] != true {
				t.Errorf("%s: a part of the path is always there", rt.Path)
			}
		}
	}
	var wanted []string
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(rt.Path, -1) {
		wanted = append(wanted, m[1])
	}
	if !slices.Equal(declared, wanted) {
		t.Errorf("%s: parameters %v, want %v", rt.Path, declared, wanted)
	}
	good := 0
	for status, r := range op["responses"].(map[string]any) {
		if code, _ := strconv.Atoi(status); code >= 200 && code < 400 {
			good++
		}
		if r := r.(map[string]any); r["description"] == "" || r["description"] == nil && r["$ref"] == nil {
			t.Errorf("%s %s %s: no description", rt.Method, rt.Path, status)
		}
	}
	if good == 0 {
		t.Errorf("%s %s: what it answers is not said: give it a row in shapes", rt.Method, rt.Path)
	}
}

// TestOpenAPISchemas: every schema is valid as JSON Schema 2020-12, and what
// it refers to is there.
func TestOpenAPISchemas(t *testing.T) {
	c := promised(t)
	meta, err := jsonschema.NewCompiler().Compile("https://json-schema.org/draft/2020-12/schema")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range c.at("components", "schemas") {
		if err := meta.Validate(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.schema("components", "schemas", name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	walkJSON(c.doc, func(o map[string]any) {
		ref, ok := o["$ref"].(string)
		if !ok {
			return
		}
		if path := strings.Split(strings.TrimPrefix(ref, "#/"), "/"); c.at(path...) == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	})
	used := map[string]bool{"ProblemDoc": true}
	walkJSON(c.doc, func(o map[string]any) {
		if ref, ok := o["$ref"].(string); ok {
			used[ref[strings.LastIndexByte(ref, '/')+1:]] = true
		}
	})
	for name := range c.at("components", "schemas") {
		if !used[name] {
			t.Errorf("nothing refers to %s", name)
		}
	}
}

func walkJSON(v any, f func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		f(v)
		for _, sub := range v {
			walkJSON(sub, f)
		}
	case []any:
		for _, sub := range v {
			walkJSON(sub, f)
		}
	}
}

// TestOpenAPIIsServed to who may read, the same every time.
func TestOpenAPIIsServed(t *testing.T) {
	w := newWorld(t)
	path := api.Prefix + "openapi.json"
	w.expect(w.do("", "GET", path, ""), http.StatusUnauthorized)
	doc := w.get(path)
	data, err := json.Marshal(doc)
	if err != nil || !json.Valid(api.OpenAPI()) || !bytes.Equal(api.OpenAPI(), api.OpenAPI()) || len(data) < 10000 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

// TestStreamKeepsItsPromise: events are what the document says.
func TestStreamKeepsItsPromise(t *testing.T) {
	watch(t, func(w *tower) {
		s := w.look(streamPath, "Last-Event-ID", "5")
		w.pulse.Heard(entry(1))
		close(w.ending)
		if !s.over() {
			t.Fatal("it goes on")
		}
		c, seen := promised(t), map[string]bool{}
		for _, e := range s.seen() {
			data, err := json.Marshal(e.data)
			if err != nil {
				t.Fatal(err)
			}
			at := []string{"paths", streamPath, "get", "responses", "200", "x-events", e.name}
			if c.at(at...) == nil {
				t.Errorf("the document knows no event %q", e.name)
			} else if err := c.valid(data, at...); err != nil {
				t.Error(err)
			}
			seen[e.name] = true
		}
		for _, name := range []string{"hello", "gap", "audit", "now", "bye"} {
			if !seen[name] {
				t.Errorf("no %s", name)
			}
		}
	})
}
