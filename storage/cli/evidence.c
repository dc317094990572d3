/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/evidence.h"

#include <stdlib.h>

#include "storage/cli/object.h"
#include "storage/model/memory.h"

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
	for (unsigned i = 0; i < EVIDENCE_REPOS; i++)
		free(join->repo[i].item);
}

/* What is gathered while the repo's records are walked. */
struct gathered {
	struct slice commit, reason;
	struct arena arena;
};

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

/* Strings have no bare quotes: what looks like the member is the member. 0: the line is no evidence. */
static uint64_t evidence_of(struct slice line)
{
	static const char member[] = "\"of\":";
	const char *at;
	uint64_t of = 0;

	if (!slice_starts_with(record_line_event(line), SLICE("evidence.")))
		return 0;
	at = memmem(line.data, line.size, member, sizeof(member) - 1);
	for (at = at ? at + sizeof(member) - 1 : NULL; at && at < line.data + line.size && *at >= '0' && *at <= '9'; at++)
		of = of * 10 + (uint64_t)(*at - '0');
	return of;
}

static int compare_items(const void *a, const void *b)
{
	const struct evidence_item *left = a, *right = b;

	if (left->of != right->of)
		return left->of < right->of ? -1 : 1;
	return (left->seq > right->seq) - (left->seq < right->seq);
}

static void add_item(struct repo_evidence *repo, uint64_t of, uint64_t seq)
{
	if (repo->count == repo->room) {
		repo->room = repo->room ? repo->room * 2 : 16;
		repo->item = memory_grow(repo->item, repo->room, sizeof(*repo->item));
	}
	repo->item[repo->count++] = (struct evidence_item){ of, seq };
}

/* All evidence of a repo up to the head, in one pass over its records, and later over what has come since. */
static int read_repo(struct reader *reader, uint32_t number, uint64_t head_seq, struct repo_evidence *repo)
{
	size_t known = repo->count;
	uint64_t seq;
	struct slice line;

	if (repo->number != number)
		known = repo->count = repo->until_seq = 0;
	repo->number = number;
	seq = repo->until_seq;
	while (repo->until_seq < head_seq && reader_repo_change_next(reader, number, &seq) == ERROR_NONE && seq <= head_seq) {
		int code = reader_change(reader, seq, &line);

		if (code)
			return code;
		if (evidence_of(line))
			add_item(repo, evidence_of(line), seq);
	}
	repo->until_seq = head_seq;
	if (repo->count > known)
		qsort(repo->item, repo->count, sizeof(*repo->item), compare_items);
	return ERROR_NONE;
}

static size_t first_of(const struct repo_evidence *repo, uint64_t of)
{
	size_t low = 0, high = repo->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (repo->item[middle].of < of)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int gather(struct evidence_join *join, struct reader *reader, uint64_t head_seq, struct record *record,
	struct gathered *gathered)
{
	uint64_t of = record_number(record, RECORD_SEQ);
	struct repo_evidence *repo;
	uint32_t number;
	struct slice line;
	int code = number_of(reader, record, &number);

	if (code)
		return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
	repo = &join->repo[number % EVIDENCE_REPOS];
	code = read_repo(reader, number, head_seq, repo);
	for (size_t i = first_of(repo, of); !code && i < repo->count && repo->item[i].of == of; i++) {
		code = reader_change(reader, repo->item[i].seq, &line);
		if (!code && !record_read(&join->told, line))
			code = ERROR_CORRUPT;
		if (!code)
			add_evidence(join, repo->item[i].seq, gathered);
	}
	return code;
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
	record_add_ref(record, &join->line);
	buf_char(&join->line, '}');
	arena_release(&gathered.arena);
	*line = buf_as_slice(&join->line);
	return code;
}
