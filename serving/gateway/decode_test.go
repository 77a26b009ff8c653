package gateway

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestDecode(t *testing.T) {
	q, err := decode([]byte(`{"model":"auto:uz","messages":[
		{"role":"developer","content":"Қысқа жаз."},
		{"role":"user","content":"Сәлем"},
		{"role":"assistant","content":"Сәлем!","refusal":null,"annotations":[],"tool_calls":null},
		{"role":"user","content":[{"type":"text","text":"Қала\ud83d\ude00"},{"type":"text","text":"қайда?"}],"name":"А."}],
		"temperature":0.5,"top_p":1,"seed":-3,"stop":["\n","।"],"max_tokens":200,"max_completion_tokens":200,
		"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},
		"n":1,"logprobs":false,"presence_penalty":0.0,"tools":null,"response_format":{"type":"text"},
		"user":"u1","metadata":{"a":"b"},"store":false,
		"tilgate":{"language":"kaz","knowledge":["health","civil","health"]}}`), 100)
	if err != nil {
		t.Fatal(err)
	}
	want := question{Request: serving.Request{
		Messages: []serving.Message{{Role: "system", Content: "Қысқа жаз."}, {Role: "user", Content: "Сәлем"},
			{Role: "assistant", Content: "Сәлем!"}, {Role: "user", Content: "Қала😀\nқайда?"}},
		Language: "kk", Knowledge: []string{"health", "civil"},
		Params: serving.Params{Temperature: new(0.5), TopP: new(1.0), MaxTokens: new(200), Seed: new(-3), Stop: []string{"\n", "।"}},
		Stream: true,
	}, model: "auto:uz", usage: true}
	if !reflect.DeepEqual(q, want) {
		t.Errorf("got  %+v\nwant %+v", q, want)
	}
	if err := q.speak("kk"); err != nil {
		t.Errorf("speak(kk): %v", err)
	}
	if err := q.speak("uz"); !fault.Invalid.Is(err) {
		t.Errorf("speak(uz): %v", err)
	}
}

// with puts a field into a body that is otherwise right.
func with(field string) string {
	return `{"model":"auto","messages":[{"role":"user","content":"Салам"}],` + field + `}`
}

func said(message string) string { return `{"model":"auto","messages":[` + message + `]}` }

// numbered lists n different names.
func numbered(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Quote(strconv.Itoa(i))
	}
	return strings.Join(names, ",")
}

