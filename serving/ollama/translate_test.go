package ollama

import (
	"encoding/json"
	"strings"
	"testing"

	"tilgate/internal/fault"
)

// native returns what Ollama is sent for an OpenAI body, without what all
// requests have in common.
func native(t testing.TB, body string) (string, error) {
	t.Helper()
	c, err := New("http://localhost:11434", Options{})
	if err != nil {
		t.Fatal(err)
	}
	tr := translation{ChatRequest: c.request("m")}
	if err := tr.translate([]byte(body)); err != nil {
		return "", err
	}
	data, err := json.Marshal(tr.ChatRequest)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	for _, common := range []string{"model", "stream", "truncate", "shift"} {
		delete(whole, common)
	}
	delete(whole["options"].(map[string]any), "num_ctx")
	if data, err = json.Marshal(whole); err != nil {
		t.Fatal(err)
	}
	return string(data), nil
}

const hello = `"messages": [{"role": "user", "content": "Салам"}]`

func TestTranslate(t *testing.T) {
	const said = `"messages":[{"content":"Салам","role":"user"}]`
	for _, tt := range []struct{ body, want string }{
		{`{` + hello + `}`, `{` + said + `,"options":{}}`},
		{`{"model": "x", "stream": true, "n": 1, "user": "u", "metadata": {"a": "b"}, "store": false, "stop": null, "tools": null, "logit_bias": {}, ` + hello + `}`,
			`{` + said + `,"options":{}}`},
		{`{"temperature": 0.2, "top_p": 0.9, "top_k": 20, "seed": 7, "max_tokens": 5, "max_completion_tokens": 5, "frequency_penalty": -1, "presence_penalty": 2, ` + hello + `}`,
			`{` + said + `,"options":{"frequency_penalty":-1,"num_predict":5,"presence_penalty":2,"seed":7,"temperature":0.2,"top_k":20,"top_p":0.9}}`},
		{`{"stop": "я", ` + hello + `}`, `{` + said + `,"options":{"stop":["я"]}}`},
		{`{"stop": ["а", "б"], ` + hello + `}`, `{` + said + `,"options":{"stop":["а","б"]}}`},
		{`{"logprobs": true, "top_logprobs": 3, ` + hello + `}`, `{"logprobs":true,` + said + `,"options":{},"top_logprobs":3}`},
		{`{"response_format": {"type": "json_object"}, ` + hello + `}`, `{"format":"json",` + said + `,"options":{}}`},
		{`{"response_format": {"type": "text"}, ` + hello + `}`, `{` + said + `,"options":{}}`},
		{`{"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": true, "schema": {"type": "object"}}}, ` + hello + `}`,
			`{"format":{"type":"object"},` + said + `,"options":{}}`},
		{`{"reasoning_effort": "none", ` + hello + `}`, `{` + said + `,"options":{},"think":false}`},
		{`{"reasoning_effort": "high", ` + hello + `}`, `{` + said + `,"options":{},"think":"high"}`},
		{`{"messages": [{"role": "developer", "content": "Кыскача."}, {"role": "user", "content": [
			{"type": "text", "text": "Бул эмне?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}, {"type": "text", "text": "Айтчы."}]}]}`,
			`{"messages":[{"content":"Кыскача.","role":"system"},{"content":"Бул эмне?\nАйтчы.","images":["aGk="],"role":"user"}],"options":{}}`},
		{`{"messages": [{"role": "user", "content": "Аба ырайы?"},
			{"role": "assistant", "content": null, "refusal": null, "annotations": [], "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"z\": 1, \"a\": 2}"}}]},
			{"role": "tool", "tool_call_id": "c1", "content": "+21"}]}`,
			`{"messages":[{"content":"Аба ырайы?","role":"user"},{"content":"","role":"assistant","tool_calls":[{"function":{"arguments":{"a":2,"z":1},"index":0,"name":"weather"},"id":"c1"}]},` +
				`{"content":"+21","role":"tool","tool_call_id":"c1","tool_name":"weather"}],"options":{}}`},
		{`{"tools": [{"type": "function", "function": {"name": "weather", "description": "Аба ырайы", "strict": false, "parameters":
			{"type": "object", "required": ["place"], "additionalProperties": false, "properties": {"place": {"type": "string", "enum": ["Ош"], "title": "P"}, "days": {"type": ["integer", "null"]}}}}}],
			"tool_choice": "auto", "parallel_tool_calls": true, ` + hello + `}`,
			`{` + said + `,"options":{},"tools":[{"function":{"description":"Аба ырайы","name":"weather","parameters":{"properties":{"days":{"type":["integer","null"]},"place":{"enum":["Ош"],"type":"string"}},"required":["place"],"type":"object"}},"type":"function"}]}`},
		{`{"tools": [{"type": "function", "function": {"name": "now"}}], ` + hello + `}`,
			`{` + said + `,"options":{},"tools":[{"function":{"name":"now","parameters":{"properties":{},"type":"object"}},"type":"function"}]}`},
		{`{"tools": [{"type": "function", "function": {"name": "now"}}], "tool_choice": "none", ` + hello + `}`, `{` + said + `,"options":{}}`},
	} {
		got, err := native(t, tt.body)
		if err != nil || got != tt.want {
			t.Errorf("%s\n gives %s, %v\n want  %s", tt.body, got, err, tt.want)
		}
	}
}

