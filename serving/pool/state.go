package pool

import (
	"context"
	"errors"
	"slices"
	"time"

	"tilgate/serving"
)

// A State is what is known of a backend, for those who watch over it.
type State struct {
	Name     string
	Site     string
	Up       bool          // it answers, and has a model
	Breaker  string        // "closed", "open" or "half_open"
	Running  int           // requests at the server
	Waiting  int           // requests for room at the server
	Switches int           // of the model in memory, as far as requests from here cause them
	Trip     time.Duration // there and back, without a model; 0 until it is known
}

// States returns the states of the backends, in the order of the
// configuration.
func (p *Pool) States() []State {
	var list []State
	for _, r := range p.all() {
		list = append(list, State{r.Name, r.Site, r.up(), string(r.breaker.state()),
			int(r.running.Load()), int(r.waiting.Load()), int(r.switches.Load()), r.trip.value()})
	}
	return list
}

// Running lists what is in memory of the servers that answer, each model once.
func (p *Pool) Running(ctx context.Context) ([]serving.ModelInfo, error) {
	var list []serving.ModelInfo
	var wrong error
	for _, r := range p.up(ctx) {
		infos, err := r.Server.Running(ctx)
		wrong = errors.Join(wrong, err)
		for _, info := range infos {
			if !slices.ContainsFunc(list, func(m serving.ModelInfo) bool { return m.Name == info.Name }) {
				list = append(list, info)
			}
		}
	}
	if len(list) > 0 {
		wrong = nil
	}
	return list, wrong
}
