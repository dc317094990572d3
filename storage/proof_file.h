/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of proof_check() share: the file taken apart, its chains unpacked, and the findings. Not for others.
 */
#ifndef STORAGE_PROOF_FILE_H
#define STORAGE_PROOF_FILE_H

#include "storage/proof.h"

struct proof_chain {
	uint64_t first, last;      /* as the file says */
	uint64_t bytes;            /* unpacked */
	struct slice head, packed; /* packed: base64 */
	/* once it was checked: */
	bool good;
	int64_t last_ms; /* observed_at of its last record */
	uint64_t count;
	struct slice *line; /* count of them */
};

struct proof_receipt {
	uint64_t seq;
	struct slice url, date, request_id;
	struct slice row; /* size 0: null */
};

struct proof_file {
	struct slice ledger, hub, kind_name, repo, oid_hex, url, certainty, series;
	enum repo_kind kind;
	struct repo_oid oid;
	int64_t at_ms, first_seen_ms, last_seen_ms, next_seen_ms, from_ms, until_ms; /* 0: null */
	uint64_t version, begin, end; /* 0: null */
	struct slice state, metadata; /* JSON objects; size 0: null */
	unsigned chain_count, receipt_count, also_count;
	struct proof_chain chain[PROOF_CHAINS_MAX];
	struct proof_receipt receipt[PROOF_RECEIPTS_MAX];
	uint64_t also[PROOF_RECEIPTS_MAX];
	/* once a head that was kept was checked: only its chain counts, and only up to it */
	bool head_given;
	const struct proof_chain *head_chain;
	uint64_t head_seq;
};

/* proof.c: false where it is no such file; why is a finding. Texts in the report's arena. */
bool proof_file_read(struct slice file, struct proof_file *proof, struct proof_report *report);
void proof_found(struct proof_report *report, enum proof_word word, const char *about, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* proof_chain.c: unpacks all chains, recomputes every hash, and notes the heads they come to. */
void proof_chains_check(struct proof_file *proof, struct json *json, struct proof_report *report);
/* A record of a good chain; false where there is none. `change` in the report's arena. */
bool proof_record(const struct proof_file *proof, uint64_t seq, struct json *json, struct proof_report *report,
	struct change_read *change);
/* The chain that holds a record; NULL: no good one does. */
const struct proof_chain *proof_chain_of(const struct proof_file *proof, uint64_t seq);
/* What a record is good for: proven, or asserted where the head that was kept does not cover it. */
enum proof_word proof_record_word(const struct proof_file *proof, uint64_t seq);
void proof_head_check(struct proof_file *proof, struct slice head, struct proof_report *report);

#endif
