package golden

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

func (v *verifier) compareRow(s shape, ours, theirs map[string]any) {
	known := strings.Fields("type " + s.inputs + " " + s.labels)
	if id, ok := theirs["id"].(string); ok {
		v.where += " " + id
	}
	for _, name := range names(theirs) {
		if value, ok := ours[name]; ok {
			v.compare(s, name, value, theirs[name])
		} else if !slices.Contains(known, name) {
			v.notChecked(s.name+"."+name, theirs[name])
		}
	}
}

func names(row map[string]any) []string { return slices.Sorted(maps.Keys(row)) }

// notChecked counts the values in value.
func (v *verifier) notChecked(name string, value any) {
	switch t := value.(type) {
	case map[string]any:
		for k, inside := range t {
			v.notChecked(name+"."+k, inside)
		}
	case []any:
		for _, inside := range t {
			v.notChecked(name, inside)
		}
	default:
		v.report.NotChecked[name]++
	}
}

// compare compares a value with another that has the shape of JSON.
func (v *verifier) compare(s shape, name string, ours, theirs any) {
	switch t := theirs.(type) {
	case map[string]any:
		o, ok := ours.(map[string]any)
		if !ok {
			v.count(s, name, false, ours, theirs, 0)
			return
		}
		for _, k := range names(t) {
			if value, ok := o[k]; ok {
				v.compare(s, name+"."+k, value, t[k])
			} else {
				v.notChecked(s.name+"."+name+"."+k, t[k])
			}
		}
	case []any:
		o, ok := list(ours)
		if !ok || len(o) != len(t) {
			v.count(s, name, false, ours, theirs, 0)
			return
		}
		for i := range t {
			v.compare(s, name, o[i], t[i])
		}
	case float64:
		o, ok := number(ours)
		if !ok {
			v.count(s, name, false, ours, theirs, 0)
			return
		}
		difference := math.Abs(o - t)
		v.count(s, name, difference <= s.tolerance(name), ours, theirs, difference)
	case nil:
		o, ok := number(ours)
		v.count(s, name, ours == nil || ok && math.IsNaN(o), ours, theirs, 0)
	default:
		v.count(s, name, ours == theirs, ours, theirs, 0)
	}
}

func (v *verifier) count(s shape, name string, agrees bool, ours, theirs any, difference float64) {
	full := s.name + "." + name
	m := v.byName[full]
	if m == nil {
		m = &Metric{Name: full, Tolerance: s.tolerance(name)}
		v.byName[full] = m
		v.report.Metrics = append(v.report.Metrics, m)
	}
	if difference < math.Inf(1) { // or NaN, which JSON has not
		m.Largest = max(m.Largest, difference)
	}
	if agrees {
		m.Agree++
		return
	}
	if m.Differ++; len(m.First) < firstRows {
		m.First = append(m.First, Difference{v.where, printable(ours), theirs})
	}
}

// printable is a value that JSON has.
func printable(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	case nil, string, int, bool:
	default:
		return fmt.Sprint(v)
	}
	return v
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case bool:
		return float64(btoi(v)), true
	}
	return 0, false
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func list(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []float64:
		return anys(v), true
	case []int32:
		var out []any
		for _, n := range v {
			out = append(out, int(n))
		}
		return out, true
	case []bool:
		return anys(v), true
	case [][]int32:
		return anys(v), true
	case []string:
		return anys(v), true
	case []map[string]any:
		return anys(v), true
	}
	return nil, false
}

func anys[T any](list []T) []any {
	var out []any
	for _, v := range list {
		out = append(out, v)
	}
	return out
}
