package helm

import (
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
)

// objects are decoded manifests, by kind and name.
type objects map[string]runtime.Object

// decoder knows the types of all manifests, and refuses fields that they do not
// have, or have twice.
func decoder() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		core.AddToScheme, apps.AddToScheme, autoscaling.AddToScheme, networking.AddToScheme, policy.AddToScheme,
		gateway.Install, monitoring.AddToScheme, addScaledObject,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

// add decodes the text of a manifest.
func (o objects) add(t *testing.T, file, text string) {
	t.Helper()
	object, kind, err := decoder().Decode([]byte(text), nil, nil)
	if err != nil {
		t.Errorf("%s: %v\n%s", file, err, text)
		return
	}
	about, err := meta.Accessor(object)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	id := kind.Kind + "/" + about.GetName()
	if o[id] != nil {
		t.Errorf("%s: %s is there twice", file, id)
	}
	o[id] = object
	if about.GetLabels()["app.kubernetes.io/name"] != "tilgate" || about.GetLabels()["app.kubernetes.io/instance"] != "tilgate" {
		t.Errorf("%s: labels %v do not say whose it is", id, about.GetLabels())
	}
	for label, value := range about.GetLabels() {
		if wrong := append(validation.IsQualifiedName(label), validation.IsValidLabelValue(value)...); len(wrong) > 0 {
			t.Errorf("%s: label %s: %q: %v", id, label, value, wrong)
		}
	}
	if wrong := validation.IsDNS1123Label(about.GetName()); len(wrong) > 0 {
		t.Errorf("%s: %v", id, wrong)
	}
}

// one returns the object of a kind and name.
func one[T runtime.Object](t *testing.T, o objects, id string) T {
	t.Helper()
	object, ok := o[id].(T)
	if !ok {
		t.Fatalf("there is no %s among %d manifests", id, len(o))
	}
	return object
}

// podOf returns the template of the pods, and what keeps them.
func podOf(t *testing.T, o objects) core.PodTemplateSpec {
	t.Helper()
	if set, ok := o["StatefulSet/tilgate"].(*apps.StatefulSet); ok {
		return set.Spec.Template
	}
	return one[*apps.Deployment](t, o, "Deployment/tilgate").Spec.Template
}
