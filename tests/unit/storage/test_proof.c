/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a proof: what holds, and that no size a stranger names is believed. tests/cases/test_proof.py has the forgeries. */
#include "storage/proof.h"

#include "tests/unit/storage/fixture.h"

#define MIT "{\"license\":\"mit\"}"
#define GPL "{\"license\":\"gpl-3.0\"}"

/* A switch on the second day, and one on the third. */
static struct fixture *ledger_new(void)
{
	struct fixture *f = fixture_new();

	fixture_sweep(f, DAY(1), ROW(f, .card = "{}"));
	fixture_poll(f, DAY(2), ROW(f, .card = MIT, .sha = 2));
	fixture_poll(f, DAY(3), ROW(f, .card = GPL, .sha = 3));
	return f;
}

/* What a test may alter of a good proof; texts are JSON. */
struct forged {
	const char *chain, *chains, *begin, *certainty, *also, *tail;
};

static const char *chain_text(struct fixture *f, size_t bytes)
{
	struct buf lines = BUF_INIT(1 << 20), packed = BUF_INIT(1 << 20);
	const char *text, *hash = fixture_field(f, 2, "hash");

	for (uint64_t seq = 1; seq <= 2; seq++)
		buf_printf(&lines, "%s\n", fixture_record(f, seq));
	proof_pack_lines(buf_as_slice(&lines), &packed);
	text = fixture_text(f, "{\"first\":1,\"last\":2,\"head\":\"%s 2 %.64s 2025-01-04T00:00:00.000Z\",\"bytes\":%zu,\"zstd\":\"%s\"}",
		store_ledger(f->store), hash + 1, bytes ? bytes : lines.size, packed.data);
	buf_release(&lines);
	buf_release(&packed);
	return text;
}

static const char *or_else(const char *given, const char *usual)
{
	return given ? given : usual;
}

static struct proof_report check(struct fixture *f, const struct forged *forged, const char *head)
{
	const char *after = fixture_field(f, 1, "after"), *chain = forged->chain ? forged->chain : chain_text(f, 0);
	struct buf file = BUF_INIT(1 << 22);
	struct proof_report report;

	buf_printf(&file, "{\"proof\":1,\"ledger\":\"%s\",\"hub\":\"%s\",\"kind\":\"model\",\"repo\":\"org/repo-1\",\"oid\":\"%s\","
		"\"url\":\"%s/org/repo-1\",\"at\":\"2025-01-03T00:00:00.000Z\",\"certainty\":%s,\"series\":\"observed\",\"version\":2,"
		"\"first_seen\":\"2025-01-03T00:00:00.000Z\",\"last_seen\":\"2025-01-03T00:00:00.000Z\","
		"\"next_seen\":\"2025-01-04T00:00:00.000Z\",\"from\":null,\"until\":null,\"state\":%s,\"begin\":%s,\"end\":2,",
		store_ledger(f->store), store_hub(f->store), fixture_oid(f, 1), store_hub(f->store),
		or_else(forged->certainty, "\"unchanged\""), after, or_else(forged->begin, "1"));
	buf_printf(&file, "\"also\":%s,\"snapshot\":null,\"look\":null,\"receipts\":[],\"chain\":%s%s",
		or_else(forged->also, "[]"), or_else(forged->chains, fixture_text(f, "[%s]", chain)), or_else(forged->tail, ""));
	proof_seal(&file);
	proof_check(buf_as_slice(&file), slice_of(head), &report);
	buf_release(&file);
	return report;
}

static bool says(const struct proof_report *report, const char *text)
{
	for (unsigned i = 0; i < report->count; i++)
		if (memmem(report->finding[i].text.data, report->finding[i].text.size, text, strlen(text)))
			return true;
	return false;
}

static void assert_broken(struct fixture *f, const struct forged *forged, const char *text)
{
	struct proof_report report = check(f, forged, NULL);

	assert_int_equal(report.verdict, PROOF_IS_BROKEN);
	if (!says(&report, text))
		fail_msg("not said: %s; but %.*s", text, (int)report.finding[0].text.size, report.finding[0].text.data);
	proof_report_release(&report);
}

static void test_what_holds(void **state)
{
	struct fixture *f = ledger_new();
	struct proof_report report = check(f, &(struct forged){ 0 }, NULL), again;

	(void)state;
	assert_int_equal(report.verdict, PROOF_HOLDS);
	assert_int_equal(report.time, PROOF_PROVEN);
	assert_int_equal(report.head_count, 1);
	assert_true(slice_is(report.license, "mit"));
	again = check(f, &(struct forged){ 0 }, fixture_text(f, "%.*s", (int)report.head[0].size, report.head[0].data));
	assert_int_equal(again.verdict, PROOF_HOLDS);
	assert_true(says(&again, "are those of the head that was kept"));
	proof_report_release(&again);
	proof_report_release(&report);
	fixture_free(f);
}

static void test_sizes_are_not_believed(void **state)
{
	struct fixture *f = ledger_new();
	const char *many = "1", *chain = chain_text(f, 0);

	(void)state;
	assert_broken(f, &(struct forged){ .chain = chain_text(f, 1) }, "cannot be unpacked");
	assert_broken(f, &(struct forged){ .chain = chain_text(f, PROOF_LINES_BYTES_MAX) }, "cannot be unpacked");
	assert_broken(f, &(struct forged){ .chain = chain_text(f, (size_t)1 << 40) }, "cannot be unpacked");
	for (unsigned i = 0; i < PROOF_RECEIPTS_MAX; i++)
		many = fixture_text(f, "%s,1", many);
	assert_broken(f, &(struct forged){ .also = fixture_text(f, "[%s]", many) }, "\"also\" has more than 64 entries");
	for (unsigned i = 0; i < 4; i++)
		chain = fixture_text(f, "%s,%s", chain, chain);
	assert_broken(f, &(struct forged){ .chains = fixture_text(f, "[%s,{}]", chain) }, "\"chain\" has more than 16 entries");
	fixture_free(f);
}

static void test_forms(void **state)
{
	struct fixture *f = ledger_new();

	(void)state;
	assert_broken(f, &(struct forged){ .chains = "{}" }, "\"chain\" is missing, or not what it should be");
	assert_broken(f, &(struct forged){ .chains = "[]" }, "record 1, which is named, is in no chain that is good");
	assert_broken(f, &(struct forged){ .chains = "[7]" }, "a member is not what it should be");
	assert_broken(f, &(struct forged){ .begin = "2" }, "record 2 does not say what the file says");
	assert_broken(f, &(struct forged){ .begin = "-1" }, "a member is not what it should be");
	assert_broken(f, &(struct forged){ .begin = "18446744073709551615" }, "a member is not what it should be");
	assert_broken(f, &(struct forged){ .certainty = "\"gap\"" }, "does not lie where it is said to");
	assert_broken(f, &(struct forged){ .certainty = "\"gone\"" }, "does not lie where it is said to");
	assert_broken(f, &(struct forged){ .tail = ",\"proof\":2" }, "one of a later form");
	assert_broken(f, &(struct forged){ .tail = "}" }, "no JSON");
	fixture_free(f);
}

static void test_no_proof_at_all(void **state)
{
	static const char *const files[] = { "", "{}", "\n\n", "{\"proof\":1}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		struct proof_report report;

		proof_check(slice_of(files[i]), SLICE_NONE, &report);
		assert_int_equal(report.verdict, PROOF_IS_BROKEN);
		assert_true(says(&report, "does not end with its own hash"));
		proof_report_release(&report);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_holds),
		cmocka_unit_test(test_sizes_are_not_believed),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_no_proof_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
