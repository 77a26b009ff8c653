package serving

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/rag"
)

// A speech is an answer being given: what it is an answer to, and what has
// come of it.
type speech struct {
	s        *Service
	request  Request
	found    found
	passages []rag.Passage
	x        *Exchange
	yield    func(Event) bool
	shown    strings.Builder // what the reader has seen
	limit    *limit          // of the attempt; nil for none
	enough   bool            // it was reached
	key      *Key            // under which the answer may be kept; nil for not at all
	pieces   []string        // what the reader has seen, as it came
}

// An attempt is one way to get an answer.
type attempt struct {
	did      string // by the guard, to come here; empty for the first
	degraded string // what is less than wished for about it
	adapter  *adapters.Adapter
	choice   Choice
	prompt   Prompt
}

// speak lets the model answer. An answer in the wrong language is tried again
// as long as the reader has seen nothing of it; a model that fails before its
// first word is stood in for.
func (s *Service) speak(ctx context.Context, sp speech, choice Choice) error {
	patience := time.Now().Add(s.opts.Patience)
	var miss *Miss
	for try := range sp.attempts(ctx, choice) {
		if miss != nil {
			if try.did != StepRefuse && time.Now().After(patience) {
				continue
			}
			sp.note(try.did, miss)
			sp.x.Plan.Adapter, sp.x.Plan.Model = try.adapter.Tag, try.choice.Name
			sp.x.Plan.Weights, sp.x.Plan.Degraded = try.choice.Weights, try.degraded
			if try.did == StepFallback {
				sp.x.Plan.Why = Fallback
			}
		}
		done, err := sp.try(ctx, try)
		if err != nil && sp.lost(ctx, try, err) {
			done, err = sp.quote(ctx, try, err)
		}
		if !errors.As(err, &miss) {
			return sp.finish(try, done, err)
		}
		if sp.shown.Len() > 0 {
			break
		}
	}
	sp.note(StepStop, miss)
	return fault.Blocked.Wrap(miss, "the model left the language of the answer, which was stopped")
}

func (sp *speech) note(did string, miss *Miss) {
	sp.x.Steps = append(sp.x.Steps, Step{At: time.Since(sp.x.Start), Did: did, Got: miss.Got.Tag, In: miss.Got.Script})
	sp.s.opts.Log.Warn("the guard stepped in", "id", sp.x.ID, "did", did, "model", sp.x.Plan.Model, "miss", miss.Error())
}

// attempts yields the ladder: the first choice, the same once more, the next
// language of the chain, an honest refusal. All but the first follow a Miss.
func (sp *speech) attempts(ctx context.Context, first Choice) iter.Seq[attempt] {
	return func(yield func(attempt) bool) {
		s, own := sp.s, sp.found.chain[0]
		try := attempt{degraded: sp.x.Plan.Degraded, adapter: own, choice: first, prompt: sp.prompt(own, first.Name)}
		if !yield(try) {
			return
		}
		try.did, try.prompt = StepRetry, insist(try.prompt)
		if !yield(try) {
			return
		}
		if len(sp.found.chain) > 1 {
			a := sp.found.chain[1]
			choice := s.parts.Models.Pick(ctx, a, sp.request.Model)
			next := attempt{StepFallback, OtherLanguage, a, choice, insist(sp.prompt(a, choice.Name))}
			if !choice.Own && !yield(next) {
				return
			}
		}
		refusal := Choice{Name: "none", Model: fixed(own.Say.Unable), Own: true}
		yield(attempt{StepRefuse, Unable, own, refusal, Prompt{Adapter: own}})
	}
}

// prompt returns what an adapter's model is asked. One that compares words
// gets the question in the script of the passages.
func (sp *speech) prompt(a *adapters.Adapter, model string) Prompt {
	p := sp.s.prompt(sp.request, a, model, sp.found.question, sp.passages)
	if sp.found.written != "" {
		p.Question = sp.found.written
	}
	return p
}

// insist returns the prompt for a second try: colder, and with the language
// asked for again where models heed it most, at the end.
func insist(p Prompt) Prompt {
	cold := 0.0
	p.Params.Temperature = &cold
	messages := append([]Message(nil), p.Messages...)
	messages[0].Content += "\n\n" + p.Adapter.Insist
	messages[len(messages)-1].Content += "\n\n" + p.Adapter.Insist
	p.Messages = messages
	return p
}

// lost reports whether a model failed in a way that quoting can make good:
// before its first word, and through no fault of the request.
func (sp *speech) lost(ctx context.Context, try attempt, err error) bool {
	var miss *Miss
	return sp.request.Weights == NoTrial && sp.shown.Len() == 0 && !try.choice.Own && len(sp.passages) > 0 && ctx.Err() == nil &&
		!errors.As(err, &miss) && !errors.Is(err, errReaderGone) && !fault.Invalid.Is(err)
}

// quote lets the model that needs no server answer in place of one that is lost.
func (sp *speech) quote(ctx context.Context, try attempt, err error) (Done, error) {
	sp.s.opts.Log.Warn("the model failed before its first word; quoting instead", "id", sp.x.ID, "model", try.choice.Name, "err", err)
	try.choice = sp.s.parts.Models.Fallback()
	sp.x.Plan.Model, sp.x.Plan.Degraded = try.choice.Name, ModelLost
	return sp.try(ctx, try)
}

