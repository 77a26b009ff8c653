package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// A program is what every subcommand needs of the outside.
type program struct {
	getenv func(string) string
	in     io.Reader
	out    io.Writer
	err    io.Writer
	begun  bool // a subcommand has taken the command line
}

// run is the whole program: 0 is well, 1 an error, 2 a wrong command line.
func run(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out, errOut io.Writer) int {
	secrets := new(veil)
	getenv, out, errOut = secrets.env(getenv), veiled{veil: secrets, to: out}, veiled{veil: secrets, to: errOut, log: true}
	p := &program{getenv: getenv, in: in, out: out, err: errOut}
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errOut, "tilgate:", err)
		if isUsage(err) || !p.begun {
			return 2
		}
		return 1
	}
	return 0
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "tilgate",
		Short: "Serve language models in your own languages, on your own machines",
		Long: `Tilgate answers questions in local languages from your own documents, over the
OpenAI API, with citations. It runs on one machine with nothing else installed.

To see it work:  tilgate demo`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.demoCommand(), p.serveCommand(), p.ingestCommand(), p.searchCommand(), p.askCommand(),
		p.setupCommand(), p.doctorCommand(), p.healthCommand(), p.kbCommand(), p.bundleCommand(), p.backupCommand(), p.restoreCommand(), p.evalCommand(), p.langCommand(), p.adapterCommand(), p.trustCommand(), p.keyCommand(), p.auditCommand(), p.usageCommand(), p.feedbackCommand(), p.handoverCommand(), p.configCommand(), p.versionCommand())
	p.watch(root)
	// A group is runnable only so that it can refuse what it does not hold.
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}", 1))
	return root
}

// watch has each subcommand note that it begins: what fails before is the
// command line's fault.
func (p *program) watch(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			p.begun = true
			return run(cmd, args)
		}
	}
	for _, c := range cmd.Commands() {
		p.watch(c)
	}
}

// group holds subcommands; alone it shows them.
func group(cmd *cobra.Command, subcommands ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(subcommands...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("unknown command %q for %q; see %[2]s --help", args[0], cmd.CommandPath())}
		}
		return cmd.Help()
	}
	return cmd
}

// A usageError is a command line that says something impossible.
type usageError struct{ error }

func isUsage(err error) bool {
	_, ok := err.(usageError)
	return ok
}

// exactly is cobra.ExactArgs with an error that says what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("%s takes %s; see %s --help", cmd.Name(), what, cmd.CommandPath())}
		}
		return nil
	}
}
