/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns for names and events: `*` any run of characters (also `/`), `?` one character, `\` takes the next one as it
 * is, everything else itself. Letter case of ASCII does not count, as it does not in the Hub's names.
 */
#ifndef STORAGE_CLI_GLOB_H
#define STORAGE_CLI_GLOB_H

#include "storage/model/bytes.h"

/* Time is at most pattern x text: no pattern can make it explode. */
bool glob_match(struct slice pattern, struct slice text);

#endif
