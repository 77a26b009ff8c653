//go:build linux

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestEmptyRoot runs the binary that the image holds where the image has it:
// in a root with nothing but itself, certificates, what is to be read, and one
// folder that the user 65532 may write to. There is no /tmp, no /proc, no
// /etc/passwd, no resolv.conf, no shell.
func TestEmptyRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may change the root of a process; NOT TESTED: the binary in an empty root")
	}
	r := newEmptyRoot(t, staticBinary(t, "amd64"))
	t.Run("demo", r.demo)
	t.Run("ingest", r.ingest)
	t.Run("bad input", r.badInput)
	r.untouched(t)
}

// TestBuildsForARM compiles the other architecture of the image, before a
// release: all packages are compiled for it, which takes minutes.
func TestBuildsForARM(t *testing.T) {
	if os.Getenv("TILGATE_RELEASE") == "" && os.Getenv("TILGATE_BINARY_ARM64") == "" {
		t.Skip("TILGATE_RELEASE is not set; NOT TESTED: the binary of the image for arm64")
	}
	staticBinary(t, "arm64")
}

// staticBinary builds as the Dockerfile does, and wants nothing to be linked
// when it starts. TILGATE_BINARY_AMD64, and ARM64, name one that is there.
func staticBinary(t *testing.T, arch string) string {
	t.Helper()
	path := os.Getenv("TILGATE_BINARY_" + strings.ToUpper(arch))
	if path == "" {
		if testing.Short() {
			t.Skip("building takes minutes; NOT TESTED: the binary of the image, for " + arch)
		}
		path = filepath.Join(t.TempDir(), "tilgate")
		cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]; f.Machine != want {
		t.Errorf("it is for %s, want %s", f.Machine, want)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it is not static: it has %s", p.Type)
		}
	}
	return path
}

// An emptyRoot is the file system of a container.
type emptyRoot struct {
	dir  string
	made map[string]time.Time // what is in it besides /data
}

const nobody = 65532 // as in the Dockerfile

func newEmptyRoot(t *testing.T, binary string) emptyRoot {
	t.Helper()
	r := emptyRoot{dir: t.TempDir()}
	r.put(t, "tilgate", slurp(t, binary), 0o755)
	if certs, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt"); err == nil {
		r.put(t, "etc/ssl/certs/ca-certificates.crt", certs, 0o644)
	}
	for _, name := range []string{"ky.chrome.pdf", "am.chrome.pdf"} {
		r.put(t, "in/"+name, slurp(t, "../../rag/read/pdf/testdata/"+name), 0o644)
	}
	r.put(t, "in/fees.docx", oneParagraph(t, "Паспорттун баасы беш жүз танга болот, ал үч күндө даяр болот."), 0o644)
	r.put(t, "tilgate.toml", []byte("data = \"/data\"\n[ollama]\nurl = \"\"\n"), 0o644)
	r.put(t, "named.toml", []byte("data = \"/data\"\n[ollama]\nurl = \"http://ollama:11434\"\n"), 0o644)
	r.put(t, "secret.toml", []byte("data = \"/data\"\n[qdrant]\naddress = \"127.0.0.1:1\"\n[ollama]\nurl = \"\"\n"), 0o644)
	noFault(t, os.Mkdir(filepath.Join(r.dir, "data"), 0o700))
	noFault(t, os.Chown(filepath.Join(r.dir, "data"), nobody, nobody))
	r.made = r.files(t)
	return r
}

func slurp(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	noFault(t, err)
	return data
}

func (r emptyRoot) put(t *testing.T, name string, data []byte, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(r.dir, name)
	noFault(t, os.MkdirAll(filepath.Dir(path), 0o755))
	noFault(t, os.WriteFile(path, data, mode))
	noFault(t, os.Chmod(path, mode))
}

// oneParagraph is a DOCX with the least that one has.
func oneParagraph(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, part := range map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels":         `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml":   `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` + text + `</w:t></w:r></w:p></w:body></w:document>`,
	} {
		w, err := z.Create(name)
		noFault(t, err)
		_, err = w.Write([]byte(part))
		noFault(t, err)
	}
	noFault(t, z.Close())
	return b.Bytes()
}

// command is the program as the image starts it, with nothing in its
// environment but what is given.
func (r emptyRoot) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/tilgate", args...)
	cmd.Err = nil // it was looked for in the root of this process
	cmd.Env = append([]string{"TZ=UTC"}, env...)
	cmd.Dir = "/data"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.dir, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// run wants an exit code, and returns all that was said.
