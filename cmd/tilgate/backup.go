package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/internal/sign"
	"tilgate/internal/wholefile"
)

type backupFlags struct {
	config, identity string
	json             bool
	keep             int
	lock             lockFlags
}

func (p *program) backupCommand() *cobra.Command {
	var f backupFlags
	cmd := &cobra.Command{Use: "backup FILE | FOLDER --keep N", Short: "Put all that is kept into one file, while serving",
		Long: `Put all that is kept into one file, while serving: knowledge bases as they are
searched, the ledger, the audit log, adapters and verdicts, keys, quotas,
reports, what was forgotten, the configuration and its manifests.

A service that runs goes on. Knowledge bases are read first, each as it is at one
moment; then the ledger, at one moment; then the audit log; then all files, the
list of what was forgotten the last. So nothing that the ledger says is missing
in the audit log, and nothing that was forgotten meanwhile comes back.

The file is there whole or not at all, is signed by a key of this data folder,
and can be read by its owner alone: it holds what citizens said, and hashes of
keys. Encrypt it where it leaves the machine: --encrypt-to, with the public half
of an identity that --make-identity makes, or a passphrase in the environment
variable ` + passphraseVariable + `. Not in it are secrets of the environment, source
documents, and what can be made again: the cache of vectors, and what the next
sync would read anyway.

With --keep the file is one of a folder, named after the time, and of those the
newest N stay.`,
		Example: `  tilgate backup --config tilgate.toml /mnt/backups --keep 14
  tilgate backup --make-identity backup.key
  tilgate backup --config tilgate.toml --encrypt-to age1… /mnt/backups/today.backup`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.identity != "" {
				return p.makeIdentity(f.identity, args)
			}
			if len(args) != 1 {
				return usageError{errors.New("backup takes the file to write, or a folder with --keep; see tilgate backup --help")}
			}
			return p.backup(cmd.Context(), f, args[0])
		}}
	p.configFlag(cmd, &f.config)
	f.lock.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	cmd.Flags().IntVar(&f.keep, "keep", 0, "write into a folder, and keep so many backups there")
	cmd.Flags().StringVar(&f.identity, "make-identity", "", "write a fresh identity that opens what is encrypted to it into a file, and do nothing else")
	return cmd
}

func (p *program) backup(ctx context.Context, f backupFlags, to string) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	if c.Data == "" {
		return fault.Invalid.Errorf("there is nothing to back up here: the configuration names no data folder")
	}
	if _, err := os.Stat(c.Data); err != nil {
		return fault.NotFound.Errorf("there is nothing to back up: %v", err)
	}
	shelf, err := shelfOf(to, f.keep)
	if err != nil {
		return err
	}
	keys, err := f.lock.recipients(p.getenv)
	if err != nil {
		return err
	}
	now := time.Now()
	to = shelf.file(to, now)
	b, err := p.openBackup(ctx, c, f.config, filepath.Dir(to))
	if err != nil {
		return err
	}
	defer b.close()
	r, err := b.write(ctx, to, keys, now)
	if err != nil {
		return fmt.Errorf("backing up %s: %w", c.Data, err)
	}
	if r.Removed, err = shelf.tidy(); err != nil {
		fmt.Fprintln(p.err, "older backups could not be removed:", err)
	}
	if r.About.Audit.Broken != "" {
		fmt.Fprintln(p.err, "the audit log is not whole, and was backed up as it is:", r.About.Audit.Broken)
	}
	return p.print(f.json, r)
}

// write writes the file of a backup.
func (b *backing) write(ctx context.Context, to string, keys recipients, now time.Time) (backedUp, error) {
	secret, err := b.c.backupSecret()
	if err != nil {
		return backedUp{}, err
	}
	sources, err := b.sources(ctx)
	if err != nil {
		return backedUp{}, err
	}
	b.about.Made = now.UTC().Truncate(time.Second)
	head := bundle.Head{Name: "backup of " + b.about.Host, Created: now, Backup: true}
	var m bundle.Manifest
	size, err := wholefile.Private(to, func(w io.Writer) error {
		sealed, err := keys.seal(w)
		if err != nil {
			return err
		}
		if m, err = bundle.Pack(sealed, filepath.Dir(to), head, secret, sources); err != nil {
			return err
		}
		return sealed.Close()
	})
	if err != nil {
		return backedUp{}, err
	}
	r := backedUp{File: to, Bytes: size, Encrypted: len(keys) > 0, Key: secret.Key(), About: *b.about, Parts: len(m.Parts), Left: b.left, Seconds: time.Since(now).Seconds()}
	for _, part := range m.Of(bundle.KB) {
		r.Knowledge = append(r.Knowledge, kbBackedUp{part.Name, part.Knowledge.Passages})
	}
	return r, nil
}

// backupSecretFile, in the data folder, signs backups.
const backupSecretFile = "backup.secret"

// backupSecret returns the secret that signs the backups of this data folder. It
// is in none of them: a file that it signed was made here.
func (c Config) backupSecret() (sign.Secret, error) {
	path := filepath.Join(c.Data, backupSecretFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		s := sign.NewSecret()
		_, err := wholefile.Private(path, func(w io.Writer) error {
			_, err := io.WriteString(w, s.String()+"\n")
			return err
		})
		return s, err
	}
	if err != nil {
		return sign.Secret{}, err
	}
	s, err := sign.ParseSecret(strings.TrimSpace(string(text)))
	if err != nil {
		err = fmt.Errorf("reading %s: %w", path, err)
	}
	return s, err
}

// backedUp is what a backup has done.
type backedUp struct {
	File      string       `json:"file"`
	Bytes     int64        `json:"bytes"`
	Seconds   float64      `json:"seconds"`
	Encrypted bool         `json:"encrypted"`
	Key       sign.Key     `json:"key"`
	Parts     int          `json:"parts"`
	Knowledge []kbBackedUp `json:"knowledge"`
	About     aboutBackup  `json:"about"`
	Left      []string     `json:"left_out,omitempty"`
	Removed   []string     `json:"removed,omitempty"` // older backups
}

type kbBackedUp struct {
	Name     string `json:"name"` // tenant.kb
	Passages int    `json:"passages"`
}

func (r backedUp) String() string {
	lines := []string{fmt.Sprintf("%s: %.1f MB in %.1f s", r.File, float64(r.Bytes)/1e6, r.Seconds)}
	for _, kb := range r.Knowledge {
		lines = append(lines, fmt.Sprintf("  kb %s: %d passages", kb.Name, kb.Passages))
	}
	lines = append(lines, r.About.lines()...)
	for _, name := range r.Left {
		lines = append(lines, "  left out: "+name)
	}
	for _, name := range r.Removed {
		lines = append(lines, "  removed: "+name)
	}
	lines = append(lines, "signed: "+r.Key.String())
	if r.Encrypted {
		lines = append(lines, "It is encrypted; keep what opens it away from it.")
	} else {
		lines = append(lines, "It is not encrypted, and holds what people said and hashes of keys: only its owner may read it. Keep it so, or use --encrypt-to.")
	}
	return strings.Join(lines, "\n")
}
