/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump_store STORE: all that is kept of all repos, one line a version, for tests that compare two stores:
 *
 *     kind oid version canonical-JSON
 *
 * Behind its versions a repo has, where its texts were looked at, `kind oid license OUTCOME SHA-256` and the same of its
 * card, and `kind oid gone` where it is. Sorted by kind, oid and version.
 * dump_store STORE receipts: the receipts, unpacked, one after the other.
 * dump_store STORE frames: what versions take: `first|further COUNT CONTENT_BYTES FRAME_BYTES` (further: a difference to the
 * version before).
 */
#include <stdio.h>
#include <string.h>

#include "storage/frame.h"
#include "storage/reader.h"
#include "storage/snapshot_table.h"
#include "storage/text_table.h"
#include "storage/txn.h"

static int stop(const struct store_problem *problem)
{
	fprintf(stderr, "dump_store: %s\n", problem->text[0] ? problem->text : error_text(problem->code));
	return 1;
}

static void dump_texts(struct reader *reader, const struct repo_ref *ref, struct arena *arena)
{
	static const char *const names[TEXT_KINDS] = { [TEXT_LICENSE] = "license", [TEXT_CARD] = "card" };
	char oid[OID_HEX + 1], hash[2 * TEXT_HASH_BYTES + 1];
	struct text_entry entry;

	if (reader_texts(reader, ref->kind, &ref->oid, arena, &entry))
		return;
	oid_write(&ref->oid, oid);
	for (unsigned kind = 0; kind < TEXT_KINDS; kind++) {
		text_hash_write(entry.seen[kind].hash, hash);
		printf("%s %s %s %s %s\n", repo_kinds[ref->kind].name, oid, names[kind],
			text_outcome_name(entry.seen[kind].outcome), hash);
	}
	arena_reset(arena);
}

static int dump_repo(struct reader *reader, const struct repo_ref *ref, struct arena *arena)
{
	const char *kind = repo_kinds[ref->kind].name;
	char oid[OID_HEX + 1];

	oid_write(&ref->oid, oid);
	for (uint32_t version = 1; version <= ref->row.versions; version++) {
		struct snapshot snapshot;
		int error = reader_snapshot(reader, ref->row.number, version, arena, &snapshot);
		if (error) {
			fprintf(stderr, "dump_store: %s %s version %u: %s\n", kind, oid, version, error_text(error));
			return 1;
		}
		printf("%s %s %u %.*s\n", kind, oid, version, (int)snapshot.canonical.size, snapshot.canonical.data);
		arena_reset(arena);
	}
	dump_texts(reader, ref, arena);
	if (ref->row.flags & REPO_GONE)
		printf("%s %s gone\n", kind, oid);
	return 0;
}

static int dump(struct reader *reader)
{
	struct arena arena = { 0 };
	int error = 0;

	for (unsigned kind = 0; kind < REPO_KINDS && !error; kind++) {
		struct repo_oid from = { { 0 } };
		struct repo_ref ref;
		bool more = true;
		while (more && !error && reader_repo_from(reader, (enum repo_kind)kind, &from, &ref) == 0) {
			error = dump_repo(reader, &ref, &arena);
			from = ref.oid;
			more = oid_next(&from);
		}
	}
	arena_release(&arena);
	return error;
}

static int dump_receipts(struct store *store)
{
	struct frame_maker *frames = frame_maker_new(store_dictionaries(store));
	struct buf content = BUF_INIT(64 << 20);
	struct slice key, value;
	MDB_cursor *cursor;
	struct txn txn;
	int error = txn_begin(store, false, &txn);

	cursor = error ? NULL : txn_cursor(&txn, TABLE_RECEIPT);
	for (MDB_cursor_op op = MDB_FIRST; !error && cursor && txn_seek(&txn, cursor, op, &key, &value); op = MDB_NEXT) {
		buf_reset(&content);
		error = frame_unpack(frames, get_u16(slice_bytes(value)), (struct slice){ value.data + 2, value.size - 2 }, SLICE_NONE,
			&content);
		fwrite(content.data, 1, content.size, stdout);
		putchar('\n');
	}
	if (cursor)
		mdb_cursor_close(cursor);
	txn_abort(&txn);
	buf_release(&content);
	frame_maker_free(&frames);
	return error != 0;
}

struct frame_sum {
	unsigned long long count, content_bytes, frame_bytes;
};

static int sum_version(struct txn *txn, struct frame_maker *frames, struct slice key, struct slice bytes, struct arena *arena,
	struct frame_sum sums[2])
{
	struct snapshot_value value;
	struct slice content;
	uint32_t version = get_u32(slice_bytes(key) + 4);
	struct frame_sum *sum = &sums[!snapshot_is_full(version)];
	int error = snapshot_decode(key, bytes, &value) ? 0 : ERROR_CORRUPT;

	if (!error)
		error = snapshot_content(txn, frames, get_u32(slice_bytes(key)), version, arena, &content);
	if (error || snapshot_is_dropped(&value))
		return error;
	sum->count++;
	sum->content_bytes += content.size;
	sum->frame_bytes += value.frame.size;
	arena_reset(arena);
	return 0;
}

static int dump_frames(struct store *store)
{
	static const char *const names[] = { "first", "further" };
	struct frame_maker *frames = frame_maker_new(store_dictionaries(store));
	struct frame_sum sums[2] = { { 0 } };
	struct arena arena = { 0 };
	struct slice key, value;
	MDB_cursor *cursor;
	struct txn txn;
	int error = txn_begin(store, false, &txn);

	cursor = error ? NULL : txn_cursor(&txn, TABLE_SNAPSHOT);
	for (MDB_cursor_op op = MDB_FIRST; !error && cursor && txn_seek(&txn, cursor, op, &key, &value); op = MDB_NEXT)
		error = sum_version(&txn, frames, key, value, &arena, sums);
	for (unsigned i = 0; i < 2; i++)
		printf("%s %llu %llu %llu\n", names[i], sums[i].count, sums[i].content_bytes, sums[i].frame_bytes);
	if (cursor)
		mdb_cursor_close(cursor);
	txn_abort(&txn);
	arena_release(&arena);
	frame_maker_free(&frames);
	return error != 0;
}

int main(int argc, char **argv)
{
	struct store_problem problem = { 0 };
	struct reader *reader = NULL;
	struct store *store = NULL;
	const char *what = argc == 3 ? argv[2] : "";
	int status;

	if (argc < 2 || argc > 3 || (what[0] && strcmp(what, "receipts") != 0 && strcmp(what, "frames") != 0)) {
		fprintf(stderr, "usage: dump_store STORE [receipts | frames]\n");
		return 64;
	}
	if (store_open(&(struct store_options){ .dir = argv[1] }, &store, &problem))
		return stop(&problem);
	if (what[0])
		status = what[0] == 'r' ? dump_receipts(store) : dump_frames(store);
	else
		status = reader_open(store, &reader, &problem) ? stop(&problem) : dump(reader);
	reader_close(&reader);
	store_close(&store);
	return status;
}
