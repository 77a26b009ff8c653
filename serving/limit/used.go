package limit

import (
	"context"
	"strconv"
	"time"

	"tilgate/serving"
)

// Used returns what a caller has used of the quotas of the day and the month,
// as Redis has it.
func (r *Redis) Used(ctx context.Context, name string) (day, month serving.Quota, err error) {
	if r.isDown() {
		return r.opts.Local.Used(ctx, name)
	}
	values, err := r.client.HMGet(ctx, keysOf(name)[0], "day", "day_requests", "day_chars", "day_tokens",
		"month", "month_requests", "month_chars", "month_tokens").Result()
	if err != nil {
		return day, month, err
	}
	var n [8]int64
	for i, v := range values {
		text, _ := v.(string)
		f, _ := strconv.ParseFloat(text, 64) // what is not there is 0
		n[i] = int64(f)
	}
	today, thisMonth := numbers(time.Now())
	if n[0] == today {
		day = serving.Quota{Requests: n[1], Chars: n[2], Tokens: n[3]}
	}
	if n[4] == thisMonth {
		month = serving.Quota{Requests: n[5], Chars: n[6], Tokens: n[7]}
	}
	return day, month, nil
}

// numbers are those by which the script knows a day and a month: years begin
// in March there, so that leap days come last.
func numbers(now time.Time) (day, month int64) {
	y, m, _ := now.UTC().Date()
	if m < time.March {
		y--
	}
	return now.Unix() / (24 * 60 * 60), int64(y)*12 + (int64(m)+9)%12
}

// Used returns what a key has used of its quotas.
func (s *Shares) Used(ctx context.Context, name string) (day, month serving.Quota, err error) {
	return s.Keys.Used(ctx, name)
}
