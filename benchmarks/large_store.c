/* SPDX-License-Identifier: Apache-2.0 */
/*
 * large_store STORE REPOS RECORDS: a made-up store of any size, written by the library: REPOS models in one sweep, and
 * RECORDS records about them, a second apart. For queries.py.
 *
 * Owners have 1 to 10,000 repos, a few licenses are declared by most, half of the records are metadata.changed: what is
 * rare on the Hub is rare here. The same arguments make the same store, but for its ledger's id.
 */
#include <stdio.h>
#include <stdlib.h>

#include "storage/change_log.h"
#include "storage/committer.h"
#include "storage/meta.h"

enum { PAGE_ROWS = 1000, BATCH_PAGES = 25, BODY_BYTES_MAX = 4 << 20, RECORDS_AT_ONCE = 20000 };

#define FIRST_MS INT64_C(1735689600000)

static const char *const licenses[] = { "apache-2.0", "apache-2.0", "apache-2.0", "mit", "mit", "openrail", "llama3.1", "gemma",
	"cc-by-nc-4.0", "other", "gpl-3.0", "cc-by-4.0", "bigcode-openrail-m", "afl-3.0", "wtfpl", "zlib" };

/* Seldom and often alike: the event of the n-th record. */
static const enum event events[] = { EVENT_METADATA_CHANGED, EVENT_METADATA_CHANGED, EVENT_METADATA_CHANGED,
	EVENT_METADATA_CHANGED, EVENT_METADATA_CHANGED, EVENT_REPO_CREATED, EVENT_REPO_CREATED, EVENT_LICENSE_DECLARED,
	EVENT_REPO_GONE, EVENT_LICENSE_SWITCHED };

static uint64_t mix(uint64_t n)
{
	n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9u;
	n = (n ^ (n >> 27)) * 0x94D049BB133111EBu;
	return n ^ (n >> 31);
}

static const char *license_of(uint64_t n)
{
	uint64_t pick = mix(n) % 64;

	return licenses[pick < ARRAY_COUNT(licenses) ? pick : pick % 6]; /* the last ones seldom */
}

static void write_name(uint64_t repo, char *name, size_t size)
{
	uint64_t owner = mix(repo) % 100 < 20 ? repo % 20 : repo / 3;

	snprintf(name, size, "owner-%llu/model-%llu", (unsigned long long)owner, (unsigned long long)repo);
}

static void stop(const struct store_problem *problem)
{
	fprintf(stderr, "large_store: %s\n", problem->text[0] ? problem->text : error_text(problem->code));
	exit(1);
}

/* ---- repos -----------------------------------------------------------------------------------------------------------*/

static void write_row(uint64_t repo, struct buf *body)
{
	char name[64];

	write_name(repo, name, sizeof(name));
	buf_printf(body, "%s{\"_id\":\"64%022llx\",\"id\":\"%s\",\"author\":\"%.*s\",\"cardData\":{\"license\":\"%s\",\"language\":"
			 "[\"en\"],\"tags\":[\"t-%llu\"]},\"createdAt\":\"2024-01-01T00:00:00.000Z\",\"disabled\":false,\"gated\":false,"
			 "\"private\":false,\"lastModified\":\"2024-06-01T00:00:00.000Z\",\"sha\":\"%040llx\",\"downloads\":%llu,"
			 "\"likes\":%llu,\"tags\":[\"license:%s\"]}",
		repo % PAGE_ROWS ? "," : "[", (unsigned long long)repo, name, (int)(strchr(name, '/') - name), name,
		license_of(repo), (unsigned long long)mix(repo) % 10000, (unsigned long long)mix(repo + 1),
		(unsigned long long)(1000000 / (1 + mix(repo) % 100000)), (unsigned long long)mix(repo) % 50, license_of(repo));
}

static void commit_pages(struct store *store, struct answer *answers, size_t count, struct committer *committer)
{
	struct answer *pointer[BATCH_PAGES];
	struct commit_counts counts;
	struct store_problem problem = { 0 };

	(void)store;
	for (size_t i = 0; i < count; i++)
		pointer[i] = &answers[i];
	if (committer_run(committer, pointer, count, &counts, &problem))
		stop(&problem);
	for (size_t i = 0; i < count; i++)
		page_release(&answers[i].page);
}

