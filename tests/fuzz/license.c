/* SPDX-License-Identifier: Apache-2.0 */
/* License texts as people write them: an id, a name and a link, a line each. */
#include "storage/model/license.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_text(data, size);
	struct statement statement = { .source = STATEMENT_CARD };
	struct license_meaning meaning;
	struct slice id = slice_take_line(&rest);
	char normal[64];

	statement.license_name = slice_take_line(&rest);
	statement.license_link = slice_take_line(&rest);
	if (id.size)
		statement.id[statement.id_count++] = id;
	license_mean(&statement, &meaning);
	FUZZ_CHECK(meaning.class < LICENSE_CLASS_COUNT && meaning.rank >= LICENSE_NO_RANK && meaning.rank <= 10);
	FUZZ_CHECK(memchr(meaning.spdx, '\0', sizeof(meaning.spdx)) && meaning.spdx[0]);
	FUZZ_CHECK(license_same_text(id, id) && license_normalise(id, normal, sizeof(normal)) <= sizeof(normal));
	FUZZ_CHECK(license_normalise((struct slice){ normal, strlen(normal) }, normal, sizeof(normal)) == strlen(normal));
	return 0;
}
