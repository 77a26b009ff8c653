package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/internal/locale"
	"tilgate/rag"
)

func (p *program) langListCommand() *cobra.Command {
	var path string
	var asJSON bool
	cmd := &cobra.Command{Use: "list", Short: "List the languages that are served",
		Long: `List the languages that are served: tag, names, scripts, and who reviewed the
texts. "none" means that nobody but their writer has.`,
		Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			set, err := p.languageSet(path)
			if err != nil {
				return err
			}
			list := languages{}
			for _, tag := range set.Tags() {
				a, _ := set.For(tag)
				list = append(list, newLanguage(a))
			}
			return p.print(asJSON, list)
		}}
	p.configFlag(cmd, &path)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) langShowCommand() *cobra.Command {
	var path string
	var asJSON bool
	cmd := &cobra.Command{Use: "show TAG", Short: "Show one language: scripts, analyzer, how it is written, prompt and fixed sentences",
		Long: `Show one language: scripts, analyzer, prompt and fixed sentences, and, by
example, how it writes numbers, dates and money. The currency is that of the
country where most of its readers live; a tag such as sw-KE names another.`,
		Example: "  tilgate lang show ky",
		Args:    exactly(1, "the tag of a language"),
		RunE: func(_ *cobra.Command, args []string) error {
			tag, err := lang.ParseTag(args[0])
			if err != nil {
				return usageError{err}
			}
			set, err := p.languageSet(path)
			if err != nil {
				return err
			}
			a, ok := set.For(tag)
			if !ok {
				return fmt.Errorf("no adapter serves %s; tilgate lang list shows those that there are", tag)
			}
			w, err := newWriting(a, tag)
			if err != nil {
				return fmt.Errorf("showing how %s is written: %w", tag, err)
			}
			return p.print(asJSON, languageDetail{newLanguage(a), a.Fallback, a.Retrieve.Also, a.System, a.Insist, a.Terms, a.Say, w})
		}}
	p.configFlag(cmd, &path)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) languageSet(path string) (*adapters.Set, error) {
	c, err := loadConfig(path, p.getenv)
	if err != nil {
		return nil, err
	}
	return openAdapters(c)
}

type language struct {
	Tag      lang.Tag      `json:"tag"`
	Name     string        `json:"name"`
	English  string        `json:"english"`
	Scripts  []lang.Script `json:"scripts"`
	Kind     adapters.Kind `json:"kind"`
	Analyzer string        `json:"analyzer"`
	Reviewed string        `json:"reviewed"`
}

func newLanguage(a *adapters.Adapter) language {
	return language{a.Tag, a.Name, a.English, a.Scripts, a.Kind, rag.AnalyzerFor(a.Tag).Name, a.Reviewed}
}

func (l language) String() string {
	scripts := make([]string, len(l.Scripts))
	for i, s := range l.Scripts {
		scripts[i] = string(s)
	}
	return fmt.Sprintf("%-4s %-15s %-15s %-20s %-12s reviewed: %s", l.Tag, l.English, strings.Join(scripts, ","), l.Analyzer, l.Kind, l.Reviewed)
}

type languages []language

func (ls languages) String() string {
	lines := make([]string, len(ls))
	for i, l := range ls {
		lines[i] = l.String() + "  " + l.Name // last, since its width on a terminal is anybody's guess
	}
	return strings.Join(lines, "\n")
}

type languageDetail struct {
	language
	Fallback []lang.Tag   `json:"fallback"`
	Also     []lang.Tag   `json:"also"`
	System   string       `json:"system"`
	Insist   string       `json:"insist"`
	Terms    string       `json:"terms"`
	Say      adapters.Say `json:"say"`
	Writing  writing      `json:"writing"`
}

func (d languageDetail) String() string {
	return fmt.Sprintf("%s  %s\nfallback: %s\nalso searched: %s\n%s\n\n%s\n\ninsist:     %s\nterms:      %s\nnot found:  %s\nquoting:    %s\ntranslated: %s\nblocked:    %s\nhandover:   %s\nunable:     %s",
		d.language, d.Name, orNone(d.Fallback), orNone(d.Also), d.Writing, strings.TrimSpace(d.System), d.Insist, d.Terms,
		d.Say.NotFound, d.Say.Quoting, d.Say.Translated, d.Say.Blocked, d.Say.Handover, d.Say.Unable)
}

// writing is how a language is written, by example.
type writing struct {
	Direction string `json:"direction"`
	Digits    string `json:"digits"`
	Ends      string `json:"sentence_ends"`
	Number    string `json:"number"`
	Date      string `json:"date"`
	DateShort string `json:"date_short"`
	Money     string `json:"money"`
}

// newWriting shows a's language as people write it where tag says.
func newWriting(a *adapters.Adapter, tag lang.Tag) (writing, error) {
	w := writing{Direction: "ltr", Digits: lang.Digits(tag), Ends: lang.SentenceEnds(tag)}
	if len(a.Scripts) > 0 && a.Scripts[0].RightToLeft() {
		w.Direction = "rtl"
	}
	on := time.Date(2026, time.November, 27, 0, 0, 0, 0, time.UTC)
	w.Date, w.DateShort = locale.Date(tag, on, locale.Long), locale.Date(tag, on, locale.Short)
	var err error
	if w.Number, err = locale.Number(tag, "1234567.89", -1); err != nil {
		return w, err
	}
	if code := locale.Currency(tag); code != "" {
		w.Money, err = locale.Money(tag, "2500", code)
	}
	return w, err
}

func (w writing) String() string {
	return fmt.Sprintf("direction: %s\ndigits:    %s\nends:      %s\nnumber:    %s\ndate:      %s, %s\nmoney:     %s",
		w.Direction, w.Digits, w.Ends, w.Number, w.Date, w.DateShort, w.Money)
}

func orNone(tags []lang.Tag) string {
	if len(tags) == 0 {
		return "none"
	}
	return join(tags)
}
