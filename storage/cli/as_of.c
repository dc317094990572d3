/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/as_of.h"

#include <stdio.h>

#include "storage/cli/print.h"
#include "storage/model/moment.h"

static int count_missing(struct reader *reader, enum repo_kind kind, uint64_t *count)
{
	struct missing_row row = { .oid = { { 0 } } };
	int code;

	*count = 0;
	while ((code = reader_missing_from(reader, kind, &row.oid, &row)) == ERROR_NONE && row.kind == kind) {
		++*count;
		if (!oid_next(&row.oid))
			break;
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

static int read_kind(struct reader *reader, enum repo_kind kind, struct kind_coverage *coverage)
{
	int code = reader_sweep(reader, kind, &coverage->sweep);

	if (!code)
		code = reader_completeness(reader, kind, &coverage->completeness);
	coverage->newest_look_ms = reader_newest_look(reader, kind);
	if (!code)
		code = reader_counts(reader, kind, &coverage->rows, &coverage->gone);
	if (!code)
		code = count_missing(reader, kind, &coverage->missing);
	return code;
}

int as_of_read(struct reader *reader, struct as_of *as_of)
{
	int code = reader_head(reader, &as_of->head);

	as_of->at_ms = 0;
	for (unsigned kind = 0; kind < REPO_KINDS && !code; kind++) {
		code = read_kind(reader, (enum repo_kind)kind, &as_of->kind[kind]);
		if (as_of->kind[kind].newest_look_ms > as_of->at_ms)
			as_of->at_ms = as_of->kind[kind].newest_look_ms;
	}
	return code;
}

static const struct sweep_counts *newest_counts(const struct kind_coverage *coverage)
{
	return coverage->sweep.running ? &coverage->completeness.now : &coverage->completeness.last;
}

/* ---- for programs ---------------------------------------------------------------------------------------------- */

static void sweep_member(const struct kind_coverage *kind, struct object *coverage)
{
	const struct sweep_state *sweep = &kind->sweep;
	struct object object;

	object_key(coverage, "sweep");
	if (!sweep->number) {
		buf_text(coverage->out, "null");
		return;
	}
	object = object_begin(coverage->out);
	object_number(&object, "number", sweep->number);
	object_bool(&object, "running", sweep->running);
	object_bool(&object, "in_order", sweep->ordered);
	object_moment(&object, "started", sweep->started_ms);
	object_number(&object, "seen", sweep->seen);
	object_number(&object, "known", sweep->known);
	object_bool(&object, "complete", !sweep->running && sweep->complete);
	object_number(&object, "unreadable", newest_counts(kind)->damaged);
	object_end(&object);
}

static void coverage_entry(enum repo_kind kind, const struct kind_coverage *coverage, struct buf *out)
{
	struct object object = object_begin(out);

	object_word(&object, "kind", repo_kinds[kind].name);
	object_moment(&object, "newest_look", coverage->newest_look_ms);
	object_moment(&object, "first_look", coverage->sweep.first_look_ms);
	object_bool(&object, "baseline_complete", coverage->sweep.completed_ms != 0);
	object_moment(&object, "newest_complete_sweep", coverage->sweep.completed_ms);
	sweep_member(coverage, &object);
	object_number(&object, "rows", coverage->rows);
	object_number(&object, "gone", coverage->gone);
	object_number(&object, "missing", coverage->missing);
	object_end(&object);
}

void as_of_members(const struct as_of *as_of, struct object *object)
{
	object_moment(object, "as_of", as_of->at_ms);
	object_word(object, "tables", license_tables_version());
	object_number(object, "head_seq", as_of->head.seq);
	object_key(object, "coverage");
	for (unsigned kind = 0; kind < REPO_KINDS; kind++) {
		buf_char(object->out, kind ? ',' : '[');
		coverage_entry((enum repo_kind)kind, &as_of->kind[kind], object->out);
	}
	buf_char(object->out, ']');
}

/* ---- for people ------------------------------------------------------------------------------------------------ */

const char *short_moment(int64_t unix_ms, char text[SHORT_MOMENT])
{
	char whole[MOMENT_TEXT];

	if (!unix_ms)
		return strcpy(text, "never");
	moment_write(unix_ms, whole);
	snprintf(text, SHORT_MOMENT, "%.10s %.8sZ", whole, whole + 11);
	return text;
}

static void add_count(uint64_t count, struct buf *out)
{
	char text[COUNTED];

	buf_text(out, count_text(count, text));
}

static void part_text(const char *before, uint64_t count, const char *one, const char *more, struct buf *out)
{
	if (!count)
		return;
	buf_text(out, before);
	add_count(count, out);
	buf_text(out, count == 1 ? one : more);
}

/* Known rows that the listing lacked; where nothing was derived from that, those that were known before it. */
static uint64_t rows_lacked(const struct sweep_counts *counts)
{
	uint64_t brought = counts->listed > counts->fresh ? counts->listed - counts->fresh : 0;
	uint64_t lacked = counts->known > brought ? counts->known - brought : 0;

	return counts->missing > lacked ? counts->missing : lacked;
}

/* All that was known when the listing ended; of one that is incomplete, all that is known now, by whatever way. */
static uint64_t rows_expected(const struct kind_coverage *coverage)
{
	const struct sweep_counts *counts = &coverage->completeness.last;
	uint64_t then = counts->listed + rows_lacked(counts), now = coverage->rows - coverage->gone;

	return !coverage->sweep.running && !coverage->sweep.complete && now > then ? now : then;
}

/* What the newest listing that ended brought of it. */
static void listing_text(const struct kind_coverage *coverage, struct buf *out)
{
	const struct sweep_counts *counts = &coverage->completeness.last;
	const struct sweep_state *sweep = &coverage->sweep;

	if (!counts->listed && !counts->known && !counts->damaged)
		return;
	buf_text(out, ", last full listing: ");
	add_count(counts->listed, out);
	buf_text(out, " of the ");
	add_count(rows_expected(coverage), out);
	buf_text(out, " repos known");
	part_text(", ", counts->damaged, " row could not be read", " rows could not be read", out);
	if (!sweep->running && !sweep->complete)
		buf_text(out, " (incomplete)");
	else if (!sweep->running && !sweep->ordered)
		buf_text(out, " (incomplete: not in the order asked for)");
	part_text("; ", counts->gone, " has since been confirmed deleted", " have since been confirmed deleted", out);
}

static void sweep_text(const struct kind_coverage *coverage, struct buf *out)
{
	const struct sweep_state *sweep = &coverage->sweep;

	if (!sweep->number)
		buf_text(out, "not listed yet");
	else if (!sweep->completed_ms)
		buf_text(out, sweep->running ? "baseline under way" : "baseline not complete");
	else
		buf_text(out, "baseline complete");
	if (sweep->running && !sweep->completed_ms)
		part_text(", first full listing: ", coverage->completeness.now.listed, " repo so far", " repos so far", out);
	else if (sweep->number)
		listing_text(coverage, out);
}

static void kind_text(enum repo_kind kind, const struct kind_coverage *coverage, struct buf *out)
{
	buf_printf(out, "  %-9s", repo_kinds[kind].plural);
	if (!coverage->newest_look_ms) {
		buf_text(out, "never looked at\n");
		return;
	}
	add_count(coverage->rows - coverage->gone, out);
	buf_text(out, " known");
	part_text(", ", coverage->gone, " gone", " gone", out);
	buf_text(out, "; ");
	sweep_text(coverage, out);
	part_text("; ", coverage->missing, " missing, not confirmed yet", " missing, not confirmed yet", out);
	buf_char(out, '\n');
}

void as_of_text(const struct as_of *as_of, unsigned kinds, struct buf *out)
{
	char moment[SHORT_MOMENT];

	if (!as_of->at_ms) {
		buf_printf(out, "nothing was looked at yet; license tables %s\n", license_tables_version());
		return;
	}
	buf_printf(out, "as of %s (the newest look); license tables %s\n", short_moment(as_of->at_ms, moment),
		license_tables_version());
	for (unsigned kind = 0; kind < REPO_KINDS; kind++)
		if (kinds & 1u << kind)
			kind_text((enum repo_kind)kind, &as_of->kind[kind], out);
}