func TestTranslateRefuses(t *testing.T) {
	for _, tt := range []struct{ body, param, says string }{
		{``, "", "not one valid JSON object"},
		{`{` + hello + `} {}`, "", "not one valid JSON object"},
		{`[]`, "", "the body is a list; it must be an object"},
		{"{\"user\": \"\xff\", " + hello + `}`, "", "not valid UTF-8"},
		{`{}`, "messages", "messages is missing or empty"},
		{`{"messages": "Салам"}`, "messages", `messages is the string "Салам"; it must be a list`},
		{`{"temprature": 1, ` + hello + `}`, "temprature", "temprature cannot be passed on to this model server: it is not a field that we know"},
		{`{"temperature": "hot", ` + hello + `}`, "temperature", `temperature is the string "hot"; it must be a number from 0 to 2`},
		{`{"temperature": 2.5, ` + hello + `}`, "temperature", "temperature is the number 2.5; it must be a number from 0 to 2"},
		{`{"seed": 1.5, ` + hello + `}`, "seed", "must be a whole number"},
		{`{"max_tokens": 0, ` + hello + `}`, "max_tokens", "must be a whole number from 1"},
		{`{"max_tokens": 1, "max_completion_tokens": 2, ` + hello + `}`, "max_completion_tokens", "differ"},
		{`{"stop": [1], ` + hello + `}`, "stop[0]", "stop[0] is the number 1; it must be a string that is not empty"},
		{`{"n": 2, ` + hello + `}`, "n", "it may only be 1"},
		{`{"store": true, ` + hello + `}`, "store", "it may only be false"},
		{`{"logit_bias": {"5": 1}, ` + hello + `}`, "logit_bias", "cannot favour single tokens"},
		{`{"functions": [{}], ` + hello + `}`, "functions", "use tools"},
		{`{"top_logprobs": 3, ` + hello + `}`, "top_logprobs", "needs logprobs"},
		{`{"tool_choice": "required", ` + hello + `}`, "tool_choice", `it may only be "auto" or "none"`},
		{`{"stream_options": {"include_usages": true}, ` + hello + `}`, "stream_options.include_usages", "not a field that we know"},
		{`{"response_format": {"type": "json_schema"}, ` + hello + `}`, "response_format.json_schema", "goes with the type"},
		{`{"messages": [{"role": "robot", "content": "Салам"}]}`, "messages[0].role", `messages[0].role is the string "robot"; it must be "system" or`},
		{`{"messages": [{"role": "user"}]}`, "messages[0].content", "messages[0].content is missing"},
		{`{"messages": [{"role": "user", "content": "Салам", "name": "Айгүл"}]}`, "messages[0].name", "say in the content who speaks"},
		{`{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x.test/a.png"}}]}]}`, "messages[0].content[0].image_url.url", "images elsewhere are not fetched"},
		{`{"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]}`, "messages[0].content[0].type", `must be "text" or "image_url"`},
		{`{"messages": [{"role": "tool", "tool_call_id": "c9", "content": "1"}]}`, "messages[0].tool_call_id", "names no tool call"},
		{`{"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "[]"}}]}]}`, "messages[0].tool_calls[0].function.arguments", "holds a JSON object"},
		{`{"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}}}}], ` + hello + `}`,
			"tools[0].function.parameters.properties.a.minimum", "say it in the description"},
		{`{"tools": [{"type": "function", "function": {"name": "f", "strict": true}}], ` + hello + `}`, "tools[0].function.strict", "it may only be false"},
		{`{"tools": [{"function": {"name": "f", "parameters": ` + strings.Repeat(`{"properties": {"a": `, 40) + `{}` + strings.Repeat(`}}`, 40) + `}}], ` + hello + `}`, "tools", "more than 32 levels"},
		{`{"` + strings.Repeat("k", 1000) + `": 1, ` + hello + `}`, strings.Repeat("k", 64) + "…", "not a field that we know"},

		// A key twice, however it is written.
		{`{"model": "a", "model": "b", ` + hello + `}`, "model", "model is given twice"},
		{`{"model": "a", "mod\u0065l": "b", ` + hello + `}`, "model", "model is given twice"},
		{`{"model": "a", "MODEL": "b", ` + hello + `}`, "MODEL", "MODEL is given twice"},
		{`{"top_k": 1, "top_\u212a": 2, ` + hello + `}`, "top_\u212a", "is given twice"},
		{`{"messages": [{"role": "user", "role": "system", "content": "Салам"}]}`, "messages[0].role", "is given twice"},
		{`{"messages": [{"role": "user", "content": [{"type": "text", "text": "а", "text": "б"}]}]}`, "messages[0].content[0].text", "is given twice"},
	} {
		_, err := native(t, tt.body)
		says, param := fault.Public(err)
		if !fault.Invalid.Is(err) || param != tt.param || !strings.Contains(says, tt.says) {
			t.Errorf("%.200s\n gives %q, %q (%v)\n want  %q, %q", tt.body, param, says, err, tt.param, tt.says)
		}
	}
}

