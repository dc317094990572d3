/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/words.h"

const char *const owner_first_words[] = {
	"amber", "arctic", "atlas", "aurora", "basalt", "birch", "blue", "bright", "calm", "cedar", "cobalt",
	"coral", "crimson", "deep", "delta", "dusty", "echo", "ember", "fern", "flint", "foggy", "gentle",
	"golden", "granite", "green", "hazel", "hidden", "indigo", "iron", "ivory", "jade", "lunar", "maple",
	"marble", "misty", "nimble", "noble", "north", "oaken", "ocean", "opal", "pale", "pine", "prime", "quiet",
	"rapid", "raven", "river", "rusty", "sable", "sand", "silver", "slate", "solar", "south", "steady",
	"stone", "storm", "swift", "tidal", "topaz", "urban", "velvet", "west", "wild", "winter", "young",
	"zephyr",
	NULL,
};

const char *const owner_last_words[] = {
	"ai", "labs", "lab", "research", "data", "dev", "works", "mind", "logic", "studio", "forge", "team",
	"group", "collective", "nlp", "vision", "audio", "systems", "tech", "science", "institute", "foundry",
	"garden", "harbor", "bridge", "field", "wolf", "fox", "otter", "falconer", "heron", "smith", "miller",
	"weaver", "mason", "carver", "cooper", "tanaka", "silva", "novak", "larsen", "costa", "weber", "rossi",
	"dubois", "kowalski", "ivanov", "nguyen", "kim", "chen", "patel", "haddad", "okafor", "moreau", "jansen",
	"berg", "lind", "vega", "cruz", "reyes",
	NULL,
};

const char *const model_families[] = {
	"Lumen", "Corvid", "Pelican", "Tessera", "Quasar", "Marlin", "Sequoia", "Nimbus", "Argo", "Kestrel",
	"Mistwood", "Halcyon", "bert-base", "roberta-large", "distilbert", "t5-small", "wav2vec2", "whisper-small",
	"vit-base", "resnet", "segformer", "sd-style", "ppo-LunarLander", "q-Taxi", "deberta-v3", "electra",
	"bart-large", "pegasus", "xlm-roberta", "gpt-neo", "stylegan", "clip-vit",
	NULL,
};

const char *const model_sizes[] = {
	"0.5B", "1B", "1.5B", "3B", "7B", "8B", "13B", "14B", "27B", "32B", "70B", "base", "small", "large",
	"tiny", "medium",
	NULL,
};

const char *const model_variants[] = {
	"instruct", "chat", "finetuned-emotion", "finetuned-squad", "finetuned-imdb", "lora", "qlora", "dpo",
	"sft", "merged", "slerp", "GGUF", "AWQ", "GPTQ", "4bit", "ner", "sentiment", "summarization",
	"translation", "uncased", "v1", "v2", "v3", "multilingual", "de", "fr", "ja", "zh", "code", "math",
	"medical", "legal",
	NULL,
};

const char *const dataset_topics[] = {
	"reviews", "medical-notes", "court-rulings", "news", "recipes", "chess-games", "weather", "satellite",
	"speech", "tweets", "dialogues", "math-problems", "code-snippets", "captions", "receipts", "street-signs",
	"birdsong", "patents", "lyrics", "subtitles", "wiki-passages", "question-pairs", "toxic-comments",
	"molecules", "robot-episodes", "invoices",
	NULL,
};

const char *const dataset_forms[] = {
	"corpus", "small", "10k", "100k", "cleaned", "parquet", "annotated", "instruct", "dpo", "pairs", "eval",
	"benchmark", "train", "test", "v2", "multilingual", "synthetic", "preferences",
	NULL,
};

const char *const space_subjects[] = {
	"image", "voice", "text", "music", "document", "chat", "code", "video", "face", "leaderboard", "dataset",
	"translation", "sketch", "depth", "pose", "math", "map", "paper", "style", "prompt",
	NULL,
};

const char *const space_forms[] = {
	"demo", "playground", "studio", "explorer", "generator", "arena", "viewer", "assistant", "converter",
	"classifier", "lab", "tool",
	NULL,
};

