/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/oid_cursor.h"

#include <openssl/evp.h>

#include "daemon/hub/url.h"

#define BEFORE_OID "{\"_id\":{\"$gt\":\""
#define BEHIND_OID "\"}"

enum {
	FILTER_BYTES = sizeof(BEFORE_OID) - 1 + OID_HEX + sizeof(BEHIND_OID "}") - 1,
	BASE64_BYTES = (FILTER_BYTES + 2) / 3 * 4,
	CURSOR_MAX = 1024,
};

void url_behind(struct slice url, const struct repo_oid *oid, struct buf *out)
{
	char filter[FILTER_BYTES + 1], hex[OID_HEX + 1];
	unsigned char base64[BASE64_BYTES + 1];

	oid_write(oid, hex);
	snprintf(filter, sizeof(filter), BEFORE_OID "%s" BEHIND_OID "}", hex);
	EVP_EncodeBlock(base64, (const unsigned char *)filter, FILTER_BYTES);
	url_with_parameter(url, "cursor", slice_of((const char *)base64), out);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-encoding undone; the size, or 0 where it is broken or longer than the cursors that are known. */
static size_t decode_percent(struct slice text, unsigned char out[CURSOR_MAX])
{
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		int high, low;

		if (size == CURSOR_MAX)
			return 0;
		out[size++] = (unsigned char)text.data[i];
		if (text.data[i] != '%')
			continue;
		high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
		low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;
		if (low < 0)
			return 0;
		out[size - 1] = (unsigned char)(high * 16 + low);
		i += 2;
	}
	return size;
}

bool url_oid(struct slice url, struct repo_oid *oid)
{
	unsigned char base64[CURSOR_MAX], text[CURSOR_MAX];
	struct slice cursor = url_parameter(url, "cursor"), filter, hex = { (char *)text + sizeof(BEFORE_OID) - 1, OID_HEX };
	size_t size = decode_percent(cursor, base64);
	int decoded;

	*oid = (struct repo_oid){ { 0 } };
	if (!cursor.size)
		return true;
	decoded = size && size % 4 == 0 ? EVP_DecodeBlock(text, base64, (int)size) : -1;
	filter = (struct slice){ (char *)text, decoded > 0 ? (size_t)decoded : 0 };
	return filter.size >= FILTER_BYTES && slice_starts_with(filter, SLICE(BEFORE_OID)) &&
		memcmp(hex.data + OID_HEX, BEHIND_OID, sizeof(BEHIND_OID) - 1) == 0 && oid_read(hex, oid);
}
