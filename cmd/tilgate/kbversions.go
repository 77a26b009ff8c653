package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/rag/qdrant"
)

func (p *program) kbVersionsCommand() *cobra.Command {
	var f kbFlags
	return f.add(p, &cobra.Command{Use: "versions NAME", Short: "List the versions of a knowledge base, newest first",
		Args: oneKB,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onKB(cmd.Context(), f, func(_ Config, x *qdrant.Index) (any, error) {
				list, err := x.Versions(cmd.Context(), args[0])
				return kbVersions(list), err
			})
		}})
}

type kbVersions []qdrant.Version

func (l kbVersions) String() string {
	var lines []string
	for _, v := range l {
		line := fmt.Sprintf("%d: %d passages, room for %s", v.N, v.Passages, join(v.Langs))
		if v.Model != "" {
			line += ", vectors of " + v.Model
		}
		if v.Current {
			line += " (searched)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (p *program) kbRollbackCommand() *cobra.Command {
	var f kbFlags
	var to int
	cmd := f.add(p, &cobra.Command{Use: "rollback NAME [--to N]", Short: "Search an older version of a knowledge base again",
		Long: `Search an older version of a knowledge base again, from the next question on.
Nothing is removed: tilgate kb rollback NAME --to N with a later N is the way
back. What was ingested since stays in the version that it was ingested into.`,
		Example: "  tilgate kb rollback health\n  tilgate kb rollback health --to 3", Args: oneKB})
	cmd.Flags().IntVar(&to, "to", 0, "version to search; the one before if not given")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if to < 0 || to == 0 && cmd.Flags().Changed("to") {
			return usageError{fmt.Errorf("--to is %d; versions count from 1", to)}
		}
		return p.onKB(cmd.Context(), f, func(_ Config, x *qdrant.Index) (any, error) {
			n, err := x.Rollback(cmd.Context(), args[0], to)
			return kbChange{KB: args[0], Version: n, say: fmt.Sprintf("%s: version %d is searched now", args[0], n)}, err
		})
	}
	return cmd
}

func (p *program) kbDropCommand() *cobra.Command {
	var f kbFlags
	var version int
	cmd := f.add(p, &cobra.Command{Use: "drop NAME [--version N]", Short: "Remove a knowledge base, or one version of it",
		Long: `Remove a knowledge base with all its versions, or one version that is not
searched. It cannot be undone; tilgate kb copy makes a copy first.`,
		Example: "  tilgate kb drop trial\n  tilgate kb drop health --version 3", Args: oneKB})
	cmd.Flags().IntVar(&version, "version", 0, "version to remove; all if not given")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if version < 0 || version == 0 && cmd.Flags().Changed("version") {
			return usageError{fmt.Errorf("--version is %d; versions count from 1", version)}
		}
		return p.onKB(cmd.Context(), f, func(_ Config, x *qdrant.Index) (any, error) {
			if version == 0 {
				return kbChange{KB: args[0], say: args[0] + " is removed"}, x.Drop(cmd.Context(), args[0])
			}
			return kbChange{KB: args[0], Version: version, say: fmt.Sprintf("%s: version %d is removed", args[0], version)},
				x.DropVersion(cmd.Context(), args[0], version)
		})
	}
	return cmd
}

type kbChange struct {
	KB      string `json:"kb"`
	Version int    `json:"version,omitempty"` // 0 means all
	say     string
}

func (c kbChange) String() string { return c.say }
