package evals

import (
	"time"

	"tilgate/internal/lang"
	"tilgate/internal/verdict"
)

// A Meta says what a run was. It is run.json of its folder.
type Meta struct {
	Format  int        `json:"format"`  // of the folder
	Version string     `json:"version"` // of Tilgate
	Name    string     `json:"name"`
	Started time.Time  `json:"started"`
	Ended   time.Time  `json:"ended,omitzero"` // zero while it is under way, or was broken off
	Target  string     `json:"target"`
	Models  []string   `json:"models"`
	Suites  []SuiteRef `json:"suites"`
	Langs   []lang.Tag `json:"langs"`
	Seed    uint64     `json:"seed"`
	Shots   int        `json:"shots"` // -1: all that each task has
	Limit   int        `json:"limit,omitempty"`
	LogLik  bool       `json:"loglik,omitempty"`
	Prompts []string   `json:"prompts,omitempty"` // that were used; empty means all
	Judge   string     `json:"judge,omitempty"`
	Bare    bool       `json:"bare,omitempty"` // a Tilgate answers without knowledge what is not about it
	// Trial is that the models are no names but the arms of the gate: "base" and
	// "adapter". Subjects are then what was asked, where somebody meant to sign.
	Trial    bool                         `json:"trial,omitempty"`
	Subjects map[lang.Tag]verdict.Subject `json:"subjects,omitempty"`
	Cases    int                          `json:"cases"` // asked of each model
}

// A SuiteRef names the exact files of a suite.
type SuiteRef struct {
	Name    string `json:"name"`
	Path    string `json:"path"`
	Version string `json:"version,omitempty"`
	Licence string `json:"licence,omitempty"`
	Digest  string `json:"sha256"`
}

// A Summary is one score of a model on a task.
type Summary struct {
	Model     string   `json:"model"`
	Task      string   `json:"task"` // its ID: suite/name/lang
	Suite     string   `json:"suite"`
	Kind      Kind     `json:"kind"`
	Lang      lang.Tag `json:"lang"`
	Prompt    string   `json:"prompt,omitempty"` // empty: over all prompts
	Metric    string   `json:"metric"`
	Main      bool     `json:"main,omitempty"` // the one metric that a task is known by
	N         int      `json:"n"`              // answers that it is made of
	Value     float64  `json:"value"`
	StdErr    float64  `json:"stderr"` // -1 where nothing can be said
	Low       float64  `json:"low"`    // 95 %
	High      float64  `json:"high"`
	Lowest    float64  `json:"lowest,omitempty"` // over prompts
	Highest   float64  `json:"highest,omitempty"`
	Signature string   `json:"signature,omitempty"`
}

// A Report is a run and what came of it.
type Report struct {
	Meta      Meta      `json:"meta"`
	Summaries []Summary `json:"summaries"`
	Pairs     []Pair    `json:"pairs,omitempty"`
	Failed    int       `json:"failed"` // cases without an answer
}

// A Pair compares two models on the same cases of a task, by its main metric.
type Pair struct {
	Base     string   `json:"base"`
	System   string   `json:"system"`
	Task     string   `json:"task"`
	Lang     lang.Tag `json:"lang"`
	Metric   string   `json:"metric"`
	N        int      `json:"n"`
	BaseIs   float64  `json:"base_value"`
	SystemIs float64  `json:"system_value"`
	Delta    float64  `json:"delta"`
	Low      float64  `json:"low"` // 95 % of the difference
	High     float64  `json:"high"`
	P        float64  `json:"p"`      // two-sided
	Holm     float64  `json:"p_holm"` // over all pairs of the run
	Test     string   `json:"test"`   // mcnemar_exact or paired_bootstrap
}

// A Sample is a case beside what became of it, for those who read answers.
type Sample struct {
	Case   Case
	Result Result
}
