package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// A saying is what the sample run asks in one language, and how it is answered.
type saying struct {
	tag      lang.Tag
	question string
	choices  []string // the first is right
	text     string   // to translate into, and to find answers in
	asked    string   // about text
	answer   string   // to asked
	said     string   // a whole sentence for an answer
}

var sayings = []saying{
	{"ky", "Кыргызстандын борбору кайсы шаар?", []string{"Бишкек", "Ош", "Нарын", "Талас"}, "Бишкек шаары Чүй өрөөнүндө, тоолордун этегинде жайгашкан.", "Бишкек кайсы өрөөндө жайгашкан?", "Чүй өрөөнүндө", "Бишкек шаары Чүй өрөөнүндө жайгашкан."},
	{"kk", "Қазақстанның ең үлкен көлі қайсы?", []string{"Балқаш", "Зайсан", "Алакөл", "Марқакөл"}, "Балқаш көлінің батыс бөлігінің суы тұщы, шығыс бөлігінікі тұзды.", "Балқаштың қай бөлігінің суы тұщы?", "батыс бөлігінің", "Балқаш көлінің батыс бөлігінің суы тұщы."},
	{"ar", "ما هي أكبر قارة في العالم؟", []string{"آسيا", "أفريقيا", "أوروبا", "أستراليا"}, "يمر نهر النيل بمدينة القاهرة ثم يصب في البحر المتوسط.", "أين يصب نهر النيل؟", "في البحر المتوسط", "يصب نهر النيل في البحر المتوسط."},
	{"fa", "بلندترین کوه ایران کدام است؟", []string{"دماوند", "سبلان", "الوند", "تفتان"}, "کتابخانهٔ شهر هر روز از ساعت هشت صبح باز می\u200cشود.", "کتابخانه از چه ساعتی باز می\u200cشود؟", "هشت صبح", "کتابخانه از ساعت هشت صبح باز می\u200cشود."},
	{"ur", "پاکستان کا قومی پھول کون سا ہے؟", []string{"چنبیلی", "گلاب", "کنول", "نرگس"}, "دریائے سندھ پہاڑوں سے نکل کر بحیرہ عرب میں گرتا ہے۔", "دریائے سندھ کہاں گرتا ہے؟", "بحیرہ عرب میں", "دریائے سندھ بحیرہ عرب میں گرتا ہے۔"},
	{"km", "ទន្លេណាហូរកាត់ភ្នំពេញ?", []string{"ទន្លេមេគង្គ", "ទន្លេសេសាន", "ទន្លេក្រហម", "ទន្លេឥន្ទុ"}, "បណ្ណាល័យបើកពីម៉ោងប្រាំបីព្រឹករៀងរាល់ថ្ងៃ។", "បណ្ណាល័យបើកម៉ោងប៉ុន្មាន?", "ម៉ោងប្រាំបីព្រឹក", "បណ្ណាល័យបើកម៉ោងប្រាំបីព្រឹក។"},
	{"my", "မြန်မာနိုင်ငံ၏ အရှည်ဆုံးမြစ်မှာ အဘယ်နည်း။", []string{"ဧရာဝတီမြစ်", "သံလွင်မြစ်", "စစ်တောင်းမြစ်", "ကုလားတန်မြစ်"}, "စာကြည့်တိုက်ကို နေ့စဉ် နံနက်ရှစ်နာရီတွင် ဖွင့်သည်။", "စာကြည့်တိုက်ကို ဘယ်အချိန်ဖွင့်သလဲ။", "နံနက်ရှစ်နာရီ", "စာကြည့်တိုက်ကို နံနက်ရှစ်နာရီတွင် ဖွင့်သည်။"},
	{"am", "የኢትዮጵያ ዋና ከተማ ማን ናት?", []string{"አዲስ አበባ", "ጎንደር", "ሐዋሳ", "ድሬዳዋ"}, "ቤተ መጻሕፍቱ በየቀኑ ከጠዋቱ ሁለት ሰዓት ይከፈታል።", "ቤተ መጻሕፍቱ መቼ ይከፈታል?", "ከጠዋቱ ሁለት ሰዓት", "ቤተ መጻሕፍቱ ከጠዋቱ ሁለት ሰዓት ይከፈታል።"},
	{"ta", "தமிழ்நாட்டின் தலைநகரம் எது?", []string{"சென்னை", "மதுரை", "கோவை", "திருச்சி"}, "நூலகம் தினமும் காலை எட்டு மணிக்குத் திறக்கும்.", "நூலகம் எப்போது திறக்கும்?", "காலை எட்டு மணிக்கு", "நூலகம் காலை எட்டு மணிக்குத் திறக்கும்."},
	{"bn", "বাংলাদেশের জাতীয় ফল কোনটি?", []string{"কাঁঠাল", "আম", "লিচু", "পেয়ারা"}, "গ্রন্থাগারটি প্রতিদিন সকাল আটটায় খোলে।", "গ্রন্থাগারটি কখন খোলে?", "সকাল আটটায়", "গ্রন্থাগারটি সকাল আটটায় খোলে।"},
	{"sw", "Mlima mrefu zaidi barani Afrika ni upi?", []string{"Kilimanjaro", "Kenya", "Meru", "Elgon"}, "Maktaba hufunguliwa kila siku saa mbili asubuhi.", "Maktaba hufunguliwa saa ngapi?", "saa mbili asubuhi", "Maktaba hufunguliwa saa mbili asubuhi."},
	{"uz", "Oʻzbekistonning eng uzun daryosi qaysi?", []string{"Amudaryo", "Zarafshon", "Chirchiq", "Surxondaryo"}, "Kutubxona har kuni ertalab soat sakkizda ochiladi.", "Kutubxona soat nechada ochiladi?", "ertalab soat sakkizda", "Kutubxona ertalab soat sakkizda ochiladi."},
}

