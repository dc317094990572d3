/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/ledger.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "storage/meta.h"
#include "storage/model/memory.h"

enum { UUID_BYTES = STORE_UUID_TEXT - 1, END_BYTES = UUID_BYTES + 8 + HASH_HEX };

void ledger_make_id(char text[STORE_UUID_TEXT])
{
	uint8_t r[16];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		memory_failed("random numbers");
	r[6] = (uint8_t)((r[6] & 0x0F) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3F) | 0x80);
	snprintf(text, STORE_UUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
		r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

static void own_id(struct txn *txn, char ledger[STORE_UUID_TEXT])
{
	struct slice text = meta_text(txn, "ledger");

	memset(ledger, 0, STORE_UUID_TEXT);
	memcpy(ledger, text.data, text.size < UUID_BYTES ? text.size : UUID_BYTES);
}

bool ledger_take_over(struct txn *txn)
{
	struct buf ends = BUF_INIT(1 << 20);
	char ledger[STORE_UUID_TEXT];
	struct log_head head;
	uint8_t seq[8];

	if (!meta_number(txn, "backup"))
		return false;
	own_id(txn, ledger);
	meta_head(txn, &head);
	put_u64(seq, head.seq);
	buf_slice(&ends, meta_text(txn, "ledger.before"));
	buf_add(&ends, ledger, UUID_BYTES);
	buf_add(&ends, seq, sizeof(seq));
	buf_add(&ends, head.hash, HASH_HEX);
	if (ends.overflow)
		txn_fail(txn, ERROR_TOO_BIG);
	else
		meta_set_text(txn, "ledger.before", buf_as_slice(&ends));
	ledger_make_id(ledger);
	meta_set_text(txn, "ledger", slice_of(ledger));
	txn_delete(txn, TABLE_META, SLICE("backup"));
	buf_release(&ends);
	return !txn->error;
}

bool ledger_before(struct txn *txn, unsigned n, struct ledger_end *end)
{
	struct slice ends = meta_text(txn, "ledger.before");
	const char *at;

	if (ends.size / END_BYTES <= n)
		return false;
	at = ends.data + (size_t)n * END_BYTES;
	*end = (struct ledger_end){ .seq = get_u64((const uint8_t *)at + UUID_BYTES) };
	memcpy(end->ledger, at, UUID_BYTES);
	memcpy(end->hash, at + UUID_BYTES + 8, HASH_HEX);
	return true;
}

void ledger_of(struct txn *txn, uint64_t seq, char ledger[STORE_UUID_TEXT])
{
	struct ledger_end end;

	for (unsigned n = 0; ledger_before(txn, n, &end); n++) {
		if (seq <= end.seq) {
			memcpy(ledger, end.ledger, STORE_UUID_TEXT);
			return;
		}
	}
	own_id(txn, ledger);
}

bool ledger_reaches(struct txn *txn, const char *ledger, uint64_t *seq)
{
	struct ledger_end end;
	char own[STORE_UUID_TEXT];

	own_id(txn, own);
	*seq = UINT64_MAX;
	if (strcmp(ledger, own) == 0)
		return true;
	for (unsigned n = 0; ledger_before(txn, n, &end); n++) {
		*seq = end.seq;
		if (strcmp(ledger, end.ledger) == 0)
			return true;
	}
	return false;
}
