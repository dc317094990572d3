/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two looks at a Hub, committed one after the other into a store that lives on: whatever they are, the store takes them,
 * and is whole after some hundred looks. Input: how each look is made, the first body, an empty line, the second body.
 */
#include <ftw.h>
#include <unistd.h>

#include "storage/committer.h"
#include "storage/verify.h"
#include "tests/fuzz/fuzz.h"

enum { RUNS_PER_STORE = 500, CONFIRMS = 5 };

/* Bits of the byte that says how a look is made. */
enum { SOON = 1, SWEEP = 4, CONFIRM = 8, FIRST = 16, LAST = 32, SKIPPED = 64, OTHER_KIND = 3 };

static struct {
	char dir[64];
	struct store *store;
	struct preparer *preparer;
	struct committer *committer;
	unsigned runs;
	int64_t now_ms;
} fuzz = { .now_ms = 1735689600000 };

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	return remove(path);
}

static void on_finding(void *owner, const struct finding *finding)
{
	(void)owner;
	fprintf(stderr, "%s %s: %s\n", finding->table, finding->key, finding->what);
}

static void check_store(void)
{
	struct verify_options options = { .on_finding = on_finding };
	struct verify_summary summary;

	verify_run(fuzz.store, &options, &summary);
	FUZZ_CHECK(summary.findings == 0);
}

/* Also at the end of the program, when C++ has taken its parsers down: nothing is verified then. */
static void close_store(void)
{
	preparer_free(&fuzz.preparer);
	committer_free(&fuzz.committer);
	store_close(&fuzz.store);
	if (fuzz.dir[0])
		nftw(fuzz.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	fuzz.dir[0] = '\0';
}

static void open_store(void)
{
	struct store_options options = {
		.dir = fuzz.dir, .writable = true, .map_bytes = (size_t)1 << 30, .hub = "https://hub.example",
	};
	struct store_problem problem;

	if (fuzz.store)
		check_store();
	close_store();
	snprintf(fuzz.dir, sizeof(fuzz.dir), "%s", "/dev/shm/relicensed-fuzz-XXXXXX");
	FUZZ_CHECK(mkdtemp(fuzz.dir));
	FUZZ_CHECK(store_open(&options, &fuzz.store, &problem) == 0);
	fuzz.preparer = preparer_new(fuzz.store, fuzz.runs % (2 * RUNS_PER_STORE) != 0);
	fuzz.committer = committer_new(fuzz.store);
	committer_want_texts(fuzz.committer, true, 0);
	if (!fuzz.runs)
		atexit(close_store);
}

static struct answer answer_made(unsigned how)
{
	return (struct answer){
		.lane = how & SWEEP ? LANE_SWEEP : how & CONFIRM ? LANE_CONFIRM : LANE_POLL,
		.kind = how & OTHER_KIND ? REPO_MODEL : REPO_DATASET,
		.answered_ms = fuzz.now_ms,
		.in_sweep = how & SWEEP,
		.sweep_first = how & FIRST,
		.sweep_last = how & LAST,
		.sweep_skipped = how & SKIPPED,
		.url = SLICE("https://hub.example/api/models?limit=1000"),
		.date = SLICE("Wed, 01 Jan 2025 00:00:00 GMT"),
		.request_id = SLICE("Root=1-fuzz"),
	};
}

static int prepare(struct slice body, struct answer *answer)
{
	struct projection projection = {
		.kind = answer->kind,
		.endpoint = answer->lane == LANE_CONFIRM ? ENDPOINT_SINGLE : ENDPOINT_LIST,
		.fields = fields_asked(answer->kind),
		.rules = CANON_RULES,
	};
	char *padded = fuzz_padded((const uint8_t *)body.data, body.size);
	struct store_problem problem = { 0 };
	int error = preparer_page(fuzz.preparer, padded, body.size, &projection, &page_limits_none, &answer->page, &problem);

	free(padded);
	return error;
}

static void look(struct slice body, unsigned how)
{
	struct answer answer = answer_made(how), *answers[] = { &answer };
	struct commit_counts counts = { 0 };
	struct store_problem problem = { 0 };

	fuzz.now_ms += how & SOON ? 60 * 1000 : 3600 * 1000;
	if (prepare(body, &answer) == 0) {
		answer.confirm = answer.lane == LANE_CONFIRM ? (how >> 5) % CONFIRMS : 0;
		if (answer.lane == LANE_CONFIRM && answer.page.count)
			answer.confirm_oid = answer.page.observations[0].oid;
		FUZZ_CHECK(committer_run(fuzz.committer, answers, 1, &counts, &problem) == 0);
	}
	page_release(&answer.page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice first, second = SLICE_NONE;
	const char *mark;

	if (size < 2)
		return 0;
	if (fuzz.runs % RUNS_PER_STORE == 0)
		open_store();
	fuzz.runs++;
	first = (struct slice){ (const char *)data + 2, size - 2 };
	mark = memmem(first.data, first.size, "\n\n", 2);
	if (mark) {
		second = (struct slice){ mark + 2, (size_t)(first.data + first.size - mark) - 2 };
		first.size = (size_t)(mark - first.data);
	}
	look(first, data[0]);
	if (mark)
		look(second, data[1]);
	return 0;
}
