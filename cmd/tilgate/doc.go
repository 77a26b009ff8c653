// Tilgate serves open-weight language models in local languages, on local
// machines: it answers from a country's own documents, in the language of the
// question, with citations.
//
// # The tour
//
// This is the way of one question through the code, package by package. Who
// knows it knows where every file is.
//
// A citizen asks in Kyrgyz, over OpenAI's API, with model "auto". The request
// arrives at serving/gateway, which speaks HTTP and nothing else does. It asks
// serving/auth whose key this is, or serving/auth/token whose token, and serving/limit whether the key has used up
// what it may, or who shares it (a visitor of a page, a program's user), copies what it needs out of the request, and
// calls the Service in serving, whose words (Request, Event, Exchange) every
// other package on the way uses.
//
// serving first finds the language. internal/lid is the detector: character
// n-grams, weights trained by our own code and embedded. What a language is
// (its tag and script, how its text is folded, where its sentences end) stands
// in internal/lang; internal/translit writes it in its other scripts, so that
// who asks in one of them is answered in it. The language's adapter, with its
// prompt and its fixed sentences, comes from adapters: one TOML file per
// language, no Go. Weights that a language has may answer only as
// internal/verdict says: a signed file in which the gate decided about exactly
// these bytes.
//
// rag finds passages. Its analyzer turns the question into a sparse vector of
// words and character n-grams, rag/qdrant searches a knowledge base with it
// over Qdrant's own client, and rag says how likely the best passage is to
// answer. The client talks to a Qdrant server, or to rag/engine, the embedded
// subset of Qdrant, over a connection in memory: the same code either way,
// held together by the contract in rag/ragtest. rag/engine/enginetest gives
// tests an engine of their own. A server need not be there when a service
// starts: rag/qdrant keeps a door closed before it until it is ready.
//
// Where an embedding model is configured, rag also searches for meaning, in
// all the languages that help at once: rag/embed turns texts into dense
// vectors, each with the instruction that its model was trained on, and keeps
// them on disk; the vectors come from serving/ollama, or from serving/openai,
// which speaks to vLLM, llama.cpp and their like, and to rerankers. Ranks by
// words and by meaning are fused; without the model, words go on alone.
//
// serving makes the prompt and asks serving/pool which model answers: the
// adapter's own weights, if the server holds them and the gate admits them, or
// their base. Of several servers the pool asks one that is well and, of sites
// that share capacity, near, that has the model in memory or the conversation in
// its cache, and little to do; what fails
// there is tried on another, and an answer that breaks off is gone on with. In
// front of each server requests wait in serving/pool/queue, which shares it
// among callers and lets models take turns. What a character costs that model
// in tokens, as serving/tokencost measured it, decides how many passages fit.
// serving/ollama asks Ollama, serving/openai asks vLLM, llama.cpp and their
// like; serving/ollama/ollamatest runs a real Ollama in tests. A request that
// names a plain model goes through byte for byte, over serving/wire, whose
// calls can be ended at any moment. With no model
// running, serving/extract quotes the sentences that most likely answer. An
// answer to the same question about the same passages, asked for by the same
// tenant, may lie in serving/cache already; then no model is asked.
//
// What a model says passes serving/guard, which holds it back until a sentence
// can be judged: in the wrong language it is asked for again before the reader
// has seen any of it, citations of nothing are removed, and personal data, which
// internal/personal finds, is hidden. The answer goes back as events; gateway
// streams them, and cancels everything when the reader leaves; on the page it waits
// a little first, since a line that broke may come back for the rest. However it ends,
// serving/record writes one line, and counts; serving/audit keeps a record that
// nobody can change unseen, and serving/trace tells a collector of OpenTelemetry.
// serving/ledger keeps what was used, what could not be answered, and feedback, in
// SQLite or Postgres, at which nobody waits.
// Who asks on the page sees what serving/web makes of the events: HTML that needs
// no script, in the reader's language, with the sources beside the answer.
// Who would rather ask a person, or could not be helped, is led to one by
// serving/handover: it keeps the conversation, serving/handover/send tells staff of
// it, and what they answer comes back into the page.
// What people say about the answer afterwards, serving/feedback checks against its
// memory of recent exchanges, and makes data of it once two people agree.
// Operators see all of this on the pages of serving/admin, which the gateway
// serves under /admin to those whose key administers.
//
// # Beside the way
//
// Everything in rag/qdrant is asked for on behalf of a tenant, a ministry say,
// and only what is its own is seen: the key says whose a question is. A
// knowledge base has versions; tilgate kb lists them, goes back to an older
// one, and copies a knowledge base from one store to another.
//
// What a knowledge base is made of stands in a manifest, which rag/sources
// reads: folders, files, and web sites, which rag/crawl visits. It finds what has
// changed, and has the reader of its format read it. rag/read holds what readers
// have in common: rag/read/pdf, rag/read/office for DOCX and ODT, rag/read/html,
// rag/read/epub, rag/read/plain for text, Markdown and JSONL, rag/read/sheet, and
// rag/read/wiki for dumps of MediaWiki and ZIM files; rag/read/readtest is one for
// tests. What comes from outside is
// unpacked by internal/safezip, and internal/charset finds out what its bytes
// mean. rag/ingest finds the language of each document, cuts it into passages,
// stores what changed and removes what is gone. rag/quality says what was wrong
// with the documents, rag/near which of them are almost the same, and
// rag/succession which have taken the place of which. What has to
// be forgotten is kept out by rag/forget, which also proves that it is gone.
// rag/upkeep does all of this for one manifest, or fills a new version, and checks
// it before it is searched. rag/sample is a knowledge base to try.
// rag/langchain offers a knowledge base to programs that are written with
// langchaingo; the binary itself does without.
//
// Many languages are written in two or three scripts, which internal/translit
// also converts for the command line, and Burmese in two encodings, of which
// internal/lang makes one.
//
// Whatever connects to anything does so through internal/outbound, which knows
// where each server stands, and whose requests may go there; internal/outbound/outboundtest
// gives tests names that lead where they like.
//
// evals holds the words of benchmarks: suites of tasks, whose items are put to
// a target. evals/suites reads those that people write, and holds Tilgate's own;
// evals/dataset reads those that are published. evals/live is the targets, and
// evals/results keeps each answer on disk as it comes. evals/score makes scores
// of answers with evals/metric, and evals/stats says how sure they are.
// evals/report shows them, and evals/review has people compare answers.
// evals/gate decides by all this whether an adapter may take traffic.
//
// That our numbers are those that everybody knows is for anyone to see:
// evals/golden reads files of inputs and of what sacreBLEU, trec_eval, SciPy and
// others made of them, computes each value anew, and names those that differ and
// those that it could not check.
//
// internal/fault gives every error its kind, and the one sentence of it that
// callers may read. internal/locale writes numbers, dates and sums of money as
// the readers of a language do. internal/personal finds personal data in text,
// by one file per country of what its numbers look like.
//
// A language may have weights of its own, a LoRA over the base model.
// adapters/lora reads one, says whether it fits the base, turns it into what
// the model server takes, and merges it into the base for servers that take
// none; adapters/lora/gguf reads and writes the format of model files.
// adapters/overlay brings weights into the operator's folder, or takes them out,
// in one step that a running service sees. adapters/push puts them on a model
// server, and proves that it answers with them and not with the base; the
// clients of servers, serving/ollama and serving/openai, meet its interface.
//
// What places without a network need travels as internal/bundle writes it: one
// signed file of knowledge bases, language files, weights, suites, models, and the
// program itself in front, so that it can be run. tilgate bundle makes one, checks
// it and brings it in, with rag/qdrant for what is in a knowledge base, and
// serving/ollama for where models lie; tilgate setup begins a place with it. Who
// vouches for a bundle or a verdict, and whose word counts, is internal/sign.
//
// A backup is a file of the same kind, of all that a place keeps. tilgate backup
// makes it beside a service that runs: rag/engine lets it read over a socket in
// the data folder, serving/ledger and serving/audit copy themselves as they are
// at one moment. tilgate restore makes everything ready beside what is there,
// asks it, and writes a journal; from then on whoever starts next ends it.
//
// internal/wholefile writes files that are there whole or not at all.
// internal/fit says what a model takes of memory, and whether a machine has it: for
// tilgate setup, which writes what a service needs, and tilgate doctor, which finds
// what is wrong with one. tools/sizing measures how many people a machine serves, and
// writes docs/sizing.md.
//
// cmd/tilgate wires all this: a subcommand a file, the configuration in
// config.go, the openers in open.go.
//
// # The storeys
//
// An import goes down at least one storey; layers_test.go knows the storey of
// each package.
//
//	door     cmd/tilgate  tools/sizing
//	edges    gateway admin auth token limit pool ollama openai extract guard cache audit ledger send trace record tokencost   qdrant upkeep enginetest ragtest sample embed langchain   suites live results score report review golden
//	stories  serving feedback handover web wire queue overlay push           ingest engine crawl forget quality sources html office pdf plain wiki epub sheet readtest   dataset metric stats gate
//	words    adapters lora                                       rag read near succession                                               evals
//	ground   gguf  internal/lid  locale  personal  translit  verdict  internal/bundle
//	         internal/lang  charset  safezip  internal/outbound  internal/sign
//	         internal/fault  internal/wholefile  internal/fit
package main
