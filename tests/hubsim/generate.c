/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/generate.h"

#include <inttypes.h>

#include "tests/hubsim/apply.h"
#include "tests/hubsim/fill.h"
#include "tests/hubsim/random.h"
#include "tests/hubsim/sim_clock.h"
#include "tests/hubsim/words.h"

enum { ROW_BYTES_MAX = 1 << 20 };

#define NEWEST_MS 1793491200000 /* 2026-11-01: made-up repos are older */

/* One row while it is made. `license` and `base` end up both in the card and in the tags. */
struct maker {
	uint64_t random;
	uint64_t seed, number;
	enum kind kind;
	const char *license; /* NULL: none */
	const struct license_name *terms;
	const char *library, *task, *language, *relation;
	uint64_t base; /* number of the model it derives from */
	bool has_base, has_card, needs_comma;
	struct buf *out;
};

static const char *pick(uint64_t *random, const char *const *words)
{
	return words[random_below(random, words_count(words))];
}

static uint64_t start_of(enum kind kind, uint64_t number, uint64_t seed)
{
	uint64_t state = seed * 0x2545F4914F6CDD1Du + number * KIND_COUNT + (uint64_t)kind;

	return random_next(&state);
}

/* One to one from an index to a name. */
static void write_owner(uint64_t index, struct buf *out)
{
	size_t first = words_count(owner_first_words), last = words_count(owner_last_words);

	buf_printf(out, "%s%s%s", owner_first_words[index % first], index % 3 ? "-" : "", owner_last_words[index / first % last]);
	if (index / first / last)
		buf_printf(out, "%" PRIu64, index / first / last);
}

