/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/headers.h"

#include <ctype.h>
#include <strings.h>

#include "storage/model/json.h"
#include "storage/model/moment.h"

/* --- small readers -------------------------------------------------------------------------------------------------*/

static struct slice trim(struct slice text)
{
	while (text.size && isspace((unsigned char)text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size && isspace((unsigned char)text.data[text.size - 1]))
		text.size--;
	return text;
}

static bool is_nocase(struct slice text, const char *word)
{
	return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

/* Up to the next `stop` that stands outside quotes and angle brackets; moves `rest` behind it. */
static struct slice take_until(struct slice *rest, char stop)
{
	struct slice part = { rest->data, 0 };
	bool quoted = false, bracketed = false;

	for (; part.size < rest->size; part.size++) {
		char c = rest->data[part.size];

		if (c == '\\' && quoted && part.size + 1 < rest->size)
			part.size++;
		else if (c == '"' && !bracketed)
			quoted = !quoted;
		else if ((c == '<' || c == '>') && !quoted)
			bracketed = c == '<';
		else if (c == stop && !quoted && !bracketed)
			break;
	}
	rest->data += part.size;
	rest->size -= part.size;
	if (rest->size) {
		rest->data++;
		rest->size--;
	}
	return trim(part);
}

static struct slice unquote(struct slice text)
{
	if (text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"')
		return (struct slice){ text.data + 1, text.size - 2 };
	return text;
}

static int64_t read_number(struct slice text)
{
	int64_t value = 0;

	if (!text.size || text.size > 12)
		return -1;
	for (size_t i = 0; i < text.size; i++) {
		if (!isdigit((unsigned char)text.data[i]))
			return -1;
		value = value * 10 + (text.data[i] - '0');
	}
	return value;
}

/* --- Link ----------------------------------------------------------------------------------------------------------*/

/* rel may name several relations with blanks between. */
static bool has_relation(struct slice relations, const char *wanted)
{
	relations = trim(unquote(relations));
	while (relations.size) {
		struct slice one = take_until(&relations, ' ');

		if (is_nocase(one, wanted))
			return true;
	}
	return false;
}

/* One link: <target>; key=value; ... */
static void read_link(struct slice link, struct hub_head *head)
{
	struct slice target = take_until(&link, ';');

	if (head->next.size || target.size < 3 || target.data[0] != '<' || target.data[target.size - 1] != '>')
		return;
	while (link.size) {
		struct slice value = take_until(&link, ';');
		struct slice key = take_until(&value, '=');

		if (is_nocase(key, "rel")) {
			if (has_relation(trim(value), "next"))
				head->next = trim((struct slice){ target.data + 1, target.size - 2 });
			return; /* only the first rel counts (RFC 8288, 3.3) */
		}
	}
}

static void on_link(struct slice value, struct hub_head *head)
{
	while (value.size)
		read_link(take_until(&value, ','), head);
}

/* --- quota ---------------------------------------------------------------------------------------------------------*/

static struct quota_said *find_bucket(struct hub_head *head, struct slice name)
{
	struct quota_said *said;

	for (unsigned i = 0; i < head->quota_count; i++)
		if (slice_is(name, head->quota[i].bucket))
			return &head->quota[i];
	if (!name.size || name.size >= QUOTA_NAME_SIZE || head->quota_count == QUOTA_BUCKETS_MAX)
		return NULL;
	said = &head->quota[head->quota_count++];
	*said = (struct quota_said){ .remaining = -1, .reset_s = -1, .quota = -1, .window_s = -1 };
	memcpy(said->bucket, name.data, name.size);
	return said;
}

static void set_number(struct slice key, struct slice value, struct quota_said *said)
{
	const struct {
		const char *key;
		int64_t *number, most;
	} known[] = {
		{ "r", &said->remaining, QUOTA_REQUESTS_MAX },
		{ "t", &said->reset_s, QUOTA_SECONDS_MAX },
		{ "q", &said->quota, QUOTA_REQUESTS_MAX },
		{ "w", &said->window_s, QUOTA_SECONDS_MAX },
	};
	int64_t number = read_number(trim(value));

	for (size_t i = 0; i < ARRAY_COUNT(known); i++)
		if (is_nocase(key, known[i].key) && number >= 0 && number <= known[i].most)
			*known[i].number = number;
}

/* The last quoted string is the bucket: the policy has the name of its policy before it. */
static struct slice bucket_of(struct slice item)
{
	struct slice name = SLICE_NONE;

	while (item.size) {
		struct slice part = take_until(&item, ';');

		if (part.size && part.data[0] == '"')
			name = unquote(part);
	}
	return name;
}

static void on_quota(struct slice value, struct hub_head *head)
{
	while (value.size) {
		struct slice item = take_until(&value, ',');
		struct quota_said *said = find_bucket(head, bucket_of(item));

		while (said && item.size) {
			struct slice part = take_until(&item, ';');
			struct slice key = take_until(&part, '=');

			set_number(key, part, said);
		}
	}
}

const struct quota_said *headers_quota(const struct hub_head *head, const char *bucket)
{
	for (unsigned i = 0; i < head->quota_count; i++)
		if (strcmp(head->quota[i].bucket, bucket) == 0)
			return &head->quota[i];
	return NULL;
}

/* --- values that are kept -------------------------------------------------------------------------------------------*/

static bool has_control(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < text.size && (unsigned char)text.data[i + 1] < 0xa0))
			return true;
	}
	return false;
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] > 0x7f)
			return false;
	return true;
}

