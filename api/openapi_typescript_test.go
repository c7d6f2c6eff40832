package api_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const typesFile = "../web/src/console/api-types.ts"

// TestOpenAPITypes: the console's page knows the shapes that the API has. Its
// compiler compares them with what its screens expect.
func TestOpenAPITypes(t *testing.T) {
	want := typesOf(promised(t))
	if *update {
		if err := os.WriteFile(typesFile, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(typesFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the API has (%v): go test ./api -run TestOpenAPITypes -update", typesFile, err)
	}
}

// typesOf writes the schemas as TypeScript.
func typesOf(c *contract) []byte {
	var b bytes.Buffer
	b.WriteString("// Code generated from the API's document by TestOpenAPITypes. DO NOT EDIT.\n")
	schemas := c.at("components", "schemas")
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		fmt.Fprintf(&b, "\nexport type %s = %s;\n", name, typeOf(schemas[name].(map[string]any), ""))
	}
	return b.Bytes()
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// typeOf is the TypeScript of a schema.
func typeOf(s map[string]any, indent string) string {
	if ref, ok := s["$ref"].(string); ok {
		return ref[strings.LastIndexByte(ref, '/')+1:]
	}
	for _, several := range []struct{ of, sep string }{{"anyOf", " | "}, {"allOf", " & "}} {
		if list, ok := s[several.of].([]any); ok {
			var parts []string
			for _, one := range list {
				parts = append(parts, typeOf(one.(map[string]any), indent))
			}
			return "(" + strings.Join(parts, several.sep) + ")"
		}
	}
	if words, ok := s["enum"].([]any); ok {
		var parts []string
		for _, w := range words {
			parts = append(parts, fmt.Sprintf("%q", w))
		}
		return strings.Join(parts, " | ")
	}
	switch kind := s["type"].(type) {
	case []any:
		var parts []string
		for _, one := range kind {
			parts = append(parts, typeOf(map[string]any{"type": one}, indent))
		}
		return strings.Join(parts, " | ")
	case string:
		return typeOfKind(kind, s, indent)
	}
	return "unknown"
}

func typeOfKind(kind string, s map[string]any, indent string) string {
	switch kind {
	case "integer":
		return "number"
	case "array":
		return "(" + typeOf(s["items"].(map[string]any), indent) + ")[]"
	case "object":
		properties, ok := s["properties"].(map[string]any)
		if of, isMap := s["additionalProperties"].(map[string]any); !ok && isMap {
			return "Record<string, " + typeOf(of, indent) + ">"
		} else if !ok {
			return "Record<string, unknown>"
		}
		required, _ := s["required"].([]any)
		var b strings.Builder
		b.WriteString("{\n")
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			mark, said := "?", name
			if slices.Contains(required, any(name)) {
				mark = ""
			}
			if !plainName.MatchString(name) {
				said = fmt.Sprintf("%q", name)
			}
			fmt.Fprintf(&b, "%s  %s%s: %s;\n", indent, said, mark, typeOf(properties[name].(map[string]any), indent+"  "))
		}
		return b.String() + indent + "}"
	}
	return kind
}
