package shipping

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

const deploy = "../../../deploy/"

// project reads the compose file as docker compose does.
func project(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	o, err := cli.NewProjectOptions([]string{deploy + "compose.yaml"}, cli.WithProfiles(profiles), cli.WithDiscardEnvFile,
		cli.WithLoadOptions(func(o *loader.Options) { o.SkipResolveEnvironment = false }))
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCompose reads the file strictly for each kind of machine, and wants of
// every service what its page promises.
func TestCompose(t *testing.T) {
	for profile, want := range map[string][]string{
		"":    {"documents", "qdrant", "tilgate"},
		"cpu": {"documents", "model", "ollama", "qdrant", "tilgate"},
		"gpu": {"documents", "model", "ollama-gpu", "qdrant", "tilgate"},
	} {
		p := project(t, profile)
		if names := p.ServiceNames(); !slices.Equal(slices.Sorted(slices.Values(names)), want) {
			t.Errorf("%q starts %q, want %q", profile, names, want)
		}
		for name, s := range p.Services {
			closed(t, name, s)
			mounted(t, p, name, s)
		}
	}
	gpu := project(t, "gpu").Services["ollama-gpu"]
	if gpu.Deploy == nil || len(gpu.Deploy.Resources.Reservations.Devices) != 1 {
		t.Error("ollama-gpu has no GPU")
	}
}

var pinned = regexp.MustCompile(`:v?\d+\.\d+\.\d+(-[a-z]+)?$|@sha256:[0-9a-f]{64}$`)

// closed wants no service to have more than it needs.
func closed(t *testing.T, name string, s types.ServiceConfig) {
	t.Helper()
	if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Privileged {
		t.Errorf("%s: it may write to its root, or has rights that it does not need", name)
	}
	if s.Build == nil && !pinned.MatchString(s.Image) {
		t.Errorf("%s: %s is not pinned", name, s.Image)
	}
	if len(s.Ports) > 0 != (name == "tilgate") {
		t.Errorf("%s has the ports %v", name, s.Ports)
	}
	for _, port := range s.Ports {
		if port.HostIP != "127.0.0.1" {
			t.Errorf("%s is served on %q, before anybody said so", name, port.HostIP)
		}
	}
	once := s.Restart == "no"
	if s.HealthCheck == nil && !once {
		t.Errorf("%s has no health check", name)
	}
	for key, value := range s.Environment {
		if value != nil && regexp.MustCompile(`(?i)(key|secret|password|token)$`).MatchString(key) && *value != "" {
			t.Errorf("%s: %s is a secret in the environment", name, key)
		}
	}
	for network := range s.Networks {
		if network == "out" && name != "model" {
			t.Errorf("%s may go out", name)
		}
	}
}

// mounted wants every file that is mounted to be there, or to be made by the
// script that starts it all.
func mounted(t *testing.T, p *types.Project, name string, s types.ServiceConfig) {
	t.Helper()
	for _, v := range s.Volumes {
		switch v.Type {
		case "bind":
			if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
				t.Errorf("%s: %s: %v, read only: %v", name, v.Source, err, v.ReadOnly)
			}
		case "volume":
			if _, ok := p.Volumes[v.Source]; !ok {
				t.Errorf("%s: there is no volume %s", name, v.Source)
			}
		}
	}
	script, err := os.ReadFile(deploy + "compose/up")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range s.Secrets {
		file := p.Secrets[secret.Source].File
		if !strings.HasPrefix(file, filepath.Dir(file)) || !strings.Contains(string(script), filepath.Base(file)) {
			t.Errorf("%s: nothing makes the secret %s", name, file)
		}
	}
}

// TestVersions wants the versions that Tilgate is built and tested with.
func TestVersions(t *testing.T) {
	mod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`github.com/ollama/ollama v(\S+)`).FindSubmatch(mod)
	if m == nil {
		t.Fatal("go.mod has no Ollama")
	}
	if image := project(t, "cpu").Services["ollama"].Image; image != "ollama/ollama:"+string(m[1]) {
		t.Errorf("the image is %s, and go.mod has Ollama %s", image, m[1])
	}
}

// TestWrongCompose wants the reader to be as strict as it is thought to be.
func TestWrongCompose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "compose.yaml")
	for _, text := range []string{
		"services: {a: {image: x, readonly: true}}",
		"services: {a: {image: x, depends_on: {b: {condition: service_healthy}}}}",
		"services: {a: {image: x, secrets: [none]}}",
		"services: {a: {image: x, networks: [none]}}",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := cli.NewProjectOptions([]string{path}, cli.WithName("x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.LoadProject(context.Background()); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
