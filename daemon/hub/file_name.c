/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/file_name.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static bool ends_with_nocase(struct slice text, const char *end)
{
	size_t size = strlen(end);

	return text.size >= size && strncasecmp(text.data + text.size - size, end, size) == 0;
}

static bool holds_nocase(struct slice text, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= text.size; i++)
		if (strncasecmp(text.data + i, word, size) == 0)
			return true;
	return false;
}

static bool is_plain(struct slice name)
{
	for (size_t i = 0; i < name.size; i++)
		if (!isalnum((unsigned char)name.data[i]) && !memchr("._-", name.data[i], 3))
			return false;
	return name.size && name.size <= TEXT_NAME_MAX && isalnum((unsigned char)name.data[0]);
}

static bool has_text_ending(struct slice name)
{
	static const char *const endings[] = { ".md", ".txt", ".rst" };

	for (size_t i = 0; i < ARRAY_COUNT(endings); i++)
		if (ends_with_nocase(name, endings[i]))
			return true;
	return !memchr(name.data, '.', name.size);
}

bool file_is_allowed(struct slice name)
{
	static const char *const words[] = { "license", "licence", "copying", "notice", "terms", "eula", "use_policy",
		"usage_policy" };

	if (!is_plain(name) || !has_text_ending(name))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (holds_nocase(name, words[i]))
			return true;
	return slice_is(name, CARD_FILE);
}

static void add_name(struct license_names *names, struct slice name)
{
	if (!file_is_allowed(name) || slice_is(name, CARD_FILE))
		return;
	for (unsigned i = 0; i < names->count; i++)
		if (slice_is(name, names->name[i]))
			return;
	snprintf(names->name[names->count++], TEXT_NAME_MAX + 1, "%.*s", (int)name.size, name.data);
}

static bool take_prefix(struct slice *text, struct slice prefix)
{
	if (text->size < prefix.size || strncasecmp(text->data, prefix.data, prefix.size) != 0)
		return false;
	text->data += prefix.size;
	text->size -= prefix.size;
	return true;
}

/* What follows https://hub/owner/name/blob/main/ where the link begins so. */
static struct slice file_of_url(const struct hub_origin *origin, enum repo_kind kind, struct slice repo, struct slice link)
{
	static const struct slice ways[] = { { "blob/main/", 10 }, { "resolve/main/", 13 }, { "raw/main/", 9 } };
	char prefix[HUB_ORIGIN_TEXT + 1024];
	int size = snprintf(prefix, sizeof(prefix), "%s/%s%.*s/", origin->text, repo_kinds[kind].prefix, (int)repo.size,
		repo.data);

	if (size < 0 || (size_t)size >= sizeof(prefix) || !take_prefix(&link, (struct slice){ prefix, (size_t)size }))
		return SLICE_NONE;
	for (size_t i = 0; i < ARRAY_COUNT(ways); i++)
		if (take_prefix(&link, ways[i]))
			return link;
	return SLICE_NONE;
}

void license_names(const struct hub_origin *origin, enum repo_kind kind, struct slice repo, struct slice license_link,
	struct license_names *names)
{
	struct slice link = license_link;

	names->count = 0;
	take_prefix(&link, SLICE("./"));
	add_name(names, link.size && memmem(link.data, link.size, "://", 3) ? file_of_url(origin, kind, repo, link) : link);
	add_name(names, SLICE("LICENSE"));
	add_name(names, SLICE("LICENSE.md"));
	add_name(names, SLICE("LICENSE.txt"));
}

bool url_is_of_file(struct slice url, struct slice name)
{
	const char *query = memchr(url.data, '?', url.size);

	if (query)
		url.size = (size_t)(query - url.data);
	return url.size > name.size && url.data[url.size - name.size - 1] == '/' &&
		memcmp(url.data + url.size - name.size, name.data, name.size) == 0;
}
