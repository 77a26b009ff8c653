package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"tilgate/internal/fit"
	"tilgate/internal/outbound"
)

// oldestOllama says what models can do; before it that has to be tried.
const oldestMajor, oldestMinor, oldestPatch = 0, 6, 4

// checkModels tells whether model servers answer, and have what is asked of
// them.
func checkModels(d *patient) (list []finding) {
	if len(d.c.backends()) == 0 {
		return []finding{oks("no model server; sentences of the documents are quoted")}
	}
	everywhere := map[string]bool{}
	for _, b := range d.c.backends() {
		s := d.stock(b)
		if s.err != nil {
			list = append(list, fail("start it, or put its url right; until then sentences are quoted, or another server answers", "%s at %s: %s", b.Name, b.URL, oneLine(s.err)))
			continue
		}
		for _, m := range s.models {
			everywhere[m.Name], everywhere[strings.TrimSuffix(m.Name, ":latest")] = true, true
		}
		bad := d.lacking(b, s)
		if list = append(list, bad...); len(bad) == 0 {
			list = append(list, oks("%s at %s%s has %s", b.Name, b.URL, d.versionOf(b), names(s.models)))
		}
	}
	asked := []string{d.c.Fallback}
	for _, model := range d.c.Aliases {
		asked = append(asked, model)
	}
	slices.Sort(asked)
	for _, model := range slices.Compact(asked) {
		if model != "" && !everywhere[model] && len(everywhere) > 0 {
			list = append(list, warn("load it, or name another under fallback or aliases", "no model server has %s", model))
		}
	}
	return list
}

func names(models []fit.Model) string {
	var list []string
	for _, m := range models[:min(len(models), 5)] {
		list = append(list, m.Name)
	}
	if len(models) > 5 {
		list = append(list, fmt.Sprintf("%d more", len(models)-5))
	}
	return strings.Join(list, ", ")
}

// lacking tells what a server that answers has not.
func (d *patient) lacking(b BackendConfig, s stock) (list []finding) {
	if len(s.models) == 0 {
		list = append(list, fail("load one"+pull(b, "qwen3:4b"), "%s at %s has no model that answers", b.Name, b.URL))
	}
	for _, name := range d.c.wanted(b) {
		if _, ok := s.find(name); !ok && len(s.models) > 0 {
			list = append(list, fail("load it"+pull(b, name)+", or name one of "+names(s.models), "%s at %s has no model %s", b.Name, b.URL, name))
		}
	}
	var major, minor, patch int
	if _, err := fmt.Sscanf(d.versionOf(b), ", version %d.%d.%d", &major, &minor, &patch); err == nil && cmp.Or(cmp.Compare(major, oldestMajor), cmp.Compare(minor, oldestMinor), cmp.Compare(patch, oldestPatch)) < 0 {
		list = append(list, warn(fmt.Sprintf("bring it up to %d.%d.%d or later", oldestMajor, oldestMinor, oldestPatch), "%s at %s is Ollama %d.%d.%d, which does not say what its models can do", b.Name, b.URL, major, minor, patch))
	}
	return list
}

// versionOf returns the version of an Ollama, for people; empty for others.
func (d *patient) versionOf(b BackendConfig) string {
	if b.Kind != kindOllama {
		return ""
	}
	text, _, err := d.get(b.way("model server", b.URL), strings.TrimRight(b.URL, "/")+"/api/version")
	var v struct{ Version string }
	if err != nil || json.Unmarshal([]byte(text), &v) != nil || v.Version == "" {
		return ""
	}
	return ", version " + v.Version
}

// get asks a URL, and returns the beginning of the answer and its header.
func (d *patient) get(way outbound.Way, url string) (string, http.Header, error) {
	ctx, cancel := context.WithTimeout(d.ctx, d.patient)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", nil, err
	}
	client := way.Client()
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("it answers %s", resp.Status)
	}
	return string(text), resp.Header, err
}

// checkMemory tells whether the models fit into this machine.
func checkMemory(d *patient) (list []finding) {
	var here bool
	for _, b := range d.c.backends() {
		if !b.isHere() {
			continue
		}
		here = true
		s := d.stock(b)
		if s.err != nil {
			continue // which is said under models
		}
		wanted := d.c.wanted(b)
		if len(wanted) == 0 && len(s.models) > 0 {
			wanted = []string{s.models[0].Name}
		}
		for _, name := range wanted {
			m, ok := s.find(name)
			if !ok || m.Weights == 0 {
				continue
			}
			if place := d.machine.Holds(m); place == fit.No {
				do := strings.Join(suggestion(d.machine, b, s), "; ")
				list = append(list, warn(do, "%s takes %s; here are %s", name, m, d.machine))
			} else {
				list = append(list, oks("%s takes %s; %s", name, m, place))
			}
		}
	}
	if !here && d.machine.Memory > 0 && d.machine.Room() < 512<<20 {
		return []finding{warn("give this machine 2 GB or more", "%s", d.machine)}
	}
	if list == nil {
		list = append(list, oks("%s", d.machine))
	}
	return list
}
