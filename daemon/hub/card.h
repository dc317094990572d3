/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front matter of a README.md -> what the Hub shows of it as cardData, as far as a license statement needs it.
 *
 *     ---                    the first line; a byte order mark may stand before it
 *     license: other         YAML, until
 *     license_name: falcon
 *     ---                    the next line that says so; without it there is no front matter. One right behind the first does
 *                            not end it: some cards begin with two, and the Hub reads what follows
 *
 * Pure. Bytes that are not UTF-8 become U+FFFD. Nothing is built that grows faster than the text: aliases are followed to
 * short scalars alone, depth, size and number of events have a bound. The Hub's own parser takes more than a strict one (tabs,
 * for one): what cannot be read is CARD_UNREADABLE, never "none".
 */
#ifndef DAEMON_HUB_CARD_H
#define DAEMON_HUB_CARD_H

#include "storage/model/canon.h"

enum { CARD_BYTES_MAX = 1 << 20, CARD_EVENTS_MAX = 1 << 17, CARD_DEPTH_MAX = 64 };

enum card_outcome {
	CARD_NONE, /* no front matter, or an empty one */
	CARD_READ,
	CARD_UNREADABLE,
};

/*
 * Fills cardData (its license and lineage members alone, sorted) and the `license:` tags among its own tags, as the Hub
 * derives them; both are "nothing" for CARD_NONE, and unknown for CARD_UNREADABLE. Texts live in the arena.
 */
enum card_outcome card_read(struct slice readme, struct arena *arena, struct canon *canon);

#endif
