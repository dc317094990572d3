/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/show_text.h"

#include "storage/text_table.h"

const char *const text_kind_words[] = { [TEXT_LICENSE] = "license", [TEXT_CARD] = "card", [TEXT_KINDS] = NULL };

int show_texts_read(struct tool *tool, struct repo_view *view, struct text_entry *entry)
{
	const struct repo_ref *ref = &view->found.ref;
	int code = reader_texts(tool->reader, ref->kind, &ref->oid, &view->arena, entry);

	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

static void text_member(const struct text_seen *seen, const char *key, struct object *out)
{
	char hash[2 * TEXT_HASH_BYTES + 1];
	bool found = seen->known == TEXT_FOUND;
	struct object object;

	text_hash_write(seen->hash, hash);
	object_key(out, key);
	object = object_begin(out->out);
	object_word(&object, "outcome", text_outcome_name(seen->outcome));
	object_moment(&object, "looked_at", seen->looked_ms);
	object_text(&object, "file", found ? seen->name : SLICE_NONE);
	object_word(&object, "sha256", found ? hash : NULL);
	object_counter(&object, "bytes", (struct change_counter){ found, seen->bytes });
	object_sha(&object, "commit", seen->sha);
	object_moment(&object, "last_seen", seen->seen_ms);
	object_end(&object);
}

void show_texts_member(const struct text_entry *entry, struct object *object)
{
	struct object texts;

	object_key(object, "texts");
	texts = object_begin(object->out);
	for (unsigned kind = 0; kind < TEXT_KINDS; kind++)
		text_member(&entry->seen[kind], text_kind_words[kind], &texts);
	object_end(&texts);
}

void show_texts_lines(struct print *print, const struct text_entry *entry)
{
	char hash[2 * TEXT_HASH_BYTES + 1], moment[SHORT_MOMENT];

	for (unsigned kind = 0; kind < TEXT_KINDS; kind++) {
		const struct text_seen *seen = &entry->seen[kind];

		if (seen->outcome == TEXT_UNSEEN)
			continue;
		print_format_line(print, "  %-15s", kind == TEXT_LICENSE ? "license text" : "card text");
		text_hash_write(seen->hash, hash);
		if (seen->known == TEXT_FOUND) {
			print_safe(print, seen->name);
			print_format_line(print, ", %u bytes, sha256 %.12s, seen %s", seen->bytes, hash,
				short_moment(seen->seen_ms, moment));
		}
		if (seen->outcome != TEXT_FOUND)
			print_format_line(print, "%s%s (%s)", seen->known == TEXT_FOUND ? "; " : "",
				text_outcome_meaning(seen->outcome), short_moment(seen->looked_ms, moment));
		print_bytes(print, SLICE("\n"));
	}
}

/* On a terminal line by line, with what is not harmless made visible; elsewhere as it was received. */
static void print_text(struct print *print, struct slice text)
{
	if (!print->terminal) {
		print_bytes(print, text);
		return;
	}
	while (text.size && !print_ended(print)) {
		const char *end = memchr(text.data, '\n', text.size);
		size_t size = end ? (size_t)(end - text.data) : text.size;

		print_safe(print, (struct slice){ text.data, size });
		print_bytes(print, SLICE("\n"));
		text.data += size + (end != NULL);
		text.size -= size + (end != NULL);
	}
}

enum exit_status show_text(struct tool *tool, const struct text_seen *seen)
{
	struct buf text = BUF_INIT(FRAME_CONTENT_MAX);
	int code;

	if (seen->known != TEXT_FOUND) {
		tool_say("the text is not known: %s", text_outcome_meaning(seen->outcome));
		return EXIT_UNKNOWN;
	}
	code = reader_text(tool->reader, seen->hash, &text);
	tool_reads_no_more(tool);
	if (!code)
		print_text(&tool->print, buf_as_slice(&text));
	buf_release(&text);
	return code ? tool_fail(tool, code, "reading the text") : EXIT_OK;
}
