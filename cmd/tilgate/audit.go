package main

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"tilgate/serving/audit"
)

// AuditConfig says where the record of answers is kept that nobody can change
// unseen.
type AuditConfig struct {
	Folder  string `toml:"folder"`  // empty keeps none
	Durable bool   `toml:"durable"` // an answer is finished once its record is on disk
	Days    int    `toml:"days"`    // that it is kept; 0 is forever
}

func (c AuditConfig) check(fault func(format string, args ...any)) {
	if c.Days < 0 {
		fault("audit.days: %d is below 0", c.Days)
	}
	if c.Folder == "" && c != (AuditConfig{}) {
		fault("audit.folder is missing; it says where the records are kept")
	}
}

// open opens the log; nil if none is kept.
func (c AuditConfig) open(log *slog.Logger) (*audit.Log, error) {
	if c.Folder == "" {
		return nil, nil
	}
	l, err := audit.Open(c.Folder, audit.Options{Durable: c.Durable, Days: c.Days, Log: log})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return l, nil
}

func (p *program) auditCommand() *cobra.Command {
	return group(&cobra.Command{Use: "audit", Short: "Check the record of answers",
		Long: `Check the record of answers, which [audit] in the configuration keeps: who
asked, of which model, in which language, resting on which documents, and how it
ended. Each record holds the hash of the one before it, so that nothing can be
changed, removed or added without being seen.`},
		p.auditVerifyCommand())
}

func (p *program) auditVerifyCommand() *cobra.Command {
	var config, head string
	cmd := &cobra.Command{Use: "verify [FOLDER]", Short: "Check that no record was changed, removed or added",
		Long: `Check that no record was changed, removed or added, and print the head: the hash
of the last record. Written down elsewhere, on paper say, and given with --head
later, it shows that nothing before it was replaced as a whole. What the log
itself says was wrong, such as a disk that was full or an end that was gone when
Tilgate started, is printed too; the chain is whole all the same.`,
		Example: "  tilgate audit verify --config tilgate.toml\n  tilgate audit verify /var/lib/tilgate/audit --head 9f86d081884c7d65…",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			folder := ""
			if len(args) == 1 {
				folder = args[0]
			} else {
				c, err := loadConfig(config, p.getenv)
				if err != nil {
					return err
				}
				if folder = c.Audit.Folder; folder == "" {
					return usageError{fmt.Errorf("the configuration keeps no audit log; name its folder")}
				}
			}
			return p.verifyAudit(folder, head)
		}}
	p.configFlag(cmd, &config)
	cmd.Flags().StringVar(&head, "head", "", "hash of a record that must be among them")
	return cmd
}

func (p *program) verifyAudit(folder, head string) error {
	chain, err := audit.Verify(folder)
	if err != nil {
		return err
	}
	if head != "" {
		hash, err := audit.ParseHash(head)
		if err != nil {
			return usageError{fmt.Errorf("--head: %w", err)}
		}
		if ok, err := audit.Holds(folder, hash); err != nil || !ok {
			return fmt.Errorf("no record in %s has the hash %s: they are not those that it was written down of", filepath.Clean(folder), head)
		}
	}
	for _, note := range chain.Notes {
		if _, err := fmt.Fprintln(p.out, note); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(p.out, "%d records in %d files, from number %d on: whole\nhead %s\n", chain.Records, chain.Files, chain.First, chain.Head)
	return err
}
