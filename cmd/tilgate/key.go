package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tilgate/rag"
	"tilgate/serving/auth"
)

func (p *program) keyCommand() *cobra.Command {
	return group(&cobra.Command{Use: "key", Short: "Make keys for callers"}, p.keyCreateCommand())
}

func (p *program) keyCreateCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{Use: "create NAME", Short: "Make a key and print it once, with the lines for the configuration",
		Long: `Make a key for the caller NAME. The key itself is printed here and nowhere else;
the configuration holds only its hash. The caller sees the knowledge bases of
its tenant, and no others.`,
		Args: exactly(1, "the name of the caller"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := rag.CheckTenant(tenant); err != nil {
				return usageError{fmt.Errorf("--tenant: %w", err)}
			}
			secret, key := auth.Generate()
			hash, err := key.Hash.MarshalText()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.out, "Give this key to the caller; it cannot be shown again:\n\n  %s\n\nAdd these lines to the configuration:\n\n[[key]]\nname = %q\nhash = %q\n", secret, args[0], hash)
			if err == nil && tenant != rag.DefaultTenant {
				_, err = fmt.Fprintf(p.out, "tenant = %q\n", tenant)
			}
			return err
		}}
	tenantFlag(cmd, &tenant)
	return cmd
}
