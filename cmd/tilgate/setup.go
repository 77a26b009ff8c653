package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/internal/fit"
)

// A setting is what setup was told.
type setting struct {
	config, data string
	languages    []string
	adapters     string
	knowledge    []string // folders, files, manifests
	noModel      bool
	ollama       string
	openai       string
	model        string
	numCtx       int
	listen       string
	hosts        []string
	proxies      []string
	cert, tlsKey string
	pages        []string // origins of web pages on which people ask without a key of their own
	key          string   // name of the operator; empty makes no key
	unit         string   // file for systemd; empty makes none
	user, binary string   // of the unit
	memory       int64    // of this machine, in bytes
	bundle       string   // to install from; empty is none
	signer       string   // who is said to have signed it
	ollamaModels string   // where its models go
	from         *bundle.Bundle
}

type setupFlags struct {
	setting
	noService, yes, dry, force, undo bool
}

func (p *program) setupCommand() *cobra.Command {
	var f setupFlags
	cmd := &cobra.Command{Use: "setup", Short: "Set up a service on this machine: configuration, manifest, systemd unit, key",
		Long: `Set up a service on this machine. On a terminal setup asks for what no flag says,
shows what it will write, and asks before it does; with --yes it never asks. It
writes

  a configuration, with comments, of what differs from the defaults;
  a manifest for each folder of documents;
  a unit for systemd that lets the service do no more than it must, for root on
  a machine with systemd;
  a key for the operator, shown once.

It says what the models of the model server take of this machine's memory, and
suggests one. Nothing is sent anywhere but to that server, and nothing is started.

From a bundle (tilgate bundle --help) setup also brings in what that carries: the
program, models for Ollama, languages, knowledge bases. A bundle that is a program
sets up from itself, on a machine without anything and without a network.

A file that is there already is left alone; with --force it is replaced, and kept
beside the new one. What was made is noted beside the configuration, so that
setup can be run again after it was cut off, and --undo takes back what it made:
files that were changed since, and folders that hold something, stay.`,
		Example: `  tilgate setup
  tilgate setup --yes --languages ky,ru --knowledge /srv/documents --ollama http://127.0.0.1:11434 --model qwen3:8b
  tilgate setup --yes --no-model --config ./tilgate.toml --no-service --dry-run
  ./school.tilgate setup --signer tgv-2Jx…
  tilgate setup --undo`,
		Args: exactly(0, "no arguments; see its flags"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.setup(cmd.Context(), f, cmd.Flags()) }}
	f.add(cmd.Flags())
	return cmd
}

func (f *setupFlags) add(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringSliceVar(&f.languages, "languages", nil, "to serve, such as ky,ru; the first answers where a language cannot be told; all if not given")
	flags.StringArrayVar(&f.knowledge, "knowledge", nil, "folder of documents, or a manifest (tilgate kb sync --help); once for each")
	flags.BoolVar(&f.noModel, "no-model", false, "no model: sentences of the documents are quoted")
	flags.StringVar(&f.ollama, "ollama", "", "URL of Ollama, such as "+ollamaHere)
	flags.StringVar(&f.openai, "openai", "", "URL of a server of OpenAI's API, such as http://127.0.0.1:8000")
	flags.StringVar(&f.model, "model", "", "model to answer with; the server's first if not given")
	flags.IntVar(&f.numCtx, "num-ctx", defaultConfig().Ollama.NumCtx, "context of the model in tokens")
	flags.StringVar(&f.listen, "listen", defaultConfig().Listen, "address to serve on")
	flags.StringSliceVar(&f.hosts, "host", nil, "name that people reach the service by, such as assistant.example; once for each")
	flags.StringSliceVar(&f.proxies, "proxy", nil, "network of proxies in front, such as 10.0.0.0/8, whose word about addresses is believed")
	flags.StringVar(&f.cert, "cert", "", "certificate to serve HTTPS with, as PEM")
	flags.StringVar(&f.tlsKey, "cert-key", "", "its private key")
	flags.StringArrayVar(&f.pages, "page", nil, "origin of web pages, such as https://moh.example, on which people ask without a key of their own")
	flags.StringVar(&f.adapters, "adapters", "", "folder of your own language files")
	flags.StringVar(&f.key, "key", "operator", "name of the operator's key; empty makes none")
	flags.StringVar(&f.config, "config", "", "configuration to write; /etc/tilgate/tilgate.toml for a service, else tilgate.toml here")
	flags.StringVar(&f.data, "data", "", "folder for all that is kept; /var/lib/tilgate for a service, else tilgate-data beside the configuration")
	flags.StringVar(&f.unit, "unit", "", "file of the systemd unit; "+unitHere+" for root on a machine with systemd")
	flags.BoolVar(&f.noService, "no-service", false, "no systemd unit")
	flags.StringVar(&f.user, "user", "tilgate", "user that the unit runs as")
	flags.StringVar(&f.binary, "binary", "", "program that the unit runs; this one if not given, and that of a bundle in "+programHere)
	flags.StringVar(&f.bundle, "bundle", "", "signed bundle to install from; this very file, if it is one")
	flags.StringVar(&f.signer, "signer", "", "key by which the bundle must be signed, as you were told")
	flags.StringVar(&f.ollamaModels, "ollama-models", "", "folder of Ollama's models, for those of the bundle; where Ollama usually has it if not given")
	flags.BoolVar(&f.yes, "yes", false, "never ask: what no flag says is as by default")
	flags.BoolVar(&f.dry, "dry-run", false, "show what would be written, and write nothing")
	flags.BoolVar(&f.force, "force", false, "replace files that are there, and keep them beside the new ones")
	flags.BoolVar(&f.undo, "undo", false, "take back what setup made")
}

