/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/mix.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "storage/cli/version_at.h"
#include "storage/model/memory.h"
#include "storage/model/moment.h"

enum { FIRST_YEAR = 1970 };

static unsigned parts_of_year(enum mix_period period)
{
	return period == MIX_MONTH ? 12 : period == MIX_QUARTER ? 4 : 1;
}

/* ---- periods --------------------------------------------------------------------------------------------------------*/

static int month_of(int64_t unix_ms, int year, int quarter)
{
	int month = quarter * 3 - 2;

	while (month < quarter * 3 && unix_ms >= moment_of(year, month + 1, 1))
		month++;
	return month;
}

static int64_t part_start(int year, unsigned parts, unsigned part)
{
	return part < parts ? moment_of(year, (int)(part * (12 / parts)) + 1, 1) : moment_of(year + 1, 1, 1);
}

static size_t find_period(struct mix *mix, int64_t created_ms)
{
	unsigned parts = parts_of_year(mix->question.period), part;
	int year, quarter;

	if (mix->question.period == MIX_ALL || created_ms <= 0)
		return 0;
	if (created_ms >= mix->period_from_ms && created_ms < mix->period_until_ms)
		return mix->period_at;
	moment_quarter(created_ms, &year, &quarter);
	part = (unsigned)(month_of(created_ms, year, quarter) - 1) / (12 / parts);
	mix->period_from_ms = part_start(year, parts, part);
	mix->period_until_ms = part_start(year, parts, part + 1);
	mix->period_at = 1 + (size_t)(year - FIRST_YEAR) * parts + part;
	return mix->period_at;
}

static void count_row(struct mix *mix, int64_t created_ms, enum license_class class, uint64_t weight)
{
	size_t at = find_period(mix, created_ms);

	if (at >= mix->count) {
		mix->counts = memory_grow(mix->counts, at + 1, sizeof(*mix->counts));
		memset(mix->counts + mix->count, 0, (at + 1 - mix->count) * sizeof(*mix->counts));
		mix->count = at + 1;
	}
	mix->counts[at].class[class] += weight;
	mix->counts[at].total += weight;
}

void mix_name(const struct mix *mix, size_t at, char name[MIX_TEXT], char start[MIX_TEXT])
{
	unsigned parts = parts_of_year(mix->question.period), part;
	int year;

	start[0] = '\0';
	if (at == 0) {
		snprintf(name, MIX_TEXT, "%s", mix->question.period == MIX_ALL ? "all" : "unknown");
		return;
	}
	year = FIRST_YEAR + (int)((at - 1) / parts);
	part = (unsigned)((at - 1) % parts);
	if (mix->question.period == MIX_MONTH)
		snprintf(name, MIX_TEXT, "%04d-%02u", year, part + 1);
	else if (mix->question.period == MIX_QUARTER)
		snprintf(name, MIX_TEXT, "%04d-Q%u", year, part + 1);
	else
		snprintf(name, MIX_TEXT, "%04d", year);
	snprintf(start, MIX_TEXT, "%04d-%02u-01", year, part * (12 / parts) + 1);
}

/* ---- classes --------------------------------------------------------------------------------------------------------*/

static int judge(struct reader *reader, uint32_t number, enum license_class *class)
{
	struct arena arena = { 0 };
	struct statement statement;
	struct license_meaning meaning;
	int code = reader_statement(reader, number, &arena, &statement);

	if (!code) {
		license_mean(&statement, &meaning);
		*class = meaning.class;
	}
	arena_release(&arena);
	return code == ERROR_NOT_FOUND ? ERROR_CORRUPT : code;
}

static int class_of_statement(struct reader *reader, struct mix *mix, uint32_t number, enum license_class *class)
{
	size_t room = mix->class_room ? mix->class_room : 4096;
	int code;

	while (room <= number)
		room *= 2;
	if (room != mix->class_room) {
		mix->class_of = memory_grow(mix->class_of, room, 1);
		memset(mix->class_of + mix->class_room, 0, room - mix->class_room);
		mix->class_room = room;
	}
	if (!mix->class_of[number]) {
		code = judge(reader, number, class);
		if (code)
			return code;
		mix->class_of[number] = (uint8_t)(*class + 1);
	}
	*class = (enum license_class)(mix->class_of[number] - 1);
	return ERROR_NONE;
}

/* ---- at a time ------------------------------------------------------------------------------------------------------*/

static int class_of_version(struct reader *reader, uint32_t number, uint32_t version, struct arena *arena,
	enum license_class *class)
{
	struct snapshot snapshot;
	struct state state;
	int code = reader_snapshot(reader, number, version, arena, &snapshot);

