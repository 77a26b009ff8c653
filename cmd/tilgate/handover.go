package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tilgate/serving/handover"
	"tilgate/serving/ledger"
)

func (p *program) handoverCommand() *cobra.Command {
	return group(&cobra.Command{Use: "handover", Short: "Answer conversations that were handed over to people",
		Long: `Answer conversations that were handed over to people.

[handover] in the configuration says how staff are told of them: by a webhook,
e-mail or a queue. They can be answered from there, and from here. What is
answered comes back into the conversation. Conversations are deleted after
keep_days.`},
		p.handoverListCommand(), p.handoverShowCommand(), p.handoverReplyCommand(), p.handoverCloseCommand(), p.handoverEraseCommand())
}

func (p *program) handoverListCommand() *cobra.Command {
	var f ledgerFlags
	var state string
	cmd := f.add(p, "conversations", &cobra.Command{Use: "list", Short: "List conversations that were handed over, the oldest first",
		Long: `List conversations that were handed over, the oldest first. Their state is waiting,
answered, failed (staff could not be told), or closed.`,
		Example: "  tilgate handover list --state waiting", Args: exactly(0, "no arguments")})
	cmd.Flags().StringVar(&state, "state", "", "waiting, answered, failed or closed; all if not given")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q := handover.Query{Tenant: f.tenant, State: handover.State(state)}
		if state != "" && !slices.Contains(handover.States, q.State) {
			return usageError{fmt.Errorf("--state: %q is none of %s", state, join(handover.States))}
		}
		return p.onLedger(cmd.Context(), f, func(r *ledger.Reader) error {
			list, err := r.ListCases(cmd.Context(), q)
			if err != nil {
				return err
			}
			return p.printCases(list, f.json)
		})
	}
	return cmd
}

func (p *program) printCases(list []handover.Case, asJSON bool) error {
	if asJSON {
		for _, c := range list {
			if err := p.printCase(c, true); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(p.out, "There is no such conversation.")
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tTIME\tSTATE\tTOLD\tLANGUAGE\tREPLIES\tLAST MESSAGE")
	for _, c := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", c.ID, c.Time.Format("2006-01-02 15:04"), c.State, toldAt(c), c.Language, len(c.Replies), orElse(short(lastOf(c)), "-"))
	}
	return w.Flush()
}

// toldAt says when staff were told of a case, or how often that failed.
func toldAt(c handover.Case) string {
	switch {
	case !c.Sent.IsZero():
		return c.Sent.Format("15:04")
	case c.Attempts > 0:
		return fmt.Sprintf("failed %d×", c.Attempts)
	}
	return "-"
}

// lastOf is what the citizen said last.
func lastOf(c handover.Case) string {
	for _, m := range slices.Backward(c.Messages) {
		if m.Role == handover.User {
			return m.Content
		}
	}
	return ""
}

func (p *program) handoverShowCommand() *cobra.Command {
	var f ledgerFlags
	cmd := f.add(p, "conversations", &cobra.Command{Use: "show ID", Short: "Show a conversation that was handed over",
		Args: exactly(1, "the id of a conversation")})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.onLedger(cmd.Context(), f, func(r *ledger.Reader) error {
			c, err := r.Case(cmd.Context(), f.tenant, args[0])
			if err != nil {
				return err
			}
			return p.printCase(c, f.json)
		})
	}
	return cmd
}

// A caseRow is a case without its secret.
type caseRow struct {
	handover.Case
	Secret string `json:"secret,omitempty"`
	Hash   string `json:"hash,omitempty"`
}

// printCase prints a case as people read it: with what would turn a terminal
// about taken out.
func (p *program) printCase(c handover.Case, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(p.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(caseRow{Case: c})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %s, told: %s\n", c.ID, c.Time.Format(time.RFC3339), c.State, toldAt(c))
	if c.Contact != "" {
		fmt.Fprintf(&b, "contact: %s\n", harmless(c.Contact))
	}
	if c.Trouble != "" {
		fmt.Fprintf(&b, "trouble: %s\n", harmless(c.Trouble))
	}
	said := func(who, text string) {
		fmt.Fprintf(&b, "\n%s:\n", who)
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintf(&b, "  %s\n", harmless(line))
		}
	}
	for _, m := range c.Messages {
		said(string(m.Role), m.Content)
	}
	for _, r := range c.Replies {
		said("answered by "+orElse(harmless(r.By), "staff")+", "+r.Time.Format(time.RFC3339), r.Text)
	}
	_, err := fmt.Fprint(p.out, b.String())
	return err
}

// changeCase opens the ledger, changes a case in it, and shows the case.
func (p *program) changeCase(ctx context.Context, f ledgerFlags, change func(l *ledger.Ledger) (handover.Case, error)) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	l, err := writeLedger(ctx, c)
	if err != nil {
		return err
	}
	defer l.Close()
	after, err := change(l)
	if err != nil {
		return err
	}
	return p.printCase(after, f.json)
}

func (p *program) handoverReplyCommand() *cobra.Command {
	var f ledgerFlags
	var by, text string
	cmd := f.add(p, "conversations", &cobra.Command{Use: "reply ID --by NAME --text TEXT", Short: "Answer a conversation",
		Example: `  tilgate handover reply ho-… --by aida --text "Please come on Monday."`,
		Args:    exactly(1, "the id of a conversation")})
	cmd.Flags().StringVar(&by, "by", "", "who answers, as colleagues see it")
	cmd.Flags().StringVar(&text, "text", "", "the answer, as plain text")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if by == "" || strings.TrimSpace(text) == "" {
			return usageError{fmt.Errorf("--by and --text: who answers, and what")}
		}
		return p.changeCase(cmd.Context(), f, func(l *ledger.Ledger) (handover.Case, error) {
			return handover.Answer(cmd.Context(), l, f.tenant, args[0], handover.Reply{By: by, Text: text})
		})
	}
	return cmd
}

func (p *program) handoverCloseCommand() *cobra.Command {
	var f ledgerFlags
	cmd := f.add(p, "conversations", &cobra.Command{Use: "close ID", Short: "Close a conversation; nothing more is said in it",
		Args: exactly(1, "the id of a conversation")})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.changeCase(cmd.Context(), f, func(l *ledger.Ledger) (handover.Case, error) {
			return handover.Close(cmd.Context(), l, f.tenant, args[0])
		})
	}
	return cmd
}
