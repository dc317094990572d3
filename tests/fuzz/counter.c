/* SPDX-License-Identifier: Apache-2.0 */
/* A stored block of counters: any bytes; and what is written of those that can be read comes back. */
#include "storage/counter_block.h"
#include "tests/fuzz/fuzz.h"

enum { PLACE = 7 };

static void check_back(const struct counter_block *block, const struct counter_block *next)
{
	uint8_t bytes[COUNTER_BLOCK_BYTES_MAX];
	struct counter_block read = *next;
	size_t size = counter_block_write_back(block, next, PLACE, bytes);

	FUZZ_CHECK(size <= sizeof(bytes));
	FUZZ_CHECK(counter_block_read((struct slice){ (const char *)bytes, size }, PLACE, &read));
	FUZZ_CHECK(memcmp(&read, block, sizeof(read)) == 0);
	bytes[size - 1] ^= 1;
	FUZZ_CHECK(!counter_block_read((struct slice){ (const char *)bytes, size }, PLACE, &read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct counter_block none;
	struct counter_block block = none, read;
	uint8_t bytes[COUNTER_BLOCK_BYTES_MAX];

	if (!counter_block_read(fuzz_text(data, size), PLACE, &block))
		return 0;
	FUZZ_CHECK(counter_block_read((struct slice){ (const char *)bytes, counter_block_write(&block, PLACE, bytes) }, PLACE, &read));
	FUZZ_CHECK(memcmp(&read, &block, sizeof(read)) == 0);
	check_back(&block, &none);
	check_back(&none, &block);
	return 0;
}
