package lid

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

const (
	minClass  = 25   // sentences that a language needs to become a label
	minShare  = 0.12 // of a source's sentences for a language that a script needs, to be no accident
	keptAside = 20   // one in so many sentences is for measuring, and one for calibration
)

// A part says what a sentence is for. It depends on the sentence alone, so
// that whatever is trained, the same ones are kept aside.
type part int

const (
	forTest part = iota
	forCalibration
	forTraining
)

func partOf(text string) part {
	h := fnv.New32a()
	io.WriteString(h, text)
	return min(part(h.Sum32()>>8%keptAside), forTraining)
}

// A sentence is one line of a source.
type sentence struct {
	text   string
	source string // name of the file up to the first dot
	tag    lang.Tag
	group  lang.Script // groupOf its script
}

// groupOf returns the name of the model that a script belongs to. Japanese
// mixes three scripts, one of which is that of Chinese.
func groupOf(script lang.Script) lang.Script {
	switch script {
	case "Hani", "Hira", "Kana", "Jpan":
		return "Hani"
	case "Kore":
		return "Hang"
	}
	return script
}

// scriptsOf returns the scripts whose letters a group's model reads.
func scriptsOf(group lang.Script) []lang.Script {
	if group == "Hani" {
		return []lang.Script{"Hani", "Hira", "Kana"}
	}
	return []lang.Script{group}
}

// readCorpus reads all of dir/*.tsv.gz but the sources named in skip, and
// leaves out what teaches nothing: labels of no language, text that two
// languages share (interfaces are half translated), text in a stray script.
func readCorpus(ctx context.Context, dir string, skip []string) ([]sentence, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.tsv.gz"))
	if err != nil || len(paths) == 0 {
		return nil, fault.NotFound.Errorf("%s holds no *.tsv.gz to train language detection from", dir)
	}
	slices.Sort(paths)
	var all []sentence
	for _, path := range paths {
		source, _, _ := strings.Cut(filepath.Base(path), ".")
		if slices.Contains(skip, source) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		some, err := readSource(path, source)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", filepath.Base(path), err)
		}
		all = append(all, some...)
	}
	return withoutShared(all), nil
}

func readSource(path, source string) ([]sentence, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	byLabel := map[string][]sentence{}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		label, text, _ := strings.Cut(lines.Text(), "\t")
		tag, ok := tagOf(label)
		if script := lang.ScriptOf(text); ok && script != lang.Zyyy {
			byLabel[label] = append(byLabel[label], sentence{text, source, tag, groupOf(script)})
		}
	}
	var all []sentence
	for _, label := range sortedKeys(byLabel) {
		all = append(all, withoutStray(byLabel[label])...)
	}
	return all, lines.Err()
}

// withoutStray leaves out the sentences of one label of one source that are in
// a script which hardly any other is in.
func withoutStray(all []sentence) []sentence {
	count := map[lang.Script]int{}
	for _, s := range all {
		count[s.group]++
	}
	return slices.DeleteFunc(all, func(s sentence) bool {
		return float64(count[s.group]) < minShare*float64(len(all))
	})
}

// withoutShared leaves out repetitions and text that stands under two tags.
func withoutShared(all []sentence) []sentence {
	first := map[string]lang.Tag{}
	for _, s := range all {
		key := strings.ToLower(s.text)
		if tag, ok := first[key]; ok && tag != s.tag {
			first[key] = lang.Und
		} else {
			first[key] = s.tag
		}
	}
	return slices.DeleteFunc(all, func(s sentence) bool {
		key := strings.ToLower(s.text)
		if first[key] != s.tag {
			return true
		}
		first[key] = lang.Und
		return false
	})
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// A class is one language in one group of scripts, with its text by part.
type class struct {
	tag   lang.Tag
	group lang.Script
	made  bool // its text was written by a conversion
	text  [forTraining + 1][]string
}

func (c *class) size() int {
	n := 0
	for _, t := range c.text {
		n += len(t)
	}
	return n
}

// classesOf sorts sentences into classes, and adds the classes whose text has
// to be made. Groups and classes come in alphabetical order.
func classesOf(all []sentence) map[lang.Script][]*class {
	byName := map[string]*class{}
	at := func(tag lang.Tag, group lang.Script) *class {
		name := string(group) + " " + string(tag)
		if byName[name] == nil {
			byName[name] = &class{tag: tag, group: group}
		}
		return byName[name]
	}
	for _, s := range all {
		c, p := at(s.tag, s.group), partOf(s.text)
		c.text[p] = append(c.text[p], s.text)
	}
	for _, c := range conversions() {
		from, to := at(c.tag, groupOf(c.from)), at(c.tag, groupOf(c.to))
		to.made = true
		for p := range from.text {
			for _, text := range from.text[p] {
				if lang.ScriptOf(text) == c.from {
					to.text[p] = append(to.text[p], c.write(text))
				}
			}
		}
	}
	groups := map[lang.Script][]*class{}
	for _, name := range sortedKeys(byName) {
		if c := byName[name]; c.size() >= minClass {
			groups[c.group] = append(groups[c.group], c)
		}
	}
	for group, classes := range groups {
		groups[group] = withGibberish(classes)
	}
	return groups
}
