package helm

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
)

// TestPods sees that pods may do no more than they need, in every place.
func TestPods(t *testing.T) {
	for name, values := range places(t) {
		t.Run(name, func(t *testing.T) {
			pod := podOf(t, manifests(t, values))
			s, c := pod.Spec, pod.Spec.Containers[0]
			p := s.SecurityContext
			if !*p.RunAsNonRoot || *p.RunAsUser != 65532 || *p.RunAsGroup != 65532 || p.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
				t.Errorf("pod may do %+v", p)
			}
			if *s.AutomountServiceAccountToken || *s.EnableServiceLinks || s.HostNetwork || s.HostPID || s.HostIPC || len(s.Containers) != 1 {
				t.Error("the pod has a token, links, or the host's namespaces")
			}
			a := c.SecurityContext
			if *a.AllowPrivilegeEscalation || !*a.ReadOnlyRootFilesystem || !slices.Equal(a.Capabilities.Drop, []core.Capability{"ALL"}) || len(a.Capabilities.Add) > 0 {
				t.Errorf("the container may do %+v", a)
			}
			if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
				t.Errorf("resources are %+v", c.Resources)
			}
			checkMemory(t, c)
			checkProbes(t, c, values["tls"] != nil)
			checkVolumes(t, s, c)
			checkSecrets(t, c, values)
		})
	}
}

// checkMemory sees that Go keeps below the container's limit, and uses most of it.
func checkMemory(t *testing.T, c core.Container) {
	t.Helper()
	text, ok := strings.CutSuffix(variables(c)["GOMEMLIMIT"].Value, "MiB")
	mib, err := strconv.Atoi(text)
	share := float64(mib) * (1 << 20) / float64(c.Resources.Limits.Memory().Value())
	if !ok || err != nil || share < 0.85 || share > 0.91 {
		t.Errorf("GOMEMLIMIT is %s of %s", text, c.Resources.Limits.Memory())
	}
}

func variables(c core.Container) map[string]core.EnvVar {
	all := map[string]core.EnvVar{}
	for _, v := range c.Env {
		all[v.Name] = v
	}
	return all
}

func checkProbes(t *testing.T, c core.Container, secure bool) {
	t.Helper()
	for _, p := range []struct {
		*core.Probe
		path string
	}{{c.StartupProbe, "/healthz"}, {c.LivenessProbe, "/healthz"}, {c.ReadinessProbe, "/readyz"}} {
		if p.HTTPGet.Path != p.path || p.HTTPGet.Port.StrVal != "http" || (p.HTTPGet.Scheme == core.URISchemeHTTPS) != secure {
			t.Errorf("probe of %s: %+v", p.path, p.HTTPGet)
		}
	}
	if c.LivenessProbe.PeriodSeconds*c.LivenessProbe.FailureThreshold < 30 {
		t.Error("a busy pod is killed within half a minute")
	}
}

// checkVolumes sees that what is mounted is there, that only data and tmp can be
// written, and that files can follow their sources, which those with subPath
// cannot.
func checkVolumes(t *testing.T, s core.PodSpec, c core.Container) {
	t.Helper()
	have := map[string]bool{"data": false}
	for _, v := range s.Volumes {
		have[v.Name] = true
		if v.EmptyDir != nil && v.EmptyDir.SizeLimit.IsZero() {
			t.Errorf("volume %s has no bound", v.Name)
		}
	}
	for _, m := range c.VolumeMounts {
		if _, ok := have[m.Name]; !ok {
			t.Errorf("no volume is called %s", m.Name)
		}
		if m.SubPath != "" || m.ReadOnly == (m.Name == "data" || m.Name == "tmp") {
			t.Errorf("%s: %+v", m.Name, m)
		}
	}
}

// checkSecrets sees that secrets come from Secrets and are in no text.
func checkSecrets(t *testing.T, c core.Container, values map[string]any) {
	t.Helper()
	all := variables(c)
	for name := range values["secrets"].(map[string]any) {
		v := all[name]
		if v.Value != "" || v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil || v.ValueFrom.SecretKeyRef.Name != "tilgate" {
			t.Errorf("%s comes from %+v", name, v)
		}
	}
	own := slices.Sorted(maps.Keys(all))
	own = slices.DeleteFunc(own, func(name string) bool { return all[name].ValueFrom != nil })
	if !slices.Equal(own, []string{"GOMEMLIMIT", "TILGATE_CONFIG"}) {
		t.Errorf("variables with a value are %v", own)
	}
}

// TestLeaving sees that answers on their way have the time that serve gives
// them: 20 s, 2 s for last words, and some for the ledger.
func TestLeaving(t *testing.T) {
	for _, leave := range []string{"10", "45"} {
		s := podOf(t, manifests(t, example(t, "kserve", "shutdown: {leaveSeconds: "+leave+"}"))).Spec
		wait := s.Containers[0].Lifecycle.PreStop.Sleep.Seconds
		if strconv.FormatInt(wait, 10) != leave || *s.TerminationGracePeriodSeconds < wait+20+2+10 {
			t.Errorf("a pod that leaves sleeps %d s and has %d s", wait, *s.TerminationGracePeriodSeconds)
		}
	}
}

// TestKept sees that data.persistent keeps each pod's disk.
func TestKept(t *testing.T) {
	set := one[*apps.StatefulSet](t, manifests(t, places(t)["kept"]), "StatefulSet/tilgate")
	claim := set.Spec.VolumeClaimTemplates[0]
	if claim.Name != "data" || claim.Spec.Resources.Requests.Storage().IsZero() || *claim.Spec.StorageClassName != "fast" {
		t.Errorf("the claim is %+v", claim)
	}
	if set.Spec.Replicas != nil {
		t.Error("replicas are given, though they are scaled: each upgrade would undo that")
	}
}

// TestRollout sees that a version that does not start takes nothing away, and
// that a drain of nodes leaves pods.
func TestRollout(t *testing.T) {
	o := manifests(t, places(t)["vllm"])
	d := one[*apps.Deployment](t, o, "Deployment/tilgate")
	if r := d.Spec.Strategy.RollingUpdate; r.MaxUnavailable.IntValue() != 0 || r.MaxSurge.IntValue() < 1 {
		t.Errorf("strategy is %+v", r)
	}
	b := one[*policy.PodDisruptionBudget](t, o, "PodDisruptionBudget/tilgate")
	if b.Spec.MaxUnavailable.IntValue() != 1 || !maps.Equal(b.Spec.Selector.MatchLabels, d.Spec.Selector.MatchLabels) {
		t.Errorf("budget is %+v", b.Spec)
	}
	for label, value := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[label] != value {
			t.Errorf("pods are not labelled %s=%s", label, value)
		}
	}
	if manifests(t, places(t)["keeper"])["PodDisruptionBudget/tilgate"] != nil {
		t.Error("one pod alone has a budget, which would keep its node from being drained")
	}
}

// TestRestart sees that pods start anew for a change that needs it, and that
// answers are not cut for one that does not.
func TestRestart(t *testing.T) {
	mark := func(over ...string) string {
		return podOf(t, manifests(t, example(t, "kserve", over...))).Annotations["tilgate/config"]
	}
	was := mark()
	if mark("config: {backend: [{name: other, kind: vllm, url: 'http://10.1.0.9:8000'}]}") != was {
		t.Error("other model servers restart pods; the service reads them again by itself")
	}
	for _, change := range []string{"config: {language: ky}", "hosts: [a.example]", "proxies: [10.0.0.0/8]", "config: {cache: {megabytes: 1}}"} {
		if mark(change) == was {
			t.Errorf("%s restarts nothing", change)
		}
	}
}
