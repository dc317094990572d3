/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of the table as data, and projections: which fields one answer was asked for, and by which rules they
 * were read.
 *
 * A set of fields is a bit mask over enum field in memory. Stored it is text, so that it outlives a change of the table:
 * "models list rules=1 author,cardData,createdAt,...". Only fields that both sides were asked for are compared.
 */
#ifndef STORAGE_MODEL_FIELD_H
#define STORAGE_MODEL_FIELD_H

#include "storage/model/buf.h"
#include "storage/model/repo.h"
#ifdef FIELD_TABLE_HEADER
#include FIELD_TABLE_HEADER
#endif
#include "storage/model/field_table.h"

struct field_info {
	const char *key;
	size_t key_size;
	enum field_class class;
	bool asked[REPO_KINDS];
};

extern const struct field_info field_infos[FIELD_COUNT];

static inline uint32_t field_bit(enum field field)
{
	return UINT32_C(1) << field;
}

enum field field_find(struct slice key); /* FIELD_NONE for a field that is not in the table */
/* The same, trying first what stands behind `before` in the table: rows bring their fields in much that order. */
enum field field_find_after(struct slice key, enum field before);
uint32_t fields_stable(void);
uint32_t fields_asked(enum repo_kind kind);      /* what the table asks of a kind; `id` is always among them */

enum endpoint { ENDPOINT_LIST, ENDPOINT_SINGLE, ENDPOINT_COUNT };

struct projection {
	enum repo_kind kind;
	enum endpoint endpoint;
	uint32_t fields;
	unsigned rules;
};

void projection_write(const struct projection *projection, struct buf *out);
/* Fields that today's table does not know are left out. False where the text is damaged. */
bool projection_read(struct slice text, struct projection *projection);

#endif
