package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A Head is how far a chain of the audit log had come. Written down here, away
// from the log, it shows when the end of the log was cut off together with the
// head that lies beside it.
type Head struct {
	Chain string // which log: its machine and folder
	N     int64  // of the last record
	Hash  string
	At    time.Time
}

// NoteHead keeps a head, in place of one of the same chain that is not as far.
func (l *Ledger) NoteHead(h Head) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.next.heads = append(l.next.heads, h)
	l.signal()
}

func (h Head) put(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO heads (chain, n, hash, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (chain) DO UPDATE SET n = excluded.n, hash = excluded.hash, at = excluded.at WHERE excluded.n > heads.n`,
		label(h.Chain), h.N, label(h.Hash), micros(h.At))
	return err
}

// Head returns how far a chain had come; ok is false if nobody noted it.
func (r *Reader) Head(ctx context.Context, chain string) (h Head, ok bool, err error) {
	h.Chain = chain
	var at int64
	err = r.db.QueryRowContext(ctx, `SELECT n, hash, at FROM heads WHERE chain = $1`, label(chain)).Scan(&h.N, &h.Hash, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return h, false, nil
	}
	h.At = time.UnixMicro(at).UTC()
	return h, err == nil, unreadable(err)
}
