package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tilgate/internal/fit"
	"tilgate/internal/lang"
)

// A sized is what was measured of a model of one size.
type sized struct {
	shape
	file     int64     // bytes
	resident int64     // bytes of Ollama and the model, after answers
	told     fit.Model // what Tilgate says that it takes
	speeds   []speed   // on most threads, then on fewer
}

// results are all that is measured.
type results struct {
	machine string
	load    load
	quoting []rate
	sizes   []sized
	llama   map[lang.Tag]cost
	gemma   map[lang.Tag]cost
}

// best is the speed at which a question is answered first. More threads are
// slower where other programs use the cores.
func (s sized) best(c cost) speed {
	return slices.MinFunc(s.speeds, func(a, b speed) int { return cmp.Compare(a.whole(c), b.whole(c)) })
}

// table writes a table; the first row is its head.
func table(rows ...[]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}

// quotingTable is that of answers without a model.
func (r results) quotingTable() string {
	rows := [][]string{{"Cores for Tilgate", "Answers a second", "Half of them within", "99 of 100 within", "A core's time for each", "Memory", "People"}}
	for _, q := range r.quoting {
		rows = append(rows, []string{fmt.Sprint(q.cores), number(q.second), millis(q.p50), millis(q.p99), millis(q.cpu), fit.Size(q.resident),
			whole(mostBusy * q.second * r.load.every.Seconds())})
	}
	return table(rows...)
}

// speedTable is that of models, with the memory that was used beside what Tilgate
// says beforehand.
func (r results) speedTable() string {
	rows := [][]string{{"Size", "File", "Memory used", "Tilgate says at most", "Threads", "Reads, tokens/s", "Writes, tokens/s", "Runs, of a prompt of"}}
	for _, s := range r.sizes {
		for _, v := range s.speeds {
			rows = append(rows, []string{s.name, fit.Size(s.file), fit.Size(s.resident), fit.Size(s.told.Need()),
				fmt.Sprint(v.threads), number(v.read), number(v.write), fmt.Sprintf("%d, %d tokens", v.runs, v.prompt)})
		}
	}
	return table(rows...)
}

func (c cost) about(tokens float64) string {
	if c.computed {
		return fmt.Sprintf("~%.0f", tokens)
	}
	return fmt.Sprintf("%.0f", tokens)
}

// peopleTable is that of languages: what they take, and how many are served.
func (r results) peopleTable() string {
	head := []string{"Language", "Llama 3", "Gemma 2"}
	for _, s := range r.sizes {
		head = append(head, s.name)
	}
	rows := [][]string{head}
	for _, tag := range languages {
		l, g := r.llama[tag], r.gemma[tag]
		row := []string{string(tag), l.about(l.prompt) + " + " + l.about(l.answer), g.about(g.prompt) + " + " + g.about(g.answer)}
		for _, s := range r.sizes {
			row = append(row, r.load.cell(s.best(r.llama["en"]), r.llama[tag]))
		}
		rows = append(rows, row)
	}
	return table(rows...)
}

// cell says when the first word comes, when the last, and for how many people.
func (l load) cell(s speed, c cost) string {
	answer := s.whole(c)
	return fmt.Sprintf("%s, %s: %s", secs(s.first(c)), secs(answer), whole(l.people(answer)))
}

// chosen are languages whose figures stand for the others: few, some and many
// tokens.
var chosen = []lang.Tag{"en", "ky", "my"}

// chooseTable says what to take on which machine.
func (r results) chooseTable() string {
	head := []string{"Memory", "Take"}
	for _, tag := range chosen {
		head = append(head, string(tag))
	}
	rows := [][]string{head}
	if len(r.quoting) > 0 {
		q := r.quoting[len(r.quoting)-1]
		row := []string{"2 GB", "no model: sentences are quoted"}
		for range chosen {
			row = append(row, fmt.Sprintf("%s: %s", millis(q.p99), whole(mostBusy*q.second*r.load.every.Seconds())))
		}
		rows = append(rows, row)
	}
	for _, s := range r.sizes {
		row := []string{memoryFor(s.told), "a model of " + s.name}
		for _, tag := range chosen {
			row = append(row, r.load.cell(s.best(r.llama["en"]), r.llama[tag]))
		}
		rows = append(rows, row)
	}
	return table(rows...)
}

// memoryFor is the least memory that is sold and holds a model, by the rule of
// tilgate setup, which leaves some to the system.
func memoryFor(m fit.Model) string {
	const told = 0.95 // of what is sold; firmware and kernel keep the rest
	for _, gb := range []int64{2, 4, 8, 16, 24, 32, 48, 64, 96, 128} {
		if (fit.Machine{Memory: int64(told * float64(gb<<30))}).Holds(m) == fit.InMemory {
			return fmt.Sprintf("%d GB", gb)
		}
	}
	return "more than 128 GB"
}

// number writes two digits that count, or more before the point.
func number(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// whole writes how many people.
func whole(v float64) string {
	switch {
	case v < 1:
		return "<1"
	case v >= 1000: // to two digits
		tens := math.Pow(10, math.Floor(math.Log10(v))-1)
		return fmt.Sprintf("%.0f", math.Floor(v/tens)*tens)
	}
	return fmt.Sprintf("%.0f", math.Floor(v))
}

func millis(d time.Duration) string { return number(float64(d)/float64(time.Millisecond)) + " ms" }

// secs writes how long somebody waits.
func secs(d time.Duration) string {
	if d >= 90*time.Second {
		return number(d.Minutes()) + " min"
	}
	return number(d.Seconds()) + " s"
}
