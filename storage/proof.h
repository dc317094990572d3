/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proof: one file that says what a repo declared at a time, with all that a stranger needs to check it without the store.
 *
 *     {"proof":1,"about":"...","ledger":"...","hub":"...","kind":"model","repo":"o/n","oid":"...","url":"...",
 *      "at":T,"certainty":"unchanged","series":"observed","version":2,             the answer
 *      "first_seen":T,"last_seen":T,"next_seen":T,"from":null,"until":null,         and its interval
 *      "state":{...},"begin":41,"end":57,"also":[42],    the side of a record; the records that brought and ended it, and others
 *      "snapshot":{"version":2,"projection":"...","metadata":{...}},"look":{...},
 *      "receipts":[{"seq":41,"url":"...","date":"...","request_id":"...","row":{...}}],
 *      "chain":[{"first":41,"last":60,"head":"LEDGER 60 HASH TIME","bytes":N,"zstd":"BASE64"}],
 *      "as_of":T,"tables":"...","sha256":"..."}
 *
 * A chain is every line of the log from `first` to `last`, as stored, each ended by a line feed: the log is chained line by
 * line (model/change.h), so that none between a record and a later head can be left out. They are public records, and compress
 * to a tenth. Far records have chains of their own. `sha256` is of the file up to but without ,"sha256": it finds what was
 * damaged, not what was forged: against that stand the chain and a head that was kept elsewhere.
 *
 * What checking can say: that the record was in the log when the head was published, and what it says. It cannot say that the
 * Hub said so: for that there is the ledger's word, and the row as received, which no hash of the log covers.
 *
 * The file is a stranger's: every size is bounded before memory is taken. Pure: no store, any thread.
 */
#ifndef STORAGE_PROOF_H
#define STORAGE_PROOF_H

#include "storage/model/arena.h"
#include "storage/model/change_read.h"

enum {
	PROOF_FORM = 1,
	PROOF_BYTES_MAX = 128 << 20,      /* of a file */
	PROOF_LINES_BYTES_MAX = 64 << 20, /* of all chains, unpacked */
	PROOF_RECORDS_MAX = 100000,       /* of all chains */
	PROOF_CHAINS_MAX = 16,
	PROOF_RECEIPTS_MAX = 64,
	PROOF_FINDINGS_MAX = 128,
};

/* ---- making: the parts that are of this form; the command puts them together ----------------------------------------- */

/* `lines` packed and in base64, appended. */
void proof_pack_lines(struct slice lines, struct buf *out);
/* Appends ,"sha256":"..."} to a file that lacks only these. */
void proof_seal(struct buf *file);

/* ---- checking -------------------------------------------------------------------------------------------------------- */

enum proof_word {
	PROOF_PROVEN,   /* follows from records whose hashes were recomputed */
	PROOF_ASSERTED, /* the store's word: it agrees with the rest, and nothing in the file proves it */
	PROOF_BROKEN,   /* does not agree */
};

enum proof_verdict { PROOF_HOLDS, PROOF_IS_BROKEN, PROOF_OF_NOTHING };

struct proof_finding {
	enum proof_word word;
	const char *about; /* "file", "chain", "begin", "end", "time", "row", "metadata", "head" */
	struct slice text;
};

struct proof_report {
	enum proof_verdict verdict; /* of the state: whether a record that is proven tells it */
	enum proof_word time;       /* of its having been so at the time; proven: both its ends are */
	struct slice repo, oid, at, certainty, series; /* as the file says; size 0: it does not */
	struct slice license; /* of the state, for people */
	struct side_read state;
	unsigned head_count;
	struct slice head[PROOF_CHAINS_MAX]; /* recomputed: "LEDGER SEQ HASH TIME" of the last record of each chain */
	unsigned count;
	struct proof_finding finding[PROOF_FINDINGS_MAX];
	struct arena arena; /* all texts */
};

/* `head`: a line of `relicense head` that was kept elsewhere; size 0: none. Release the report in any case. */
void proof_check(struct slice file, struct slice head, struct proof_report *report);
/* What a row as it was received says by today's rules, in the arena; false where it is none. */
bool received_row_read(struct json *json, enum repo_kind kind, struct slice bytes, struct arena *arena, struct row *row,
	struct state *state);
void proof_report_release(struct proof_report *report);

const char *proof_word_name(enum proof_word word);          /* "proven", "asserted", "broken" */
const char *proof_verdict_name(enum proof_verdict verdict); /* "proven", "broken", "nothing" */

#endif
