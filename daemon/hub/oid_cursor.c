/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/oid_cursor.h"

#include <openssl/evp.h>

#include "daemon/hub/url.h"

#define BEFORE_OID "\"_id\":{\"$gt\":\""
#define BEHIND_OID "\"}"

enum {
	FILTER_BYTES = sizeof("{" BEFORE_OID) - 1 + OID_HEX + sizeof(BEHIND_OID "}") - 1,
	BASE64_BYTES = (FILTER_BYTES + 2) / 3 * 4,
	CURSOR_MAX = 1024,
};

void url_behind(struct slice url, const struct repo_oid *oid, struct buf *out)
{
	char filter[FILTER_BYTES + 1], hex[OID_HEX + 1];
	unsigned char base64[BASE64_BYTES + 1];

	oid_write(oid, hex);
	snprintf(filter, sizeof(filter), "{" BEFORE_OID "%s" BEHIND_OID "}", hex);
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

/* The text of a URL's cursor; size 0 where it has none or one that is not base64. */
static struct slice decode_cursor(struct slice url, unsigned char text[CURSOR_MAX])
{
	unsigned char base64[CURSOR_MAX];
	size_t size = decode_percent(url_parameter(url, "cursor"), base64);
	int decoded = size && size % 4 == 0 ? EVP_DecodeBlock(text, base64, (int)size) : -1;

	return (struct slice){ (char *)text, decoded > 0 ? (size_t)decoded : 0 };
}

/* The oid behind BEFORE_OID, which stands `at` there. */
static bool read_oid(struct slice filter, size_t at, struct repo_oid *oid)
{
	size_t start = at + sizeof(BEFORE_OID) - 1;

	return start + OID_HEX + sizeof(BEHIND_OID) - 1 <= filter.size &&
		memcmp(filter.data + start + OID_HEX, BEHIND_OID, sizeof(BEHIND_OID) - 1) == 0 &&
		oid_read((struct slice){ filter.data + start, OID_HEX }, oid);
}

bool url_oid(struct slice url, struct repo_oid *oid)
{
	unsigned char text[CURSOR_MAX];
	struct slice filter = decode_cursor(url, text);

	*oid = (struct repo_oid){ { 0 } };
	if (!url_parameter(url, "cursor").size)
		return true;
	return slice_starts_with(filter, SLICE("{" BEFORE_OID)) && read_oid(filter, 1, oid);
}

bool url_row(struct slice url, struct repo_oid *oid)
{
	unsigned char text[CURSOR_MAX];
	struct slice filter = decode_cursor(url, text);
	const char *found = filter.size ? memmem(filter.data, filter.size, BEFORE_OID, sizeof(BEFORE_OID) - 1) : NULL;

	return found && read_oid(filter, (size_t)(found - filter.data), oid);
}
