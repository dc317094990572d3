/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/repo.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

const struct repo_kind_names repo_kinds[REPO_KINDS] = {
	[REPO_MODEL] = { "model", "models", "" },
	[REPO_DATASET] = { "dataset", "datasets", "datasets/" },
	[REPO_SPACE] = { "space", "spaces", "spaces/" },
};

bool repo_kind_read(struct slice name, enum repo_kind *kind)
{
	for (unsigned i = 0; i < REPO_KINDS; i++) {
		if (slice_is(name, repo_kinds[i].name) || slice_is(name, repo_kinds[i].plural)) {
			*kind = (enum repo_kind)i;
			return true;
		}
	}
	return false;
}

/* The value of a hex digit with DIGIT added; 0 for what is none. */
enum { DIGIT = 0x10 };

static const uint8_t nibbles[256] = {
	['0'] = DIGIT | 0, ['1'] = DIGIT | 1, ['2'] = DIGIT | 2, ['3'] = DIGIT | 3, ['4'] = DIGIT | 4, ['5'] = DIGIT | 5,
	['6'] = DIGIT | 6, ['7'] = DIGIT | 7, ['8'] = DIGIT | 8, ['9'] = DIGIT | 9, ['a'] = DIGIT | 10, ['b'] = DIGIT | 11,
	['c'] = DIGIT | 12, ['d'] = DIGIT | 13, ['e'] = DIGIT | 14, ['f'] = DIGIT | 15, ['A'] = DIGIT | 10,
	['B'] = DIGIT | 11, ['C'] = DIGIT | 12, ['D'] = DIGIT | 13, ['E'] = DIGIT | 14, ['F'] = DIGIT | 15,
};

static bool hex_read(struct slice hex, uint8_t *out, size_t bytes)
{
	uint8_t right = DIGIT;

	if (hex.size != 2 * bytes)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		uint8_t high = nibbles[(uint8_t)hex.data[2 * i]], low = nibbles[(uint8_t)hex.data[2 * i + 1]];
		right &= (uint8_t)(high & low & DIGIT);
		out[i] = (uint8_t)(high << 4 | (low & 15));
	}
	return right == DIGIT;
}

static void hex_write(const uint8_t *in, size_t bytes, char *hex)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes; i++) {
		hex[2 * i] = digits[in[i] >> 4];
		hex[2 * i + 1] = digits[in[i] & 15];
	}
	hex[2 * bytes] = '\0';
}

bool oid_read(struct slice hex, struct repo_oid *oid)
{
	return hex_read(hex, oid->byte, OID_BYTES);
}

void oid_write(const struct repo_oid *oid, char hex[OID_HEX + 1])
{
	hex_write(oid->byte, OID_BYTES, hex);
}

int oid_compare(const struct repo_oid *a, const struct repo_oid *b)
{
	return memcmp(a->byte, b->byte, OID_BYTES);
}

bool sha_read(struct slice hex, uint8_t sha[SHA_BYTES])
{
	return hex_read(hex, sha, SHA_BYTES);
}

void sha_write(const uint8_t sha[SHA_BYTES], char hex[SHA_HEX + 1])
{
	hex_write(sha, SHA_BYTES, hex);
}

bool sha_is_known(const uint8_t sha[SHA_BYTES])
{
	static const uint8_t zero[SHA_BYTES];

	return memcmp(sha, zero, SHA_BYTES) != 0;
}

static uint32_t check_word(const uint8_t *row, const struct repo_oid *oid)
{
	return (uint32_t)XXH3_64bits_withSeed(row, REPO_ROW_BYTES - 4, get_u64(oid->byte + 4));
}

void repo_row_encode(const struct repo_row *row, const struct repo_oid *oid, uint8_t out[REPO_ROW_BYTES])
{
	put_u32(out, row->number);
	put_u32(out + 4, row->versions);
	put_u64(out + 8, row->stable_hash);
	put_u64(out + 16, row->canonical_hash);
	put_u16(out + 24, row->projection);
	put_u16(out + 26, row->flags);
	put_u32(out + 28, row->statement);
	put_u48(out + 32, (uint64_t)row->first_seen_ms);
	put_u48(out + 38, (uint64_t)row->last_changed_ms);
	put_u48(out + 44, (uint64_t)row->last_written_ms);
	put_u48(out + 50, (uint64_t)row->last_modified_ms);
	put_u48(out + 56, (uint64_t)row->created_ms);
	memcpy(out + 62, row->sha, SHA_BYTES);
	put_u16(out + 82, 0);
	put_u32(out + 84, check_word(out, oid));
}

bool repo_row_decode(const uint8_t *in, size_t size, const struct repo_oid *oid, struct repo_row *row)
{
	if (size != REPO_ROW_BYTES || get_u32(in + 84) != check_word(in, oid))
		return false;
	*row = (struct repo_row){
		.number = get_u32(in),
		.versions = get_u32(in + 4),
		.stable_hash = get_u64(in + 8),
		.canonical_hash = get_u64(in + 16),
		.projection = get_u16(in + 24),
		.flags = get_u16(in + 26),
		.statement = get_u32(in + 28),
		.first_seen_ms = (int64_t)get_u48(in + 32),
		.last_changed_ms = (int64_t)get_u48(in + 38),
		.last_written_ms = (int64_t)get_u48(in + 44),
		.last_modified_ms = (int64_t)get_u48(in + 50),
		.created_ms = (int64_t)get_u48(in + 56),
	};
	memcpy(row->sha, in + 62, SHA_BYTES);
	return true;
}
