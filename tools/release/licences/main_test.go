package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLicences reads the licence of everything that is linked, and compares
// docs/licences.md.
func TestLicences(t *testing.T) {
	list, err := linked("../" + root)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 50 {
		t.Errorf("only %d modules are found", len(list))
	}
	for _, fault := range check(list) {
		t.Error(fault)
	}
	var want bytes.Buffer
	if err := page(&want, list); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../docs/licences.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/licences.md is out of date; make it anew in tools/release: go run ./licences > ../../docs/licences.md")
	}
	var texts bytes.Buffer
	if err := writeTexts(&texts, list); err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if !strings.Contains(texts.String(), m.path+" (") {
			t.Errorf("the texts lack %s", m.path)
		}
	}
}

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"Permission is hereby granted, free of charge, to any person\nobtaining a copy … The above copyright notice and this permission notice shall be included in all", []string{"MIT"}},
		{"Apache License\n   Version 2.0, January 2004", []string{"Apache-2.0"}},
		{"GNU GENERAL PUBLIC LICENSE Version 3", []string{"GPL"}},
		{"GNU Lesser General Public License, which adds to the GNU General Public License", []string{"LGPL"}},
		{"Licensed under the Apache License, Version 2.0, with the Commons Clause", []string{"Commons Clause", "Apache-2.0"}},
		{"All rights reserved.", nil},
		{"", nil},
	} {
		if got := classify(tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

// What is not known, or asks for more, must be found.
func TestCheck(t *testing.T) {
	for text, says := range map[string]string{
		"All rights reserved.":               "no licence is found",
		"Mozilla Public License Version 2.0": "its licence MPL-2.0 is not among",
		"":                                   "no licence is found",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := filesOf(dir)
		if err != nil {
			t.Fatal(err)
		}
		faults := check([]module{{"example.org/m", dir, files}})
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), says) {
			t.Errorf("%q: %v, want %q", text, faults, says)
		}
	}
}
