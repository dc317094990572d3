/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/tick.h"

#include <inttypes.h>

#include "tests/hubsim/apply.h"
#include "tests/hubsim/generate.h"
#include "tests/hubsim/random.h"
#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/truth.h"
#include "tests/hubsim/words.h"

enum { ROW_BYTES_MAX = 1 << 20, FIRST_NEW_NUMBER = 1000000000 };

/* One change: what is written becomes a row for apply_row(). */
struct ticking {
	struct sim *sim;
	uint64_t *random;
	const struct repo *repo;
	struct buf row;
};

static const char *any(struct ticking *ticking, const char *const *words)
{
	return words[random_below(ticking->random, words_count(words))];
}

static const char *any_license(struct ticking *ticking)
{
	static const char *const usual[] = { "apache-2.0", "mit", "cc-by-4.0", "cc-by-nc-4.0", "openrail", "llama3.1", "gpl-3.0",
		"cc-by-sa-4.0", "bsd-3-clause", "gemma", "agpl-3.0", "cc-by-nc-sa-4.0", NULL };

	return any(ticking, usual);
}

/* {"_id":"...","repoType":"..." of the repo that changes; members follow, then end(). */
static void begin(struct ticking *ticking)
{
	char oid[OID_TEXT + 1];

	oid_format(ticking->repo->oid, oid);
	buf_printf(&ticking->row, "{\"_id\":\"%s\",\"repoType\":\"%s\"", oid, kind_words[ticking->repo->kind].one);
}

static void apply(struct ticking *ticking)
{
	buf_reserve(&ticking->row, JSON_PADDING);
	apply_row(&ticking->sim->hub, ticking->row.data, ticking->row.size, APPLY_NOW);
}

/* A commit is dated by the committer's clock. */
static void end_commit(struct ticking *ticking)
{
	int64_t shift_ms = fault_commit_shift_ms(&ticking->sim->faults);
	char date[HUB_DATE_ROOM];

	if (shift_ms) {
		hub_date_format((sim_clock_now_ms() + shift_ms) / 1000 * 1000, date);
		buf_printf(&ticking->row, ",\"lastModified\":\"%s\"", date);
	}
	buf_char(&ticking->row, '}');
	apply(ticking);
}

static void end(struct ticking *ticking)
{
	buf_char(&ticking->row, '}');
	apply(ticking);
}

/* The card's members but those that begin with `without`, as `"k":v,` each. */
static void copy_card(struct ticking *ticking, struct slice without)
{
	struct hub *hub = &ticking->sim->hub;
	const struct json *json = &hub->json;
	struct slice card = row_value(ticking->repo->row, FIELD_cardData);
	struct buf text = BUF_INIT(ROW_BYTES_MAX);

	buf_slice(&text, card);
	if (card.data && buf_reserve(&text, JSON_PADDING) && json_parse(&hub->json, text.data, text.size, 1) == 0 &&
	    json->node[0].type == JSON_OBJECT) {
		for (uint32_t i = json_first(0); i < json_end(json, 0); i = json_next(json, i)) {
			if (slice_starts_with(json_key(&json->node[i]), without))
				continue;
			buf_printf(&ticking->row, "\"%.*s\":%.*s,", (int)json->node[i].key_size, json->node[i].key,
				(int)json->node[i].size, json->node[i].text);
		}
	}
	buf_release(&text);
}

/* A commit to the card with these license members (`"license":"mit"`; empty: withdrawn). */
static void set_license(struct ticking *ticking, const char *members)
{
	begin(ticking);
	buf_text(&ticking->row, ",\"cardData\":{");
	copy_card(ticking, SLICE("license"));
	buf_text(&ticking->row, members);
	if (ticking->row.data[ticking->row.size - 1] == ',')
		ticking->row.size--;
	buf_text(&ticking->row, "},\"commit\":\"Update README.md\"");
	end_commit(ticking);
}

static void switch_license(struct ticking *ticking)
{
	char members[64];

	snprintf(members, sizeof(members), "\"license\":\"%s\"", any_license(ticking));
	set_license(ticking, members);
}

static void change_terms(struct ticking *ticking)
{
	const struct license_name *terms = &license_names[random_below(ticking->random, license_name_count)];
	char members[256];

	snprintf(members, sizeof(members), "\"license\":\"other\",\"license_name\":\"%s\",\"license_link\":\"%s\"", terms->name,
		terms->link);
	set_license(ticking, members);
}

static void list_licenses(struct ticking *ticking)
{
	char members[128];

	snprintf(members, sizeof(members), "\"license\":[\"%s\",\"%s\"]", any_license(ticking), any_license(ticking));
	set_license(ticking, members);
}

static void withdraw_license(struct ticking *ticking)
{
	set_license(ticking, "");
}

/* Another spelling of the same license. */
static void respell_license(struct ticking *ticking)
{
	static const char *const spelled[] = { "\"license\":\"MIT\"", "\"license\":\"Apache-2.0\"", "\"license\":[\"mit\"]", NULL };

	set_license(ticking, any(ticking, spelled));
}

static void commit_only(struct ticking *ticking)
{
	begin(ticking);
	buf_printf(&ticking->row, ",\"commit\":\"%s\"", any(ticking, commit_titles));
	end_commit(ticking);
}

