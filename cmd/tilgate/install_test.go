//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A systemctl that starts and stops what the unit would: a service is a process
// here, and nothing else of systemd is needed.
const fakeSystemctl = `#!/bin/bash
stop() { [ -f $WORK/pid ] && kill $(cat $WORK/pid) && while kill -0 $(cat $WORK/pid) 2>/dev/null; do sleep 0.05; done; rm -f $WORK/pid; }
start() {
	$WORK/bin/tilgate serve --config $WORK/etc/tilgate.toml </dev/null >/dev/null 2>$WORK/log &
	echo $! >$WORK/pid
	for i in $(seq 200); do grep -q '"a knowledge base is up to date"' $WORK/log && return; sleep 0.05; done
	cat $WORK/log >&2; exit 1
}
case $1 in
daemon-reload) ;;
enable | start) start ;;
stop | disable) stop ;;
restart) stop; start ;;
*) echo "systemctl $*?" >&2; exit 1 ;;
esac
`

// Each command of docs/install.md is run, in its order, on folders of the
// test's own and with the program as a plain process.
func TestInstallPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	work, ollama := t.TempDir(), newFakeOllama(t).URL
	for _, dir := range []string{"bin", "shims", "usb/documents"} {
		noFault(t, os.MkdirAll(filepath.Join(work, dir), 0o755))
	}
	self, err := os.Executable()
	noFault(t, err)
	noFault(t, os.Symlink(self, filepath.Join(work, "usb", "tilgate")))
	write(t, filepath.Join(work, "usb", "documents", "water.txt"), "Сугат суусунун баасы бир гектарга кырк танга. Төлөм он күндүн ичинде төлөнөт.")
	for name, text := range map[string]string{"systemctl": fakeSystemctl, "useradd": "#!/bin/sh\n", "userdel": "#!/bin/sh\n", "sudo": "#!/bin/sh\nshift 2\nexec \"$@\"\n"} {
		write(t, filepath.Join(work, "shims", name), text)
		noFault(t, os.Chmod(filepath.Join(work, "shims", name), 0o755))
	}
	var script strings.Builder
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 7 {
		t.Fatalf("the page has %d blocks of commands", len(blocks))
	}
	for _, b := range blocks {
		for line := range strings.Lines(b[1]) {
			line = strings.TrimSpace(line)
			fmt.Fprintf(&script, "echo '$ '%s\n%s", inShell(line), onFolders(line, work, ollama))
			if strings.HasPrefix(line, "tilgate setup --yes") {
				script.WriteString(" | tee $WORK/said\nKEY=$(grep -o 'tg-[^ ]*' $WORK/said || echo $KEY)")
			}
			script.WriteString("\n")
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -eu -o pipefail\nKEY=\n"+strings.ReplaceAll(script.String(), "127.0.0.1:8080", freeAddress(t)))
	cmd.Dir, cmd.WaitDelay = work, time.Second
	cmd.Env = append(os.Environ(), "WORK="+work, "PATH="+filepath.Join(work, "shims")+":"+filepath.Join(work, "bin")+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if pid, wrong := os.ReadFile(filepath.Join(work, "pid")); wrong == nil {
		_ = exec.Command("kill", strings.TrimSpace(string(pid))).Run()
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"кырк танга", "ok    ports", "Tilgate answers there", "clinic"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	for _, gone := range []string{"etc", "lib", "bin/tilgate"} {
		if _, err := os.Stat(filepath.Join(work, gone)); err == nil {
			t.Errorf("%s is still there: %v", gone, contents(t, filepath.Join(work, gone)))
		}
	}
}

func inShell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// onFolders has a command of the page work on the folders of a test.
func onFolders(line, work, ollama string) string {
	if strings.HasPrefix(line, "tilgate setup") {
		line += " --no-service --config " + work + "/etc/tilgate.toml --data " + work + "/lib"
	}
	if strings.HasPrefix(line, "tilgate setup --yes") {
		line += " --listen 127.0.0.1:8080"
	}
	return strings.NewReplacer("/usr/local/bin", work+"/bin", "/etc/tilgate/", work+"/etc/", "/var/lib/tilgate", work+"/lib",
		"/media/usb", work+"/usb", "/srv/documents", work+"/documents", ollamaHere, ollama).Replace(line)
}