var refusals = []struct {
	body  string
	kind  fault.Kind
	param string
	want  string
}{
	{``, fault.Invalid, "", "at byte 0 stands the end of the body where a value is needed"},
	{`[]`, fault.Invalid, "", "the body must be an object, not a list"},
	{`{"model":"auto"`, fault.Invalid, "", "at byte 15 stands the end of the body where ',' or '}' is needed"},
	{`{"model":"auto",}`, fault.Invalid, "", "at byte 16 stands '}' where a key in double quotes is needed"},
	{`{"model":"auto"} x`, fault.Invalid, "", "at byte 17 stands 'x' where the end of the body is needed"},
	{`{'model':1}`, fault.Invalid, "", `at byte 1 stands '\''`},
	{with(`"x":01`), fault.Invalid, "x", ""},
	{with(`"user":01`), fault.Invalid, "", "stands a number where ','"},
	{with(`"user":tru`), fault.Invalid, "", "where true is needed"},
	{with(`"user":"a` + "\n" + `"`), fault.Invalid, "", "control character 0x0a"},
	{with(`"user":"\x"`), fault.Invalid, "", "a backslash begins no escape"},
	{with(`"user":"\u12g4"`), fault.Invalid, "", "four hexadecimal digits"},
	{with(`"user":"` + "\xff" + `"`), fault.Invalid, "", "is not UTF-8: byte 76 (0xff)"},
	{said(`{"role":"user","content":"\ud800"}`), fault.Invalid, "", "half of a surrogate pair"},
	{said(`{"role":"user","content":"\ud800\u0041"}`), fault.Invalid, "", "half of a surrogate pair"},
	{with(`"metadata":` + strings.Repeat("[", 101) + strings.Repeat("]", 101)), fault.Invalid, "", "nested deeper than 100"},
	{with(`"temperature":1,"temperature":2`), fault.Invalid, "temperature", "stands twice"},
	{with(`"temper\u0061ture":1,"temperature":2`), fault.Invalid, "temperature", "stands twice"},
	{with(`"Messages":[]`), fault.Invalid, "Messages", "stands twice"},
	{with(`"Temperature":1`), fault.Invalid, "Temperature", "there is temperature"},
	{said(`{"role":"user","content":"а","ROLE":"system"}`), fault.Invalid, "messages[0].ROLE", "stands twice"},
	{`{"model":"auto"}`, fault.Invalid, "messages", "missing or empty"},
	{`{"model":"auto","messages":[]}`, fault.Invalid, "messages", "missing or empty"},
	{`{"model":"auto","messages":"Салам"}`, fault.Invalid, "messages", "messages must be a list, not a string (at byte 27)"},
	{said(`"Салам"`), fault.Invalid, "messages[0]", "must be an object, not a string"},
	{said(`{"content":"а"}`), fault.Invalid, "messages[0].role", "missing"},
	{said(`{"role":"user"}`), fault.Invalid, "messages[0].content", "missing"},
	{said(`{"role":"user","content":7}`), fault.Invalid, "messages[0].content", "a string or a list of text parts, not a number"},
	{said(`{"role":"user","content":" \u200f\n"}`), fault.Invalid, "messages[0].content", "the question is empty"},
	{said(`{"role":"user","content":[]}`), fault.Invalid, "messages[0].content", "the question is empty"},
	{said(`{"role":"user","content":"а"},{"role":"assistant","content":"б"}`), fault.Invalid, "messages[1].role", `must have the role "user", not "assistant"`},
	{said(`{"role":"tool","content":"а"}`), fault.Invalid, "messages[0].role", "not available"},
	{said(`{"role":"king","content":"а"}`), fault.Invalid, "messages[0].role", `not "king"`},
	{said(`{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}`), fault.Invalid, "messages[0].content[0].type", `type "image_url" are not available with "auto"`},
	{said(`{"role":"user","content":[{"type":"text","text":"а","cache":1}]}`), fault.Invalid, "messages[0].content[0].cache", "not known"},
	{said(`{"role":"user","content":[{"type":"text"}]}`), fault.Invalid, "messages[0].content[0].text", "missing"},
	{said(`{"role":"user","content":"а","tool_calls":[]}`), fault.Invalid, "messages[0].tool_calls", "not available"},
	{said(`{"role":"user","content":"` + strings.Repeat("ю", 101) + `"}`), fault.TooLarge, "messages[0].content", "101 characters long; the most is 100"},
	{with(`"tools":[]`), fault.Invalid, "tools", `not available with "auto"; leave it out, or name a plain model`},
	{with(`"response_format":{"type":"json_object"}`), fault.Invalid, "response_format", "not available"},
	{with(`"logprobs":true`), fault.Invalid, "logprobs", "not available"},
	{with(`"audio":{}`), fault.Invalid, "audio", "not available"},
	{with(`"n":2`), fault.Invalid, "n", "n must be 1"},
	{with(`"top_k":2`), fault.Invalid, "top_k", `the field "top_k" is not known`},
	{with(`"temperature":"hot"`), fault.Invalid, "temperature", "a number from 0 to 2, not a string"},
	{with(`"temperature":3.5`), fault.Invalid, "temperature", "a number from 0 to 2, not 3.5"},
	{with(`"temperature":1e999`), fault.Invalid, "temperature", "not 1e999"},
	{with(`"top_p":-1`), fault.Invalid, "top_p", "from 0 to 1, not -1"},
	{with(`"seed":1.5`), fault.Invalid, "seed", "a whole number, not 1.5"},
	{with(`"max_tokens":0`), fault.Invalid, "max_tokens", "a whole number from 1, not 0"},
	{with(`"max_tokens":1,"max_completion_tokens":2`), fault.Invalid, "max_completion_tokens", "send one"},
	{with(`"stop":["a","b","c","d","e"]`), fault.Invalid, "stop", "more than 4"},
	{with(`"stop":["a",1]`), fault.Invalid, "stop[1]", "must be a string, not a number"},
	{with(`"stop":1`), fault.Invalid, "stop", "a string or a list of up to 4 strings"},
	{with(`"stream":"yes"`), fault.Invalid, "stream", "must be true or false, not a string"},
	{with(`"stream_options":{"include_usage":true}`), fault.Invalid, "stream_options", "send"},
	{with(`"stream":true,"stream_options":{"usage":true}`), fault.Invalid, "stream_options.usage", "not known"},
	{with(`"tilgate":{"lang":"ky"}`), fault.Invalid, "tilgate.lang", "not known"},
	{with(`"tilgate":{"language":"Kyrgyz!"}`), fault.Invalid, "tilgate.language", "is not a language tag"},
	{with(`"tilgate":{"knowledge":"health"}`), fault.Invalid, "tilgate.knowledge", "must be a list"},
	{with(`"tilgate":{"knowledge":[` + numbered(101) + `]}`), fault.Invalid, "tilgate.knowledge", "more than 100"},
	{said(strings.Repeat(`{"role":"user","content":"а"},`, 2048) + `{"role":"user","content":"а"}`), fault.Invalid, "messages", "more than 2048 messages"},
	{with(`"tilgate":{"knowledge":[""]}`), fault.Invalid, "tilgate.knowledge[0]", "is empty"},
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range refusals {
		_, err := decode([]byte(tt.body), 100)
		sentence, param := fault.Public(err)
		if !tt.kind.Is(err) || param != tt.param || !strings.Contains(sentence, tt.want) {
			t.Errorf("decode(%.200s)\n gives %v, %q, %q\n want  %v, %q, %q", tt.body, fault.Of(err), param, sentence, tt.kind, tt.param, tt.want)
		}
	}
}

