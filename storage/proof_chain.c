/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdio.h>
#include <zstd.h>

#include "storage/model/moment.h"
#include "storage/proof_file.h"

/* ---- unpacking -------------------------------------------------------------------------------------------------------- */

static bool decode_base64(struct slice text, struct buf *out)
{
	unsigned padding = 0;
	char *room;
	int size;

	while (padding < 2 && text.size > padding && text.data[text.size - 1 - padding] == '=')
		padding++;
	if (!text.size || text.size % 4 || text.size > INT32_MAX)
		return false;
	room = buf_reserve(out, text.size / 4 * 3);
	size = room ? EVP_DecodeBlock((unsigned char *)room, (const unsigned char *)text.data, (int)text.size) : -1;
	if (size < (int)padding)
		return false;
	out->size = (size_t)size - padding;
	return true;
}

/* Into the report's arena; data NULL where the frame is damaged or longer than what is left of the bound. */
static struct slice unpack(const struct proof_chain *chain, uint64_t left, struct proof_report *report)
{
	struct buf packed = BUF_INIT(PROOF_BYTES_MAX);
	struct slice lines = SLICE_NONE;
	char *room;

	if (chain->bytes && chain->bytes <= left && decode_base64(chain->packed, &packed) &&
		ZSTD_getFrameContentSize(packed.data, packed.size) == chain->bytes) {
		room = arena_take(&report->arena, chain->bytes);
		if (ZSTD_decompress(room, chain->bytes, packed.data, packed.size) == chain->bytes)
			lines = (struct slice){ room, chain->bytes };
	}
	buf_release(&packed);
	return lines;
}

/* ---- the records ------------------------------------------------------------------------------------------------------ */

struct walk {
	struct json *json;
	struct proof_report *report;
	struct arena scratch;
	const struct proof_file *proof;
	char prev[HASH_HEX + 1]; /* of the record before; empty before the first */
	uint64_t seq;            /* that the next one must have */
	int64_t moment_ms;       /* observed_at of the record before */
};

/*
 * Between the record that brought the state and the one that ended it, or the head, none may tell another state of the repo.
 * (One look can bring several records, which are dated alike.)
 */
static bool check_silence(struct walk *walk, const struct change_read *change)
{
	const struct proof_file *proof = walk->proof;
	bool about = change->has_repo && change->kind == proof->kind && oid_compare(&change->oid, &proof->oid) == 0 &&
		     change->origin != ORIGIN_RECONSTRUCTED;
	bool ends = change->before.version && change->before.version == proof->version &&
		    change->after.version != proof->version;
	bool before_end = !proof->next_seen_ms || change->observed_at_ms < proof->next_seen_ms;
	bool is_back = change->event == EVENT_REPO_RESTORED && proof->next_seen_ms && change->seq > proof->end &&
		       change->observed_at_ms <= proof->at_ms;

	if (!about || !proof->version || !proof->begin || change->seq <= proof->begin || !((ends && before_end) || is_back))
		return true;
	proof_found(walk->report, PROOF_BROKEN, "chain", "record %llu, %s, says that it was otherwise by then",
		(unsigned long long)change->seq, change->event < EVENT_COUNT ? event_name(change->event) : "of an unknown event");
	return false;
}

static bool check_line(struct walk *walk, struct slice line)
{
	char prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];
	struct change_read change;
	unsigned long long seq = walk->seq;

	if (!change_check(line, prev, claimed, computed) || strcmp(claimed, computed) != 0) {
		proof_found(walk->report, PROOF_BROKEN, "chain", "the line of record %llu has not the hash that it claims", seq);
		return false;
	}
	if (walk->prev[0] && strcmp(prev, walk->prev) != 0) {
		proof_found(walk->report, PROOF_BROKEN, "chain", "record %llu does not follow the one before it", seq);
		return false;
	}
	arena_reset(&walk->scratch);
	/* A record keeps the id that its ledger had when it was written: a store that was restored goes on under another. */
	if (change_read(walk->json, line, &walk->scratch, &change) || change.seq != walk->seq || !change.ledger.size) {
		proof_found(walk->report, PROOF_BROKEN, "chain", "the line of record %llu is no such record of a ledger", seq);
		return false;
	}
	memcpy(walk->prev, claimed, sizeof(claimed));
	walk->moment_ms = change.observed_at_ms;
	walk->seq++;
	return check_silence(walk, &change);
}

static uint64_t count_lines(struct slice lines)
{
	uint64_t count = 0;

	for (size_t i = 0; i < lines.size; i++)
		count += lines.data[i] == '\n';
	return count;
}

static bool check_lines(struct walk *walk, struct proof_chain *chain, struct slice lines)
{
	chain->line = arena_take(&walk->report->arena, chain->count * sizeof(*chain->line));
	for (uint64_t i = 0; i < chain->count; i++) {
		size_t size = (size_t)((const char *)memchr(lines.data, '\n', lines.size) - lines.data);

		chain->line[i] = (struct slice){ lines.data, size };
		if (!check_line(walk, chain->line[i]))
			return false;
		lines.data += size + 1;
		lines.size -= size + 1;
	}
	return true;
}

