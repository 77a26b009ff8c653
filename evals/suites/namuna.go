package suites

import (
	"crypto/sha256"
	_ "embed" // of the instructions
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// NamunaName is what the suite on the sample knowledge base is called.
const NamunaName = "namuna"

//go:embed namuna.toml
var namunaTexts string

// told is what a model is told in one language.
type told struct{ Letter, Words, Topic string }

// An Article is one of the sample knowledge base.
type Article struct{ ID, Title, Text, Sector string }

// A Question is what a citizen might ask about them. No article answers it if
// Article is empty.
type Question struct{ ID, Text, Article, Answer string }

// A Sample is the sample knowledge base in one language.
type Sample struct {
	Lang        lang.Tag
	KB          string // its name
	Articles    []Article
	Questions   []Question
	Abstentions []string // sentences by which Tilgate says that it found nothing
}

// Namuna makes the suite on the sample knowledge base, which is its only
// source: five tasks in each language. The questions are asked of the
// knowledge base and of the article that answers them, and which article does
// is asked for itself; paragraphs are put to their sector, and to their
// language.
func Namuna(samples []Sample) (*evals.Suite, error) {
	var texts map[lang.Tag]told
	if err := toml.Unmarshal([]byte(namunaTexts), &texts); err != nil {
		return nil, fmt.Errorf("namuna.toml: %w", err)
	}
	s := &evals.Suite{Name: NamunaName, Title: "The public service desk of Namuna, a country that does not exist", Version: "1",
		Licence: "that of Tilgate", Source: "written for Tilgate: the knowledge base that tilgate demo serves"}
	tags := languageLabels(samples)
	for _, sample := range samples {
		t, ok := texts[sample.Lang]
		if !ok {
			return nil, fmt.Errorf("namuna.toml has no instructions in %s", sample.Lang)
		}
		s.Tasks = append(s.Tasks, sample.rag(t), sample.reading(t), sample.title(t), sample.topic(t), sample.detection(tags))
	}
	data, err := json.Marshal(s.Tasks)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	s.Digest = hex.EncodeToString(sum[:])
	return s, nil
}

func (s Sample) task(name string, kind evals.Kind, tokens int, prompts ...evals.Prompt) *evals.Task {
	return &evals.Task{Suite: NamunaName, Name: name, Kind: kind, Lang: s.Lang, MaxTokens: tokens, Prompts: prompts}
}

func (s Sample) rag(t told) *evals.Task {
	task := s.task("rag", evals.RAG, 200, evals.Prompt{Name: "plain", Text: "{{text}}"}, evals.Prompt{Name: "brief", Text: "{{text}}\n" + t.Words})
	task.Knowledge, task.Abstentions = []string{s.KB}, lowered(s.Abstentions)
	for _, q := range s.Questions {
		item := evals.Item{ID: q.ID, Text: q.Text, Refuse: q.Article == ""}
		if q.Article != "" {
			item.Gold, item.Relevant = evals.Texts{q.Answer}, []string{q.Article}
		}
		task.Items = append(task.Items, item)
	}
	return task
}

func lowered(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.ToLower(s))
	}
	return out
}

func (s Sample) article(id string) Article {
	if i := slices.IndexFunc(s.Articles, func(a Article) bool { return a.ID == id }); i >= 0 {
		return s.Articles[i]
	}
	return Article{}
}

func (s Sample) reading(t told) *evals.Task {
	task := s.task("reading", evals.Reading, 64, evals.Prompt{Name: "after", Text: "{{context}}\n\n{{text}}\n" + t.Words}, evals.Prompt{Name: "before", Text: "{{text}}\n\n{{context}}\n\n" + t.Words})
	for _, q := range s.Questions {
		if q.Article != "" {
			task.Items = append(task.Items, evals.Item{ID: q.ID, Text: q.Text, Context: s.article(q.Article).Text, Gold: evals.Texts{q.Answer}, Cluster: q.Article})
		}
	}
	return task
}

// choices is how many titles are shown.
const choices = 4

// title asks which of four articles answers a question. Where the right one
// stands, and which others there are, depends on the question's id alone.
func (s Sample) title(t told) *evals.Task {
	task := s.task("title", evals.MultipleChoice, 16, evals.Prompt{Name: "letter", Text: "{{text}}\n{{choices}}\n" + t.Letter}, evals.Prompt{Name: "bare", Text: "{{text}}\n{{choices}}\n"})
	for _, q := range s.Questions {
		at := slices.IndexFunc(s.Articles, func(a Article) bool { return a.ID == q.Article })
		if at < 0 {
			continue
		}
		right := int(number(q.ID) % choices)
		item := evals.Item{ID: q.ID, Text: q.Text, Gold: evals.Texts{evals.Letters[right : right+1]}}
		step := 1 + int(number("step "+q.ID))%3
		for i, other := 0, at; i < choices; i++ {
			if i == right {
				item.Choices = append(item.Choices, s.Articles[at].Title)
				continue
			}
			other = (other + step) % len(s.Articles)
			item.Choices = append(item.Choices, s.Articles[other].Title)
		}
		task.Items = append(task.Items, item)
	}
	return task
}

func number(text string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return h.Sum32()
}

func (s Sample) topic(t told) *evals.Task {
	task := s.task("sector", evals.Classification, 16, evals.Prompt{Name: "after", Text: "{{text}}\n\n" + t.Topic + " {{labels}}"}, evals.Prompt{Name: "before", Text: t.Topic + " {{labels}}\n\n{{text}}\n"})
	s.paragraphs(func(a Article, id, text string) {
		if !slices.ContainsFunc(task.Labels, func(l evals.Label) bool { return l.Name == a.Sector }) {
			task.Labels = append(task.Labels, evals.Label{Name: a.Sector})
		}
		task.Items = append(task.Items, evals.Item{ID: id, Text: text, Gold: evals.Texts{a.Sector}, Cluster: a.ID})
	})
	return task
}

func (s Sample) paragraphs(use func(a Article, id, text string)) {
	for _, a := range s.Articles {
		for i, p := range strings.Split(a.Text, "\n\n") {
			if p = strings.TrimSpace(p); p != "" {
				use(a, fmt.Sprintf("%s-%s-%d", s.Lang, a.ID, i+1), p)
			}
		}
	}
}

func (s Sample) detection(tags []evals.Label) *evals.Task {
	task := s.task("detect", evals.Detection, 16, evals.Prompt{Name: "tag", Text: "{{text}}\n\nWhich language is this in? Write one of these alone: {{labels}}"}, evals.Prompt{Name: "before", Text: "Language ({{labels}}) of this text:\n\n{{text}}\n\nLanguage:"})
	task.Labels = tags
	s.paragraphs(func(_ Article, id, text string) {
		first := text
		for sentence := range lang.Sentences(s.Lang, text) {
			first = sentence
			break
		}
		task.Items = append(task.Items, evals.Item{ID: id, Text: first, Gold: evals.Texts{string(s.Lang)}})
	})
	return task
}

// languageLabels are the languages of the samples: their tags, called by their
// English names.
func languageLabels(samples []Sample) []evals.Label {
	var list []evals.Label
	for _, s := range samples {
		list = append(list, evals.Label{Name: string(s.Lang), Text: display.English.Languages().Name(language.Make(string(s.Lang)))})
	}
	return list
}
