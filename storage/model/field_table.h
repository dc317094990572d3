/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of the fields that are asked of the Hub (`expand[]`), the same for polls, sweeps and single repos.
 *
 * stable:   makes a version when it differs. Of `tags` only the `license:` ones are stable, the rest is derived.
 * derived:  kept with the version that was current when it was seen; never a change (the Hub computes these itself and
 *           changes them without a commit: seen between 2025-01 and 2026-01 on google-bert/bert-base-uncased).
 * row:      kept in the row and beside each version; alone no change.
 * volatile: counters.
 *
 * `id` and `_id` are sent always and cannot be asked for. Sorted by key: the canonical form is written in this order.
 * Sources: the typings of the official clients and the Hub's 400 messages; `gated` is not offered for spaces.
 * A property that a Hub refuses is dropped at run time (a new projection); a change of this table is a new projection
 * as well, and no record.
 */
#ifndef STORAGE_MODEL_FIELD_TABLE_H
#define STORAGE_MODEL_FIELD_TABLE_H

/* X(name, key, class, models, datasets, spaces) */
#ifndef FIELD_TABLE
#define FIELD_TABLE(X) \
	X(FIELD_AUTHOR, "author", FIELD_STABLE, 1, 1, 1) \
	X(FIELD_CARD_DATA, "cardData", FIELD_STABLE, 1, 1, 1) \
	X(FIELD_CREATED_AT, "createdAt", FIELD_ROW, 1, 1, 1) \
	X(FIELD_DISABLED, "disabled", FIELD_STABLE, 1, 1, 1) \
	X(FIELD_DOWNLOADS, "downloads", FIELD_VOLATILE, 1, 1, 0) \
	X(FIELD_GATED, "gated", FIELD_STABLE, 1, 1, 0) \
	X(FIELD_ID, "id", FIELD_STABLE, 0, 0, 0) \
	X(FIELD_LAST_MODIFIED, "lastModified", FIELD_ROW, 1, 1, 1) \
	X(FIELD_LIBRARY_NAME, "library_name", FIELD_DERIVED, 1, 0, 0) \
	X(FIELD_LIKES, "likes", FIELD_VOLATILE, 1, 1, 1) \
	X(FIELD_PIPELINE_TAG, "pipeline_tag", FIELD_DERIVED, 1, 0, 0) \
	X(FIELD_PRIVATE, "private", FIELD_STABLE, 1, 1, 1) \
	X(FIELD_SDK, "sdk", FIELD_DERIVED, 0, 0, 1) \
	X(FIELD_SHA, "sha", FIELD_ROW, 1, 1, 1) \
	X(FIELD_TAGS, "tags", FIELD_STABLE, 1, 1, 1)
#endif

/* The rules by which the canonical form is made (canon.h, statement.h): a new number whenever they change. */
#ifndef CANON_RULES
#define CANON_RULES 1
#endif

/* The tags that are stable: those that begin so. */
#ifndef LICENSE_TAG_PREFIX
#define LICENSE_TAG_PREFIX "license:"
#endif

enum field_class { FIELD_STABLE, FIELD_DERIVED, FIELD_ROW, FIELD_VOLATILE };

enum field {
#define X(name, key, class, models, datasets, spaces) name,
	FIELD_TABLE(X)
#undef X
	FIELD_COUNT,
	FIELD_NONE = FIELD_COUNT
};

#endif
