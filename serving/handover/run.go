package handover

import (
	"context"
	"math/rand/v2"
	"time"

	"tilgate/internal/outbound"
)

const (
	lookEvery = 5 * time.Second  // for cases that became due, also of other processes
	sendTime  = 10 * time.Second // that one attempt may take
	leaseTime = 15 * time.Second // after which a case whose sender was killed is due again
	markTime  = 5 * time.Second  // to note how an attempt went
	firstWait = time.Second      // after the first attempt that failed
	mostWait  = 15 * time.Minute // between two attempts
	giveUp    = 72 * time.Hour   // after which nobody is told any more
)

// Run sends what is due until ctx ends. Several processes may do so at once.
func (d *Desk) Run(ctx context.Context) {
	for d.opts.Sender != nil && ctx.Err() == nil {
		c, ok, err := d.store.DueCase(ctx, time.Now(), leaseTime)
		if ok && err == nil {
			d.send(ctx, c)
			continue
		}
		select { // a store that is down says so itself
		case <-d.wake:
		case <-time.After(lookEvery):
		case <-ctx.Done():
		}
	}
}

func (d *Desk) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// send makes one attempt, and notes how it went. Where that cannot be noted, the
// case is due again when its lease has ended.
func (d *Desk) send(ctx context.Context, c Case) {
	attempt, cancel := context.WithTimeout(outbound.WithSites(ctx, c.Sites), sendTime)
	err := d.opts.Sender.Send(attempt, c)
	cancel()
	if err != nil && ctx.Err() != nil {
		return // it was us who ended it
	}
	mark, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	after, wrong := d.store.ChangeCase(mark, c.Tenant, c.ID, func(c *Case) error {
		c.attempted(err, time.Now())
		return nil
	})
	d.report(after, err, wrong)
}

// attempted notes how an attempt went.
func (c *Case) attempted(err error, now time.Time) {
	now = now.UTC().Truncate(time.Millisecond)
	switch {
	case err == nil:
		c.Sent, c.Due, c.Secret, c.Trouble = now, time.Time{}, "", ""
		return
	case c.Due.IsZero(): // it was answered meanwhile
		return
	}
	c.Attempts++
	c.Trouble = short(err.Error())
	if now.Sub(c.Time) > giveUp {
		c.settle(Failed)
		return
	}
	wait := min(firstWait<<min(c.Attempts-1, 20), mostWait)
	c.Due = now.Add(wait + rand.N(wait/4+1)) // not all at the same moment
}

const mostTrouble = 300 // bytes

func short(text string) string {
	if len(text) > mostTrouble {
		text = printable(text[:mostTrouble]) + "…"
	}
	return text
}

func (d *Desk) report(c Case, err, wrong error) {
	log := d.opts.Log.With("case", c.ID, "attempts", c.Attempts)
	switch {
	case wrong != nil:
		d.opts.Log.Error("how the handover of a conversation went cannot be noted; it may be sent twice", "err", wrong)
	case err == nil:
		d.sent.Add(1)
		log.Info("a conversation was handed over")
	case c.State == Failed:
		d.failed.Add(1)
		log.Error("a conversation could not be handed over, and nobody is told any more", "err", err)
	default:
		d.retried.Add(1)
		log.Warn("a conversation could not be handed over; it is tried again", "err", err, "next", c.Due)
	}
}

// Counts returns how many cases were sent, how many attempts failed and were
// tried again, and how many cases were given up.
func (d *Desk) Counts() (sent, retried, failed int64) {
	return d.sent.Load(), d.retried.Load(), d.failed.Load()
}
