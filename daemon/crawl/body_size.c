/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/body_size.h"

enum { SMALLEST = 64 * 1024, DECAY = 32 };

/* What a first answer is given: three uncompressed pages of the real Hub would fit into the one. */
static const size_t first[BODY_CLASSES] = {
	[BODY_LISTING] = 4 << 20, [BODY_ROW] = 64 << 10, [BODY_TEXT] = 256 << 10,
};

size_t body_size_expected(const struct body_sizes *sizes, enum body_class class, size_t most)
{
	size_t wanted = sizes->recent[class] ? sizes->recent[class] : first[class] / 2, room = SMALLEST;

	while (room < 2 * wanted && room < most)
		room *= 2;
	return room < most ? room : most;
}

void body_size_seen(struct body_sizes *sizes, enum body_class class, size_t bytes)
{
	size_t *recent = &sizes->recent[class];

	*recent -= *recent / DECAY;
	if (*recent < bytes)
		*recent = bytes;
}
