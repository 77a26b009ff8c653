package lora

import (
	"cmp"

	"tilgate/internal/fault"
)

// Check says whether the LoRA fits a base model of a shape. The error names
// every fault, not only the first.
func (w *Weights) Check(s Shape) error {
	var f faults
	if w.Arch != "" && w.Arch != s.Arch {
		f.add("architecture", "it is made for %s, the base is %s", brief(w.Arch), s.Arch)
	}
	if _, known := permuted[s.Arch]; w.Format == "peft" && !known {
		f.add("architecture", "nothing here knows how %s orders its rows in GGUF; convert the folder with llama.cpp's convert_lora_to_gguf.py", s.Arch)
	}
	if permuted[s.Arch] && s.HeadDim%2 != 0 {
		f.add("heads", "the base's are %d wide, which cannot be halved", s.HeadDim)
	}
	if w.depth > 0 && w.depth < s.Layers {
		f.add("layers", "it is made for %d, the base has %d", w.depth, s.Layers)
	}
	for _, p := range w.pairs {
		p.check(s, &f)
	}
	if f.none() {
		return nil
	}
	return fault.Invalid.Errorf("this LoRA was made for %s, and does not fit %s:\n%s",
		cmp.Or(brief(w.Base), "another base"), cmp.Or(brief(s.Name), "this one"), &f)
}

func (p pair) check(s Shape, f *faults) {
	if p.layer >= s.Layers {
		f.add(place{p.layer, p.module}.String(), "the base has %d layers, 0 to %d", s.Layers, s.Layers-1)
	}
	m, _ := moduleNamed(p.module)
	if in := m.in(s); p.a.cols != in {
		f.add(place{p.layer, p.module}.String(), "A takes %d values, the base's %s takes %d", p.a.cols, p.module, in)
	}
	if out := m.out(s); p.b.rows != out {
		f.add(place{p.layer, p.module}.String(), "B gives %d values, the base's %s gives %d", p.b.rows, p.module, out)
	}
}