static void check_head(struct walk *walk, struct proof_chain *chain)
{
	struct proof_report *report = walk->report;
	struct buf head = BUF_INIT(PROOF_BYTES_MAX);
	char moment[MOMENT_TEXT];

	chain->last_ms = walk->moment_ms;
	moment_write(walk->moment_ms, moment);
	buf_slice(&head, walk->proof->ledger);
	buf_printf(&head, " %llu %s %s", (unsigned long long)chain->last, walk->prev, moment);
	report->head[report->head_count] = arena_copy(&report->arena, buf_as_slice(&head));
	if (!head.overflow && slice_equal(buf_as_slice(&head), chain->head)) {
		chain->good = true;
		report->head_count++;
		proof_found(report, PROOF_PROVEN, "chain", "records %llu to %llu are chained, line by line, to the head %s",
			(unsigned long long)chain->first, (unsigned long long)chain->last, head.data);
	} else {
		proof_found(report, PROOF_BROKEN, "chain", "records %llu to %llu come to another head than the file says: %s",
			(unsigned long long)chain->first, (unsigned long long)chain->last, head.overflow ? "of no ledger" : head.data);
	}
	buf_release(&head);
}

static void check_chain(struct walk *walk, struct proof_chain *chain, struct slice lines)
{
	chain->count = count_lines(lines);
	walk->seq = chain->first;
	walk->prev[0] = '\0';
	if (!chain->first || chain->last < chain->first || chain->count != chain->last - chain->first + 1 ||
		lines.data[lines.size - 1] != '\n') {
		proof_found(walk->report, PROOF_BROKEN, "chain", "it has %llu lines, which are not those of records %llu to %llu",
			(unsigned long long)chain->count, (unsigned long long)chain->first, (unsigned long long)chain->last);
		return;
	}
	if (check_lines(walk, chain, lines))
		check_head(walk, chain);
}

void proof_chains_check(struct proof_file *proof, struct json *json, struct proof_report *report)
{
	struct walk walk = { .json = json, .report = report, .proof = proof };
	uint64_t left = PROOF_LINES_BYTES_MAX, records = PROOF_RECORDS_MAX;

	for (unsigned i = 0; i < proof->chain_count; i++) {
		struct proof_chain *chain = &proof->chain[i];
		struct slice lines = unpack(chain, left, report);

		if (!lines.data) {
			proof_found(report, PROOF_BROKEN, "chain", "its lines cannot be unpacked");
			continue;
		}
		left -= lines.size;
		if (count_lines(lines) > records) {
			proof_found(report, PROOF_BROKEN, "chain", "there are more than %d records", PROOF_RECORDS_MAX);
			break;
		}
		records -= count_lines(lines);
		check_chain(&walk, chain, lines);
	}
	arena_release(&walk.scratch);
}

const struct proof_chain *proof_chain_of(const struct proof_file *proof, uint64_t seq)
{
	for (unsigned i = 0; i < proof->chain_count; i++)
		if (proof->chain[i].good && seq >= proof->chain[i].first && seq <= proof->chain[i].last)
			return &proof->chain[i];
	return NULL;
}

bool proof_record(const struct proof_file *proof, uint64_t seq, struct json *json, struct proof_report *report,
	struct change_read *change)
{
	const struct proof_chain *chain = proof_chain_of(proof, seq);

	return chain && change_read(json, chain->line[seq - chain->first], &report->arena, change) == 0;
}

enum proof_word proof_record_word(const struct proof_file *proof, uint64_t seq)
{
	bool covered = proof->head_chain && proof->head_chain == proof_chain_of(proof, seq) && seq <= proof->head_seq;

	return !proof->head_given || covered ? PROOF_PROVEN : PROOF_ASSERTED;
}

/* ---- a head that was kept --------------------------------------------------------------------------------------------- */

static bool read_head(struct slice line, char ledger[64], unsigned long long *seq, char hash[HASH_HEX + 1])
{
	char text[512];

	if (line.size >= sizeof(text))
		return false;
	memcpy(text, line.data, line.size);
	text[line.size] = '\0';
	return sscanf(text, "%63s %llu %64s", ledger, seq, hash) == 3 && strlen(hash) == HASH_HEX;
}

void proof_head_check(struct proof_file *proof, struct slice head, struct proof_report *report)
{
	char ledger[64], kept[HASH_HEX + 1], prev[HASH_HEX + 1], claimed[HASH_HEX + 1], computed[HASH_HEX + 1];
	const struct proof_chain *chain;
	unsigned long long seq;

	proof->head_given = true;
	if (!read_head(head, ledger, &seq, kept)) {
		proof_found(report, PROOF_BROKEN, "head", "what was given is no line of relicense head");
		return;
	}
	chain = proof_chain_of(proof, seq);
	if (!slice_is(proof->ledger, ledger))
		proof_found(report, PROOF_BROKEN, "head", "the head that was kept is of another ledger, %s", ledger);
	else if (!chain)
		proof_found(report, PROOF_ASSERTED, "head", "the chains of this proof do not come by record %llu, of which the head "
							  "was kept: it says nothing of them", seq);
	else if (!change_check(chain->line[seq - chain->first], prev, claimed, computed) || strcmp(computed, kept) != 0)
		proof_found(report, PROOF_BROKEN, "head", "record %llu has another hash than the head that was kept", seq);
	else {
		proof_found(report, PROOF_PROVEN, "head", "records %llu to %llu are those of the head that was kept",
			(unsigned long long)chain->first, seq);
		proof->head_chain = chain;
		proof->head_seq = seq;
	}
}
