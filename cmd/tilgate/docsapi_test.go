package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestAPIReference holds docs/api.md against the description of the API, out of
// which -update makes it.
func TestAPIReference(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "serving", "gateway", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	d := apiDoc{root: root.Content[0]}
	checkPage(t, "api.md", d.page())
}

// checkPage compares a page of docs with what it is made of, or writes it.
func checkPage(t *testing.T, name string, want []byte) {
	t.Helper()
	path := filepath.Join("..", "..", "docs", name)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/%s is not what the code says; go test ./cmd/tilgate -run 'Reference' -update writes it anew", name)
	}
}

// An apiDoc writes a description of OpenAPI for people.
type apiDoc struct {
	root *yaml.Node
	out  bytes.Buffer
}

func (d *apiDoc) page() []byte {
	d.line("# API reference\n")
	d.line("<!-- Made of serving/gateway/openapi.yaml by go test ./cmd/tilgate -run Reference -update -->\n")
	d.line("%s\n", strings.TrimSpace(valueOf(at(d.root, "info", "description"))))
	d.line("The same for programs: `GET /openapi.json`.\n")
	for path, methods := range pairs(at(d.root, "paths")) {
		for method, operation := range pairs(methods) {
			d.operation(strings.ToUpper(method)+" "+path, operation)
		}
	}
	d.line("# Objects\n")
	for name, schema := range pairs(at(d.root, "components", "schemas")) {
		d.line("## %s\n", name)
		d.text(valueOf(at(schema, "description")))
		d.fields("", schema, true)
		d.line("")
	}
	return append(bytes.TrimRight(d.out.Bytes(), "\n"), '\n')
}

func (d *apiDoc) line(format string, args ...any) { fmt.Fprintf(&d.out, format+"\n", args...) }

// text writes a description, if there is one.
func (d *apiDoc) text(text string) {
	if text = strings.TrimSpace(text); text != "" {
		d.line("%s\n", text)
	}
}

func (d *apiDoc) operation(name string, op *yaml.Node) {
	d.line("## %s\n", name)
	d.text(valueOf(at(op, "summary")))
	d.text(valueOf(at(op, "description")))
	if list := at(op, "parameters"); list != nil {
		for _, p := range list.Content {
			p = d.resolved(p)
			d.line("- `%s` in the %s%s", valueOf(at(p, "name")), valueOf(at(p, "in")), d.rest(at(p, "schema"), p, valueOf(at(p, "required")) == "true"))
		}
		d.line("")
	}
	if body := d.resolved(at(op, "requestBody")); body != nil {
		d.line("Body:\n")
		d.fields("", at(body, "content", "application/json", "schema"), true)
		d.line("")
	}
	for status, response := range pairs(at(op, "responses")) {
		if status == "default" {
			continue // an error, which all have
		}
		response = d.resolved(response)
		d.line("Answers %s: %s", status, strings.TrimSpace(valueOf(at(response, "description"))))
		if schema := at(response, "content", "application/json", "schema"); schema != nil {
			d.line("%s\n", d.shape(schema))
			d.fields("", schema, false)
		}
		d.line("")
	}
}

// shape says what a schema is, where that has a name.
func (d *apiDoc) shape(schema *yaml.Node) string {
	if ref := valueOf(at(schema, "$ref")); ref != "" {
		return "An object: " + link(ref) + "."
	}
	return ""
}

func link(ref string) string {
	name := ref[strings.LastIndex(ref, "/")+1:]
	return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
}

// fields lists the fields of an object, and of those within it that have no
// name of their own.
func (d *apiDoc) fields(indent string, schema *yaml.Node, follow bool) {
	if schema == nil || at(schema, "$ref") != nil && !follow {
		return
	}
	schema = d.resolved(schema)
	if items := at(schema, "items"); items != nil && at(items, "$ref") == nil {
		schema = items
	}
	required := map[string]bool{}
	if list := at(schema, "required"); list != nil {
		for _, n := range list.Content {
			required[n.Value] = true
		}
	}
	for name, field := range pairs(at(schema, "properties")) {
		d.line("%s- `%s`%s", indent, name, d.rest(field, field, required[name]))
		if at(field, "$ref") == nil {
			d.fields(indent+"  ", field, false)
		}
	}
}

// rest says of a field whether it must be there, what it is, and what for.
func (d *apiDoc) rest(schema, described *yaml.Node, required bool) string {
	var parts []string
	if required {
		parts = append(parts, "required")
	}
	if kind := d.kind(schema); kind != "" {
		parts = append(parts, kind)
	}
	text := ""
	if len(parts) > 0 {
		text = " (" + strings.Join(parts, ", ") + ")"
	}
	if about := strings.TrimSpace(valueOf(at(described, "description"))); about != "" {
		text += ": " + strings.Join(strings.Fields(about), " ")
	}
	return text
}

// kind says what a schema allows.
func (d *apiDoc) kind(s *yaml.Node) string {
	switch {
	case s == nil:
		return ""
	case at(s, "$ref") != nil:
		return link(valueOf(at(s, "$ref")))
	case at(s, "const") != nil:
		return "`" + valueOf(at(s, "const")) + "`"
	case at(s, "enum") != nil:
		var list []string
		for _, n := range at(s, "enum").Content {
			if n.Tag != "!!null" {
				list = append(list, "`"+n.Value+"`")
			}
		}
		return strings.Join(list, ", ")
	case at(s, "oneOf") != nil:
		var list []string
		for _, n := range at(s, "oneOf").Content {
			list = append(list, d.kind(n))
		}
		return strings.Join(list, " or ")
	}
	return written(s, d)
}

func written(s *yaml.Node, d *apiDoc) string {
	kind := at(s, "type")
	if kind == nil {
		return ""
	}
	name := kind.Value
	for _, n := range kind.Content { // [string, "null"]
		if n.Value != "null" {
			name = n.Value
		}
	}
	if items := at(s, "items"); name == "array" && items != nil {
		name = "list of " + d.kind(items)
	}
	for _, bound := range []struct{ key, word string }{{"minimum", "at least"}, {"maximum", "at most"}, {"maxLength", "at most"}, {"maxItems", "at most"}} {
		if v := valueOf(at(s, bound.key)); v != "" {
			name += ", " + bound.word + " " + v
			switch bound.key {
			case "maxLength":
				name += " characters"
			case "maxItems":
				name += " of them"
			}
		}
	}
	return name
}

// resolved follows a reference.
func (d *apiDoc) resolved(n *yaml.Node) *yaml.Node {
	if ref := valueOf(at(n, "$ref")); ref != "" {
		return at(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return n
}

// at returns what stands at a path of keys; nil if there is nothing.
func at(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		var found *yaml.Node
		for name, v := range pairs(n) {
			if name == key {
				found = v
			}
		}
		n = found
	}
	return n
}

func valueOf(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

// pairs yields the keys and values of a mapping, in order.
func pairs(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}
