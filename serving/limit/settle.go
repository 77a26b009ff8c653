package limit

import (
	"context"
	"maps"
	"time"

	"github.com/redis/go-redis/v9"

	"tilgate/serving"
)

// run sends what is to be settled, and renews the slots in progress, until ctx
// ends and nothing is left.
func (r *Redis) run(ctx context.Context) {
	defer close(r.done)
	tick := time.NewTicker(renewal)
	defer tick.Stop()
	for {
		select {
		case args := <-r.later:
			r.settle(r.gather(args))
		case <-tick.C:
			r.settle(r.renewals())
		case <-ctx.Done():
			for len(r.later) > 0 {
				r.settle(r.gather(<-r.later))
			}
			return
		}
	}
}

// atOnce is how many runs of the script travel together.
const atOnce = 128

// gather takes what else is there already.
func (r *Redis) gather(first []any) [][]any {
	list := [][]any{first}
	for len(list) < atOnce {
		select {
		case args := <-r.later:
			list = append(list, args)
		default:
			return list
		}
	}
	return list
}

func (r *Redis) renewals() (list [][]any) {
	r.mu.Lock()
	slots := maps.Clone(r.slots)
	r.mu.Unlock()
	for slot, name := range slots {
		list = append(list, append([]any{name}, r.arguments("renew", slot, serving.Quota{}, &serving.Limits{})...))
	}
	return list
}

// settle runs the script for each of a list. While Redis is down it is lost:
// it would be charged long after, to another minute.
func (r *Redis) settle(list [][]any) {
	if len(list) == 0 || r.isDown() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	err := r.settleOnce(ctx, list)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // a server that was started anew
		if err = script.Load(ctx, r.client).Err(); err == nil {
			err = r.settleOnce(ctx, list)
		}
	}
	if err != nil {
		r.broken(err)
	}
}

func (r *Redis) settleOnce(ctx context.Context, list [][]any) error {
	_, err := r.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, args := range list {
			script.EvalSha(ctx, pipe, keysOf(args[0].(string)), args[1:]...)
		}
		return nil
	})
	return err
}
