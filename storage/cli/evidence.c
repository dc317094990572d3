/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/evidence.h"

#include <stdio.h>

#include "storage/cli/object.h"

void evidence_join_init(struct evidence_join *join)
{
	*join = (struct evidence_join){ 0 };
	record_init(&join->told);
	buf_init(&join->line, 2 * CHANGE_BYTES_MAX);
	buf_init(&join->texts, CHANGE_BYTES_MAX);
	buf_init(&join->seqs, CHANGE_BYTES_MAX);
}

void evidence_join_release(struct evidence_join *join)
{
	record_release(&join->told);
	buf_release(&join->line);
	buf_release(&join->texts);
	buf_release(&join->seqs);
}

/* What is gathered while the repo's records are walked. */
struct gathered {
	struct slice commit, reason;
	struct arena arena;
};

/* Strings have no bare quotes: what looks like the member is the member. */
static bool is_about(struct slice line, uint64_t seq)
{
	char member[32];
	int size = snprintf(member, sizeof(member), "\"of\":%llu,", (unsigned long long)seq);

	return slice_starts_with(record_line_event(line), SLICE("evidence.")) &&
	       memmem(line.data, line.size, member, (size_t)size) != NULL;
}

static void add_text(struct evidence_join *join)
{
	struct record *told = &join->told;
	struct slice file;
	struct object object;

	buf_text(&join->texts, join->texts.size ? "," : "");
	object = object_begin(&join->texts);
	object_text(&object, "file", record_list(told, RECORD_CHANGED_FIELDS, &file, 1) ? file : SLICE_NONE);
	object_text(&object, "before", record_text(told, BEFORE_TEXT));
	object_text(&object, "after", record_text(told, AFTER_TEXT));
	object_text(&object, "reason", record_text(told, RECORD_REASON));
	object_end(&object);
}

static void add_evidence(struct evidence_join *join, uint64_t seq, struct gathered *gathered)
{
	struct record *told = &join->told;

	buf_printf(&join->seqs, "%s%llu", join->seqs.size ? "," : "", (unsigned long long)seq);
	if (slice_is(record_text(told, RECORD_EVENT), "evidence.text")) {
		add_text(join);
		return;
	}
	if (!record_is_null(told, RECORD_REASON))
		gathered->reason = arena_copy(&gathered->arena, record_text(told, RECORD_REASON));
	gathered->commit = arena_copy(&gathered->arena, record_member_cell(told, "commit").text);
}

/* The number of the repo that a license record is about; ERROR_NOT_FOUND: it is about none. */
static int number_of(struct reader *reader, struct record *record, uint32_t *number)
{
	struct repo_ref ref;
	struct repo_oid oid;
	enum repo_kind kind;
	int code;

	if (!slice_starts_with(record_text(record, RECORD_EVENT), SLICE("license.")) ||
		!repo_kind_read(record_text(record, RECORD_KIND), &kind) || !oid_read(record_text(record, RECORD_OID), &oid))
		return ERROR_NOT_FOUND;
	code = reader_repo(reader, kind, &oid, &ref);
	*number = ref.row.number;
	return code;
}

static int gather(struct evidence_join *join, struct reader *reader, uint64_t head_seq, struct record *record,
	struct gathered *gathered)
{
	uint64_t of = record_number(record, RECORD_SEQ), seq = of;
	uint32_t number;
	struct slice line;
	int code = number_of(reader, record, &number);

	while (!code && (code = reader_repo_change_next(reader, number, &seq)) == ERROR_NONE && seq <= head_seq) {
		code = reader_change(reader, seq, &line);
		if (code || !is_about(line, of))
			continue;
		if (!record_read(&join->told, line))
			return ERROR_CORRUPT;
		add_evidence(join, seq, gathered);
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

static void write_evidence(const struct evidence_join *join, const struct gathered *gathered, struct buf *out)
{
	struct object object;

	if (!join->seqs.size) {
		buf_text(out, "null");
		return;
	}
	object = object_begin(out);
	object_key(&object, "seqs");
	buf_printf(out, "[%.*s]", (int)join->seqs.size, join->seqs.data);
	object_raw(&object, "commit", gathered->commit);
	object_key(&object, "texts");
	buf_char(out, '[');
	buf_slice(out, buf_as_slice(&join->texts));
	buf_char(out, ']');
	object_text(&object, "reason", gathered->reason);
	object_end(&object);
}

int evidence_join_line(struct evidence_join *join, struct reader *reader, uint64_t head_seq, struct record *record,
	struct slice *line)
{
	struct gathered gathered = { .commit = SLICE_NONE };
	struct slice stored = record->line;
	int code = reader_resume(reader);

	buf_reset(&join->line);
	buf_reset(&join->texts);
	buf_reset(&join->seqs);
	if (!code)
		code = gather(join, reader, head_seq, record, &gathered);
	reader_pause(reader);
	buf_slice(&join->line, (struct slice){ stored.data, stored.size - 1 }); /* without its closing brace */
	buf_text(&join->line, ",\"evidence\":");
	write_evidence(join, &gathered, &join->line);
	buf_char(&join->line, '}');
	arena_release(&gathered.arena);
	*line = buf_as_slice(&join->line);
	return code;
}
