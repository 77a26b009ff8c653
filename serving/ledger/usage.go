package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tilgate/internal/fault"
)

// A Reader reads a ledger.
type Reader struct{ db *store }

// Read opens a ledger to read it, beside the process that writes it. One that
// is not there is not made.
func Read(ctx context.Context, o Options) (*Reader, error) {
	if o.Address == "" {
		if _, err := os.Stat(o.file()); err != nil {
			return nil, fault.NotFound.Errorf("there is no ledger at %s; tilgate serve keeps one", o.file())
		}
	}
	db, err := openStore(o)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if err := db.current(ctx); err != nil {
		return nil, fmt.Errorf("ledger: %w", errors.Join(err, db.Close()))
	}
	return &Reader{db}, nil
}

// Close ends reading.
func (r *Reader) Close() error { return r.db.Close() }

// By says what usage is grouped by.
type By string

// What usage can be grouped by.
const (
	ByDay      By = "day"
	ByTenant   By = "tenant"
	ByKey      By = "key"
	ByLanguage By = "language"
	ByAdapter  By = "adapter"
	ByModel    By = "model"
	ByDegraded By = "degraded"
)

// Bys are all of them, in the order of Labels.
var Bys = []By{ByDay, ByTenant, ByKey, ByLanguage, ByAdapter, ByModel, ByDegraded}

// A UsageQuery says which usage is wanted.
type UsageQuery struct {
	Tenant   string    // empty is all
	From, To time.Time // days in UTC, both included; zero is any
	By       []By      // none adds all up
}

// Usage is what was counted under some labels. Labels that it was not grouped
// by are empty.
type Usage struct {
	Labels
	Cell
}

// Usage returns what a query asks for, in the order of what it is grouped by.
// What came in the last tenth of a second may be missing.
func (r *Reader) Usage(ctx context.Context, q UsageQuery) ([]Usage, error) {
	columns, err := q.columns()
	if err != nil {
		return nil, err
	}
	list := []Usage{}
	err = r.db.reading(ctx, func(tx *sql.Tx) error {
		at := map[Labels]int{}
		if err := q.counts(ctx, tx, columns, func(u Usage) {
			at[u.Labels] = len(list)
			list = append(list, u)
		}); err != nil {
			return err
		}
		return q.times(ctx, tx, columns, func(l Labels, kind string, i int, n int64) {
			u, ok := at[l]
			switch {
			case !ok:
			case kind == "first":
				list[u].First[i] += n
			default:
				list[u].Total[i] += n
			}
		})
	})
	return list, unreadable(err)
}

// columns are those grouped by, each once.
func (q UsageQuery) columns() (list []string, err error) {
	for _, by := range q.By {
		i := slices.Index(Bys, by)
		if i < 0 {
			return nil, fault.Invalid.Errorf("usage cannot be grouped by %q; it can by %v", by, Bys)
		}
		if c := "usage." + labelColumns[i]; !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list, nil
}

// sql writes a query out, over some tables.
func (q UsageQuery) sql(columns []string, what, from string, more ...string) (query string, args []any) {
	lowest, highest := "", "~" // every day lies between
	if !q.From.IsZero() {
		lowest = q.From.UTC().Format(time.DateOnly)
	}
	if !q.To.IsZero() {
		highest = q.To.UTC().Format(time.DateOnly)
	}
	groups := append(slices.Clone(columns), more...)
	query = fmt.Sprintf(`SELECT %s FROM %s WHERE ($1 = '' OR usage.tenant = $1) AND usage.day >= $2 AND usage.day <= $3`,
		strings.Join(append(slices.Clone(groups), what), ", "), from)
	if len(groups) > 0 {
		query += " GROUP BY " + strings.Join(groups, ", ") + " ORDER BY " + strings.Join(groups, ", ")
	} else {
		query += " HAVING count(*) > 0"
	}
	return query, []any{q.Tenant, lowest, highest}
}

func (q UsageQuery) counts(ctx context.Context, tx *sql.Tx, columns []string, found func(Usage)) error {
	var sums []string
	for _, c := range countColumns {
		sums = append(sums, "CAST(sum(usage."+c+") AS BIGINT)")
	}
	query, args := q.sql(columns, strings.Join(sums, ", "), "usage")
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var u Usage
		to := u.Labels.places(columns)
		for _, n := range u.Counts.fields() {
			to = append(to, n)
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		found(u)
	}
	return rows.Err()
}

func (q UsageQuery) times(ctx context.Context, tx *sql.Tx, columns []string, found func(l Labels, kind string, bucket int, n int64)) error {
	query, args := q.sql(columns, "CAST(sum(usage_times.n) AS BIGINT)", "usage JOIN usage_times ON usage_times.cell = usage.id", "usage_times.kind", "usage_times.ms")
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l Labels
		var kind string
		var ms, n int64
		if err := rows.Scan(append(l.places(columns), &kind, &ms, &n)...); err != nil {
			return err
		}
		found(l, kind, bucket(ms), n)
	}
	return rows.Err()
}

// places are where columns are scanned to.
func (l *Labels) places(columns []string) (list []any) {
	all := []any{&l.Day, &l.Tenant, &l.Key, &l.Language, &l.Adapter, &l.Model, &l.Degraded}
	for _, c := range columns {
		list = append(list, all[slices.Index(labelColumns, strings.TrimPrefix(c, "usage."))])
	}
	return list
}

// unreadable says of an error what others may read. Those that say it already
// stay as they are.
func unreadable(err error) error {
	if err == nil || fault.Of(err) != fault.Internal {
		return err
	}
	return fault.Unavailable.Wrap(err, "the ledger's database does not answer; try again later")
}