static bool is_utf8(struct slice text)
{
	struct buf repaired = BUF_INIT(4 * HEADER_VALUE_MAX);
	bool same;

	utf8_repair(text, &repaired);
	same = slice_equal(buf_as_slice(&repaired), text);
	buf_release(&repaired);
	return same;
}

/* Not within a character of UTF-8. */
static struct slice cut(struct slice value, size_t size)
{
	while (size && ((unsigned char)value.data[size] & 0xc0) == 0x80)
		size--;
	return trim((struct slice){ value.data, size });
}

/*
 * The one way in for values that are stored, logged, compared or sent back. What is no text is as if it were not there; what
 * is long is cut where it is for people, else it is not there either: half an ETag is another one.
 */
static struct slice take_value(struct slice value, bool may_be_cut)
{
	if (value.size > HEADER_VALUE_MAX)
		value = may_be_cut ? cut(value, HEADER_VALUE_MAX) : SLICE_NONE;
	return has_control(value) || !(is_ascii(value) || is_utf8(value)) ? SLICE_NONE : value;
}

/* --- the rest ------------------------------------------------------------------------------------------------------*/

static void on_date(struct slice value, struct hub_head *head)
{
	head->date = take_value(value, false);
	if (!moment_read_http(head->date, &head->date_ms))
		head->date_ms = 0;
}

static void on_age(struct slice value, struct hub_head *head)
{
	head->has_age = true;
	head->age_s = read_number(value);
}

/* Seconds (RFC 9110 10.2.3), for some servers with a fraction, or a date. */
static void on_retry_after(struct slice value, struct hub_head *head)
{
	const char *dot = value.size ? memchr(value.data, '.', value.size) : NULL;
	struct slice whole = { value.data, dot ? (size_t)(dot - value.data) : value.size };
	bool more = false;

	head->retry_after_s = read_number(whole);
	for (size_t i = whole.size + 1; i < value.size && head->retry_after_s >= 0; i++) {
		more |= value.data[i] != '0';
		if (value.data[i] < '0' || value.data[i] > '9')
			head->retry_after_s = -1;
	}
	if (head->retry_after_s >= 0)
		head->retry_after_s += more;
	else
		head->retry_is_unread = !moment_read_http(value, &head->retry_at_ms);
}

/* A date counts from the answer's own: so no clock of ours is needed, which may be wrong. */
static void settle_retry_after(struct hub_head *head)
{
	if (!head->retry_at_ms || !head->date_ms)
		return;
	head->retry_after_s = head->retry_at_ms > head->date_ms ? (head->retry_at_ms - head->date_ms + 999) / 1000 : 0;
	head->retry_at_ms = 0;
}

static void on_total_count(struct slice value, struct hub_head *head)
{
	head->total_count = read_number(value);
}

/* An address may be long; url_follow() refuses what no URL has. */
static void on_location(struct slice value, struct hub_head *head)
{
	head->location = value;
}

#define KEEP(header, may_be_cut) \
	static void on_##header(struct slice value, struct hub_head *head) \
	{ \
		head->header = take_value(value, may_be_cut); \
	}
KEEP(content_type, false)
KEEP(content_encoding, false)
KEEP(error_code, false)
KEEP(error_message, true)
KEEP(request_id, true)
KEEP(etag, false)
KEEP(repo_commit, false)
#undef KEEP

static const struct {
	const char *name;
	void (*on_value)(struct slice value, struct hub_head *head);
} header_table[] = {
	{ "link", on_link },
	{ "ratelimit", on_quota },
	{ "ratelimit-policy", on_quota },
	{ "date", on_date },
	{ "age", on_age },
	{ "retry-after", on_retry_after },
	{ "location", on_location },
	{ "content-type", on_content_type },
	{ "content-encoding", on_content_encoding },
	{ "x-error-code", on_error_code },
	{ "x-error-message", on_error_message },
	{ "x-request-id", on_request_id },
	{ "etag", on_etag },
	{ "x-repo-commit", on_repo_commit },
	{ "x-total-count", on_total_count },
};

static void read_line(struct slice line, struct hub_head *head)
{
	const char *colon = line.size ? memchr(line.data, ':', line.size) : NULL;
	struct slice name, value;

	if (!colon)
		return;
	name = trim((struct slice){ line.data, (size_t)(colon - line.data) });
	value = trim((struct slice){ colon + 1, line.size - (size_t)(colon + 1 - line.data) });
	for (size_t i = 0; i < ARRAY_COUNT(header_table); i++)
		if (is_nocase(name, header_table[i].name))
			header_table[i].on_value(value, head);
}

void headers_read(struct slice block, struct hub_head *head)
{
	*head = (struct hub_head){ .age_s = -1, .retry_after_s = -1, .total_count = -1 };
	while (block.size) {
		const char *end = memchr(block.data, '\n', block.size);
		size_t size = end ? (size_t)(end - block.data) : block.size;

		read_line((struct slice){ block.data, size }, head);
		block.data += size + (end != NULL);
		block.size -= size + (end != NULL);
	}
	if (head->has_age)
		head->quota_count = 0;
	settle_retry_after(head);
}
