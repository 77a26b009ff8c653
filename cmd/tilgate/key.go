package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving/auth"
)

func (p *program) keyCommand() *cobra.Command {
	return group(&cobra.Command{Use: "key", Short: "Make keys for callers, list them and take them back"},
		p.keyCreateCommand(), p.keyListCommand(), p.keyRevokeCommand(), p.keyRotateCommand())
}

// A keyring is the file of keys that a command line means.
type keyring struct{ config, data string }

func (p *program) keyring(cmd *cobra.Command) *keyring {
	var k keyring
	p.configFlag(cmd, &k.config)
	cmd.Flags().StringVar(&k.data, "data", "", "folder whose keys.toml holds the keys, in place of what the configuration says")
	return &k
}

// file returns the file, and the callers that stand in the configuration
// beside it.
func (k *keyring) file(p *program) (auth.File, []auth.Key, error) {
	c, err := loadConfig(k.config, p.getenv)
	if k.data != "" {
		c.KeysFile, c.Data = "", k.data
	}
	return c.keysFile(), c.Keys, err
}

func (k *keyring) named() bool { return k.config != "" || k.data != "" }

func (p *program) keyCreateCommand() *cobra.Command {
	var key auth.Key
	var f keyFlags
	var ring *keyring
	cmd := &cobra.Command{Use: "create NAME", Short: "Make a key and print it once",
		Long: `Make a key for the caller NAME. The key itself is printed here and nowhere else;
only its hash is kept. With --config or --data that is in the file of keys, which
a running service reads again within two seconds; with neither, lines for the
configuration are printed.

The caller sees the knowledge bases of its tenant, and no others. Without the
flags that name something, it may use all of it.

A key with --page stands in the source of web pages, where everybody can read it.
So it is bound to the pages of its origins, asks auto and nothing else, and is
limited by address and by visit, generously where the flags say nothing (key list
shows how); the lines to put into the pages are printed.
Behind a proxy, proxies in the configuration says whose word about addresses
counts. A key for a program that asks for many people is limited for each of them
by the name that it sends in OpenAI's field user.`,
		Example: `  tilgate key create portal --config tilgate.toml --models 'auto,qwen3*' --chars-per-minute 20000
  tilgate key create site --config tilgate.toml --page --origin https://moh.example --origin https://www.moh.example`,
		Args: exactly(1, "the name of the caller"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := rag.CheckTenant(key.Tenant); err != nil {
				return usageError{fmt.Errorf("--tenant: %w", err)}
			}
			if err := f.fill(&key); err != nil {
				return usageError{err}
			}
			secret, made := auth.Generate()
			if key.Page {
				secret, made = auth.GeneratePage()
				usual(&key)
			}
			key.Name, key.Hash = args[0], made.Hash
			if faults := auth.Check([]auth.Key{key}); len(faults) > 0 {
				return usageError{faults[0]}
			}
			if !ring.named() {
				return p.printKey(secret, key)
			}
			file, fixed, err := ring.file(p)
			if err != nil {
				return err
			}
			key.Created = now()
			if err := file.Add(key, fixed); err != nil {
				return err
			}
			return p.shown(secret, key, "It is in force as soon as a service has read "+file.Path+" again.\n")
		}}
	tenantFlag(cmd, &key.Tenant)
	f.add(cmd, &key)
	pageFlags(cmd, &key)
	ring = p.keyring(cmd)
	return cmd
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// shown prints a secret, or what has to stand in pages.
func (p *program) shown(secret string, key auth.Key, after string) error {
	if key.Page {
		return p.shownPage(secret, key, after)
	}
	return p.shownOnce(secret, after)
}

// shownOnce prints a secret.
func (p *program) shownOnce(secret, after string) error {
	_, err := fmt.Fprintf(p.out, "Give this key to the caller; it cannot be shown again:\n\n  %s\n\n%s", secret, after)
	return err
}

// printKey prints a secret, and the lines of the configuration for its key.
func (p *program) printKey(secret string, key auth.Key) error {
	if key.Tenant == rag.DefaultTenant {
		key.Tenant = ""
	}
	if err := p.shown(secret, key, "Add these lines to the configuration:\n\n"); err != nil {
		return err
	}
	enc := toml.NewEncoder(p.out)
	enc.Indent = ""
	return enc.Encode(map[string][]auth.Key{"key": {key}})
}

func (p *program) keyListCommand() *cobra.Command {
	var ring *keyring
	cmd := &cobra.Command{Use: "list", Short: "List keys, those in the file and those in the configuration",
		Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			file, fixed, err := ring.file(p)
			if err != nil {
				return err
			}
			list, err := file.Read()
			if err != nil {
				return err
			}
			return printKeys(p.out, append(fixed, list...))
		}}
	ring = p.keyring(cmd)
	return cmd
}

