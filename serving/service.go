package serving

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Detector says what language a text is in. It answers lang.Und when it is
// not sure. prior makes some tags likelier than others.
type Detector interface {
	Detect(text string, set []lang.Tag, prior map[lang.Tag]float64) Language
}

// A Choice is a model that may answer.
type Choice struct {
	Name     string
	Digest   string // of its weights, template and parameters; empty if the server tells none
	Model    Model
	Degraded string // why it is less than what was wanted; empty if it is not
	Weights  string // why the adapter's own weights do not answer; empty if they do, or it has none
	Own      bool   // it says what Tilgate or a passage says, which nobody need guard
}

// A Picker chooses the model that answers now.
type Picker interface {
	// Pick returns the model for an adapter, or model of the server under the
	// adapter's prompt unless model is empty. It never fails: when no model
	// server answers, it picks what Fallback returns.
	Pick(ctx context.Context, a *adapters.Adapter, model string) Choice
	// Fallback returns the model that needs no server.
	Fallback() Choice
}

// A Recorder keeps the record of an exchange. It must not block.
type Recorder interface {
	Record(ctx context.Context, x Exchange)
}

// Parts are what a Service is made of. All but Library are needed.
type Parts struct {
	Adapters  func() *adapters.Set // in force now
	Detector  Detector
	Retriever Retriever
	Models    Picker
	Upstream  Upstream
	Guard     Guard
	Recorder  Recorder
	Library   Library // may be nil: then no knowledge base is listed
}

// Options of a Service. The zero value works.
type Options struct {
	Language     lang.Tag      // to answer in when the question's cannot be told; empty refuses such questions
	PromptTokens int           // that a prompt may have; 0 means 6,000
	Hold         time.Duration // the longest that the guard holds text; 0 means 1.5 s
	Patience     time.Duration // for attempts at an answer in the right language; 0 means 60 s
	Translate    bool          // questions, by the model in use, for the other languages that an adapter searches
	// Cost returns the tokens that a character takes for a model in a language,
	// or 0 where nobody measured it. nil knows nothing.
	Cost func(model string, tag lang.Tag) float64
	// Answers keeps answers that were given, under a key that holds Policy: what
	// stands for everything in force that is in no other option. nil keeps none.
	Answers Answers
	Policy  string
	// Refuse returns why nothing may be answered now, nil that it may. nil lets
	// everything be answered.
	Refuse func() error
	// Keep keeps a record without which no answer may end, for an audit say. It
	// may take its time. Its error is given in place of the end of the answer;
	// nil keeps none.
	Keep func(Exchange) error
	// SharedStore says that the passages are not here but on a server that all
	// gateways ask: while it is down, none of them could answer better.
	SharedStore bool
	Log         *slog.Logger
}

// A Service answers questions. It is safe for concurrent use.
type Service struct {
	parts Parts
	opts  Options
}

// New returns a service.
func New(p Parts, o Options) *Service {
	o.PromptTokens = cmp.Or(o.PromptTokens, 6000)
	o.Hold = cmp.Or(o.Hold, 1500*time.Millisecond)
	o.Patience = cmp.Or(o.Patience, time.Minute)
	if o.Cost == nil {
		o.Cost = func(string, lang.Tag) float64 { return 0 }
	}
	if o.Refuse == nil {
		o.Refuse = func() error { return nil }
	}
	if o.Keep == nil {
		o.Keep = func(Exchange) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{parts: p, opts: o}
}

// Models lists what a request of the caller can name: auto, auto with each
// language, and the plain models that can be reached.
func (s *Service) Models(ctx context.Context, c Caller) ([]ModelInfo, error) {
	ctx = WithCaller(ctx, c)
	list := []ModelInfo{}
	if c.Scope.Model("") == nil {
		list = append(list, ModelInfo{Name: Auto, Owner: "tilgate"})
		for _, tag := range s.parts.Adapters().Tags() {
			if c.Scope.Language(tag) == nil {
				list = append(list, ModelInfo{Name: Auto + ":" + string(tag), Owner: "tilgate"})
			}
		}
	}
	plain, err := s.parts.Upstream.Models(ctx)
	if err != nil {
		s.opts.Log.Warn("listing models", "err", err)
	}
	for _, m := range plain {
		a, err := s.permit(ctx, c, m.Name)
		if err != nil {
			continue
		}
		if a != nil && m.Parent == "" {
			m.Parent = a.Model
		}
		list = append(list, m)
	}
	return list, nil
}

// Running lists the plain models that are in memory now, of those that the
// caller can name.
func (s *Service) Running(ctx context.Context, c Caller) ([]ModelInfo, error) {
	ctx = WithCaller(ctx, c)
	list, err := s.parts.Upstream.Running(ctx)
	return slices.DeleteFunc(list, func(m ModelInfo) bool {
		_, wrong := s.permit(ctx, c, m.Name)
		return wrong != nil
	}), err
}

// Forward sends a request for a plain model on. It is recorded when it ends;
// a stream, when it has been read.
func (s *Service) Forward(ctx context.Context, c Caller, r Raw) (Reply, error) {
	x := Exchange{ID: r.ID, Start: time.Now(), Caller: c, Model: r.Model, Stream: r.Stream, Trace: r.Trace}
	ctx = WithCaller(ctx, c)
	if x.Err = s.opts.Refuse(); x.Err == nil {
		r.Adapter, x.Err = s.permit(ctx, c, r.Model)
	}
	if x.Err != nil {
		_ = s.record(ctx, x) // it is refused as it is
		return Reply{}, x.Err
	}
	reply, err := s.parts.Upstream.Forward(ctx, r)
	if err == nil && reply.Stream != nil {
		reply.Stream = s.recorded(ctx, x, reply, bytes.Clone(r.Body))
		return reply, nil
	}
	if x.Err = err; err == nil {
		x.First = time.Since(x.Start)
		x.count(reply.Tally, r.Body)
	}
	x.served(reply.Served)
	if kept := s.record(ctx, x); kept != nil {
		return Reply{}, cmp.Or(err, kept)
	}
	return reply, err
}

// recorded yields a stream and records how it went.
func (s *Service) recorded(ctx context.Context, x Exchange, r Reply, asked []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		reads := false // the reader, at the end
		defer func() {
			x.count(r.Tally, asked)
			x.served(r.Served)
			if kept := s.record(ctx, x); kept != nil && reads && x.Err == nil {
				yield(nil, kept)
			}
		}()
		for piece, err := range r.Stream {
			if x.First == 0 && err == nil {
				x.First = time.Since(x.Start)
			}
			x.Err = err
			if !yield(piece, err) {
				x.Err = cmp.Or(x.Err, left(ctx))
				return
			}
		}
		reads = true
	}
}

