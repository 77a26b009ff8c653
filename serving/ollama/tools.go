package ollama

import (
	"encoding/json"
	"slices"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
)

// What Ollama carries of a tool's schema, by where it stands. It shows a tool
// to the model and enforces nothing.
var (
	carriedAtTop  = []string{"type", "properties", "required", "items", "$defs"}
	carriedBelow  = []string{"type", "properties", "items", "description", "enum", "anyOf"}
	onlyAnnotates = []string{"title", "$schema", "$id", "$comment", "default", "examples", "deprecated", "additionalProperties"}
)

func readTools(t *translation, v value) error {
	list, err := v.list()
	if err != nil {
		return err
	}
	for _, item := range list {
		members, err := item.object()
		if err != nil {
			return err
		}
		tool := api.Tool{Type: "function"}
		for _, f := range members {
			switch f.key {
			case "type":
				_, err = f.oneOf("function")
			case "function":
				err = readFunction(&tool.Function, f.value)
			default:
				err = f.refuse("it is not a field that we know")
			}
			if err != nil {
				return err
			}
		}
		if tool.Function.Name == "" {
			return fault.Invalid.Field(item.path+".function.name", "%s.function.name is missing", item.path)
		}
		t.Tools = append(t.Tools, tool)
	}
	return nil
}

func readFunction(fn *api.ToolFunction, v value) error {
	fn.Parameters = api.ToolFunctionParameters{Type: "object", Properties: api.NewToolPropertiesMap()}
	members, err := v.object()
	if err != nil {
		return err
	}
	for _, f := range members {
		if f.null() && f.key != "name" {
			continue
		}
		switch f.key {
		case "name":
			fn.Name, err = f.str()
		case "description":
			fn.Description, err = f.str()
		case "strict":
			err = only("false", "it shows schemas to the model without enforcing them")(nil, f.value)
		case "parameters":
			err = readParameters(&fn.Parameters, f.value)
		default:
			err = f.refuse("it is not a field that we know")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readParameters(p *api.ToolFunctionParameters, v value) error {
	if err := checkSchema(v, carriedAtTop, 1); err != nil {
		return err
	}
	if json.Unmarshal(v.raw, p) != nil {
		return v.wrong("a JSON schema of an object")
	}
	if p.Properties == nil {
		p.Properties = api.NewToolPropertiesMap()
	}
	return nil
}

// maxSchemaDepth bounds the work: each level reads all that is below it again.
const maxSchemaDepth = 32

// checkSchema refuses what would be lost between here and the model.
func checkSchema(v value, carried []string, depth int) error {
	if depth > maxSchemaDepth {
		return fault.Invalid.Field("tools", "tools holds a schema of more than %d levels", maxSchemaDepth)
	}
	members, err := v.object()
	if err != nil {
		return err
	}
	for _, f := range members {
		switch {
		case slices.Contains(onlyAnnotates, f.key):
		case !slices.Contains(carried, f.key):
			return f.refuse("models are not shown this part of a schema; say it in the description")
		case f.key == "properties" && !f.null():
			properties, err := f.object()
			if err != nil {
				return err
			}
			for _, p := range properties {
				if err := checkSchema(p.value, carriedBelow, depth+1); err != nil {
					return err
				}
			}
		case f.key == "anyOf":
			choices, err := f.list()
			if err != nil {
				return err
			}
			for _, choice := range choices {
				if err := checkSchema(choice, carriedBelow, depth+1); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func readToolChoice(t *translation, v value) error {
	if v.raw[0] == '"' {
		switch choice, _ := v.str(); choice {
		case "auto":
			return nil
		case "none":
			t.toolsUnused = true
			return nil
		}
	}
	return v.refuse(`the model decides whether it calls a tool; it may only be "auto" or "none"`)
}
