package shipping

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

// TestGoReleaser reads the configuration as GoReleaser does, strictly, and
// wants what makes a release verifiable.
func TestGoReleaser(t *testing.T) {
	c, err := config.Load(deploy + "goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if c.Version != 2 || len(c.Builds) != 1 || len(c.Archives) != 1 {
		t.Fatalf("version %d, %d builds, %d archives", c.Version, len(c.Builds), len(c.Archives))
	}
	b := c.Builds[0]
	if !slices.Contains(b.Flags, "-trimpath") || !slices.Contains(b.Env, "CGO_ENABLED=0") || b.ModTimestamp == "" {
		t.Errorf("the build is not reproducible: %v, %v, %q", b.Flags, b.Env, b.ModTimestamp)
	}
	if !slices.Contains(b.Goarch, "arm64") || !slices.Contains(b.Goos, "linux") {
		t.Errorf("it is built for %v on %v", b.Goos, b.Goarch)
	}
	if c.Checksum.Algorithm != "sha256" || len(c.Signs) != 1 || c.Signs[0].Artifacts != "checksum" || len(c.SBOMs) != 1 {
		t.Errorf("checksums %q, %d signatures, %d lists of parts", c.Checksum.Algorithm, len(c.Signs), len(c.SBOMs))
	}
	for _, f := range c.Archives[0].Files {
		if strings.ContainsAny(f.Source, "*") || strings.HasPrefix(f.Source, "dist") {
			continue // which is made on the way
		}
		if _, err := os.Stat("../../../" + f.Source); err != nil {
			t.Errorf("archives hold what is not there: %v", err)
		}
	}
}

func TestWrongGoReleaser(t *testing.T) {
	if _, err := config.LoadReader(strings.NewReader("version: 2\nbuildz: []\n")); err == nil {
		t.Error("a key that does not exist is taken")
	}
}