func printKeys(out io.Writer, list []auth.Key) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "There are no keys; tilgate key create NAME makes one.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tTENANT\tCREATED\tSTATE\tMODELS\tLANGUAGES\tKNOWLEDGE\tPAGES\tEACH")
	for _, k := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.Name, orElse(k.Tenant, rag.DefaultTenant), day(k.Created), state(k),
			modelsOf(k), orElse(join(k.Languages), "all"), orElse(join(k.Knowledge), "all"), orElse(join(k.Origins), "-"), orElse(shares(k.Each), "-"))
	}
	return w.Flush()
}

func state(k auth.Key) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked " + day(k.Revoked)
	case !k.Expires.IsZero() && k.Expires.Before(time.Now()):
		return "expired " + day(k.Expires)
	case !k.Expires.IsZero():
		return "until " + day(k.Expires)
	}
	return "in force"
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func (p *program) keyRevokeCommand() *cobra.Command {
	var ring *keyring
	cmd := &cobra.Command{Use: "revoke NAME", Short: "Take a key back; answers on their way to its caller end within seconds",
		Args: exactly(1, "the name of the caller"),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.changeKey(ring, args[0], func(k *auth.Key) error {
				k.Revoked = now()
				return nil
			}, func(file auth.File) error {
				_, err := fmt.Fprintf(p.out, "The key of %s is revoked, in %s.\n", args[0], file.Path)
				return err
			})
		}}
	ring = p.keyring(cmd)
	return cmd
}

func (p *program) keyRotateCommand() *cobra.Command {
	var ring *keyring
	var grace time.Duration
	cmd := &cobra.Command{Use: "rotate NAME", Short: "Make a new secret for a key; the old one opens for a while",
		Args: exactly(1, "the name of the caller"),
		RunE: func(_ *cobra.Command, args []string) error {
			if grace < 0 {
				return usageError{fmt.Errorf("--grace: %v is below 0", grace)}
			}
			var secret string
			var renewed auth.Key
			until := now().Add(grace)
			return p.changeKey(ring, args[0], func(k *auth.Key) error {
				secret = k.Renew(until)
				renewed = *k
				return nil
			}, func(auth.File) error {
				return p.shown(secret, renewed, "The one before opens until "+until.Format(time.RFC3339)+".\n")
			})
		}}
	cmd.Flags().DurationVar(&grace, "grace", 24*time.Hour, "how long the old secret opens beside the new one")
	ring = p.keyring(cmd)
	return cmd
}

// changeKey changes one key of the file that is in force.
func (p *program) changeKey(ring *keyring, name string, change func(*auth.Key) error, say func(auth.File) error) error {
	file, fixed, err := ring.file(p)
	if err != nil {
		return err
	}
	for _, k := range fixed {
		if k.Name == name {
			return fault.Invalid.Errorf("the key of %s stands in the configuration itself; change it there", name)
		}
	}
	if err := file.Edit(name, change); err != nil {
		return err
	}
	return say(file)
}
