package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/internal/translit"
)

type convertFlags struct {
	tag      string
	script   string
	alphabet string
	list     bool
	json     bool
}

func (p *program) langConvertCommand() *cobra.Command {
	var f convertFlags
	cmd := &cobra.Command{Use: "convert [TEXT]", Short: "Write a text in another script of its language",
		Long: `Write a text, or standard input, in another script of its language. Addresses,
code in backticks and names with digits stay as they are.

--list shows the alphabets that there are. Text written in one that is marked
"round trip" can be read back letter for letter; the others follow a spelling
that loses something.`,
		Example: "  tilgate lang convert --lang ky --to Latn \"Баланын күбөлүгү\"\n  tilgate lang convert --lang kk --to Latn --alphabet 2018 < letter.txt",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return p.langConvert(f, args) }}
	cmd.Flags().StringVar(&f.tag, "lang", "", "language of the text, such as ky")
	cmd.Flags().StringVar(&f.script, "to", "", "script to write it in: Latn, Cyrl or Arab")
	cmd.Flags().StringVar(&f.alphabet, "alphabet", "", "which alphabet of that script, if not the usual one")
	cmd.Flags().BoolVar(&f.list, "list", false, "list the languages and their alphabets")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON; with --list")
	return cmd
}

func (p *program) langConvert(f convertFlags, args []string) error {
	if f.list {
		return p.print(f.json, newAlphabets())
	}
	if f.tag == "" || f.script == "" {
		return usageError{fmt.Errorf("lang convert takes --lang and --to; --list shows what there is")}
	}
	tag, err := lang.ParseTag(f.tag)
	if err != nil {
		return usageError{fmt.Errorf("--lang: %w", err)}
	}
	convert, err := converter(tag, lang.Script(f.script), f.alphabet)
	if err != nil {
		return err
	}
	text := strings.Join(args, "")
	if len(args) == 0 {
		read, err := io.ReadAll(p.in)
		if err != nil {
			return fmt.Errorf("reading standard input: %w", err)
		}
		text = strings.TrimSuffix(string(read), "\n")
	}
	out, ok := convert(text)
	if !ok {
		return fmt.Errorf("no conversion of %s from %s to %s is known; see tilgate lang convert --list", tag, lang.ScriptOf(text), f.script)
	}
	_, err = fmt.Fprintln(p.out, out)
	return err
}

// converter returns the conversion into a script, or into one alphabet of it.
func converter(tag lang.Tag, script lang.Script, alphabet string) (func(string) (string, bool), error) {
	scripts := translit.Scripts(tag)
	if len(scripts) == 0 {
		return nil, fmt.Errorf("no second script of %s is known; see tilgate lang convert --list", tag)
	}
	if !slices.Contains(scripts, script) {
		return nil, fmt.Errorf("%s is not written in %q here, but in %s", tag, script, join(scripts))
	}
	if alphabet == "" {
		return func(text string) (string, bool) { return translit.To(tag, script, text) }, nil
	}
	var names []string
	for _, a := range translit.Alphabets(tag) {
		if a.Script == script && a.Name == alphabet {
			return a.From, nil
		}
		if a.Script == script {
			names = append(names, a.Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has one alphabet in %s, which needs no --alphabet", tag, script)
	}
	return nil, fmt.Errorf("%s has no alphabet %q in %s, but %s", tag, alphabet, script, join(names))
}

type alphabet struct {
	Tag        lang.Tag    `json:"tag"`
	Main       lang.Script `json:"main"`
	Script     lang.Script `json:"script"`
	Name       string      `json:"name"`
	Default    bool        `json:"default"`
	RoundTrips bool        `json:"round_trips"`
	OneWay     bool        `json:"one_way"`
}

func (a alphabet) String() string {
	var notes []string
	if a.Default {
		notes = append(notes, "default")
	}
	switch {
	case a.RoundTrips:
		notes = append(notes, "round trip")
	case a.OneWay:
		notes = append(notes, "one way")
	default:
		notes = append(notes, "loses something")
	}
	return fmt.Sprintf("%-4s %s to %s  %-10s %s", a.Tag, a.Main, a.Script, a.Name, strings.Join(notes, ", "))
}

type alphabets []alphabet

func newAlphabets() alphabets {
	list := alphabets{}
	for _, tag := range translit.Tags() {
		for _, a := range translit.Alphabets(tag) {
			list = append(list, alphabet{a.Tag, a.Main, a.Script, a.Name, a.Default, a.RoundTrips, a.OneWay})
		}
	}
	return list
}

func (as alphabets) String() string { return lineEach(as) }

func lineEach[T fmt.Stringer](list []T) string {
	lines := make([]string, len(list))
	for i, x := range list {
		lines[i] = x.String()
	}
	return strings.Join(lines, "\n")
}

func (p *program) langRetypeCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "retype TEXT", Short: "Say what a text would be, typed with another keyboard layout",
		Long: `Say what a text would be, had another keyboard layout been on, and the text as
it is. The one that reads most like a language comes first, as the detector
judges it: probability, language, layout that was meant, text.`,
		Example: "  tilgate lang retype \"ghbdtn rfr ltkf\"",
		Args:    exactly(1, "a text, in quotes"),
		RunE: func(_ *cobra.Command, args []string) error {
			return p.print(asJSON, newReadings(args[0]))
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type reading struct {
	Layout string `json:"layout"` // "" is the text as it is
	Text   string `json:"text"`
	Sound  bool   `json:"sound"` // spelled as the script allows
	detection
}

func (r reading) String() string {
	layout := cmp.Or(r.Layout, "as it is")
	return fmt.Sprintf("%.3f %-4s %-8s %s", r.Confidence, r.Tag, layout, r.Text)
}

type readings []reading

// newReadings judges each candidate among the languages that its layout is
// for, so that a Russian word typed as on a Tajik keyboard is no Russian.
func newReadings(text string) readings {
	d := lid.Default()
	list := readings{{"", text, true, detection(d.Detect(text, lid.Options{}))}}
	for _, c := range translit.Retyped(text) {
		list = append(list, reading{c.Layout, c.Text, c.Sound, detection(d.Detect(c.Text, lid.Options{Set: c.Tags}))})
	}
	slices.SortStableFunc(list, func(a, b reading) int { return cmp.Compare(b.worth(), a.worth()) })
	return list
}

// worth is the confidence, but none where the detector is not sure, and what
// it gives then is a measure of that; or where no one would spell so.
func (r reading) worth() float64 {
	switch {
	case r.Tag == lang.Und, !r.Sound:
		return 0
	case r.Layout == "":
		return r.Confidence + 0.1 // most text is typed as it was meant
	}
	return r.Confidence
}

func (rs readings) String() string { return lineEach(rs) }
