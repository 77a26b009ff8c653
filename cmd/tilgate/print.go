package main

import (
	"encoding/json"
	"fmt"
)

// print writes a result as one line of JSON, or as it prints itself.
func (p *program) print(asJSON bool, result any) error {
	if asJSON {
		return json.NewEncoder(p.out).Encode(result)
	}
	_, err := fmt.Fprintln(p.out, result)
	return err
}
