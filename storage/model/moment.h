/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time: unix milliseconds in memory, "2023-05-31T09:12:03.000Z" in records (RFC 3339, always UTC, always
 * three digits, as the Hub writes them). 0 = not known. Pure functions: what the time is now, storage/ does not know.
 */
#ifndef STORAGE_MODEL_MOMENT_H
#define STORAGE_MODEL_MOMENT_H

#include "storage/model/buf.h"

enum { MOMENT_TEXT = 25 }; /* with its NUL */

#define MOMENT_LAST INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

#define MOMENT_EPOCH_FIRST INT64_C(946684800000) /* 2000-01-01: a number that means less is no time of ours */

/*
 * "2023-05-31T09:12:03.000Z" and its kin: T, t or a blank; any number of fraction digits; Z, an offset (+02:00, +0200, +02),
 * UTC or none, which is UTC too. A bare date is the start of that day. Out of 1970..9999: false.
 */
bool moment_read(struct slice text, int64_t *unix_ms);
/*
 * The same as a JSON token, or a number (also as text): seconds, milliseconds, microseconds or nanoseconds since 1970, as
 * dumps made by pandas or DuckDB have them. Its size tells the unit: none is read as a time before the year 2000.
 */
bool moment_read_json(struct slice token, int64_t *unix_ms);
/* "Tue, 30 Jun 2026 01:02:02 GMT" (RFC 9110, 5.6.7), the form of the Date header. */
bool moment_read_http(struct slice text, int64_t *unix_ms);
/* A date that somebody else wrote, where it lies between two looks; else 0. */
static inline int64_t moment_between(int64_t unix_ms, int64_t from_ms, int64_t to_ms)
{
	return unix_ms >= from_ms && unix_ms <= to_ms ? unix_ms : 0;
}

void moment_write(int64_t unix_ms, char text[MOMENT_TEXT]);
void moment_json(int64_t unix_ms, struct buf *out); /* quoted, or null for 0 */
void moment_quarter(int64_t unix_ms, int *year, int *quarter); /* quarter 1..4 */
int64_t moment_of(int year, int month, int day);               /* start of that day, UTC */

#endif