static void write_base36(uint64_t number, struct buf *out)
{
	if (number >= 36)
		write_base36(number / 36, out);
	buf_char(out, "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36]);
}

/* Without quotes; no character of it needs an escape. The number at its end makes it unique. */
static void write_name(enum kind kind, uint64_t number, uint64_t seed, struct buf *out)
{
	uint64_t random = start_of(kind, number, seed), owners = number / 2 + 8;

	/* Few owners with many repos, many with one. */
	write_owner((uint64_t)(random_skewed(&random, 2) * (double)owners), out);
	buf_char(out, '/');
	if (kind == KIND_MODEL) {
		buf_printf(out, "%s-%s", pick(&random, model_families), pick(&random, model_sizes));
		if (random_chance(&random, 0.6))
			buf_printf(out, "-%s", pick(&random, model_variants));
	} else if (kind == KIND_DATASET) {
		buf_printf(out, "%s_%s", pick(&random, dataset_topics), pick(&random, dataset_forms));
	} else {
		buf_printf(out, "%s-%s", pick(&random, space_subjects), pick(&random, space_forms));
	}
	buf_char(out, '-');
	write_base36(number, out);
}

static void choose_license(struct maker *maker)
{
	uint64_t total = 0, at;

	for (size_t i = 0; i < license_share_count; i++)
		total += license_shares[i].count[maker->kind];
	at = random_below(&maker->random, total);
	for (size_t i = 0; i < license_share_count; i++) {
		if (at < license_shares[i].count[maker->kind]) {
			maker->license = license_shares[i].id;
			break;
		}
		at -= license_shares[i].count[maker->kind];
	}
	if (maker->license && strcmp(maker->license, "other") == 0 && random_chance(&maker->random, 0.6))
		maker->terms = &license_names[random_below(&maker->random, license_name_count)];
}

static void choose(struct maker *maker)
{
	uint64_t *random = &maker->random;
	bool model = maker->kind == KIND_MODEL;

	choose_license(maker);
	maker->has_card = maker->license || maker->kind == KIND_SPACE || random_chance(random, model ? 0.5 : 0.6);
	maker->library = model && random_chance(random, 0.61) ? pick(random, libraries) : NULL;
	maker->task = random_chance(random, model ? 0.53 : 0.3) ? pick(random, tasks) : NULL;
	maker->language = random_chance(random, 0.3) ? pick(random, languages) : NULL;
	maker->has_base = model && maker->has_card && maker->number > 8 && random_chance(random, 0.4);
	/* Some models have many children. */
	maker->base = (uint64_t)(random_skewed(random, 5) * (double)maker->number);
	maker->relation = pick(random, base_relations);
}

static void key(struct maker *maker, const char *name)
{
	buf_printf(maker->out, "%s\"%s\":", maker->needs_comma ? "," : "", name);
	maker->needs_comma = true;
}

static void text_member(struct maker *maker, const char *name, const char *value)
{
	if (!value)
		return;
	key(maker, name);
	buf_printf(maker->out, "\"%s\"", value);
}

static void list_member(struct maker *maker, const char *name, const char *value)
{
	if (!value)
		return;
	key(maker, name);
	buf_printf(maker->out, "[\"%s\"]", value);
}

static void number_member(struct maker *maker, const char *name, uint64_t value)
{
	key(maker, name);
	buf_printf(maker->out, "%" PRIu64, value);
}

static void date_member(struct maker *maker, const char *name, int64_t time_ms)
{
	char date[HUB_DATE_ROOM];

	hub_date_format(time_ms, date);
	text_member(maker, name, date);
}

static void tag(struct maker *maker, const char *prefix, const char *text)
{
	if (!text)
		return;
	buf_printf(maker->out, "%s\"%s%s\"", maker->needs_comma ? "," : "", prefix, text);
	maker->needs_comma = true;
}

static void base_tag(struct maker *maker, const char *relation)
{
	buf_printf(maker->out, "%s\"base_model:%s%s", maker->needs_comma ? "," : "", relation, *relation ? ":" : "");
	write_name(KIND_MODEL, maker->base, maker->seed, maker->out);
	buf_char(maker->out, '"');
	maker->needs_comma = true;
}

static void write_model_tags(struct maker *maker)
{
	uint64_t *random = &maker->random;

	tag(maker, "", maker->library);
	for (unsigned i = 0; i < 2; i++)
		if (random_chance(random, 0.5))
			tag(maker, "", formats[2 * i + random_below(random, 2)]);
	if (maker->task) {
		tag(maker, "", pick(random, architectures));
		tag(maker, "", maker->task);
	}
	while (random_chance(random, 0.45))
		tag(maker, "", pick(random, free_tags));
	tag(maker, "", maker->language);
	if (maker->has_base) {
		base_tag(maker, "");
		base_tag(maker, maker->relation);
	}
	tag(maker, "license:", maker->license);
	if (maker->library && random_chance(random, 0.6))
		tag(maker, "", "endpoints_compatible");
}

static void write_dataset_tags(struct maker *maker)
{
	uint64_t *random = &maker->random;

	tag(maker, "task_categories:", maker->task);
	tag(maker, "language:", maker->language);
	tag(maker, "license:", maker->license);
	tag(maker, "size_categories:", random_chance(random, 0.5) ? "n<1K" : "10K<n<100K");
	tag(maker, "format:", random_chance(random, 0.6) ? "parquet" : "json");
	tag(maker, "modality:", random_chance(random, 0.7) ? "text" : "image");
	tag(maker, "library:", "datasets");
	tag(maker, "library:", "mlcroissant");
	while (random_chance(random, 0.2))
		tag(maker, "", pick(random, free_tags));
}

static void write_tags(struct maker *maker)
{
	key(maker, "tags");
	buf_char(maker->out, '[');
	maker->needs_comma = false;
	if (maker->kind == KIND_MODEL) {
		write_model_tags(maker);
	} else if (maker->kind == KIND_DATASET) {
		write_dataset_tags(maker);
	} else {
		tag(maker, "", maker->library);
		tag(maker, "license:", maker->license);
	}
	tag(maker, "", "region:us");
	buf_char(maker->out, ']');
	maker->needs_comma = true;
}

static void write_results(struct maker *maker)
{
	uint64_t *random = &maker->random;

	unsigned results = 1 + (unsigned)(random_skewed(random, 2) * 8);

	key(maker, "model-index");
	buf_printf(maker->out, "[{\"name\":\"%s\",\"results\":[", pick(random, model_families));
	for (unsigned i = 0; i < results; i++)
		buf_printf(maker->out, "%s{\"task\":{\"name\":\"%s\",\"type\":\"%s\"},\"dataset\":{\"name\":\"%s\",\"type\":\"%s\"},"
			"\"metrics\":[{\"type\":\"%s\",\"value\":%u.%u,\"name\":\"%s\",\"verified\":false}]}", i ? "," : "",
			pick(random, tasks), maker->task ? maker->task : "text-generation", pick(random, dataset_topics),
			pick(random, dataset_forms), pick(random, metrics), (unsigned)random_below(random, 100),
			(unsigned)random_below(random, 10000), pick(random, metrics));
	buf_text(maker->out, "]}]");
}

/* Examples for the page's try-it box. */
static void write_widget(struct maker *maker)
{
	uint64_t *random = &maker->random;
	unsigned examples = 1 + (unsigned)random_below(random, 4);

	key(maker, "widget");
	buf_char(maker->out, '[');
	for (unsigned i = 0; i < examples; i++)
		buf_printf(maker->out, "%s{\"text\":\"%s %s\"}", i ? "," : "", pick(random, sentences), pick(random, sentences));
	buf_char(maker->out, ']');
}

static void write_list(struct maker *maker, const char *name, const char *const *words)
{
	uint64_t *random = &maker->random;
	unsigned count = 1 + (unsigned)(random_skewed(random, 2) * 5);

	key(maker, name);
	buf_char(maker->out, '[');
	for (unsigned i = 0; i < count; i++)
		buf_printf(maker->out, "%s\"%s\"", i ? "," : "", pick(random, words));
	buf_char(maker->out, ']');
}

static void write_dataset_info(struct maker *maker)
{
	uint64_t *random = &maker->random;
	unsigned columns = 2 + (unsigned)(random_skewed(random, 2) * 40);

	key(maker, "dataset_info");
	buf_text(maker->out, "{\"features\":[");
	for (unsigned i = 0; i < columns; i++)
		buf_printf(maker->out, "%s{\"name\":\"%s_%u\",\"dtype\":\"%s\"}", i ? "," : "", pick(random, dataset_forms), i,
			i % 3 ? "string" : "int64");
	buf_printf(maker->out, "],\"splits\":[{\"name\":\"train\",\"num_bytes\":%" PRIu64 ",\"num_examples\":%" PRIu64 "}]}",
		random_below(random, 1u << 30), random_below(random, 1u << 20));
}

static void write_license_members(struct maker *maker)
{
	/* One card in 400 has its one license in a list. */
	if (random_chance(&maker->random, 0.0025))
		list_member(maker, "license", maker->license);
	else
		text_member(maker, "license", maker->license);
	if (maker->terms) {
		text_member(maker, "license_name", maker->terms->name);
		text_member(maker, "license_link", maker->terms->link);
	}
}

static void write_space_card(struct maker *maker)
{
	uint64_t *random = &maker->random;

	text_member(maker, "title", pick(random, space_subjects));
	text_member(maker, "colorFrom", pick(random, colors));
	text_member(maker, "colorTo", pick(random, colors));
	text_member(maker, "sdk", maker->library);
	text_member(maker, "sdk_version", "4.44.0");
	text_member(maker, "app_file", "app.py");
	key(maker, "pinned");
	buf_text(maker->out, "false");
	text_member(maker, "short_description", pick(random, sentences));
}

static void write_card(struct maker *maker)
{
	uint64_t *random = &maker->random;

	key(maker, "cardData");
	buf_char(maker->out, '{');
	maker->needs_comma = false;
	if (maker->has_base) {
		key(maker, "base_model");
		buf_char(maker->out, '"');
		write_name(KIND_MODEL, maker->base, maker->seed, maker->out);
		buf_char(maker->out, '"');
	}
	list_member(maker, "language", maker->language);
	if (maker->kind == KIND_SPACE)
		write_space_card(maker);
	else
		text_member(maker, "library_name", maker->library);
	write_license_members(maker);
	if (maker->kind == KIND_MODEL) {
		text_member(maker, "pipeline_tag", maker->task);
		write_list(maker, "tags", free_tags);
		if (random_chance(random, 0.4))
			write_list(maker, "metrics", metrics);
		if (random_chance(random, 0.6))
			write_results(maker);
		if (random_chance(random, 0.5))
			write_widget(maker);
	} else if (maker->kind == KIND_DATASET) {
		list_member(maker, "task_categories", maker->task);
		text_member(maker, "pretty_name", pick(random, dataset_topics));
		write_list(maker, "tags", free_tags);
		if (random_chance(random, 0.9))
			write_dataset_info(maker);
	}
	if (random_chance(random, 0.02)) {
		text_member(maker, "extra_gated_prompt", pick(random, sentences));
		text_member(maker, "extra_gated_button_content", pick(random, sentences));
	}
	buf_char(maker->out, '}');
	maker->needs_comma = true;
}

static void write_description(struct maker *maker)
{
	uint64_t *random = &maker->random;

	key(maker, "description");
	buf_text(maker->out, "\"\\n\\t\\n\\t\\t\\n\\t");
	for (unsigned i = 0, count = 1 + (unsigned)random_below(random, 8); i < count; i++)
		buf_printf(maker->out, "%s ", pick(random, sentences));
	buf_text(maker->out, "\xE2\x80\xA6 See the full description on the dataset page.\"");
}

/* Growing numbers of new repos over the years; most see their last commit soon after the first. */
static int64_t write_dates(struct maker *maker)
{
	uint64_t *random = &maker->random;
	int64_t created = NEWEST_MS - (int64_t)(random_skewed(random, 2) * (double)(NEWEST_MS - HUB_FLOOR_MS));
	int64_t modified = created + (int64_t)(random_skewed(random, 8) * (double)(NEWEST_MS - created));

	created -= created % 1000;
	date_member(maker, "createdAt", created);
	date_member(maker, "lastModified", modified / 1000 * 1000 > created ? modified / 1000 * 1000 : created);
	return created;
}

static uint64_t power_of_ten(double exponent)
{
	double value = 1;

	for (; exponent >= 1; exponent -= 1)
		value *= 10;
	return (uint64_t)(value * (1 + 9 * exponent));
}

static void write_counters(struct maker *maker)
{
	uint64_t *random = &maker->random;

	if (maker->kind != KIND_SPACE)
		number_member(maker, "downloads", power_of_ten(random_skewed(random, 4) * 8) - 1);
	number_member(maker, "likes", power_of_ten(random_skewed(random, 8) * 4) - 1);
	number_member(maker, "trendingScore", random_chance(random, 0.02) ? random_below(random, 300) : 0);
}

static void write_settings(struct maker *maker)
{
	uint64_t *random = &maker->random;

	if (maker->kind != KIND_SPACE && random_chance(random, maker->kind == KIND_MODEL ? 0.017 : 0.027))
		text_member(maker, "gated", random_chance(random, 0.4) ? "auto" : "manual");
	if (random_chance(random, 0.00007)) {
		key(maker, "disabled");
		buf_text(maker->out, "true");
	}
}

static void write_oid(struct maker *maker, int64_t created_ms)
{
	uint8_t oid[OID_BYTES];
	char text[OID_TEXT + 1];

	put_be(oid, (uint64_t)(created_ms / 1000), 4);
	put_be(oid + 4, random_next(&maker->random), 8);
	oid_format(oid, text);
	text_member(maker, "_id", text);
}

void generate_row(enum kind kind, uint64_t number, uint64_t seed, struct buf *out)
{
	struct maker maker = { .random = start_of(kind, number, ~seed), .seed = seed, .number = number, .kind = kind,
		.out = out };

	choose(&maker);
	if (kind == KIND_SPACE)
		maker.library = pick(&maker.random, sdks);
	buf_char(out, '{');
	text_member(&maker, "repoType", kind_words[kind].one);
	key(&maker, "id");
	buf_char(out, '"');
	write_name(kind, number, seed, out);
	buf_char(out, '"');
	write_oid(&maker, write_dates(&maker));
	write_tags(&maker);
	if (maker.has_card)
		write_card(&maker);
	if (kind == KIND_SPACE)
		text_member(&maker, "sdk", maker.library);
	else if (kind == KIND_MODEL) {
		text_member(&maker, "library_name", maker.library);
		text_member(&maker, "pipeline_tag", maker.task);
	} else if (random_chance(&maker.random, 0.4)) {
		write_description(&maker);
	}
	write_settings(&maker);
	write_counters(&maker);
	buf_char(out, '}');
}

/* The kind that is furthest behind its share. */
static enum kind next_kind(uint64_t number, const uint64_t made[KIND_COUNT], const unsigned share[KIND_COUNT])
{
	uint64_t total = (uint64_t)share[KIND_MODEL] + share[KIND_DATASET] + share[KIND_SPACE];
	enum kind best = KIND_MODEL;
	int64_t most = INT64_MIN;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		int64_t behind = (int64_t)(share[kind] * (number + 1)) - (int64_t)(made[kind] * total);
		if (share[kind] && behind > most) {
			most = behind;
			best = (enum kind)kind;
		}
	}
	return best;
}

void generate_rows(struct hub *hub, uint64_t count, const unsigned share[KIND_COUNT], uint64_t seed)
{
	struct buf row = BUF_INIT(ROW_BYTES_MAX);
	uint64_t made[KIND_COUNT] = { 0 };

	for (uint64_t i = 0; i < count; i++) {
		enum kind kind = next_kind(i, made, share);
		buf_reset(&row);
		generate_row(kind, made[kind]++, seed, &row);
		buf_reserve(&row, JSON_PADDING);
		apply_row(hub, row.data, row.size, APPLY_LOAD);
	}
	buf_release(&row);
}
