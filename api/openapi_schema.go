package api

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/daero/daero/api/store"
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/history"
	"github.com/daero/daero/lane"
	"github.com/daero/daero/level"
	"github.com/daero/daero/live"
	"github.com/daero/daero/rehearse/job"
)

// object is a JSON object, as JSON Schema and OpenAPI are written with.
type object map[string]any

// schemas makes schemas of Go types, each struct once, by its name.
type schemas struct {
	components object
	names      map[schemaKey]string
}

// schemaKey is a type as it is sent or as it is answered: what is sent need not
// be whole.
type schemaKey struct {
	t    reflect.Type
	sent bool
}

func newSchemas() *schemas {
	return &schemas{components: object{}, names: map[schemaKey]string{}}
}

// enum enumerates the words that a type has.
func enum[T ~string](words ...T) object {
	var all []any
	for _, w := range words {
		all = append(all, string(w))
	}
	return object{"type": "string", "enum": all}
}

// levels are the words of the levels.
func levels() object {
	var words []string
	for lv := range level.Level(level.Count) {
		words = append(words, lv.String())
	}
	return enum(words...)
}

// ways are those in which somebody can be logged in.
func ways() object {
	return enum(store.ByPassword, store.ByLink, store.ByToken, store.ByOIDC, local)
}

// special are types whose JSON is not what their fields look like.
var special = map[reflect.Type]object{
	reflect.TypeFor[time.Time]():       {"type": "string", "format": "date-time"},
	reflect.TypeFor[json.RawMessage](): {},
	reflect.TypeFor[history.Points]():  {"type": "array", "items": object{"type": []any{"number", "null"}}},
	reflect.TypeFor[level.Level]():     levels(),
	reflect.TypeFor[word]():            {"type": []any{"string", "integer"}, "description": "A level: its word in English or Korean, or its number.", "examples": []any{"alert", "경계", 3}},
	reflect.TypeFor[store.Role]():      enum("", store.Viewer, store.Acting, store.Admin),
	reflect.TypeFor[live.State]():      enum(live.States()...),
	reflect.TypeFor[live.Kind]():       enum(live.Auto, live.Manual, live.Outside, live.Signal, live.System),
	reflect.TypeFor[live.Feeling](): enum(
		live.FeltNone, live.FeltWait, live.FeltShed, live.FeltDefer, live.FeltChallenge, live.FeltSlow, live.FeltFail,
	),
	reflect.TypeFor[job.State]():    enum(job.Queued, job.Running, job.Passed, job.Missed, job.Noisy, job.Failed, job.Cancelled),
	reflect.TypeFor[captcha.Kind](): {"type": "string"},
	reflect.TypeFor[captcha.Mode](): enum(captcha.Click, captcha.Text, captcha.Sound),
}

// forms are fields that may have certain words only, though their type is string.
var forms = map[string]object{
	"level.State.Word":      levels(),
	"live.Felt.Who":         enum("", "foreground", "background", "new-device"),
	"live.Lane.Tier":        enum(lane.Critical.String(), lane.Normal.String(), lane.Sheddable.String()),
	"api.SessionDoc.Via":    ways(),
	"api.OneSessionDoc.Via": ways(),
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// of returns the schema of a type.
func (s *schemas) of(t reflect.Type, sent bool) object {
	if o, ok := special[t]; ok {
		return o
	}
	if sent && t == reflect.TypeFor[Shares]() {
		return object{"anyOf": []any{object{"type": "number"}, s.of(reflect.TypeFor[sharesBody](), true)}}
	}
	if t.Kind() == reflect.Pointer {
		return s.of(t.Elem(), sent)
	}
	if t.Implements(textMarshaler) {
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.ref(t, sent)
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), sent)}
	case reflect.Slice, reflect.Array:
		return s.list(t, sent)
	case reflect.Interface:
		return object{}
	}
	return scalar(t)
}

// sharesBody is Shares where they are sent as an object.
type sharesBody struct {
	Foreground float64 `json:"foreground"`
	Background float64 `json:"background"`
}

func (s *schemas) list(t reflect.Type, sent bool) object {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return object{"type": "string", "contentEncoding": "base64"}
	}
	o := object{"type": "array", "items": s.item(t.Elem(), sent)}
	if t.Kind() == reflect.Array {
		o["minItems"], o["maxItems"] = t.Len(), t.Len()
	}
	return o
}

// item is an element of a list, or a field: a pointer may be null.
func (s *schemas) item(t reflect.Type, sent bool) object {
	o := s.of(t, sent)
	if t.Kind() != reflect.Pointer {
		return o
	}
	return object{"anyOf": []any{o, object{"type": "null"}}}
}

// scalar is the schema of what has no parts.
func scalar(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Float32, reflect.Float64:
		return object{"type": "number"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}
	}
	panic(fmt.Sprintf("api: no schema for %s: TestOpenAPI makes one of every type", t))
}

// ref makes a component of a struct, and refers to it. One without a name stands
// where it is.
func (s *schemas) ref(t reflect.Type, sent bool) object {
	if t.Name() == "" {
		o := object{"type": "object"}
		s.parts(o, t, sent)
		return o
	}
	key := schemaKey{t, sent}
	name, there := s.names[key]
	if !there {
		name = s.name(t, sent)
		s.names[key] = name
		o := describe(object{"type": "object"}, words[wordKey(t)])
		s.components[name] = o // before its fields, which may refer to it
		s.parts(o, t, sent)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// parts writes into an object what a struct has.
func (s *schemas) parts(o object, t reflect.Type, sent bool) {
	properties, required := object{}, []any{}
	s.fields(t, sent, properties, &required)
	o["properties"] = properties
	if len(required) > 0 {
		o["required"] = required
	}
}

// name names a component after its type. What is sent is a body; a second type
// of a name has its package in front.
func (s *schemas) name(t reflect.Type, sent bool) string {
	name := title(t.Name())
	if sent {
		name = strings.TrimSuffix(strings.TrimSuffix(name, "Doc"), "Body") + "Body"
	}
	if _, taken := s.components[name]; taken {
		pkg := t.PkgPath()
		name = title(pkg[strings.LastIndexByte(pkg, '/')+1:]) + name
	}
	return name
}

func title(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

// fields adds the fields of a struct as encoding/json writes them.
func (s *schemas) fields(t reflect.Type, sent bool, properties object, required *[]any) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			s.fields(f.Type, sent, properties, required)
			continue
		case !f.IsExported(), name == "-":
			continue
		case name == "":
			name = f.Name
		}
		opts := strings.Split(options, ",")
		optional := slices.Contains(opts, "omitempty") || slices.Contains(opts, "omitzero")
		schema := s.item
		if optional {
			schema = s.of
		}
		key := wordKey(t) + "." + f.Name
		o := forms[key]
		if o == nil {
			o = schema(f.Type, sent)
		}
		properties[name] = describe(o, words[key])
		if !sent && !optional && !slices.Contains(*required, any(name)) {
			*required = append(*required, name)
		}
	}
}

// module is what begins the path of every package of ours.
const module = "github.com/daero/daero"

// wordKey is what words has a type by: api.NowDoc.
func wordKey(t reflect.Type) string {
	return strings.TrimPrefix(strings.TrimPrefix(t.PkgPath(), module), "/") + "." + t.Name()
}

// describe says what a schema is of; the schema may be one that others have too.
func describe(schema object, what string) object {
	if what == "" {
		return schema
	}
	schema = maps.Clone(schema)
	schema["description"] = what
	return schema
}