// permit refuses a model that the caller may not name, or nobody now. An empty
// name is auto.
func (s *Service) permit(ctx context.Context, c Caller, model string) (*adapters.Adapter, error) {
	if err := c.Scope.Model(model); err != nil {
		return nil, err
	}
	return s.admit(ctx, model)
}

// admit refuses the weights of a LoRA by name while the gate keeps them from
// answering, and those that no language file names any more. It returns the
// adapter of those that may; nil for what is no LoRA.
func (s *Service) admit(ctx context.Context, model string) (*adapters.Adapter, error) {
	if !adapters.IsServedName(model) {
		return nil, nil
	}
	a, ok := s.parts.Adapters().Serving(model)
	if !ok {
		return nil, fault.Forbidden.Field("model", "the weights %q belong to no adapter in force", model)
	}
	switch c := s.parts.Models.Pick(ctx, a, ""); {
	case c.Name == a.ServedName():
		return a, nil
	case c.Weights != "":
		return nil, fault.Forbidden.Field("model", "the weights %q may not answer now: %s", model, c.Weights)
	}
	return nil, fault.Unavailable.Errorf("no model server answers, so that the weights %q cannot", model)
}

// record records an exchange. An error means that it may not be answered.
func (s *Service) record(ctx context.Context, x Exchange) error {
	x.Total = time.Since(x.Start)
	kept := s.opts.Keep(x)
	x.Err = cmp.Or(x.Err, kept)
	s.parts.Recorder.Record(context.WithoutCancel(ctx), x)
	return kept
}

// Answer answers a question. It yields one Plan, then Deltas, then one Done;
// or an error, which ends it, at any point.
func (s *Service) Answer(ctx context.Context, r Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		x := &Exchange{ID: r.ID, Start: time.Now(), Caller: r.Caller, Model: Auto, Auto: true, Stream: r.Stream, Trace: r.Trace}
		ctx := WithCaller(ctx, r.Caller)
		reads := false // the reader, at the end
		defer func() {
			if kept := s.record(ctx, *x); kept != nil && reads {
				yield(nil, kept)
			}
		}()
		err := s.answer(ctx, r, x, func(e Event) bool { return yield(e, nil) })
		if errors.Is(err, errReaderGone) {
			x.Err = left(ctx)
			return
		}
		if x.Err = err; err != nil {
			yield(nil, err)
			return
		}
		reads = true
	}
}

// left says why nobody reads any more.
func left(ctx context.Context) error {
	return cmp.Or(context.Cause(ctx), fault.Canceled.Errorf("the reader left"))
}

// errReaderGone ends an answer whose reader stopped reading. It leaves this
// package in no other form.
var errReaderGone = errors.New("the reader left")

