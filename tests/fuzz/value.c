/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the store's tables, whatever they became on their disk. */
#include "storage/look_table.h"
#include "storage/name_table.h"
#include "storage/snapshot_table.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut = size ? data[0] % 16 : 0;
	struct slice key = { (const char *)data, cut < size ? cut : size };
	struct slice value = { key.data + key.size, size - key.size };
	struct repo_oid oid = { { 0 } };
	struct repo_row row;
	struct name_entry name;
	struct snapshot_value snapshot;
	struct missing_row missing;
	struct projection projection;

	repo_row_decode(slice_bytes(value), value.size, &oid, &row);
	name_decode(key, value, &name);
	if (snapshot_decode(key, value, &snapshot))
		FUZZ_CHECK(snapshot.frame.size == value.size - SNAPSHOT_HEADER);
	if (missing_decode(key, value, &missing))
		FUZZ_CHECK(missing.kind < REPO_KINDS);
	if (projection_read(value, &projection))
		FUZZ_CHECK(projection.kind < REPO_KINDS && projection.endpoint < ENDPOINT_COUNT);
	return 0;
}
