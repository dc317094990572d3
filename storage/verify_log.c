/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "storage/change_log.h"
#include "storage/ledger.h"
#include "storage/meta.h"
#include "storage/model/moment.h"
#include "storage/past_table.h"
#include "storage/proof.h"
#include "storage/repo_table.h"
#include "storage/verify_walk.h"

static const char *seq_text(uint64_t seq, char text[VERIFY_TEXT])
{
	snprintf(text, VERIFY_TEXT, "seq %llu", (unsigned long long)seq);
	return text;
}

/* ---- what a line says ----------------------------------------------------------------------------------------------*/

struct line_facts {
	uint64_t seq;
	int64_t at_ms, observed_at_ms;
	bool has_repo;
	enum repo_kind kind;
	struct repo_oid oid;
	struct slice ledger;
};

/* A string without escapes: none of what is asked for has any. */
static struct slice member_text(const struct json *json, const char *key)
{
	uint32_t at = json_member(json, 0, key);

	if (!at || json->node[at].type != JSON_STRING)
		return SLICE_NONE;
	return (struct slice){ json->node[at].text + 1, json->node[at].size - 2 };
}

static bool read_facts(struct verify *verify, struct slice line, struct line_facts *facts)
{
	static const char padding[JSON_PADDING];
	const struct json *json = &verify->json;
	struct slice oid;
	uint32_t seq;

	*facts = (struct line_facts){ 0 };
	buf_reset(&verify->line);
	buf_slice(&verify->line, line);
	buf_add(&verify->line, padding, sizeof(padding));
	if (verify->line.overflow || json_parse(&verify->json, verify->line.data, line.size, 1))
		return false;
	seq = json_member(json, 0, "seq");
	oid = member_text(json, "oid");
	facts->ledger = member_text(json, "ledger");
	facts->has_repo = oid_read(oid, &facts->oid) && repo_kind_read(member_text(json, "kind"), &facts->kind);
	return seq && json_integer(json_span(&json->node[seq]), &facts->seq) &&
	       moment_read(member_text(json, "at"), &facts->at_ms) &&
	       moment_read(member_text(json, "observed_at"), &facts->observed_at_ms);
}

/* ---- the chain -----------------------------------------------------------------------------------------------------*/

void verify_chain_begin(struct verify *verify)
{
	uint64_t from = verify->options->from_seq > 1 ? verify->options->from_seq : 1;
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1], text[VERIFY_TEXT];
	struct slice line;

	memcpy(verify->prev, CHANGE_GENESIS, HASH_HEX + 1);
	verify->next_seq = from;
	put_u64((uint8_t *)verify->at.byte, from);
	verify->at.size = 8;
	if (from == 1)
		return;
	if (change_get(&verify->txn, from - 1, &line) && change_check(line, prev, claimed, computed))
		memcpy(verify->prev, claimed, sizeof(claimed));
	else
		verify_found(verify, "change", seq_text(from - 1, text), "is not there or has no hash: the chain cannot be "
									  "taken up behind it");
}

static void check_seal(struct verify *verify, uint64_t seq, struct slice line)
{
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1], text[VERIFY_TEXT];

	if (!change_check(line, prev, claimed, computed)) {
		verify_found(verify, "change", seq_text(seq, text), "has no hash at its end");
		return;
	}
	if (strcmp(prev, verify->prev) != 0)
		verify_found(verify, "change", seq_text(seq, text), "does not follow the record before it: prev is %s, "
								    "the hash before is %s", prev, verify->prev);
	if (strcmp(claimed, computed) != 0)
		verify_found(verify, "change", seq_text(seq, text), "was edited: its hash should be %s and is %s", computed,
			claimed);
	memcpy(verify->prev, claimed, sizeof(claimed)); /* so that one broken place is one finding */
}

static void check_indexes(struct verify *verify, uint64_t seq, const struct line_facts *facts)
{
	struct key time = { .size = 0 }, repo = { .size = 0 };
	struct slice value;
	struct repo_row row;
	char text[VERIFY_TEXT];

	key_add(&time, (uint64_t)facts->at_ms, 6);
	key_add(&time, seq, 8);
	if (!txn_get(&verify->txn, TABLE_CHANGE_TIME, key_slice(&time), &value))
		verify_found(verify, "change.time", seq_text(seq, text), "is not in the index by time");
	if (!facts->has_repo)
		return;
	verify->facts.records_of_repos++;
	if (!repo_get(&verify->txn, facts->kind, &facts->oid, &row)) {
		verify->txn.error = 0;
		verify_found(verify, "change", seq_text(seq, text), "is about a repo that has no row, or a damaged one");
		return;
	}
	key_add(&repo, row.number, 4);
	key_add(&repo, seq, 8);
	if (!txn_get(&verify->txn, TABLE_CHANGE_REPO, key_slice(&repo), &value))
		verify_found(verify, "change.repo", seq_text(seq, text), "is not in the index by repo");
}

