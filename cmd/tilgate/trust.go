package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/fault"
	"tilgate/internal/verdict"
)

func (p *program) trustCommand() *cobra.Command {
	return group(&cobra.Command{Use: "trust", Short: "Manage whose verdicts on adapters count",
		Long: `Manage whose verdicts on adapters count: a list of public keys, in trust.toml in
the data folder. There is nothing secret in it. tilgate adapter gate makes a
secret and its key; whoever judges keeps the secret on another machine.

A running service sees a change within seconds. A key under [gate] in the
configuration is trusted as well.`},
		p.trustListCommand(), p.trustAddCommand(), p.trustRemoveCommand())
}

// trustFile is where the trusted keys are.
func (c Config) trustFile() string { return filepath.Join(c.Data, "trust.toml") }

// gates returns the keys of the gates that are trusted. A list that cannot be
// read trusts nobody: weights wait rather than answer unjudged.
func (c Config) gates() []verdict.Key {
	trust, _ := verdict.ReadTrust(c.trustFile())
	keys := trust.All()
	if !c.Gate.Key.Equal(verdict.Key{}) {
		keys = append(keys, c.Gate.Key)
	}
	return keys
}

// trusts reports whether verdicts of a secret count.
func (c Config) trusts(s verdict.Secret) error {
	for _, k := range c.gates() {
		if k.Equal(s.Key()) {
			return nil
		}
	}
	return fault.Invalid.Errorf("this secret is not trusted here: tilgate trust add NAME KEY adds its key, which tilgate adapter gate printed when it made the secret")
}

type trustFlags struct {
	config string
	json   bool
}

func (f *trustFlags) add(p *program, cmd *cobra.Command) *cobra.Command {
	p.configFlag(cmd, &f.config)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

// onTrust reads the list, and writes it if change changed it.
func (p *program) onTrust(f trustFlags, change func(*verdict.Trust) error) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	trust, err := verdict.ReadTrust(c.trustFile())
	if err != nil {
		return err
	}
	if change != nil {
		if err := change(&trust); err != nil {
			return err
		}
		if err := os.MkdirAll(c.Data, 0o755); err != nil {
			return err
		}
		if err := trust.Write(c.trustFile()); err != nil {
			return err
		}
	}
	return p.print(f.json, trusted{trust, c.Gate.Key})
}

// trusted is what is printed.
type trusted struct {
	verdict.Trust
	configured verdict.Key
}

func (t trusted) MarshalJSON() ([]byte, error) { return json.Marshal(t.Trust) }

func (t trusted) String() string {
	var lines []string
	for _, k := range t.Keys {
		text, _ := k.Key.MarshalText()
		lines = append(lines, fmt.Sprintf("%-20s %s  since %s", k.Name, text, k.Added.Format(time.DateOnly)))
	}
	if text, _ := t.configured.MarshalText(); text != nil {
		lines = append(lines, fmt.Sprintf("%-20s %s  in the configuration", "[gate]", text))
	}
	if lines == nil {
		return "Nobody is trusted: weights that need a verdict do not answer."
	}
	return strings.Join(lines, "\n")
}

func (p *program) trustListCommand() *cobra.Command {
	var f trustFlags
	return f.add(p, &cobra.Command{Use: "list", Short: "List the keys whose verdicts count", Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.onTrust(f, nil) }})
}

func (p *program) trustAddCommand() *cobra.Command {
	var f trustFlags
	return f.add(p, &cobra.Command{Use: "add NAME KEY", Short: "Let the verdicts of a key count",
		Example: "  tilgate trust add language-institute tgv-2Jx…",
		Args:    exactly(2, "a name and the key"),
		RunE: func(_ *cobra.Command, args []string) error {
			var key verdict.Key
			if err := key.UnmarshalText([]byte(args[1])); err != nil {
				return err
			}
			return p.onTrust(f, func(t *verdict.Trust) error { return t.Add(args[0], key, time.Now()) })
		}})
}

func (p *program) trustRemoveCommand() *cobra.Command {
	var f trustFlags
	return f.add(p, &cobra.Command{Use: "remove NAME", Short: "Let the verdicts of a key count no longer",
		Long: `Let the verdicts of a key count no longer. Weights that it promoted stop
answering within seconds, and their base answers in their place.`,
		Args: exactly(1, "the name"),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.onTrust(f, func(t *verdict.Trust) error { return t.Remove(args[0]) })
		}})
}

// outside refuses to have a secret in a folder that the service reads: who may
// write there could then promote weights.
func (c Config) outside(path string) error {
	whole, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	for _, dir := range []string{c.Data, c.Adapters} {
		if dir == "" {
			continue
		}
		if dir, err = filepath.Abs(dir); err != nil {
			return err
		}
		if rel, err := filepath.Rel(dir, whole); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return fault.Invalid.Errorf("%s lies in %s, which the service reads; keep the secret of a gate outside of it, best on another machine", path, dir)
		}
	}
	return nil
}
