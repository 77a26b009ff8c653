// Package web is what people see: the chat page, its words in their languages,
// and its files.
//
// The page works without its script: the server writes question and answer as
// HTML. The script takes the same form over, and shows the same. Whatever comes
// from outside (questions, answers, passages, titles) is text on both ways:
// templates escape it here, the script makes text nodes there, and the little
// Markdown that is shown is read by the same rules (testdata/markdown.json).
//
// The gateway keeps HTTP, cookies and policy; it fills in a View and writes
// parts of it. strings/ holds a file for each language, which a linguist edits;
// en.toml is the one that the others are held to.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

var (
	//go:embed assets
	assetFiles embed.FS
	//go:embed strings
	wordFiles embed.FS
	//go:embed templates
	templateFiles embed.FS
)

// AssetPath is what the paths of all files of the page begin with.
const AssetPath = "/assets/"

// Policy is the Content-Security-Policy of the page: a style and a script of
// ours, questions and feedback to us, and nothing else.
const Policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// A Site is the page and its files. It does not change.
type Site struct {
	pages  *template.Template
	words  []*Words
	assets map[string]Asset
	Style  string // paths of the files
	Script string
	Icon   string
}

// An Asset is a file of the page. Its path has the hash of what it holds, so
// it may be kept for ever.
type Asset struct {
	Type string
	Body []byte
}

// New returns the site. What it is made of is in the program, so an error is a
// fault of ours.
func New() (*Site, error) {
	s := &Site{assets: map[string]Asset{}}
	var err error
	if s.words, err = readWords(); err != nil {
		return nil, err
	}
	if s.pages, err = template.ParseFS(templateFiles, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("reading templates: %w", err)
	}
	for _, a := range []struct {
		path  *string
		name  string
		typ   string
		files []string
	}{
		{&s.Style, "page.css", "text/css; charset=utf-8", []string{"scripts.css", "page.css", "handover.css"}},
		{&s.Script, "page.js", "text/javascript; charset=utf-8", []string{"markdown.js", "view.js", "store.js", "ask.js", "handover.js", "page.js"}},
		{&s.Icon, "icon.svg", "image/svg+xml", []string{"icon.svg"}},
	} {
		if *a.path, err = s.add(a.name, a.typ, a.files); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// add makes one asset of files, and returns its path. Scripts get a scope of
// their own, for the browser's names are many.
func (s *Site) add(name, typ string, files []string) (string, error) {
	var body bytes.Buffer
	script := strings.HasSuffix(name, ".js")
	if script {
		body.WriteString("(() => {\n")
	}
	for _, f := range files {
		data, err := assetFiles.ReadFile("assets/" + f)
		if err != nil {
			return "", err
		}
		body.Write(data)
	}
	if script {
		body.WriteString("})()\n")
	}
	sum := sha256.Sum256(body.Bytes())
	begin, end, _ := strings.Cut(name, ".")
	path := AssetPath + begin + "." + hex.EncodeToString(sum[:6]) + "." + end
	s.assets[path] = Asset{typ, body.Bytes()}
	return path, nil
}

// Asset returns the file at a path.
func (s *Site) Asset(path string) (Asset, bool) {
	a, ok := s.assets[path]
	return a, ok
}

// Paths lists where the files are.
func (s *Site) Paths() []string { return slices.Sorted(maps.Keys(s.assets)) }

// Spoken lists the languages that the page has words in.
func (s *Site) Spoken() []*Words { return s.words }

// Parts writes parts of the page.
func (s *Site) Parts(v View, names ...string) ([]byte, error) {
	v.Site = s
	var b bytes.Buffer
	for _, name := range names {
		if err := s.pages.ExecuteTemplate(&b, name, v); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// scripted are the words that the script says by itself. All others stand in
// the page.
var scripted = []string{"waiting", "source", "answer", "copied", "stopped", "cut", "lost", "unreachable", "reachable", "failed", "busy", "empty", "key_gone", "key", "stale",
	"no_store", "other_language", "other_model", "thanks", "again", "superseded", "superseded_by", "edition",
	"person_sent", "person_made", "person_reply", "person_failed", "person_closed"}

func (s *Site) scriptWords(w *Words) string {
	said := map[string]string{}
	for _, key := range scripted {
		said[key] = w.Say(key)
	}
	data, err := json.Marshal(said)
	if err != nil {
		panic(err) // strings are always JSON
	}
	return string(data)
}
