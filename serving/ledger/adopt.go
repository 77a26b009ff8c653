package ledger

import (
	"context"
	"database/sql"
	"fmt"
)

// Adopt puts what Load made ready on a Postgres server in the place of what was
// there, in one step. Where nothing is ready it changes nothing, and so it may
// be repeated; SQLite's file is put into its place by who owns the folder.
func Adopt(ctx context.Context, o Options) error {
	if o.Address == "" {
		return nil
	}
	return onServer(ctx, o, func(s *store, tx *sql.Tx) error {
		var main string
		if err := tx.QueryRowContext(ctx, `SELECT current_schema()`).Scan(&main); err != nil {
			return err
		}
		ready, err := s.tables(ctx, tx, restored)
		if err != nil || len(ready) == 0 {
			return err
		}
		old, err := s.tables(ctx, tx, "")
		if err != nil {
			return err
		}
		isReady := map[string]bool{}
		for _, t := range append(ready, gooseTable) {
			isReady[t] = true
		}
		for _, t := range append(old, gooseTable) {
			if !isReady[t] {
				continue // somebody else's
			}
			if _, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS `+quoted(main)+"."+quoted(t)); err != nil {
				return err
			}
		}
		for t := range isReady {
			if _, err := tx.ExecContext(ctx, `ALTER TABLE `+restored+"."+quoted(t)+` SET SCHEMA `+quoted(main)); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `DROP SCHEMA `+restored+` CASCADE`)
		return err
	})
}

// Abandon removes what Load made ready on a Postgres server.
func Abandon(ctx context.Context, o Options) error {
	if o.Address == "" {
		return nil
	}
	return abandon(ctx, o, false)
}

// abandon empties the place of what is made ready, or removes it.
func abandon(ctx context.Context, o Options, again bool) error {
	return onServer(ctx, o, func(_ *store, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DROP SCHEMA IF EXISTS `+restored+` CASCADE`)
		if err == nil && again {
			_, err = tx.ExecContext(ctx, `CREATE SCHEMA `+restored)
		}
		return err
	})
}

func onServer(ctx context.Context, o Options, f func(*store, *sql.Tx) error) error {
	db, err := openStore(o)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer db.Close()
	if err := db.within(ctx, func(tx *sql.Tx) error { return f(db, tx) }); err != nil {
		return fmt.Errorf("ledger: restoring into %s: %w", db.name, err)
	}
	return nil
}
