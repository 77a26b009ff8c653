package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/serving/feedback"
	"tilgate/serving/ledger"
)

func (p *program) feedbackReviewCommand() *cobra.Command {
	var f ledgerFlags
	var r feedback.Review
	var verdict string
	cmd := f.add(p, "feedback", &cobra.Command{Use: "review ID", Short: "Read a piece of feedback, and agree, reject or correct it",
		Long: `Read a piece of feedback and, with --verdict, agree with it, reject it, or give it
another correction. Two people must agree, and none reject, before it is
exported. An edit agrees with what it brings, and asks everybody else again.

--revision is what was read: if the words have changed since, nothing is done.
Here --by is whatever name is given; over the API it is the name of the key.`,
		Example: "  tilgate feedback review fb-…\n  tilgate feedback review fb-… --by aida --verdict agree --revision 5f0c…\n  tilgate feedback review fb-… --by bek --verdict edit --correction 'Каттоо акысыз.' --revision 5f0c…",
		Args:    exactly(1, "the id of a piece of feedback")})
	cmd.Flags().StringVar(&verdict, "verdict", "", "agree, reject or edit; without it the feedback is shown")
	cmd.Flags().StringVar(&r.By, "by", "", "name of the reviewer")
	cmd.Flags().StringVar(&r.Revision, "revision", "", "of the words that were read")
	cmd.Flags().StringVar(&r.Correction, "correction", "", "what the answer should have been, with the verdict edit")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if verdict == "" {
			return p.onLedger(cmd.Context(), f, func(l *ledger.Reader) error {
				found, err := l.Feedback(cmd.Context(), f.tenant, args[0])
				if err != nil {
					return err
				}
				return p.showFeedback(found, f.json)
			})
		}
		if r.Verdict = feedback.Verdict(verdict); !slices.Contains(feedback.Verdicts, r.Verdict) {
			return usageError{fmt.Errorf("--verdict: %q is none of %s", verdict, join(feedback.Verdicts))}
		}
		if strings.TrimSpace(r.By) == "" {
			return usageError{errors.New("--by is missing; it names who reviews")}
		}
		return p.review(cmd.Context(), f, args[0], r)
	}
	return cmd
}

func (p *program) review(ctx context.Context, f ledgerFlags, id string, r feedback.Review) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	mask, err := c.mask()
	if err != nil {
		return err
	}
	l, err := writeLedger(ctx, c)
	if err != nil {
		return err
	}
	defer l.Close()
	r.Correction = mask(r.Correction)
	found, err := feedback.AddReview(ctx, l, f.tenant, id, r)
	if err != nil {
		return err
	}
	return p.showFeedback(found, f.json)
}

func (p *program) showFeedback(f feedback.Feedback, asJSON bool) error {
	if asJSON {
		return p.printFeedback([]feedback.Feedback{f}, true)
	}
	agreed, rejected := f.Said()
	lines := []string{fmt.Sprintf("%s  %s  %s, rated %+d  %s", f.ID, day(f.Time), f.Language, f.Rating, join(f.Reasons)),
		fmt.Sprintf("%s: %d agree, %d reject", f.State(), agreed, rejected)}
	for _, m := range f.Before {
		lines = append(lines, m.Role+", before: "+harmless(m.Content))
	}
	for _, part := range []struct{ name, text string }{{"question", f.Question}, {"answer", f.Answer}, {"correction", f.Corrected()}, {"comment", f.Comment}} {
		if part.text != "" {
			lines = append(lines, part.name+": "+harmless(part.text))
		}
	}
	if f.Consent.Training {
		lines = append(lines, "revision: "+f.Revision())
	}
	_, err := fmt.Fprintln(p.out, strings.Join(lines, "\n"))
	return err
}
