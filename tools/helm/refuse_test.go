package helm

import (
	"strings"
	"testing"
)

// TestMissing sees that what must be given is asked for in a sentence.
func TestMissing(t *testing.T) {
	for _, tt := range []struct{ over, want string }{
		{"image: {repository: ''}", "image.repository: it is missing"},
		{"image: {digest: ''}", "neither tag nor digest"},
		{"hosts: []", "hosts: it is missing"},
		{"proxies: []", "proxies: it is missing"},
		{"keys: {secret: ''}", "keys.secret: nobody could call"},
		{"gateway: {parentRefs: []}", "gateway.parentRefs: it is missing"},
		{"config: {qdrant: {address: ''}}", "config.qdrant.address: it is missing"},
		{"config: {ledger: {address: ''}}", "config.ledger.address: it is missing"},
		{"config: {redis: {url: ''}}", "config.redis.url: it is missing"},
		{"config: {audit: {folder: /data/audit}}", "config.audit: an audit log would be lost"},
		{"config: {knowledge: [/m/health.toml]}", "config.knowledge: several pods"},
		{"autoscaling: {by: nothing}\nreplicas: 1\nconfig: {knowledge: [/m/health.toml]}", "config.knowledge: what was read"},
		{"data: {persistent: true}\nconfig: {ledger: {address: ''}}", "each of several pods would keep a ledger"},
		{"config: {ledger: {off: true}}", `config.ledger: YAML takes off for false; write it in quotes, as "off"`},
		{"config: {listen: ':80'}", "config.listen: the chart sets it"},
		{"config: {keys: /keys.toml}", "config.keys: the chart sets it"},
		{"resources: {limits: {memory: '1073741824'}}", "resources.limits.memory: write it in Mi or Gi"},
		{"autoscaling: {by: keda}", "autoscaling.prometheus: it is missing"},
		{"autoscaling: {min: 9}", "autoscaling: min is above max"},
		{"config: {rerank: {url: 'http://rerank.moh.example'}}", "nothing says where rerank.moh.example is, to which config.rerank.url leads"},
		{"config: {backend: [{name: far, kind: vllm, url: 'https://far.example/v1'}]}", "nothing says where far.example is, to which config.backend far leads"},
	} {
		_, err := render(example(t, "kserve", tt.over))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("with %s: %v, want %q", tt.over, err, tt.want)
		}
	}
	open := example(t, "kserve")
	delete(open["secrets"].(map[string]any), "TILGATE_SESSION_SECRET")
	_, err := render(open)
	if want := "secrets.TILGATE_SESSION_SECRET: it is missing"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("without that secret: %v, want %q", err, want)
	}
	_, err = render(nil)
	for _, want := range []string{"image.repository", "hosts", "keys.secret", "config.qdrant.address", "config.ledger.address", "config.redis.url"} {
		if err == nil || !strings.Contains(err.Error(), "\n"+want+": ") && !strings.Contains(err.Error(), want+": it is missing") {
			t.Errorf("without values %s is not asked for: %v", want, err)
		}
	}
}

// TestSchema sees that values of a wrong type, and those that nobody reads, are
// refused by their names.
func TestSchema(t *testing.T) {
	for _, tt := range []struct{ over, want string }{
		{"replica: 3", "replica"},
		{"replicas: three", "/replicas"},
		{"replicas: 0", "/replicas"},
		{"hosts: ask.moh.example", "/hosts"},
		{"hosts: ['https://ask.moh.example']", "/hosts/0"},
		{"hosts: ['ask.moh.example\n  evil: true']", "/hosts/0"},
		{"image: {repository: 'registry.moh.example/tilgate:1.0'}", "/image/repository"},
		{"image: {digest: sha256:12}", "/image/digest"},
		{"image: {tag: 1.0}", "/image/tag"},
		{"image: {registry: r}", "registry"},
		{"config: 7", "/config"},
		{"config: null", "config"},
		{"config: {language: no}", "/config/language"},
		{"config: {languages: [ky, no]}", "/config/languages/1"},
		{"config: {backend: [{name: a}]}", "/config/backend/0"},
		{"secrets: {TILGATE_LEDGER_PASSWORD: hunter2}", "TILGATE_LEDGER_PASSWORD"},
		{"secrets: {PATH: {name: a, key: b}}", "PATH"},
		{"languages: {configMap: {name: a}, secret: {secretName: b}}", "/languages"},
		{"mounts: [{name: a, path: relative, volume: {}}]", "/mounts/0/path"},
		{"data: {size: big}", "/data/size"},
		{"autoscaling: {by: magic}", "/autoscaling/by"},
		{"resources: {limits: {memory: null}}", "memory"},
		{"probes: {ready: /}", "/probes/ready"},
		{"shutdown: {leaveSeconds: 0}", "/shutdown/leaveSeconds"},
		{"networkPolicy: {places: {a: {cidrs: [10.0.0.1]}}}", "/networkPolicy/places/a/cidrs/0"},
		{"networkPolicy: {enabled: 'yes'}", "/networkPolicy/enabled"},
		{"gateway: {timeout: forever}", "/gateway/timeout"},
		{"disruption: {maxUnavailable: 0}", "/disruption/maxUnavailable"},
	} {
		_, err := render(example(t, "kserve", tt.over))
		if err == nil || !strings.Contains(err.Error(), "schema") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("with %s: %v, want %q", tt.over, err, tt.want)
		}
	}
}