const char *const libraries[] = {
	"transformers", "diffusers", "peft", "stable-baselines3", "sentence-transformers", "timm",
	"adapter-transformers", "keras", "gguf", "mlx", "espnet", "spacy", "nemo", "setfit", "ml-agents",
	NULL,
};

const char *const tasks[] = {
	"text-generation", "text-classification", "text-to-image", "automatic-speech-recognition",
	"reinforcement-learning", "token-classification", "fill-mask", "feature-extraction", "question-answering",
	"translation", "image-classification", "summarization", "sentence-similarity", "object-detection",
	"text-to-speech", "image-to-text", "zero-shot-classification", "audio-classification",
	NULL,
};

const char *const languages[] = {
	"en", "de", "fr", "es", "ja", "zh", "pt", "ru", "it", "ko", "ar", "hi", "tr", "nl", "pl", "vi", "id", "sv",
	"uk", "fa",
	NULL,
};

const char *const architectures[] = {
	"llama", "mistral", "bert", "gpt2", "roberta", "t5", "qwen2", "gemma", "wav2vec2", "whisper", "vit",
	"distilbert", "phi", "mixtral", "gpt_neox", "bart", "xlm-roberta", "clip", "stablelm", "falcon",
	NULL,
};

const char *const formats[] = {
	"safetensors", "pytorch", "tensorboard", "onnx", "tf", "jax", "gguf",
	NULL,
};

const char *const free_tags[] = {
	"generated_from_trainer", "merge", "mergekit", "conversational", "trl", "sft", "unsloth", "dpo",
	"alignment-handbook", "text-generation-inference", "custom_code", "Taxi-v3", "q-learning",
	"deep-reinforcement-learning", "lora", "template:sd-lora", "not-for-all-audiences", "4-bit",
	"bitsandbytes", "axolotl", "medical", "finance", "legal", "code", "math", "art", "music", "biology",
	"climate", "roleplay",
	NULL,
};

const char *const colors[] = {
	"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray",
	NULL,
};

const char *const sdks[] = {
	"gradio", "gradio", "gradio", "docker", "static", "streamlit",
	NULL,
};

const char *const metrics[] = {
	"accuracy", "f1", "wer", "bleu", "rouge", "mean_reward", "perplexity",
	NULL,
};

const char *const base_relations[] = {
	"finetune", "finetune", "finetune", "quantized", "quantized", "adapter", "merge",
	NULL,
};

const char *const sentences[] = {
	"This card was written by a program.", "The data were cleaned and deduplicated.",
	"See the paper for the details of the training.", "Trained for three epochs on one accelerator.",
	"Evaluation results are in the table below.", "More information needed.",
	"Contributions are welcome: open a discussion.", "Intended for research and for tests.",
	"The splits are fixed and were drawn at random.", "Known limits: short inputs, rare languages.",
	NULL,
};

const char *const commit_titles[] = {
	"Update README.md", "Upload folder", "Upload model", "End of training", "Add files", "Fix typo",
	"Training in progress, step 500", "Update config", "Upload tokenizer", "Delete old checkpoint",
	NULL,
};

