package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tilgate/adapters/lora"
	"tilgate/adapters/lora/gguf"
	"tilgate/internal/wholefile"
	"tilgate/serving/ollama/ollamatest"
)

// mergeFiles writes a tiny base and a LoRA of one matrix that fits it.
func mergeFiles(t *testing.T, rows int) (base, adapter string) {
	t.Helper()
	base, adapter = filepath.Join(t.TempDir(), "base.gguf"), filepath.Join(t.TempDir(), "lora.gguf")
	b, err := os.Create(base)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := ollamatest.WriteTinyModel(b, ollamatest.Tiny{Seed: 1}); err != nil {
		t.Fatal(err)
	}
	var w gguf.Writer
	w.Key("general.type", "adapter")
	w.Key("general.architecture", "llama")
	w.Key("adapter.type", "lora")
	w.Key("adapter.lora.alpha", float32(2))
	ones := bytes.Repeat([]byte{0, 0, 128, 63}, rows)
	w.F32("blk.1.attn_v.weight.lora_a", make([]float32, 64), 64, 1)
	w.Tensor("blk.1.attn_v.weight.lora_b", gguf.F32, func(out io.Writer) error { _, err := out.Write(ones); return err }, 1, uint64(rows))
	l, err := os.Create(adapter)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := w.Write(l); err != nil {
		t.Fatal(err)
	}
	return base, adapter
}

// merge runs the command by itself.
func merge(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	p := &program{out: &out, err: io.Discard}
	cmd := p.adapterMergeCommand()
	cmd.SetArgs(args)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func TestAdapterMerge(t *testing.T) {
	base, adapter := mergeFiles(t, 32)
	out := filepath.Join(t.TempDir(), "merged.gguf")
	printed, err := merge(t.Context(), "--base", base, "--lora", adapter, "--out", out, "--json")
	if err != nil {
		t.Fatal(err)
	}
	// A of zeros adds nothing, so the base comes out as it went in.
	want, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, not the base's %d, %v", len(got), len(want), err)
	}
	var r mergeReport
	if err := json.Unmarshal([]byte(printed), &r); err != nil || r.Bytes != int64(len(want)) || len(r.SHA256) != 64 || r.SHA256 == r.LoRA {
		t.Errorf("printed %s, %v", printed, err)
	}
	if _, err := merge(t.Context(), "--base", base, "--lora", adapter, "--out", out); err == nil || !strings.Contains(err.Error(), "--force overwrites it") {
		t.Errorf("without --force: %v", err)
	}
	if printed, err := merge(t.Context(), "--base", base, "--lora", adapter, "--out", out, "--force"); err != nil || !strings.Contains(printed, `kind "full_model"`) {
		t.Errorf("with --force: %q, %v", printed, err)
	}
	if b, err := lora.OpenBase(out); err != nil {
		t.Error(err)
	} else {
		b.Close()
	}
}

// What cannot be done leaves nothing behind, nor harms what was there.
func TestAdapterMergeLeavesNothing(t *testing.T) {
	base, adapter := mergeFiles(t, 32)
	_, wide := mergeFiles(t, 64)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	for _, tt := range []struct {
		ctx             context.Context
		base, lora, out string
		want            string
	}{
		{t.Context(), base, wide, filepath.Join(dir, "x"), "B gives 64 values, the base's v_proj gives 32"},
		{t.Context(), adapter, adapter, filepath.Join(dir, "x"), "general.type is adapter"},
		{t.Context(), base, base, filepath.Join(dir, "x"), "reading LoRA"},
		{t.Context(), base, filepath.Join(dir, "none"), filepath.Join(dir, "x"), "no such file"},
		{t.Context(), base, adapter, dir, "is not a file"},
		{t.Context(), base, adapter, base, "is what is read"},
		{t.Context(), base, adapter, filepath.Join(dir, "none", "x"), "no such file"},
		{gone, base, adapter, filepath.Join(dir, "x"), "context canceled"},
	} {
		if _, err := merge(tt.ctx, "--base", tt.base, "--lora", tt.lora, "--out", tt.out, "--force"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.want, err)
		}
	}
	path := filepath.Join(dir, "kept")
	if err := os.WriteFile(path, []byte("as it was"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	if _, err := wholefile.Write(path, func(out io.Writer) error { _, _ = out.Write(make([]byte, 9999)); return full }); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "as it was" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
