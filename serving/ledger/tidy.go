package ledger

import (
	"context"
	"database/sql"
	"time"
)

const (
	keepWriters = 400 * 24 * time.Hour      // longer than a spill is left lying
	keepErased  = 10 * 366 * 24 * time.Hour // longer than feedback waits for the database, and than backups are kept
	keepCases   = 30 * 24 * time.Hour
	mostGroups  = 20_000 // of questions
)

// tidy removes what is too old, and the rarest groups of questions where there
// are too many.
func (s *store) tidy(ctx context.Context, cases time.Duration) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		now := time.Now()
		for _, step := range []struct {
			query string
			arg   any
		}{
			{`DELETE FROM writers WHERE at < $1`, micros(now.Add(-keepWriters))},
			{`DELETE FROM erased WHERE at < $1`, micros(now.Add(-keepErased))},
			{`DELETE FROM handovers WHERE at < $1`, micros(now.Add(-cases))},
			{`DELETE FROM questions WHERE id IN (SELECT id FROM questions ORDER BY n DESC, last_at DESC, id LIMIT 1000000 OFFSET $1)`, mostGroups},
		} {
			if _, err := tx.ExecContext(ctx, step.query, step.arg); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM question_bands WHERE question NOT IN (SELECT id FROM questions)`)
		return err
	})
}
