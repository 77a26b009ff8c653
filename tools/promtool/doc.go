// Package promtool checks what watches over Tilgate: the rules of Prometheus in
// deploy/watch/prometheus with Prometheus' own promtool, which is built from its
// module, and Grafana's dashboards in deploy/watch/grafana, whose every
// expression goes through Prometheus' parser. It also sees that each alert has
// its page in docs/runbooks.
//
// It is a module of its own, so that what promtool needs stays out of Tilgate's
// go.mod. There is nothing in it but tests:
//
//	go -C tools/promtool test ./...
//
// Promtool by itself, without the service discovery of clouds, which takes
// longer to compile than all the rest:
//
//	go -C tools/promtool build -tags remove_all_sd -o /tmp/promtool github.com/prometheus/prometheus/cmd/promtool
package promtool
