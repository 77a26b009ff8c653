package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving/feedback"
)

// A Ledger keeps feedback.
var _ feedback.Store = (*Ledger)(nil)

// PutFeedback returns when f is in the database or, while that is down, on disk
// on its way there. Where it can be neither, it is an error, and who gave it
// hears so.
func (l *Ledger) PutFeedback(ctx context.Context, f feedback.Feedback) error {
	return l.promise(ctx, func() { l.next.feedback = append(l.next.feedback, f) },
		"feedback cannot be kept now; send it again later")
}

// promise gathers what somebody gives, and returns when it cannot be lost any
// more. Otherwise says so to callers.
func (l *Ledger) promise(ctx context.Context, gather func(), otherwise string) error {
	select {
	case l.room <- struct{}{}:
		defer func() { <-l.room }()
	case <-ctx.Done():
		return ctx.Err()
	}
	w := l.wait(ctx, gather)
	if w.err != nil {
		return fault.Unavailable.Wrap(w.err, otherwise)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_ = l.await(ctx, w.seq) // it is kept, wherever it is
	return nil
}

// Feedback returns one piece of feedback.
func (r *Reader) Feedback(ctx context.Context, tenant, id string) (f feedback.Feedback, err error) {
	return feedbackIn(ctx, r.db, tenant, id)
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func feedbackIn(ctx context.Context, q queryer, tenant, id string) (f feedback.Feedback, err error) {
	var body string
	err = q.QueryRowContext(ctx, `SELECT body FROM feedback WHERE tenant = $1 AND id = $2`, clean(tenant, mostLabel), clean(id, mostLabel)).Scan(&body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return f, fault.NotFound.Errorf("there is no such feedback")
	case err != nil:
		return f, unreadable(err)
	}
	return f, json.Unmarshal([]byte(body), &f)
}

// ListFeedback lists what a query asks for, in the order of time.
func (r *Reader) ListFeedback(ctx context.Context, q feedback.Query) ([]feedback.Feedback, error) {
	after := int64(math.MinInt64)
	if q.After != "" {
		err := r.db.QueryRowContext(ctx, `SELECT at FROM feedback WHERE id = $1 AND ($2 = '' OR tenant = $2)`, q.After, q.Tenant).Scan(&after)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.NotFound.Field("after", "there is no such feedback; begin anew")
		} else if err != nil {
			return nil, unreadable(err)
		}
	}
	rows, err := r.db.QueryContext(ctx, `SELECT body FROM feedback WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR state = $2)
		AND (at > $3 OR at = $3 AND id > $4) ORDER BY at, id LIMIT $5`,
		q.Tenant, string(q.State), after, q.After, cmp.Or(q.Limit, math.MaxInt32))
	if err != nil {
		return nil, unreadable(err)
	}
	defer rows.Close()
	list := []feedback.Feedback{}
	for rows.Next() {
		var body string
		var f feedback.Feedback
		if err := rows.Scan(&body); err != nil {
			return nil, unreadable(err)
		}
		if err := json.Unmarshal([]byte(body), &f); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, unreadable(rows.Err())
}

// ReviewFeedback adds a review. Two that come at once are both kept.
func (l *Ledger) ReviewFeedback(ctx context.Context, tenant, id string, review feedback.Review) error {
	return l.db.within(ctx, func(tx *sql.Tx) error {
		// The row is locked before it is read.
		if _, err := tx.ExecContext(ctx, `UPDATE feedback SET state = state WHERE tenant = $1 AND id = $2`, tenant, id); err != nil {
			return unreadable(err)
		}
		f, err := feedbackIn(ctx, tx, tenant, id)
		if err != nil {
			return err
		}
		f.Reviews = append(f.Reviews, review)
		return unreadable(putFeedback(ctx, tx, f, false))
	})
}

// EraseFeedback deletes all feedback of a person or a conversation, so that
// nothing of it is left in the files of SQLite or the table of Postgres, and
// returns what is gone. Feedback of theirs that still waits somewhere for the
// database is not stored when it comes. Copies that were made of the database,
// and the log of transactions of a Postgres server, are up to its operator.
func (l *Ledger) EraseFeedback(ctx context.Context, tenant string, w feedback.Whose) ([]string, error) {
	column, who := "person", w.Person
	if w.Conversation != "" {
		column, who = "conversation", w.Conversation
	}
	if (w.Person == "") == (w.Conversation == "") {
		return nil, fault.Invalid.Errorf("name a person or a conversation, and not both")
	}
	return l.eraseFrom(ctx, "feedback", tenant, column, column, who)
}

// eraseFrom deletes the rows of a table that have a value in a column. What is
// still on its way is known as a kind of value.
func (l *Ledger) eraseFrom(ctx context.Context, table, tenant, column, kind, who string) ([]string, error) {
	if err := l.settle(ctx); err != nil {
		return nil, err
	}
	var gone []string
	err := l.db.within(ctx, func(tx *sql.Tx) (err error) {
		if gone, err = erase(ctx, tx, table, tenant, column, who); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO erased (who, at) VALUES ($1, $2) ON CONFLICT (who) DO UPDATE SET at = excluded.at`,
			whoHash(tenant, kind, who), micros(time.Now()))
		return err
	})
	if err != nil {
		return nil, unreadable(err)
	}
	if err := l.db.scrub(ctx, table); err != nil {
		return gone, fault.Unavailable.Wrap(err, "it is deleted, but its bytes may still be in the files of the database; erase it again later")
	}
	return gone, nil
}

// settle waits until all that was given to this process is in the database.
func (l *Ledger) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	w := l.wait(ctx, func() {})
	err := w.err
	if err == nil {
		err = l.await(ctx, w.seq)
	}
	return fault.Unavailable.Wrap(err, "the ledger's database does not answer, so that nothing can be erased; try again later")
}

// erase deletes, and returns the IDs of what it deleted.
func erase(ctx context.Context, tx *sql.Tx, table, tenant, column, who string) (gone []string, err error) {
	rows, err := tx.QueryContext(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND `+column+` = $2 RETURNING id`, tenant, who)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		gone = append(gone, id)
	}
	return gone, rows.Err()
}

// wasErased reports whether one of those that whoHash names was erased at a time
// or later.
func wasErased(ctx context.Context, tx *sql.Tx, at time.Time, one, other string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM erased WHERE at >= $1 AND who IN ($2, $3)`, micros(at), one, other).Scan(&n)
	return n > 0, err
}

// whoHash names who was erased, for a while, without naming them.
func whoHash(tenant, kind, who string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s%s %s", len(tenant), tenant, kind, who))
	return hex.EncodeToString(sum[:])
}

// scrub removes the bytes of what was deleted. SQLite wrote over them in its
// file; its log is emptied here. Postgres writes the table anew.
func (s *store) scrub(ctx context.Context, table string) error {
	if s.file == "" {
		_, err := s.ExecContext(ctx, `VACUUM FULL `+table)
		return err
	}
	for range 50 {
		var busy, log, moved int
		if err := s.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved); err != nil {
			return err
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-time.After(firstPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("somebody keeps reading the log of SQLite")
}
