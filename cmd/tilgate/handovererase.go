package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/rag/forget"
	"tilgate/serving/handover"
	"tilgate/serving/ledger"
)

func (p *program) handoverEraseCommand() *cobra.Command {
	var f ledgerFlags
	var whose handover.Whose
	cmd := f.add(p, "conversations", &cobra.Command{Use: "erase ID | --contact TEXT", Short: "Erase a conversation, or all of a contact, and prove it",
		Long: `Erase a conversation that was handed over, or all that left the same contact, and
prove it: the ledger is searched again, and all its files are read, SQLite's among
them, and none of the words may be in them. What staff were sent, by a webhook,
e-mail or a queue, is theirs to erase, and so are backups.`,
		Example: "  tilgate handover erase ho-…\n  tilgate handover erase --contact aida@mail.example"})
	cmd.Flags().StringVar(&whose.Contact, "contact", "", "as it was typed; neither case nor spaces matter")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 || (len(args) == 1) == (strings.TrimSpace(whose.Contact) != "") {
			return usageError{errors.New("name the id of a conversation, or --contact")}
		}
		if len(args) == 1 {
			whose.ID = args[0]
		}
		c, err := loadConfig(f.config, p.getenv)
		if err != nil {
			return err
		}
		e, err := eraseCases(cmd.Context(), c, f.tenant, whose)
		if err != nil {
			return err
		}
		if err := p.print(f.json, e); err != nil {
			return err
		}
		return e.failed()
	}
	return cmd
}

func eraseCases(ctx context.Context, c Config, tenant string, whose handover.Whose) (e erasure, err error) {
	l, err := writeLedger(ctx, c)
	if err != nil {
		return e, err
	}
	ids, gone, left, err := eraseCasesIn(ctx, l, tenant, whose)
	if err = errors.Join(err, l.Close()); err != nil {
		return e, err
	}
	e = erasure{Erased: append([]string{}, ids...), Server: c.Ledger.Address, what: "conversation"}
	for _, one := range left {
		if one.Tenant == tenant && (one.ID == whose.ID || whose.Contact != "" && handover.ContactOf(one.Contact) == handover.ContactOf(whose.Contact)) {
			e.Found++
		}
	}
	words, err := saidByNobody(wordsOfCases(gone), left)
	if err != nil {
		return e, err
	}
	e.Proof, err = forget.Prove(ctx, ledgerFolder(c), words)
	return e, err
}

// eraseCasesIn erases, and returns the IDs of what is gone, that itself as far as
// it could be read before, and what is there after it.
func eraseCasesIn(ctx context.Context, l *ledger.Ledger, tenant string, whose handover.Whose) (ids []string, gone, left []handover.Case, err error) {
	before, err := l.ListCases(ctx, handover.Query{Tenant: tenant})
	if err != nil {
		return nil, nil, nil, err
	}
	if ids, err = l.EraseCases(ctx, tenant, whose); err != nil {
		return nil, nil, nil, err
	}
	for _, c := range before {
		if slices.Contains(ids, c.ID) {
			gone = append(gone, c)
		}
	}
	left, err = l.ListCases(ctx, handover.Query{})
	return ids, gone, left, err
}

// wordsOfCases returns what must not be in any file: ids and words of what is
// gone, as the ledger writes them.
func wordsOfCases(gone []handover.Case) (texts []string) {
	for _, c := range gone {
		texts = append(texts, inside(c.ID), inside(c.Contact), inside(handover.ContactOf(c.Contact)))
		for _, m := range c.Messages {
			texts = append(texts, inside(m.Content))
		}
		for _, r := range c.Replies {
			texts = append(texts, inside(r.Text))
		}
	}
	return texts
}
