package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/internal/fault"
	"tilgate/rag/qdrant"
)

func (p *program) kbCopyCommand() *cobra.Command {
	var f kbFlags
	var from, to string
	var keep int
	cmd := f.add(p, &cobra.Command{Use: "copy NAME --to PLACE [--from PLACE]", Short: "Copy a knowledge base to another store",
		Long: `Copy a knowledge base between data folders and Qdrant servers. A place is

  a folder           the data folder of an embedded store: ./tilgate-data
  host:port          a Qdrant server, its gRPC port: 10.0.0.5:6334
  tls://host:port    the same over TLS
  a file.toml        what this configuration file says

Without --from it is copied from where the configuration says.

The copy becomes the next version at its destination, and is searched there
only after it was read back and has the same count and checksum as the source.
A run that was cut off can be repeated: it goes on with what is there.

TILGATE_QDRANT_KEY holds the key of a server. Between two servers it is the
source's, and TILGATE_QDRANT_KEY_TO is the destination's.`,
		Example: "  tilgate kb copy health --to 10.0.0.5:6334\n  tilgate kb copy health --from 10.0.0.5:6334 --to ./tilgate-data", Args: oneKB})
	cmd.Flags().StringVar(&from, "from", "", "place to copy from; what the configuration says if not given")
	cmd.Flags().StringVar(&to, "to", "", "place to copy to (required)")
	cmd.Flags().IntVar(&keep, "keep", qdrant.DefaultKeep, "versions to keep at the destination")
	_ = cmd.MarkFlagRequired("to")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if keep < 1 {
			return usageError{fmt.Errorf("--keep is %d; it must be at least 1", keep)}
		}
		source, err := p.place("--from", cmp.Or(from, f.config))
		if err != nil {
			return err
		}
		destination, err := p.place("--to", to)
		if err != nil {
			return err
		}
		destination.keep = keep
		destination.Qdrant.APIKey = p.getenv("TILGATE_QDRANT_KEY_TO")
		if destination.Qdrant.APIKey == "" && source.Qdrant.Address == "" {
			destination.Qdrant.APIKey = p.getenv("TILGATE_QDRANT_KEY")
		}
		return p.kbCopy(cmd.Context(), f, args[0], source, destination)
	}
	return cmd
}

// place reads where a knowledge base is copied from or to. Only what is
// copied to is made if it is not there.
func (p *program) place(flag, text string) (Config, error) {
	if text == "" || strings.HasSuffix(text, ".toml") {
		return loadConfig(text, p.getenv)
	}
	c := Config{}
	c.Qdrant.APIKey = p.getenv("TILGATE_QDRANT_KEY")
	address, tls := strings.CutPrefix(text, "tls://")
	if _, _, err := net.SplitHostPort(address); tls || err == nil && !strings.ContainsAny(address, `/\`) {
		c.Qdrant.Address, c.Qdrant.TLS = address, tls
		return c, nil
	}
	if strings.Contains(text, "://") {
		return c, usageError{fmt.Errorf("%s: %q is neither a folder nor host:port; Qdrant's gRPC port is usually 6334", flag, text)}
	}
	c.Data = text
	if _, err := os.Stat(filepath.Join(text, "catalog.db")); flag == "--from" && err != nil {
		return c, fault.NotFound.Wrap(err, fmt.Sprintf("--from: folder %s holds no store", text))
	}
	return c, nil
}

func (p *program) kbCopy(ctx context.Context, f kbFlags, kb string, source, destination Config) error {
	if samePlace(source, destination) {
		return usageError{errors.New("--from and --to are the same place")}
	}
	quiet := quietLog()
	from, closeFrom, err := openStore(ctx, source, quiet)
	if err != nil {
		return fmt.Errorf("opening the source: %w", err)
	}
	defer closeFrom()
	// Looked up before a folder is made for it.
	if _, err := from.For(f.tenant).Versions(ctx, kb); err != nil {
		return fmt.Errorf("copying %s: at the source: %w", kb, err)
	}
	to, closeTo, err := openStore(ctx, destination, quiet)
	if err != nil {
		return fmt.Errorf("opening the destination: %w", err)
	}
	defer closeTo()
	var bar *progress
	r, err := qdrant.Copy(ctx, from.For(f.tenant), to.For(f.tenant), kb, func(done, total int) {
		if bar == nil {
			bar = p.newProgress("copying "+kb, int64(total))
		}
		bar.set(int64(done), done)
	})
	if bar != nil {
		bar.end()
	}
	if err != nil {
		err = fmt.Errorf("copying %s: %w", kb, err)
		if fault.Unavailable.Is(err) || fault.Timeout.Is(err) || fault.Canceled.Is(err) {
			err = fmt.Errorf("%w; nothing is to be seen at the destination, and the same command goes on from here", err)
		}
		return err
	}
	if err := forgetCopied(ctx, destination, to); err != nil {
		return err
	}
	return p.print(f.json, kbCopied{r})
}

// forgetCopied takes out of a copy what was forgotten where it goes.
func forgetCopied(ctx context.Context, c Config, store *qdrant.Store) error {
	k, err := openForgetter(ctx, c, store, nil)
	if err != nil {
		return err
	}
	return k.replay(ctx)
}

func samePlace(a, b Config) bool {
	if a.Qdrant.Address != "" || b.Qdrant.Address != "" {
		return a.Qdrant.Address == b.Qdrant.Address
	}
	x, errA := filepath.Abs(a.Data)
	y, errB := filepath.Abs(b.Data)
	return errA == nil && errB == nil && x == y
}

type kbCopied struct{ qdrant.CopyReport }

func (r kbCopied) String() string {
	return fmt.Sprintf("%s: version %d, %d passages, %d written now; count and checksum agree (%s)", r.KB, r.Version, r.Passages, r.Written, r.Checksum[:16])
}