const (
	base    = "llama-3.1-8b-instruct"
	adapter = "tilgate-turkic-v3"
)

var (
	sampleKinds = []evals.Kind{evals.MultipleChoice, evals.Translation, evals.RAG}
	sampleNames = map[evals.Kind]string{evals.MultipleChoice: "copa", evals.Translation: "news", evals.RAG: "library"}
	sampleMain  = map[evals.Kind]string{evals.MultipleChoice: "acc", evals.Translation: "chrfpp", evals.RAG: "f1"}
)

// sampleRun makes up a run of two models in twelve languages, its samples, and
// three runs before it.
func sampleRun() (evals.Report, []evals.Sample, []evals.Report) {
	r := sampleReport(3, 0)
	var history []evals.Report
	for i := range 3 {
		history = append(history, sampleReport(uint64(i), float64(i-3)*0.03))
	}
	return r, sampleSamples(), history
}

func sampleMeta(month uint64) evals.Meta {
	started := time.Date(2026, time.Month(month+1), 14, 6, 30, 0, 0, time.UTC)
	m := evals.Meta{
		Format: 1, Version: "0.9.0", Name: "Turkic adapter, third round", Started: started, Ended: started.Add(47 * time.Minute),
		Target: "http://localhost:8080/v1", Models: []string{base, adapter}, Seed: 42, Shots: 3, Cases: 9000,
		Suites: []evals.SuiteRef{
			{Name: "namuna", Version: "1.0", Licence: "CC0-1.0", Digest: strings.Repeat("0123456789abcdef", 4)},
			{Name: "press", Version: "2026.1", Licence: "CC BY-SA 4.0, news texts by their publishers", Digest: strings.Repeat("fedcba98", 8)},
		},
	}
	if month < 2 {
		m.Suites[0].Digest = strings.Repeat("00", 32)
	}
	return m
}

func sampleReport(month uint64, shift float64) evals.Report {
	random := rand.New(rand.NewPCG(month, 7))
	r := evals.Report{Meta: sampleMeta(month), Failed: int(month)}
	for _, s := range sayings {
		r.Meta.Langs = append(r.Meta.Langs, s.tag)
	}
	for _, k := range sampleKinds {
		for i, s := range sayings {
			was := 0.34 + 0.03*float64((i*5+3*len(k))%12) + shift/2
			gain := 0.10 - 0.015*float64(i) + 0.02*float64(len(k)%5-2) + shift
			r.Summaries = append(r.Summaries, sampleScores(k, s.tag, base, was, random)...)
			r.Summaries = append(r.Summaries, sampleScores(k, s.tag, adapter, was+gain, random)...)
			r.Pairs = append(r.Pairs, samplePair(k, s.tag, was, gain))
		}
	}
	return r
}

func sampleID(k evals.Kind, tag lang.Tag) (suite, id string) {
	suite = "namuna"
	if k == evals.Translation {
		suite = "press"
	}
	return suite, fmt.Sprintf("%s/%s/%s", suite, sampleNames[k], tag)
}

