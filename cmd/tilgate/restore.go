package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/internal/sign"
)

// What --only takes.
const (
	onlyKnowledge = "knowledge"
	onlyLedger    = "ledger"
	onlyAudit     = "audit"
	onlyAdapters  = "adapters"
	onlyKeys      = "keys"
	onlyData      = "data" // what else lies in the data folder: quotas, trust, reports, suites
)

var onlyAll = []string{onlyKnowledge, onlyLedger, onlyAudit, onlyAdapters, onlyKeys, onlyData}

type restoreFlags struct {
	config, signedBy, configTo string
	json, dryRun, force        bool
	keepOld, noAsk             bool
	only, forgotten            []string
	unlock                     unlockFlags
}

func (p *program) restoreCommand() *cobra.Command {
	var f restoreFlags
	cmd := &cobra.Command{Use: "restore FILE", Short: "Put back what a backup holds, all of it or nothing",
		Long: `Put back what a backup holds, all of it or nothing. No service may run on the data
folder.

Everything is made ready beside what is there: unpacked, compared with the hashes
that were signed, the audit log by its chain, the ledger by its rows, and each
knowledge base asked for sentences of its own, through all that an answer passes.
Then it takes the place of what is there, in one step: whenever the program is
killed, the old state is there or the new one, and the next start of tilgate serve
or tilgate restore ends what was begun.

What was forgotten or erased since the backup was made stays so, as the lists in
the data folder say; where that folder is lost, give lists that were kept
elsewhere with --forgotten. An audit log that goes on from the one in the backup
is kept. The configuration is not touched; --config-to unpacks the one of the
backup, with its manifests, into a new folder, and does nothing else.`,
		Example: `  tilgate restore --config tilgate.toml --dry-run tilgate-20261128T020000.000Z.backup
  tilgate restore --config tilgate.toml --force tilgate-20261128T020000.000Z.backup
  tilgate restore --config-to /etc/tilgate tilgate-20261128T020000.000Z.backup`,
		Args: exactly(1, "the file of a backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.restore(cmd.Context(), f, args[0])
		}}
	p.configFlag(cmd, &f.config)
	f.unlock.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "make everything ready and check it, and then change nothing")
	cmd.Flags().BoolVar(&f.force, "force", false, "restore over what is there")
	cmd.Flags().BoolVar(&f.keepOld, "keep-old", false, "keep what was there in "+keptName+" in each folder, in place of removing it at the end")
	cmd.Flags().BoolVar(&f.noAsk, "no-ask", false, "do not ask the knowledge bases")
	cmd.Flags().StringSliceVar(&f.only, "only", nil, "restore only some: "+strings.Join(onlyAll, ", "))
	cmd.Flags().StringSliceVar(&f.forgotten, "forgotten", nil, "a forgotten.jsonl from elsewhere, of which nothing comes back")
	cmd.Flags().StringVar(&f.signedBy, "signed-by", "", "key that must have signed the backup, as tilgate backup prints it")
	cmd.Flags().StringVar(&f.configTo, "config-to", "", "unpack the configuration into this new folder, and do nothing else")
	return cmd
}

func (f restoreFlags) check() error {
	for _, name := range f.only {
		if !slices.Contains(onlyAll, name) {
			return usageError{fmt.Errorf("--only: %q is none of %s", name, strings.Join(onlyAll, ", "))}
		}
	}
	return nil
}

// wants reports whether a part of what is kept is to be restored.
func (f restoreFlags) wants(name string) bool {
	return len(f.only) == 0 || slices.Contains(f.only, name)
}

func (p *program) restore(ctx context.Context, f restoreFlags, path string) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	if f.configTo != "" {
		return p.restoreConfig(ctx, f, path)
	}
	c, err := readConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	if c.Data == "" {
		return fault.Invalid.Errorf("there is nowhere to restore to: the configuration names no data folder")
	}
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return err
	}
	unlock, err := c.lockPlace(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if done, err := c.endRestore(ctx); err != nil {
		return err
	} else if done {
		fmt.Fprintln(p.err, "a restore that was cut off before is now done")
	}
	b, closeFile, err := p.openForRestore(ctx, f, path)
	if err != nil {
		return err
	}
	defer closeFile()
	r := &restoring{p: p, c: c, flags: f, from: b}
	if err := r.trusts(path); err != nil {
		return err
	}
	defer func() { r.close(err == nil && !f.dryRun) }()
	if err := r.run(ctx); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if !f.dryRun {
		if err := r.commit(ctx); err != nil {
			return err
		}
		unlock() // the audit log is written by who has its lock
		if err := r.committed(); err != nil {
			return err
		}
	}
	r.report.File, r.report.DryRun = path, f.dryRun
	return p.print(f.json, r.report)
}

