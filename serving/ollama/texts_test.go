package ollama_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/ollama"
	"tilgate/serving/ollama/ollamatest"
)

type textObject struct {
	ID, Object string
	Choices    []struct {
		Index    int
		Text     string
		Logprobs *struct {
			Tokens []string
			Logs   []float64            `json:"token_logprobs"`
			Top    []map[string]float64 `json:"top_logprobs"`
			Offset []int                `json:"text_offset"`
		}
		Finish string `json:"finish_reason"`
	}
	Usage struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
}

func texts(t *testing.T, c *ollama.Client, stream bool, body string) (list []textObject, err error) {
	t.Helper()
	data, err := collect(c.Forward(t.Context(), serving.Raw{ID: "chatcmpl-7", Created: time.Unix(5, 0), Path: "/v1/completions", Model: "tiny", Stream: stream, Body: []byte(body)}))
	for _, d := range data {
		var one textObject
		if err := json.Unmarshal(d, &one); err != nil {
			t.Fatalf("%s: %v", d, err)
		}
		list = append(list, one)
	}
	return list, err
}

func TestRealCompletions(t *testing.T) {
	c, _ := realClient(t)
	const body = `{"model":"tiny","prompt":["Бишкек","Ош"],"max_tokens":12,"seed":3,"logprobs":2,"stream_options":{"include_usage":true}}`
	whole, err := texts(t, c, false, body)
	if err != nil {
		t.Fatal(err)
	}
	one := whole[0]
	if one.ID != "cmpl-7" || one.Object != "text_completion" || len(one.Choices) != 2 || one.Usage.Prompt == 0 || one.Usage.Completion < 2 {
		t.Fatalf("%+v", one)
	}
	for i, choice := range one.Choices {
		lp := choice.Logprobs
		if choice.Index != i || choice.Text == "" || choice.Finish == "" || lp == nil || len(lp.Tokens) != len(lp.Logs) || len(lp.Top) != len(lp.Tokens) || len(lp.Top[0]) != 2 || lp.Offset[0] != 0 {
			t.Errorf("choice %d: %+v, %+v", i, choice, lp)
		}
	}
	chunks, err := texts(t, c, true, body)
	if err != nil {
		t.Fatal(err)
	}
	streamed := make([]string, 2)
	for _, chunk := range chunks[:len(chunks)-1] {
		streamed[chunk.Choices[0].Index] += chunk.Choices[0].Text
	}
	if last := chunks[len(chunks)-1]; streamed[0] != one.Choices[0].Text || streamed[1] != one.Choices[1].Text || len(last.Choices) != 0 || last.Usage != one.Usage {
		t.Errorf("streamed %q and %+v, whole %+v", streamed, last, one)
	}
	echoed, err := texts(t, c, false, `{"model":"tiny","prompt":"Бишкек","echo":true,"seed":3}`)
	if err != nil || !strings.HasPrefix(echoed[0].Choices[0].Text, "Бишкек") || echoed[0].Usage.Completion > 16 {
		t.Errorf("%+v, %v", echoed, err)
	}
}

func TestCompletionsRefused(t *testing.T) {
	c, _ := realClient(t)
	for _, tt := range []struct{ body, says string }{
		{`{"prompt":[[1,2]]}`, "prompt[0] is a list; prompts of tokens"},
		{`{"prompt":[1,2]}`, "prompt[0] is the number 1; prompts of tokens"},
		{`{"prompt":"x","echo":true,"logprobs":1}`, "log-probabilities of the prompt, which Ollama does not have"},
		{`{"prompt":[[1,2]],"max_tokens":0,"logprobs":1,"echo":true}`, "log-probabilities of the prompt, which Ollama does not have"}, // whatever else is wrong
		{`{"prompt":"x","best_of":2}`, "best_of"},
		{`{"prompt":"x","n":2}`, "n cannot be passed on"},
		{`{"prompt":"x","guided_choice":["a"]}`, "guided_choice cannot be passed on"},
		{`{"prompt":"x","logit_bias":{"1":5}}`, "logit_bias"},
		{`{}`, "prompt is missing"},
		{`{"prompt":[]}`, "prompt is missing or empty"},
		{`{"prompt":""}`, "prompt is empty"},
		{`{"prompt":["x",""]}`, "prompt[1] is empty"},
		{`{"prompt":["x",null]}`, "prompt[1] is null"},
		{`{"prompt":"x","prompt":"y"}`, "prompt is given twice"},
		{`{"prompt":"x","Echo":true,"echo":false}`, "given twice"},
		{`{"prompt":[` + strings.Repeat(`"x",`, 256) + `"x"]}`, "holds 257 prompts"},
		{`{"prompt":"x","echo":"yes"}`, "echo"},
		{`{"prompt":"x","logprobs":true}`, "logprobs"},
		{`{"prompt":"x","logprobs":21}`, "logprobs"},
		{`{"prompt":"x","suffix":7}`, "suffix"},
		{`{"prompt":"x","stop":[""]}`, "stop[0]"},
		{`{"prompt":"x","max_tokens":"5"}`, "max_tokens"},
		{`{"prompt":7}`, "a string or a list of strings"},
	} {
		_, err := texts(t, c, false, tt.body)
		if says, _ := fault.Public(err); !fault.Invalid.Is(err) || !strings.Contains(says, tt.says) {
			t.Errorf("%s: %v %q, want %q", tt.body, err, says, tt.says)
		}
	}
}

