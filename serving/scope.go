package serving

import (
	"slices"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A Scope is what a key may use of what its tenant has. An empty list means
// everything. A nil Scope may use everything too, and administers nothing. A
// Scope is not changed once a Caller has it.
type Scope struct {
	Models    []string   `toml:"models,omitempty"`    // that may be named, "auto" among them; "qwen3*" means all that begin so
	Languages []lang.Tag `toml:"languages,omitempty"` // that questions to auto may be in; "kk" means kk-Latn too
	Knowledge []string   `toml:"knowledge,omitempty"` // knowledge bases that are searched
	Sites     []string   `toml:"sites,omitempty"`     // where requests may be sent; none means those that the configuration names for all
	Admin     bool       `toml:"admin,omitempty"`
	Eval      bool       `toml:"eval,omitempty"` // may try weights that the gate keeps from everybody else
	Policy    Policy     `toml:"policy,omitempty"`
	Limits    Limits     `toml:"limits,omitempty"`
	Each      Each       `toml:"each,omitempty"`

	Page    bool     `toml:"page,omitempty"`    // the key stands in web pages, for all to read: it may ask auto, and nothing else
	Origins []string `toml:"origins,omitempty"` // of those pages, such as https://moh.example
}

// A Policy bounds what a request for a plain model may ask for. What is out of
// bounds is refused; nothing is changed. The zero value is a safe one.
type Policy struct {
	MaxN        int      `toml:"max_n,omitempty"`        // answers at once; 0 means 16
	MaxTokens   int      `toml:"max_tokens,omitempty"`   // of an answer, which a request must then bound itself; 0 means any number
	MaxLogprobs int      `toml:"max_logprobs,omitempty"` // alternatives for each token; 0 means 20
	Templates   bool     `toml:"templates,omitempty"`    // templates of the caller's own, which a model server runs as programs
	LoRA        bool     `toml:"lora,omitempty"`         // weights that the caller names by where they lie
	MediaHosts  []string `toml:"media_hosts,omitempty"`  // where images and the like may be fetched from: "img.example", "img.example:8443"; data: URLs need none
	LogText     bool     `toml:"log_text,omitempty"`     // the words of conversations may be logged
}

// Limits is what a key may use over time. 0 sets no limit.
type Limits struct {
	Requests   int64 `toml:"requests,omitempty"`   // a minute
	Chars      int64 `toml:"chars,omitempty"`      // a minute: code points of questions and answers, so that no script pays more than another
	Tokens     int64 `toml:"tokens,omitempty"`     // a minute, of questions and answers
	Concurrent int64 `toml:"concurrent,omitempty"` // at once
	Day        Quota `toml:"day,omitempty"`        // of the calendar, in UTC
	Month      Quota `toml:"month,omitempty"`
}

// A Quota is what may be used up in a day or a month. 0 sets no limit.
type Quota struct {
	Requests int64 `toml:"requests,omitempty"`
	Chars    int64 `toml:"chars,omitempty"`
	Tokens   int64 `toml:"tokens,omitempty"`
}

// Within returns the scope, bound to some sites if it names none itself.
func (s Scope) Within(sites []string) Scope {
	if len(s.Sites) == 0 {
		s.Sites = sites
	}
	return s
}

// Administers reports whether the caller administers its tenant. What stands in
// web pages never does.
func (c Caller) Administers() bool { return c.Scope != nil && c.Scope.Admin && !c.Scope.Page }

// Policy returns what bounds the caller's requests for plain models.
func (c Caller) Policy() Policy {
	if c.Scope == nil {
		return Policy{}
	}
	return c.Scope.Policy
}

// Model returns an error unless the name of a model may be used. An empty name
// is auto, which leaves the model to Tilgate.
func (s *Scope) Model(name string) error {
	if s == nil || len(s.Models) == 0 && !s.Page {
		return nil
	}
	if name == "" {
		name = Auto
	}
	models := s.Models
	if len(models) == 0 {
		models = []string{Auto}
	}
	if slices.ContainsFunc(models, func(pattern string) bool { return matches(pattern, name) }) {
		return nil
	}
	return fault.Forbidden.Field("model", "this key may not use the model %q; it may use: %s", name, strings.Join(models, ", "))
}

// matches compares a name with a pattern. A name without a tag is the same as
// with ":latest".
func matches(pattern, name string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, start)
	}
	return strings.TrimSuffix(name, ":latest") == strings.TrimSuffix(pattern, ":latest")
}

// Language returns an error unless questions may be in a language.
func (s *Scope) Language(tag lang.Tag) error {
	if s == nil || len(s.Languages) == 0 {
		return nil
	}
	if slices.Contains(s.Languages, tag) || slices.Contains(s.Languages, tag.Base()) {
		return nil
	}
	return fault.Forbidden.Field("tilgate.language", "this key may not ask in %s; it may ask in: %s", tag, joinTags(s.Languages))
}

// Bases returns the knowledge bases to search when asked for some, or for all
// with none.
func (s *Scope) Bases(asked []string) ([]string, error) {
	if s == nil || len(s.Knowledge) == 0 {
		return asked, nil
	}
	for _, name := range asked {
		if !slices.Contains(s.Knowledge, name) {
			return nil, fault.Forbidden.Field("tilgate.knowledge", "this key may not search the knowledge base %q; it may search: %s",
				name, strings.Join(s.Knowledge, ", "))
		}
	}
	if len(asked) == 0 {
		return s.Knowledge, nil
	}
	return asked, nil
}
