/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/when.h"

#include <stdio.h>

#include "storage/model/json.h"

enum { DAY_MS = 86400000, DURATION_MAX = 1000000 };

bool when_duration(struct slice text, int64_t *ms)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', DAY_MS }, { 'w', INT64_C(7) * DAY_MS } };
	uint64_t value;

	if (text.size < 2 || !json_integer((struct slice){ text.data, text.size - 1 }, &value) || value > DURATION_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		if (text.data[text.size - 1] == units[i].letter) {
			*ms = (int64_t)value * units[i].ms;
			return true;
		}
	}
	return false;
}

/* Digits only; -1: something else. */
static int digits(struct slice text)
{
	int value = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		value = value * 10 + (text.data[i] - '0');
	}
	return value;
}

/* "2023", "2023-05", "2023-Q2": the first month and how many. */
static bool read_months(struct slice text, int *year, int *month, int *months)
{
	const size_t year_digits = 4, month_size = 7;
	struct slice part = { text.data + year_digits + 1, 2 };

	if (text.size != year_digits && text.size != month_size)
		return false;
	*year = digits((struct slice){ text.data, year_digits });
	*month = 1;
	*months = 12;
	if (text.size == month_size) {
		bool quarter = part.data[0] == 'Q' || part.data[0] == 'q';
		int number = quarter ? digits((struct slice){ part.data + 1, 1 }) : digits(part);

		*months = quarter ? 3 : 1;
		*month = (number - 1) * *months + 1;
	}
	return *year >= 1970 && *month >= 1 && *month <= 12 && (text.size == year_digits || text.data[year_digits] == '-');
}

static bool read_period(struct slice text, enum when_end end, int64_t *unix_ms)
{
	int year, month, months, next;

	if (!read_months(text, &year, &month, &months))
		return false;
	next = month + months;
	*unix_ms = end == WHEN_START ? moment_of(year, month, 1) :
		next > 12 ? moment_of(year + 1, next - 12, 1) - 1 : moment_of(year, next, 1) - 1;
	return true;
}

static bool read_word(struct slice text, enum when_end end, int64_t now_ms, int64_t *unix_ms)
{
	const int64_t today_ms = now_ms - now_ms % DAY_MS;

	if (slice_is(text, "yesterday"))
		*unix_ms = end == WHEN_START ? today_ms - DAY_MS : today_ms - 1;
	else if (slice_is(text, "today") && end == WHEN_START)
		*unix_ms = today_ms;
	else if (slice_is(text, "now") || slice_is(text, "today"))
		*unix_ms = now_ms;
	else
		return false;
	return true;
}

/* "2023-05-31T12:00" with what may follow: whole minutes. */
static bool read_minutes(struct slice text, int64_t *unix_ms)
{
	enum { MINUTES_END = 16, TEXT_MAX = 40 };
	char with_seconds[TEXT_MAX + 8];
	int size;

	if (text.size < MINUTES_END || text.size > TEXT_MAX || text.data[13] != ':' ||
		(text.size > MINUTES_END && (text.data[MINUTES_END] == ':' || text.data[MINUTES_END] == '.')))
		return false;
	size = snprintf(with_seconds, sizeof(with_seconds), "%.*s:00%.*s", MINUTES_END, text.data,
		(int)(text.size - MINUTES_END), text.data + MINUTES_END);
	return moment_read((struct slice){ with_seconds, (size_t)size }, unix_ms);
}

bool when_read(struct slice text, enum when_end end, int64_t now_ms, int64_t *unix_ms)
{
	enum { BARE_DATE = 10 };
	int64_t ago_ms;

	if (when_duration(text, &ago_ms)) {
		*unix_ms = now_ms > ago_ms ? now_ms - ago_ms : 0;
		return true;
	}
	if (read_word(text, end, now_ms, unix_ms) || read_period(text, end, unix_ms) || read_minutes(text, unix_ms))
		return true;
	if (!moment_read(text, unix_ms))
		return false;
	if (text.size == BARE_DATE && end == WHEN_END)
		*unix_ms += DAY_MS - 1;
	return true;
}