// What is too long is said of the field that it stands in.
func TestRealTextTooLong(t *testing.T) {
	c, _ := realClient(t)
	long := `"` + strings.Repeat("китеп ", ollamatest.NumCtx) + `"`
	for _, tt := range []struct{ path, body, param string }{
		{"/v1/completions", `{"prompt":` + long + `}`, "prompt"},
		{"/v1/embeddings", `{"input":["x",` + long + `]}`, "input"},
	} {
		_, err := collect(c.Forward(t.Context(), serving.Raw{Path: tt.path, Model: "tiny", Body: []byte(tt.body)}))
		if _, param := fault.Public(err); !fault.TooLarge.Is(err) || param != tt.param {
			t.Errorf("%s: %v, of %q", tt.path, err, param)
		}
	}
}

func TestRealEmbeddings(t *testing.T) {
	s := ollamatest.Start(t)
	s.CreateTiny("vectors", ollamatest.Tiny{Seed: 2, Embeds: true})
	c, err := ollama.New(s.URL, ollama.Options{NumCtx: ollamatest.NumCtx})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	ask := func(body string) ([]byte, error) {
		data, err := collect(c.Forward(t.Context(), serving.Raw{Path: "/v1/embeddings", Model: "vectors", Body: []byte(body)}))
		if err != nil {
			return nil, err
		}
		return data[0], nil
	}
	type answer struct {
		Data []struct {
			Index     int
			Embedding json.RawMessage
		}
		Usage struct {
			Prompt int `json:"prompt_tokens"`
		}
	}
	read := func(body string) (a answer) {
		data, err := ask(body)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	plain := read(`{"model":"vectors","input":["Бишкек","Ош"],"encoding_format":"float"}`)
	packed := read(`{"model":"vectors","input":"Ош","encoding_format":"base64"}`)
	var numbers []float32
	var text string
	if json.Unmarshal(plain.Data[1].Embedding, &numbers) != nil || json.Unmarshal(packed.Data[0].Embedding, &text) != nil || plain.Usage.Prompt == 0 {
		t.Fatalf("%+v, %+v", plain, packed)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 4*len(numbers) {
		t.Fatalf("%d bytes for %d numbers, %v", len(raw), len(numbers), err)
	}
	for i, n := range numbers {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])); math.Abs(float64(got-n)) > 1e-6 {
			t.Fatalf("number %d is %v packed, %v plain", i, got, n)
		}
	}
	for body, want := range map[string]string{
		`{"input":[[1,2]]}`:                        "lists of tokens",
		`{"input":[""]}`:                           "input[0] is empty",
		`{"input":"x","dimensions":0}`:             "dimensions",
		`{"input":"x","dimensions":60000}`:         "dimensions is 60000; the vectors of vectors have",
		`{"input":{"a":1}}`:                        "a string or a list of strings",
		`{"input":["x",7]}`:                        "input[1] is the number 7",
		`{"input":"x","Input":"y"}`:                "given twice",
		`{"input":"x","input_type":"query"}`:       "input_type",
		`{"input":"x","encoding_format":"binary"}`: "encoding_format",
		`{}`: "input is missing",
	} {
		_, err := ask(body)
		if says, _ := fault.Public(err); !fault.Invalid.Is(err) || !strings.Contains(says, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
