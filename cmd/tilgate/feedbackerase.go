package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/rag/forget"
	"tilgate/serving/feedback"
	"tilgate/serving/ledger"
)

func (p *program) feedbackEraseCommand() *cobra.Command {
	var f ledgerFlags
	var whose feedback.Whose
	cmd := f.add(p, "feedback", &cobra.Command{Use: "erase --person ID | --conversation ID", Short: "Erase the feedback of a person or a conversation, and prove it",
		Long: `Erase the feedback of a person or of a conversation, as the caller names them, and
prove it: the ledger is searched again, and all its files are read, SQLite's among
them, and none of the words may be in them. Exports that were made before still
hold it, and so do backups.

What was given without consent is a count, which belongs to nobody.`,
		Example: "  tilgate feedback erase --person 7c1e…\n  tilgate feedback erase --tenant moh --conversation 2026-11-28-17",
		Args:    exactly(0, "no arguments")})
	cmd.Flags().StringVar(&whose.Person, "person", "", "whose feedback")
	cmd.Flags().StringVar(&whose.Conversation, "conversation", "", "of which conversation")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if (whose.Person == "") == (whose.Conversation == "") {
			return usageError{errors.New("name a person or a conversation, with --person or --conversation")}
		}
		c, err := loadConfig(f.config, p.getenv)
		if err != nil {
			return err
		}
		e, err := eraseFeedback(cmd.Context(), c, f.tenant, whose)
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

// An erasure is what was erased, and what is left.
type erasure struct {
	Erased []string `json:"erased"`
	Found  int      `json:"found"`            // by the search afterwards
	Server string   `json:"server,omitempty"` // address of the database, if that is one
	what   string
	Proof  forget.Proof `json:"proof"` // of the ledger's files, in which batches wait for a server too
}

func eraseFeedback(ctx context.Context, c Config, tenant string, whose feedback.Whose) (erasure, error) {
	l, err := writeLedger(ctx, c)
	if err != nil {
		return erasure{}, err
	}
	ids, gone, left, err := eraseIn(ctx, l, tenant, whose)
	if err = cmp.Or(err, l.Close()); err != nil {
		return erasure{}, err
	}
	e := erasure{Erased: append([]string{}, ids...), Found: len(find(left, tenant, whose)), Server: c.Ledger.Address, what: "feedback"}
	words, err := saidByNobody(wordsOf(whose, gone), left)
	if err != nil {
		return e, err
	}
	e.Proof, err = forget.Prove(ctx, ledgerFolder(c), words)
	return e, err
}

// eraseIn erases, and returns the IDs of what is gone, that itself as far as it
// could be read before, and what is there after it.
func eraseIn(ctx context.Context, l *ledger.Ledger, tenant string, whose feedback.Whose) (ids []string, gone, left []feedback.Feedback, err error) {
	before, err := l.ListFeedback(ctx, feedback.Query{})
	if err != nil {
		return nil, nil, nil, err
	}
	ids, err = l.EraseFeedback(ctx, tenant, whose)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, f := range before {
		if f.Tenant == tenant && slices.Contains(ids, f.ID) {
			gone = append(gone, f)
		}
	}
	left, err = l.ListFeedback(ctx, feedback.Query{})
	return ids, gone, left, err
}

// find returns the feedback of a person or a conversation.
func find(list []feedback.Feedback, tenant string, w feedback.Whose) (found []feedback.Feedback) {
	for _, f := range list {
		if f.Tenant == tenant && (w.Person != "" && f.Person == w.Person || w.Conversation != "" && f.Conversation == w.Conversation) {
			found = append(found, f)
		}
	}
	return found
}

// wordsOf returns what must not be in any file: whose it was, and ids and words
// of what is gone, as the ledger writes them.
func wordsOf(w feedback.Whose, gone []feedback.Feedback) []string {
	texts := []string{`"person":` + jsonOf(w.Person)}
	if w.Conversation != "" {
		texts = []string{`"conversation":` + jsonOf(w.Conversation)}
	}
	for _, f := range gone {
		for _, text := range []string{f.ID, f.Exchange, f.Question, f.Answer, f.Correction, f.Comment} {
			texts = append(texts, inside(text))
		}
		for _, m := range f.Before {
			texts = append(texts, inside(m.Content))
		}
		for _, r := range f.Reviews {
			texts = append(texts, inside(r.Correction))
		}
	}
	return texts
}

func jsonOf(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // JSON holds every string
	}
	return string(b)
}

// inside returns text as it stands between the quotes of JSON.
func inside(text string) string {
	quoted := jsonOf(text)
	return quoted[1 : len(quoted)-1]
}

func (e erasure) String() string {
	lines := []string{"There is no such " + e.what + "."}
	if len(e.Erased) > 0 {
		lines = []string{fmt.Sprintf("erased %d: %s", len(e.Erased), strings.Join(e.Erased, ", ")), fmt.Sprintf("searched again: %d found", e.Found)}
	}
	if e.Server != "" {
		lines = append(lines, "the database server has written its table anew; its log and its backups are up to its operator")
	}
	proof := fmt.Sprintf("none of %d pieces of it is in the %d files of the ledger (%d bytes)", e.Proof.Pieces, e.Proof.Files, e.Proof.Bytes)
	if len(e.Proof.Left) > 0 {
		proof = "some of it is still in " + strings.Join(e.Proof.Left, ", ")
	}
	return strings.Join(append(lines, proof), "\n")
}

// failed returns an error unless everything is gone.
func (e erasure) failed() error {
	if e.Found > 0 || len(e.Proof.Left) > 0 {
		return errors.New("some of it is left: in a copy, say, or in a question of somebody else")
	}
	return nil
}
