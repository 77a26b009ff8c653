package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/serving/auth"
)

// keyFlags are the flags of key create that stand for no field as they are.
type keyFlags struct {
	language  string
	languages []string
	expires   string
}

func (f *keyFlags) add(cmd *cobra.Command, key *auth.Key) {
	flags := cmd.Flags()
	flags.StringVar(&f.language, "language", "", "that the caller's questions are likely in, and to answer in when it cannot be told")
	flags.StringSliceVar(&key.Models, "models", nil, "models that may be named, such as auto,qwen3*; all if not given")
	flags.StringSliceVar(&f.languages, "languages", nil, "languages that auto may be asked in; all if not given")
	flags.StringSliceVar(&key.Knowledge, "kb", nil, "knowledge bases that are searched; all of the tenant's if not given")
	flags.StringSliceVar(&key.Sites, "site", nil, "sites that requests may be sent to; those that the configuration names for all if not given")
	flags.BoolVar(&key.Admin, "admin", false, "the caller may administer")
	flags.BoolVar(&key.Eval, "eval", false, "the caller may try weights that the gate keeps from everybody else")
	flags.StringVar(&f.expires, "expires", "", "when the key expires: a day (2027-06-30), a time (2027-06-30T12:00:00Z), or from now (720h)")

	policy := &key.Policy
	flags.IntVar(&policy.MaxN, "max-n", 0, "answers to one request for a plain model; 16 if not given")
	flags.IntVar(&policy.MaxTokens, "max-tokens", 0, "tokens of an answer of a plain model, which requests must then bound; any number if not given")
	flags.IntVar(&policy.MaxLogprobs, "max-logprobs", 0, "alternatives for each token; 20 if not given")
	flags.BoolVar(&policy.Templates, "templates", false, "requests may bring a chat template, which model servers run as a program")
	flags.BoolVar(&policy.LoRA, "lora", false, "requests may name weights to load")
	flags.StringSliceVar(&policy.MediaHosts, "media-host", nil, "hosts that model servers may fetch images from; none if not given")
	flags.BoolVar(&policy.LogText, "log-text", false, "the words of conversations may be logged")

	limits := &key.Limits
	flags.Int64Var(&limits.Requests, "requests-per-minute", 0, "no limit if not given, like all that follow")
	flags.Int64Var(&limits.Chars, "chars-per-minute", 0, "characters of questions and answers")
	flags.Int64Var(&limits.Tokens, "tokens-per-minute", 0, "tokens of questions and answers")
	flags.Int64Var(&limits.Concurrent, "concurrent", 0, "requests at once")
	flags.Int64Var(&limits.Day.Requests, "requests-per-day", 0, "")
	flags.Int64Var(&limits.Day.Chars, "chars-per-day", 0, "")
	flags.Int64Var(&limits.Day.Tokens, "tokens-per-day", 0, "")
	flags.Int64Var(&limits.Month.Requests, "requests-per-month", 0, "")
	flags.Int64Var(&limits.Month.Chars, "chars-per-month", 0, "")
	flags.Int64Var(&limits.Month.Tokens, "tokens-per-month", 0, "")
	flags.SortFlags = false
}

// fill puts what the flags say into a key.
func (f *keyFlags) fill(key *auth.Key) (err error) {
	key.Language = lang.Tag(f.language)
	for _, tag := range f.languages {
		key.Languages = append(key.Languages, lang.Tag(tag))
	}
	key.Expires, err = expiry(f.expires)
	return err
}

// expiry reads when a key expires: a day means its end, in UTC.
func expiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err == nil {
		at = at.AddDate(0, 0, 1)
	} else if d, wrong := time.ParseDuration(text); wrong == nil {
		at, err = now().Add(d), nil
	} else {
		at, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		return at, fmt.Errorf("--expires: %q is no day such as 2027-06-30, no time such as 2027-06-30T12:00:00Z, and no duration such as 720h", text)
	}
	if !at.After(time.Now()) {
		return at, fmt.Errorf("--expires: %s is over", text)
	}
	return at.UTC(), nil
}
