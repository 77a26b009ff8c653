package ollama

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
)

func readMessages(t *translation, v value) error {
	list, err := v.list()
	if err != nil {
		return err
	}
	tools := map[string]string{} // the name of the tool that each call id called
	for _, item := range list {
		m, err := readMessage(item)
		if err != nil {
			return err
		}
		for _, call := range m.ToolCalls {
			tools[call.ID] = call.Function.Name
		}
		if m.Role == "tool" && m.ToolName == "" {
			if m.ToolName = tools[m.ToolCallID]; m.ToolName == "" {
				return fault.Invalid.Field(item.path+".tool_call_id", "%s.tool_call_id names no tool call of an earlier message", item.path)
			}
		}
		t.Messages = append(t.Messages, m)
	}
	return nil
}

func readMessage(v value) (api.Message, error) {
	var m api.Message
	members, err := v.object()
	if err != nil {
		return m, err
	}
	var name, toolCallID *value
	content := false
	for _, f := range members {
		if f.null() && f.key != "role" && knownInMessage(f.key) {
			continue
		}
		switch f.key {
		case "role":
			m.Role, err = f.oneOf("system", "developer", "user", "assistant", "tool")
		case "content":
			content = true
			err = readContent(&m, f.value)
		case "name":
			name = &f.value
			m.ToolName, err = f.str()
		case "tool_call_id":
			toolCallID = &f.value
			m.ToolCallID, err = f.str()
		case "tool_calls":
			m.ToolCalls, err = readToolCalls(f.value)
		case "reasoning", "reasoning_content": // as we and others answer it
			m.Thinking, err = f.str()
		case "annotations": // sources of an earlier answer; no model reads them
			_, err = f.list()
		case "refusal", "audio", "function_call":
			err = unlessEmpty("it has no such part of a message")(nil, f.value)
		default:
			err = f.refuse("it is not a field that we know")
		}
		if err != nil {
			return m, err
		}
	}
	return m, checkMessage(&m, v, content, name, toolCallID)
}

func knownInMessage(key string) bool {
	switch key {
	case "content", "name", "tool_call_id", "tool_calls", "reasoning", "reasoning_content",
		"annotations", "refusal", "audio", "function_call":
		return true
	}
	return false
}

// checkMessage sees to it that m's parts go with its role.
func checkMessage(m *api.Message, v value, content bool, name, toolCallID *value) error {
	switch {
	case m.Role == "":
		return fault.Invalid.Field(v.path+".role", "%s.role is missing", v.path)
	case !content && len(m.ToolCalls) == 0:
		return fault.Invalid.Field(v.path+".content", "%s.content is missing", v.path)
	case m.Role != "tool" && name != nil:
		return name.refuse("it does not tell speakers apart by name; say in the content who speaks")
	case m.Role != "tool" && toolCallID != nil:
		return toolCallID.refuse(`it goes with the role "tool" only`)
	case m.Role == "tool" && toolCallID == nil && name == nil:
		return fault.Invalid.Field(v.path+".tool_call_id", "%s.tool_call_id is missing", v.path)
	case m.Role != "assistant" && len(m.ToolCalls) > 0:
		return value{path: v.path + ".tool_calls"}.refuse(`it goes with the role "assistant" only`)
	case m.Role != "user" && len(m.Images) > 0:
		return value{path: v.path + ".content"}.refuse(`images go with the role "user" only`)
	case m.Role == "developer":
		m.Role = "system" // as it was called before
	}
	return nil
}

// readContent reads a string, or parts of text and images. Texts are put on
// lines of their own; images go first, as Ollama has them.
func readContent(m *api.Message, v value) (err error) {
	if v.raw[0] == '"' {
		m.Content, err = v.str()
		return err
	}
	parts, err := v.list()
	if err != nil {
		return v.wrong("a string or a list of parts")
	}
	var texts []string
	for _, part := range parts {
		members, err := part.object()
		if err != nil {
			return err
		}
		given := map[string]value{}
		for _, f := range members {
			given[f.key] = f.value
		}
		kind, ok := given["type"]
		if !ok {
			return fault.Invalid.Field(part.path+".type", "%s.type is missing", part.path)
		}
		name, err := kind.oneOf("text", "image_url")
		if err != nil {
			return err
		}
		holds, ok := given[name]
		if !ok {
			return fault.Invalid.Field(part.path+"."+name, "%s.%s is missing", part.path, name)
		}
		for key, v := range given {
			if key != "type" && key != name {
				return v.refuse("it is not a field of this part")
			}
		}
		if name == "text" {
			text, err := holds.str()
			if err != nil {
				return err
			}
			texts = append(texts, text)
			continue
		}
		image, err := readImage(holds)
		if err != nil {
			return err
		}
		m.Images = append(m.Images, image)
	}
	m.Content = strings.Join(texts, "\n")
	return nil
}

// readImage reads an image that is in the request itself. One that lies
// elsewhere is not fetched: the address would be the caller's choice.
func readImage(v value) (api.ImageData, error) {
	if v.raw[0] != '{' {
		return nil, v.wrong("an object with a url")
	}
	members, err := v.object()
	if err != nil {
		return nil, err
	}
	var url string
	for _, f := range members {
		switch f.key {
		case "url":
			url, err = f.str()
		case "detail":
			_, err = f.oneOf("auto")
		default:
			err = f.refuse("it is not a field that we know")
		}
		if err != nil {
			return nil, err
		}
	}
	head, data, ok := strings.Cut(url, ",")
	if !ok || !strings.HasPrefix(head, "data:image/") || !strings.HasSuffix(head, ";base64") {
		return nil, fault.Invalid.Field(v.path+".url", "%s.url must hold the image itself, as data:image/…;base64,…; images elsewhere are not fetched", v.path)
	}
	image, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(image) == 0 {
		return nil, fault.Invalid.Field(v.path+".url", "%s.url is not an image in base64", v.path)
	}
	return image, nil
}

func readToolCalls(v value) ([]api.ToolCall, error) {
	list, err := v.list()
	if err != nil {
		return nil, err
	}
	calls := make([]api.ToolCall, 0, len(list))
	for i, item := range list {
		members, err := item.object()
		if err != nil {
			return nil, err
		}
		call := api.ToolCall{Function: api.ToolCallFunction{Index: i}}
		for _, f := range members {
			switch f.key {
			case "id":
				call.ID, err = f.str()
			case "type":
				_, err = f.oneOf("function")
			case "index": // our own chunks carry it
				_, err = f.integer(0, 1000)
			case "function":
				err = readCalled(&call.Function, f.value)
			default:
				err = f.refuse("it is not a field that we know")
			}
			if err != nil {
				return nil, err
			}
		}
		if call.Function.Name == "" {
			return nil, fault.Invalid.Field(item.path+".function.name", "%s.function.name is missing", item.path)
		}
		calls = append(calls, call)
	}
	return calls, nil
}

func readCalled(call *api.ToolCallFunction, v value) error {
	members, err := v.object()
	if err != nil {
		return err
	}
	for _, f := range members {
		switch f.key {
		case "name":
			call.Name, err = f.str()
		case "arguments":
			var text string
			if text, err = f.str(); err != nil {
				return err
			}
			if !strings.HasPrefix(strings.TrimSpace(text), "{") || json.Unmarshal([]byte(text), &call.Arguments) != nil {
				return fault.Invalid.Field(f.path, "%s must be a string that holds a JSON object", f.path)
			}
		default:
			err = f.refuse("it is not a field that we know")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
