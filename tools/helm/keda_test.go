package helm

import (
	autoscaling "k8s.io/api/autoscaling/v2"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A ScaledObject is KEDA's, with the fields that the chart may use, as its
// reference has them. KEDA's own package would double the time of the build: it
// brings caches and informers of everything.
type ScaledObject struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata"`
	Spec            struct {
		ScaleTargetRef  target `json:"scaleTargetRef"`
		MinReplicaCount int32  `json:"minReplicaCount"`
		MaxReplicaCount int32  `json:"maxReplicaCount"`
		CooldownPeriod  int32  `json:"cooldownPeriod"`
		Fallback        struct {
			FailureThreshold int32  `json:"failureThreshold"`
			Replicas         int32  `json:"replicas"`
			Behavior         string `json:"behavior"`
		} `json:"fallback"`
		Triggers []trigger `json:"triggers"`
		Advanced struct {
			HPA struct {
				Behavior autoscaling.HorizontalPodAutoscalerBehavior `json:"behavior"`
			} `json:"horizontalPodAutoscalerConfig"`
		} `json:"advanced"`
	} `json:"spec"`
}

type target struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

type trigger struct {
	Type       string            `json:"type"`
	MetricType string            `json:"metricType"`
	Metadata   map[string]string `json:"metadata"`
}

// DeepCopyObject makes it a runtime.Object; nothing here copies one.
func (s *ScaledObject) DeepCopyObject() runtime.Object {
	c := *s
	return &c
}

func addScaledObject(s *runtime.Scheme) error {
	s.AddKnownTypes(schema.GroupVersion{Group: "keda.sh", Version: "v1alpha1"}, &ScaledObject{})
	return nil
}