static void count_up(struct ticking *ticking)
{
	begin(ticking);
	buf_printf(&ticking->row, ",\"likes\":%" PRId64, ticking->repo->likes + 1 + (int64_t)random_below(ticking->random, 3));
	if (ticking->repo->kind != KIND_SPACE)
		buf_printf(&ticking->row, ",\"downloads\":%" PRId64,
			ticking->repo->downloads + 1 + (int64_t)random_below(ticking->random, 1000));
	end(ticking);
}

static void change_gate(struct ticking *ticking)
{
	static const char *const gates[] = { "\"auto\"", "\"manual\"", NULL };

	begin(ticking);
	buf_printf(&ticking->row, ",\"gated\":%s",
		ticking->repo->restricted && random_chance(ticking->random, 0.6) ? "false" : any(ticking, gates));
	end(ticking);
}

static void change_disabled(struct ticking *ticking)
{
	begin(ticking);
	buf_printf(&ticking->row, ",\"disabled\":%s", ticking->repo->disabled ? "false" : "true");
	end(ticking);
}

static void change_private(struct ticking *ticking)
{
	begin(ticking);
	buf_printf(&ticking->row, ",\"private\":%s", ticking->repo->private ? "false" : "true");
	end(ticking);
}

static void change_base(struct ticking *ticking)
{
	begin(ticking);
	buf_text(&ticking->row, ",\"cardData\":{");
	copy_card(ticking, SLICE("base_model"));
	buf_printf(&ticking->row, "\"base_model\":\"north-labs/base-%" PRIu64 "\"}", random_below(ticking->random, 1000));
	end_commit(ticking);
}

/* `,"id":` with the owner kept and a name that nobody has. */
static void write_new_name(struct ticking *ticking)
{
	struct slice owner = repo_owner(ticking->repo);

	buf_text(&ticking->row, ",\"id\":");
	buf_char(&ticking->row, '"');
	buf_slice(&ticking->row, owner.data ? owner : SLICE("north-labs"));
	buf_printf(&ticking->row, "/moved-%" PRIx64 "\"", random_next(ticking->random) >> 24);
}

static void rename_repo(struct ticking *ticking)
{
	begin(ticking);
	write_new_name(ticking);
	end(ticking);
}

static void delete_repo(struct ticking *ticking)
{
	apply_delete(&ticking->sim->hub, ticking->sim->hub.repo[ticking->repo->position], WHAT_DELETED);
}

/* Deleted, and made anew under the same name at once. */
static void replace_repo(struct ticking *ticking)
{
	struct slice id = row_value(ticking->repo->row, FIELD_id);
	uint8_t oid[OID_BYTES];
	char text[OID_TEXT + 1];

	put_be(oid, get_be(ticking->repo->oid, 4), 4);
	put_be(oid + 4, random_next(ticking->random), 8);
	oid_format(oid, text);
	buf_printf(&ticking->row, "{\"_id\":\"%s\",\"repoType\":\"%s\",\"id\":", text, kind_words[ticking->repo->kind].one);
	buf_slice(&ticking->row, id);
	buf_printf(&ticking->row, ",\"cardData\":{\"license\":\"%s\"}", any_license(ticking));
	end(ticking);
}

static void create_repo(struct ticking *ticking)
{
	uint64_t number = FIRST_NEW_NUMBER + random_below(ticking->random, 1000000000);

	buf_printf(&ticking->row, "{\"repoType\":\"%s\",\"id\":\"north-labs/new-%" PRIu64 "\",\"cardData\":{\"license\":\"%s\"}",
		kind_words[ticking->repo->kind].one, number, any_license(ticking));
	end(ticking);
}

/* Of 100 changes; the first two happen all the time, the others are what a crawler is for. */
static const struct {
	unsigned share;
	void (*change)(struct ticking *ticking);
} changes_table[] = {
	{ 14, count_up },
	{ 16, commit_only },
	{ 18, switch_license },
	{ 8, change_terms },
	{ 3, list_licenses },
	{ 6, withdraw_license },
	{ 4, respell_license },
	{ 6, change_gate },
	{ 2, change_disabled },
	{ 3, change_private },
	{ 4, change_base },
	{ 5, rename_repo },
	{ 4, delete_repo },
	{ 2, replace_repo },
	{ 5, create_repo },
};

static void change_one(struct ticking *ticking)
{
	uint64_t at = random_below(ticking->random, 100);

	ticking->repo = ticking->sim->hub.repo[random_below(ticking->random, ticking->sim->hub.repos)];
	buf_reset(&ticking->row);
	for (size_t i = 0; i < ARRAY_COUNT(changes_table); i++) {
		if (at < changes_table[i].share) {
			changes_table[i].change(ticking);
			return;
		}
		at -= changes_table[i].share;
	}
}

uint64_t tick_changes(struct sim *sim, uint64_t *random, uint64_t changes)
{
	struct ticking ticking = { .sim = sim, .random = random, .row = BUF_INIT(ROW_BYTES_MAX) };
	size_t before = truth_count(sim->hub.truth), wanted = before + changes;

	/* A drawn change can be none (the license it has already, a withdrawn one withdrawn): then another is drawn. */
	for (uint64_t tries = 0; truth_count(sim->hub.truth) < wanted && tries < 20 * changes && sim->hub.repos; tries++)
		change_one(&ticking);
	buf_release(&ticking.row);
	return truth_count(sim->hub.truth) - before;
}
