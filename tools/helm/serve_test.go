package helm

import (
	"bufio"
	"context"
	"crypto/tls"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// TestServe runs Tilgate as the pod would: its arguments, its variables, its
// configuration, with other ports. Probes find what they ask for, the names of
// the service and of the world are served and no others, and it leaves within
// its time. The embedded store stands for Qdrant, without which it does not start.
func TestServe(t *testing.T) {
	values := example(t, "kserve", `
replicas: 1
autoscaling: {by: nothing}
config: {qdrant: {address: "127.0.0.1:6334", ca: "", tls: false, shard: ""}, ledger: {"off": true, address: ""}, redis: {url: "", ca: ""}, backend: [{name: gone, kind: vllm, url: "http://127.0.0.1:1"}]}`)
	o := manifests(t, values)
	pod := podOf(t, o).Spec
	text := one[*core.ConfigMap](t, o, "ConfigMap/tilgate").Data["tilgate.toml"]
	dir := t.TempDir()
	file := unpack(t, o, dir, strings.NewReplacer(`":8080"`, `"127.0.0.1:0"`, `":9464"`, `"127.0.0.1:0"`, `"127.0.0.1:6334"`, `""`).Replace(text))
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, "key", "create", "desk", "--config", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, pod.Containers[0].Args...)
	for name, v := range variables(pod.Containers[0]) {
		cmd.Env = append(cmd.Env, name+"="+strings.ReplaceAll(v.Value, "/config/", dir+"/config/"))
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	metrics, api := addresses(t, bufio.NewScanner(log))
	for _, tt := range []struct {
		url, host string
		want      int
	}{
		{"https://" + api + pod.Containers[0].LivenessProbe.HTTPGet.Path, "", 200},
		{"https://" + api + pod.Containers[0].ReadinessProbe.HTTPGet.Path, "", 200},
		{"http://" + metrics + "/metrics", "", 200},
		{"https://" + api + "/healthz", "tilgate.ask.svc", 200},
		{"https://" + api + "/healthz", "ask.moh.example", 200},
		{"https://" + api + "/healthz", "rebound.example", 403},
	} {
		if got := status(t, tt.url, tt.host); got != tt.want {
			t.Errorf("%s as %q: status %d, want %d", tt.url, tt.host, got, tt.want)
		}
	}
	leaves := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || time.Since(leaves) > 25*time.Second {
		t.Errorf("it left after %v: %v", time.Since(leaves), err)
	}
}

var said = regexp.MustCompile(`"msg":"(serving metrics|serving)","address":"([^"]+)"`)

// addresses waits until the log says where metrics and API are, and has the rest
// of it read.
func addresses(t *testing.T, log *bufio.Scanner) (metrics, api string) {
	t.Helper()
	var all strings.Builder
	for log.Scan() {
		all.WriteString(log.Text() + "\n")
		m := said.FindStringSubmatch(log.Text())
		switch {
		case m == nil:
		case m[1] == "serving":
			go func() {
				for log.Scan() {
				}
			}()
			return metrics, m[2]
		default:
			metrics = m[2]
		}
	}
	t.Fatalf("it does not serve:\n%s", all.String())
	return "", ""
}

// status asks on a connection of its own, as a probe does.
func status(t *testing.T, url, host string) int {
	t.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
