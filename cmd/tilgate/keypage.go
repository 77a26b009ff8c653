package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tilgate/serving"
	"tilgate/serving/auth"
)

// pageFlags are those of a key that stands in web pages, and of the shares of
// all who share a key.
func pageFlags(cmd *cobra.Command, key *auth.Key) {
	flags := cmd.Flags()
	flags.BoolVar(&key.Page, "page", false, "the key stands in web pages, for all to read: it asks auto, and nothing else")
	flags.StringArrayVar(&key.Origins, "origin", nil, "of those pages, such as https://moh.example; once for each")
	each := &key.Each
	shareFlags(flags, &each.Client, "client", "of each address that visitors of the pages come from")
	shareFlags(flags, &each.Session, "session", "of each visit to a page")
	shareFlags(flags, &each.User, "user", "of each user whom a program names in the field user")
}

func shareFlags(flags *pflag.FlagSet, s *serving.Share, name, of string) {
	flags.Int64Var(&s.Requests, name+"-requests-per-minute", 0, of)
	flags.Int64Var(&s.Chars, name+"-chars-per-minute", 0, "")
	flags.Int64Var(&s.Day.Requests, name+"-requests-per-day", 0, "")
	flags.Int64Var(&s.Day.Chars, name+"-chars-per-day", 0, "")
}

// usual fills in what a page key must limit, where nothing of it was given.
func usual(key *auth.Key) {
	if key.Each.Client == (serving.Share{}) {
		key.Each.Client = auth.UsualShares.Client
	}
	if key.Each.Session == (serving.Share{}) {
		key.Each.Session = auth.UsualShares.Session
	}
}

// embedLines is what to put into a page, with its key.
const embedLines = `Put this into the pages of ORIGINS, with the address of this service:

  <script src="https://assistant.example/embed.js" data-key="KEY" async></script>
  <noscript><a href="https://assistant.example/embed?key=KEY">Ask a question</a></noscript>

Everybody can read this key there. It opens nothing but questions from these pages.
`

// shownPage prints the key of a page.
func (p *program) shownPage(secret string, key auth.Key, after string) error {
	lines := strings.NewReplacer("ORIGINS", strings.Join(key.Origins, ", "), "KEY", secret).Replace(embedLines)
	_, err := fmt.Fprint(p.out, lines, after)
	return err
}

// shares says what each of those who share a key may use.
func shares(e serving.Each) string {
	var list []string
	for _, s := range []struct {
		name string
		serving.Share
	}{{"client", e.Client}, {"session", e.Session}, {"user", e.User}} {
		for _, n := range []struct {
			value int64
			of    string
		}{{s.Requests, "requests/min"}, {s.Chars, "chars/min"}, {s.Day.Requests, "requests/day"}, {s.Day.Chars, "chars/day"}, {s.Day.Tokens, "tokens/day"}} {
			if n.value > 0 {
				list = append(list, fmt.Sprintf("%s %d %s", s.name, n.value, n.of))
			}
		}
	}
	return strings.Join(list, ", ")
}

// modelsOf says which models a key may name.
func modelsOf(k auth.Key) string {
	if k.Page && len(k.Models) == 0 {
		return serving.Auto
	}
	return orElse(join(k.Models), "all")
}
