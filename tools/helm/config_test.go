package helm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	core "k8s.io/api/core/v1"
)

// program builds Tilgate when it is first needed.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tilgate-chart-")
	if err != nil {
		return "", err
	}
	built = filepath.Join(dir, "tilgate")
	out, err := exec.Command("go", "build", "-C", root, "-o", built, "./cmd/tilgate").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("building tilgate: %w\n%s", err, out)
	}
	return built, err
})

var built string

func TestMain(m *testing.M) {
	slog.SetLogLoggerLevel(slog.LevelWarn) // Helm speaks of each link to a file of rules
	code := m.Run()
	if built != "" {
		os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

// TestConfig has Tilgate read the configuration that the chart makes, and looks
// whether it understood it as it was meant.
func TestConfig(t *testing.T) {
	for name, values := range places(t) {
		t.Run(name, func(t *testing.T) {
			o := manifests(t, values)
			text := one[*core.ConfigMap](t, o, "ConfigMap/tilgate").Data["tilgate.toml"]
			var inForce, given map[string]any
			if _, err := toml.Decode(understood(t, o, text), &inForce); err != nil {
				t.Fatal(err)
			}
			if _, err := toml.Decode(text, &given); err != nil {
				t.Fatal(err)
			}
			holds(t, "", inForce, given)
		})
	}
}

// understood returns what tilgate config prints of a configuration. Files that
// it names are looked for here, not in a pod.
func understood(t *testing.T, o objects, text string) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := unpack(t, o, dir, text)
	out, err := exec.Command(path, "config", "--config", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, text)
	}
	return strings.ReplaceAll(string(out), dir, "")
}

// unpack makes folders in dir of all that is mounted into the pod, with a
// certificate in each place where one is looked for. It returns the file of the
// configuration, which leads to them.
func unpack(t *testing.T, o objects, dir, text string) string {
	t.Helper()
	var pairs []string
	for _, m := range podOf(t, o).Spec.Containers[0].VolumeMounts {
		pairs = append(pairs, m.MountPath+"/", dir+m.MountPath+"/", "\""+m.MountPath+"\"", "\""+dir+m.MountPath+"\"")
		if err := os.MkdirAll(dir+m.MountPath, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cert, key := certificate(t)
	write(t, dir+"/certificates/ca.pem", cert)
	write(t, dir+"/tls/tls.crt", cert)
	write(t, dir+"/tls/tls.key", key)
	file := dir + "/config/tilgate.toml"
	write(t, file, strings.NewReplacer(pairs...).Replace(text))
	return file
}

// certificate makes one for 127.0.0.1, in PEM, with its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// holds reports whatever of a configuration did not come into force as it was
// written; defaults may stand beside it, and what is empty may be left out.
func holds(t *testing.T, where string, inForce, given any) {
	t.Helper()
	switch given := given.(type) {
	case map[string]any:
		in, ok := inForce.(map[string]any)
		for key, value := range given {
			if empty(value) {
				continue
			}
			if !ok || in[key] == nil {
				t.Errorf("%s.%s is not in force", where, key)
				continue
			}
			holds(t, where+"."+key, in[key], value)
		}
	case []map[string]any:
		in, ok := inForce.([]map[string]any)
		if !ok || len(in) != len(given) {
			t.Errorf("%s: %v, want %v", where, inForce, given)
			return
		}
		for i := range given {
			holds(t, where, in[i], given[i])
		}
	default:
		if fmt.Sprint(inForce) != fmt.Sprint(given) { // 1 is 1.0
			t.Errorf("%s: %v in force, want %v", where, inForce, given)
		}
	}
}

func empty(value any) bool {
	if m, ok := value.(map[string]any); ok {
		for _, v := range m {
			if !empty(v) {
				return false
			}
		}
		return true
	}
	return value == ""
}
