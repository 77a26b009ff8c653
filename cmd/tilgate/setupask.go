package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"tilgate/internal/fit"
)

// An asker asks on a terminal. Questions go to standard error, so that what
// setup says of itself can be kept in a file.
type asker struct {
	ctx   context.Context
	out   io.Writer
	lines chan typed
}

type typed struct {
	text string
	err  error
}

var errNoAnswer = errors.New("the terminal was closed; nothing was written")

// newAsker returns an asker, if there is somebody to ask.
func (p *program) newAsker(ctx context.Context) (*asker, error) {
	f, ok := p.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, usageError{errors.New("this is no terminal, so nobody can be asked; say with flags what differs from the defaults, and --yes (or --dry-run to see what would be written)")}
	}
	a := &asker{ctx: ctx, out: p.err, lines: make(chan typed)}
	go a.read(f)
	return a, nil
}

// read hands on lines. It is left behind, waiting, where asking is stopped: a
// terminal cannot be told to let go.
func (a *asker) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		select {
		case a.lines <- typed{text: lines.Text()}:
		case <-a.ctx.Done():
			return
		}
	}
	err := lines.Err()
	if err == nil {
		err = errNoAnswer
	}
	select {
	case a.lines <- typed{err: err}:
	case <-a.ctx.Done():
	}
}

// mostTries is how often the same question is asked of somebody whose answers
// will not do.
const mostTries = 5

// ask asks a question until its answer will do. Nothing is the usual answer.
func (a *asker) ask(question, usual string, check func(answer string) error) (string, error) {
	for range mostTries {
		fmt.Fprintf(a.out, "%s [%s] ", question, usual)
		var got typed
		select {
		case got = <-a.lines:
		case <-a.ctx.Done():
			fmt.Fprintln(a.out)
			return "", errors.New("stopped; nothing was written")
		}
		if got.err != nil {
			fmt.Fprintln(a.out)
			return "", got.err
		}
		answer := strings.TrimSpace(got.text)
		if answer == "" {
			answer = usual
		}
		err := readable(answer)
		if err == nil {
			err = check(answer)
		}
		if err == nil {
			return answer, nil
		}
		fmt.Fprintf(a.out, "  %v\n", err)
	}
	return "", errors.New("no answer would do; nothing was written. Flags say the same: tilgate setup --help")
}

// readable refuses what comes of arrow keys and other encodings.
func readable(answer string) error {
	if !utf8.ValidString(answer) || strings.ContainsFunc(answer, unicode.IsControl) {
		return errors.New("that holds characters that no answer has; type it again")
	}
	return nil
}

func (a *asker) yes(question string, usual bool) (bool, error) {
	word := map[bool]string{true: "yes", false: "no"}
	answer, err := a.ask(question, word[usual], func(answer string) error {
		if !slices.Contains([]string{"y", "yes", "n", "no"}, strings.ToLower(answer)) {
			return errors.New("answer yes or no")
		}
		return nil
	})
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}

// none is the answer that means nothing of the kind.
const none = "none"

