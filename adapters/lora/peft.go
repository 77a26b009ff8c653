package lora

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// The files of a PEFT folder.
const (
	configFile  = "adapter_config.json"
	weightsFile = "adapter_model.safetensors"
	cardFile    = "README.md" // says the licence, if anything does
)

func openPEFT(dir string) (*Weights, error) {
	text, err := readSmall(filepath.Join(dir, configFile))
	if err != nil {
		return nil, err
	}
	config, err := parseConfig(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", configFile, err)
	}
	file, err := openRegular(filepath.Join(dir, weightsFile))
	if err != nil {
		if _, pickled := os.Stat(filepath.Join(dir, "adapter_model.bin")); pickled == nil {
			err = errors.New("there is adapter_model.bin, which may run code when it is read; save it as safetensors")
		}
		return nil, err
	}
	w, err := newPEFT(config, file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", weightsFile, err)
	}
	w.closer = file
	w.Licence = cardLicence(dir)
	if w.SHA256, err = hashPEFT(text, file); err != nil {
		file.Close()
		return nil, err
	}
	return w, nil
}

// openRegular opens no pipe, on which it would wait for ever. Links are
// followed: caches of models consist of them.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", filepath.Base(path))
	}
	return os.Open(path)
}

// readSmall reads a file that a person could have written.
func readSmall(path string) ([]byte, error) {
	const most = 1 << 20
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s is larger than %d bytes", filepath.Base(path), most)
	}
	return text, err
}

// hashPEFT is explained at Weights.SHA256.
func hashPEFT(config []byte, weights *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(weights, 0, 1<<62)); err != nil {
		return "", err
	}
	list := fmt.Sprintf("%x  %s\n%x  %s\n", sha256.Sum256(config), configFile, h.Sum(nil), weightsFile)
	sum := sha256.Sum256([]byte(list))
	return hex.EncodeToString(sum[:]), nil
}

// cardLicence reads the licence out of the model card's front matter, "" if
// there is none.
func cardLicence(dir string) string {
	text, err := readSmall(filepath.Join(dir, cardFile))
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	if !lines.Scan() || lines.Text() != "---" {
		return ""
	}
	for lines.Scan() && lines.Text() != "---" {
		if licence, ok := strings.CutPrefix(lines.Text(), "license:"); ok {
			return strings.Trim(licence, ` "'`)
		}
	}
	return ""
}

// newPEFT puts the tensors of a file together.
func newPEFT(config *peftConfig, file *os.File) (*Weights, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tensors, err := readSafetensors(file, info.Size())
	if err != nil {
		return nil, err
	}
	return assemblePEFT(config, tensors, file)
}

func assemblePEFT(config *peftConfig, tensors []stored, in io.ReaderAt) (*Weights, error) {
	w := &Weights{Format: "peft", Base: config.Base, Alpha: config.Alpha, RSLoRA: config.RSLoRA, source: in}
	var f faults
	var parts pairing
	for _, t := range tensors {
		name, err := parseName(t.name)
		var m matrix
		if err == nil {
			m, err = t.matrix(in)
		}
		if err == nil {
			err = parts.add(name.layer, name.module, name.isB, m)
		}
		if err != nil {
			f.add(t.name, "%v", err)
		}
	}
	w.pairs = parts.pairs(&f)
	for i := range w.pairs {
		config.apply(&w.pairs[i], &f)
	}
	w.summarize()
	config.check(w, &f)
	return w, f.err()
}

// A tensorName is what the name of a tensor says.
type tensorName struct {
	layer  int
	module string
	isB    bool
}

// peftName matches base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight.
// Models that also see have their language part one level down.
var peftName = regexp.MustCompile(`^base_model\.model\.(?:model\.|language_model\.model\.|model\.language_model\.)` +
	`layers\.(\d{1,4})\.(self_attn|mlp)\.(\w+)\.lora_([AB])(?:\.default)?\.weight$`)

func parseName(name string) (tensorName, error) {
	part := peftName.FindStringSubmatch(name)
	if part == nil {
		return tensorName{}, errors.New(strangeName(name))
	}
	m, ok := moduleNamed(part[3])
	if !ok || m.within != part[2] {
		return tensorName{}, errors.New(strangeName(name))
	}
	layer, err := strconv.Atoi(part[1])
	return tensorName{layer, part[3], part[4] == "B"}, err
}

// asFull is the way out for what is more than a LoRA.
const asFull = "merge it into its base where it was trained (PEFT: merge_and_unload) and serve the result with kind full_model"

// strangeName says why a tensor cannot be used.
func strangeName(name string) string {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("lora_magnitude_vector"):
		return "this is a DoRA, whose magnitudes no server here applies; " + asFull
	case has("embed_tokens", "lm_head", "lora_embedding", "wte", "modules_to_save"):
		return "the vocabulary or a whole module was trained too, which a server cannot swap; " + asFull
	case has("experts", "block_sparse_moe"):
		return "adapted experts of a mixture are not supported; " + asFull
	case has("vision", "visual", "image", "audio"):
		return "the part that sees or hears was trained too; " + asFull
	case has("qkv", "gate_up_proj", "query_key_value", "c_attn"):
		return "it adapts several projections fused into one matrix (as Phi-3 does), which is not supported; " + asFull
	case has(".bias"):
		return "it has a trained bias; " + asFull
	}
	return "is no lora_A or lora_B of a projection q, k, v, o, gate, up or down"
}
