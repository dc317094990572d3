/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/retention.h"

#include <inttypes.h>
#include <stdio.h>

#include "storage/meta.h"
#include "storage/model/change.h"
#include "storage/repo_table.h"
#include "storage/snapshot_table.h"

enum { ROWS_AT_ONCE = 20000, VERSIONS_AT_ONCE = 500 };

struct dropping {
	struct txn txn;
	int64_t before_ms, now_ms;
	struct frame_maker *frames;
	struct canon_maker canon;
	struct json json;
	struct buf frame, scratch;
	struct arena arena; /* of one version */
	struct retention *pass;
	unsigned looked_at; /* versions, in this step */
};

/* A repo's versions one after the other: two contents at a time. */
struct walk {
	uint32_t number;
	struct buf stored; /* content of the last version whose frame is there, as the next one was packed */
	struct buf kept;   /* of the last one that stays */
	bool leans_on_dropped; /* they differ */
};

static bool read_state(struct dropping *dropping, struct slice content, struct state *state)
{
	struct slice canonical, derived;
	struct canon canon;

	content_split(content, &canonical, &derived);
	if (canon_read(&dropping->canon, canonical, &dropping->arena, &canon))
		return false;
	state_read(&dropping->json, &canon, &dropping->arena, state);
	return true;
}

/* What a record would say of either is the same: the license to the letter and where it stands, name, access, lineage. */
static bool same_side(const struct state *old, const struct state *new)
{
	struct buf before = BUF_INIT(CHANGE_BYTES_MAX), after = BUF_INIT(CHANGE_BYTES_MAX);
	bool same;

	change_side_write(&(struct change_side){ .state = old, .version = 1 }, &before);
	change_side_write(&(struct change_side){ .state = new, .version = 1 }, &after);
	same = !before.overflow && !after.overflow && slice_equal(buf_as_slice(&before), buf_as_slice(&after));
	buf_release(&before);
	buf_release(&after);
	return same;
}

static bool only_metadata_changed(struct dropping *dropping, struct slice before, struct slice after)
{
	struct state old, new;
	struct verdict verdict;

	if (!read_state(dropping, before, &old) || !read_state(dropping, after, &new) || !same_side(&old, &new))
		return false;
	verdict_judge(&dropping->json, &old, &new, &dropping->arena, &verdict);
	return verdict.count == 1 && verdict.event[0].event == EVENT_METADATA_CHANGED;
}

static bool is_superseded(struct dropping *dropping, uint32_t number, uint32_t version)
{
	struct snapshot_value next;

	return snapshot_get(&dropping->txn, number, version + 1, &next) && next.observed_at_ms < dropping->before_ms;
}

static void drop(struct dropping *dropping, const struct walk *walk, uint32_t version, struct slice content,
	struct snapshot_value *value)
{
	buf_reset(&dropping->frame);
	snapshot_dropped_write(content, dropping->now_ms, &dropping->frame);
	value->encoding = FRAME_DROPPED << 8;
	value->frame = buf_as_slice(&dropping->frame);
	snapshot_put(&dropping->txn, walk->number, version, value, &dropping->scratch);
	dropping->pass->dropped++;
}

/* What leaned on a version that is dropped leans on the last one that stays. */
static void pack_again(struct dropping *dropping, const struct walk *walk, uint32_t version, struct slice content,
	struct snapshot_value *value)
{
	int error;

	buf_reset(&dropping->frame);
	error = frame_pack_delta(dropping->frames, buf_as_slice(&walk->kept), content, &dropping->frame, &value->encoding);
	if (error)
		txn_fail(&dropping->txn, error);
	value->frame = buf_as_slice(&dropping->frame);
	snapshot_put(&dropping->txn, walk->number, version, value, &dropping->scratch);
}

/* walk->stored holds the content of this version; what becomes of it? */
static void judge_version(struct dropping *dropping, struct walk *walk, uint32_t version, bool newest,
	struct snapshot_value *value)
{
	struct slice content = buf_as_slice(&walk->stored);

