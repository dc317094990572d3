/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/log_walk.h"

enum { STEPS_MAX = 8192, LENGTH_BYTES = 4 };

void log_walk_begin(struct log_walk *walk, uint64_t after_seq)
{
	walk->seq = after_seq;
	walk->ended = false;
	walk->code = ERROR_NONE;
	walk->at = 0;
	buf_init(&walk->chunk, READER_CHUNK + CHANGE_BYTES_MAX);
	if (walk->order == LOG_NEWEST_FIRST)
		walk->position = (struct log_position){ walk->until_ms + 1, 0 };
	else
		walk->position = (struct log_position){ walk->since_ms, 0 };
}

void log_walk_release(struct log_walk *walk)
{
	buf_release(&walk->chunk);
}

/* Moves on to the next record and gives its seq; 0 at the end. */
static uint64_t step(struct log_walk *walk)
{
	bool backwards = walk->order == LOG_NEWEST_FIRST;
	int code;

	if (walk->order == LOG_BY_SEQ)
		return walk->seq < walk->head_seq ? ++walk->seq : 0;
	code = reader_change_next(walk->reader, &walk->position, backwards);
	if (code && code != ERROR_NOT_FOUND)
		walk->code = code;
	if (code || walk->position.at_ms < walk->since_ms || walk->position.at_ms > walk->until_ms)
		return 0;
	return walk->position.seq;
}

static void keep(struct log_walk *walk, struct slice line)
{
	uint8_t length[LENGTH_BYTES];

	put_u32(length, line.size);
	buf_add(&walk->chunk, length, sizeof(length));
	buf_slice(&walk->chunk, line);
}

static void fill(struct log_walk *walk)
{
	struct slice line;

	buf_reset(&walk->chunk);
	walk->at = 0;
	walk->code = reader_resume(walk->reader);
	for (unsigned steps = 0; steps < STEPS_MAX && !walk->code && !walk->ended; steps++) {
		uint64_t seq = step(walk);

		if (!seq) {
			walk->ended = true;
			break;
		}
		if (seq > walk->head_seq)
			continue;
		walk->code = reader_change(walk->reader, seq, &line);
		if (walk->code == ERROR_NOT_FOUND)
			walk->code = ERROR_CORRUPT; /* the log has no holes */
		if (!walk->code && walk->wanted(walk->owner, line))
			keep(walk, line);
		if (walk->chunk.size >= READER_CHUNK)
			break;
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