func (r emptyRoot) run(t *testing.T, code int, env []string, args ...string) string {
	t.Helper()
	cmd := r.command(t.Context(), env, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("%s: exit code %d, want %d:\n%s", strings.Join(args, " "), got, code, out)
	}
	return string(out)
}

func (r emptyRoot) demo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s, errOut := &service{out: &output{}}, &output{}
	cmd := r.command(ctx, nil, "demo", "--no-model", "--data", "/data/demo", "--listen", "127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = s.out, errOut
	noFault(t, cmd.Start())
	ended := sync.OnceValue(cmd.Wait)
	defer ended()
	defer stop()
	for end := time.Now().Add(2 * time.Minute); !strings.Contains(s.out.String(), "Ctrl-C stops it."); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) || syscall.Kill(cmd.Process.Pid, 0) != nil {
			t.Fatalf("the demo did not begin:\n%s%s", s.out, errOut)
		}
	}
	m := askHere.FindStringSubmatch(s.out.String())
	s.base, s.key = m[1], m[2]
	if a := s.ask(t, "auto", demoQuestion); !strings.Contains(a.message().Content, "58") {
		t.Errorf("%+v", a)
	}
	stop()
	if _ = ended(); cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("stopped, it ends with %s:\n%s", cmd.ProcessState, errOut)
	}
	if errOut.String() != "" {
		t.Errorf("it complains:\n%s", errOut)
	}
}

func (r emptyRoot) ingest(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/" {
			http.NotFound(w, q)
			return
		}
		fmt.Fprint(w, `<html lang="ky"><title>Айыл өкмөтү</title><main><h1>Кабыл алуу</h1><p>Айыл өкмөтү дүйшөмбүдөн жумага чейин саат тогуздан бешке чейин кабыл алат.</p></main></html>`)
	}))
	defer site.Close()
	said := r.run(t, 0, nil, "ingest", "--config", "/tilgate.toml", "--kb", "office", "--private", "--rate", "1000", "--site", site.URL, "/in/ky.chrome.pdf", "/in/am.chrome.pdf", "/in/fees.docx")
	if !strings.Contains(said, "office: 4 documents added") {
		t.Errorf("%s", said)
	}
	for question, want := range map[string]string{"Паспорттун баасы канча?": "беш жүз танга", "Айыл өкмөтү качан кабыл алат?": "тогуздан"} {
		if said := r.run(t, 0, nil, "search", "--config", "/tilgate.toml", "--lang", "ky", question); !strings.Contains(said, want) {
			t.Errorf("%s: %s", question, said)
		}
	}
}

// badInput wants it said what is wrong, also about what only a container lacks.
func (r emptyRoot) badInput(t *testing.T) {
	for _, tt := range []struct {
		code int
		env  []string
		args []string
		says string
	}{
		{1, nil, []string{"demo", "--no-model", "--data", "/elsewhere", "--listen", "127.0.0.1:0"}, "/elsewhere: permission denied"},
		{1, nil, []string{"serve", "--config", "/none.toml"}, "/none.toml: no such file"},
		{1, []string{"TILGATE_QDRANT_KEY_FILE=/run/secrets/qdrant"}, []string{"serve", "--config", "/secret.toml"}, "TILGATE_QDRANT_KEY_FILE: open /run/secrets/qdrant: no such file"},
		{1, nil, []string{"doctor", "--config", "/named.toml"}, "ollama at http://ollama:11434"},
		{2, nil, []string{"server"}, "unknown command"},
	} {
		said := r.run(t, tt.code, tt.env, tt.args...)
		if !strings.Contains(said, tt.says) || strings.Contains(said, "goroutine ") {
			t.Errorf("%s says, want %q:\n%s", strings.Join(tt.args, " "), tt.says, said)
		}
	}
}

func (r emptyRoot) files(t *testing.T) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	noFault(t, filepath.Walk(r.dir, func(path string, info os.FileInfo, err error) error {
		name, _ := filepath.Rel(r.dir, path)
		switch {
		case err != nil:
			return err
		case name == "data":
			return filepath.SkipDir
		}
		all[name] = info.ModTime()
		return nil
	}))
	return all
}

// untouched wants nothing to have been written outside /data.
func (r emptyRoot) untouched(t *testing.T) {
	t.Helper()
	if now := r.files(t); fmt.Sprint(now) != fmt.Sprint(r.made) {
		t.Errorf("the root was %v, and is %v", r.made, now)
	}
}