// finish ends an answer.
func (sp *speech) finish(try attempt, done Done, err error) error {
	if err != nil {
		return err
	}
	citable := sp.passages
	if !try.choice.Own && sp.x.Plan.Degraded != ModelLost { // it reads, so it can vouch for what it was shown
		citable = citable[:try.prompt.Shown]
	}
	done.Plan, done.Citations = sp.x.Plan, citations(sp.shown.String(), citable)
	sp.x.Usage, sp.x.Citations = done.Usage, len(done.Citations)
	sp.keep(try, done)
	if !sp.yield(done) {
		return errReaderGone
	}
	return nil
}

// show shows text to the reader.
func (sp *speech) show(t attempt, text string) error {
	text = sp.s.write(t.adapter, answerScript(t.adapter, sp.found.language.Script), text)
	if sp.limit == nil {
		return sp.tell(text)
	}
	text, enough := sp.limit.add(text)
	return cmp.Or(sp.tell(text), enough)
}

// tell tells the reader a text.
func (sp *speech) tell(text string) error {
	if sp.shown.Len() == 0 { // an answer begins with a word, which citations are counted from
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	}
	if text == "" {
		return nil
	}
	if sp.x.First == 0 {
		sp.x.First = time.Since(sp.x.Start)
	}
	sp.shown.WriteString(text)
	if sp.key != nil {
		sp.pieces = append(sp.pieces, text)
	}
	sp.x.Chars += utf8.RuneCountInString(text)
	if !sp.yield(Delta{Text: text}) {
		return errReaderGone
	}
	return nil
}

// try makes one attempt, and returns how it ended.
func (sp *speech) try(ctx context.Context, t attempt) (Done, error) {
	var last Chunk
	var err error
	if sp.limit = nil; sp.request.MaxBytes > 0 {
		sp.limit = &limit{tag: t.adapter.Tag, most: sp.request.MaxBytes}
	}
	if t.choice.Own {
		last, err = sp.own(ctx, t)
	} else {
		last, err = sp.guarded(ctx, t)
	}
	if err == nil && sp.limit != nil && last.Finish != "" {
		err = sp.tell(sp.limit.end(last.Finish))
	}
	if sp.enough = errors.Is(err, errEnough); sp.enough {
		last.Finish, err = "length", nil
	}
	switch {
	case err != nil:
		return Done{}, err
	case last.Finish == "":
		return Done{}, fault.Unavailable.Errorf("the model's answer broke off")
	case sp.shown.Len() == 0:
		return Done{}, fault.Unavailable.Errorf("the model answered nothing")
	}
	done := Done{Finish: last.Finish, Usage: estimate(t.prompt, sp.shown.String())}
	if last.Usage != nil {
		done.Usage = *last.Usage
	}
	return done, nil
}

// own shows what Tilgate itself says, as it comes.
func (sp *speech) own(ctx context.Context, t attempt) (Chunk, error) {
	for chunk, err := range t.choice.Model.Chat(ctx, t.prompt) {
		if err == nil {
			err = sp.show(t, chunk.Text)
		}
		if err != nil || chunk.Finish != "" {
			return chunk, err
		}
	}
	return Chunk{}, nil
}

// guarded shows what a model says once the guard has let it pass. What is held
// is judged at the latest when it has been held for opts.Hold.
func (sp *speech) guarded(ctx context.Context, t attempt) (Chunk, error) {
	filter := sp.s.parts.Guard.Filter(Rule{
		Adapter: t.adapter, Scripts: answerScripts(t.adapter, sp.found.language.Script),
		Passages: sp.passages[:t.prompt.Shown], Terms: t.prompt.Terms,
	})
	defer func() { sp.x.Guard.add(filter.Report()) }()
	ctx, cancel := context.WithCancel(ctx)
	chunks := pump(ctx, sp.continued(ctx, t))
	defer func() {
		cancel()
		for range chunks { // the model server knows that nobody listens any more
		}
	}()
	held := time.NewTimer(sp.s.opts.Hold)
	held.Stop()
	defer held.Stop()
	for waiting := false; ; {
		var last Chunk
		var text string
		var err error
		select {
		case c, ok := <-chunks:
			if !ok {
				return Chunk{}, ctx.Err() // none: it just stopped
			}
			if c.err != nil {
				return Chunk{}, c.err
			}
			last = c.Chunk
			sp.answers(t, c.Chunk)
			text, err = filter.Add(c.Text)
			if err == nil && c.Finish != "" {
				var rest string
				rest, err = filter.End()
				text += rest
			}
		case <-held.C:
			waiting = false
			text, err = filter.Release()
		}
		if err == nil {
			err = sp.show(t, text)
		}
		if err != nil || last.Finish != "" {
			return last, err
		}
		if holding := filter.Holding(); !holding || text != "" {
			held.Stop()
			waiting = false
		}
		if filter.Holding() && !waiting {
			held.Reset(sp.s.opts.Hold)
			waiting = true
		}
	}
}

// A pumped chunk may be an error instead.
type pumped struct {
	Chunk
	err error
}

// pump reads a model's answer beside whoever reads the channel. It ends, and
// closes the channel, when the answer does or ctx is over.
func pump(ctx context.Context, seq iter.Seq2[Chunk, error]) <-chan pumped {
	out := make(chan pumped)
	go func() {
		defer close(out)
		for chunk, err := range seq {
			select {
			case out <- pumped{chunk, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
