package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
)

// A configuration that tilgate setup wrote says so in a comment, with its
// version. It is no key: an older Tilgate has to get past it to say what it does
// not know.
const markBegin = "# Written by tilgate setup, version "

var marked = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(markBegin) + `(\S{1,40})\.$`)

func markLine() string { return markBegin + buildVersion().Version + "." }

// writtenBy returns the version that wrote a configuration; empty if it does
// not say.
func writtenBy(text []byte) string {
	text, _, _ = bytes.Cut(text, []byte("\n[")) // it stands at the beginning
	if m := marked.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// otherVersion says what unknown keys may come from; nil if this very version
// wrote the file.
func otherVersion(text []byte) error {
	here := buildVersion().Version
	switch by := writtenBy(text); by {
	case here:
		return nil
	case "":
		return fmt.Errorf("a newer Tilgate than this one, %s, may know these keys: use that one, or take them out", here)
	default:
		return errors.New("Tilgate " + by + " wrote this file, and this is " + here + ": use the newer one, or take these keys out")
	}
}
