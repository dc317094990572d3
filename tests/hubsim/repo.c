/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/repo.h"

#include <stdlib.h>

#include "tests/hubsim/sim_clock.h"

enum { SHA_PREFIX_LEAST = 7 };

void hex_format(const uint8_t *bytes, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * size] = '\0';
}

void oid_format(const uint8_t oid[OID_BYTES], char out[OID_TEXT + 1])
{
	hex_format(oid, OID_BYTES, out);
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool oid_parse(struct slice text, uint8_t oid[OID_BYTES])
{
	if (text.size != OID_TEXT)
		return false;
	for (int i = 0; i < OID_BYTES; i++) {
		int high = digit_value(text.data[2 * i]), low = digit_value(text.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		oid[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int64_t number_of(const struct row *row, uint16_t field)
{
	struct slice value = row_value(row, field);
	char text[32];

	if (value.size == 0 || value.size >= sizeof(text))
		return 0;
	memcpy(text, value.data, value.size);
	text[value.size] = '\0';
	return strtoll(text, NULL, 10);
}

struct slice row_plain(const struct row *row, uint16_t field)
{
	struct slice value = row_value(row, field);

	return value.size < 2 ? SLICE_NONE : (struct slice){ value.data + 1, value.size - 2 };
}

void repo_read_row(struct repo *repo)
{
	const struct row *row = repo->row;
	struct slice gated = row_value(row, FIELD_gated);

	repo->restricted = gated.data && !slice_is(gated, "false");
	repo->disabled = slice_is(row_value(row, FIELD_disabled), "true");
	repo->private = slice_is(row_value(row, FIELD_private), "true");
	repo->downloads = number_of(row, FIELD_downloads);
	repo->likes = number_of(row, FIELD_likes);
	repo->trending = number_of(row, FIELD_trendingScore);
	hub_date_parse(row_plain(row, FIELD_createdAt), &repo->created_ms);
	hub_date_parse(row_plain(row, FIELD_lastModified), &repo->modified_ms);
}

const struct row *repo_commit(const struct repo *repo, uint32_t index)
{
	return index == 0 ? repo->row : repo->past[repo->past_count - index];
}

const struct row *repo_revision(const struct repo *repo, struct slice revision)
{
	if (slice_is(revision, "main") || slice_is(revision, "refs/heads/main") || slice_is(revision, "HEAD"))
		return repo->row;
	if (revision.size < SHA_PREFIX_LEAST)
		return NULL;
	for (uint32_t i = 0; i < repo_commit_count(repo); i++)
		if (slice_starts_with(row_plain(repo_commit(repo, i), FIELD_sha), revision))
			return repo_commit(repo, i);
	return NULL;
}

struct slice repo_owner(const struct repo *repo)
{
	struct slice name = repo->row->name;
	const char *slash = memchr(name.data, '/', name.size);

	return slash ? (struct slice){ name.data, (size_t)(slash - name.data) } : SLICE_NONE;
}