	arena_reset(&dropping->arena);
	if (!newest && !snapshot_is_full(version) && is_superseded(dropping, walk->number, version) &&
		only_metadata_changed(dropping, buf_as_slice(&walk->kept), content)) {
		drop(dropping, walk, version, content, value);
		walk->leans_on_dropped = true;
		return;
	}
	if (walk->leans_on_dropped && !snapshot_is_full(version))
		pack_again(dropping, walk, version, content, value);
	walk->leans_on_dropped = false;
	buf_reset(&walk->kept);
	buf_slice(&walk->kept, content);
}

static int take_version(struct dropping *dropping, struct walk *walk, uint32_t version, bool newest)
{
	struct buf out = BUF_INIT(FRAME_CONTENT_MAX);
	struct snapshot_value value;
	int error;

	if (!snapshot_get(&dropping->txn, walk->number, version, &value))
		return ERROR_CORRUPT;
	if (snapshot_is_dropped(&value))
		return ERROR_NONE;
	error = frame_unpack(dropping->frames, value.encoding, value.frame, buf_as_slice(&walk->stored), &out);
	if (error) {
		buf_release(&out);
		return error;
	}
	buf_release(&walk->stored);
	walk->stored = out;
	judge_version(dropping, walk, version, newest, &value);
	return ERROR_NONE;
}

/* Nothing may be dropped of a repo whose versions cannot all be read: what leans on them is packed anew. */
static bool is_readable(struct dropping *dropping, uint32_t number, uint32_t versions)
{
	struct buf older = BUF_INIT(FRAME_CONTENT_MAX), out = BUF_INIT(FRAME_CONTENT_MAX), spare;
	struct snapshot_value value;
	bool good = true;

	for (uint32_t version = 1; version <= versions && good; version++) {
		good = snapshot_get(&dropping->txn, number, version, &value);
		if (!good || snapshot_is_dropped(&value))
			continue;
		buf_reset(&out);
		good = !frame_unpack(dropping->frames, value.encoding, value.frame, buf_as_slice(&older), &out);
		spare = older;
		older = out;
		out = spare;
	}
	if (dropping->txn.error == ERROR_CORRUPT)
		dropping->txn.error = 0; /* a damaged value, not the file: the pass goes on */
	buf_release(&older);
	buf_release(&out);
	return good;
}

static int take_repo(struct dropping *dropping, const struct repo_ref *ref)
{
	struct walk walk = { .number = ref->row.number, .stored = BUF_INIT(FRAME_CONTENT_MAX), .kept = BUF_INIT(FRAME_CONTENT_MAX) };
	uint32_t versions = ref->row.versions;
	int error = ERROR_NONE;

	if (versions < 3 || !is_superseded(dropping, walk.number, 2))
		return dropping->txn.error;
	dropping->looked_at += versions;
	if (!is_readable(dropping, walk.number, versions)) {
		dropping->pass->damaged++;
		return dropping->txn.error;
	}
	for (uint32_t version = 1; version <= versions && !error; version++)
		error = take_version(dropping, &walk, version, version == versions);
	buf_release(&walk.stored);
	buf_release(&walk.kept);
	return error;
}

/* The next row; one that is damaged is counted and passed over. False: the kind has no more, or the store cannot be read. */
static bool next_row(struct dropping *dropping, MDB_cursor *cursor, MDB_cursor_op op, struct repo_ref *ref)
{
	while (!repo_from(&dropping->txn, cursor, op, ref)) {
		if (dropping->txn.error != ERROR_CORRUPT)
			return false;
		dropping->txn.error = 0;
		dropping->pass->damaged++;
		op = MDB_NEXT;
	}
	return true;
}

static int take_rows(struct dropping *dropping)
{
	struct retention *pass = dropping->pass;
	MDB_cursor *cursor = repo_cursor(&dropping->txn, pass->kind);
	struct repo_ref ref = { .kind = pass->kind, .oid = pass->next };
	MDB_cursor_op op = MDB_SET_RANGE;
	bool more = true;
	int error = ERROR_NONE;

	for (unsigned rows = 0; more && !error && rows < ROWS_AT_ONCE && dropping->looked_at < VERSIONS_AT_ONCE; rows++) {
		more = next_row(dropping, cursor, op, &ref);
		error = more ? take_repo(dropping, &ref) : dropping->txn.error;
		op = MDB_NEXT;
		pass->next = ref.oid;
	}
	if (cursor)
		mdb_cursor_close(cursor);
	if (more)
		more = oid_next(&pass->next);
	if (!more && !error) {
		pass->next = (struct repo_oid){ { 0 } };
		pass->ended = ++pass->kind == REPO_KINDS;
	}
	return error;
}

