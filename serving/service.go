package serving

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
	Model    Model
	Degraded string // why it is less than what was wanted; empty if it is not
}

// A Picker chooses the model that answers now.
type Picker interface {
	// Pick returns the model for an adapter. It never fails: when no model
	// server answers, it picks what Fallback returns.
	Pick(ctx context.Context, a *adapters.Adapter) Choice
	// Fallback returns the model that needs no server.
	Fallback() Choice
}

// A Recorder keeps the record of an exchange. It must not block.
type Recorder interface {
	Record(ctx context.Context, x Exchange)
}

// Parts are what a Service is made of. All are needed.
type Parts struct {
	Adapters  *adapters.Set
	Detector  Detector
	Retriever Retriever
	Models    Picker
	Upstream  Upstream
	Recorder  Recorder
}

// Options of a Service. The zero value works.
type Options struct {
	Language     lang.Tag // to answer in when the question's cannot be told; empty refuses such questions
	PromptTokens int      // that a prompt may have; 0 means 6,000
	Translate    bool     // questions, by the model in use, for the other languages that an adapter searches
	Log          *slog.Logger
}

// A Service answers questions. It is safe for concurrent use.
type Service struct {
	parts Parts
	opts  Options
}

// New returns a service.
func New(p Parts, o Options) *Service {
	o.PromptTokens = cmp.Or(o.PromptTokens, 6000)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Service{parts: p, opts: o}
}

// Auto is the model name that leaves everything to Tilgate.
const Auto = "auto"

// Route says what a model name means. A plain model's exact name wins over an
// adapter's, since Ollama's names hold colons too.
func (s *Service) Route(ctx context.Context, model string) Route {
	if model == Auto {
		return Route{Auto: true}
	}
	rest, isAuto := strings.CutPrefix(model, Auto+":")
	tag, err := lang.ParseTag(rest)
	if err != nil {
		return Route{}
	}
	if _, served := s.parts.Adapters.For(tag); !isAuto && !served {
		return Route{}
	}
	plain, _ := s.parts.Upstream.Models(ctx)
	if slices.ContainsFunc(plain, func(m ModelInfo) bool { return m.Name == model }) {
		return Route{}
	}
	return Route{Auto: true, Language: tag}
}

// Models lists what a request can name: auto, auto with each language, and
// the plain models that can be reached.
func (s *Service) Models(ctx context.Context) ([]ModelInfo, error) {
	list := []ModelInfo{{Name: Auto, Owner: "tilgate"}}
	for _, tag := range s.parts.Adapters.Tags() {
		list = append(list, ModelInfo{Name: Auto + ":" + string(tag), Owner: "tilgate"})
	}
	plain, err := s.parts.Upstream.Models(ctx)
	if err != nil {
		s.opts.Log.Warn("listing models", "err", err)
	}
	return append(list, plain...), nil
}

// Ready returns nil when questions can be answered.
func (s *Service) Ready(ctx context.Context) error {
	_, err := s.parts.Retriever.Retrieve(ctx, rag.Query{Text: "ready", Lang: "en", K: 1})
	return err
}

// Forward sends a request for a plain model on.
func (s *Service) Forward(ctx context.Context, c Caller, r Raw) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		x := Exchange{ID: r.ID, Start: time.Now(), Caller: c, Model: r.Model, Stream: r.Stream}
		defer func() { s.record(ctx, x) }()
		for piece, err := range s.parts.Upstream.Forward(ctx, r) {
			if x.First == 0 && err == nil {
				x.First = time.Since(x.Start)
			}
			x.Err = err
			if !yield(piece, err) {
				x.Err = cmp.Or(x.Err, left(ctx))
				return
			}
		}
	}
}

func (s *Service) record(ctx context.Context, x Exchange) {
	x.Total = time.Since(x.Start)
	s.parts.Recorder.Record(context.WithoutCancel(ctx), x)
}

// Answer answers a question. It yields one Plan, then Deltas, then one Done;
// or an error, which ends it, at any point.
func (s *Service) Answer(ctx context.Context, r Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		x := &Exchange{ID: r.ID, Start: time.Now(), Caller: r.Caller, Model: Auto, Auto: true, Stream: r.Stream}
		defer func() { s.record(ctx, *x) }()
		err := s.answer(ctx, r, x, func(e Event) bool { return yield(e, nil) })
		if errors.Is(err, errReaderGone) {
			x.Err = left(ctx)
			return
		}
		if x.Err = err; err != nil {
			yield(nil, err)
		}
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
	question, err := lastQuestion(r.Messages)
	if err != nil {
		return err
	}
	language, a, err := s.language(r, question)
	if err != nil {
		return err
	}
	x.Plan = Plan{Language: language, Adapter: a.Tag}
	passages, err := s.retrieve(ctx, r, a, question, &x.Plan)
	if err != nil {
		return err
	}
	choice := s.parts.Models.Pick(ctx, a)
	x.Plan.Passages, x.Plan.Grounded = passages, len(passages) > 0
	switch {
	case x.Plan.Degraded == NotFound:
		choice = Choice{Name: "none", Model: fixed(a.Say.NotFound)}
	case x.Plan.Degraded == NoStore && choice.Degraded == NoModel:
		return fault.Unavailable.Errorf("neither the knowledge base nor a model can be reached")
	case x.Plan.Degraded == "":
		x.Plan.Degraded = choice.Degraded
	}
	x.Plan.Model = choice.Name
	if !yield(x.Plan) {
		return errReaderGone
	}
	prompt := s.prompt(r, a, question, passages)
	return s.speak(ctx, choice, prompt, x, yield)
}

