package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ollama/ollama/api"
)

// A speed is what was measured of a model, medians of some runs.
type speed struct {
	threads int // 0 are as many as Ollama takes by itself
	runs    int
	prompt  int     // tokens of a prompt
	read    float64 // tokens of a prompt in a second
	write   float64 // tokens of an answer in a second
}

// contextTokens is what models are loaded with, as Tilgate does.
const contextTokens = 8192

// What one run asks for, and the least that still tells a speed.
const (
	promptTokens = 1000
	answerTokens = 100
	leastPrompt  = 64
	leastAnswer  = 8
	mostRuns     = 3
)

// An asker asks one model, never the same twice: Ollama would keep what it has read.
type asker struct {
	*ollama
	model   string
	options map[string]any
	text    string // to cut prompts from
	asked   int
}

// letters of a token in English, roughly; what a prompt had is counted.
const letters = 4.4

// ask has the model read about so many tokens and write so many.
func (a *asker) ask(ctx context.Context, read, write int) (api.Metrics, error) {
	a.asked++
	begin := a.asked * 997 % (len(a.text) / 2)
	text := fmt.Sprintf("%d. %s", a.asked, a.text[begin:][:min(int(letters*float64(read)), len(a.text)/2)])
	options := map[string]any{"num_predict": write, "num_ctx": contextTokens, "temperature": 1.2, "seed": a.asked}
	maps.Copy(options, a.options)
	var last api.Metrics
	stream := false
	err := a.Generate(ctx, &api.GenerateRequest{Model: a.model, Prompt: strings.ToValidUTF8(text, ""), Raw: true, Stream: &stream, Options: options},
		func(r api.GenerateResponse) error {
			last = r.Metrics
			return nil
		})
	if err == nil && (last.PromptEvalCount == 0 || last.PromptEvalDuration <= 0) {
		err = fmt.Errorf("%s does not say how long it read", a.model)
	}
	return last, err
}

// measure asks several times. So that this takes about as long as limit also
// where a model is slow, it may ask for less, down to leastPrompt and leastAnswer.
func (a *asker) measure(ctx context.Context, limit time.Duration) (speed, error) {
	if _, err := a.ask(ctx, 8, 1); err != nil { // it is loaded
		return speed{}, err
	}
	begin := time.Now()
	m, err := a.ask(ctx, 32, 4)
	if err != nil {
		return speed{}, err
	}
	one := (limit - time.Since(begin)).Seconds() / mostRuns
	prompt := within(0.75*one*perSecond(m.PromptEvalCount, m.PromptEvalDuration), leastPrompt, promptTokens)
	answer := within(0.25*one*perSecond(m.EvalCount, m.EvalDuration), leastAnswer, answerTokens)
	var prompts []int
	var read, write []float64
	for last := time.Duration(0); len(read) < mostRuns && (len(read) == 0 || time.Since(begin)+last*3/4 < limit); {
		start := time.Now()
		m, err := a.ask(ctx, prompt, answer)
		if err != nil {
			return speed{}, err
		}
		if m.EvalCount < 2 || m.EvalDuration <= 0 {
			return speed{}, fmt.Errorf("%s wrote %d tokens, too few to tell its speed", a.model, m.EvalCount)
		}
		last = time.Since(start)
		prompts = append(prompts, m.PromptEvalCount)
		read = append(read, perSecond(m.PromptEvalCount, m.PromptEvalDuration))
		write = append(write, perSecond(m.EvalCount, m.EvalDuration))
	}
	return speed{runs: len(read), prompt: median(prompts), read: median(read), write: median(write)}, nil
}

func perSecond(n int, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

func within(v float64, least, most int) int { return max(least, min(most, int(v))) }

// median of one value or more; of an even number, the lower of the middle two.
func median[T int | float64 | time.Duration](values []T) T {
	values = slices.Sorted(slices.Values(values))
	return values[(len(values)-1)/2]
}
