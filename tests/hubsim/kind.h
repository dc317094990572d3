/* SPDX-License-Identifier: Apache-2.0 */
/* The three kinds of repository, and the words the Hub has for them. */
#ifndef HUBSIM_KIND_H
#define HUBSIM_KIND_H

#include "storage/model/bytes.h"

enum kind { KIND_MODEL, KIND_DATASET, KIND_SPACE, KIND_COUNT };

struct kind_words {
	const char *one;    /* in repoType and in error texts */
	const char *many;   /* in /api/{many} */
	const char *prefix; /* before an id in page and file URLs */
};

extern const struct kind_words kind_words[KIND_COUNT];

/* By `one` or `many`; KIND_COUNT if it is neither. */
enum kind kind_of(struct slice word);

#endif
