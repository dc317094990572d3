/* SPDX-License-Identifier: Apache-2.0 */
/* The words and shares that made-up rows are built from. */
#ifndef HUBSIM_WORDS_H
#define HUBSIM_WORDS_H

#include "tests/hubsim/kind.h"

/* A list ends with NULL. */
extern const char *const owner_first_words[], *const owner_last_words[];
extern const char *const model_families[], *const model_sizes[], *const model_variants[];
extern const char *const dataset_topics[], *const dataset_forms[];
extern const char *const space_subjects[], *const space_forms[];
extern const char *const libraries[], *const tasks[], *const languages[], *const architectures[], *const formats[];
extern const char *const free_tags[], *const colors[], *const sdks[], *const metrics[];
extern const char *const base_relations[], *const sentences[], *const commit_titles[];

/* License identifiers with their numbers among 760,000 models and 175,000 datasets (2024-07); spaces as models. */
struct license_share {
	const char *id;
	uint32_t count[KIND_COUNT];
};

extern const struct license_share license_shares[];
extern const size_t license_share_count;

/* The names that stand behind `other`, with where they point. */
struct license_name {
	const char *name, *link;
};

extern const struct license_name license_names[];
extern const size_t license_name_count;

size_t words_count(const char *const *words);

#endif
