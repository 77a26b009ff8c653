package main

import "github.com/spf13/cobra"

func (p *program) adapterCommand() *cobra.Command {
	return group(&cobra.Command{Use: "adapter", Short: "Look after adapter weights"}, p.adapterMergeCommand())
}
