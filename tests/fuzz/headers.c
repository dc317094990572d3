/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an answer: numbers within bounds, slices within the block. */
#include "daemon/hub/headers.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice block = fuzz_text(data, size);
	struct hub_head head;

	headers_read(block, &head);
	FUZZ_CHECK(head.quota_count <= QUOTA_BUCKETS_MAX && head.retry_after_s >= -1 && head.date_ms >= 0);
	for (unsigned i = 0; i < head.quota_count; i++)
		FUZZ_CHECK(memchr(head.quota[i].bucket, '\0', QUOTA_NAME_SIZE));
	FUZZ_CHECK(head.request_id.size <= HEADER_VALUE_MAX && head.date.size <= HEADER_VALUE_MAX && head.age_s >= -1);
	FUZZ_CHECK(!memchr(head.request_id.data ? head.request_id.data : "", '\n', head.request_id.size));
	FUZZ_CHECK(!head.next.size || (head.next.data >= block.data && head.next.data + head.next.size <= block.data + size));
	return 0;
}