// openForRestore opens a backup, and reads it once to know that it is whole.
func (p *program) openForRestore(ctx context.Context, f restoreFlags, path string) (*bundle.Bundle, func(), error) {
	b, closeFile, err := f.unlock.open(path, p.getenv)
	if err != nil {
		return nil, nil, err
	}
	if err := b.Verify(ctx); err != nil {
		closeFile()
		return nil, nil, err
	}
	return b, closeFile, nil
}

// trusts refuses a backup that somebody else has signed than who signs here, or
// whom the command line names.
func (r *restoring) trusts(path string) error {
	if r.flags.signedBy != "" {
		var want sign.Key
		if err := want.UnmarshalText([]byte(r.flags.signedBy)); err != nil {
			return usageError{fmt.Errorf("--signed-by: %w", err)}
		}
		if !want.Equal(r.from.Key) {
			return fault.Forbidden.Errorf("%s is signed by %s, and not by %s", path, r.from.Key, want)
		}
		return nil
	}
	if _, err := os.Stat(r.c.inData(backupSecretFile)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	own, err := r.c.backupSecret()
	if err == nil && !own.Key().Equal(r.from.Key) {
		err = fault.Forbidden.Errorf("%s was not made from this data folder: it is signed by %s, and backups made here by %s; if it is the right one: --signed-by %[2]s", path, r.from.Key, own.Key())
	}
	return err
}

// restoredReport is what a restore has done, or would do.
type restoredReport struct {
	File      string          `json:"file"`
	DryRun    bool            `json:"dry_run"`
	Key       sign.Key        `json:"signed_by"`
	About     aboutBackup     `json:"about"`
	Parts     int             `json:"parts"`
	Knowledge []kbRestored    `json:"knowledge"`
	Ledger    *ledgerRestored `json:"ledger,omitempty"`
	Audit     *auditRestored  `json:"audit,omitempty"`
	Files     map[string]int  `json:"files"` // restored, by area
	Left      []string        `json:"left_out,omitempty"`
	Old       string          `json:"old,omitempty"` // where what was there lies
	Notes     []string        `json:"notes,omitempty"`
}

type kbRestored struct {
	Name     string   `json:"name"` // tenant.kb
	Passages int      `json:"passages"`
	Dropped  int      `json:"forgotten"` // left out
	Asked    int      `json:"asked"`     // questions, of its own sentences
	Found    int      `json:"found"`     // answered out of the right document
	Example  *example `json:"example,omitempty"`
}

type example struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
}

type ledgerRestored struct {
	Rows    map[string]int64 `json:"rows"`
	Erased  int64            `json:"erased"` // left out
	Schema  int64            `json:"from_schema"`
	Pending int              `json:"pending"`
}

type auditRestored struct {
	Records int    `json:"records"`
	Head    string `json:"head"`
	Kept    bool   `json:"kept"` // the log that is here goes on from it
	Broken  string `json:"broken,omitempty"`
}

func (r restoredReport) String() string {
	lines := []string{fmt.Sprintf("%s, of %s on %s, signed by %s: %d parts, whole", r.File, r.About.Made.Format("2006-01-02 15:04 MST"), r.About.Host, r.Key, r.Parts)}
	for _, kb := range r.Knowledge {
		lines = append(lines, kb.String())
	}
	if l := r.Ledger; l != nil {
		lines = append(lines, fmt.Sprintf("ledger: %d rows of usage, %d of feedback; %d left out, since they were erased later", l.Rows["usage"], l.Rows["feedback"], l.Erased))
	}
	if a := r.Audit; a != nil {
		lines = append(lines, a.String())
	}
	for _, area := range []string{areaAdapters, areaKeys, areaData} {
		if n, ok := r.Files[area]; ok {
			lines = append(lines, fmt.Sprintf("%s: %d files", area, n))
		}
	}
	lines = append(lines, r.Notes...)
	switch {
	case r.DryRun:
		lines = append(lines, "It was only tried: nothing is changed. It can be restored.")
	case r.Old != "":
		lines = append(lines, "It is restored. What was there before lies in "+r.Old)
	default:
		lines = append(lines, "It is restored.")
	}
	return strings.Join(lines, "\n")
}

func (k kbRestored) String() string {
	line := fmt.Sprintf("kb %s: %d passages", k.Name, k.Passages)
	if k.Dropped > 0 {
		line += fmt.Sprintf("; %d left out, since they were forgotten", k.Dropped)
	}
	if k.Asked > 0 {
		line += fmt.Sprintf("; asked %d of its own sentences, %d answered from their document", k.Asked, k.Found)
	}
	if k.Example != nil {
		line += fmt.Sprintf("\n  asked:    %s\n  answered: %s", k.Example.Question, k.Example.Answer)
	}
	return line
}

func (a auditRestored) String() string {
	line := fmt.Sprintf("audit: %d records, whole, head %s", a.Records, a.Head)
	if a.Broken != "" {
		line = "audit: not whole, as it was when it was backed up: " + a.Broken
	}
	if a.Kept {
		line += "; the log that is here goes on from it, and stays"
	}
	return line
}
