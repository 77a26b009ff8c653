package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tilgate/serving/ollama/ollamatest"
)

// TestLMEval has lm-evaluation-harness itself ask, if TILGATE_LMEVAL names its
// program, lm_eval. It must be installed as "lm-eval[api]" with transformers,
// whose tokenizers it uses; it fetches nothing. See docs/lm-eval.md.
func TestLMEval(t *testing.T) {
	program := os.Getenv("TILGATE_LMEVAL")
	if program == "" {
		t.Skip("TILGATE_LMEVAL does not name the program lm_eval")
	}
	upstream := httptest.NewServer(http.HandlerFunc(scoringServer))
	t.Cleanup(upstream.Close)
	s := serveWith(t, fmt.Sprintf("[[backend]]\nname = \"lab\"\nkind = \"vllm\"\nurl = %q\n", upstream.URL))
	run := lmEval{program: program, service: s, dir: t.TempDir()}
	run.writeTasks(t)
	tokens := "model=upstream/model,tokenizer=" + filepath.Join(run.dir, "tokenizer")
	t.Run("tokens", func(t *testing.T) {
		out := run.well(t, "local-completions", tokens+",num_concurrent=4,max_length=32", "--tasks", "tg_choice,tg_rolling,tg_generate", "--batch_size", "8")
		scoredChoices(t, out)
		scoredTexts(t, out)
		wroteCapitals(t, out)
	})
	t.Run("text, one at a time", func(t *testing.T) {
		out := run.well(t, "local-completions", tokens+",tokenized_requests=False", "--tasks", "tg_choice,tg_generate", "--batch_size", "1")
		scoredChoices(t, out)
		wroteCapitals(t, out)
	})
	t.Run("chat", func(t *testing.T) {
		wroteCapitals(t, run.well(t, "local-chat-completions", "model=upstream/model,num_concurrent=4", "--tasks", "tg_generate", "--apply_chat_template"))
	})
}

// TestLMEvalOnOllama asks the same of Ollama, which writes and does not score.
func TestLMEvalOnOllama(t *testing.T) {
	program := os.Getenv("TILGATE_LMEVAL")
	if program == "" {
		t.Skip("TILGATE_LMEVAL does not name the program lm_eval")
	}
	server := ollamatest.Start(t)
	server.Create("tiny")
	s := serveWith(t, fmt.Sprintf("[[backend]]\nname = \"desk\"\nkind = \"ollama\"\nurl = %q\n", server.URL))
	run := lmEval{program: program, service: s, dir: t.TempDir()}
	run.writeTasks(t)
	t.Run("chat", func(t *testing.T) {
		samples(t, run.well(t, "local-chat-completions", "model=tiny,num_concurrent=4", "--tasks", "tg_generate", "--apply_chat_template"), "tg_generate", 3)
	})
	t.Run("text", func(t *testing.T) {
		samples(t, run.well(t, "local-completions", "model=tiny,tokenizer_backend=None", "--tasks", "tg_generate", "--batch_size", "8"), "tg_generate", 3)
	})
	t.Run("scores", func(t *testing.T) {
		_, said, err := run.run(t, "local-completions", "model=tiny,max_retries=1,tokenizer="+filepath.Join(run.dir, "tokenizer"), "--tasks", "tg_choice")
		if err == nil || !strings.Contains(said, "log-probabilities of the prompt, which Ollama does not have; name a model on a server that has them") {
			t.Errorf("%v\n%s", err, said)
		}
	})
}