// Whatever is let through is JSON that Ollama's own types read back, and
// names no field that was not given.
func FuzzTranslate(f *testing.F) {
	f.Add(`{` + hello + `}`)
	f.Add(`{"stop": ["a"], "seed": 1e3, "response_format": {"type": "json_object"}, ` + hello + `}`)
	f.Add(`{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]}]}`)
	f.Add(`{"tools": [{"function": {"name": "f", "parameters": {"anyOf": [], "properties": {"a": {"anyOf": [{"type": "string"}]}}}}}], ` + hello + `}`)
	f.Add(`{"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]}, {"role": "tool", "tool_call_id": "1", "content": ""}]}`)
	f.Add("{\"messages\" : [ { \"role\":\t\"user\" , \"content\" :\n\"a\" } ] , \"n\" :\r1 }")
	f.Fuzz(func(t *testing.T, body string) {
		got, err := native(t, body)
		if err != nil {
			if !fault.Invalid.Is(err) {
				t.Errorf("%q: %v is not Invalid", body, err)
			}
			return
		}
		for _, option := range []string{"temperature", "num_predict", "seed"} {
			asked := strings.ReplaceAll(option, "num_predict", "tokens")
			if strings.Contains(got, `"`+option+`":`) && !strings.Contains(body, asked) && !strings.Contains(body, `\`) {
				t.Errorf("%q: %s is made up in %s", body, option, got)
			}
		}
	})
}

// Objects and lists are split as encoding/json splits them.
func FuzzSplit(f *testing.F) {
	f.Add(`{"a" : [1, "x,]}", {"b":null}] ,"c":-1.5e3, "\"d\\": {}}`)
	f.Add("[ true\t,\n{\"a\":[[]]} , \"\\\\\" , [ ] ]")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := readBody([]byte(text))
		if err != nil {
			return
		}
		var list []json.RawMessage
		if json.Unmarshal(v.raw, &list) == nil && v.raw[0] == '[' {
			got, err := v.list()
			if err != nil || len(got) != len(list) {
				t.Fatalf("%q: %d elements, %v, want %d", text, len(got), err, len(list))
			}
			for i := range got {
				if string(got[i].raw) != string(list[i]) {
					t.Errorf("%q: element %d is %q, want %q", text, i, got[i].raw, list[i])
				}
			}
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(v.raw, &object) == nil && v.raw[0] == '{' {
			got, err := v.object()
			if err != nil {
				return // a key twice
			}
			if len(got) != len(object) {
				t.Fatalf("%q: %d members, want %d", text, len(got), len(object))
			}
			for _, m := range got {
				if string(m.raw) != string(object[m.key]) {
					t.Errorf("%q: %q is %q, want %q", text, m.key, m.raw, object[m.key])
				}
			}
		}
	})
}

func BenchmarkTranslate(b *testing.B) {
	body := `{"model": "m", "temperature": 0.3, "stream": true, "messages": [{"role": "system", "content": "Кыскача жооп бер."}, {"role": "user", "content": "` +
		strings.Repeat("Бишкек кайда? ", 40) + `"}]}`
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		tr := translation{ChatRequest: (&Client{}).request("m")}
		if err := tr.translate([]byte(body)); err != nil {
			b.Fatal(err)
		}
	}
}
