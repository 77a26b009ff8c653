package ledger

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A dump is the rows of all tables as lines of JSON, the same from either
// database: a dumpHead, for each table a dumpTable and its rows as lists of
// values, and a dumpEnd. Bytes are {"b": base64}.
const dumpFormat = 1

type dumpHead struct {
	Format int   `json:"format"`
	Schema int64 `json:"schema"` // of which migration the tables are
}

type dumpTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

type dumpEnd struct {
	Rows int64 `json:"rows"`
}

// Dumped says what a dump holds.
type Dumped struct {
	Schema int64            `json:"schema"`
	Tables map[string]int64 `json:"tables"` // rows of each
}

// Dump writes all that the database of a ledger holds, as it is at one moment,
// while others write to it. It takes memory for one row. What waits in files is
// not in it: see Pending, which must be called before.
func Dump(ctx context.Context, o Options, w io.Writer) (d Dumped, err error) {
	db, err := openStore(o)
	if err != nil {
		return d, fmt.Errorf("ledger: %w", err)
	}
	defer db.Close()
	out := bufio.NewWriterSize(w, 1<<16)
	err = db.reading(ctx, func(tx *sql.Tx) error {
		d = Dumped{Tables: map[string]int64{}}
		if err := tx.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&d.Schema); err != nil {
			return fmt.Errorf("which schema it is of: %w", err)
		}
		return d.dump(ctx, db, tx, json.NewEncoder(out))
	})
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return d, fmt.Errorf("ledger: copying %s: %w", db.name, err)
	}
	return d, nil
}

func (d Dumped) dump(ctx context.Context, db *store, tx *sql.Tx, out *json.Encoder) error {
	out.SetEscapeHTML(false)
	if err := out.Encode(dumpHead{dumpFormat, d.Schema}); err != nil {
		return err
	}
	tables, err := db.tables(ctx, tx, "")
	if err != nil {
		return err
	}
	var all int64
	for _, t := range tables {
		n, err := dumpRows(ctx, tx, t, out)
		if err != nil {
			return fmt.Errorf("table %s: %w", t, err)
		}
		d.Tables[t] = n
		all += n
	}
	return out.Encode(dumpEnd{all})
}

// tables lists the tables of the ledger, sorted, without goose's. schema is one
// of Postgres; empty is the present one.
func (s *store) tables(ctx context.Context, tx *sql.Tx, schema string) (list []string, err error) {
	query, args := `SELECT tablename FROM pg_tables WHERE schemaname = coalesce(nullif($1, ''), current_schema())`, []any{schema}
	if s.file != "" {
		query, args = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`, nil
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if name != gooseTable {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, rows.Err()
}

const gooseTable = "goose_db_version"

// quoted is a name as SQL writes it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func dumpRows(ctx context.Context, tx *sql.Tx, table string, out *json.Encoder) (n int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT * FROM `+quoted(table))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	if err := out.Encode(dumpTable{table, columns}); err != nil {
		return 0, err
	}
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return n, err
		}
		for i, v := range values {
			if values[i], err = neutral(v); err != nil {
				return n, fmt.Errorf("column %s: %w", columns[i], err)
			}
		}
		if err := out.Encode(values); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

type dumpBytes struct {
	B string `json:"b"`
}

// neutral is a value as it stands in a dump.
func neutral(v any) (any, error) {
	switch v := v.(type) {
	case nil, int64, string, bool, float64:
		return v, nil
	case []byte:
		return dumpBytes{base64.StdEncoding.EncodeToString(v)}, nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be copied", v)
}
