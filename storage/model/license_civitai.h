/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permission flags of Civitai, which are the terms of many LoRA models on the Hub.
 *
 * A card names them in license_link (multimodal.art/civitai-licenses?allowNoCredit=True&allowCommercialUse=Image&...)
 * or in license_name (civitai-image-rent).
 */
#ifndef STORAGE_MODEL_LICENSE_CIVITAI_H
#define STORAGE_MODEL_LICENSE_CIVITAI_H

#include "storage/model/bytes.h"

enum civitai_flag {
	CIVITAI_STATED = 1 << 0, /* there are flags at all */
	CIVITAI_IMAGE = 1 << 1,  /* kinds of income that are allowed */
	CIVITAI_RENT_CIVIT = 1 << 2,
	CIVITAI_RENT = 1 << 3,
	CIVITAI_SELL = 1 << 4,
	CIVITAI_NO_INCOME = 1 << 5,
	CIVITAI_NO_CREDIT = 1 << 6, /* attribution is not asked for */
	CIVITAI_NO_DERIVATIVES = 1 << 7,
	CIVITAI_SAME_LICENSE = 1 << 8,
	CIVITAI_INCOME = CIVITAI_IMAGE | CIVITAI_RENT_CIVIT | CIVITAI_RENT | CIVITAI_SELL
};

/* 0 where there are none. A flag whose value cannot be read sets CIVITAI_STATED alone. */
unsigned civitai_flags_of_link(struct slice license_link);
unsigned civitai_flags_of_name(struct slice normal);

/* Whether a normalised name is Civitai's prefix and any choice of flags. */
bool civitai_is_name(struct slice normal);

#endif
