/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/repo_address.h"

static bool take(struct slice *text, const char *prefix)
{
	struct slice start = slice_of(prefix);

	if (!start.size || !slice_starts_with(*text, start))
		return false;
	text->data += start.size;
	text->size -= start.size;
	return true;
}

/* True: what follows is the path of an address, which may go on after the name. */
static bool take_hub(struct slice *text, const char *hub)
{
	static const char *const schemes[] = { "https://", "http://" };
	static const char *const hosts[] = { "www.huggingface.co/", "huggingface.co/", "hf.co/", "hf://", "pkg:huggingface/" };

	bool taken = take(text, hub);

	for (size_t i = 0; i < ARRAY_COUNT(schemes) && !taken && !take(text, schemes[i]); i++)
		;
	for (size_t i = 0; i < ARRAY_COUNT(hosts) && !taken; i++)
		taken = take(text, hosts[i]);
	while (taken && take(text, "/"))
		;
	return taken;
}

static enum repo_kind take_kind(struct slice *text)
{
	static const struct {
		const char *prefix;
		enum repo_kind kind;
	} prefixes[] = { { "models/", REPO_MODEL }, { "datasets/", REPO_DATASET }, { "spaces/", REPO_SPACE },
		{ "model:", REPO_MODEL }, { "models:", REPO_MODEL }, { "dataset:", REPO_DATASET }, { "datasets:", REPO_DATASET },
		{ "space:", REPO_SPACE }, { "spaces:", REPO_SPACE } };

	for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++)
		if (take(text, prefixes[i].prefix))
			return prefixes[i].kind;
	return REPO_MODEL;
}

static bool is_page(struct slice part)
{
	static const char *const pages[] = { "tree", "blob", "resolve", "raw", "commit", "commits", "discussions", "settings",
		"viewer", "edit", "delete", "upload", "compare" };

	for (size_t i = 0; i < ARRAY_COUNT(pages); i++)
		if (slice_is(part, pages[i]))
			return true;
	return false;
}

static size_t part_size(struct slice text)
{
	const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;

	return slash ? (size_t)(slash - text.data) : text.size;
}

/* Up to where a page of the Hub begins: its word stands after owner/name, or after the name of a repo without owner. */
static struct slice without_page(struct slice name)
{
	for (size_t at = part_size(name); at < name.size;) {
		struct slice part = { name.data + at + 1, name.size - at - 1 };
		bool last = part_size(part) == part.size;

		part.size = part_size(part);
		if (is_page(part) && !last)
			return (struct slice){ name.data, at };
		at += 1 + part.size;
	}
	return name;
}

struct repo_address repo_address_read(struct slice text, const char *hub)
{
	struct repo_address address = { .kind = REPO_MODEL };
	bool is_address = take_hub(&text, hub);

	address.kind = take_kind(&text);
	for (size_t i = 0; i < text.size && is_address; i++)
		if (memchr("?#@", text.data[i], 3))
			text.size = i;
	address.name = without_page(text);
	while (address.name.size && address.name.data[address.name.size - 1] == '/')
		address.name.size--;
	return address;
}
