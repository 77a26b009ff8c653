package feedback

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"tilgate/internal/lang"
)

// An about is what each exported row says of where it comes from.
type about struct {
	Feedback      string      `json:"feedback"`
	Language      lang.Tag    `json:"language"`
	Script        lang.Script `json:"script"`
	Adapter       lang.Tag    `json:"adapter"`
	AdapterDigest string      `json:"adapter_digest"`
	Model         string      `json:"model"`
	ModelDigest   string      `json:"model_digest"`
	Knowledge     []base      `json:"knowledge"`
	Consent       Consent     `json:"consent"`
	Licence       string      `json:"licence"`
	Verified      bool        `json:"verified"` // the words are those of the gateway, not of its client
	Agreed        int         `json:"agreed"`   // people
}

// A base is a knowledge base in a version; 0 if nobody knows which.
type base struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

func aboutOf(f Feedback, agreed int) about {
	return about{Feedback: f.ID, Language: f.Language, Script: f.Script, Adapter: f.Adapter, AdapterDigest: f.AdapterDigest, Model: f.Model,
		ModelDigest: f.ModelDigest, Knowledge: basesOf(f.Passages), Consent: f.Consent, Licence: f.Licence, Verified: f.Verified, Agreed: agreed}
}

func basesOf(list []Passage) []base {
	out := []base{}
	for _, p := range list {
		out = append(out, base{p.KB, p.Version})
	}
	slices.SortFunc(out, func(a, b base) int { return cmp.Or(cmp.Compare(a.Name, b.Name), a.Version-b.Version) })
	return slices.Compact(out)
}

// fields tells the same where only texts are taken: in items of a suite.
func (s sample) fields() map[string]string {
	a := s.about
	var bases []string
	for _, b := range a.Knowledge {
		bases = append(bases, b.Name+"@"+strconv.Itoa(b.Version))
	}
	return map[string]string{"feedback": a.Feedback, "language": string(a.Language), "script": string(a.Script), "adapter": string(a.Adapter),
		"adapter_digest": a.AdapterDigest, "model": a.Model, "model_digest": a.ModelDigest, "knowledge": strings.Join(bases, " "),
		"consent": "training " + string(a.Consent.Language) + " " + a.Consent.Version, "licence": a.Licence,
		"verified": strconv.FormatBool(a.Verified), "agreed": strconv.Itoa(a.Agreed)}
}
