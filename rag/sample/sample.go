// Package sample is a knowledge base to try Tilgate with: the public service
// desk of Namuna, a country that does not exist. Its articles stand in several
// languages, parallel by id, with questions that each of them answers, and
// some that none does.
//
// All of it was written for Tilgate. It is no advice, and its phone numbers
// are nobody's.
package sample

import (
	"bufio"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"tilgate/internal/lang"
	"tilgate/rag/read"
	"tilgate/rag/read/plain"
	"tilgate/rag/sources"
)

// KB is the knowledge base's name.
const KB = "namuna"

//go:embed kb questions
var files embed.FS

// A Question is one that a citizen might ask.
type Question struct {
	ID     string   `json:"id"`
	Lang   lang.Tag `json:"-"`
	Text   string   `json:"question"`
	Doc    string   `json:"doc"`    // the article that answers it; empty if none does
	Answer string   `json:"answer"` // a piece of that article
}

// Langs lists the languages of the articles.
func Langs() ([]lang.Tag, error) {
	dirs, err := fs.ReadDir(files, "kb")
	if err != nil {
		return nil, err
	}
	var tags []lang.Tag
	for _, d := range dirs {
		tags = append(tags, lang.Tag(d.Name()))
	}
	return tags, nil
}

// Manifest describes the sample in some languages.
func Manifest(tags ...lang.Tag) sources.Manifest {
	m := sources.Manifest{Name: KB, FS: files}
	for _, tag := range tags {
		m.Sources = append(m.Sources, sources.Source{Path: "kb/" + string(tag), Lang: tag})
	}
	return m
}

// Readers read the articles.
func Readers(sources.Source) read.Readers { return read.Readers{".md": plain.Markdown()} }

// Documents yields the articles in one language.
func Documents(tag lang.Tag) iter.Seq2[read.Item, error] {
	return sources.Open(Manifest(tag), sources.Options{Reader: Readers}).Items(context.Background()) // they are in memory
}

// Questions returns the questions in one language.
func Questions(tag lang.Tag) ([]Question, error) {
	f, err := files.Open("questions/" + string(tag) + ".jsonl")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []Question
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		q := Question{Lang: tag}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil || strings.TrimSpace(q.Text) == "" {
			return nil, fmt.Errorf("questions in %s, line %d: %q: %w", tag, n, lines.Text(), err)
		}
		out = append(out, q)
	}
	return out, lines.Err()
}
