package main

import (
	"bytes"
	"debug/buildinfo"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// program returns one that was built with Go: TILGATE_BINARY_AMD64, or this
// test itself.
func program(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TILGATE_BINARY_AMD64"); path != "" {
		return path
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestList compares the list with what go version -m says, and wants it to be
// the same each time.
func TestList(t *testing.T) {
	path := program(t)
	var out, again bytes.Buffer
	if err := run([]string{path}, &out); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{path}, &again); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Errorf("a second list differs: %v", err)
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(out.Bytes()), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, c := range *bom.Components {
		if c.PackageURL == "" || c.Name != "stdlib" && (c.Hashes == nil || len((*c.Hashes)[0].Value) != 64) {
			t.Errorf("%s has no address or no sum", c.Name)
		}
		listed[c.Name+" "+c.Version] = true
	}
	said, err := exec.Command("go", "version", "-m", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := 0
	for line := range strings.Lines(string(said)) {
		if f := strings.Fields(line); len(f) >= 3 && f[0] == "dep" {
			modules++
			if !listed[f[1]+" "+f[2]] {
				t.Errorf("%s %s is not listed", f[1], f[2])
			}
		}
	}
	if modules == 0 || len(listed) != modules+1 {
		t.Errorf("%d are listed, of %d modules and the standard library", len(listed), modules)
	}
	valid(t, out.Bytes(), bom.SpecVersion)
}

// valid checks a list against the schema of CycloneDX, which its library has
// for its own tests.
func valid(t *testing.T, list []byte, version cdx.SpecVersion) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(strings.TrimSpace(string(dir)), "schema")
	compiler := jsonschema.NewCompiler()
	main := ""
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		name := filepath.Base(path)
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".json") || strings.HasPrefix(name, "bom-") && name != "bom-"+version.String()+".schema.json" {
			return err
		}
		text, err := os.Open(path)
		if err != nil {
			return err
		}
		defer text.Close()
		doc, err := jsonschema.UnmarshalJSON(text)
		if err != nil {
			return err
		}
		id, _ := doc.(map[string]any)["$id"].(string)
		if strings.HasPrefix(name, "bom-") {
			main = id
		}
		return compiler.AddResource(id, doc)
	})
	if err != nil || main == "" {
		t.Fatalf("no schema in %s: %v", folder, err)
	}
	schema, err := compiler.Compile(main)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v", err)
	}
}

func TestBadProgram(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {text}, {text + "x"}, {text, text}} {
		if err := run(args, new(bytes.Buffer)); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	if _, err := buildinfo.ReadFile(text); err == nil {
		t.Error("a text has no modules")
	}
}