/* --- where a pass stands ------------------------------------------------------------------------------------------- */

static const char place_name[] = "retention";

static void note_place(struct txn *txn, const struct retention *pass)
{
	char text[96], oid[OID_HEX + 1];
	int size;

	oid_write(&pass->next, oid);
	size = snprintf(text, sizeof(text), "%d %d %s %" PRId64 " %" PRIu64 " %" PRIu64, pass->ended, (int)pass->kind, oid,
		pass->began_ms, pass->dropped, pass->damaged);
	meta_set_text(txn, place_name, (struct slice){ text, (size_t)size });
}

/* What cannot be read is as if no pass had been. */
static void read_place(struct slice place, struct retention *pass)
{
	char text[96], oid[OID_HEX + 1];
	int ended, kind;

	*pass = (struct retention){ .ended = false };
	if (!place.size || place.size >= sizeof(text))
		return;
	memcpy(text, place.data, place.size);
	text[place.size] = '\0';
	if (sscanf(text, "%d %d %24s %" SCNd64 " %" SCNu64 " %" SCNu64, &ended, &kind, oid, &pass->began_ms, &pass->dropped,
		    &pass->damaged) != 6 ||
		!oid_read(slice_of(oid), &pass->next) || kind < 0 || kind > (int)REPO_KINDS) {
		*pass = (struct retention){ .ended = false };
		return;
	}
	pass->ended = ended || kind == (int)REPO_KINDS;
	pass->kind = (enum repo_kind)kind;
}

int retention_load(struct store *store, struct retention *pass, struct store_problem *problem)
{
	struct txn txn;
	int code = txn_begin(store, false, &txn);

	if (code)
		return store_fail(store, code, "retention", problem);
	read_place(meta_text(&txn, place_name), pass);
	code = txn.error;
	txn_abort(&txn);
	return code ? store_fail(store, code, "retention", problem) : ERROR_NONE;
}

/* --- a step -------------------------------------------------------------------------------------------------------- */

static void dropping_init(struct dropping *dropping, struct store *store)
{
	dropping->frames = frame_maker_new(store_dictionaries(store));
	canon_maker_init(&dropping->canon);
	json_init(&dropping->json, CANON_NODES_MAX);
	buf_init(&dropping->frame, 2 * FRAME_CONTENT_MAX);
	buf_init(&dropping->scratch, 2 * FRAME_CONTENT_MAX);
}

static void dropping_release(struct dropping *dropping)
{
	frame_maker_free(&dropping->frames);
	canon_maker_release(&dropping->canon);
	json_release(&dropping->json);
	buf_release(&dropping->frame);
	buf_release(&dropping->scratch);
	arena_release(&dropping->arena);
}

static int step_once(struct dropping *dropping, struct store *store)
{
	int code = txn_begin(store, true, &dropping->txn);

	if (code)
		return code;
	dropping->looked_at = 0;
	txn_fail(&dropping->txn, take_rows(dropping));
	note_place(&dropping->txn, dropping->pass);
	return txn_commit(&dropping->txn);
}

int retention_step(struct store *store, int64_t before_ms, int64_t now_ms, struct retention *pass, struct store_problem *problem)
{
	struct retention before;
	struct dropping dropping = { .before_ms = before_ms, .now_ms = now_ms, .pass = pass };
	int code;

	if (!pass->began_ms)
		pass->began_ms = now_ms;
	before = *pass;
	dropping_init(&dropping, store);
	while ((code = step_once(&dropping, store)) == MDB_MAP_FULL) {
		*pass = before;
		code = store_grow(store, problem);
		if (code)
			break;
	}
	dropping_release(&dropping);
	if (!code)
		return ERROR_NONE;
	*pass = before;
	return problem->code == code ? code : store_fail(store, code, "retention", problem);
}
