package gateway

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// The bounds of a key whose policy sets none.
const (
	defaultMaxN        = 16
	defaultMaxLogprobs = 20
)

// A field is bounded under each of the names that some model server gives it.
var (
	countFields   = []int{fieldN, fieldBestOf, fieldNCmpl}
	logprobFields = []int{fieldLogprobs, fieldTopLogprobs, fieldPromptLogprobs, fieldNProbs}
	tokenFields   = []int{fieldMaxTokens, fieldMaxCompletion, fieldNumPredict, fieldNPredict}
)

// permit refuses what a policy does not allow a request for a plain model. It
// changes nothing: what it lets through goes on as it came.
func (h *head) permit(e endpoint, p serving.Policy) error {
	if err := h.within(countFields, 0, int64(cmp.Or(p.MaxN, defaultMaxN))); err != nil {
		return err
	}
	if err := h.within(logprobFields, 0, int64(cmp.Or(p.MaxLogprobs, defaultMaxLogprobs))); err != nil {
		return err
	}
	if p.MaxTokens > 0 {
		if err := h.bounded(e, int64(p.MaxTokens)); err != nil {
			return err
		}
	}
	for _, field := range []int{fieldTemplate, fieldOllamaTemplate} {
		if h.asked(field) && !p.Templates {
			return fault.Forbidden.Field(fieldNames[field], "this key may not send %s; leave it out, and the model's own is used", fieldNames[field])
		}
	}
	for _, field := range []int{fieldLoRA, fieldLoRARequest} {
		if h.asked(field) && !p.LoRA {
			return fault.Forbidden.Field(fieldNames[field], "this key may not send %s; name the adapter as the model", fieldNames[field])
		}
	}
	for _, address := range h.remote {
		if !mayFetch(address, p.MediaHosts) {
			return fault.Forbidden.Field("image_url", "this key may not have a model server fetch %s; send the data themselves, as \"data:…\"%s", quote(address), except(p.MediaHosts))
		}
	}
	return nil
}

// within checks the fields that are there. A negative number means to some
// servers as much as there is.
func (h *head) within(list []int, least, most int64) error {
	for _, field := range list {
		if n := h.asks[field]; h.asked(field) && (n < least || n > most) {
			return fault.Invalid.Field(fieldNames[field], "%s must be a number in %d..%d with this key", fieldNames[field], least, most)
		}
	}
	return nil
}

// bounded checks that the answer is bounded, in a field that whoever speaks the
// surface reads.
func (h *head) bounded(e endpoint, most int64) error {
	if err := h.within(tokenFields, 1, most); err != nil || e.bounds == nil {
		return err
	}
	there := h.has
	name := fieldNames[e.bounds[0]]
	if e.surface == serving.Ollama {
		there, name = h.inside, "options."+name
	}
	for _, field := range e.bounds {
		if there&(1<<field) != 0 {
			return nil
		}
	}
	return fault.Invalid.Field(name, "%s is missing; with this key a request must send it, in 1..%d", name, most)
}

// mayFetch reports whether a model server may fetch from an address. What two
// readers of addresses could take for two hosts is not fetched; a port other
// than the usual one is part of the host's name.
func mayFetch(address string, hosts []string) bool {
	if strings.ContainsAny(address, "\\#\t\r\n ") {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	return u.Host != "" && slices.Contains(hosts, strings.ToLower(u.Host))
}

func except(hosts []string) string {
	if len(hosts) == 0 {
		return ""
	}
	return ", or an http or https URL at " + strings.Join(hosts, ", ")
}
