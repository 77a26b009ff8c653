package gateway

import (
	"bytes"
	"encoding/json"
	"iter"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/serving"
)

// answers are what a model might say about the registration of a birth. Those
// that are not written here stand in the sample's own documents.
func answers(t testing.TB) map[lang.Tag]string {
	t.Helper()
	list := map[lang.Tag]string{"th": "กรุณาแจ้งการเกิดภายใน 15 วันนับแต่วันที่เด็กเกิด การจดทะเบียนไม่เสียค่าใช้จ่าย และสำนักทะเบียนอำเภอจะออกสูติบัตรให้ในวันเดียวกัน [1] " +
		"สำหรับการแจ้งเกิด ให้นำหนังสือรับรองการเกิดจากโรงพยาบาล บัตรประจำตัวประชาชนของบิดามารดาทั้งสองคน และทะเบียนบ้านไปด้วย [2] " +
		"ถ้าแจ้งเกินกำหนด ผู้แจ้งต้องอธิบายเหตุผลเป็นลายลักษณ์อักษร และอาจต้องเสียค่าปรับเล็กน้อย แต่เด็กยังคงมีสิทธิได้รับสูติบัตรเช่นเดิม [1]"}
	for _, tag := range []lang.Tag{"ky", "am", "ur", "km"} {
		file, err := os.ReadFile("../../rag/sample/kb/" + string(tag) + "/birth-registration.md")
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(strings.TrimPrefix(string(file), "---\n"), "---\n")
		letters := []rune(strings.TrimSpace(text))
		list[tag] = string(letters[:min(len(letters), 600)]) + " [1]"
	}
	return list
}

// spoken yields an answer as a model gives it: three letters are more than a
// token holds of these scripts, so there are fewer chunks than in truth.
func spoken(tag lang.Tag, text string) iter.Seq2[serving.Event, error] {
	plan := plan1
	plan.Adapter, plan.Language.Tag = tag, tag
	plan.Passages = []rag.Passage{birth, birth, birth}
	done := done1
	done.Plan = plan
	return func(yield func(serving.Event, error) bool) {
		yield(plan, nil)
		for letters := []rune(text); len(letters) > 0; {
			n := min(3, len(letters))
			yield(serving.Delta{Text: string(letters[:n])}, nil)
			letters = letters[n:]
		}
		yield(done, nil)
	}
}

// sent is what the pieces of a stream are on the wire.
func sent(t testing.TB, encoding string, pieces iter.Seq2[[]byte, error]) int {
	t.Helper()
	var out bytes.Buffer
	p := newPacker(encoding, &out)
	for piece, err := range pieces {
		if err != nil {
			t.Fatal(err)
		}
		p.Write(serving.Frame(piece))
	}
	p.Write(serving.DoneFrame)
	p.end(true)
	return out.Len()
}

// TestThinBytes measures an answer as a stream of sentences against the same
// one as OpenAI streams it: a chunk for each token, and nothing of ours.
func TestThinBytes(t *testing.T) {
	f := form{id: "chatcmpl-abcdefghijklmnopqrstuvwxyz", created: 1764256789, model: "auto", thin: thin{sentences: true, passages: none}}
	for tag, text := range answers(t) {
		openAI := func(yield func([]byte, error) bool) {
			yield(f.chunk(delta{Role: "assistant", Content: new("")}, nil, nil), nil)
			for e := range spoken(tag, text) {
				if d, ok := e.(serving.Delta); ok {
					yield(f.chunk(delta{Content: &d.Text}, nil, nil), nil)
				}
			}
			yield(f.chunk(delta{}, new("stop"), nil), nil)
		}
		plain, packed := sent(t, "", openAI), sent(t, inGzip, openAI)
		got := map[string]int{}
		for _, encoding := range []string{"", inGzip, inZstd, inBr} {
			got[encoding] = sent(t, encoding, f.sentences(spoken(tag, text)))
		}
		t.Logf("%s: text %d; a chunk a token %d, in gzip %d; sentences %d (%.1f times fewer), in gzip %d (%.1f), zstd %d (%.1f), br %d (%.1f)",
			tag, len(text), plain, packed, got[""], float64(plain)/float64(got[""]), got[inGzip], float64(plain)/float64(got[inGzip]),
			got[inZstd], float64(plain)/float64(got[inZstd]), got[inBr], float64(plain)/float64(got[inBr]))
		if got[""]*5 > plain {
			t.Errorf("%s: %d bytes are not five times fewer than %d", tag, got[""], plain)
		}
		if got[inGzip]*10 > plain || got[inGzip]*2 > packed {
			t.Errorf("%s: packed, %d bytes of %d, %d packed", tag, got[inGzip], plain, packed)
		}
	}
}

