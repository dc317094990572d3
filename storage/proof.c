/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/proof.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <zstd.h>

#include "storage/model/memory.h"
#include "storage/model/moment.h"
#include "storage/proof_file.h"

enum { PACK_LEVEL = 12, NODES_MAX = 1 << 20, FILE_DEPTH = 3, TEXT_MAX = 1 << 16, FINDING_BYTES_MAX = 4096 };

static const char seal_key[] = ",\"sha256\":\"", seal_end[] = "\"}";

const char *proof_word_name(enum proof_word word)
{
	static const char *const names[] = { [PROOF_PROVEN] = "proven", [PROOF_ASSERTED] = "asserted",
		[PROOF_BROKEN] = "broken" };

	return names[word];
}

const char *proof_verdict_name(enum proof_verdict verdict)
{
	static const char *const names[] = { [PROOF_HOLDS] = "proven", [PROOF_IS_BROKEN] = "broken",
		[PROOF_OF_NOTHING] = "nothing" };

	return names[verdict];
}

/* ---- making ----------------------------------------------------------------------------------------------------------- */

void proof_pack_lines(struct slice lines, struct buf *out)
{
	struct buf packed = BUF_INIT(ZSTD_COMPRESSBOUND(PROOF_LINES_BYTES_MAX));
	size_t bound = ZSTD_compressBound(lines.size);
	char *room = lines.size <= PROOF_LINES_BYTES_MAX ? buf_reserve(&packed, bound) : NULL;
	char *text;

	if (!room) {
		out->overflow = true;
		return;
	}
	packed.size = ZSTD_compress(room, bound, lines.data, lines.size, PACK_LEVEL);
	if (ZSTD_isError(packed.size))
		memory_failed("zstd");
	text = buf_reserve(out, packed.size / 3 * 4 + 5);
	if (text)
		out->size += (size_t)EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)packed.data, (int)packed.size);
	buf_release(&packed);
}

void proof_seal(struct buf *file)
{
	char hash[HASH_HEX + 1];

	sha256_hex(buf_as_slice(file), SLICE_NONE, hash);
	buf_printf(file, "%s%s%s", seal_key, hash, seal_end);
}

/* ---- findings --------------------------------------------------------------------------------------------------------- */

