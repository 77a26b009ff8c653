package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving/handover"
)

// A Ledger keeps cases of handover.
var _ handover.Store = (*Ledger)(nil)

// PutCase returns when c is in the database or, while that is down, on disk on
// its way there. Where it can be neither, it is an error.
func (l *Ledger) PutCase(ctx context.Context, c handover.Case) error {
	return l.promise(ctx, func() { l.next.cases = append(l.next.cases, c) },
		"the conversation cannot be handed over now; send it again later")
}

// Case returns one case.
func (r *Reader) Case(ctx context.Context, tenant, id string) (handover.Case, error) {
	return caseIn(ctx, r.db, tenant, id)
}

func caseIn(ctx context.Context, q queryer, tenant, id string) (c handover.Case, err error) {
	row := q.QueryRowContext(ctx, `SELECT body FROM handovers WHERE id = $1 AND ($2 = '' OR tenant = $2)`, label(id), label(tenant))
	return scanCase(row)
}

// scanCase reads the body of a case.
func scanCase(row interface{ Scan(to ...any) error }) (c handover.Case, err error) {
	var body string
	switch err := row.Scan(&body); {
	case errors.Is(err, sql.ErrNoRows):
		return c, fault.NotFound.Errorf("there is no such case, or not any more")
	case err != nil:
		return c, unreadable(err)
	}
	return c, json.Unmarshal([]byte(body), &c)
}

// ListCases lists what a query asks for, in the order of time.
func (r *Reader) ListCases(ctx context.Context, q handover.Query) ([]handover.Case, error) {
	after := int64(math.MinInt64)
	if q.After != "" {
		err := r.db.QueryRowContext(ctx, `SELECT at FROM handovers WHERE id = $1 AND ($2 = '' OR tenant = $2)`, label(q.After), label(q.Tenant)).Scan(&after)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fault.NotFound.Field("after", "there is no such case; begin anew")
		} else if err != nil {
			return nil, unreadable(err)
		}
	}
	rows, err := r.db.QueryContext(ctx, `SELECT body FROM handovers WHERE ($1 = '' OR tenant = $1) AND ($2 = '' OR state = $2)
		AND (at > $3 OR at = $3 AND id > $4) ORDER BY at, id LIMIT $5`,
		label(q.Tenant), string(q.State), after, label(q.After), cmp.Or(q.Limit, math.MaxInt32))
	if err != nil {
		return nil, unreadable(err)
	}
	defer rows.Close()
	list := []handover.Case{}
	for rows.Next() {
		c, err := scanCase(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, unreadable(rows.Err())
}

// putCase stores a case unless it is there. What waited while it was erased is
// not stored.
func putCase(ctx context.Context, tx *sql.Tx, c handover.Case, late bool) error {
	contact := handover.ContactOf(c.Contact)
	if late {
		gone, err := wasErased(ctx, tx, c.Time, whoHash(c.Tenant, "case", c.ID), whoHash(c.Tenant, "contact", contact))
		if err != nil || gone {
			return err
		}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO handovers (id, tenant, at, state, contact, due, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		label(c.ID), label(c.Tenant), micros(c.Time), string(c.State), contact, dueOf(c), string(body))
	return err
}

// dueOf returns when a case is due, as the database has it.
func dueOf(c handover.Case) int64 {
	if c.Due.IsZero() {
		return 0
	}
	return micros(c.Due)
}

// ChangeCase changes a case. Of two that come at once, each sees what the other
// did.
func (l *Ledger) ChangeCase(ctx context.Context, tenant, id string, change func(*handover.Case) error) (c handover.Case, err error) {
	err = l.db.within(ctx, func(tx *sql.Tx) error {
		// The row is locked before it is read.
		if _, err := tx.ExecContext(ctx, `UPDATE handovers SET state = state WHERE id = $1`, label(id)); err != nil {
			return err
		}
		if c, err = caseIn(ctx, tx, tenant, id); err != nil {
			return err
		}
		if err := change(&c); err != nil {
			return err
		}
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE handovers SET state = $1, due = $2, body = $3 WHERE id = $4`, string(c.State), dueOf(c), string(body), label(id))
		return err
	})
	return c, unreadable(err)
}

// DueCase returns the case that has been due for longest, and moves the time when
// it is due again by the lease. Two processes that ask at once get different ones.
func (l *Ledger) DueCase(ctx context.Context, now time.Time, lease time.Duration) (c handover.Case, ok bool, err error) {
	err = l.db.within(ctx, func(tx *sql.Tx) error {
		// The second condition is looked at again by who had to wait for the row.
		c, err = scanCase(tx.QueryRowContext(ctx, `UPDATE handovers SET due = $2
			WHERE id = (SELECT id FROM handovers WHERE due > 0 AND due <= $1 ORDER BY due, id LIMIT 1) AND due > 0 AND due <= $1 RETURNING body`,
			micros(now), micros(now.Add(lease))))
		return err
	})
	if fault.NotFound.Is(err) {
		return c, false, nil
	}
	return c, err == nil, err
}

// EraseCases deletes a case, or all of a contact, so that nothing of it is left
// in the files of SQLite or the table of Postgres, and returns what is gone.
func (l *Ledger) EraseCases(ctx context.Context, tenant string, w handover.Whose) ([]string, error) {
	if (w.ID == "") == (handover.ContactOf(w.Contact) == "") {
		return nil, fault.Invalid.Errorf("name a case or a contact, and not both")
	}
	if w.ID != "" {
		return l.eraseFrom(ctx, "handovers", tenant, "id", "case", w.ID)
	}
	return l.eraseFrom(ctx, "handovers", tenant, "contact", "contact", handover.ContactOf(w.Contact))
}
