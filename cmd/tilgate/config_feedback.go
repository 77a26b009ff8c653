package main

import (
	"fmt"
	"log/slog"
	"time"

	"tilgate/internal/personal"
	"tilgate/serving/feedback"
	"tilgate/serving/ledger"
)

// FeedbackConfig says how feedback is taken. It is kept in the ledger.
type FeedbackConfig struct {
	Licence   string `toml:"licence,omitempty"`   // under which people give their words, as the text of the consent says
	Megabytes int    `toml:"megabytes,omitempty"` // of recent exchanges that are remembered for each tenant; 0 is 32
	Minutes   int    `toml:"minutes,omitempty"`   // for which they are; 0 is 120
}

func (c FeedbackConfig) check(fault func(format string, args ...any)) {
	if c.Megabytes < 0 {
		fault("feedback.megabytes: %d is below 0", c.Megabytes)
	}
	if c.Minutes < 0 {
		fault("feedback.minutes: %d is below 0", c.Minutes)
	}
}

func (c FeedbackConfig) memory() *feedback.Memory {
	return feedback.NewMemory(c.Megabytes<<20, time.Duration(c.Minutes)*time.Minute)
}

// openDesk opens the place where feedback is given; nil without a ledger.
func (c Config) openDesk(m *feedback.Memory, l *ledger.Ledger, k feedback.Knower, log *slog.Logger) (*feedback.Desk, error) {
	if l == nil {
		return nil, nil
	}
	mask, err := c.mask()
	return &feedback.Desk{Memory: m, Store: l, Knows: k, Mask: mask, Licence: c.Feedback.Licence, Log: log}, err
}

// mask hides personal data, whether or not the guard does: what is kept
// outlives the conversation.
func (c Config) mask() (func(text string) string, error) {
	finder, err := personal.New(c.Personal.Countries, c.Personal.extra())
	if err != nil {
		return nil, fmt.Errorf("personal: %w", err)
	}
	return func(text string) string {
		masked, _ := finder.Mask(text)
		return masked
	}, nil
}
