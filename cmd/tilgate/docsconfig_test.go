package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestConfigReference holds docs/configuration.md against the types that the
// configuration is read into, with their comments, out of which -update makes
// it.
func TestConfigReference(t *testing.T) {
	d := configDoc{types: map[string]*ast.StructType{}, docs: map[string]string{}}
	for _, pkg := range []string{"cmd/tilgate", "serving", "serving/auth", "serving/auth/token", "internal/personal"} {
		d.read(t, pkg)
	}
	d.line("# Configuration reference\n")
	d.line("<!-- Made of the types in cmd/tilgate/config*.go by go test ./cmd/tilgate -run Reference -update -->\n")
	d.line("One TOML file, which `--config` or `TILGATE_CONFIG` names. Keys that are not known are errors, and all\nfaults are told at once. `tilgate config` prints what is in force. Secrets come from the environment\nalone; `tilgate config --help` lists them.\n")
	d.section("", reflect.ValueOf(defaultConfig()))
	checkPage(t, "configuration.md", append(bytes.TrimRight(d.out.Bytes(), "\n"), '\n'))
}

// A configDoc writes types for people.
type configDoc struct {
	types map[string]*ast.StructType
	docs  map[string]string
	out   bytes.Buffer
}

func (d *configDoc) line(format string, args ...any) { fmt.Fprintf(&d.out, format+"\n", args...) }

// read takes note of the structs of a package.
func (d *configDoc) read(t *testing.T, pkg string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				s := spec.(*ast.TypeSpec)
				if st, ok := s.Type.(*ast.StructType); ok {
					name := module + pkg + "." + s.Name.Name
					d.types[name], d.docs[name] = st, g.Doc.Text()
				}
			}
		}
	}
}

// section writes the keys of a struct, then the sections within it.
func (d *configDoc) section(name string, v reflect.Value) {
	if name != "" {
		d.line("## %s\n", name)
		if about := strings.TrimSpace(d.docs[pathOf(v.Type())]); about != "" {
			_, rest, _ := strings.Cut(strings.Join(strings.Fields(about), " "), " ") // without the name of the type
			d.line("%s\n", strings.ToUpper(rest[:1])+rest[1:])
		}
	}
	var inner []func()
	d.fields(name, v, &inner)
	d.line("")
	for _, write := range inner {
		write()
	}
}

// fields writes the keys of a struct, and puts off what is a section of its own.
func (d *configDoc) fields(name string, v reflect.Value, inner *[]func()) {
	st := d.types[pathOf(v.Type())]
	if st == nil {
		panic("no struct " + pathOf(v.Type()) + " was read; add its package to the list in TestConfigReference")
	}
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 { // its keys are the struct's own
			d.fields(name, v.FieldByName(typeName(f.Type)), inner)
			continue
		}
		for _, id := range f.Names {
			field, ok := v.Type().FieldByName(id.Name)
			if !ok || !field.IsExported() {
				continue
			}
			key, _, _ := strings.Cut(field.Tag.Get("toml"), ",")
			if key == "-" || key == "" {
				continue
			}
			about := strings.TrimSpace(f.Comment.Text())
			if about == "" {
				about = strings.Join(strings.Fields(f.Doc.Text()), " ")
			}
			d.field(strings.TrimPrefix(name+"."+key, "."), key, about, v.FieldByIndex(field.Index), inner)
		}
	}
}

func (d *configDoc) field(path, key, about string, v reflect.Value, inner *[]func()) {
	switch t := v.Type(); {
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]() && d.types[pathOf(t)] != nil:
		*inner = append(*inner, func() { d.section("["+path+"]", v) })
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		path = strings.NewReplacer("[", "", "]", "").Replace(path)
		*inner = append(*inner, func() { d.section("[["+path+"]]", reflect.Zero(t.Elem())) })
	default:
		d.line("- `%s` (%s%s)%s", key, shapeOf(t), usually(v), colon(about))
	}
}

// pathOf names a type as read does.
func pathOf(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

func colon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// shapeOf says what is written for a value of a type.
func shapeOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration, such as \"20s\""
	case t == reflect.TypeFor[time.Time]():
		return "time"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "list of " + shapeOf(t.Elem())
	case reflect.Map:
		return "table of " + shapeOf(t.Elem())
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Struct, reflect.Array:
		return "text"
	}
	return "whole number"
}

// usually says what a value is where the file says nothing.
func usually(v reflect.Value) string {
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 || v.Kind() == reflect.Map && v.Len() == 0 {
		return ""
	}
	if v.Kind() == reflect.String {
		return fmt.Sprintf("; %q if not given", v)
	}
	return fmt.Sprintf("; %v if not given", v.Interface())
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
