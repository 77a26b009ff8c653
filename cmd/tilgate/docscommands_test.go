package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// told is a command of ours as pages tell people to run it: in backquotes, or as
// a line.
var told = regexp.MustCompile("(?m)(?:`|^(?:    )?)(?:\\./)?tilgate ([^`\n#]+)")

// TestDocsTellWhatExists finds each command and flag that pages name.
func TestDocsTellWhatExists(t *testing.T) {
	commands := 0
	for _, page := range docPages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range told.FindAllStringSubmatch(string(text), -1) {
			commands++
			if wrong := missing(strings.Fields(m[1])); wrong != "" {
				t.Errorf("%s: tilgate %s: %s", page, m[1], wrong)
			}
		}
	}
	if commands < 100 {
		t.Errorf("the pages tell %d commands only; are they found?", commands)
	}
}

// missing says what of a command line does not exist; empty if all of it does.
func missing(args []string) (wrong string) {
	p := &program{getenv: noEnv, out: io.Discard, err: io.Discard}
	cmd, rest, err := p.rootCommand().Find(args)
	if err != nil {
		return err.Error()
	}
	if cmd.HasAvailableSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return "there is no " + rest[0]
	}
	return unknownFlag(cmd, rest)
}

func unknownFlag(cmd *cobra.Command, args []string) string {
	cmd.InitDefaultHelpFlag()
	for _, a := range args {
		name, long := strings.CutPrefix(a, "--")
		if name, _, _ = strings.Cut(name, "="); long && cmd.Flag(name) == nil {
			return "there is no flag --" + name
		}
	}
	return ""
}
