/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a row by number: those of field_table.h, and any other name that a row brings, numbered as met.
 *
 * Unknown members are kept and shown in every plain answer (not with expand[]), as the Hub shows members that no
 * client types. The registry is one for the process; names live until it ends.
 */
#ifndef HUBSIM_FIELD_H
#define HUBSIM_FIELD_H

#include "storage/model/bytes.h"
#include "tests/hubsim/field_table.h"
#include "tests/hubsim/kind.h"

enum { FIELD_MAX = 1024, FIELD_NONE = 0xFFFF };

enum field_shown {
	SHOWN_LIST = 1,
	SHOWN_FULL = 2,
	SHOWN_LIST_EXPAND = 4,
	SHOWN_REPO_EXPAND = 8,
	SHOWN_REPO = 16,
};

enum field_class { FIXED, SETTING, COUNTER, CONTENT, HIDDEN };

struct field_entry {
	const char *name;
	struct slice key; /* `,"name":` as it goes into an answer */
	uint8_t shown[KIND_COUNT];
	enum field_class class;
	struct slice absent; /* the value of a row without it; no data = the member is left out */
};

void field_init(void);
/* FIELD_NONE once FIELD_MAX different names are in use. The key is raw: an escaped one is another name. */
uint16_t field_number(struct slice key);
const struct field_entry *field_entry(uint16_t number);
uint16_t field_count(void);
/* The number of a name in the table, FIELD_NONE for all others; registers nothing. */
uint16_t field_find(struct slice name);

#endif