// TestSentences puts each stream together again: text, citations, the end.
func TestSentences(t *testing.T) {
	for tag, text := range answers(t) {
		for _, told := range []detail{full, cited, none} {
			f := form{id: "chatcmpl-1", model: "auto", usage: true, thin: thin{true, told}}
			type chunk struct {
				Choices []choice
				Usage   *usage
				Tilgate struct {
					Passages []passage
					Chars    int
				}
			}
			var chunks []chunk
			for piece, err := range f.sentences(spoken(tag, text)) {
				var c chunk
				if err == nil {
					err = json.Unmarshal(piece, &c)
				}
				if err != nil {
					t.Fatalf("%v in %s", err, piece)
				}
				chunks = append(chunks, c)
			}
			n := len(chunks)
			end, used := chunks[n-2], chunks[n-1]
			got := ""
			for i, c := range chunks[:n-1] {
				piece := *c.Choices[0].Delta.Content
				got += piece
				if i > 0 && i < n-2 && utf8.RuneCountInString(piece) < 15 {
					t.Errorf("%s: %q is no sentence", tag, piece)
				}
			}
			if got != text || n < 4 {
				t.Errorf("%s: %d chunks say %q, want %q", tag, n, got, text)
			}
			if chunks[0].Choices[0].Delta.Role != "assistant" || *end.Choices[0].Finish != "stop" || len(end.Choices[0].Delta.Annotations) != 1 {
				t.Errorf("%s: begins %+v, ends %+v", tag, chunks[0], end)
			}
			if end.Tilgate.Chars != utf8.RuneCountInString(text) || used.Usage == nil || len(used.Choices) != 0 {
				t.Errorf("%s: ends %+v, %+v", tag, end.Tilgate, used)
			}
			want := map[detail][2]int{full: {3, 0}, cited: {0, 1}, none: {0, 0}}[told]
			if told := [2]int{len(chunks[0].Tilgate.Passages), len(end.Tilgate.Passages)}; told != want {
				t.Errorf("%s: told of %v passages before and after, want %v", tag, told, want)
			}
		}
	}
}

// TestChangedPlan has a model that fails before its first word.
func TestChangedPlan(t *testing.T) {
	done := done1
	done.Plan.Degraded = serving.ModelLost
	f := form{thin: thin{true, none}}
	for _, tt := range []struct {
		done serving.Done
		want bool
	}{{done1, false}, {done, true}} {
		if got := f.last(tt.done, "", 0, planOf(plan1)); bytes.Contains(got, []byte(`"degraded":"model_lost"`)) != tt.want || bytes.Contains(got, []byte(`"adapter"`)) != tt.want {
			t.Errorf("%s", got)
		}
	}
}

func TestThinFields(t *testing.T) {
	yes, no := true, false
	for _, tt := range []struct {
		extension string
		want      thin
		most      int
		keep      *bool
	}{
		{`{}`, thin{}, 0, nil},
		{`{"flush":null,"passages":null,"max_bytes":null,"cache":null}`, thin{}, 0, nil},
		{`{"flush":"token"}`, thin{}, 0, nil},
		{`{"flush":"sentence"}`, thin{true, none}, 0, nil},
		{`{"flush":"sentence","passages":"full"}`, thin{true, full}, 0, nil},
		{`{"passages":"cited","flush":"sentence"}`, thin{true, cited}, 0, nil},
		{`{"passages":"none","max_bytes":100,"cache":true}`, thin{false, none}, 100, &yes},
		{`{"cache":false}`, thin{}, 0, &no},
	} {
		q, err := decode([]byte(strings.Replace(askStream, `{"stream"`, `{"tilgate":`+tt.extension+`,"stream"`, 1)), 1000)
		if err != nil || q.thin != tt.want || q.MaxBytes != tt.most || (q.Keep == nil) != (tt.keep == nil) || q.Keep != nil && *q.Keep != *tt.keep {
			t.Errorf("%s: %+v, %v", tt.extension, q, err)
		}
	}
	for _, tt := range []struct{ extension, want string }{
		{`{"flush":"paragraph"}`, `tilgate.flush must be "token" or "sentence", not "paragraph"`},
		{`{"flush":true}`, `tilgate.flush must be "token" or "sentence", not true or false`},
		{`{"passages":"some"}`, `tilgate.passages must be "full", "cited" or "none", not "some"`},
		{`{"passages":[]}`, `not a list`},
		{`{"max_bytes":99}`, `tilgate.max_bytes must be a whole number from 100, not 99`},
		{`{"max_bytes":1e3}`, `not 1e3`},
		{`{"max_bytes":"480"}`, `not a string`},
		{`{"max_bytes":99999999999999999999}`, `tilgate.max_bytes must be`},
		{`{"cache":"yes"}`, `tilgate.cache must be true or false, not a string`},
		{`{"cache":true,"Cache":false}`, `stands twice`},
	} {
		_, err := decode([]byte(strings.Replace(askStream, `{"stream"`, `{"tilgate":`+tt.extension+`,"stream"`, 1)), 1000)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.extension, err, tt.want)
		}
	}
	if _, err := decode([]byte(strings.Replace(ask, `{"model"`, `{"tilgate":{"flush":"sentence"},"model"`, 1)), 1000); err == nil || !strings.Contains(err.Error(), "tilgate.flush is for a stream") {
		t.Errorf("without a stream: %v", err)
	}
}

// TestPatience has a model that says a word every two seconds.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, got := gatherer{tag: "ky"}, []string{}
		for word := range strings.SplitSeq("Аялдар элүү сегиз жаштан пенсияга чыгат", " ") {
			if text := g.add(word + " "); text != "" {
				got = append(got, text)
			}
			time.Sleep(2 * time.Second)
		}
		if len(got) != 1 || got[0] != "Аялдар элүү сегиз жаштан " {
			t.Errorf("%q", got)
		}
	})
}

func FuzzGatherer(f *testing.F) {
	f.Add("Биринчи. [1] Экинчи [2]. Үчүнчү? Т. Рысқұлов", uint8(3))
	f.Add("ሰላም። እንዴት ነህ? [፩]", uint8(0))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		text = strings.ToValidUTF8(text, "")
		g, got := gatherer{tag: "ky"}, ""
		for letters := []rune(text); len(letters) > 0; {
			n := min(int(size)+1, len(letters))
			whole := g.add(string(letters[:n]))
			if strings.HasSuffix(whole, "[") && len(g.held) < gatherBytes {
				t.Errorf("%q cuts a citation", whole)
			}
			got, letters = got+whole, letters[n:]
		}
		if got += g.rest(); got != text {
			t.Errorf("%q came as %q", text, got)
		}
	})
}
