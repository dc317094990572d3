/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a license statement means: class, openness rank, commercial use, and how that was found out.
 *
 * storage/model/licenses/README.md has the rules and where the tables come from. A meaning is bookkeeping about license
 * texts, not legal advice, and it is never stored as a fact: it is computed from statement and tables when read, and
 * what a record keeps stands under the version of the tables it was computed with.
 *
 * Pure functions over constant data: any thread, no memory, no I/O, no errors. What the tables do not know is a meaning
 * of its own (LICENSE_UNKNOWN), so a new id on the Hub fails nothing. Strings in a meaning are constants of the
 * program, except spdx, which lies inside; a meaning may be copied.
 */
#ifndef STORAGE_MODEL_LICENSE_H
#define STORAGE_MODEL_LICENSE_H

#include "storage/model/license_text.h"
#include "storage/model/statement.h"

/* X(constant, name): the order of the columns in every report. */
#define LICENSE_CLASS_TABLE(X) \
	X(LICENSE_PERMISSIVE, "permissive") \
	X(LICENSE_COPYLEFT, "copyleft") \
	X(LICENSE_USE_RESTRICTED, "use-restricted") \
	X(LICENSE_SOURCE_AVAILABLE, "source-available") \
	X(LICENSE_NON_COMMERCIAL, "non-commercial") \
	X(LICENSE_PROPRIETARY, "proprietary") \
	X(LICENSE_UNKNOWN, "unknown") \
	X(LICENSE_UNDECLARED, "undeclared")

/* What the text grants as a rule, the least first; never a statement about a use. */
#define LICENSE_COMMERCIAL_TABLE(X) \
	X(LICENSE_COMMERCIAL_NO, "no") \
	X(LICENSE_COMMERCIAL_CONDITIONAL, "conditional") \
	X(LICENSE_COMMERCIAL_YES, "yes") \
	X(LICENSE_COMMERCIAL_UNKNOWN, "unknown")

/* Which part of the statement decided. */
#define LICENSE_BASIS_TABLE(X) \
	X(LICENSE_BY_ID, "id") /* an id of the Hub or of SPDX */ \
	X(LICENSE_BY_ALIAS, "alias") /* another spelling in the place of the id */ \
	X(LICENSE_BY_NAME, "name") /* license_name */ \
	X(LICENSE_BY_LINK, "link") /* license_link */ \
	X(LICENSE_BY_TEXT, "text") /* the LICENSE text: for whoever compares texts, not found out here */ \
	X(LICENSE_BY_PATTERN, "pattern") /* words in a name that no table has */ \
	X(LICENSE_BY_NOTHING, "none")

#define LICENSE_DIRECTION_TABLE(X) \
	X(LICENSE_TIGHTENED, "tightened") \
	X(LICENSE_LOOSENED, "loosened") \
	X(LICENSE_LATERAL, "lateral") \
	X(LICENSE_DIRECTION_UNCLEAR, "unclear")

/* Commercial use: no -> yes, yes -> no, and the steps by way of conditional. */
#define LICENSE_COMMERCIAL_CHANGE_TABLE(X) \
	X(LICENSE_COMMERCIAL_GAINED, "gained") \
	X(LICENSE_COMMERCIAL_LOST, "lost") \
	X(LICENSE_COMMERCIAL_WIDENED, "widened") \
	X(LICENSE_COMMERCIAL_NARROWED, "narrowed") \
	X(LICENSE_COMMERCIAL_UNCHANGED, "unchanged") \
	X(LICENSE_COMMERCIAL_UNCLEAR, "unclear")

#define X(constant, name) constant,
enum license_class { LICENSE_CLASS_TABLE(X) LICENSE_CLASS_COUNT };
enum license_commercial { LICENSE_COMMERCIAL_TABLE(X) LICENSE_COMMERCIAL_COUNT };
enum license_basis { LICENSE_BASIS_TABLE(X) LICENSE_BASIS_COUNT };
enum license_direction { LICENSE_DIRECTION_TABLE(X) LICENSE_DIRECTION_COUNT };
enum license_commercial_change { LICENSE_COMMERCIAL_CHANGE_TABLE(X) LICENSE_COMMERCIAL_CHANGE_COUNT };
#undef X

#define LICENSE_NO_RANK (-1)
#define LICENSE_SPDX_SIZE 96

struct license_meaning {
	const char *row; /* key of the table row that decided; NULL: no row does */
	enum license_class class;
	int rank; /* 0 (every use) to 10 (none), or LICENSE_NO_RANK */
	enum license_commercial commercial;
	enum license_basis basis;
	const char *confidence; /* how well the row's terms are known: text secondary known name none; low by pattern */
	bool name_differs;      /* license_name speaks of another class than the listed id beside it, which counts */
	char spdx[LICENSE_SPDX_SIZE]; /* SPDX expression of what is declared; NONE undeclared, NOASSERTION not known */

	/* What license_same_row() compares: */
	unsigned row_count;
	uint16_t rows[STATEMENT_IDS_MAX]; /* sorted, each once */
	bool outside_rows;                /* a part of the statement has no row */
	unsigned civitai_flags;
};

/* Several ids: the highest rank decides, a part without rank makes the whole unknown, the least commercial use holds. */
void license_mean(const struct statement *statement, struct license_meaning *meaning);

/*
 * Whether both stand on the same table rows, of any class but unknown: then a change from one to the other is one of
 * vocabulary ("llama-2" to "llama2"). Several ids: the same set of rows. Civitai: the same flags too, which are the
 * terms there.
 */
bool license_same_row(const struct license_meaning *before, const struct license_meaning *after);

/* Only for license.switched and license.terms. */
enum license_direction license_direction(const struct license_meaning *before, const struct license_meaning *after);
enum license_commercial_change license_commercial_change(enum license_commercial before, enum license_commercial after);

/* The key of the row that an id or name stands for however it is spelled; NULL: no table has it. */
const char *license_row_key(struct slice id);

/* The spellings that the tables have, in order; size 0 after the last. */
struct slice license_spelling(size_t index);

/* "2026-11-23" */
const char *license_tables_version(void);

const char *license_class_name(enum license_class class);
const char *license_commercial_name(enum license_commercial commercial);
const char *license_basis_name(enum license_basis basis);
const char *license_direction_name(enum license_direction direction);
const char *license_commercial_change_name(enum license_commercial_change change);

/* The value of that name; ..._COUNT: there is none. */
enum license_class license_class_of_name(struct slice name);
enum license_commercial license_commercial_of_name(struct slice name);

#endif