const (
	ollamaHere  = "http://127.0.0.1:11434"
	unitHere    = "/etc/systemd/system/tilgate.service"
	configHere  = "/etc/tilgate/tilgate.toml"
	dataHere    = "/var/lib/tilgate"
	systemdRuns = "/run/systemd/system" // is there where systemd is
)

func (p *program) setup(ctx context.Context, f setupFlags, flags *pflag.FlagSet) error {
	if !f.undo {
		if err := f.openFrom(ctx); err != nil {
			return err
		}
		defer f.closeFrom()
	}
	if err := f.places(p.getenv); err != nil {
		return err
	}
	if f.undo {
		return p.undoSetup(f)
	}
	given := flags.Changed
	if err := f.fillFrom(given); err != nil {
		return err
	}
	if f.ollama == "" && !given("ollama") && !given("openai") && !given("no-model") && f.yes {
		f.noModel = true
	}
	if !f.yes && !f.dry {
		ask, err := p.newAsker(ctx)
		if err != nil {
			return err
		}
		if err := f.trustFrom(ask); err != nil {
			return err
		}
		if err := f.ask(ctx, ask, given, p); err != nil {
			return err
		}
		return p.carryOut(ctx, f, ask)
	}
	if !f.dry {
		if err := f.trustFrom(nil); err != nil {
			return err
		}
	}
	return p.carryOut(ctx, f, nil)
}

// places fills in where things go, absolute: a service has another folder to
// work in.
func (f *setupFlags) places(getenv func(string) string) (err error) {
	if f.noService && f.unit != "" {
		return usageError{errors.New("--unit and --no-service say opposite things")}
	}
	if _, err := os.Stat(systemdRuns); f.unit == "" && !f.noService && err == nil && os.Geteuid() == 0 {
		f.unit = unitHere
	}
	if f.config == "" {
		f.config = getenv("TILGATE_CONFIG")
	}
	if f.config == "" && f.unit != "" {
		f.config = configHere
	}
	if f.config == "" {
		f.config = "tilgate.toml"
	}
	f.memory = fit.ReadMachine(thisMachine()).Memory
	switch {
	case f.binary != "":
	case f.installs() && f.unit != "":
		f.binary = programHere
	case f.installs():
		f.binary = filepath.Join(filepath.Dir(f.config), "tilgate")
	default:
		if f.binary, err = os.Executable(); err != nil {
			return err
		}
	}
	for _, path := range []*string{&f.config, &f.unit, &f.adapters, &f.cert, &f.tlsKey, &f.binary, &f.bundle} {
		if err := absolute(path); err != nil {
			return err
		}
	}
	switch {
	case f.data != "":
		return absolute(&f.data)
	case f.unit != "":
		f.data = dataHere
	default:
		f.data = filepath.Join(filepath.Dir(f.config), "tilgate-data")
	}
	return nil
}

func absolute(path *string) (err error) {
	if *path == "" {
		return nil
	}
	*path, err = filepath.Abs(*path)
	return err
}

// carryOut shows what will be written, and writes it; ask is nil where nobody is
// asked.
func (p *program) carryOut(ctx context.Context, f setupFlags, ask *asker) error {
	plan, err := planSetup(f.setting, p.getenv)
	if err != nil {
		return err
	}
	if err := f.showFrom(p.out); err != nil {
		return err
	}
	if err := p.showRoom(ctx, plan.c); err != nil {
		return err
	}
	if err := plan.look(f.config); err != nil {
		return err
	}
	if f.dry {
		return plan.show(p.out, true)
	}
	if err := plan.show(p.out, false); err != nil {
		return err
	}
	if taken := plan.taken(); len(taken) > 0 && !f.force {
		return fault.Invalid.Errorf("there already, and different: %s; --force replaces them and keeps the old ones beside them, --dry-run shows what would be written", strings.Join(taken, ", "))
	}
	if ask != nil {
		if ok, err := ask.yes("Write this?", true); err != nil || !ok {
			return errors.Join(err, errors.New("nothing was written"))
		}
	}
	if err := ctx.Err(); err != nil {
		return errors.New("stopped; nothing was written")
	}
	return p.write(ctx, f.setting, plan)
}
