/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/fill.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <xxhash.h>

#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/statement_of.h"

#define DAY_MS (86400 * 1000LL)

static bool draft_date(const struct draft *draft, uint16_t field, int64_t *time_ms)
{
	struct slice value = draft->value[field];

	return value.size > 2 && hub_date_parse((struct slice){ value.data + 1, value.size - 2 }, time_ms);
}

static void set_date(struct draft *draft, uint16_t field, int64_t time_ms)
{
	char text[HUB_DATE_ROOM];

	hub_date_format(time_ms, text);
	draft_set_text(draft, field, slice_of(text));
}

static int64_t at_least(int64_t value, int64_t least)
{
	return value > least ? value : least;
}

/* A loaded row was born up to 90 days before its last commit, or some day in the two years from the floor on. */
static int64_t past_birth(const struct draft *draft, uint64_t hash)
{
	int64_t modified;

	if (draft_date(draft, FIELD_lastModified, &modified))
		return at_least(modified / 1000 * 1000 - (int64_t)(hash % (90 * 86400)) * 1000, HUB_FLOOR_MS);
	return HUB_FLOOR_MS + (int64_t)(hash % (730 * 86400)) * 1000;
}

static void make_oid(struct hub *hub, enum kind kind, int64_t created_ms, uint64_t hash, uint8_t oid[OID_BYTES])
{
	put_be(oid, (uint64_t)(created_ms / 1000), 4);
	do {
		put_be(oid + 4, hash++, 8);
	} while (hub_by_oid(hub, kind, oid));
}

void fill_birth(struct hub *hub, enum kind kind, struct slice name, enum apply_mode mode, int64_t now_ms, bool has_oid,
	uint8_t oid[OID_BYTES])
{
	struct draft *draft = &hub->draft;
	uint64_t hash = XXH64(name.data, name.size, (uint64_t)kind);
	int64_t now_s = now_ms / 1000 * 1000, created, modified; /* commits and oids count seconds */

	if (!draft_date(draft, FIELD_createdAt, &created)) {
		if (has_oid)
			created = (int64_t)get_u32(oid) * 1000;
		else
			created = mode == APPLY_NOW ? now_s : past_birth(draft, hash);
		set_date(draft, FIELD_createdAt, created);
	}
	if (!has_oid)
		make_oid(hub, kind, created, hash, oid);
	if (draft_date(draft, FIELD_lastModified, &modified))
		return;
	/* Not in the future, unless the repo itself is. */
	modified = mode == APPLY_NOW ? now_s : created + (int64_t)(hash >> 20) % (30 * DAY_MS) / 1000 * 1000;
	set_date(draft, FIELD_lastModified, modified > now_ms ? created : modified);
}

void fill_sha(struct draft *draft, enum kind kind, const uint8_t oid[OID_BYTES], uint32_t commit)
{
	uint8_t digest[SHA_DIGEST_LENGTH];
	char text[OID_TEXT + 1], hex[2 * SHA_DIGEST_LENGTH + 1], seed[96];

	oid_format(oid, text);
	snprintf(seed, sizeof(seed), "%s %s %u", kind_words[kind].one, text, commit);
	SHA1((const unsigned char *)seed, strlen(seed), digest);
	hex_format(digest, sizeof(digest), hex);
	draft_set_text(draft, FIELD_sha, slice_of(hex));
}

/* A value written straight into the draft's text, which does not move. */
static struct slice text_since(const struct draft *draft, size_t start)
{
	return (struct slice){ draft->text.data + start, draft->text.size - start };
}

void fill_statement(struct hub *hub, bool tags_given, bool card_given)
{
	struct draft *draft = &hub->draft;
	struct slice tags = draft->value[FIELD_tags], card = draft->value[FIELD_cardData];
	size_t start = draft->text.size;

	if (card_given && !tags_given) {
		tags_from_card(hub, tags, card, &draft->text);
		draft_set(draft, FIELD_tags, text_since(draft, start));
	} else if (tags_given && !card_given && (!card.data || draft->made_card) && !hub->no_card) {
		draft->made_card = card_from_tags(tags, &draft->text);
		draft_set(draft, FIELD_cardData, draft->made_card ? text_since(draft, start) : SLICE_NONE);
	}
}
