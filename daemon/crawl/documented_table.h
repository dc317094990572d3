/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of repos whose license is documented to have changed: lane backfill looks at their commits first, so that a new
 * store shows real switches on its first day. Only names stand here; what happened is read from the Hub. Sources, a line
 * each, are in tests/data/hub/switches.jsonl.
 */
#ifndef DAEMON_CRAWL_DOCUMENTED_TABLE_H
#define DAEMON_CRAWL_DOCUMENTED_TABLE_H

/* X(kind, name) */
#define DOCUMENTED_TABLE(X) \
	X(REPO_MODEL, "tiiuae/falcon-40b") \
	X(REPO_MODEL, "tiiuae/falcon-7b") \
	X(REPO_MODEL, "tiiuae/falcon-rw-7b") \
	X(REPO_MODEL, "HuggingFaceH4/zephyr-7b-alpha") \
	X(REPO_MODEL, "microsoft/phi-2") \
	X(REPO_MODEL, "01-ai/Yi-34B") \
	X(REPO_MODEL, "THUDM/CogVideoX-2b") \
	X(REPO_MODEL, "stabilityai/stable-diffusion-3-medium") \
	X(REPO_MODEL, "nvidia/Llama-3_1-Nemotron-51B-Instruct") \
	X(REPO_MODEL, "SWivid/F5-TTS") \
	X(REPO_MODEL, "apple/MobileCLIP-S0") \
	X(REPO_MODEL, "SparkAudio/Spark-TTS-0.5B") \
	X(REPO_MODEL, "arcee-ai/Llama-Spark") \
	X(REPO_MODEL, "elinas/Chronos-Gold-12B-1.0") \
	X(REPO_MODEL, "HPAI-BSC/Llama3.1-Aloe-Beta-8B") \
	X(REPO_MODEL, "OrbitMC/Mew1-2.6B") \
	X(REPO_MODEL, "OLDSKOOL978/universr-audio") \
	X(REPO_MODEL, "pyaging/phenoage") \
	X(REPO_MODEL, "pyaging/skinandblood") \
	X(REPO_MODEL, "pyaging/wu") \
	X(REPO_MODEL, "HWresearch/GNN4Colliders") \
	X(REPO_DATASET, "allenai/dolma") \
	X(REPO_DATASET, "allenai/WildChat-1M") \
	X(REPO_DATASET, "ted_talks_iwslt") \
	X(REPO_DATASET, "lj_speech") \
	X(REPO_DATASET, "commonsense_qa") \
	X(REPO_DATASET, "code_x_glue_cc_defect_detection")

#endif
