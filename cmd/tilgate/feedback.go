package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"tilgate/serving/feedback"
	"tilgate/serving/ledger"
)

func (p *program) feedbackCommand() *cobra.Command {
	return group(&cobra.Command{Use: "feedback", Short: "Review what people say about answers, and make data of it",
		Long: `Review what people say about answers, and make data of it.

POST /v1/feedback brings feedback into the ledger: a rating, reasons, and with
the person's consent words too. Without consent it is counted and nothing else.
Two people must agree with a piece of feedback before it is exported.`},
		p.feedbackListCommand(), p.feedbackReviewCommand(), p.feedbackExportCommand(), p.feedbackEraseCommand())
}

func (p *program) feedbackListCommand() *cobra.Command {
	var f ledgerFlags
	var state string
	cmd := f.add(p, "feedback", &cobra.Command{Use: "list", Short: "List feedback, the oldest first",
		Long: `List feedback, the oldest first. Its state is counted (without consent, so that
there are no words), open (two people have yet to agree), agreed, or rejected.`,
		Example: "  tilgate feedback list --state open", Args: exactly(0, "no arguments")})
	cmd.Flags().StringVar(&state, "state", "", "counted, open, agreed or rejected; all if not given")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		q := feedback.Query{Tenant: f.tenant, State: feedback.State(state)}
		if state != "" && !slices.Contains(feedback.States, q.State) {
			return usageError{fmt.Errorf("--state: %q is none of %s", state, join(feedback.States))}
		}
		return p.onLedger(cmd.Context(), f, func(r *ledger.Reader) error {
			list, err := r.ListFeedback(cmd.Context(), q)
			if err != nil {
				return err
			}
			return p.printFeedback(list, f.json)
		})
	}
	return cmd
}

// A feedbackRow is feedback with what follows from it.
type feedbackRow struct {
	feedback.Feedback
	State    feedback.State `json:"state"`
	Revision string         `json:"revision"`
}

func rowOf(f feedback.Feedback) feedbackRow { return feedbackRow{f, f.State(), f.Revision()} }

func (p *program) printFeedback(list []feedback.Feedback, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(p.out)
		enc.SetEscapeHTML(false)
		for _, f := range list {
			if err := enc.Encode(rowOf(f)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(p.out, "There is no such feedback.")
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tDAY\tSTATE\tLANGUAGE\tRATING\tREASONS\tQUESTION")
	for _, f := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%+d\t%s\t%s\n", f.ID, day(f.Time), f.State(), f.Language, f.Rating, orElse(join(f.Reasons), "-"), orElse(short(f.Question), "-"))
	}
	return w.Flush()
}

// short shows the beginning of somebody's text on one line.
func short(text string) string {
	const most = 60
	r := []rune(harmless(text))
	if len(r) > most {
		return strings.TrimSpace(string(r[:most])) + "…"
	}
	return string(r)
}

// harmless returns text without what would make a terminal do anything but show
// it, in order: line ends, control characters, and marks that turn the direction
// of what follows.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c' || r == '\u200d': // they shape letters
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
}
