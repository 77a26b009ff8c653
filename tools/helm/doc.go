// Package helm checks the chart in deploy/chart: with Helm's own lint and
// templates, Helm being used as a library, and with the types of Kubernetes, the
// Gateway API and the Prometheus operator, into which every manifest is decoded
// so strictly that no unknown field passes. The configuration that the chart
// makes is read by Tilgate itself, which is also started with it.
//
// It is a module of its own, so that what Helm needs stays out of Tilgate's
// go.mod. There is nothing in it but tests:
//
//	go -C tools/helm test ./...
package helm
