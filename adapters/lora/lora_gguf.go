package lora

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"

	"tilgate/adapters/lora/gguf"
	"tilgate/internal/fault"
)

func openGGUF(path string) (*Weights, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	w, err := readGGUF(file)
	if err != nil {
		file.Close()
		return nil, err
	}
	w.closer = file
	return w, nil
}

func readGGUF(file *os.File) (*Weights, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	g, err := gguf.Read(file, info.Size())
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "the file is damaged, or no GGUF file")
	}
	w, err := assembleGGUF(g)
	if err != nil {
		return nil, err
	}
	w.source = io.NewSectionReader(file, 0, info.Size())
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(file, 0, info.Size())); err != nil {
		return nil, err
	}
	w.SHA256 = hex.EncodeToString(h.Sum(nil))
	return w, nil
}

func assembleGGUF(g *gguf.File) (*Weights, error) {
	w := &Weights{Format: "gguf", Arch: textOf(g, "general.architecture"),
		Base: textOf(g, "general.base_model.0.name"), Licence: textOf(g, "general.license")}
	var f faults
	if t := textOf(g, "general.type"); t != "adapter" {
		f.add("general.type", "is %q; a LoRA has \"adapter\"", brief(t))
	}
	if t := textOf(g, "adapter.type"); t != "lora" {
		f.add("adapter.type", "is %q; a LoRA has \"lora\"", brief(t))
	}
	if w.Arch == "" {
		f.add("general.architecture", "is missing; servers want that of the base")
	}
	if g.Value("adapter.alora.invocation_tokens") != nil {
		f.add("adapter.alora.invocation_tokens", "it is switched on by tokens in the middle of a text (aLoRA), which is not supported")
	}
	alpha, ok := g.Value("adapter.lora.alpha").(float32)
	if !ok || !(alpha > 0) || alpha-alpha != 0 {
		// Servers take a scale of 1 then, whatever it was trained with.
		f.add("adapter.lora.alpha", "is %v; a number above 0 is needed, as F32", brief(g.Value("adapter.lora.alpha")))
	}
	w.Alpha = float64(alpha)
	w.pairs = pairsOfGGUF(g, &f)
	for i := range w.pairs {
		w.pairs[i].scale = w.Alpha / float64(w.pairs[i].rank())
	}
	w.summarize()
	return w, f.err()
}

func textOf(g *gguf.File, key string) string {
	s, _ := g.Value(key).(string)
	return s
}

// ggufName matches blk.0.attn_q.weight.lora_a.
var ggufName = regexp.MustCompile(`^blk\.(\d{1,4})\.(\w+)\.weight\.lora_([ab])$`)

func pairsOfGGUF(g *gguf.File, f *faults) []pair {
	var parts pairing
	for _, t := range g.Tensors {
		if err := addGGUF(&parts, g, t); err != nil {
			f.add(t.Name, "%v", err)
		}
	}
	return parts.pairs(f)
}

func addGGUF(parts *pairing, g *gguf.File, t gguf.Tensor) error {
	name := ggufName.FindStringSubmatch(t.Name)
	if name == nil {
		return errors.New("is no lora_a or lora_b of a layer's projection; trained vocabularies and norms cannot be swapped")
	}
	i := slices.IndexFunc(modules, func(m module) bool { return m.gguf == name[2] })
	if i < 0 {
		return errors.New("only q, k, v, o, gate, up and down projections are supported, each a matrix of its own")
	}
	if len(t.Dims) != 2 {
		return fmt.Errorf("has %d dimensions; a matrix is needed", len(t.Dims))
	}
	if !t.Type.Readable() {
		return fmt.Errorf("is stored as %s, which is not read here; convert it to F16", t.Type)
	}
	layer, err := strconv.Atoi(name[1])
	if err != nil {
		return err
	}
	return parts.add(layer, modules[i].peft, name[3] == "b", newMatrix(g.Data(t), t.Type, t.Rows(), t.Row()))
}