	if (!code)
		code = reader_state(reader, &snapshot, arena, &state);
	if (!code)
		*class = state.meaning.class;
	return code == ERROR_NOT_FOUND ? ERROR_CORRUPT : code;
}

/* A row that was written behind the time: its records and versions tell how it was. *there: it counts. */
static int class_then(struct reader *reader, struct mix *mix, const struct repo_ref *ref, int64_t at_ms, bool *there,
	enum license_class *class)
{
	struct arena arena = { 0 };
	struct version_at answer;
	int code = version_at(reader, ref, at_ms, &arena, &answer);

	*there = !code && answer.version && answer.certainty != CERTAINTY_GONE;
	if (*there) {
		mix->uncertain += answer.certainty != CERTAINTY_UNCHANGED && answer.next_ms;
		if (answer.version == ref->row.versions)
			code = class_of_statement(reader, mix, ref->row.statement, class);
		else
			code = class_of_version(reader, ref->row.number, answer.version, &arena, class);
	}
	arena_release(&arena);
	return code;
}

/* ---- weights --------------------------------------------------------------------------------------------------------*/

/* Rows of a block mostly come one after the other. */
static int read_block(struct reader *reader, struct mix *mix, uint32_t number)
{
	int64_t day_ms;
	int code;

	if (mix->block_number == (uint64_t)number / COUNTER_BLOCK + 1)
		return ERROR_NONE;
	code = reader_counter_block(reader, number, mix->question.at_ms, &mix->block, &day_ms);
	mix->block_number = (uint64_t)number / COUNTER_BLOCK + 1;
	if (day_ms && (!mix->counters_from_ms || day_ms < mix->counters_from_ms))
		mix->counters_from_ms = day_ms;
	if (day_ms > mix->counters_until_ms)
		mix->counters_until_ms = day_ms;
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

static int weigh(struct reader *reader, struct mix *mix, uint32_t number, uint64_t *weight)
{
	uint32_t kept;
	int code;

	*weight = 1;
	if (mix->question.weight == MIX_REPOS)
		return ERROR_NONE;
	code = read_block(reader, mix, number);
	kept = (mix->question.weight == MIX_LIKES ? mix->block.likes : mix->block.downloads)[number % COUNTER_BLOCK];
	mix->unweighed += kept == 0;
	*weight = kept ? kept - 1 : 0;
	return code;
}

/* Names are in the versions: only who asks for an owner pays for them. */
static int is_wanted(struct reader *reader, const struct mix *mix, const struct repo_ref *ref, bool *wanted)
{
	const char *owner = mix->question.owner;
	size_t size = owner ? strlen(owner) : 0;
	struct arena arena = { 0 };
	struct state state = { 0 };
	int code = owner ? reader_newest(reader, ref, &arena, &state) : ERROR_NONE;

	*wanted = !owner || (!code && state.name.size > size && state.name.data[size] == '/' &&
				    strncasecmp(state.name.data, owner, size) == 0);
	arena_release(&arena);
	return code;
}

static int count_ref(struct reader *reader, struct mix *mix, const struct repo_ref *ref)
{
	int64_t at_ms = mix->question.at_ms;
	const struct repo_row *row = &ref->row;
	bool there = !(row->flags & REPO_GONE);
	enum license_class class = LICENSE_UNKNOWN;
	uint64_t weight = 0;
	bool wanted;
	int code = is_wanted(reader, mix, ref, &wanted);

	if (code || !wanted)
		return code;
	if (at_ms && row->first_seen_ms > at_ms) {
		mix->not_yet_seen += row->created_ms && row->created_ms <= at_ms;
		return ERROR_NONE;
	}
	if (at_ms && row->last_written_ms > at_ms)
		code = class_then(reader, mix, ref, at_ms, &there, &class);
	else if (there)
		code = class_of_statement(reader, mix, row->statement, &class);
	if (!code && there)
		code = weigh(reader, mix, row->number, &weight);
	if (!code && there)
		count_row(mix, row->created_ms, class, weight);
	return code;
}

/* ---- the pass -------------------------------------------------------------------------------------------------------*/

int mix_read(struct reader *reader, enum repo_kind kind, const struct mix_question *question, struct mix *mix)
{
	struct repo_ref ref = { .oid = { { 0 } } };
	int code;

	*mix = (struct mix){ .question = *question };
	while ((code = reader_repo_from(reader, kind, &ref.oid, &ref)) == ERROR_NONE) {
		code = count_ref(reader, mix, &ref);
		if (code || !oid_next(&ref.oid))
			break;
	}
	return code == ERROR_NOT_FOUND ? ERROR_NONE : code;
}

void mix_release(struct mix *mix)
{
	free(mix->counts);
	free(mix->class_of);
	mix->counts = NULL;
	mix->class_of = NULL;
}
