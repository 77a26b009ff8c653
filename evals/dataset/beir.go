// Package dataset reads benchmark data as it is published. Every error names
// file and line, or the place in the JSON.
//
//	format       kind            what a task is
//	xcopa        multiple_choice a language: cause or effect, two choices
//	copal        multiple_choice a register of Indonesian: the same
//	uzlib        multiple_choice Uzbek words and usage, four choices
//	sib200       classification  a language: the topic of a sentence
//	nusax        classification  a language of Indonesia: the sentiment of a text
//	americasnli  classification  a language: whether one sentence follows from another
//	mgsm         number          a language: sums told in words
//	squad        reading         a file: questions on passages, as of SQuAD, XQuAD, AmQA, UQuAD
//	afriqa       reading         a language with passages ("passage") or without ("open")
//	ntrex        translation     a direction: news, in the lines of the same articles
//	xwmt         translation     a direction: news in Turkic languages
//	beir         rag             a retrieval collection: questions to a knowledge base
//
// What a licence file says of a data set is a fact about the folder that was
// read; Suite takes it from there.
//
// The instructions that items are put in stand in prompts/, by data set or kind
// and by language. A linguist may correct or add to them without reading any Go.
package dataset

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"tilgate/evals"
)

// BEIR reads a retrieval collection from a folder: corpus.jsonl (id, title,
// text), queries.jsonl (id, text, answers) and qrels.txt (trec_eval's four
// columns: question, 0, document, grade).
func BEIR(fsys fs.FS) (evals.Collection, error) {
	var c evals.Collection
	var err error
	if c.Docs, err = jsonl[evals.Doc](fsys, "corpus.jsonl"); err != nil {
		return c, err
	}
	if c.Questions, err = jsonl[evals.Question](fsys, "queries.jsonl"); err != nil {
		return c, err
	}
	seen := map[string]bool{}
	for i, d := range c.Docs {
		if d.ID == "" || seen[d.ID] {
			return c, fmt.Errorf("corpus.jsonl:%d: the id %q is empty or was there before", i+1, d.ID)
		}
		seen[d.ID] = true
	}
	clear(seen)
	for i, q := range c.Questions {
		if q.ID == "" || seen[q.ID] {
			return c, fmt.Errorf("queries.jsonl:%d: the id %q is empty or was there before", i+1, q.ID)
		}
		seen[q.ID] = true
	}
	c.Relevant, err = qrels(fsys, "qrels.txt")
	return c, err
}

const maxLine = 64 << 20

func jsonl[T any](fsys fs.FS, name string) ([]T, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []T
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimPrefix(lines.Text(), "\ufeff")
		if strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("%s:%d: the line is empty", name, n)
		}
		var row T
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, len(rows)+1, err)
	}
	return rows, nil
}

func qrels(fsys fs.FS, name string) (map[string]map[string]int, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readQrels(f, name)
}

func readQrels(r io.Reader, name string) (map[string]map[string]int, error) {
	relevant := map[string]map[string]int{}
	lines := bufio.NewScanner(r)
	n := 1
	for ; lines.Scan(); n++ {
		f := strings.Fields(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if len(f) == 0 {
			continue
		}
		if len(f) != 4 {
			return nil, fmt.Errorf("%s:%d: %d columns, want question, 0, document, grade", name, n, len(f))
		}
		grade, err := strconv.Atoi(f[3])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: grade %q is not a whole number", name, n, f[3])
		}
		if relevant[f[0]] == nil {
			relevant[f[0]] = map[string]int{}
		}
		relevant[f[0]][f[2]] = grade
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, n, err)
	}
	return relevant, nil
}
