/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store in a fresh folder, fed with answers of a Hub and read back as text.
 *
 *     struct fixture *f = fixture_new();
 *     fixture_sweep(f, DAY(1), ROW(f, .card = "{\"license\":\"mit\"}"));
 *     fixture_poll(f, DAY(2), ROW(f, .card = "{\"license\":\"gpl-3.0\"}", .sha = 2));
 *     assert_string_equal(fixture_events(f, 0), "license.switched[cardData.license]");
 *     fixture_free(f);
 *
 * What goes wrong in here fails the test at hand. Texts live until fixture_free(). One thread.
 */
#ifndef TESTS_UNIT_STORAGE_FIXTURE_H
#define TESTS_UNIT_STORAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "storage/committer.h"
#include "storage/model/error.h"
#include "storage/model/moment.h"
#include "storage/reader.h"
#include "storage/txn.h"

struct fixture {
	char dir[64];
	struct store *store;
	struct preparer *preparer;
	struct committer *committer;
	struct projection projection; /* of the next answers */
	bool private_repos;
	struct commit_counts counts;  /* of the last commit */
	struct store_problem problem;
	struct arena texts;
	struct json json;
};

/* Days in 2025, hours within one: the times of answers. */
#define DAY(n) (INT64_C(1735689600000) + (int64_t)(n) * 86400000)
#define HOUR(n) ((int64_t)(n) * 3600000)

/* A row as the Hub sends it; what is not given is usual. Text members are JSON, "" leaves the member out. */
struct fixture_row {
	unsigned n;           /* _id: the n-th oid (1 where it is 0) */
	const char *id;       /* plain text; "org/repo-N" */
	const char *author;   /* plain text; the first part of id */
	const char *card;     /* {} */
	const char *tags;     /* [] */
	const char *gated, *disabled, *is_private; /* false */
	const char *created;  /* 2024-01-01 */
	const char *modified; /* 2024-06-01 */
	unsigned sha;         /* 1 where it is 0 */
	unsigned downloads, likes;
	const char *more;     /* ,"key":value ... */
};

#define ROW(f, ...) fixture_row((f), &(struct fixture_row){ __VA_ARGS__ })

struct fixture *fixture_new(void);
void fixture_free(struct fixture *f);
/* Closes and opens the store again, as a restart does. */
void fixture_reopen(struct fixture *f);
/* The same around something done to the closed store. */
void fixture_shut(struct fixture *f);
void fixture_open(struct fixture *f);

const char *fixture_row(struct fixture *f, const struct fixture_row *row);
char *fixture_oid(struct fixture *f, unsigned n); /* 24 hex digits; grows with n */
struct repo_oid fixture_oid_bytes(unsigned n);
__attribute__((format(printf, 2, 3))) const char *fixture_text(struct fixture *f, const char *format, ...);

/* One answer, prepared: its page is the caller's until fixture_commit() releases it. Rows: objects parted by commas. */
void fixture_prepare(struct fixture *f, struct answer *answer, enum lane lane, int64_t at_ms, const char *rows);
int fixture_prepare_body(struct fixture *f, struct answer *answer, enum lane lane, int64_t at_ms, struct slice body);
int fixture_try_commit(struct fixture *f, struct answer *answers, size_t count);
void fixture_commit(struct fixture *f, struct answer *answers, size_t count);

/* Prepared and committed at once: a sweep of one page, a page of a poll, a confirmation. */
void fixture_sweep(struct fixture *f, int64_t at_ms, const char *rows);
void fixture_poll(struct fixture *f, int64_t at_ms, const char *rows);
void fixture_confirm(struct fixture *f, int64_t at_ms, enum confirm_outcome outcome, unsigned n, const char *rows);
/* A dump of that day; complete: with all there is. */
void fixture_import(struct fixture *f, int64_t at_ms, bool complete, const char *rows);
/* One page of a longer sweep. */
void fixture_page(struct fixture *f, int64_t at_ms, bool first, bool last, const char *rows);

uint64_t fixture_head(struct fixture *f);
const char *fixture_record(struct fixture *f, uint64_t seq);
/* The raw text at a dotted path of a JSON text: fixture_get(f, record, "before.license_name"). "" where there is none. */
const char *fixture_get(struct fixture *f, const char *json, const char *path);
/* fixture_get() of a record. */
const char *fixture_field(struct fixture *f, uint64_t seq, const char *path);
/* The records behind `after` in short: "license.switched[cardData.license] repo.renamed[author,id]" */
const char *fixture_events(struct fixture *f, uint64_t after);
struct repo_ref fixture_repo(struct fixture *f, unsigned n);
const char *fixture_canonical(struct fixture *f, unsigned n, uint32_t version);
struct snapshot fixture_snapshot(struct fixture *f, unsigned n, uint32_t version);
uint64_t fixture_missing(struct fixture *f);
/* Damage: the value under a key gets another byte there, or in its last one where it is shorter. */
void fixture_flip(struct txn *txn, enum store_table table, struct slice key, size_t at);
/* The same of what lies in the file, behind the back of txn.c: check words are not written anew. */
void fixture_flip_stored(struct txn *txn, enum store_table table, struct slice key, size_t at);
/* Takes the check words off all values, and makes the schema the one before there were any. */
void fixture_unseal(struct txn *txn);
/* All that a reader can come to: rows, versions, statements, records and the chain. Fails where anything is damaged. */
void fixture_verify(struct fixture *f);
/* Rows, versions and events without seq, times and hashes, as one text: equal for two stores that know the same. */
const char *fixture_dump(struct fixture *f);

#endif
