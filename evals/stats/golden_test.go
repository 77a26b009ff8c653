package stats

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"tilgate/evals/metric"
)

func golden(t *testing.T, name string, each func(kind string, row []byte)) {
	t.Helper()
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no golden values to compare with")
	}
	f, err := os.Open(filepath.Join(shared, "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		each(parse[struct{ Type string }](t, lines.Bytes()).Type, lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func parse[T any](t *testing.T, row []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(row, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestGoldenStats(t *testing.T) {
	rows := 0
	golden(t, "stats.jsonl", func(kind string, line []byte) {
		rows++
		switch kind {
		case "proportion":
			checkProportion(t, line)
		case "mcnemar":
			r := parse[struct {
				B, C  int
				Exact float64 `json:"p_exact"`
				Mid   float64 `json:"p_mid"`
				ChiCC float64 `json:"chi2_cc"`
				PCC   float64 `json:"p_chi2_cc"`
				Chi2  float64
				P     float64 `json:"p_chi2"`
			}](t, line)
			d := Discordance{r.B, r.C}
			near(t, "exact", d.Exact(), r.Exact, 1e-9)
			near(t, "mid", d.Mid(), r.Mid, 1e-9)
			chi, p := d.ChiSquared(true)
			near(t, "chi2_cc", chi, r.ChiCC, 1e-9)
			near(t, "p_chi2_cc", p, r.PCC, 1e-9)
			chi, p = d.ChiSquared(false)
			near(t, "chi2", chi, r.Chi2, 1e-9)
			near(t, "p_chi2", p, r.P, 1e-9)
		case "pooled_stderr_lm_eval":
			r := parse[struct {
				StdErrs []float64
				Sizes   []int
				Value   float64
			}](t, line)
			near(t, kind, PooledStdErr(r.StdErrs, r.Sizes), r.Value, 1e-9)
		case "clustered_se":
			r := parse[struct {
				Values   []float64
				Clusters []int
				Plain    float64 `json:"se_plain"`
				NoFPC    float64 `json:"se_clustered_no_fpc"`
				Inspect  float64 `json:"se_clustered_inspect"`
			}](t, line)
			near(t, "se_plain", StdErr(r.Values), r.Plain, 1e-9)
			near(t, "clustered", ClusteredStdErr(r.Values, r.Clusters, false), r.NoFPC, 1e-9)
			near(t, "inspect", ClusteredStdErr(r.Values, r.Clusters, true), r.Inspect, 1e-9)
		case "multiple_testing":
			r := parse[struct{ P, Holm, BH []float64 }](t, line)
			for i := range r.P {
				near(t, "holm", Holm(r.P)[i], r.Holm[i], 1e-9)
				near(t, "bh", BH(r.P)[i], r.BH[i], 1e-9)
			}
		case "classification":
			checkClasses(t, line)
		case "mcq_loglik":
			r := parse[struct {
				Choices []string
				Loglik  []float64
				Alone   []float64 `json:"loglik_uncond"`
				Pred    int
				Norm    int `json:"pred_norm"`
				Bytes   int `json:"pred_bytes"`
				Mutual  int `json:"pred_mutual_info"`
			}](t, line)
			if got, want := metric.Choose(r.Choices, r.Loglik, r.Alone), (metric.Likeliest{Plain: r.Pred, Chars: r.Norm, Bytes: r.Bytes, Mutual: r.Mutual}); got != want {
				t.Errorf("likeliest of %q: %+v, want %+v", r.Choices, got, want)
			}
		default:
			t.Errorf("rows of the kind %q are not compared", kind)
		}
	})
	if rows != 31 {
		t.Errorf("%d rows", rows)
	}
}

func checkProportion(t *testing.T, line []byte) {
	r := parse[struct {
		K, N int
		CI   map[string]struct {
			Wilson   [2]float64
			Clopper  [2]float64 `json:"clopper_pearson"`
			WilsonCC [2]float64 `json:"wilson_cc"`
		}
		StdErr *float64 `json:"lm_eval_stderr"`
	}](t, line)
	for level, want := range r.CI {
		level, err := strconv.ParseFloat(level, 64)
		if err != nil {
			t.Fatal(err)
		}
		low, high := Wilson(r.K, r.N, level)
		near(t, "wilson low", low, want.Wilson[0], 1e-9)
		near(t, "wilson high", high, want.Wilson[1], 1e-9)
		low, high = WilsonCC(r.K, r.N, level)
		near(t, "wilson cc low", low, want.WilsonCC[0], 1e-9)
		near(t, "wilson cc high", high, want.WilsonCC[1], 1e-9)
		low, high = ClopperPearson(r.K, r.N, level)
		near(t, "clopper low", low, want.Clopper[0], 1e-9)
		near(t, "clopper high", high, want.Clopper[1], 1e-9)
	}
	values := slices.Concat(slices.Repeat([]float64{1}, r.K), make([]float64, r.N-r.K))
	if r.StdErr != nil {
		near(t, "stderr", StdErr(values), *r.StdErr, 1e-9)
	} else if !math.IsNaN(StdErr(values)) {
		t.Errorf("the error of one value is %v", StdErr(values))
	}
}

func checkClasses(t *testing.T, line []byte) {
	r := parse[struct {
		Gold, Pred, Labels []int
		Accuracy           float64
		PerLabel           []float64 `json:"f1_per_label"`
		Macro              float64   `json:"macro_f1"`
		Weighted           float64   `json:"weighted_f1"`
		Unanswered         int
	}](t, line)
	text := func(list []int) (out []string) {
		for _, n := range list {
			out = append(out, strconv.Itoa(n))
		}
		return out
	}
	c := metric.Classify(text(r.Gold), text(r.Pred), text(r.Labels))
	near(t, "accuracy", c.Accuracy, r.Accuracy, 1e-9)
	near(t, "macro", c.Macro, r.Macro, 1e-9)
	near(t, "weighted", c.Weighted, r.Weighted, 1e-9)
	for i, l := range r.Labels {
		near(t, "F1", c.F1[strconv.Itoa(l)], r.PerLabel[i], 1e-9)
	}
	if c.Unanswered != r.Unanswered {
		t.Errorf("%d unanswered, want %d", c.Unanswered, r.Unanswered)
	}
}

type systemScore struct {
	System string
	Score  float64
	P      *float64 `json:"p_value"`
	Mean   float64
	CI     float64
}

func TestGoldenSignificance(t *testing.T) {
	metrics := map[string]metric.Text{"BLEU": metric.BLEU{}, "chrF2++": metric.ChrFPP, "TER": metric.TER{}}
	golden(t, "significance.jsonl", func(kind string, line []byte) {
		switch kind {
		case "paired_bs", "paired_ar":
			r := parse[struct {
				Lang    string
				Samples int  `json:"n_samples"`
				CI      *int `json:"ar_ci_samples"`
				Seed    uint64
				Refs    []string
				Systems map[string][]string
				Results map[string][]systemScore
			}](t, line)
			for name, wants := range r.Results {
				m := metrics[name]
				counts := func(system string) [][]float64 {
					hyps := r.Systems[system]
					if hyps == nil {
						hyps = r.Systems["base"]
					}
					var refs [][]string
					for _, ref := range r.Refs {
						refs = append(refs, []string{ref})
					}
					return metric.Counts(m, hyps, refs)
				}
				base := counts("base")
				for _, want := range wants {
					var got Test
					switch {
					case want.P == nil:
						n := r.Samples
						if kind == "paired_ar" {
							n = *r.CI
						}
						got.System = m.Score(total(base))
						got.Mean, got.Half = Interval(base, m.Score, n, r.Seed)
					case kind == "paired_bs":
						got = Bootstrap(base, counts(want.System), m.Score, r.Samples, r.Seed, SacreBLEU)
					default:
						got = Randomise(base, counts(want.System), m.Score, r.Samples, *r.CI, r.Seed, SacreBLEU)
					}
					what := kind + " " + r.Lang + " " + name + " " + want.System + ": "
					if want.P != nil && got.P != *want.P {
						t.Errorf("%sp %v, want %v", what, got.P, *want.P)
					}
					near(t, what+"score", got.System, want.Score, 1e-6)
					near(t, what+"mean", got.Mean, want.Mean, 1e-4)
					near(t, what+"interval", got.Half, want.CI, 1e-4)
				}
			}
		case "numpy_rng":
			checkRandom(t, line)
		}
	})
}

func checkRandom(t *testing.T, line []byte) {
	r := parse[struct {
		Raw   []string  `json:"raw_uint64"`
		First [][]int32 `json:"choice60_first3rows"`
		Sum   int       `json:"choice60_sum"`
		Last  []int32   `json:"choice60_last_row"`
		Bools []any     `json:"bool_first_row"`
		Heads int       `json:"bool_sum"`
	}](t, line)
	g := NewPCG64(Seed)
	for i, want := range r.Raw {
		if got := strconv.FormatUint(g.Uint64(), 10); got != want {
			t.Fatalf("draw %d: %s, want %s", i, got, want)
		}
	}
	rows := resamples(NewPCG64(Seed), 60, 1000)
	sum := 0
	for _, row := range rows {
		for _, n := range row {
			sum += int(n)
		}
	}
	if !slices.Equal(rows[0], r.First[0]) || !slices.Equal(rows[2], r.First[2]) || !slices.Equal(rows[999], r.Last) || sum != r.Sum {
		t.Errorf("rows %v, sum %d, want %v, %d", rows[0], sum, r.First[0], r.Sum)
	}
	coins := make([]bool, 60*1000)
	NewPCG64(Seed).Bools(coins)
	heads := 0
	for _, c := range coins {
		if c {
			heads++
		}
	}
	if heads != r.Heads {
		t.Errorf("%d heads, want %d", heads, r.Heads)
	}
	for i, want := range r.Bools {
		if is := want == true || want == 1.0; coins[i] != is {
			t.Errorf("coin %d is %v", i, coins[i])
		}
	}
}
