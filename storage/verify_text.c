/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "storage/change_log.h"
#include "storage/detail_table.h"
#include "storage/text_table.h"
#include "storage/verify_walk.h"

static const char *hash_name(const uint8_t hash[TEXT_HASH_BYTES], char text[VERIFY_TEXT])
{
	char hex[2 * TEXT_HASH_BYTES + 1];

	text_hash_write(hash, hex);
	snprintf(text, VERIFY_TEXT, "text %.12s", hex);
	return text;
}

void verify_text(struct verify *verify, struct slice key, struct slice value)
{
	uint8_t hash[TEXT_HASH_BYTES];
	char name[VERIFY_TEXT];
	int error;

	verify->summary->texts++;
	if (key.size != TEXT_HASH_BYTES || value.size < 2) {
		verify_found(verify, "text", "an entry", "has another form than entries have");
		return;
	}
	buf_reset(&verify->content);
	error = frame_unpack(verify->frames, get_u16(slice_bytes(value)), (struct slice){ value.data + 2, value.size - 2 },
		SLICE_NONE, &verify->content);
	if (error) {
		verify_found(verify, "text", hash_name(slice_bytes(key), name), "%s", error_text(error));
		return;
	}
	text_hash(buf_as_slice(&verify->content), hash);
	if (memcmp(hash, key.data, sizeof(hash)) != 0)
		verify_found(verify, "text", hash_name(slice_bytes(key), name), "is another text than its hash says");
}

static const char *oid_name(struct slice key, size_t at, char text[VERIFY_TEXT])
{
	struct repo_oid oid;
	char hex[OID_HEX + 1];

	memcpy(oid.byte, key.data + at, OID_BYTES);
	oid_write(&oid, hex);
	snprintf(text, VERIFY_TEXT, "%s", hex);
	return text;
}

static void check_seen(struct verify *verify, const char *repo, const struct text_seen *seen)
{
	struct slice text = { (const char *)seen->hash, TEXT_HASH_BYTES }, frame;
	char name[VERIFY_TEXT];

	if (seen->known == TEXT_FOUND && !txn_get(&verify->txn, TABLE_TEXT, text, &frame))
		verify_found(verify, "text.repo", repo, "its %s is not there", hash_name(seen->hash, name));
}

void verify_text_repo(struct verify *verify, struct slice key, struct slice value)
{
	struct text_entry entry;
	struct repo_oid oid;
	char name[VERIFY_TEXT];

	if (!text_repo_decode(key, value, &entry)) {
		verify_found(verify, "text.repo", "an entry", "has another form than entries have, or its check word does "
							      "not fit");
		return;
	}
	oid_name(key, 1, name);
	memcpy(oid.byte, key.data + 1, OID_BYTES);
	if (!verify_row_exists(verify, (enum repo_kind)slice_bytes(key)[0], &oid, 0))
		verify_found(verify, "text.repo", name, "had texts, but was never there");
	for (unsigned kind = 0; kind < TEXT_KINDS; kind++)
		check_seen(verify, name, &entry.seen[kind]);
}

void verify_detail(struct verify *verify, struct slice key, struct slice value)
{
	struct detail_todo todo;
	char name[VERIFY_TEXT];
	struct slice line;

	if (!detail_decode(key, value, &todo)) {
		verify_found(verify, "detail", "an entry", "has another form than entries have");
		return;
	}
	oid_name(key, 2, name);
	if (!verify_row_exists(verify, todo.kind, &todo.oid, 0))
		verify_found(verify, "detail", name, "is to be looked at, but was never there");
	if (todo.of && !change_get(&verify->txn, todo.of, &line))
		verify_found(verify, "detail", name, "is asked for by a record that is not there");
}
