package ledger

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

var errNewer = errors.New("it is of a newer schema than this program knows")

func (s *store) provider() (*goose.Provider, error) {
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.file != "" {
		return goose.NewProvider(goose.DialectSQLite3, s.DB, steps, options...)
	}
	one, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, s.DB, steps, append(options, goose.WithSessionLocker(one))...)
}

// migrate brings the schema up to what this program knows, one process at a
// time. It refuses a schema that is beyond it.
func (s *store) migrate(ctx context.Context) error {
	if s.file != "" {
		one := flock.New(s.file + ".schema" + lockEnd)
		if _, err := one.TryLockContext(ctx, firstPause); err != nil {
			return fmt.Errorf("opening %s: %w", s.name, err)
		}
		defer one.Unlock()
	}
	p, err := s.provider()
	if err != nil {
		return err
	}
	if err := s.compare(ctx, p); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("opening %s: %w", s.name, err)
	}
	return nil
}

// current returns an error unless the schema is the one that this program knows.
func (s *store) current(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	if err := s.compare(ctx, p); err != nil {
		return err
	}
	if pending, err := p.HasPending(ctx); err != nil || pending {
		return errors.Join(err, fmt.Errorf("opening %s: it is of an older schema; tilgate serve brings it up to date", s.name))
	}
	return nil
}

func known(p *goose.Provider) (version int64) {
	for _, source := range p.ListSources() {
		version = max(version, source.Version)
	}
	return version
}

// compare refuses a schema that is newer than what is known.
func (s *store) compare(ctx context.Context, p *goose.Provider) error {
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("opening %s: %w", s.name, err)
	}
	if has <= known(p) {
		return nil
	}
	way := "name another under [ledger] address"
	if s.file != "" {
		way = "move the file away, with those beside it that begin like it"
	}
	return fmt.Errorf("opening %s: %w (%d, not %d): a newer Tilgate has written it; run that one again, or %s", s.name, errNewer, has, known(p), way)
}