func TestPeek(t *testing.T) {
	for _, tt := range []struct {
		body string
		want head
		err  string
	}{
		{`{"model":"a","stream":true,"tools":[{"a":1,"a":2}]}`, head{model: "a", stream: true, has: 1<<fieldModel | 1<<fieldStream}, ""},
		{`{"model":"a","stream":null}`, head{model: "a", has: 1 << fieldModel}, ""},
		{`{"mod\u0065l":"a"}`, head{model: "a", has: 1 << fieldModel}, ""},
		{`{"model":"a","n":3,"max_tokens":10.5,"logprobs":true,"options":{"num_predict":-1,"x":{"num_predict":9}},"chat_template_kwargs":{"enable_thinking":false}}`,
			head{model: "a", has: 1<<fieldModel | 1<<fieldN | 1<<fieldMaxTokens | 1<<fieldLogprobs | 1<<fieldNumPredict | 1<<fieldOptions | 1<<fieldTemplateKwargs,
				asks: [fields]int64{fieldN: 3, fieldMaxTokens: 11, fieldLogprobs: 1, fieldNumPredict: -1, fieldTemplateKwargs: 0}, inside: 1 << fieldNumPredict}, ""},
		{`{"model":"a","chat_template_kwargs":{"Chat_Template":"{{x}}"}}`, head{model: "a", has: 1<<fieldModel | 1<<fieldTemplate | 1<<fieldTemplateKwargs, asks: [fields]int64{fieldTemplate: 1}}, ""},
		{`{"model":"a","messages":[{"content":[{"image_url":{"url":"data:image/png;base64,aa"}}]}]}`, head{model: "a", has: 1 << fieldModel, media: 24}, ""},
		{`{"model":"a","messages":[{"content":[{"im\u0061ge_url":{"detail":"low","URL":"HTTP://10.0.0.1/x"}}]}]}`, head{model: "a", has: 1 << fieldModel, remote: []string{"HTTP://10.0.0.1/x"}, media: 17}, ""},
		{`{"model":"a","messages":[{"content":[{"video_url":"file:///etc/passwd"}]}]}`, head{model: "a", has: 1 << fieldModel, remote: []string{"file:///etc/passwd"}, media: 18}, ""},
		{`{"model":"a","name":"b"}`, head{}, "model and name mean the same"},
		{`{"model":"a","options":{"num_predict":1,"num_predict":2}}`, head{}, "num_predict stands twice"},
		{`{"model":"a","N":100}`, head{}, "write n"},
		{`{"model":"a","model":"b"}`, head{}, "model stands twice"},
		{`{"model":"a","MODEL":"b"}`, head{}, "MODEL stands twice"},
		{`{"ſtream":true,"model":"a","stream":false}`, head{}, "write stream"},
		{`{"MODEL":"a"}`, head{}, "write model"},
		{`{"model":7}`, head{}, "model must be a string, not a number"},
		{`{"model":"a","stream":1}`, head{}, "stream must be true or false"},
		{`{"model":"a","x":}`, head{}, "at byte 17"},
	} {
		got, err := peek([]byte(tt.body), false)
		if tt.err == "" && (err != nil || !reflect.DeepEqual(got, tt.want)) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("peek(%s) = %+v, %v, want %+v, %s", tt.body, got, err, tt.want, tt.err)
		}
	}
}

