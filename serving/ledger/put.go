package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tilgate/serving/feedback"
)

// put brings batches into the database, those that it has not. late is set when
// they may have waited long.
func (s *store) put(ctx context.Context, list []batch, late bool) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		list, err := missing(ctx, tx, list)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := putUsage(ctx, tx, merge(list)); err != nil {
			return err
		}
		for _, b := range list {
			if err := b.putRest(ctx, tx, late); err != nil {
				return err
			}
		}
		return nil
	})
}

// missing returns the batches that the database has not, and notes that it will.
func missing(ctx context.Context, tx *sql.Tx, list []batch) (left []batch, err error) {
	has := map[string]int64{}
	for _, b := range list {
		seq, known := has[b.Writer]
		if !known {
			err := tx.QueryRowContext(ctx, `SELECT seq FROM writers WHERE id = $1`, b.Writer).Scan(&seq)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, err
			}
		}
		if has[b.Writer] = max(seq, b.Seq); b.Seq > seq {
			left = append(left, b)
		}
	}
	for writer, seq := range has {
		if _, err := tx.ExecContext(ctx, `INSERT INTO writers (id, seq, at) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, at = excluded.at`, writer, seq, micros(time.Now())); err != nil {
			return nil, err
		}
	}
	return left, nil
}

func (b batch) putRest(ctx context.Context, tx *sql.Tx, late bool) error {
	for _, q := range b.Questions {
		if err := q.put(ctx, tx); err != nil {
			return fmt.Errorf("question: %w", err)
		}
	}
	for _, f := range b.Feedback {
		if err := putFeedback(ctx, tx, f, late); err != nil {
			return fmt.Errorf("feedback: %w", err)
		}
	}
	for _, c := range b.Cases {
		if err := putCase(ctx, tx, c, late); err != nil {
			return fmt.Errorf("handover: %w", err)
		}
	}
	for _, h := range b.Heads {
		if err := h.put(ctx, tx); err != nil {
			return fmt.Errorf("audit head: %w", err)
		}
	}
	return nil
}

// id names the cell of a row, by all its labels.
func (l Labels) id() string {
	h := sha256.New()
	for _, text := range []string{l.Day, l.Tenant, l.Key, l.Language, l.Adapter, l.Model, l.Degraded} {
		fmt.Fprintf(h, "%d %s", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

var labelColumns = []string{"day", "tenant", "caller", "language", "adapter", "model", "degraded"}

// mostRows is how many rows one statement has.
const mostRows = 50

func putUsage(ctx context.Context, tx *sql.Tx, rows []usageRow) error {
	cells := upsert{table: "usage", columns: append(append([]string{"id"}, labelColumns...), countColumns...), key: "id", sums: countColumns}
	times := upsert{table: "usage_times", columns: []string{"cell", "kind", "ms", "n"}, key: "cell, kind, ms", sums: []string{"n"}}
	for _, u := range rows {
		id := u.id()
		values := []any{id, u.Day, u.Tenant, u.Key, u.Language, u.Adapter, u.Model, u.Degraded}
		for _, n := range u.fields() {
			values = append(values, *n)
		}
		cells.add(values)
		times.addTimes(id, "first", u.First)
		times.addTimes(id, "total", u.Total)
	}
	if err := cells.run(ctx, tx); err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	return times.run(ctx, tx)
}

// An upsert adds rows to those that are there, many in a statement.
type upsert struct {
	table   string
	columns []string
	key     string
	sums    []string // columns that are added up
	rows    [][]any
}

func (u *upsert) add(values []any) { u.rows = append(u.rows, values) }

// addTimes adds a histogram, in order.
func (u *upsert) addTimes(cell, kind string, h sparse) {
	for i := range len(bounds) + 1 {
		if n := h[bucketBound(i)]; n != 0 {
			u.add([]any{cell, kind, bucketBound(i), n})
		}
	}
}

func (u *upsert) run(ctx context.Context, tx *sql.Tx) error {
	for rows := u.rows; len(rows) > 0; {
		n := min(len(rows), mostRows)
		var args []any
		for _, values := range rows[:n] {
			args = append(args, values...)
		}
		if _, err := tx.ExecContext(ctx, u.statement(n), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (u *upsert) statement(rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", u.table, strings.Join(u.columns, ", "))
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		b.WriteString(holders(row*len(u.columns), len(u.columns)))
	}
	fmt.Fprintf(&b, " ON CONFLICT (%s) DO UPDATE SET ", u.key)
	for i, column := range u.sums {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s = %s.%[1]s + excluded.%[1]s", column, u.table)
	}
	return b.String()
}

// holders are places for n values, after some others: "($3, $4)".
func holders(after, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", after+i+1)
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func micros(t time.Time) int64 { return t.UnixMicro() }

// putFeedback stores feedback in place of what the person said before. What
// waited while its person's was erased is not stored.
func putFeedback(ctx context.Context, tx *sql.Tx, f feedback.Feedback, late bool) error {
	if late {
		gone, err := wasErased(ctx, tx, f.Time, whoHash(f.Tenant, "person", f.Person), whoHash(f.Tenant, "conversation", f.Conversation))
		if err != nil || gone {
			return err
		}
	}
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO feedback (tenant, id, at, state, person, conversation, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant, id) DO UPDATE SET at = excluded.at, state = excluded.state, person = excluded.person,
		conversation = excluded.conversation, body = excluded.body`,
		label(f.Tenant), label(f.ID), micros(f.Time), string(f.State()), label(f.Person), label(f.Conversation), string(body))
	return err
}
