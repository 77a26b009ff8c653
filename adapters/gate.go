package adapters

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"tilgate/internal/verdict"
)

// A Gate says whether weights need a verdict before they may answer.
type Gate string

// The gates.
const (
	Open     Gate = ""         // they may answer at once
	Required Gate = "required" // only while the verdict on exactly these is "promote"
)

// ServedName is what the weights are called on a model server: the same bytes
// on the same base have the same name, and others have another, so that a
// server can hold the old ones and the new ones side by side. It is empty for
// an adapter without weights of its own.
func (a *Adapter) ServedName() string {
	switch a.Kind {
	case FullModel:
		return a.Model
	case LoRA:
		return fmt.Sprintf(servedPrefix+"%s-%s", a.Tag, digest(a.LoRA.SHA256, a.Model)[:12])
	}
	return ""
}

const servedPrefix = "tilgate-"

// IsServedName reports whether a model's name on a server is one that
// ServedName gives to LoRAs.
func IsServedName(name string) bool { return strings.HasPrefix(name, servedPrefix) }

// Subject is what a verdict on this adapter must be about. base is the digest
// of its base as the model server gives it; of a full model it is the digest
// of the model itself.
func (a *Adapter) Subject(base string) verdict.Subject {
	s := verdict.Subject{Prompt: a.PromptDigest(), Base: base}
	if a.LoRA != nil {
		s.Weights = a.LoRA.SHA256
	}
	return s
}

// PromptDigest is the SHA-256, in hexadecimal, of everything in the adapter
// that a model is told.
func (a *Adapter) PromptDigest() string {
	parts := []string{a.System, a.Insist, a.Terms}
	for _, t := range a.Glossary.Terms {
		parts = append(parts, t.Source, t.Target)
	}
	return digest(parts...)
}

// digest hashes parts, each with its length, so that no two lists are alike.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		io.WriteString(h, p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Admits says whether the weights may answer on a base of this digest, and if
// not, why not, in a word for the record.
func (a *Adapter) Admits(base string) (reason string, ok bool) {
	switch v := a.Verdict; {
	case a.Gate != Required:
		return "", true
	case v == nil && a.Untrusty != "":
		return "gate_untrusted", false
	case v == nil:
		return "gate_no_verdict", false
	case v.Subject != a.Subject(base):
		return "gate_changed", false // other weights, prompt or base than were judged
	case v.Decision != verdict.Promote:
		return "gate_" + string(v.Decision), false
	}
	return "", true
}
