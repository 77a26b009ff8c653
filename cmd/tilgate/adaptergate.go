package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/internal/sign"
	"tilgate/internal/verdict"
)

func (p *program) adapterGateCommand() *cobra.Command {
	var out, config string
	cmd := &cobra.Command{Use: "gate --out FILE", Short: "Make the secret of a gate, which signs verdicts",
		Long: `Make the secret of a gate, and print the key that checks what it signs, with how
to have it trusted.

Weights with gate = "required" answer only while a verdict on exactly them is
"promote". Whoever judges keeps the secret; the service has the key alone, so
who can write into its folder of adapters cannot promote anything.`,
		Example: "  tilgate adapter gate --out gate.secret",
		Args:    exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			key, err := p.newSecret(config, out)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.out, "The secret is in %s; keep it away from the machine that serves.\n\nOn that machine, trust its key:\n\n  tilgate trust add NAME %s\n\nor put it into the configuration:\n\n[gate]\nkey = %q\n", out, key, key.String())
			return err
		}}
	cmd.Flags().StringVar(&out, "out", "", "file to write the secret to; it must not be there yet")
	p.configFlag(cmd, &config)
	return cmd
}

// writeSecret writes a file for nobody else's eyes, whole or not at all.
func writeSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.Invalid.Errorf("%s is there already; a secret is not overwritten, since what it signed rests on it", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}

type judgeFlags struct {
	adapterFlags
	decision, because, secret string
}

func (p *program) adapterJudgeCommand() *cobra.Command {
	var f judgeFlags
	cmd := f.add(p, &cobra.Command{Use: "judge TAG --decision DECISION --because TEXT --secret FILE", Short: "Sign a verdict on a language's weights",
		Long: `Sign a verdict on a language's weights, as somebody who has judged their answers.
It is about exactly the weights, the prompt and the base that are now in force
and on the model server; when one of them changes it no longer counts.

The decisions: promote (better than the base), block (worse), no_evidence
(nobody can tell yet). Weights with gate = "required" answer only when promoted.`,
		Example: "  tilgate adapter judge ky --decision promote --because \"two speakers, 120 answers, 2026-05\" --secret gate.secret",
		Args:    oneLanguage,
		RunE: func(cmd *cobra.Command, args []string) error {
			for name, value := range map[string]string{"decision": f.decision, "because": strings.TrimSpace(f.because), "secret": f.secret} {
				if value == "" {
					return usageError{fmt.Errorf("--%s is missing; see tilgate adapter judge --help", name)}
				}
			}
			secret, err := readSecret(f.secret)
			if err != nil {
				return err
			}
			return p.onServer(f.adapterFlags, args[0], func(room adapterRoom, a *adapters.Adapter, server modelServer) (any, error) {
				return f.judge(cmd.Context(), room, a, server, secret)
			})
		}})
	cmd.Flags().StringVar(&f.decision, "decision", "", "promote, block or no_evidence")
	cmd.Flags().StringVar(&f.because, "because", "", "the evidence, in words or by the name of a report")
	cmd.Flags().StringVar(&f.secret, "secret", "", "file that tilgate adapter gate made")
	return cmd
}

func readSecret(path string) (sign.Secret, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return sign.Secret{}, err
	}
	s, err := sign.ParseSecret(string(text))
	if err != nil {
		return s, fmt.Errorf("reading %s: %w", path, err)
	}
	return s, nil
}

func (f judgeFlags) judge(ctx context.Context, room adapterRoom, a *adapters.Adapter, server modelServer, secret sign.Secret) (any, error) {
	if err := errors.Join(room.trusts(secret), room.outside(f.secret)); err != nil {
		return nil, err
	}
	folder, err := room.folder()
	if err != nil {
		return nil, err
	}
	subject, err := subjectOn(ctx, server, a)
	if err != nil {
		return nil, err
	}
	v := verdict.Verdict{Tag: a.Tag, Subject: subject, Decision: verdict.Decision(f.decision), Because: f.because, Time: time.Now().UTC().Truncate(time.Second)}
	data, err := verdict.Sign(v, secret)
	if err != nil {
		return nil, err
	}
	path, err := folder.PutVerdict(a.Tag, data)
	if err != nil {
		return nil, err
	}
	return judged{v, path}, nil
}

// subjectOn is what a verdict on an adapter is about, with its base as a model
// server has it now.
func subjectOn(ctx context.Context, server modelServer, a *adapters.Adapter) (verdict.Subject, error) {
	if _, err := server.Describe(ctx, a.ServedName()); fault.NotFound.Is(err) {
		return verdict.Subject{}, fault.NotFound.Errorf("the model server does not have %s, so nobody can have judged it; tilgate adapter push %s puts it there", a.ServedName(), a.Tag)
	} else if err != nil {
		return verdict.Subject{}, err
	}
	base, err := server.Describe(ctx, a.Model)
	return a.Subject(base.Digest), err
}

type judged struct {
	verdict.Verdict
	File string `json:"file"`
}

func (j judged) String() string {
	return fmt.Sprintf("%s: %s, in %s", j.Tag, j.Decision, j.File)
}
