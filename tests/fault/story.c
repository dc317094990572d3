/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/story.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STORY_ROWS = 60, STORY_ANSWERS = 2 };

static const char *const licenses[] = { "mit", "apache-2.0", "gpl-3.0", "cc-by-nc-4.0", "llama2" };

unsigned story_next(struct fixture *f)
{
	struct reader *reader;
	struct slice text;
	unsigned next = 0;

	if (reader_open(f->store, &reader, &f->problem))
		fail_msg("%s", f->problem.text);
	if (reader_cursor(reader, LANE_POLL, REPO_MODEL, &text) == 0)
		for (size_t i = 0; i < text.size; i++)
			next = next * 10 + (unsigned)(text.data[i] - '0');
	reader_close(&reader);
	return next;
}

/* Repo n as it is at a step: its license moves now and then, and so does its name. */
static const char *row_at(struct fixture *f, unsigned n, unsigned step)
{
	unsigned age = (step + n * 7) / 9;

	return ROW(f, .n = n, .id = fixture_text(f, "org-%u/repo-%u", n % 5, n + (age % 4 == 3 ? 1000 : 0)),
		.card = fixture_text(f, "{\"license\":\"%s\",\"language\":[\"en\"],\"n\":%u}", licenses[(n + age) % ARRAY_COUNT(licenses)], n),
		.sha = age + 1, .likes = step, .gated = age % 5 == 4 ? "\"auto\"" : "false",
		.created = n > 40 ? "2025-01-10T00:00:00.000Z" : NULL);
}

static const char *rows_at(struct fixture *f, unsigned first, unsigned last, unsigned step)
{
	const char *text = row_at(f, first, step);

	for (unsigned n = first + 1; n <= last; n++)
		if (n % 11 != step / 8) /* not all of them are always listed */
			text = fixture_text(f, "%s,%s", text, row_at(f, n, step));
	return text;
}

/* Every fourth step is a sweep's first half, the one behind it the other; the rest are polls, with damage among them. */
static void prepare(struct fixture *f, unsigned step, struct answer answers[STORY_ANSWERS])
{
	unsigned rows = step < 12 ? 40 : STORY_ROWS;

	if (step % 4 < 2) {
		bool first = step % 4 == 0;
		fixture_prepare(f, &answers[0], LANE_SWEEP, DAY(step),
			first ? rows_at(f, 1, rows / 2, step) : rows_at(f, rows / 2 + 1, rows, step));
		answers[0].sweep_first = first;
		answers[0].sweep_last = !first;
	} else {
		fixture_prepare(f, &answers[0], LANE_POLL, DAY(step),
			fixture_text(f, "%s,{\"id\":\"damaged-%u\"}", rows_at(f, 3, 9, step), step));
	}
	fixture_prepare(f, &answers[1], LANE_CONFIRM, DAY(step) + 1, "");
	answers[1].confirm = CONFIRM_GONE;
	answers[1].confirm_oid = fixture_oid_bytes(step % 22);
	answers[0].lane = answers[0].lane == LANE_POLL ? LANE_POLL : answers[0].lane;
}

int story_step(struct fixture *f, unsigned step, unsigned again)
{
	struct answer answers[STORY_ANSWERS + 1], *pointers[STORY_ANSWERS + 1];
	int code;

	prepare(f, step, answers);
	fixture_prepare(f, &answers[STORY_ANSWERS], LANE_POLL, DAY(step) + 2, "");
	answers[STORY_ANSWERS].cursor = slice_of(fixture_text(f, "%u", step + 1));
	for (unsigned i = 0; i <= STORY_ANSWERS; i++)
		pointers[i] = &answers[i];
	do
		code = committer_run(f->committer, pointers, STORY_ANSWERS + 1, &f->counts, &f->problem);
	while (code && again--);
	for (unsigned i = 0; i <= STORY_ANSWERS; i++)
		page_release(&answers[i].page);
	return code;
}

const char *story_undisturbed(struct fixture *f)
{
	for (unsigned step = 0; step < STORY_STEPS; step++)
		assert_int_equal(story_step(f, step, 0), 0);
	return fixture_dump(f);
}

/* Ends with the test at the latest. */
static void read_for_ever(struct fixture *f, int ready)
{
	static const struct timespec pause = { 0, 1000000 };
	struct store_options options = { .dir = f->dir };
	struct log_head head;
	struct reader *reader;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (store_open(&options, &f->store, &f->problem) || reader_open(f->store, &reader, &f->problem) ||
		write(ready, "x", 1) != 1)
		_exit(1);
	while (reader_head(reader, &head) == 0) {
		reader_pause(reader);
		nanosleep(&pause, NULL);
		if (reader_resume(reader))
			_exit(1);
	}
	_exit(1);
}

pid_t attach_reader(struct fixture *f)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0)
		read_for_ever(f, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		fail_msg("a reader could not open the store");
	close(ready[0]);
	return child;
}

void detach_reader(pid_t reader)
{
	int status;

	kill(reader, SIGKILL);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_true(WIFSIGNALED(status)); /* it never failed to read */
}
