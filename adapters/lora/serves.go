package lora

import (
	"slices"

	"tilgate/internal/fault"
)

// ollamaNewEngine lists the architectures that Ollama runs on its new engine
// (v0.17.4, fs/ggml, OllamaEngineRequired), which answers "loras are not yet
// implemented" to the first request. Those not listed run on llama.cpp, unless
// OLLAMA_NEW_ENGINE is set for the server.
var ollamaNewEngine = []string{
	"bert", "deepseek2", "deepseekocr", "gemma3", "gemma3n", "glm4moelite", "glmocr", "gpt-oss", "gptoss",
	"lfm2", "lfm2moe", "llama4", "mistral3", "mllama", "nemotron_h", "nemotron_h_moe", "nomic-bert", "olmo3",
	"qwen25vl", "qwen3", "qwen35", "qwen35moe", "qwen3moe", "qwen3next", "qwen3vl", "qwen3vlmoe",
}

// ServesLoRA says whether a model server ("ollama", or another) applies LoRAs
// to a base of an architecture. If not, the error says what does work.
func ServesLoRA(engine, arch string) error {
	if engine == "ollama" && slices.Contains(ollamaNewEngine, arch) {
		return fault.Unsupported.Errorf("Ollama does not apply LoRAs to models of architecture %s (it does to llama and qwen2, among others); "+
			"merge it into the base with tilgate adapter merge and serve the result with kind full_model, or serve it with vLLM or llama.cpp", arch)
	}
	return nil
}
