/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/text_table.h"

#include <openssl/evp.h>

#include "storage/model/memory.h"

enum { HEAD_BYTES = 24, SEEN_BYTES = 90, KEY_BYTES = 1 + OID_BYTES };
enum { VALUE_MAX = HEAD_BYTES + TEXT_KINDS * (SEEN_BYTES + TEXT_NAME_MAX + TEXT_ETAG_MAX) };

void text_hash(struct slice text, uint8_t hash[TEXT_HASH_BYTES])
{
	unsigned size = TEXT_HASH_BYTES;

	if (EVP_Digest(text.data, text.size, hash, &size, EVP_sha256(), NULL) != 1)
		memory_failed("SHA-256");
}

void text_hash_write(const uint8_t hash[TEXT_HASH_BYTES], char hex[2 * TEXT_HASH_BYTES + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < TEXT_HASH_BYTES; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	hex[2 * TEXT_HASH_BYTES] = '\0';
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static struct slice hash_slice(const uint8_t hash[TEXT_HASH_BYTES])
{
	return (struct slice){ (const char *)hash, TEXT_HASH_BYTES };
}

void text_put(struct txn *txn, struct frame_maker *frames, struct slice text, struct buf *scratch,
	uint8_t hash[TEXT_HASH_BYTES])
{
	struct slice known;
	uint16_t encoding;
	int error;

	text_hash(text, hash);
	if (txn_get(txn, TABLE_TEXT, hash_slice(hash), &known))
		return;
	buf_reset(scratch);
	buf_add(scratch, "\0", 2);
	error = frame_pack(frames, DICTIONARY_TEXT, text, scratch, &encoding);
	if (error) {
		txn_fail(txn, error);
		return;
	}
	put_u16((uint8_t *)scratch->data, encoding);
	txn_put(txn, TABLE_TEXT, hash_slice(hash), buf_as_slice(scratch));
}

bool text_get(struct txn *txn, struct frame_maker *frames, const uint8_t hash[TEXT_HASH_BYTES], struct buf *text)
{
	uint8_t found[TEXT_HASH_BYTES];
	size_t before = text->size;
	struct slice value;
	int error;

	if (!txn_get(txn, TABLE_TEXT, hash_slice(hash), &value))
		return false;
	error = value.size < 2 ? ERROR_CORRUPT :
				 frame_unpack(frames, get_u16(slice_bytes(value)),
					 (struct slice){ value.data + 2, value.size - 2 }, SLICE_NONE, text);
	if (!error) {
		text_hash((struct slice){ text->data + before, text->size - before }, found);
		error = memcmp(found, hash, sizeof(found)) == 0 ? ERROR_NONE : ERROR_CORRUPT;
	}
	if (error)
		txn_fail(txn, error);
	return !error;
}

/* --- who had which ------------------------------------------------------------------------------------------------ */

static struct key repo_key(enum repo_kind kind, const struct repo_oid *oid)
{
	struct key key = { .size = 0 };

	key_add(&key, kind, 1);
	key_add_oid(&key, oid);
	return key;
}

static struct slice bounded(struct slice text, size_t max)
{
	return text.size <= max ? text : SLICE_NONE;
}

static uint8_t *put_text(uint8_t *out, struct slice text)
{
	if (text.size)
		memcpy(out, text.data, text.size);
	return out + text.size;
}

static uint8_t *encode_seen(uint8_t *out, const struct text_seen *seen)
{
	struct slice name = bounded(seen->name, TEXT_NAME_MAX), etag = bounded(seen->etag, TEXT_ETAG_MAX);

	memset(out, 0, SEEN_BYTES);
	out[0] = (uint8_t)seen->outcome;
	out[1] = (uint8_t)seen->known;
	put_u48(out + 2, (uint64_t)seen->looked_ms);
	put_u48(out + 8, (uint64_t)seen->seen_ms);
	put_u32(out + 14, seen->version);
	memcpy(out + 18, seen->sha, SHA_BYTES);
	memcpy(out + 38, seen->hash, TEXT_HASH_BYTES);
	put_u32(out + 70, seen->bytes);
	put_u64(out + 74, seen->told);
	out[82] = (uint8_t)name.size;
	out[83] = (uint8_t)etag.size;
	return put_text(put_text(out + SEEN_BYTES, name), etag);
}

static bool decode_seen(const uint8_t **at, const uint8_t *end, struct text_seen *seen)
{
	const uint8_t *in = *at;
	size_t name_bytes, etag_bytes;

	if (end - in < SEEN_BYTES || in[0] >= TEXT_SAME || in[1] > TEXT_NONE)
		return false;
	name_bytes = in[82];
	etag_bytes = in[83];
	if ((size_t)(end - in) < SEEN_BYTES + name_bytes + etag_bytes)
		return false;
	seen->outcome = (enum text_outcome)in[0];
	seen->known = (enum text_outcome)in[1];
	seen->looked_ms = (int64_t)get_u48(in + 2);
	seen->seen_ms = (int64_t)get_u48(in + 8);
	seen->version = get_u32(in + 14);
	memcpy(seen->sha, in + 18, SHA_BYTES);
	memcpy(seen->hash, in + 38, TEXT_HASH_BYTES);
	seen->bytes = get_u32(in + 70);
	seen->told = get_u64(in + 74);
	seen->name = (struct slice){ (const char *)in + SEEN_BYTES, name_bytes };
	seen->etag = (struct slice){ (const char *)in + SEEN_BYTES + name_bytes, etag_bytes };
	*at = in + SEEN_BYTES + name_bytes + etag_bytes;
	return true;
}

void text_repo_put(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, const struct text_entry *entry)
{
	struct key key = repo_key(kind, oid);
	uint8_t value[VALUE_MAX], *end = value + HEAD_BYTES;

	memcpy(value + 4, entry->sha, SHA_BYTES);
	for (unsigned i = 0; i < TEXT_KINDS; i++)
		end = encode_seen(end, &entry->seen[i]);
	put_u32(value, value_check((struct slice){ (const char *)value + 4, (size_t)(end - value) - 4 }, key_slice(&key)));
	txn_put(txn, TABLE_TEXT_REPO, key_slice(&key), (struct slice){ (const char *)value, (size_t)(end - value) });
}

bool text_repo_decode(struct slice key, struct slice value, struct text_entry *entry)
{
	const uint8_t *in = slice_bytes(value), *at = in + HEAD_BYTES, *end = in + value.size;

	*entry = (struct text_entry){ .sha = { 0 } };
	if (key.size != KEY_BYTES || slice_bytes(key)[0] >= REPO_KINDS || value.size < HEAD_BYTES ||
		get_u32(in) != value_check((struct slice){ value.data + 4, value.size - 4 }, key))
		return false;
	memcpy(entry->sha, in + 4, SHA_BYTES);
	for (unsigned i = 0; i < TEXT_KINDS; i++)
		if (!decode_seen(&at, end, &entry->seen[i]))
			return false;
	return at == end;
}

bool text_repo_get(struct txn *txn, enum repo_kind kind, const struct repo_oid *oid, struct text_entry *entry)
{
	struct key key = repo_key(kind, oid);
	struct slice value;

	*entry = (struct text_entry){ .sha = { 0 } };
	if (!txn_get(txn, TABLE_TEXT_REPO, key_slice(&key), &value))
		return false;
	if (text_repo_decode(key_slice(&key), value, entry))
		return true;
	txn_fail(txn, ERROR_CORRUPT);
	return false;
}