const struct license_share license_shares[] = {
	/* NULL: none */
	{ NULL, { 473022, 126644, 560000 } },
	{ "apache-2.0", { 119537, 12384, 119537 } },
	{ "mit", { 51208, 13512, 51208 } },
	{ "openrail", { 30097, 5501, 30097 } },
	{ "creativeml-openrail-m", { 20369, 371, 20369 } },
	{ "other", { 16447, 1862, 16447 } },
	{ "cc-by-nc-4.0", { 8366, 1024, 8366 } },
	{ "llama2", { 6176, 252, 6176 } },
	{ "unknown", { 4421, 2197, 4421 } },
	{ "cc-by-4.0", { 4268, 2703, 4268 } },
	{ "llama3", { 3330, 91, 3330 } },
	{ "openrail++", { 3282, 52, 3282 } },
	{ "afl-3.0", { 2492, 642, 2492 } },
	{ "cc-by-nc-sa-4.0", { 2320, 954, 2320 } },
	{ "cc-by-sa-4.0", { 1755, 1275, 1755 } },
	{ "gpl-3.0", { 1752, 445, 1752 } },
	{ "gemma", { 1199, 9, 1199 } },
	{ "cc", { 1130, 786, 1130 } },
	{ "artistic-2.0", { 867, 125, 867 } },
	{ "bsd-3-clause", { 855, 67, 855 } },
	{ "bigscience-openrail-m", { 802, 128, 802 } },
	{ "bigscience-bloom-rail-1.0", { 662, 34, 662 } },
	{ "cc-by-nc-nd-4.0", { 653, 616, 653 } },
	{ "bigcode-openrail-m", { 585, 40, 585 } },
	{ "wtfpl", { 576, 178, 576 } },
	{ "agpl-3.0", { 475, 92, 475 } },
	{ "cc0-1.0", { 428, 814, 428 } },
	{ "unlicense", { 381, 149, 381 } },
	{ "cc-by-sa-3.0", { 346, 565, 346 } },
	{ "gpl", { 250, 87, 250 } },
	{ "bsd", { 217, 130, 217 } },
	{ "cc-by-nc-2.0", { 145, 64, 145 } },
	{ "cc-by-3.0", { 134, 150, 134 } },
	{ "cc-by-2.0", { 124, 123, 124 } },
	{ "gpl-2.0", { 118, 48, 118 } },
	{ "lgpl-3.0", { 104, 26, 104 } },
	{ "c-uda", { 92, 63, 92 } },
	{ "bsl-1.0", { 92, 19, 92 } },
	{ "bsd-2-clause", { 90, 28, 90 } },
	{ "cc-by-nd-4.0", { 79, 65, 79 } },
	{ "osl-3.0", { 77, 10, 77 } },
	{ "cc-by-nc-3.0", { 72, 49, 72 } },
	{ "ms-pl", { 61, 16, 61 } },
	{ "pddl", { 57, 65, 57 } },
	{ "cdla-permissive-2.0", { 54, 22, 54 } },
	{ "ecl-2.0", { 50, 19, 50 } },
	{ "cc-by-nc-nd-3.0", { 41, 26, 41 } },
	{ "bsd-3-clause-clear", { 41, 12, 41 } },
	{ "gfdl", { 41, 59, 41 } },
	{ "zlib", { 38, 4, 38 } },
	{ "mpl-2.0", { 32, 26, 32 } },
	{ "odbl", { 32, 81, 32 } },
	{ "cc-by-nc-sa-3.0", { 30, 61, 30 } },
	{ "lgpl", { 29, 11, 29 } },
	{ "cc-by-nc-sa-2.0", { 29, 18, 29 } },
	{ "deepfloyd-if-license", { 27, 3, 27 } },
	{ "lgpl-2.1", { 23, 5, 23 } },
	{ "epl-2.0", { 22, 2, 22 } },
	{ "odc-by", { 22, 253, 22 } },
	{ "cc-by-2.5", { 21, 23, 21 } },
	{ "lgpl-lr", { 21, 3, 21 } },
	{ "llama3.1", { 900, 40, 500 } },
	{ "llama3.2", { 500, 10, 200 } },
};
const size_t license_share_count = ARRAY_COUNT(license_shares);

const struct license_name license_names[] = {
	{ "tongyi-qianwen", "LICENSE" },
	{ "tongyi-qianwen-research", "LICENSE" },
	{ "deepseek", "LICENSE" },
	{ "yi-license", "LICENSE" },
	{ "falcon-llm-license", "LICENSE.txt" },
	{ "flux-1-dev-non-commercial-license", "LICENSE.md" },
	{ "nvidia-open-model-license", "LICENSE" },
	{ "qwen-research", "LICENSE" },
	{ "modified-mit", "LICENSE" },
	{ "house-terms", "TERMS.md" },
};
const size_t license_name_count = ARRAY_COUNT(license_names);

size_t words_count(const char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	return count;
}
