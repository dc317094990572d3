/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/log_walk.h"

#include "storage/cli/record.h"
#include "storage/model/moment.h"

enum { STEPS_MAX = 8192, LENGTH_BYTES = 4 };

static void begin_sources(struct log_walk *walk)
{
	enum term_order other = walk->order == LOG_BY_SEQ ? TERM_ARRIVED : TERM_DATED;

	for (unsigned i = 0; i < walk->term_count; i++) {
		walk->source[2 * i] = (struct log_source){ .term = &walk->term[i], .order = TERM_SEEN };
		walk->source[2 * i + 1] = (struct log_source){ .term = &walk->term[i], .order = other };
	}
	for (unsigned i = 0; i < 2 * walk->term_count; i++)
		walk->source[i].next = walk->position;
}

/* Where entries by arrival behind a record begin. */
static int find_place(struct log_walk *walk, uint64_t seq)
{
	struct record record;
	struct slice line;
	int code;

	walk->position = (struct log_position){ 0, seq };
	if (!seq)
		return ERROR_NONE;
	code = reader_resume(walk->reader);
	if (!code)
		code = reader_change(walk->reader, seq, &line);
	record_init(&record);
	if (!code && (!record_read(&record, line) ||
			     !moment_read(record_text(&record, RECORD_OBSERVED_AT), &walk->position.at_ms)))
		code = ERROR_CORRUPT;
	record_release(&record);
	reader_pause(walk->reader);
	return code;
}

void log_walk_go_on(struct log_walk *walk, uint64_t head_seq)
{
	walk->head_seq = head_seq;
	walk->ended = walk->seq >= head_seq;
	if (walk->ended || !walk->term_count)
		return;
	walk->code = find_place(walk, walk->seq);
	begin_sources(walk);
}

void log_walk_begin(struct log_walk *walk, uint64_t after_seq)
{
	walk->seq = after_seq;
	walk->ended = false;
	walk->code = ERROR_NONE;
	walk->at = 0;
	buf_init(&walk->chunk, READER_CHUNK + CHANGE_BYTES_MAX);
	if (walk->order == LOG_BY_SEQ) {
		log_walk_go_on(walk, walk->head_seq);
		return;
	}
	if (walk->order == LOG_NEWEST_FIRST)
		walk->position = (struct log_position){ walk->until_ms + 1, 0 };
	else
		walk->position = (struct log_position){ walk->since_ms, 0 };
	begin_sources(walk);
}

void log_walk_release(struct log_walk *walk)
{
	buf_release(&walk->chunk);
}

/* ---- one step: the seq of the next record, 0 at the end --------------------------------------------------------------*/

static int compare_positions(const struct log_position *a, const struct log_position *b)
{
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static bool is_ready(struct log_walk *walk, struct log_source *source)
{
	int code;

	if (source->ready || source->ended || walk->code)
		return source->ready;
	code = reader_term_next(walk->reader, source->term, source->order, &source->next,
		walk->order == LOG_NEWEST_FIRST, &source->event);
	source->ready = !code;
	source->ended = code == ERROR_NOT_FOUND;
	if (code && code != ERROR_NOT_FOUND)
		walk->code = code;
	return source->ready;
}

/* What falls under several terms is met once: the sources that stand at it move on together. */
static bool step_terms(struct log_walk *walk, enum event *event)
{
	int wanted = walk->order == LOG_NEWEST_FIRST ? 1 : -1;
	const struct log_source *first = NULL;

	for (unsigned i = 0; i < 2 * walk->term_count; i++)
		if (is_ready(walk, &walk->source[i]) &&
			(!first || compare_positions(&walk->source[i].next, &first->next) == wanted))
			first = &walk->source[i];
	if (!first || walk->code)
		return false;
	walk->position = first->next;
	*event = first->event;
	for (unsigned i = 0; i < 2 * walk->term_count; i++)
		if (walk->source[i].ready && compare_positions(&walk->source[i].next, &walk->position) == 0)
			walk->source[i].ready = false;
	return true;
}

static bool step_time(struct log_walk *walk)
{
	int code = reader_change_next(walk->reader, &walk->position, walk->order == LOG_NEWEST_FIRST);

	if (code && code != ERROR_NOT_FOUND)
		walk->code = code;
	return !code;
}

/* `event`: EVENT_COUNT where only the line tells. */
static uint64_t step(struct log_walk *walk, enum event *event)
{
	bool by_seq = walk->order == LOG_BY_SEQ;

	*event = EVENT_COUNT;
	if (by_seq && !walk->term_count)
		return walk->seq < walk->head_seq ? ++walk->seq : 0;
	if (walk->term_count ? !step_terms(walk, event) : !step_time(walk))
		return 0;
	if (!by_seq && (walk->position.at_ms < walk->since_ms || walk->position.at_ms > walk->until_ms))
		return 0;
	if (by_seq && walk->position.seq > walk->head_seq)
		return 0;
	if (by_seq)
		walk->seq = walk->position.seq;
	return walk->position.seq;
}

/* ---- chunks ----------------------------------------------------------------------------------------------------------*/

static void keep(struct log_walk *walk, struct slice line)
{
	uint8_t length[LENGTH_BYTES];

	put_u32(length, line.size);
	buf_add(&walk->chunk, length, sizeof(length));
	buf_slice(&walk->chunk, line);
}

/* A quick look, without parsing all of it. */
static bool wants_line(const struct log_walk *walk, struct slice line)
{
	enum event event = event_of_name(record_line_event(line));

	return event < EVENT_COUNT && walk->event[event];
}

static void end_walk(struct log_walk *walk)
{
	walk->ended = true;
	if (walk->order == LOG_BY_SEQ && !walk->code && walk->seq < walk->head_seq)
		walk->seq = walk->head_seq;
}

static void fill(struct log_walk *walk)
{
	struct slice line;

	buf_reset(&walk->chunk);
	walk->at = 0;
	walk->code = reader_resume(walk->reader);
	for (unsigned steps = 0; steps < STEPS_MAX && !walk->code && walk->chunk.size < READER_CHUNK; steps++) {
		enum event event;
		uint64_t seq = step(walk, &event);

		if (!seq) {
			end_walk(walk);
			break;
		}
		if (seq > walk->head_seq || (event < EVENT_COUNT && !walk->event[event]))
			continue;
		walk->code = reader_change(walk->reader, seq, &line);
		if (walk->code == ERROR_NOT_FOUND)
			walk->code = ERROR_CORRUPT; /* the log has no holes */
		if (!walk->code && wants_line(walk, line))
			keep(walk, line);
	}
	reader_pause(walk->reader);
}

bool log_walk_next(struct log_walk *walk, struct slice *line)
{
	while (walk->at >= walk->chunk.size && !walk->ended && !walk->code)
		fill(walk);
	if (walk->at >= walk->chunk.size)
		return false;
	line->size = get_u32((const uint8_t *)walk->chunk.data + walk->at);
	line->data = walk->chunk.data + walk->at + LENGTH_BYTES;
	walk->at += LENGTH_BYTES + line->size;
	return true;
}
