package helm

import (
	"slices"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
)

// TestService sees that the doors lead to the ports that are listened on.
func TestService(t *testing.T) {
	o := manifests(t, places(t)["vllm"])
	c := podOf(t, o).Spec.Containers[0]
	for _, p := range one[*core.Service](t, o, "Service/tilgate").Spec.Ports {
		if !slices.ContainsFunc(c.Ports, func(have core.ContainerPort) bool { return have.Name == p.TargetPort.StrVal }) {
			t.Errorf("port %s leads nowhere", p.Name)
		}
	}
}

// TestIngress sees that nginx passes answers on as they come.
func TestIngress(t *testing.T) {
	o := manifests(t, places(t)["vllm"])
	i := one[*networking.Ingress](t, o, "Ingress/tilgate")
	for name, want := range map[string]string{"proxy-buffering": "off", "proxy-request-buffering": "off", "proxy-read-timeout": "600", "proxy-send-timeout": "600", "proxy-body-size": "8m"} {
		if got := i.Annotations["nginx.ingress.kubernetes.io/"+name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	b := i.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	if i.Spec.Rules[0].Host != "ask.moh.example" || i.Spec.TLS[0].Hosts[0] != "ask.moh.example" || b.Name != "tilgate" || b.Port.Name != "http" {
		t.Errorf("the ingress is %+v", i.Spec)
	}
	own := manifests(t, example(t, "vllm-production-stack", `ingress: {annotations: {nginx.ingress.kubernetes.io/enable-cors: "false"}}`, "tls: {secret: own}"))
	a := one[*networking.Ingress](t, own, "Ingress/tilgate").Annotations
	if a["nginx.ingress.kubernetes.io/enable-cors"] != "false" || a["nginx.ingress.kubernetes.io/backend-protocol"] != "HTTPS" {
		t.Errorf("annotations are %v", a)
	}
}

// TestRoute sees that a Gateway does not end long answers.
func TestRoute(t *testing.T) {
	r := one[*gateway.HTTPRoute](t, manifests(t, places(t)["kserve"]), "HTTPRoute/tilgate").Spec
	if !slices.Equal(r.Hostnames, []gateway.Hostname{"ask.moh.example", "ai.gov.example"}) || r.ParentRefs[0].Name != "public" {
		t.Errorf("the route is %+v", r)
	}
	for _, limit := range []*gateway.Duration{r.Rules[0].Timeouts.Request, r.Rules[0].Timeouts.BackendRequest} {
		if d, err := time.ParseDuration(string(*limit)); err != nil || d != 0 {
			t.Errorf("answers end after %v, %v", d, err)
		}
	}
	if ref := r.Rules[0].BackendRefs[0]; ref.Name != "tilgate" || *ref.Port != 80 {
		t.Errorf("it leads to %+v", ref)
	}
}