// scoringServer answers as a vLLM does whose tokens are bytes: to chats with the
// question in capitals, to prompts likewise, and with the prompt's scores to who
// asks for them.
func scoringServer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/completions" {
		openAIServer(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var q struct {
		Prompt    json.RawMessage
		Echo      bool
		Logprobs  *int
		MaxTokens int `json:"max_tokens"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		http.Error(w, `{"message":`+inJSON(err.Error())+`}`, 400)
		return
	}
	var choices []map[string]any
	for i, prompt := range prompts(q.Prompt) {
		text := strings.ToUpper(prompt)
		if q.MaxTokens == 1 {
			text = "."
		}
		choice := map[string]any{"index": i, "text": text, "logprobs": nil, "finish_reason": "length"}
		if q.Echo {
			text = prompt + text
			choice["text"] = text
		}
		if q.Logprobs != nil {
			choice["logprobs"] = echoScores(text)
		}
		choices = append(choices, choice)
	}
	slices.Reverse(choices) // their index says which is which
	answer, _ := json.Marshal(map[string]any{"id": "cmpl-1", "object": "text_completion", "created": 5, "model": "m", "choices": choices})
	say(w, string(answer))
}

// prompts reads text, tokens, or a list of either. The token 256, which begins
// texts, is the byte 0 here.
func prompts(raw json.RawMessage) []string {
	var text string
	var list []json.RawMessage
	if json.Unmarshal(raw, &text) == nil {
		return []string{text}
	}
	_ = json.Unmarshal(raw, &list)
	var all []string
	for _, one := range list {
		var tokens []int
		if json.Unmarshal(one, &text) == nil {
			all = append(all, text)
		} else if json.Unmarshal(one, &tokens) == nil {
			bytes := make([]byte, len(tokens))
			for i, token := range tokens {
				bytes[i] = byte(token)
			}
			all = append(all, string(bytes))
		}
	}
	return all
}

// logprob is of a byte, whatever is before it, in fractions that add up exactly.
func logprob(b byte) float64 { return -0.25 - float64(b%16)/4 }

// likely is the log-probability of the best token anywhere.
const likely = -1

func echoScores(text string) map[string]any {
	tokens, offsets := make([]string, len(text)), make([]int, len(text))
	logs, top := make([]*float64, len(text)), make([]map[string]float64, len(text))
	for i := range len(text) {
		tokens[i], offsets[i] = fmt.Sprintf("token_id:%d", text[i]), i
		if i > 0 { // before the first there is nothing
			l := logprob(text[i])
			logs[i], top[i] = &l, map[string]float64{tokens[i]: l, "best": max(l, likely)}
		}
	}
	return map[string]any{"tokens": tokens, "token_logprobs": logs, "top_logprobs": top, "text_offset": offsets}
}

// wantScore is what lm-eval must make of a continuation.
func wantScore(text string) (sum float64, greedy bool) {
	greedy = true
	for i := range len(text) {
		sum += logprob(text[i])
		greedy = greedy && logprob(text[i]) >= likely
	}
	return sum, greedy
}

// An lmEval runs the program in a folder that holds its tasks.
type lmEval struct {
	program string
	service *service
	dir     string
}

func (l lmEval) writeTasks(t *testing.T) {
	t.Helper()
	for name, rows := range map[string]string{
		"choice":   `{"question":"Канча?","choices":["0","12","77"],"answer":0}` + "\n" + `{"question":"Кайда?","choices":["Ошто","Нарында"],"answer":1}`,
		"rolling":  `{"text":"The well at the edge of the village never ran dry."}` + "\n" + `{"text":"Жылкылар жайлоодо."}`,
		"generate": `{"question":"сөз","answer":"СӨЗ"}` + "\n" + `{"question":"a word","answer":"A WORD"}` + "\n" + `{"question":"сен","answer":"СЕН"}`,
	} {
		data := filepath.Join(l.dir, name+".jsonl")
		write(t, data, rows+"\n")
		write(t, filepath.Join(l.dir, name+".yaml"), fmt.Sprintf("task: tg_%s\ndataset_path: json\ndataset_kwargs: {data_files: {test: %q}}\ntest_split: test\n%s", name, data, taskKinds[name]))
	}
	if err := os.Mkdir(filepath.Join(l.dir, "tokenizer"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(l.dir, "tokenizer", "tokenizer.json"), byteTokenizer())
	write(t, filepath.Join(l.dir, "tokenizer", "tokenizer_config.json"), `{"tokenizer_class":"PreTrainedTokenizerFast","eos_token":"<eos>"}`)
}

var taskKinds = map[string]string{
	"choice": `output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: answer
metric_list: [{metric: acc}]
`,
	"rolling": `output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{text}}"
metric_list: [{metric: byte_perplexity}]
`,
	"generate": `output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["\n"], max_gen_toks: 8, do_sample: false, temperature: 0.0}
