/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit STORE KIND ROWS.jsonl [PAGES]: how fast decoded pages get into a store, on one core.
 *
 * The rows, in sweep order (by _id), become pages of 1,000; each is prepared (parsed, compared, compressed) and every 25
 * are committed and synced. Done twice: the first pass into an empty store, the second finds all unchanged and commits
 * every 512, as the daemon does with pages that bring nothing new (daemon/crawl/writer.c).
 *
 * commit STORE KIND ROWS.jsonl look AT_MS: the rows as one poll brings them, at that time (unix milliseconds).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "storage/committer.h"
#include "storage/dictionary_train.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

enum { PAGE_ROWS = 1000, BATCH_PAGES = 25, BATCH_UNCHANGED = 512, BODY_BYTES_MAX = 64 << 20 };

struct bench {
	struct store *store;
	struct preparer *preparer;
	struct committer *committer;
	struct projection projection;
	struct answer answer[BATCH_UNCHANGED], *pointer[BATCH_UNCHANGED];
	size_t filled, batch;
	int64_t look_ms; /* 0: a sweep, now */
	double prepare_s, commit_s, longest_commit_s;
	uint64_t rows, fresh, same, records, written_bytes;
};

static double now_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void stop(const struct store_problem *problem)
{
	fprintf(stderr, "commit: %s\n", problem->text[0] ? problem->text : error_text(problem->code));
	exit(1);
}

static void commit(struct bench *bench)
{
	struct dictionary_training training[DICTIONARY_USES];
	struct commit_counts counts;
	struct store_problem problem = { 0 };
	double start = now_s(), took;

	if (committer_run(bench->committer, bench->pointer, bench->filled, &counts, &problem) ||
		dictionary_train(bench->store, training, &problem))
		stop(&problem);
	took = now_s() - start;
	bench->commit_s += took;
	if (took > bench->longest_commit_s)
		bench->longest_commit_s = took;
	bench->fresh += counts.rows_new;
	bench->same += counts.rows_same;
	bench->records += counts.records;
	for (size_t i = 0; i < bench->filled; i++)
		page_release(&bench->answer[i].page);
	bench->filled = 0;
}

static void add_page(struct bench *bench, struct buf *body, bool first, bool last)
{
	struct answer *answer = &bench->answer[bench->filled];
	struct store_problem problem = { 0 };
	double start = now_s();

	buf_char(body, ']');
	memset(buf_reserve(body, JSON_PADDING), 0, JSON_PADDING);
	*answer = (struct answer){ .lane = bench->look_ms ? LANE_POLL : LANE_SWEEP,
		.kind = bench->projection.kind,
		.answered_ms = bench->look_ms ? bench->look_ms : now_ms(),
		.in_sweep = !bench->look_ms,
		.sweep_first = !bench->look_ms && first,
		.sweep_last = !bench->look_ms && last };
	if (preparer_page(bench->preparer, body->data, body->size, &bench->projection, &page_limits_none, &answer->page, &problem))
		stop(&problem);
	bench->prepare_s += now_s() - start;
	bench->rows += answer->page.rows;
	bench->pointer[bench->filled++] = answer;
	if (bench->filled == bench->batch || last)
		commit(bench);
	buf_reset(body);
}

static void pass(struct bench *bench, const char *path, long pages)
{
	struct buf body = BUF_INIT(BODY_BYTES_MAX);
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0, rows = 0;
	ssize_t size = file ? getline(&line, &room, file) : -1;
	bool first = true;
	long page = 0;

	while (size > 0 && page < pages) {
		buf_char(&body, rows ? ',' : '[');
		buf_add(&body, line, (size_t)size);
		size = getline(&line, &room, file);
		if (++rows == PAGE_ROWS || size <= 0) {
			page++;
			add_page(bench, &body, first, size <= 0 || page == pages);
			first = false;
			rows = 0;
		}
	}
	free(line);
	buf_release(&body);
	if (file)
		fclose(file);
}

/* What we have given to write calls so far. The map is not written through. */
static unsigned long long written_bytes(void)
{
	unsigned long long bytes = 0;
	FILE *file = fopen("/proc/self/io", "r");
	char line[80];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "wchar: %llu", &bytes) == 1)
			break;
	if (file)
		fclose(file);
	return bytes;
}

static void say(struct bench *bench, const char *what)
{
	unsigned long long written = written_bytes();
	double total = bench->prepare_s + bench->commit_s;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("%-6s %9llu rows  %8.0f rows/s  prepare %5.2f us  commit %5.2f us  longest commit %3.0f ms  new %llu same %llu "
	       "records %llu  written %llu KiB  peak RSS %ld MiB\n",
		what, (unsigned long long)bench->rows, (double)bench->rows / total, bench->prepare_s / (double)bench->rows * 1e6,
		bench->commit_s / (double)bench->rows * 1e6, bench->longest_commit_s * 1000, (unsigned long long)bench->fresh,
		(unsigned long long)bench->same, (unsigned long long)bench->records, (written - bench->written_bytes) >> 10, usage.ru_maxrss / 1024);
	bench->written_bytes = written;
	bench->prepare_s = bench->commit_s = bench->longest_commit_s = 0;
	bench->rows = bench->fresh = bench->same = bench->records = 0;
}

int main(int argc, char **argv)
{
	static struct bench bench;
	struct store_problem problem = { 0 };
	bool look = argc == 6 && strcmp(argv[4], "look") == 0;
	long pages = argc == 5 ? atol(argv[4]) : 1000000;

	if (argc < 4 || (argc > 5 && !look) || !repo_kind_read(slice_of(argv[2]), &bench.projection.kind)) {
		fprintf(stderr, "usage: commit STORE model|dataset|space ROWS.jsonl [PAGES | look AT_MS]\n");
		return 64;
	}
	if (store_open(&(struct store_options){ .dir = argv[1], .writable = true, .hub = "https://hub.example" }, &bench.store,
		    &problem))
		stop(&problem);
	bench.projection.fields = fields_asked(bench.projection.kind);
	bench.projection.rules = CANON_RULES;
	bench.preparer = preparer_new(bench.store, false);
	bench.committer = committer_new(bench.store);
	bench.batch = BATCH_PAGES;
	bench.look_ms = look ? atoll(argv[5]) : 0;
	pass(&bench, argv[3], pages);
	say(&bench, look ? "look" : "first");
	if (!look) {
		bench.batch = BATCH_UNCHANGED;
		pass(&bench, argv[3], pages);
		say(&bench, "again");
	}
	preparer_free(&bench.preparer);
	committer_free(&bench.committer);
	store_close(&bench.store);
	return 0;
}
