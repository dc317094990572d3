/* SPDX-License-Identifier: Apache-2.0 */
/* A proof of a stranger's, sealed so that more than its seal is looked at; and the same with a head. What is found may not
 * depend on the day. */
#include "storage/proof.h"
#include "tests/fuzz/fuzz.h"

static void check(struct slice file, struct slice head, struct proof_report *report)
{
	proof_check(file, head, report);
	FUZZ_CHECK(report->count > 0 && report->count <= PROOF_FINDINGS_MAX);
	FUZZ_CHECK(report->head_count <= PROOF_CHAINS_MAX);
	for (unsigned i = 0; i < report->count; i++)
		FUZZ_CHECK(report->finding[i].word != PROOF_BROKEN || report->verdict == PROOF_IS_BROKEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proof_report one, other;
	struct buf file = BUF_INIT(PROOF_BYTES_MAX);

	buf_add(&file, data, size);
	proof_seal(&file);
	check(buf_as_slice(&file), SLICE_NONE, &one);
	check(buf_as_slice(&file), one.head_count ? one.head[0] : SLICE("x 1 y"), &other);
	FUZZ_CHECK(!one.head_count || other.verdict == one.verdict || one.verdict == PROOF_HOLDS);
	proof_report_release(&one);
	proof_report_release(&other);
	buf_release(&file);
	return 0;
}