func (s *Service) answer(ctx context.Context, r Request, x *Exchange, yield func(Event) bool) error {
	if err := s.opts.Refuse(); err != nil {
		return err
	}
	if _, err := lastQuestion(r.Messages); err != nil {
		return err
	}
	if _, err := s.permit(ctx, r.Caller, r.Model); err != nil {
		return err
	}
	var err error
	if r.Knowledge, err = r.Caller.Scope.Bases(r.Knowledge); err != nil {
		return err
	}
	r.Messages, x.Guard.Masked = s.mask(r.Messages)
	if err := r.Caller.mayTry(r); err != nil {
		return err
	}
	f, err := s.find(r)
	if err != nil {
		return err
	}
	x.Question = f.question
	f.chain = r.Weights.of(f.chain)
	a := f.chain[0]
	x.Plan = Plan{Language: f.language, Adapter: a.Tag, Why: f.why}
	var passages []rag.Passage
	if !r.Bare {
		passages, err = s.retrieve(ctx, r, &f, &x.Plan)
	}
	x.Retrieved = time.Since(x.Start)
	if err != nil {
		return err
	}
	choice := s.parts.Models.Pick(ctx, a, r.Model)
	if err := r.Weights.answered(a, choice); err != nil {
		return err
	}
	x.Plan.Passages, x.Plan.Grounded = passages, len(passages) > 0
	switch {
	case x.Plan.Degraded == NotFound:
		choice = Choice{Name: "none", Model: fixed(a.Say.NotFound), Own: true}
	case x.Plan.Degraded == NoStore && choice.Degraded == NoModel:
		return fault.Unavailable.Errorf("neither the knowledge base nor a model can be reached")
	case x.Plan.Degraded == "":
		x.Plan.Degraded = choice.Degraded
	}
	x.Plan.Model, x.Plan.Weights = choice.Name, choice.Weights
	x.Digests = Digests{Adapter: a.Digest, Model: choice.Digest}
	sp := speech{s: s, request: r, found: f, passages: passages, x: x, yield: yield}
	if sp.keyed(choice) {
		if kept, ok := s.opts.Answers.Get(*sp.key); ok {
			return sp.again(kept)
		}
	}
	if !yield(x.Plan) {
		return errReaderGone
	}
	return s.speak(ctx, sp, choice)
}

// mask hides personal data in everything that is asked.
func (s *Service) mask(messages []Message) ([]Message, int) {
	out, total := slices.Clone(messages), 0
	for i := range out {
		masked, n := s.parts.Guard.Mask(out[i].Content)
		out[i].Content, total = masked, total+n
	}
	return out, total
}

// lastQuestion returns the last message, which must be the user's.
func lastQuestion(messages []Message) (string, error) {
	if len(messages) == 0 {
		return "", fault.Invalid.Field("messages", "messages is empty; send at least one message of the user")
	}
	last := messages[len(messages)-1]
	if last.Role != "user" || strings.TrimSpace(last.Content) == "" {
		return "", fault.Invalid.Field("messages", "the last message must be a question of the user")
	}
	return last.Content, nil
}

// retrieve finds the passages for a question. A store that is down does not
// fail the request; it is noted in the plan.
func (s *Service) retrieve(ctx context.Context, r Request, f *found, plan *Plan) ([]rag.Passage, error) {
	passages, err := s.search(ctx, r, f)
	switch {
	case err != nil && (fault.NotFound.Is(err) || ctx.Err() != nil):
		return nil, err
	case err != nil:
		s.opts.Log.Error("retrieving", "id", r.ID, "err", err)
		plan.Degraded = NoStore
		return nil, nil
	case len(passages) == 0:
		plan.Degraded = NotFound
	}
	return passages, nil
}

// search asks for the question alone, in the scripts of its language, then
// together with the one before: "And for a man?" means little alone.
func (s *Service) search(ctx context.Context, r Request, f *found) ([]rag.Passage, error) {
	q := rag.Query{Text: f.question, Lang: f.searched, Also: f.also, KBs: r.Knowledge, Tenant: r.Caller.Tenant}
	q.In = s.translate(ctx, r, f)
	written := forms(f.searched, f.question)
	texts := written
	if before := questionBefore(r.Messages); before != "" {
		texts = slices.Concat(written, forms(f.searched, before+"\n"+f.question))
	}
	for i, text := range texts {
		q.Text = text
		passages, err := s.parts.Retriever.Retrieve(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(passages) > 0 {
			f.written = written[i%len(written)]
			return passages, nil
		}
	}
	return nil, nil
}

// questionBefore returns the user's message before the last, or "".
func questionBefore(messages []Message) string {
	for _, m := range slices.Backward(messages[:len(messages)-1]) {
		if m.Role == "user" {
			return m.Content
		}
	}
	return ""
}

// fixed is a model that says one sentence.
type fixed string

func (f fixed) Chat(context.Context, Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		if yield(Chunk{Text: string(f)}, nil) {
			yield(Chunk{Finish: "stop"}, nil)
		}
	}
}
