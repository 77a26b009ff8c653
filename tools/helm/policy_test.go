package helm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	networking "k8s.io/api/networking/v1"
)

// TestNetworkPolicy sees that nothing comes in or goes out but what is written
// here.
func TestNetworkPolicy(t *testing.T) {
	for name, want := range map[string][]string{
		"vllm": {
			"in ingress-nginx http", "in monitoring metrics",
			"out kube-system 53/UDP 53/TCP", "out search 6334/TCP", "out 10.1.0.5/32 5432/TCP", "out 10.1.0.6/32 6379/TCP",
			"out models 8000/TCP", "out models 8000/TCP",
		},
		"kserve": {
			"in gateways http", "in monitoring metrics",
			"out kube-system 53/UDP 53/TCP", "out 10.1.0.7/32 6334/TCP", "out 10.1.0.5/32 5432/TCP", "out fd00:1::6/128 6380/TCP",
			"out models 8080/TCP", "out models 8080/TCP",
		},
		"keeper": {"in monitoring metrics", "out kube-system 53/UDP 53/TCP", "out search 6334/TCP", "out 203.0.113.0/24 443/TCP"},
	} {
		p := one[*networking.NetworkPolicy](t, manifests(t, places(t)[name]), "NetworkPolicy/tilgate").Spec
		if !slices.Equal(p.PolicyTypes, []networking.PolicyType{"Ingress", "Egress"}) || p.PodSelector.MatchLabels["app.kubernetes.io/instance"] != "tilgate" {
			t.Errorf("%s: the policy is %+v", name, p)
		}
		got := rules(p)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s lets pass\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if manifests(t, places(t)["pinned"])["NetworkPolicy/tilgate"] != nil {
		t.Error("a policy that is off is there")
	}
}

// rules puts what a policy lets pass into words; rules without peers or ports,
// which let everything pass, into "all".
func rules(p networking.NetworkPolicySpec) (list []string) {
	say := func(way string, peers []networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort) {
		words := []string{way}
		for _, p := range peers {
			switch {
			case p.IPBlock != nil:
				words = append(words, p.IPBlock.CIDR)
			case p.NamespaceSelector != nil && len(p.NamespaceSelector.MatchLabels) == 1:
				words = append(words, p.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])
			default:
				words = append(words, "all")
			}
		}
		if len(peers) == 0 || len(ports) == 0 {
			words = append(words, "all")
		}
		for _, p := range ports {
			word := p.Port.String()
			if way == "out" {
				word = fmt.Sprintf("%s/%s", word, *p.Protocol)
			}
			words = append(words, word)
		}
		list = append(list, strings.Join(words, " "))
	}
	for _, r := range p.Ingress {
		say("in", r.From, r.Ports)
	}
	for _, r := range p.Egress {
		say("out", r.To, r.Ports)
	}
	return list
}

// TestPlaceOfPods narrows a place down to some pods of a namespace.
func TestPlaceOfPods(t *testing.T) {
	values := example(t, "kserve", `
config: {redis: {url: "redis://cache.other.example:6379/0", ca: ""}}
networkPolicy: {places: {cache.other.example: {namespace: shared, pods: {app: redis}}}}`)
	p := one[*networking.NetworkPolicy](t, manifests(t, values), "NetworkPolicy/tilgate").Spec
	for _, r := range p.Egress {
		if s := r.To[0].PodSelector; s != nil && s.MatchLabels["app"] == "redis" && r.To[0].NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"] == "shared" {
			return
		}
	}
	t.Errorf("no rule is for the pods of Redis: %v", rules(p))
}