static void make_repos(struct store *store, uint64_t repos)
{
	struct projection projection = { .kind = REPO_MODEL, .fields = fields_asked(REPO_MODEL), .rules = CANON_RULES };
	struct preparer *preparer = preparer_new(store, false);
	struct committer *committer = committer_new(store);
	struct buf body = BUF_INIT(BODY_BYTES_MAX);
	struct store_problem problem = { 0 };
	struct answer answers[BATCH_PAGES];
	size_t filled = 0;

	for (uint64_t repo = 0; repo < repos; repo++) {
		bool last = repo + 1 == repos;

		write_row(repo, &body);
		if ((repo + 1) % PAGE_ROWS && !last)
			continue;
		buf_char(&body, ']');
		memset(buf_reserve(&body, JSON_PADDING), 0, JSON_PADDING);
		answers[filled] = (struct answer){ .lane = LANE_SWEEP, .kind = REPO_MODEL, .answered_ms = FIRST_MS,
			.in_sweep = true, .sweep_first = repo < PAGE_ROWS, .sweep_last = last };
		if (preparer_page(preparer, body.data, body.size, &projection, &page_limits_none, &answers[filled].page, &problem))
			stop(&problem);
		buf_reset(&body);
		if (++filled == BATCH_PAGES || last) {
			commit_pages(store, answers, filled, committer);
			filled = 0;
		}
	}
	buf_release(&body);
	preparer_free(&preparer);
	committer_free(&committer);
}

/* ---- records ---------------------------------------------------------------------------------------------------------*/

static void state_of(const char *name, const char *license, struct state *state)
{
	*state = (struct state){ .name = slice_of(name) };
	state->statement.source = STATEMENT_CARD;
	state->statement.id_count = 1;
	state->statement.id[0] = slice_of(license);
	license_mean(&state->statement, &state->meaning);
}

static void append(struct txn *txn, struct log_head *head, uint64_t n, uint64_t repos, const struct change_origin *origin,
	struct buf *line, struct change_terms *terms)
{
	static const struct slice fields[] = { SLICE("cardData.license"), SLICE("cardData.tags") };
	uint64_t repo = mix(n) % repos;
	enum event event = events[mix(n + 7) % ARRAY_COUNT(events)];
	bool license = event_is_license(event);
	struct change_side before = { .version = 1 }, after = { .version = 2 };
	struct state old, new;
	struct repo_oid oid = { { 0x64 } };
	char name[64];
	struct change change = {
		.event = event,
		.has_repo = true,
		.kind = REPO_MODEL,
		.at_ms = FIRST_MS + (int64_t)(n + 1) * 1000,
		.observed_after_ms = FIRST_MS,
		.before = event == EVENT_REPO_CREATED ? NULL : &before,
		.after = event == EVENT_REPO_GONE ? NULL : &after,
		.field_count = 1,
		.fields = license ? &fields[0] : &fields[1],
		.downloads = { true, mix(n) % 1000 },
		.likes = { true, mix(n) % 10 },
	};

	write_name(repo, name, sizeof(name));
	put_be(oid.byte + 4, repo, 8);
	state_of(name, license_of(repo), &old);
	state_of(name, license ? license_of(n) : license_of(repo), &new);
	before.state = &old;
	after.state = &new;
	change.name = slice_of(name);
	change.oid = oid;
	change.observed_at_ms = change.at_ms;
	change_log_append(txn, head, &change, (uint32_t)repo + 1, origin, line, terms);
}

static void make_records(struct store *store, uint64_t repos, uint64_t records)
{
	const struct change_origin origin = { store_ledger(store), store_hub(store) };
	struct buf line = BUF_INIT(CHANGE_BYTES_MAX);
	struct change_terms terms = { 0 };
	struct store_problem problem = { 0 };

	change_terms_init(&terms);
	for (uint64_t n = 0; n < records;) {
		struct log_head head;
		struct txn txn;
		int code = txn_begin(store, true, &txn);

		if (code) {
			store_fail(store, code, "writing", &problem);
			stop(&problem);
		}
		meta_head(&txn, &head);
		for (uint64_t i = 0; i < RECORDS_AT_ONCE && n < records; i++, n++)
			append(&txn, &head, n, repos, &origin, &line, &terms);
		meta_set_head(&txn, &head);
		code = txn_commit(&txn);
		if (code) {
			store_fail(store, code, "writing", &problem);
			stop(&problem);
		}
	}
	change_terms_release(&terms);
	buf_release(&line);
}

int main(int argc, char **argv)
{
	struct store_problem problem = { 0 };
	struct store *store;
	uint64_t repos = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;

	if (!repos) {
		fprintf(stderr, "usage: large_store STORE REPOS RECORDS\n");
		return 64;
	}
	if (store_open(&(struct store_options){ .dir = argv[1], .writable = true, .hub = "https://hub.example" }, &store, &problem))
		stop(&problem);
	mdb_env_set_flags(store_env(store), MDB_NOSYNC, 1); /* whoever is stopped here begins anew */
	make_repos(store, repos);
	make_records(store, repos, strtoull(argv[3], NULL, 10));
	mdb_env_sync(store_env(store), 1);
	store_close(&store);
	return 0;
}
