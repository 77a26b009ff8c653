package ollama

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/ollama/ollama/types/model"

	"tilgate/internal/fault"
)

// The folder of Ollama's models holds, with slashes:
//
//	manifests/HOST/NAMESPACE/MODEL/TAG   JSON, which names the blobs of a model
//	blobs/sha256-DIGEST                  weights, template, parameters, licence
//
// It is as Ollama's package manifest has it, in 0.17.
const (
	manifestsFolder = "manifests"
	blobsFolder     = "blobs"
)

// Limits of a manifest; those of real models have less than 2 kB and ten layers.
const (
	maxStoredManifest = 1 << 20
	maxStoredLayers   = 1000
)

// A Stored is a model in the folder of Ollama's models.
type Stored struct {
	Name     string // as Ollama shows it: qwen3:8b
	Digest   string // hex SHA-256 of its manifest, as in a list of models
	Manifest string // path in the folder, with slashes
	Blobs    []Blob // in the order of the manifest, each once
}

// A Blob is a file of a model.
type Blob struct {
	Path   string // in the folder, with slashes
	SHA256 string // in hex
	Size   int64  // bytes
}

// FindStored finds a model in the folder of Ollama's models. Its blobs are not
// looked at.
func FindStored(folder fs.FS, name string) (Stored, error) {
	n := model.ParseName(name)
	if !n.IsFullyQualified() || !fs.ValidPath(storedPath(n)) {
		return Stored{}, fault.Invalid.Errorf("%q is no name of a model, such as qwen3:8b", name)
	}
	return readStored(folder, n)
}

// StoredAt reads the manifest at a path of the folder.
func StoredAt(folder fs.FS, manifest string) (Stored, error) {
	n, err := storedName(manifest)
	if err != nil {
		return Stored{}, err
	}
	return readStored(folder, n)
}

// StoredName returns the name of the model whose manifest has a path.
func StoredName(manifest string) (string, error) {
	n, err := storedName(manifest)
	return n.DisplayShortest(), err
}

func storedName(manifest string) (model.Name, error) {
	rest, ok := strings.CutPrefix(manifest, manifestsFolder+"/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 4 || !fs.ValidPath(manifest) {
		return model.Name{}, fault.Invalid.Errorf("%s is no place of a manifest", manifest)
	}
	n := model.Name{Host: parts[0], Namespace: parts[1], Model: parts[2], Tag: parts[3]}
	if !n.IsFullyQualified() {
		return n, fault.Invalid.Errorf("%s is no place of a manifest", manifest)
	}
	return n, nil
}

// IsManifest reports whether a path of the folder is for a manifest.
func IsManifest(path string) bool { return strings.HasPrefix(path, manifestsFolder+"/") }

// IsBlob reports whether a path of the folder is for a blob of that SHA-256.
func IsBlob(file, sum string) bool { return file == path.Join(blobsFolder, "sha256-"+sum) }

func storedPath(n model.Name) string {
	return path.Join(manifestsFolder, n.Host, n.Namespace, n.Model, n.Tag)
}

func readStored(folder fs.FS, n model.Name) (Stored, error) {
	s := Stored{Name: n.DisplayShortest(), Manifest: storedPath(n)}
	f, err := folder.Open(s.Manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return s, fault.NotFound.Errorf("the folder of Ollama's models has no %s", s.Name)
	}
	if err != nil {
		return s, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxStoredManifest+1))
	if err != nil {
		return s, err
	}
	sum := sha256.Sum256(text)
	s.Digest = hex.EncodeToString(sum[:])
	if s.Blobs, err = parseStored(text); err != nil {
		return s, fault.Invalid.Wrap(err, "the manifest of "+s.Name+" cannot be read")
	}
	return s, nil
}

// parseStored reads which blobs a manifest names.
func parseStored(text []byte) ([]Blob, error) {
	type layer struct {
		Digest string `json:"digest"`
		Size   int64  `json:"size"`
	}
	var m struct {
		Config layer   `json:"config"`
		Layers []layer `json:"layers"`
	}
	if len(text) > maxStoredManifest {
		return nil, errors.New("it is longer than 1 MiB")
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&m); err != nil {
		return nil, err
	}
	if len(m.Layers) > maxStoredLayers {
		return nil, errors.New("it has more than 1000 layers")
	}
	var blobs []Blob
	seen := map[string]bool{}
	for _, l := range append(m.Layers, m.Config) {
		sum, ok := strings.CutPrefix(l.Digest, "sha256:")
		if !ok || len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" || l.Size < 0 {
			return nil, errors.New("a layer has no digest, or no size")
		}
		if !seen[sum] {
			blobs = append(blobs, Blob{path.Join(blobsFolder, "sha256-"+sum), sum, l.Size})
		}
		seen[sum] = true
	}
	return blobs, nil
}
