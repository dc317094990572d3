/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A field table of a later day, for the test that an upgrade of the program is no change on the Hub: `siblings` is
 * asked for, `author` no longer, and the tag rule bears another name, by which no tag of today is stable.
 */
#ifndef TESTS_UPGRADE_FIELD_TABLE_H
#define TESTS_UPGRADE_FIELD_TABLE_H

#define FIELD_TABLE(X) \
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
	X(FIELD_SIBLINGS, "siblings", FIELD_STABLE, 1, 1, 1) \
	X(FIELD_TAGS, "tags", FIELD_STABLE, 1, 1, 1)

#define CANON_RULES 2
#define LICENSE_TAG_PREFIX "licence:"

#endif
