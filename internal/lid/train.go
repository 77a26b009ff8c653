package lid

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// TrainOptions tune Train. The zero value gives the weights that are embedded.
type TrainOptions struct {
	Seed     uint64                           // of all that is drawn by chance
	Without  []string                         // sources to leave out, such as "ntrex"
	Dim      int                              // of a text's vector, a multiple of 16; 0 stands for 32
	Rows     int                              // of all models together; 0 stands for 240,000
	Rounds   int                              // 0 stands for 10
	PerRound int                              // crops of each large language in a round; 0 stands for 3000
	Logf     func(format string, args ...any) // of progress; called from several goroutines at a time; may be nil
}

func (o TrainOptions) orDefaults() TrainOptions {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Dim, 32}, {&o.Rows, 240_000}, {&o.Rounds, 10}, {&o.PerRound, 3000}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	return o
}

// A Training is what Train made.
type Training struct {
	Weights   []byte // what Load reads
	Sentences int    // read, without what was left out
	Labels    int    // languages, each counted once for each script
	Kept      []Kept // the figures on the text kept aside
}

// Train learns to detect languages from dir/*.tsv.gz, lines of label, tab and
// sentence. The same text, options and version of this package give the same
// bytes, on every machine. One sentence in twenty is kept aside for
// calibration and one for the figures, chosen by the sentence itself.
func Train(ctx context.Context, dir string, o TrainOptions) (*Training, error) {
	o = o.orDefaults()
	if o.Dim < 0 || o.Dim%16 != 0 || o.Dim > maxDim || o.Rows < 0 || o.Rounds < 0 || o.PerRound < 0 {
		return nil, fault.Invalid.Errorf("cannot train with %d dimensions (16, 32, 48 or 64), %d rows, %d rounds of %d crops",
			o.Dim, o.Rows, o.Rounds, o.PerRound)
	}
	all, err := readCorpus(ctx, dir, o.Without)
	if err != nil {
		return nil, err
	}
	groups := classesOf(all)
	o.Logf("%d sentences in %d groups of scripts", len(all), len(groups))
	models, err := trainAll(ctx, groups, o)
	if err != nil {
		return nil, err
	}
	t := &Training{Weights: encode(models), Sentences: len(all)}
	for i := range models {
		t.Labels += len(models[i].labels)
	}
	t.Kept = measure(newDetector(models), keptOf(all))
	return t, nil
}

// trainAll trains the models of all groups, in alphabetical order, as many at
// a time as there are processors: the models share nothing.
func trainAll(ctx context.Context, groups map[lang.Script][]*class, o TrainOptions) ([]model, error) {
	names := sortedKeys(groups)
	models := make([]model, len(names))
	shares := rowShares(names, groups, o.Rows)
	next := make(chan int, len(names))
	order := slices.Clone(names) // large models first, so that none is left to run alone
	slices.SortStableFunc(order, func(a, b lang.Script) int { return len(groups[b]) - len(groups[a]) })
	for _, name := range order {
		next <- slices.Index(names, name)
	}
	close(next)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() != nil {
					return
				}
				t := newTrainer(names[i], groups[names[i]], shares[i], o)
				models[i] = t.run(ctx)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("training language detection: %w", err)
	}
	return models, nil
}

// rowShares divides rows among the groups: more to those with more languages,
// none to those with one.
func rowShares(names []lang.Script, groups map[lang.Script][]*class, rows int) []int {
	weight := make([]float64, len(names))
	total := 0.0
	for i, name := range names {
		if n := len(groups[name]); n > 1 {
			weight[i] = math.Sqrt(float64(n)) * math.Sqrt(math.Sqrt(float64(n))) // n^0.75, alike on every machine
			total += weight[i]
		}
	}
	shares := make([]int, len(names))
	for i, w := range weight {
		shares[i] = int(float64(rows) * w / max(total, 1))
	}
	return shares
}

// weightOf says how often a class is drawn, against a large language.
func weightOf(c *class, core, large map[lang.Tag]bool) float64 {
	switch n := len(c.text[forTraining]); {
	case c.made:
		return 0.6
	case core[c.tag]:
		return 1
	case large[c.tag]:
		return 0.8
	default:
		return 0.3 * min(1, math.Sqrt(float64(n)/1000))
	}
}
