/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/license_civitai.h"

#include "storage/model/license_text.h"

enum { LINK_SIZE = 1024, VALUE_SIZE = 128 };

static unsigned commercial_use(struct slice normal)
{
	static const struct {
		const char *word;
		unsigned flag;
	} uses[] = {
		{ "image", CIVITAI_IMAGE }, { "rentcivit", CIVITAI_RENT_CIVIT }, { "rent", CIVITAI_RENT },
		{ "sell", CIVITAI_SELL },   { "none", CIVITAI_NO_INCOME },
	};
	unsigned flags = 0;

	for (size_t i = 0; i < ARRAY_COUNT(uses); i++) {
		if (license_has_word(normal, uses[i].word))
			flags |= uses[i].flag;
	}
	return flags;
}

static unsigned flags_of_value(struct slice key, struct slice normal)
{
	if (slice_is(key, "allowcommercialuse"))
		return CIVITAI_STATED | (normal.size == 0 ? CIVITAI_NO_INCOME : commercial_use(normal));
	if (slice_is(key, "allownocredit"))
		return CIVITAI_STATED | (slice_is(normal, "true") ? CIVITAI_NO_CREDIT : 0);
	if (slice_is(key, "allowderivatives"))
		return CIVITAI_STATED | (slice_is(normal, "false") ? CIVITAI_NO_DERIVATIVES : 0);
	if (slice_is(key, "allowdifferentlicense"))
		return CIVITAI_STATED | (slice_is(normal, "false") ? CIVITAI_SAME_LICENSE : 0);
	return 0;
}

/* key=value, the value percent-encoded: allowcommercialuse=%7bimage%2crentcivit%7d */
static unsigned flags_of_parameter(struct slice parameter)
{
	char decoded[LINK_SIZE], normal[VALUE_SIZE];
	struct slice key = license_text_until(parameter, "=");
	struct slice value = license_text_after(parameter, key);
	size_t size = license_percent_decode(value, decoded);

	size = license_normalise((struct slice){ decoded, size }, normal, sizeof(normal));
	return flags_of_value(key, (struct slice){ normal, size < sizeof(normal) ? size : sizeof(normal) - 1 });
}

unsigned civitai_flags_of_link(struct slice license_link)
{
	char room[LINK_SIZE];
	struct slice link = { room, license_normalise_link(license_link, room, sizeof(room)) };
	struct slice query, parameter;
	unsigned flags = 0;

	link = license_text_until(link, "#");
	query = license_text_after(link, license_text_until(link, "?"));
	while (query.size > 0) {
		parameter = license_text_until(query, "&");
		flags |= flags_of_parameter(parameter);
		query = license_text_after(query, parameter);
	}
	return flags;
}

unsigned civitai_flags_of_name(struct slice normal)
{
	unsigned flags = civitai_is_name(normal) ? commercial_use(normal) : 0;

	return flags ? flags | CIVITAI_STATED : 0;
}

bool civitai_is_name(struct slice normal)
{
	return slice_starts_with(normal, SLICE("civitai-"));
}
