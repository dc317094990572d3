/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults of a body on its way: each describes by a struct course how it goes, one callback follows it.
 */
#include <stdlib.h>

#include "storage/model/memory.h"
#include "tests/hubsim/call.h"
#include "tests/hubsim/random.h"

enum {
	BLOCK_BYTES = 64 << 10,
	BOMB_BYTES = 256 << 20,
	DRIP_BYTES = 64,
	DRIP_MS = 100,
	MORE_BYTES = 1000, /* what wrong-length promises on top */
};

enum course_end { END_CUT, END_RESET, END_SILENCE };

struct course {
	struct call *call;
	char *data;
	size_t size;
	size_t until;        /* there it ends */
	enum course_end end;
	bool endless;        /* spaces behind the data, for ever */
	size_t piece;        /* bytes at a time, 0: as many as fit */
	bool paused;         /* before the next piece */
	bool over;           /* the silence is over */
};

/* --- following it --------------------------------------------------------------------------------------------------*/

static ssize_t end(struct course *course)
{
	if (course->end == END_SILENCE && !course->over) {
		course->over = true;
		call_wait(course->call, SILENCE_MS);
		return 0;
	}
	if (course->end != END_CUT)
		call_reset(course->call);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t on_body(void *context, uint64_t at, char *out, size_t room)
{
	struct course *course = context;

	if (course->endless && at >= course->size) {
		memset(out, ' ', room);
		return (ssize_t)room;
	}
	if (at >= course->until)
		return end(course);
	if (course->piece && at && !course->paused) {
		course->paused = true;
		call_wait(course->call, DRIP_MS);
		return 0;
	}
	course->paused = false;
	if (course->piece && room > course->piece)
		room = course->piece;
	if (room > course->until - at)
		room = course->until - at;
	memcpy(out, course->data + at, room);
	return (ssize_t)room;
}

static void on_released(void *context)
{
	struct course *course = context;

	free(course->data);
	free(course);
}

/* `declared` is the Content-Length. */
static struct MHD_Response *follow(struct sending *sending, const struct course *wanted, uint64_t declared)
{
	struct course *course = memory_new(sizeof(*course));

	*course = *wanted;
	course->call = sending->call;
	course->data = sending->data;
	course->size = sending->size;
	return MHD_create_response_from_callback(declared, BLOCK_BYTES, on_body, course, on_released);
}

/* --- the faults: NULL where there is no body for it ----------------------------------------------------------------*/

static struct MHD_Response *reset_body(struct sending *sending)
{
	struct course course = { .until = sending->size / 2, .end = END_RESET };

	return sending->size > 1 ? follow(sending, &course, sending->size) : NULL;
}

/* That before the head is call_send()'s. */
static struct MHD_Response *stall(struct sending *sending)
{
	uint64_t *dice = &sending->call->exchange.sim->faults.random;
	struct course course = { .until = random_chance(dice, 0.5) ? sending->size / 2 : 0, .end = END_SILENCE };

	return sending->size > 1 ? follow(sending, &course, sending->size) : NULL;
}

static struct MHD_Response *drip(struct sending *sending)
{
	struct course course = { .until = sending->size, .piece = DRIP_BYTES };

	return sending->size > DRIP_BYTES ? follow(sending, &course, sending->size) : NULL;
}

static struct MHD_Response *wrong_length(struct sending *sending)
{
	struct course course = { .until = sending->size };

	return follow(sending, &course, sending->size + MORE_BYTES);
}

static struct MHD_Response *endless(struct sending *sending)
{
	struct course course = { .until = sending->size, .endless = true };

	return follow(sending, &course, MHD_SIZE_UNKNOWN);
}

static struct MHD_Response *cut_gzip(struct sending *sending)
{
	if (!sending->gzip && (!sending->size || !sending_pack(sending, sending->size + BLOCK_BYTES)))
		return NULL;
	sending->size /= 2;
	return MHD_create_response_from_buffer(sending->size, sending->data, MHD_RESPMEM_MUST_FREE);
}

/* Made once, since that takes longer than a client may wait. Zeros that nobody has written take no memory. */
static struct MHD_Response *bomb(struct sending *sending)
{
	static struct sending made;

	if (!made.data) {
		made = (struct sending){ .call = sending->call, .data = calloc(1, BOMB_BYTES), .size = BOMB_BYTES };
		if (!made.data || !sending_pack(&made, BOMB_BYTES / 64))
			memory_failed("bomb");
	}
	free(sending->data);
	sending->size = made.size;
	sending->gzip = true;
	return MHD_create_response_from_buffer(made.size, made.data, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *(*const acts[FAULT_COUNT])(struct sending *sending) = {
	[FAULT_RESET_BODY] = reset_body,
	[FAULT_STALL] = stall,
	[FAULT_DRIP] = drip,
	[FAULT_WRONG_LENGTH] = wrong_length,
	[FAULT_CUT_GZIP] = cut_gzip,
	[FAULT_ENDLESS] = endless,
	[FAULT_BOMB] = bomb,
};

struct MHD_Response *sending_fault(struct sending *sending)
{
	struct exchange *exchange = &sending->call->exchange;
	struct MHD_Response *response;

	if (exchange->fault == FAULT_NONE || !acts[exchange->fault])
		return NULL;
	response = acts[exchange->fault](sending);
	if (response && !exchange->fault_happened)
		fault_happened(exchange);
	return response;
}
