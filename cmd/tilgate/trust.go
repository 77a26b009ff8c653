package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/fault"
	"tilgate/internal/sign"
)

func (p *program) trustCommand() *cobra.Command {
	return group(&cobra.Command{Use: "trust", Short: "Manage whose signatures count, on verdicts and on bundles",
		Long: `Manage whose signatures count, on verdicts and on bundles: a list of public keys,
in trust.toml in the data folder. There is nothing secret in it. tilgate trust
secret makes a secret and its key; whoever signs keeps the secret on another
machine. Each key is trusted for verdicts on adapters, for bundles, or for both.

A running service sees a change within seconds. A key under [gate] in the
configuration is trusted for verdicts as well.`},
		p.trustListCommand(), p.trustAddCommand(), p.trustRemoveCommand(), p.trustSecretCommand())
}

// trustFile is where the trusted keys are.
func (c Config) trustFile() string { return filepath.Join(c.Data, "trust.toml") }

// gates returns the keys of the gates that are trusted. A list that cannot be
// read trusts nobody: weights wait rather than answer unjudged.
func (c Config) gates() []sign.Key {
	trust, _ := sign.ReadTrust(c.trustFile())
	keys := trust.KeysFor(sign.Verdicts)
	if !c.Gate.Key.IsZero() {
		keys = append(keys, c.Gate.Key)
	}
	return keys
}

// trusts reports whether verdicts of a secret count.
func (c Config) trusts(s sign.Secret) error {
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
func (p *program) onTrust(f trustFlags, change func(*sign.Trust) error) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	trust, err := sign.ReadTrust(c.trustFile())
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
	sign.Trust
	configured sign.Key
}

func (t trusted) MarshalJSON() ([]byte, error) { return json.Marshal(t.Trust) }

func (t trusted) String() string {
	var lines []string
	for _, k := range t.Keys {
		lines = append(lines, fmt.Sprintf("%-20s %s  since %s  for %s", k.Name, k.Key, k.Added.Format(time.DateOnly), join(k.For)))
	}
	if !t.configured.IsZero() {
		lines = append(lines, fmt.Sprintf("%-20s %s  in the configuration  for %s", "[gate]", t.configured, sign.Verdicts))
	}
	if lines == nil {
		return "Nobody is trusted: weights that need a verdict do not answer, and no bundle is imported."
	}
	return strings.Join(lines, "\n")
}

func (p *program) trustListCommand() *cobra.Command {
	var f trustFlags
	return f.add(p, &cobra.Command{Use: "list", Short: "List the keys whose signatures count", Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.onTrust(f, nil) }})
}

func (p *program) trustAddCommand() *cobra.Command {
	var f trustFlags
	var uses []string
	cmd := f.add(p, &cobra.Command{Use: "add NAME KEY", Short: "Let the signatures of a key count",
		Long: `Let the signatures of a key count: on verdicts, or on what --for says. A key that
is there under this name is trusted for that as well.

Bundles bring language files, which say how weights are served: whoever is
trusted for bundles says what this service answers from and how.`,
		Example: "  tilgate trust add language-institute tgv-2Jx…\n  tilgate trust add centre tgv-9Qa… --for bundles",
		Args:    exactly(2, "a name and the key"),
		RunE: func(_ *cobra.Command, args []string) error {
			var key sign.Key
			if err := key.UnmarshalText([]byte(args[1])); err != nil {
				return err
			}
			var list []sign.Use
			for _, u := range uses {
				list = append(list, sign.Use(u))
			}
			return p.onTrust(f, func(t *sign.Trust) error { return t.Add(args[0], key, time.Now(), list...) })
		}})
	cmd.Flags().StringSliceVar(&uses, "for", []string{string(sign.Verdicts)}, "what it is trusted for: verdicts, bundles, or verdicts,bundles")
	return cmd
}

func (p *program) trustRemoveCommand() *cobra.Command {
	var f trustFlags
	return f.add(p, &cobra.Command{Use: "remove NAME", Short: "Let the signatures of a key count no longer",
		Long: `Let the signatures of a key count no longer. Weights that it promoted stop
answering within seconds, and their base answers in their place. What came in
bundles that it signed stays.`,
		Args: exactly(1, "the name"),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.onTrust(f, func(t *sign.Trust) error { return t.Remove(args[0]) })
		}})
}

func (p *program) trustSecretCommand() *cobra.Command {
	var out, config string
	cmd := &cobra.Command{Use: "secret --out FILE", Short: "Make a secret that signs, and print the key that is trusted",
		Long: `Make a secret that signs verdicts or bundles, and print the key that checks what it
signs, with how to have it trusted. Who signs keeps the secret; who serves or
imports has the key alone.`,
		Example: "  tilgate trust secret --out centre.secret",
		Args:    exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			key, err := p.newSecret(config, out)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.out, "The secret is in %s; keep it away from the machines that serve.\n\nThere, trust its key for what it is to sign:\n\n  tilgate trust add NAME %s --for bundles\n", out, key)
			return err
		}}
	cmd.Flags().StringVar(&out, "out", "", "file to write the secret to; it must not be there yet")
	p.configFlag(cmd, &config)
	return cmd
}

// newSecret makes a secret in a file that the service does not read.
func (p *program) newSecret(config, out string) (sign.Key, error) {
	if out == "" {
		return sign.Key{}, usageError{errors.New("--out is missing: the file to write the secret to")}
	}
	c, err := loadConfig(config, p.getenv)
	if err != nil {
		return sign.Key{}, err
	}
	if err := c.outside(out); err != nil {
		return sign.Key{}, err
	}
	secret := sign.NewSecret()
	return secret.Key(), writeSecret(out, secret.String()+"\n")
}

// outside refuses to have a secret in a folder that the service reads: who may
// write there could then sign what the service trusts.
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
			return fault.Invalid.Errorf("%s lies in %s, which the service reads; keep a secret outside of it, best on another machine", path, dir)
		}
	}
	return nil
}
