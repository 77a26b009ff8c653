package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/serving"
)

func (p *program) askCommand() *cobra.Command {
	var f askFlags
	cmd := &cobra.Command{Use: `ask "QUESTION"`, Short: "Answer a question, with citations",
		Long: `Answer a question from the knowledge bases, in its own language, with citations.
The answer is printed as it is written.`,
		Example: `  tilgate ask "የልደት ምዝገባ ስንት ያስከፍላል?"`,
		Args:    exactly(1, "one question, in quotes"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.ask(cmd.Context(), f, args[0])
		}}
	f.add(p, cmd)
	return cmd
}

func (p *program) ask(ctx context.Context, f askFlags, question string) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	r := serving.Request{ID: "ask", Caller: serving.Caller{Tenant: f.tenant, Scope: &serving.Scope{Sites: c.Sites}}, Messages: []serving.Message{{Role: "user", Content: question}}, Knowledge: f.kbs, Stream: true}
	if f.lang != "" {
		if r.Language, err = lang.ParseTag(f.lang); err != nil {
			return usageError{fmt.Errorf("--lang: %w", err)}
		}
	}
	quiet := quietLog()
	store, closeStore, err := openStore(ctx, c, quiet)
	if err != nil {
		return err
	}
	defer closeStore()
	svc, err := openService(ctx, c, store, quiet, besides{})
	if err != nil {
		return err
	}
	var text strings.Builder
	for event, err := range svc.Answer(ctx, r) {
		if err != nil {
			return err
		}
		switch e := event.(type) {
		case serving.Delta:
			text.WriteString(e.Text)
			if !f.json {
				fmt.Fprint(p.out, e.Text)
			}
		case serving.Done:
			return p.printAnswer(f.json, text.String(), e)
		}
	}
	return nil
}

type answerResult struct {
	Answer    string     `json:"answer"`
	Lang      lang.Tag   `json:"lang"`
	Adapter   lang.Tag   `json:"adapter"`
	Model     string     `json:"model"`
	Grounded  bool       `json:"grounded"`
	Degraded  string     `json:"degraded,omitempty"`
	Citations []citation `json:"citations"`
}

type citation struct {
	N      int    `json:"n"`
	Title  string `json:"title"`
	Source string `json:"source"`
	Date   string `json:"date"`

	Edition    string `json:"edition,omitempty"`
	Superseded string `json:"superseded,omitempty"` // in words
}

// printAnswer ends an answer: the sources below the text, or all as JSON.
func (p *program) printAnswer(asJSON bool, text string, done serving.Done) error {
	r := answerResult{Answer: text, Lang: done.Plan.Language.Tag, Adapter: done.Plan.Adapter, Model: done.Plan.Model,
		Grounded: done.Plan.Grounded, Degraded: done.Plan.Degraded, Citations: []citation{}}
	listed := map[int]bool{}
	for _, c := range done.Citations {
		if !listed[c.N] {
			listed[c.N] = true
			r.Citations = append(r.Citations, citation{c.N, c.Passage.Title, c.Passage.Source, c.Passage.Date, c.Passage.Edition, superseded(c.Passage.SupersededBy)})
		}
	}
	if asJSON {
		return json.NewEncoder(p.out).Encode(r)
	}
	fmt.Fprintln(p.out)
	for _, c := range r.Citations {
		fmt.Fprintf(p.out, "\n[%d] %s", c.N, cmp.Or(c.Title, c.Source))
		for _, more := range []string{c.Edition, c.Date, c.Superseded} {
			if more != "" {
				fmt.Fprintf(p.out, ", %s", more)
			}
		}
		if c.Title != "" && c.Source != "" {
			fmt.Fprintf(p.out, "\n    %s", c.Source)
		}
	}
	if len(r.Citations) > 0 {
		fmt.Fprintln(p.out)
	}
	return nil
}
