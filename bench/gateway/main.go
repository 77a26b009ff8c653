// Command gateway measures what Tilgate adds to a request that goes through:
// beside a model server that costs nothing, the thinnest pass-through that
// fasthttp makes possible (the floor), and the engine of Bifrost behind a thin
// front. All take turns in one run, since machines are noisy; ratios count.
//
// Tilgate runs as its users run it: with a key check, limits, metrics, and a
// record of each request in a file.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"time"
)

var (
	rounds    = flag.Int("rounds", 5, "turns that each takes")
	seconds   = flag.Int("seconds", 4, "length of a turn")
	clients   = flag.Int("clients", 32, "clients at once, for the cost of a request")
	open      = flag.Int("streams", 0, "hold so many streams open for -seconds instead")
	over      = flag.Bool("overload", false, "ask for more than the model server can do instead")
	noBifrost = flag.Bool("without-bifrost", false, "leave Bifrost out, which takes minutes to build")
)

// contestants are asked in turn; the upstream itself is the first.
const (
	upstream = "upstream"
	floor    = "floor"
	bifrost  = "Bifrost's engine"
	tilgate  = "Tilgate"
)

// A figure is what one turn gave.
type figure struct {
	p50 time.Duration // of a request, with one client
	cpu time.Duration // of the process for one request, with many
	rps float64       // with many
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		log.Fatal("TILGATE_SHARED is not set: it holds tools/gateway-bench, whose mock, floor and bodies are used")
	}
	dir, err := os.MkdirTemp("", "gateway-bench")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir, tools: filepath.Join(shared, "tools", "gateway-bench")}
	defer b.stop()
	switch {
	case *open > 0:
		err = b.streams(*open, time.Duration(*seconds)*time.Second)
	case *over:
		err = b.overload()
	default:
		err = b.compare()
	}
	if err != nil {
		b.stop()
		log.Fatal(err)
	}
}

// compare sets Tilgate beside the others.
func (b *bench) compare() error {
	if err := b.start(!*noBifrost); err != nil {
		return err
	}
	figures := map[string][]figure{}
	for round := range *rounds {
		for _, s := range b.servers {
			f, err := b.turn(s)
			if err != nil {
				return err
			}
			figures[s.name] = append(figures[s.name], f)
		}
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, *rounds)
	}
	report(b.servers, figures)
	return nil
}

func median[T cmp.Ordered](list []figure, of func(figure) T) T {
	var values []T
	for _, f := range list {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func report(servers []*server, figures map[string][]figure) {
	middle := map[string]figure{}
	for name, list := range figures {
		middle[name] = figure{
			p50: median(list, func(f figure) time.Duration { return f.p50 }),
			cpu: median(list, func(f figure) time.Duration { return f.cpu }),
			rps: median(list, func(f figure) float64 { return f.rps }),
		}
	}
	base := middle[upstream].p50
	fmt.Printf("%-18s %14s %16s %12s   medians of %d turns of %d s, %d clients\n", "", "added p50, 1", "CPU per request", "requests/s", *rounds, *seconds, *clients)
	for _, s := range servers {
		f := middle[s.name]
		added := "+" + (f.p50 - base).String()
		if s.name == upstream {
			added = f.p50.String()
		}
		fmt.Printf("%-18s %14s %16s %12.0f\n", s.name, added, f.cpu.Round(100*time.Nanosecond), f.rps)
	}
	ours, low := middle[tilgate], middle[floor]
	fmt.Printf("\nTilgate against the floor:            CPU %.2f ×, requests/s %.2f ×, p50 %+v\n",
		ratio(ours.cpu, low.cpu), ours.rps/low.rps, ours.p50-low.p50)
	if other, ok := middle[bifrost]; ok {
		fmt.Printf("Tilgate against Bifrost's engine:     CPU %.2f ×, requests/s %.2f ×\n", ratio(ours.cpu, other.cpu), ours.rps/other.rps)
	}
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }
