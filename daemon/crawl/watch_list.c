/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/watch_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "storage/model/memory.h"
#include "storage/model/repo_address.h"
#include "storage/model/row.h"

enum { LINE_BYTES = 1024, TEXT_BYTES_MAX = 1 << 30 };

struct slice watch_name(const struct watch_names *names, size_t index)
{
	uint32_t start = index ? names->end[index - 1] : 0;

	return (struct slice){ names->text.data + start, names->end[index] - start };
}

static void add_name(struct watch_names *names, struct slice name)
{
	if (names->count == names->room) {
		names->room = names->room ? names->room * 2 : 256;
		names->end = memory_grow(names->end, names->room, sizeof(*names->end));
	}
	names->text.max = TEXT_BYTES_MAX;
	buf_slice(&names->text, name);
	names->end[names->count++] = (uint32_t)names->text.size;
}

/* Without comment and white space. */
static struct slice content_of(const char *line)
{
	struct slice text = { line, strcspn(line, "#\n") };

	while (text.size && isspace((unsigned char)text.data[text.size - 1]))
		text.size--;
	while (text.size && isspace((unsigned char)text.data[0])) {
		text.data++;
		text.size--;
	}
	return text;
}

/* "owner/name", or a name of the first days without an owner; of the characters that the Hub's names have. */
static bool is_name(struct slice name)
{
	unsigned slashes = 0;

	for (size_t i = 0; i < name.size; i++) {
		slashes += name.data[i] == '/';
		if (!isalnum((unsigned char)name.data[i]) && !memchr("._-/", name.data[i], 4))
			return false;
	}
	return name.size && name.size <= ROW_NAME_MAX && slashes <= 1 && name.data[0] != '/' &&
		name.data[name.size - 1] != '/' && !memmem(name.data, name.size, "..", 2);
}

static bool read_line(struct watch_list *list, const char *line)
{
	struct slice text = content_of(line);
	struct repo_address address;

	if (!text.size)
		return true;
	address = repo_address_read(text, "");
	if (!is_name(address.name))
		return false;
	add_name(&list->names[address.kind], address.name);
	return true;
}

bool watch_list_read(struct watch_list *list, const char *file, char why[512])
{
	FILE *stream = fopen(file, "re");
	char line[LINE_BYTES];
	unsigned number = 0;
	bool good = true;

	if (!stream) {
		snprintf(why, 512, "%.300s: %s", file, strerror(errno));
		return false;
	}
	while (good && fgets(line, sizeof(line), stream)) {
		number++;
		good = strlen(line) + 1 < sizeof(line) && read_line(list, line);
	}
	if (!good)
		snprintf(why, 512, "%.300s:%u: not a repo; a line is owner/name, datasets/owner/name or spaces/owner/name", file,
			number);
	else if (ferror(stream))
		snprintf(why, 512, "%.300s: cannot be read", file);
	good = good && !ferror(stream);
	fclose(stream);
	return good;
}

void watch_list_release(struct watch_list *list)
{
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		buf_release(&list->names[kind].text);
		free(list->names[kind].end);
		list->names[kind] = (struct watch_names){ .count = 0 };
	}
}
