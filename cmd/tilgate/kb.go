package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/rag/qdrant"
)

func (p *program) kbCommand() *cobra.Command {
	return group(&cobra.Command{Use: "kb", Short: "Look after knowledge bases",
		Long: `Look after knowledge bases: keeping them true to their sources, what they hold,
their versions, forgetting, and moving them.

tilgate ingest makes a knowledge base, and tilgate kb sync keeps one true to a
manifest. A new version of it is made, out of sight, when it is rebuilt, needs
room for another language or another embedding model, or is copied from
elsewhere; then it takes the place of the one before in one step. The last two
versions are kept, so that there is a way back.`},
		p.kbSyncCommand(), p.kbListCommand(), p.kbInfoCommand(), p.kbVersionsCommand(), p.kbRollbackCommand(), p.kbDropCommand(), p.kbForgetCommand(), p.kbCopyCommand())
}

// kbFlags are those that every one of these commands has.
type kbFlags struct {
	config, tenant string
	json           bool
}

func (f *kbFlags) add(p *program, cmd *cobra.Command) *cobra.Command {
	p.configFlag(cmd, &f.config)
	tenantFlag(cmd, &f.tenant)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

// onKB runs do with the index that the flags name, and prints its result.
func (p *program) onKB(ctx context.Context, f kbFlags, do func(c Config, x *qdrant.Index) (any, error)) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	store, closeStore, err := openStore(ctx, c, quietLog())
	if err != nil {
		return err
	}
	defer closeStore()
	result, err := do(c, store.For(f.tenant))
	if err != nil {
		return err
	}
	return p.print(f.json, result)
}

var oneKB = exactly(1, "the name of a knowledge base")

func (p *program) kbListCommand() *cobra.Command {
	var f kbFlags
	return f.add(p, &cobra.Command{Use: "list", Short: "List the knowledge bases of a tenant", Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onKB(cmd.Context(), f, func(_ Config, x *qdrant.Index) (any, error) {
				names, err := x.KBs(cmd.Context())
				if err != nil {
					return nil, err
				}
				list := kbList{}
				for _, name := range names {
					info, err := x.Info(cmd.Context(), name)
					if err != nil {
						return nil, fmt.Errorf("%s: %w", name, err)
					}
					list = append(list, info)
				}
				return list, nil
			})
		}})
}

type kbList []qdrant.Info

func (l kbList) String() string {
	if len(l) == 0 {
		return "no knowledge bases; tilgate ingest makes one"
	}
	var lines []string
	for _, i := range l {
		lines = append(lines, fmt.Sprintf("%s: version %d, %d documents, %d passages%s", i.KB, i.Version, i.Documents, i.Passages, inLangs(i.Languages)))
	}
	return strings.Join(lines, "\n")
}

func inLangs(sizes []qdrant.Size) string {
	var tags []string
	for _, s := range sizes {
		tags = append(tags, string(s.Lang))
	}
	if len(tags) == 0 {
		return ""
	}
	return " in " + strings.Join(tags, ", ")
}

func (p *program) kbInfoCommand() *cobra.Command {
	var f kbFlags
	return f.add(p, &cobra.Command{Use: "info NAME", Short: "Say what a knowledge base holds",
		Long: `Say what a knowledge base holds, by language, and where it is stored.

The size of the store is that of the whole data folder; a Qdrant server does
not tell its own.`,
		Example: "  tilgate kb info health", Args: oneKB,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onKB(cmd.Context(), f, func(c Config, x *qdrant.Index) (any, error) {
				info, err := x.Info(cmd.Context(), args[0])
				if err != nil {
					return nil, err
				}
				r := kbInfo{Info: info, Store: "Qdrant at " + c.Qdrant.Address}
				if c.Qdrant.Address == "" {
					r.Store, r.StoreBytes = "data folder "+c.Data, folderSize(c.Data)
				}
				return r, nil
			})
		}})
}

type kbInfo struct {
	qdrant.Info
	Store      string `json:"store"`
	StoreBytes int64  `json:"store_bytes,omitempty"` // when known
}

func (i kbInfo) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: version %d of %v, tenant %s\n%d documents, %d passages", i.KB, i.Version, i.Versions, i.Tenant, i.Documents, i.Passages)
	for _, s := range i.Languages {
		fmt.Fprintf(&b, "\n  %-8s %d documents, %d passages", s.Lang, s.Documents, s.Passages)
	}
	fmt.Fprintf(&b, "\nvectors: %s", strings.Join(i.Vectors, " "))
	if i.Model != "" {
		fmt.Fprintf(&b, " (%s, %d numbers)", i.Model, i.Dimension)
	}
	fmt.Fprintf(&b, "\nstore: %s", i.Store)
	if i.StoreBytes > 0 {
		fmt.Fprintf(&b, ", %.1f MB", float64(i.StoreBytes)/1e6)
	}
	return b.String()
}

// folderSize adds up what it can see.
func folderSize(dir string) int64 {
	var total int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // files may go while we look
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
