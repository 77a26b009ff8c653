package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"tilgate/adapters/lora"
	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

type mergeFlags struct {
	base, lora, out string
	force, json     bool
}

func (p *program) adapterMergeCommand() *cobra.Command {
	var f mergeFlags
	cmd := &cobra.Command{Use: "merge --base BASE.gguf --lora PATH --out OUT.gguf", Short: "Merge a LoRA into its base, as a model of its own",
		Long: `Merge a LoRA into its base model, for a model server that does not apply LoRAs
to it. The result is a model of its own: serve it with kind "full_model".

The base is a GGUF file. The LoRA is a PEFT folder (adapter_config.json and
adapter_model.safetensors) or a GGUF file. All that speaks against merging the
two is said before anything is written.

Matrices that the LoRA adapts stay F32, F16 or BF16 if they were; others become
Q8_0, so a base of 4 bits grows by up to two times. All else is copied as it
is. The base is read in pieces: some 100 MB of memory are enough for any.`,
		Example: "  tilgate adapter merge --base qwen3-8b.gguf --lora ./kyrgyz-lora --out qwen3-8b-ky.gguf",
		Args:    exactly(0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.adapterMerge(cmd.Context(), f) }}
	cmd.Flags().StringVar(&f.base, "base", "", "the base model, a GGUF file (required)")
	cmd.Flags().StringVar(&f.lora, "lora", "", "the LoRA, a PEFT folder or a GGUF file (required)")
	cmd.Flags().StringVar(&f.out, "out", "", "the file to write (required)")
	cmd.Flags().BoolVar(&f.force, "force", false, "overwrite the file if it is there")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	for _, name := range []string{"base", "lora", "out"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func (p *program) adapterMerge(ctx context.Context, f mergeFlags) error {
	if err := checkOut(f); err != nil {
		return err
	}
	base, err := lora.OpenBase(f.base)
	if err != nil {
		return err
	}
	defer base.Close()
	w, err := lora.Open(f.lora)
	if err != nil {
		return err
	}
	defer w.Close()
	var bar *progress
	sum := sha256.New()
	r := mergeReport{Out: f.out, LoRA: w.SHA256, Licence: w.Licence}
	r.Bytes, err = wholefile.Write(f.out, func(out io.Writer) error {
		return lora.Merge(io.MultiWriter(whileWanted{ctx, out}, sum), base, w, func(done, total int) {
			if bar == nil {
				bar = p.newProgress("merging", int64(total))
			}
			bar.set(int64(done), 0)
		})
	})
	if bar != nil {
		bar.end()
	}
	if err != nil {
		return fmt.Errorf("merging %s into %s: %w", f.lora, f.base, err)
	}
	r.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return p.print(f.json, r)
}

// checkOut sees before any work that the result may be written.
func checkOut(f mergeFlags) error {
	out, err := os.Stat(f.out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	for _, in := range []string{f.base, f.lora} {
		if info, err := os.Stat(in); err == nil && os.SameFile(info, out) {
			return usageError{fmt.Errorf("--out: %s is what is read", f.out)}
		}
	}
	switch {
	case !out.Mode().IsRegular():
		return usageError{fmt.Errorf("--out: %s is not a file", f.out)}
	case !f.force:
		return fault.Invalid.Errorf("%s is there already; --force overwrites it", f.out)
	}
	return nil
}

// A whileWanted ends a long write when the reader of its result has left.
type whileWanted struct {
	ctx context.Context
	out io.Writer
}

func (w whileWanted) Write(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.out.Write(b)
}

type mergeReport struct {
	Out     string `json:"out"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
	LoRA    string `json:"lora_sha256"`
	Licence string `json:"lora_licence,omitempty"`
}

func (r mergeReport) String() string {
	return fmt.Sprintf("%s: %.1f MB, sha256 %s\nGive it to the model server as a model of its own, and name it in an adapter of kind \"full_model\".",
		r.Out, float64(r.Bytes)/1e6, r.SHA256)
}
