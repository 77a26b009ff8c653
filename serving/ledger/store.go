package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"tilgate/internal/outbound"
)

// A store is a database. What is different between the two is in this file and
// in migrate.go; all other SQL is what both take.
type store struct {
	*sql.DB
	file string // of SQLite; empty for Postgres
	name string // for people
}

const fileName = "ledger.db"

// file is where SQLite's file lies.
func (o Options) file() string { return filepath.Join(o.Folder, fileName) }

// openStore makes a store, without asking the database for anything.
func openStore(o Options) (*store, error) {
	if o.Address != "" {
		return openPostgres(o)
	}
	path, err := filepath.Abs(o.file())
	if err != nil {
		return nil, err
	}
	return openSQLite(path)
}

// openSQLite makes a file that only its owner reads. What is deleted in it is
// written over.
func openSQLite(path string) (*store, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)"}}
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	return &store{DB: db, file: path, name: path}, nil
}

func openPostgres(o Options) (*store, error) { return openSchema(o, "") }

// openSchema works in a schema of the database; empty is the usual one.
func openSchema(o Options, schema string) (*store, error) {
	c, err := pgx.ParseConfig(o.Address)
	if err != nil {
		return nil, err
	}
	if o.Password != "" {
		c.Password = o.Password
	}
	if schema != "" {
		c.RuntimeParams["search_path"] = schema
	}
	c.DialFunc = dial(o.Way)
	c.ConnectTimeout = patience
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(8)
	db.SetConnMaxIdleTime(time.Minute)
	return &store{DB: db, name: fmt.Sprintf("the database %s at %s", c.Database, net.JoinHostPort(c.Host, fmt.Sprint(c.Port)))}, nil
}

// dial goes the way; a socket in a folder of this machine leads nowhere else.
func dial(way outbound.Way) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if network == "unix" {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		return way.DialContext(outbound.Unrestricted(ctx), network, address)
	}
}

// CheckAddress returns what is wrong with an address of Postgres.
func CheckAddress(address string) error {
	if !strings.HasPrefix(address, "postgres://") && !strings.HasPrefix(address, "postgresql://") {
		return errors.New("it does not begin with postgres://")
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is not a URL")
	}
	if _, has := u.User.Password(); has {
		return errors.New("it holds a password; that belongs into the environment")
	}
	_, err = pgx.ParseConfig(address)
	return err
}

// within runs f in a transaction, which is undone if it fails.
func (s *store) within(ctx context.Context, f func(*sql.Tx) error) error {
	return s.transact(ctx, nil, f)
}

// reading runs f in a transaction that sees one state of everything.
func (s *store) reading(ctx context.Context, f func(*sql.Tx) error) error {
	return s.transact(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}, f)
}

func (s *store) transact(ctx context.Context, o *sql.TxOptions, f func(*sql.Tx) error) error {
	tx, err := s.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// isRefusal reports whether a database takes exception to what it was given:
// then it will do so again.
func isRefusal(err error) bool {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "23") // data, constraints
	}
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
			return true
		}
	}
	return false
}

// isDown reports whether a database that could not be prepared may be well
// later by itself.
func isDown(err error) bool {
	if errors.Is(err, errNewer) {
		return false
	}
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		switch e.Code[:min(2, len(e.Code))] {
		case "28", "3D", "42", "3F": // who we are, which database, what we may, which schema
			return false
		}
		return true
	}
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		code := e.Code() & 0xff
		return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
	}
	return true
}