// speak lets the model answer, and the fallback in its place if it fails
// before its first word.
func (s *Service) speak(ctx context.Context, c Choice, p Prompt, x *Exchange, yield func(Event) bool) error {
	citable := p.Passages
	if c.Degraded == "" { // it reads, so it can vouch for what it was shown
		citable = citable[:p.Shown]
	}
	text, done, err := s.stream(ctx, c.Model, p, x, yield)
	fallback := s.parts.Models.Fallback()
	lost := err != nil && text == "" && c.Degraded == "" && ctx.Err() == nil && !errors.Is(err, errReaderGone)
	if lost && len(p.Passages) > 0 && !fault.Invalid.Is(err) {
		s.opts.Log.Warn("the model failed before its first word; quoting instead", "id", x.ID, "model", c.Name, "err", err)
		x.Plan.Model, x.Plan.Degraded = fallback.Name, ModelLost
		text, done, err = s.stream(ctx, fallback.Model, p, x, yield)
		citable = p.Passages
	}
	if err != nil {
		return err
	}
	done.Plan, done.Citations = x.Plan, citations(text, citable)
	x.Usage, x.Citations = done.Usage, len(done.Citations)
	if !yield(done) {
		return errReaderGone
	}
	return nil
}

func (s *Service) stream(ctx context.Context, m Model, p Prompt, x *Exchange, yield func(Event) bool) (string, Done, error) {
	var text strings.Builder
	for chunk, err := range m.Chat(ctx, p) {
		if err != nil {
			return text.String(), Done{}, err
		}
		if text.Len() == 0 { // an answer begins with a word, which citations are counted from
			chunk.Text = strings.TrimLeftFunc(chunk.Text, unicode.IsSpace)
		}
		if chunk.Text != "" {
			if x.First == 0 {
				x.First = time.Since(x.Start)
			}
			text.WriteString(chunk.Text)
			x.Chars += utf8.RuneCountInString(chunk.Text)
			if !yield(Delta{Text: chunk.Text}) {
				return text.String(), Done{}, errReaderGone
			}
		}
		if chunk.Finish != "" {
			if text.Len() == 0 {
				return "", Done{}, fault.Unavailable.Errorf("the model answered nothing")
			}
			done := Done{Finish: chunk.Finish, Usage: estimate(p, text.String())}
			if chunk.Usage != nil {
				done.Usage = *chunk.Usage
			}
			return text.String(), done, nil
		}
	}
	return text.String(), Done{}, fault.Unavailable.Errorf("the model's answer broke off")
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

// language finds the language of the question and the adapter that answers.
func (s *Service) language(r Request, question string) (Language, *adapters.Adapter, error) {
	script := lang.ScriptOf(question)
	if r.Language != "" {
		a, ok := s.parts.Adapters.For(r.Language)
		if !ok {
			return Language{}, nil, s.unserved(r.Language)
		}
		return Language{Tag: r.Language, Script: script, Confidence: 1}, a, nil
	}
	l := s.detect(r.Messages, question)
	if a, ok := s.parts.Adapters.For(l.Tag); ok {
		return l, a, nil
	}
	if l.Tag != lang.Und {
		return l, nil, s.unserved(l.Tag)
	}
	if a, ok := s.parts.Adapters.For(s.opts.Language); ok {
		return Language{Tag: lang.Und, Script: script, Confidence: l.Confidence}, a, nil
	}
	return l, nil, fault.Unsupported.Field("tilgate.language",
		`the language of the question cannot be told; name it: "tilgate": {"language": "ky"}`)
}

// certain is how sure the detector must be to refuse a question for its
// language.
const certain = 0.9

// detect tells the language of the question among those that are served; if
// that fails, of the user's side of the conversation. Only a clear case of
// another language is taken for one.
func (s *Service) detect(messages []Message, question string) Language {
	served := s.parts.Adapters.Tags()
	l := s.parts.Detector.Detect(question, served, nil)
	if l.Tag != lang.Und {
		return l
	}
	if other := s.parts.Detector.Detect(question, nil, nil); other.Tag != lang.Und && other.Confidence >= certain {
		return other
	}
	var said []string
	for _, m := range messages {
		if m.Role == "user" {
			said = append(said, m.Content)
		}
	}
	if len(said) > 1 {
		return s.parts.Detector.Detect(strings.Join(said, "\n"), served, nil)
	}
	return l
}

func (s *Service) unserved(tag lang.Tag) error {
	return fault.Unsupported.Field("tilgate.language", "no adapter serves %s; served are: %s", tag, joinTags(s.parts.Adapters.Tags()))
}

func joinTags(tags []lang.Tag) string {
	var names []string
	for _, t := range tags {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// retrieve finds the passages for a question. A store that is down does not
// fail the request; it is noted in the plan.
func (s *Service) retrieve(ctx context.Context, r Request, a *adapters.Adapter, question string, plan *Plan) ([]rag.Passage, error) {
	q := rag.Query{Text: question, Lang: a.Tag, Also: a.Retrieve.Also, KBs: r.Knowledge, Tenant: r.Caller.Tenant}
	q.In = s.translate(ctx, r, a, question)
	passages, err := s.parts.Retriever.Retrieve(ctx, q)
	if before := questionBefore(r.Messages); err == nil && len(passages) == 0 && before != "" {
		q.Text = before + "\n" + question // "And for a man?" means little alone
		passages, err = s.parts.Retriever.Retrieve(ctx, q)
	}
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
