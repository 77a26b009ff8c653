package score

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"tilgate/evals"
)

// judge asks a model for what cannot be counted: whether an answer does what
// its rubric says, and whether its sources support it. A judge's word is an
// opinion; its score carries another name than a count has.
func (s Scorer) judge(ctx context.Context, c evals.Case, r *evals.Result) error {
	if rubric := c.Item.Rubric; len(rubric) > 0 {
		if err := s.ask(ctx, c, r, "rubric", rubricPrompt(c, r.Answer.Text), len(rubric)); err != nil {
			return err
		}
	}
	texts := sources(c, &r.Answer)
	if c.Task.Kind != evals.RAG || len(texts) == 0 || r.Answer.Text == "" {
		return nil
	}
	prompt := fmt.Sprintf("Sources:\n%s\n\nAnswer:\n%s\n\nIs every claim of the answer supported by the sources? Reply with one line: 1: YES or 1: NO.", strings.Join(texts, "\n\n"), r.Answer.Text)
	return s.ask(ctx, c, r, "grounded_judge", prompt, 1)
}

func rubricPrompt(c evals.Case, answer string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Question:\n%s\n\nAnswer:\n%s\n\nDoes the answer meet each criterion?\n", c.Item.Text, answer)
	for i, line := range c.Item.Rubric {
		fmt.Fprintf(&b, "%d: %s\n", i+1, line)
	}
	b.WriteString("\nReply with one line for each criterion, and nothing else: its number, a colon, and YES or NO.")
	return b.String()
}

// ask puts a question with n parts to the judge. A reply that does not decide
// every part, or a judge that cannot be asked, leaves the score out and says so.
func (s Scorer) ask(ctx context.Context, c evals.Case, r *evals.Result, name, prompt string, n int) error {
	task := &evals.Task{Suite: "judge", Name: name, Kind: evals.Open, Lang: "en", MaxTokens: 16 * n}
	reply, err := s.Judge.Ask(ctx, evals.Case{Task: task, Item: c.Item, Prompt: name, Turns: []evals.Turn{{Role: "user", Text: prompt}}})
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		r.Judge = strings.TrimSpace(r.Judge + "\n" + name + ": " + err.Error())
		return nil
	}
	r.Judge = strings.TrimSpace(r.Judge + "\n" + name + ": " + reply.Text)
	if yes, ok := verdicts(reply.Text, n); ok {
		r.Scores[name] = float64(yes) / float64(n)
	}
	return nil
}

var verdictLine = regexp.MustCompile(`(?im)^\W*(\d+)\W+(yes|no)\b`)

// verdicts counts the parts that a judge agrees to.
func verdicts(reply string, n int) (yes int, ok bool) {
	said := map[string]bool{}
	for _, m := range verdictLine.FindAllStringSubmatch(reply, -1) {
		said[m[1]] = strings.EqualFold(m[2], "yes")
	}
	for i := 1; i <= n; i++ {
		agreed, there := said[fmt.Sprint(i)]
		if !there {
			return 0, false
		}
		if agreed {
			yes++
		}
	}
	return yes, true
}
