package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pressly/goose/v3"

	"tilgate/internal/fault"
)

// An Erasure says who was erased, by a hash, and when.
type Erasure struct {
	Who string `json:"who"`
	At  int64  `json:"at"` // microseconds since 1970
}

// Erasures returns what was erased from a ledger. One that is not there erased
// nothing.
func Erasures(ctx context.Context, o Options) (list []Erasure, err error) {
	if o.Address == "" {
		if _, err := os.Stat(o.file()); errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
	}
	db, err := openStore(o)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer db.Close()
	err = db.reading(ctx, func(tx *sql.Tx) error {
		tables, err := db.tables(ctx, tx, "")
		if err != nil || len(tables) == 0 {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT who, at FROM erased`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e Erasure
			if err := rows.Scan(&e.Who, &e.At); err != nil {
				return err
			}
			list = append(list, e)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: whose feedback was erased in %s: %w", db.name, err)
	}
	return list, nil
}

// Loaded says what a Load did.
type Loaded struct {
	Dumped
	Erased int64 `json:"erased"` // rows of people that were left out, since they were erased later
}

// restored is the schema of Postgres in which a dump is made ready.
const restored = "tilgate_restored"

// Load fills the database of a ledger with a dump, and brings it up to date:
// SQLite's in Folder, which must not be there yet, or one beside that of a
// Postgres server, for Adopt. What people gave that was erased after the dump
// was made is left out, and the erasure is remembered.
func Load(ctx context.Context, o Options, from io.Reader, erased []Erasure) (l Loaded, err error) {
	l.Tables = map[string]int64{}
	if o.Address != "" {
		if err := abandon(ctx, o, true); err != nil {
			return l, err
		}
	} else if _, err := os.Stat(o.file()); err == nil {
		return l, fault.Internal.Errorf("ledger: %s is there already", o.file())
	}
	db, err := openBeside(o)
	if err != nil {
		return l, fmt.Errorf("ledger: %w", err)
	}
	defer db.Close()
	in := &loading{Loaded: &l, from: json.NewDecoder(from), db: db, erased: map[string]int64{}}
	in.from.UseNumber()
	for _, e := range erased {
		in.erased[e.Who] = max(in.erased[e.Who], e.At)
	}
	if err := in.run(ctx); err != nil {
		return l, fmt.Errorf("ledger: restoring into %s: %w", db.name, err)
	}
	return l, nil
}

// openBeside opens the database that Load fills.
func openBeside(o Options) (*store, error) {
	if o.Address == "" {
		return openStore(o)
	}
	return openSchema(o, restored)
}

// loading is a Load under way.
type loading struct {
	*Loaded
	from   *json.Decoder
	db     *store
	erased map[string]int64

	table dumpTable
	rows  [][]any // that wait for a statement
}

func (l *loading) run(ctx context.Context) error {
	var head dumpHead
	if err := l.from.Decode(&head); err != nil || head.Format < 1 {
		return fault.Invalid.Errorf("this is no copy of a ledger")
	}
	if head.Format > dumpFormat {
		return fault.Unsupported.Errorf("this copy of a ledger is of format %d, which a later Tilgate writes; this one reads %d", head.Format, dumpFormat)
	}
	l.Schema = head.Schema
	p, err := l.db.provider()
	if err != nil {
		return err
	}
	if head.Schema > known(p) {
		return fault.Unsupported.Errorf("this copy of a ledger is of schema %d, which a later Tilgate writes; this one knows %d", head.Schema, known(p))
	}
	// The rows go into the tables that they came from, which then grow older.
	if _, err := p.UpTo(ctx, head.Schema); err != nil {
		return err
	}
	if err := l.db.within(ctx, func(tx *sql.Tx) error { return l.fill(ctx, tx) }); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil && !errors.Is(err, goose.ErrNoNextVersion) {
		return err
	}
	return nil
}

func (l *loading) fill(ctx context.Context, tx *sql.Tx) error {
	known, err := l.db.tables(ctx, tx, "")
	if err != nil {
		return err
	}
	var read int64
	for {
		var line json.RawMessage
		if err := l.from.Decode(&line); err != nil {
			return fault.Invalid.Errorf("the copy of the ledger ends early: %v", err)
		}
		if line[0] == '[' {
			read++
			if err := l.row(ctx, tx, line); err != nil {
				return fmt.Errorf("table %s, row %d: %w", l.table.Table, l.Tables[l.table.Table], err)
			}
			continue
		}
		if err := l.flush(ctx, tx); err != nil {
			return err
		}
		var next struct {
			dumpTable
			dumpEnd
		}
		if err := json.Unmarshal(line, &next); err != nil {
			return fault.Invalid.Errorf("the copy of the ledger cannot be read: %v", err)
		}
		if next.Table == "" {
			if next.Rows != read {
				return fault.Invalid.Errorf("the copy of the ledger has %d rows, not the %d that it says", read, next.Rows)
			}
			return l.keepErased(ctx, tx)
		}
		if err := l.begin(next.dumpTable, known); err != nil {
			return err
		}
	}
}

func (l *loading) begin(t dumpTable, known []string) error {
	for _, k := range known {
		if k == t.Table && len(t.Columns) > 0 {
			if _, twice := l.Tables[t.Table]; twice {
				break
			}
			l.table, l.Tables[t.Table] = t, 0
			return nil
		}
	}
	return fault.Invalid.Errorf("the copy of the ledger has a table %q, which has no place here", t.Table)
}

func (l *loading) row(ctx context.Context, tx *sql.Tx, line []byte) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var values []any
	if err := dec.Decode(&values); err != nil || l.table.Table == "" || len(values) != len(l.table.Columns) {
		return fault.Invalid.Errorf("it has not the columns of its table")
	}
	for i, v := range values {
		value, err := native(v)
		if err != nil {
			return err
		}
		values[i] = value
	}
	if l.isErased(values) {
		l.Erased++
		return nil
	}
	l.Tables[l.table.Table]++
	l.rows = append(l.rows, values)
	if len(l.rows)*len(values) < 500 {
		return nil
	}
	return l.flush(ctx, tx)
}

// native is a value of a dump as databases take it.
func native(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool:
		return v, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case map[string]any:
		if text, ok := v["b"].(string); ok && len(v) == 1 {
			return base64.StdEncoding.DecodeString(text)
		}
	}
	return nil, fault.Invalid.Errorf("it holds a value that no column has")
}

// erasable says by which columns people are erased from a table, each with the
// kind that whoHash knows them as.
var erasable = map[string]map[string]string{
	"feedback":  {"person": "person", "conversation": "conversation"},
	"handovers": {"id": "case", "contact": "contact"},
}

// isErased reports whether a row is of somebody who was erased later.
func (l *loading) isErased(row []any) bool {
	kinds, ok := erasable[l.table.Table]
	if !ok || len(l.erased) == 0 {
		return false
	}
	of := map[string]any{}
	for i, c := range l.table.Columns {
		of[c] = row[i]
	}
	tenant, _ := of["tenant"].(string)
	at, _ := of["at"].(int64)
	for column, kind := range kinds {
		who, _ := of[column].(string)
		if when, ok := l.erased[whoHash(tenant, kind, who)]; ok && who != "" && when >= at {
			return true
		}
	}
	return false
}

func (l *loading) flush(ctx context.Context, tx *sql.Tx) error {
	if len(l.rows) == 0 {
		return nil
	}
	var columns, places []string
	var args []any
	for _, c := range l.table.Columns {
		columns = append(columns, quoted(c))
	}
	for i, row := range l.rows {
		places = append(places, holders(i*len(columns), len(columns)))
		args = append(args, row...)
	}
	l.rows = l.rows[:0]
	_, err := tx.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", quoted(l.table.Table), strings.Join(columns, ", "), strings.Join(places, ", ")), args...)
	return err
}

// keepErased remembers what was erased: what still waits in files is then left
// out too.
func (l *loading) keepErased(ctx context.Context, tx *sql.Tx) error {
	for who, at := range l.erased {
		if _, err := tx.ExecContext(ctx, `INSERT INTO erased (who, at) VALUES ($1, $2) ON CONFLICT (who) DO UPDATE SET at = excluded.at WHERE excluded.at > erased.at`, who, at); err != nil {
			return err
		}
	}
	return nil
}
