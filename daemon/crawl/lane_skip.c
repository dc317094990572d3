/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/lane_skip.h"

#include "daemon/hub/oid_cursor.h"
#include "daemon/run/log.h"
#include "storage/model/moment.h"
#include "storage/reader.h"

/* Two oids and what went wrong. */
enum { SKIP_GAP_MAX = 1024 };

void skip_init(struct lane_skip *skip)
{
	*skip = (struct lane_skip){ 0 };
	buf_init(&skip->url, URL_MAX);
	buf_init(&skip->gap, SKIP_GAP_MAX);
}

void skip_release(struct lane_skip *skip)
{
	buf_release(&skip->url);
	buf_release(&skip->gap);
}

/* The known row behind `oid`: the one that cannot be read lies before it, or it is that one. */
static bool known_row_behind(const struct lane_run *run, struct repo_oid *oid)
{
	struct store_problem problem;
	struct reader *reader;
	struct repo_ref ref;
	bool found;

	if (!oid_next(oid) || reader_open(run->context->store, &reader, &problem))
		return false;
	found = reader_repo_from(reader, run->kind->kind, oid, &ref) == 0;
	reader_close(&reader);
	if (found)
		*oid = ref.oid;
	return found;
}

static void describe_stretch(struct lane_skip *skip, const struct lane_run *run, const struct request *request,
	const struct repo_oid *from, const struct repo_oid *to)
{
	char hex[OID_HEX + 1];

	buf_reset(&skip->gap);
	oid_write(from, hex);
	buf_printf(&skip->gap, "sweep %s: what lies behind %s", repo_kinds[run->kind->kind].plural, hex);
	if (to) {
		oid_write(to, hex);
		buf_printf(&skip->gap, " up to %s", hex);
	}
	buf_printf(&skip->gap, " could not be seen, one row alone and without its card: %s", request->why);
}

bool skip_in_sweep(struct lane_skip *skip, const struct lane_run *run, const struct request *request, struct slice next)
{
	struct repo_oid from, to;
	bool placed = url_oid(buf_as_slice(&request->url), &from), known;

	buf_reset(&skip->url);
	if (next.size) {
		describe_stretch(skip, run, request, &from, url_row(next, &to) ? &to : NULL);
		buf_slice(&skip->url, next);
		return true;
	}
	to = from;
	known = placed && known_row_behind(run, &to);
	describe_stretch(skip, run, request, &from, known ? &to : NULL);
	if (known)
		url_behind(buf_as_slice(&request->url), &to, &skip->url);
	return known;
}

void skip_in_poll(struct lane_skip *skip, const struct lane_run *run, const struct request *request, bool has_link,
	int64_t watermark_ms)
{
	char since[MOMENT_TEXT], hex[OID_HEX + 1];
	struct repo_oid oid;

	buf_reset(&skip->gap);
	buf_printf(&skip->gap, "poll %s: ", repo_kinds[run->kind->kind].plural);
	if (has_link && url_row(buf_as_slice(&skip->url), &oid)) {
		oid_write(&oid, hex);
		buf_printf(&skip->gap, "%s could not be seen", hex);
	} else {
		moment_write(watermark_ms, since);
		buf_printf(&skip->gap, "of what was modified since %s a row could not be seen", since);
	}
	buf_printf(&skip->gap, ", alone and without its card: %s", request->why);
}

void skip_go(struct lane_skip *skip, struct lane_run *run)
{
	skip->on = true;
	run->without_card = false;
	log_write(LOG_SKIPPED, log_text("lane", lane_name(run->lane)), log_text("kind", repo_kinds[run->kind->kind].name),
		log_slice("why", buf_as_slice(&skip->gap)));
	lane_end(run, LANE_AGAIN, NULL);
}
