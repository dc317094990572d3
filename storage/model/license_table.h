/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The license tables as constant data. license_tables.py writes their contents at build time from the files in
 * storage/model/licenses/ and checks them there; only license.c reads them.
 */
#ifndef STORAGE_MODEL_LICENSE_TABLE_H
#define STORAGE_MODEL_LICENSE_TABLE_H

#include "storage/model/license.h"

#define LICENSE_TEXT_SIZE 256 /* room for a normalised id or name, more than the longest key has */
#define LICENSE_LINK_SIZE 1024

enum license_row_kind {
	LICENSE_ROW_PLAIN,
	LICENSE_ROW_OTHER, /* "other": name and link say what it is */
	LICENSE_ROW_MIXED, /* several licenses: no link can settle it */
	LICENSE_ROW_FLAGS, /* Civitai: flags in link or name say what it is */
};

struct license_row {
	const char *key;        /* unique: a Hub id, a name of our own or an SPDX id */
	const char *spdx;       /* the SPDX expression for it */
	const char *confidence; /* how well its terms are known: text secondary known name none */
	enum license_class class;
	int rank;
	enum license_commercial commercial;
	enum license_row_kind kind;
};

/* A spelling in normal form, sorted bytewise. */
struct license_key {
	struct slice key;
	const struct license_row *row;
	const char *spdx; /* the expression for this very spelling where it says more than the row's, else NULL */
	enum license_basis basis;
};

/* The beginning of a link in normal form, the longest first. */
struct license_prefix {
	struct slice prefix;
	const struct license_row *row;
};

extern const char license_table_version[];
extern const struct license_row license_rows[];
extern const size_t license_row_count;
extern const struct license_key license_keys[];
extern const size_t license_key_count;
extern const struct license_prefix license_prefixes[];
extern const size_t license_prefix_count;

#endif