// ask asks for what no flag said.
func (f *setupFlags) ask(ctx context.Context, a *asker, given func(flag string) bool, p *program) error {
	for _, q := range []struct {
		flag, question, usual string
		take                  func(answer string)
	}{
		{"languages", "Languages to serve, such as ky,ru; all of them, or some:", "all", func(s string) { f.languages = listed(s, "all") }},
		{"knowledge", "Folder of documents to answer from:", none, func(s string) { f.knowledge = listed(s, none) }},
		{"model", "", "", nil}, // its place
		{"listen", "Address to serve on (127.0.0.1:8080 is this machine alone, 0.0.0.0:8080 every network):", f.listen, func(s string) { f.listen = s }},
		{"host", "Names that people reach it by, such as assistant.example:", none, func(s string) { f.hosts = listed(s, none) }},
		{"page", "Web pages on which people may ask without a key of their own, such as https://moh.example:", none, func(s string) { f.pages = listed(s, none) }},
		{"data", "Folder for all that is kept:", f.data, func(s string) { f.data = s }},
		{"key", "Name of the operator, who gets a key:", f.key, func(s string) { f.key = strings.TrimPrefix(s, none) }},
	} {
		switch {
		case q.flag == "model":
			if err := f.askModel(ctx, a, given, p); err != nil {
				return err
			}
			continue
		case given(q.flag):
			continue
		}
		_, err := a.ask(q.question, q.usual, func(answer string) error {
			before := f.setting
			q.take(answer)
			_ = absolute(&f.data)
			_, err := planSetup(f.setting, p.getenv)
			if err != nil {
				f.setting = before
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func listed(answer, nothing string) (list []string) {
	if answer == nothing {
		return nil
	}
	for _, s := range strings.Split(answer, ",") {
		if s = strings.TrimSpace(s); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// askModel asks for the model server, looks what it has, and asks which model.
func (f *setupFlags) askModel(ctx context.Context, a *asker, given func(flag string) bool, p *program) error {
	if !given("ollama") && !given("openai") && !given("no-model") {
		usual := cmp.Or(f.ollama, none)
		here := BackendConfig{Name: "ollama", URL: ollamaHere, Kind: kindOllama}
		if s := takeStock(ctx, here); s.err == nil {
			usual = ollamaHere
		}
		answer, err := a.ask("Model server, a URL such as "+ollamaHere+" or http://127.0.0.1:8000:", usual, func(answer string) error {
			f.noModel, f.ollama, f.openai = answer == none, "", ""
			if !f.noModel {
				f.ollama = answer // for the check
			}
			_, err := planSetup(f.setting, p.getenv)
			return err
		})
		if err != nil {
			return err
		}
		if answer != none {
			if err := f.askKind(ctx, a, answer); err != nil {
				return err
			}
		}
	}
	if f.noModel || f.model != "" {
		return nil
	}
	b := f.backend()
	s := takeStock(ctx, b)
	fmt.Fprint(a.out, f.listModels(ctx, b, s))
	usual := "the server's first"
	if best := f.best(ctx, b, s); best != "" {
		usual = best
	}
	answer, err := a.ask("Model to answer with:", usual, func(string) error { return nil })
	if answer != "the server's first" {
		f.model = answer
	}
	return err
}

// askKind finds out what kind of server stands at an address, or asks.
func (f *setupFlags) askKind(ctx context.Context, a *asker, url string) error {
	f.ollama, f.openai = url, ""
	if s := takeStock(ctx, f.backend()); s.err == nil {
		return nil
	}
	f.ollama, f.openai = "", url
	if s := takeStock(ctx, f.backend()); s.err == nil {
		return nil
	}
	is, err := a.yes("Nothing answers there now. Will it be Ollama (no means a server of OpenAI's API)?", true)
	if is {
		f.ollama, f.openai = url, ""
	}
	return err
}

func (s setting) backend() BackendConfig {
	c, _, _ := s.fill()
	for _, b := range c.backends() {
		return b
	}
	return BackendConfig{}
}

// listModels says what there is and what of it fits.
func (f *setupFlags) listModels(ctx context.Context, b BackendConfig, s stock) string {
	var text strings.Builder
	machine := readMachine(ctx)
	fmt.Fprintf(&text, "  This machine: %s.\n", machine)
	list := s.models
	if len(list) == 0 {
		fmt.Fprintf(&text, "  %s has no model yet; these are often used:\n", b.URL)
		list = fit.Offers(b.context())
	}
	for _, m := range list {
		switch {
		case m.Weights == 0:
			fmt.Fprintf(&text, "  %-20s memory unknown\n", m.Name)
		case !b.isHere():
			fmt.Fprintf(&text, "  %-20s %s\n", m.Name, fit.Size(m.Need()))
		default:
			fmt.Fprintf(&text, "  %-20s %s; %s\n", m.Name, fit.Size(m.Need()), machine.Holds(m))
		}
	}
	return text.String()
}

// best is the largest model that fits.
func (f *setupFlags) best(ctx context.Context, b BackendConfig, s stock) string {
	machine := readMachine(ctx)
	if !b.isHere() {
		return ""
	}
	if len(s.models) == 0 {
		m, _ := fit.Suggest(machine, b.context())
		return m.Name
	}
	var best fit.Model
	for _, m := range s.models {
		if machine.Suits(m) && m.Weights > best.Weights {
			best = m
		}
	}
	return best.Name
}