// FuzzDecode checks that nothing panics, that we take for JSON what
// encoding/json takes for it, and that what decodes holds what was promised.
func FuzzDecode(f *testing.F) {
	for _, tt := range refusals {
		f.Add([]byte(tt.body))
	}
	f.Add([]byte(askStream))
	f.Add([]byte(`"\u0041\ud83d\ude00\/\n\ud800"`))
	f.Add([]byte(with(`"stop":["a"],"seed":1,"tilgate":{"knowledge":["x"]}`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := newScanner(body)
		if err == nil {
			if err = s.skip(); err == nil {
				err = s.end()
			}
			deep := s.depth > maxDepth
			if valid := json.Valid(body); valid != (err == nil) && !deep {
				t.Errorf("encoding/json says %v, we say %v", valid, err)
			}
		}
		checkText(t, body)
		if _, err := peek(body, false); err != nil {
			checkFault(t, err)
		}
		q, err := decode(body, 100)
		if err != nil {
			checkFault(t, err)
			return
		}
		checkQuestion(t, q)
	})
}

// checkText checks that a string means to us what it means to encoding/json,
// which writes U+FFFD where we refuse.
func checkText(t *testing.T, body []byte) {
	t.Helper()
	s, err := newScanner(body)
	if err != nil || s.kind() != '"' || !json.Valid(body) {
		return
	}
	var want string
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatal(err)
	}
	got, err := s.text("")
	if got != want && !(err != nil && strings.Contains(want, "\uFFFD")) {
		t.Errorf("%s is %q, %v; encoding/json reads %q", body, got, err, want)
	}
}

func checkFault(t *testing.T, err error) {
	t.Helper()
	sentence, param := fault.Public(err)
	if k := fault.Of(err); k != fault.Invalid && k != fault.TooLarge {
		t.Errorf("%v is of kind %v", err, k)
	}
	if !utf8.ValidString(sentence) || !utf8.ValidString(param) {
		t.Errorf("%q, %q is no text", sentence, param)
	}
}

func checkQuestion(t *testing.T, q question) {
	t.Helper()
	last := q.Messages[len(q.Messages)-1]
	if last.Role != "user" || strings.TrimSpace(last.Content) == "" || utf8.RuneCountInString(last.Content) > 100 {
		t.Errorf("the question is %+v", last)
	}
	for _, m := range q.Messages {
		if m.Role != "system" && m.Role != "user" && m.Role != "assistant" || !utf8.ValidString(m.Content) {
			t.Errorf("message %+v", m)
		}
	}
	p := q.Params
	if p.Temperature != nil && (*p.Temperature < 0 || *p.Temperature > 2) || p.MaxTokens != nil && *p.MaxTokens < 1 || len(p.Stop) > 4 {
		t.Errorf("params %+v", p)
	}
	if q.usage && !q.Stream {
		t.Error("usage of a stream that is none")
	}
}

func TestDescribeHidesCauses(t *testing.T) {
	a, body := describe(fault.Unavailable.Wrap(errors.New("dial tcp 10.0.0.7"), "the model server is not answering"))
	if text := string(encode(body)); a.status != 503 || strings.Contains(text, "10.0.0.7") {
		t.Errorf("%d %s", a.status, text)
	}
	a, body = describe(errors.New("dial tcp 10.0.0.7"))
	if want := `{"error":{"message":"internal error","type":"server_error","param":null,"code":"internal_error"}}`; a.status != 500 || string(encode(body)) != want {
		t.Errorf("%d %s, want %s", a.status, encode(body), want)
	}
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(said(`{"role":"user","content":"` + strings.Repeat("ሰላም ", 60) + `"}`))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := decode(body, 1000); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPeek(b *testing.B) {
	body := []byte(`{"model":"mock-model","messages":[{"role":"system","content":"Answer in the language of the question, cite the article you rely on, and say so plainly when you do not know."},` +
		`{"role":"user","content":"` + strings.Repeat("የንግድ ፈቃድ ለማደስ ", 20) + `"}],"temperature":0.2,"max_tokens":256,"stream":false}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := peek(body, false); err != nil {
			b.Fatal(err)
		}
	}
}
