package pool

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"tilgate/internal/fault"
)

// rename returns a request's body with another name in its "model" and no
// other byte changed. Who lets requests in has seen to it that there is one.
func rename(body []byte, model string) ([]byte, error) {
	wrong := fault.Invalid.Field("model", "model is not to be found in the body, which must be one JSON object")
	name, err := json.Marshal(model)
	if err != nil {
		return nil, wrong
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, wrong
	}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return nil, wrong
		}
		if named, ok := key.(string); ok && (strings.EqualFold(named, "model") || strings.EqualFold(named, "name")) && value[0] == '"' {
			end := int(d.InputOffset())
			return slices.Concat(body[:end-len(value)], name, body[end:]), nil
		}
	}
	return nil, wrong
}