/* Before a daemon has migrated an older store, there may be a part of them. */
static bool has_terms(const struct verify *verify)
{
	return store_schema(verify->store) >= STORE_SCHEMA_TERMS;
}

static void check_terms(struct verify *verify, uint64_t seq, struct slice line)
{
	struct term_key key;
	struct slice value;
	char text[VERIFY_TEXT];
	size_t at = 0;

	if (!has_terms(verify) || !change_terms_read(&verify->terms, line))
		return;
	while (change_terms_next(&verify->terms, &at, &key)) {
		verify->facts.terms_of_records++;
		if (!txn_get(&verify->txn, TABLE_CHANGE_TERM, (struct slice){ key.byte, key.size }, &value))
			verify_found(verify, "change.term", seq_text(seq, text), "is not in the index under '%s'", key.byte);
		else if (value.size != 1 || *slice_bytes(value) != verify->terms.event)
			verify_found(verify, "change.term", seq_text(seq, text), "has another event under '%s'", key.byte);
		verify->txn.error = 0; /* a damaged one is found by itself */
	}
}

static void check_facts(struct verify *verify, uint64_t seq, struct slice line)
{
	char text[VERIFY_TEXT], ledger[STORE_UUID_TEXT];
	struct line_facts facts;

	if (!read_facts(verify, line, &facts)) {
		verify_found(verify, "change", seq_text(seq, text), "is not a record: no JSON, or no seq and times");
		return;
	}
	if (facts.seq != seq)
		verify_found(verify, "change", seq_text(seq, text), "calls itself seq %llu", (unsigned long long)facts.seq);
	ledger_of(&verify->txn, seq, ledger);
	if (!slice_is(facts.ledger, ledger))
		verify_found(verify, "change", seq_text(seq, text), "belongs to another ledger: %.*s",
			(int)(facts.ledger.size < 64 ? facts.ledger.size : 64), facts.ledger.data ? facts.ledger.data : "");
	if (facts.observed_at_ms < verify->observed_ms)
		verify_found(verify, "change", seq_text(seq, text), "was observed before the record before it");
	verify->observed_ms = facts.observed_at_ms;
	check_indexes(verify, seq, &facts);
	check_terms(verify, seq, line);
}

void verify_change(struct verify *verify, struct slice key, struct slice value)
{
	uint64_t seq = key.size == 8 ? get_u64(slice_bytes(key)) : 0;
	char text[VERIFY_TEXT];

	if (!seq) {
		verify_found(verify, "change", "a key", "is no seq");
		return;
	}
	if (seq != verify->next_seq)
		verify_found(verify, "change", seq_text(verify->next_seq, text), "is missing: the next is seq %llu",
			(unsigned long long)seq);
	verify->next_seq = seq + 1;
	verify->summary->records++;
	check_seal(verify, seq, value);
	check_facts(verify, seq, value);
}

/* ---- heads ---------------------------------------------------------------------------------------------------------*/

struct kept_head {
	char ledger[STORE_UUID_TEXT];
	unsigned long long seq;
	char hash[HASH_HEX + 1];
};

static bool read_kept_head(const struct verify *verify, struct kept_head *head)
{
	const char *line = verify->options->head_line;

	return line && sscanf(line, "%36s %llu %64s", head->ledger, &head->seq, head->hash) == 3 &&
	       strlen(head->hash) == HASH_HEX;
}

static void check_kept_head(struct verify *verify, const struct kept_head *kept)
{
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1], text[VERIFY_TEXT];
	uint64_t end = verify->summary->head.seq, reach;
	struct slice line;

	if (!ledger_reaches(&verify->txn, kept->ledger, &reach))
		verify_found(verify, "meta", "ledger", "is %s, and never was that of the head that was kept: another store", store_ledger(verify->store));
	else if (kept->seq > reach)
		verify_found(verify, "change", seq_text(reach, text), "is the last record of that ledger here: the store was "
								      "restored from a backup, and the head that was kept is of what came behind it");
	else if (kept->seq > end)
		verify_found(verify, "change", seq_text(end, text), "is the end of the log, which went to seq %llu when that "
								    "head was kept", kept->seq);
	else if (kept->seq && change_get(&verify->txn, kept->seq, &line) && change_check(line, prev, claimed, computed) &&
		 strcmp(kept->hash, claimed) != 0)
		verify_found(verify, "change", seq_text(kept->seq, text), "has another hash than the head that was kept: the "
									  "log was rewritten");
}

