package ollama

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/internal/fault"
	"tilgate/serving/ollama/ollamatest"
)

// TestStoredReal reads what a real Ollama has stored: all of it lies where it is
// said to, and the digest is the one that the server tells.
func TestStoredReal(t *testing.T) {
	s := ollamatest.Start(t)
	s.CreateTiny("school", ollamatest.Tiny{Seed: 1})
	folder := os.DirFS(s.Models)
	stored, err := FindStored(folder, "school")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.API.List(t.Context())
	if err != nil || len(list.Models) != 1 || list.Models[0].Digest != stored.Digest || list.Models[0].Name != stored.Name {
		t.Errorf("%+v, %v; the server says %+v", stored, err, list)
	}
	if len(stored.Blobs) < 3 {
		t.Errorf("%d blobs; weights, parameters, template and configuration are expected", len(stored.Blobs))
	}
	for _, b := range stored.Blobs {
		if info, err := fs.Stat(folder, b.Path); err != nil || info.Size() != b.Size || !IsBlob(b.Path, b.SHA256) {
			t.Errorf("%+v: %v, %v", b, info, err)
		}
	}
	again, err := StoredAt(folder, stored.Manifest)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(stored) || !IsManifest(stored.Manifest) {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestStored(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	layer := fmt.Sprintf(`{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:%s","size":3}`, digest)
	at := "manifests/registry.ollama.ai/library/m/"
	folder := fstest.MapFS{
		at + "latest":                     {Data: []byte(`{"config":` + layer + `,"layers":[` + layer + `]}`)},
		at + "climbs":                     {Data: []byte(`{"config":{"digest":"sha256:../../etc/passwd"},"layers":[]}`)},
		at + "empty":                      {Data: []byte(`{}`)},
		at + "text":                       {Data: []byte(`not JSON`)},
		at + "long":                       {Data: make([]byte, maxStoredManifest+1)},
		"manifests/hf.co/me/model/Q4_K_M": {Data: []byte(`{"config":` + layer + `}`)},
	}
	for _, name := range []string{"m", "hf.co/me/model:Q4_K_M"} {
		s, err := FindStored(folder, name)
		if err != nil || len(s.Blobs) != 1 || s.Blobs[0] != (Blob{"blobs/sha256-" + digest, digest, 3}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	for name, want := range map[string]fault.Kind{
		"": fault.Invalid, "../m": fault.Invalid, "a b": fault.Invalid, "m:climbs": fault.Invalid, "m:empty": fault.Invalid,
		"m:text": fault.Invalid, "m:long": fault.Invalid, "m:none": fault.NotFound,
	} {
		if s, err := FindStored(folder, name); !want.Is(err) {
			t.Errorf("%q: %+v, %v, want %v", name, s, err, want)
		}
	}
	for _, at := range []string{"", "manifests", "manifests/a/b/c", "manifests/a/b/c/d/e", "blobs/a/b/c/d", "manifests/../../etc/passwd/x", "manifests/a/b/c/.."} {
		if s, err := StoredAt(folder, at); !fault.Invalid.Is(err) {
			t.Errorf("%q: %+v, %v", at, s, err)
		}
	}
}

func FuzzStored(f *testing.F) {
	f.Add([]byte(`{"config":{"digest":"sha256:` + strings.Repeat("0", 64) + `","size":1},"layers":[{"digest":"sha256:x"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		blobs, err := parseStored(text)
		for _, b := range blobs {
			if err != nil || !fs.ValidPath(b.Path) || !IsBlob(b.Path, b.SHA256) || b.Size < 0 {
				t.Errorf("%+v, %v", b, err)
			}
		}
	})
}
