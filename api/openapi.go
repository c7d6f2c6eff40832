package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// openAPIVersion is that of the form, not of the API.
const openAPIVersion = "3.1.1"

// OpenAPI returns the document of all routes: OpenAPI 3.1, as JSON. It is made
// from the table of routes and from the Go types of what is sent and answered.
func OpenAPI() []byte {
	data, err := json.Marshal(newSchemas().document())
	if err != nil {
		panic(err) // it consists of maps, lists and words
	}
	return data
}

// showOpenAPI asks the API for the document: the table of routes, of which this
// is a part, cannot be asked before it is there.
func showOpenAPI(c *call) error {
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write(c.openAPI()) // who asked went away
	return nil
}

// document describes the API.
func (s *schemas) document() object {
	paths := object{}
	for _, rt := range routes {
		path, _ := paths[rt.Path].(object)
		if path == nil {
			path = object{}
			paths[rt.Path] = path
		}
		path[strings.ToLower(rt.Method)] = s.operation(rt)
	}
	s.of(reflect.TypeFor[ProblemDoc](), false)
	return object{
		"openapi": openAPIVersion,
		"info": object{
			"title": "daero", "version": "1",
			"description": "What the console does, and what programs can do. Times are RFC 3339 in UTC, durations seconds unless they say otherwise. " +
				"Mistakes are answered with problem documents (RFC 9457).",
		},
		"paths": paths,
		"components": object{
			"schemas": s.components,
			"responses": object{"Problem": object{
				"description": "What is wrong.",
				"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/ProblemDoc"}}},
			}},
			"securitySchemes": object{
				"token": object{"type": "http", "scheme": "bearer", "description": "An operator's token."},
				"session": object{
					"type": "apiKey", "in": "cookie", "name": "__Host-daero",
					"description": "A browser that is logged in. What is not GET or HEAD must come from the same origin, with the header X-Daero-Console: 1.",
				},
			},
		},
	}
}

// ProblemDoc is what is wrong with a request, as RFC 9457 has it. What a program
// may want to know stands beside it.
type ProblemDoc struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// segment finds the parts of a path that stand for something.
var segment = regexp.MustCompile(`\{([a-z_]+)\}`)

// operation describes a route.
func (s *schemas) operation(rt Route) object {
	sh := shapes[rt.Method+" "+rt.Path]
	op := object{
		"operationId": operationID(rt), "summary": rt.Summary, "tags": []any{tag(rt.Path)},
		"responses": s.responses(sh),
	}
	var parameters []any
	for _, m := range segment.FindAllStringSubmatch(rt.Path, -1) {
		parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "description": inPaths[m[1]], "schema": object{"type": "string"}})
	}
	for _, p := range sh.query {
		parameters = append(parameters, object{"name": p.Name, "in": "query", "description": p.What, "required": p.Needed, "schema": p.Form})
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	if sh.in != nil {
		op["requestBody"] = s.body(sh)
	}
	op["security"] = []any{}
	if rt.Role != "" {
		op["security"] = []any{object{"token": []any{}}, object{"session": []any{}}}
		op["x-role"] = string(rt.Role)
	}
	return op
}

// body describes what is sent.
func (s *schemas) body(sh shape) object {
	schema := s.of(reflect.TypeOf(sh.in), true)
	if len(sh.needs) > 0 {
		var needs []any
		for _, n := range sh.needs {
			needs = append(needs, n)
		}
		schema = object{"allOf": []any{schema}, "required": needs}
	}
	media := sh.sent
	if media == "" {
		media = "application/json"
	}
	return object{"required": !sh.bodyOptional, "content": object{media: object{"schema": schema}}}
}

// responses describes the answers.
func (s *schemas) responses(sh shape) object {
	all := object{"default": object{"$ref": "#/components/responses/Problem"}}
	for _, a := range sh.answers {
		answer := object{"description": a.what}
		if answer["description"] == "" {
			answer["description"] = http.StatusText(a.status)
		}
		content := object{}
		if a.out != nil {
			content["application/json"] = object{"schema": s.of(reflect.TypeOf(a.out), false)}
		}
		for _, media := range a.media {
			content[media] = object{"schema": object{"type": "string"}}
		}
		if len(content) > 0 {
			answer["content"] = content
		}
		if a.events != nil {
			events := object{}
			for name, doc := range a.events {
				events[name] = s.of(reflect.TypeOf(doc), false)
			}
			answer["x-events"] = events
		}
		all[strconv.Itoa(a.status)] = answer
	}
	return all
}

// operationID is made of the method and the path: getLanesOrders.
func operationID(rt Route) string {
	id := strings.ToLower(rt.Method)
	path := strings.TrimPrefix(strings.TrimPrefix(rt.Path, Prefix), "/")
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return strings.ContainsRune("/{}._-", r) }) {
		id += title(part)
	}
	return id
}

// tag is the part of the API that a path is of.
func tag(path string) string {
	if strings.HasPrefix(path, FlagsPrefix) {
		return "flags"
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, Prefix), "/")
	return strings.TrimSuffix(first, ".json")
}
