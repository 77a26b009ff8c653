package audit

import (
	"fmt"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Keep keeps the record of an exchange. In durable mode it returns when the
// record is on disk, or why it is not: the exchange must then not be answered.
func (l *Log) Keep(x serving.Exchange) error {
	err := l.Record(entryOf(x))
	if err == nil || fault.Unavailable.Is(err) {
		return err
	}
	return fault.Unavailable.Wrap(err, unrecorded)
}

const unrecorded = "answers cannot be recorded, as they must be here"

func entryOf(x serving.Exchange) Entry {
	e := Entry{Kind: "answer", Time: x.Start.UTC(), Seconds: x.Total.Seconds(), ID: x.ID, Caller: x.Caller.Name, Tenant: x.Caller.Tenant,
		Asked: x.Model, Auto: x.Auto, Language: string(x.Plan.Language.Tag), Adapter: string(x.Plan.Adapter), Model: x.Plan.Model,
		Backend: x.Backend, Cited: x.Citations, Degraded: x.Plan.Degraded, TokensIn: x.Usage.PromptTokens, TokensOut: x.Usage.CompletionTokens,
		Chars: x.Chars, Outcome: "ok"}
	if x.Err != nil {
		e.Outcome = fault.Of(x.Err).String()
	}
	if x.Digests.Adapter != "" {
		e.Digests = append(e.Digests, "adapter:"+x.Digests.Adapter)
	}
	if x.Digests.Model != "" {
		e.Digests = append(e.Digests, "model:"+x.Digests.Model)
	}
	seen := map[Source]bool{}
	for _, p := range x.Plan.Passages {
		if s := (Source{p.KB, p.Doc, p.Hash}); !seen[s] {
			seen[s] = true
			e.Sources = append(e.Sources, s)
		}
	}
	for _, s := range x.Steps {
		e.Guard = append(e.Guard, s.Did)
	}
	if n := x.Guard.Masked; n > 0 {
		e.Guard = append(e.Guard, fmt.Sprintf("hid %d", n))
	}
	if n := x.Guard.Dropped; n > 0 {
		e.Guard = append(e.Guard, fmt.Sprintf("dropped %d", n))
	}
	return e
}