void proof_found(struct proof_report *report, enum proof_word word, const char *about, const char *format, ...)
{
	struct proof_finding *finding = &report->finding[report->count];
	char text[FINDING_BYTES_MAX];
	va_list arguments;

	if (word == PROOF_BROKEN)
		report->verdict = PROOF_IS_BROKEN;
	if (report->count == PROOF_FINDINGS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	*finding = (struct proof_finding){ word, about, arena_copy(&report->arena, slice_of(text)) };
	report->count++;
}

void proof_report_release(struct proof_report *report)
{
	arena_release(&report->arena);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

struct reading {
	struct json json;
	struct proof_report *report;
	bool good; /* false: a member is missing or of another type */
};

/* The member, or 0 where it is null. */
static uint32_t member(struct reading *reading, uint32_t object, const char *key, enum json_type type)
{
	uint32_t at = json_member(&reading->json, object, key);

	if (at && reading->json.node[at].type == type)
		return at;
	if ((!at || reading->json.node[at].type != JSON_NULL) && reading->good) {
		proof_found(reading->report, PROOF_BROKEN, "file", "its member \"%s\" is missing, or not what it should be", key);
		reading->good = false;
	}
	return 0;
}

static struct slice text(struct reading *reading, uint32_t object, const char *key)
{
	uint32_t at = member(reading, object, key, JSON_STRING);
	struct buf decoded = BUF_INIT(TEXT_MAX);
	struct slice copy = SLICE_NONE;

	if (at && json_decode(json_span(&reading->json.node[at]), &decoded) == 0 && !decoded.overflow)
		copy = arena_copy(&reading->report->arena, buf_as_slice(&decoded));
	else if (at)
		reading->good = false;
	buf_release(&decoded);
	return copy;
}

/* Long texts without escapes are taken as they stand. */
static struct slice long_text(struct reading *reading, uint32_t object, const char *key)
{
	uint32_t at = member(reading, object, key, JSON_STRING);
	struct slice span = at ? json_span(&reading->json.node[at]) : SLICE_NONE;

	return span.size > 2 ? (struct slice){ span.data + 1, span.size - 2 } : SLICE_NONE;
}

static uint64_t number_at(struct reading *reading, uint32_t at)
{
	uint64_t number = 0;

	if (at && !json_integer(json_span(&reading->json.node[at]), &number))
		reading->good = false;
	return number;
}

static uint64_t number(struct reading *reading, uint32_t object, const char *key)
{
	return number_at(reading, member(reading, object, key, JSON_NUMBER));
}

static int64_t moment(struct reading *reading, uint32_t object, const char *key)
{
	struct slice written = text(reading, object, key);
	int64_t at_ms = 0;

	if (written.size && !moment_read(written, &at_ms))
		reading->good = false;
	return at_ms;
}

static struct slice object(struct reading *reading, uint32_t parent, const char *key)
{
	uint32_t at = member(reading, parent, key, JSON_OBJECT);

	return at ? json_span(&reading->json.node[at]) : SLICE_NONE;
}

static void read_answer(struct reading *reading, struct proof_file *proof)
{
	proof->ledger = text(reading, 0, "ledger");
	proof->hub = text(reading, 0, "hub");
	proof->kind_name = text(reading, 0, "kind");
	proof->repo = text(reading, 0, "repo");
	proof->oid_hex = text(reading, 0, "oid");
	proof->url = text(reading, 0, "url");
	proof->at_ms = moment(reading, 0, "at");
	proof->certainty = text(reading, 0, "certainty");
	proof->series = text(reading, 0, "series");
	proof->version = number(reading, 0, "version");
	proof->first_seen_ms = moment(reading, 0, "first_seen");
	proof->last_seen_ms = moment(reading, 0, "last_seen");
	proof->next_seen_ms = moment(reading, 0, "next_seen");
	proof->from_ms = moment(reading, 0, "from");
	proof->until_ms = moment(reading, 0, "until");
	proof->state = object(reading, 0, "state");
	proof->begin = number(reading, 0, "begin");
	proof->end = number(reading, 0, "end");
	if (!repo_kind_read(proof->kind_name, &proof->kind) || !oid_read(proof->oid_hex, &proof->oid) || !proof->at_ms)
		reading->good = false;
}

static void read_snapshot(struct reading *reading, struct proof_file *proof)
{
	uint32_t snapshot = member(reading, 0, "snapshot", JSON_OBJECT);

	if (snapshot)
		proof->metadata = object(reading, snapshot, "metadata");
}

/* Calls read_item for the objects of a list, of which there are at most max. */
static unsigned read_list(struct reading *reading, const char *key, unsigned max, struct proof_file *proof,
	void (*read_item)(struct reading *reading, uint32_t at, struct proof_file *proof, unsigned index))
{
	uint32_t list = member(reading, 0, key, JSON_ARRAY);
	unsigned count = 0;

	if (!list)
		return 0;
	for (uint32_t i = json_first(list); i < json_end(&reading->json, list); i = json_next(&reading->json, i)) {
		if (count == max) {
			proof_found(reading->report, PROOF_BROKEN, "file", "\"%s\" has more than %u entries", key, max);
			reading->good = false;
			break;
		}
		read_item(reading, i, proof, count++);
	}
	return count;
}

static void read_chain(struct reading *reading, uint32_t at, struct proof_file *proof, unsigned index)
{
	if (reading->json.node[at].type != JSON_OBJECT) {
		reading->good = false;
		return;
	}
	proof->chain[index] = (struct proof_chain){
		.first = number(reading, at, "first"),
		.last = number(reading, at, "last"),
		.bytes = number(reading, at, "bytes"),
		.head = text(reading, at, "head"),
		.packed = long_text(reading, at, "zstd"),
	};
}

static void read_receipt(struct reading *reading, uint32_t at, struct proof_file *proof, unsigned index)
{
	if (reading->json.node[at].type != JSON_OBJECT) {
		reading->good = false;
		return;
	}
	proof->receipt[index] = (struct proof_receipt){
		.seq = number(reading, at, "seq"),
		.url = text(reading, at, "url"),
		.date = text(reading, at, "date"),
		.request_id = text(reading, at, "request_id"),
		.row = object(reading, at, "row"),
	};
}

static void read_also(struct reading *reading, uint32_t at, struct proof_file *proof, unsigned index)
{
	proof->also[index] = number_at(reading, at);
}

static bool seal_is_good(struct slice file, struct proof_report *report)
{
	const size_t tail = sizeof(seal_key) - 1 + HASH_HEX + sizeof(seal_end) - 1;
	const char *end = file.size < tail ? NULL : file.data + file.size - tail;
	char hash[HASH_HEX + 1];

	if (!end || memcmp(end, seal_key, sizeof(seal_key) - 1) != 0 ||
		memcmp(file.data + file.size - 2, seal_end, 2) != 0) {
		proof_found(report, PROOF_BROKEN, "file", "it does not end with its own hash: it was cut off, or is no proof");
		return false;
	}
	sha256_hex((struct slice){ file.data, file.size - tail }, SLICE_NONE, hash);
	if (memcmp(hash, end + sizeof(seal_key) - 1, HASH_HEX) == 0)
		return true;
	proof_found(report, PROOF_BROKEN, "file", "its bytes are not those that were written: their hash is %s", hash);
	return false;
}

static bool read_members(struct reading *reading, struct proof_file *proof)
{
	if (reading->json.node[0].type != JSON_OBJECT || number(reading, 0, "proof") != PROOF_FORM) {
		proof_found(reading->report, PROOF_BROKEN, "file", "it is no proof, or one of a later form than %d", PROOF_FORM);
		return false;
	}
	read_answer(reading, proof);
	read_snapshot(reading, proof);
	proof->chain_count = read_list(reading, "chain", PROOF_CHAINS_MAX, proof, read_chain);
	proof->receipt_count = read_list(reading, "receipts", PROOF_RECEIPTS_MAX, proof, read_receipt);
	proof->also_count = read_list(reading, "also", PROOF_RECEIPTS_MAX, proof, read_also);
	if (!reading->good && reading->report->verdict != PROOF_IS_BROKEN)
		proof_found(reading->report, PROOF_BROKEN, "file", "a member is not what it should be");
	return reading->good;
}

bool proof_file_read(struct slice file, struct proof_file *proof, struct proof_report *report)
{
	struct reading reading = { .report = report, .good = true };
	struct slice padded;
	int code;

	memset(proof, 0, sizeof(*proof));
	if (file.size > PROOF_BYTES_MAX) {
		proof_found(report, PROOF_BROKEN, "file", "it is larger than %d MiB", PROOF_BYTES_MAX >> 20);
		return false;
	}
	while (file.size && strchr("\r\n", file.data[file.size - 1]))
		file.size--;
	if (!seal_is_good(file, report))
		return false;
	json_init(&reading.json, NODES_MAX);
	padded = arena_copy_padded(&report->arena, file, JSON_PADDING);
	code = json_parse(&reading.json, padded.data, padded.size, FILE_DEPTH);
	if (code)
		proof_found(report, PROOF_BROKEN, "file", "it is no JSON that can be read");
	else
		read_members(&reading, proof);
	json_release(&reading.json);
	return !code && reading.good;
}