/* Records that arrived behind the walk are not its business. */
static void check_own_head(struct verify *verify)
{
	const struct log_head *head = &verify->summary->head;
	struct slice line;
	char text[VERIFY_TEXT];

	if (verify->options->from_seq > head->seq + 1)
		return;
	if (head->seq + 1 < verify->next_seq)
		verify_found(verify, "meta", "head", "says seq %llu, but the log goes to seq %llu",
			(unsigned long long)head->seq, (unsigned long long)verify->next_seq - 1);
	else if (head->seq + 1 > verify->next_seq && !change_get(&verify->txn, verify->next_seq, &line))
		verify_found(verify, "change", seq_text(verify->next_seq, text),
			"is missing: the log ends before its head, seq %llu", (unsigned long long)head->seq);
	else if (head->seq && head->seq + 1 == verify->next_seq && strcmp(head->hash, verify->prev) != 0)
		verify_found(verify, "meta", "head", "has another hash than the last record");
}

void verify_chain_end(struct verify *verify)
{
	struct kept_head kept;

	meta_head(&verify->txn, &verify->summary->head);
	check_own_head(verify);
	if (read_kept_head(verify, &kept))
		check_kept_head(verify, &kept);
}

/* ---- indexes and receipts ------------------------------------------------------------------------------------------*/

static bool check_points_to_record(struct verify *verify, const char *table, uint64_t seq)
{
	struct slice line;
	char text[VERIFY_TEXT];

	if (change_get(&verify->txn, seq, &line))
		return true;
	verify_found(verify, table, seq_text(seq, text), "has no record");
	return false;
}

void verify_change_time(struct verify *verify, struct slice key, struct slice value)
{
	(void)value;
	if (key.size == 14)
		check_points_to_record(verify, "change.time", get_u64(slice_bytes(key) + 6));
	else
		verify_found(verify, "change.time", "a key", "has %zu bytes, not 14", key.size);
}

void verify_change_term(struct verify *verify, struct slice key, struct slice value)
{
	uint64_t seq = term_key_seq(key);

	(void)value;
	if (seq)
		check_points_to_record(verify, "change.term", seq);
	else
		verify_found(verify, "change.term", "a key", "has another form than keys have");
}

void verify_change_repo(struct verify *verify, struct slice key, struct slice value)
{
	(void)value;
	if (key.size == 12)
		check_points_to_record(verify, "change.repo", get_u64(slice_bytes(key) + 4));
	else
		verify_found(verify, "change.repo", "a key", "has %zu bytes, not 12", key.size);
}

/* What proof says of the two: the row is of the repo, and tells the license that the record tells; else it is damaged. */
static void compare_receipt(struct verify *verify, uint64_t seq, struct slice bytes)
{
	struct side_read side = { .json = SLICE_NONE };
	struct change_read change;
	char text[VERIFY_TEXT];
	struct slice line;
	struct row row;

	arena_reset(&verify->arena);
	if (!change_get(&verify->txn, seq, &line) || change_read(&verify->json, line, &verify->arena, &change) || !change.has_repo)
		return;
	if (!received_row_read(&verify->json, change.kind, bytes, &verify->arena, &row, &side.state))
		verify_found(verify, "receipt", seq_text(seq, text), "what it keeps as received is no row");
	else if (oid_compare(&row.oid, &change.oid) != 0)
		verify_found(verify, "receipt", seq_text(seq, text), "the row received is another repo's than the record's");
	else if (row.span[FIELD_CARD_DATA].data && !side_same_license(&side, &change.after))
		verify_found(verify, "receipt", seq_text(seq, text), "the row received declares another license than the record");
}

void verify_receipt(struct verify *verify, struct slice key, struct slice value)
{
	uint64_t seq = key.size == 8 ? get_u64(slice_bytes(key)) : 0;
	struct receipt receipt;
	char text[VERIFY_TEXT];
	int error;

	(void)value;
	verify->summary->receipts++;
	if (!check_points_to_record(verify, "receipt", seq))
		return;
	error = receipt_get(&verify->txn, verify->frames, seq, &verify->content, &receipt);
	if (error)
		verify_found(verify, "receipt", seq_text(seq, text), "%s", error_text(error));
	else if (receipt.row.size)
		compare_receipt(verify, seq, receipt.row);
}

void verify_evidence(struct verify *verify, struct slice key, struct slice value)
{
	struct evidence_due due;
	struct repo_row row;
	char text[VERIFY_TEXT];

	if (!evidence_decode(key, value, &due))
		verify_found(verify, "evidence", "an entry", "has another form than entries have");
	else if (check_points_to_record(verify, "evidence", due.seq) &&
		 !repo_get(&verify->txn, due.kind, &due.oid, &row))
		verify_found(verify, "evidence", seq_text(due.seq, text), "is about a repo that has no row");
}

/* All rows are of one snapshot: there are fewer than a walk takes at once. */
void verify_meta(struct verify *verify, struct slice key, struct slice value)
{
	(void)value;
	if (slice_is(key, "schema") && !meta_is_sealed(&verify->txn))
		verify_found(verify, "meta", "check", "does not fit: a row of this table was damaged or edited");
}