metric_list: [{metric: exact_match}]
`,
}

// byteTokenizer has a token for each byte, by its number, written with the
// letters that GPT-2 writes bytes with.
func byteTokenizer() string {
	vocab, strange := map[string]int{"<eos>": 256}, rune(256)
	for b := range rune(256) {
		letter := b
		if b < '!' || b > '~' && b < '¡' || b == 0xad {
			letter, strange = strange, strange+1
		}
		vocab[string(letter)] = int(b)
	}
	words, _ := json.Marshal(vocab)
	const level = `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}`
	return `{"version":"1.0","added_tokens":[{"id":256,"content":"<eos>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],` +
		`"pre_tokenizer":` + level + `,"decoder":` + level + `,"model":{"type":"BPE","vocab":` + string(words) + `,"merges":[]}}`
}

// run returns the folder of the results and what the program said.
func (l lmEval) run(t *testing.T, model, args string, more ...string) (out, said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	path := map[string]string{"local-completions": "/v1/completions", "local-chat-completions": "/v1/chat/completions"}[model]
	out = t.TempDir()
	cmd := exec.CommandContext(ctx, l.program, append([]string{"--model", model, "--model_args", args + ",base_url=" + l.service.base + path,
		"--include_path", l.dir, "--output_path", out, "--log_samples"}, more...)...)
	cmd.Env = append(os.Environ(), "OPENAI_API_KEY="+l.service.key, "HF_HOME="+filepath.Join(l.dir, "hf"), "HF_HUB_OFFLINE=1")
	text, err := cmd.CombinedOutput()
	return out, string(text), err
}

func (l lmEval) well(t *testing.T, model, args string, more ...string) (out string) {
	t.Helper()
	out, said, err := l.run(t, model, args, more...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return out
}

type lmSample struct {
	Doc struct {
		Text, Answer json.RawMessage
		Choices      []string
	}
	Resps    json.RawMessage
	Filtered json.RawMessage `json:"filtered_resps"`
}

// samples reads what a run noted of each of a task's items, of which there
// must be so many.
func samples(t *testing.T, out, task string, items int) []lmSample {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(out, "*", "samples_"+task+"_*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: samples in %q, %v", task, files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var list []lmSample
	for line := range bytes.Lines(data) {
		var s lmSample
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, s)
	}
	if len(list) != items {
		t.Errorf("%s: %d samples, want %d", task, len(list), items)
	}
	return list
}

func scoredChoices(t *testing.T, out string) {
	t.Helper()
	for _, s := range samples(t, out, "tg_choice", 2) {
		var got [][][2]string // a number and "True" or "False", of each choice
		if err := json.Unmarshal(s.Resps, &got); err != nil || len(got) != len(s.Doc.Choices) {
			t.Fatalf("%v in %s", err, s.Resps)
		}
		for i, choice := range s.Doc.Choices {
			sum, err := strconv.ParseFloat(got[i][0][0], 64)
			want, greedy := wantScore(" " + choice)
			if err != nil || sum != want || (got[i][0][1] == "True") != greedy {
				t.Errorf("%q scores %v, want %v, %v", choice, got[i], want, greedy)
			}
		}
	}
}

func scoredTexts(t *testing.T, out string) {
	t.Helper()
	for _, s := range samples(t, out, "tg_rolling", 2) {
		var text string
		var got [][]string
		if json.Unmarshal(s.Doc.Text, &text) != nil || json.Unmarshal(s.Resps, &got) != nil {
			t.Fatalf("%s: %s", s.Doc.Text, s.Resps)
		}
		sum, err := strconv.ParseFloat(got[0][0], 64)
		if want, _ := wantScore(text); err != nil || sum != want {
			t.Errorf("%q scores %v, want %v", text, got, want)
		}
	}
}

func wroteCapitals(t *testing.T, out string) {
	t.Helper()
	for _, s := range samples(t, out, "tg_generate", 3) {
		var got []string
		var want string
		if json.Unmarshal(s.Filtered, &got) != nil || json.Unmarshal(s.Doc.Answer, &want) != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s, want %s", s.Filtered, s.Doc.Answer)
		}
	}
}