func sampleScores(k evals.Kind, tag lang.Tag, model string, v float64, random *rand.Rand) []evals.Summary {
	suite, id := sampleID(k, tag)
	var list []evals.Summary
	add := func(metric string, value, stderr float64) {
		scale := 1.0
		if metricOf(metric).Unit == hundred {
			scale = 100
		}
		s := evals.Summary{Model: model, Task: id, Suite: suite, Kind: k, Lang: tag, Metric: metric, Main: metric == sampleMain[k], N: 250}
		s.Value, s.StdErr = scale*value, scale*stderr
		s.Low, s.High = s.Value-1.96*s.StdErr, s.Value+1.96*s.StdErr
		if metric == "chrfpp" {
			s.Signature = "nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:tilgate.0.9.0"
		}
		list = append(list, s)
	}
	add(sampleMain[k], v, 0.031)
	switch k {
	case evals.MultipleChoice:
		add("unread", 0.08-v/10, 0.01)
	case evals.Translation:
		add("bleu", v*0.6, 0.02)
		add("ter", 1.1-v, 0.03)
	case evals.RAG:
		add("em", v*0.7, 0.03)
		add("grounded", 0.6+v/3, 0.02)
		add("ndcg@10", 0.35+v*0.6+random.Float64()/12, 0.02)
		add("cite_recall", 0.4+v/3, 0.03)
	}
	okay := min(0.999, 0.8+v/2.2)
	if tag == "my" && model == base {
		okay = 0.62
	}
	add("lang_ok", okay, 0.01)
	add("tokens_per_char", 1.5-v*1.3+random.Float64()/3, 0.02)
	add("ttft", 0.21+random.Float64()/10, 0.004)
	return list
}

func samplePair(k evals.Kind, tag lang.Tag, was, gain float64) evals.Pair {
	_, id := sampleID(k, tag)
	scale, width := 1.0, 0.038
	if k == evals.Translation {
		scale = 100
	}
	p := math.Erfc(math.Abs(gain) / width * 1.96 / math.Sqrt2)
	return evals.Pair{
		Base: base, System: adapter, Task: id, Lang: tag, Metric: sampleMain[k], N: 250, Test: "paired_bootstrap",
		BaseIs: scale * was, SystemIs: scale * (was + gain), Delta: scale * gain, Low: scale * (gain - width), High: scale * (gain + width),
		P: p, Holm: min(1, p*12),
	}
}

func sampleSamples() []evals.Sample {
	var list []evals.Sample
	for i, s := range sayings {
		for _, k := range sampleKinds {
			task := sampleTask(k, s)
			for j := range task.Items {
				for m, name := range []string{base, adapter} {
					c := evals.Case{Task: task, Item: &task.Items[j], Prompt: "plain", Turns: []evals.Turn{{Role: "user", Text: task.Items[j].Text}}}
					list = append(list, evals.Sample{Case: c, Result: sampleResult(c, s, i+j+m, name)})
				}
			}
		}
	}
	return list
}

func sampleTask(k evals.Kind, s saying) *evals.Task {
	suite, _ := sampleID(k, s.tag)
	t := &evals.Task{Suite: suite, Name: sampleNames[k], Kind: k, Lang: s.tag}
	for i := range 4 {
		item := evals.Item{ID: fmt.Sprint(i + 1)}
		switch k {
		case evals.MultipleChoice:
			item.Text, item.Choices, item.Gold = s.question, s.choices, evals.Texts{"A"}
		case evals.Translation:
			t.From = "en"
			item.Text, item.Gold = "The library opens every day at eight o’clock in the morning.", evals.Texts{s.text}
		case evals.RAG:
			item.Text, item.Gold, item.Relevant = s.asked, evals.Texts{s.answer}, []string{"d1"}
		}
		t.Items = append(t.Items, item)
	}
	return t
}

// sampleResult is one of several sorts of answer, by turns.
func sampleResult(c evals.Case, s saying, turn int, model string) evals.Result {
	r := evals.Result{Model: model, Key: c.Key(), Digest: c.Digest(), Scores: map[string]float64{"lang_ok": 1, "script_ok": 1}}
	text, read := s.said, ""
	switch {
	case turn%7 == 5:
		r.Error = "the model server is not answering"
		r.Scores = nil
		return r
	case turn%7 == 3:
		text = "I am sorry, but I would rather answer this question in English."
		r.Scores["lang_ok"] = 0
		r.Answer.Lang = "en"
	case turn%7 == 1:
		text = strings.Repeat(s.said+" ", 20)
	}
	switch c.Task.Kind {
	case evals.MultipleChoice:
		read = evals.Letters[turn%3 : turn%3+1]
		r.Scores["acc"], r.Scores["unread"] = 0, 0
		if read == "A" {
			r.Scores["acc"] = 1
		}
		if turn%7 != 3 && turn%7 != 1 {
			text = read + ". " + s.choices[turn%3]
		}
	case evals.Translation:
		r.Scores["chrfpp"] = float64(turn % 5 * 20)
	case evals.RAG:
		r.Scores["f1"], r.Scores["grounded"] = float64(turn%4)/3, float64(turn%3)/2
		r.Answer.Passages = []evals.Passage{{Doc: "d1", Text: s.text, Score: 0.8}, {Doc: "d7", Text: s.question, Score: 0.3}}
	}
	r.Answer.Text, r.Read = text, read
	return r
}
