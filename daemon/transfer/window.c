/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transfer/window.h"

#include "storage/model/number.h"

enum { SECOND_MS = 1000, DRIFT = 5000 /* two clocks may differ by one part in so many */ };

struct window window_told(int64_t asked_ms, int64_t answered_ms, int64_t reset_s, int64_t length_ms)
{
	struct window told = { length_ms, asked_ms, answered_ms + length_ms };

	if (reset_s < 0)
		return told;
	told.end_low_ms += max64(reset_s - 1, 0) * SECOND_MS;
	told.end_high_ms = answered_ms + (reset_s + 1) * SECOND_MS;
	if (reset_s * SECOND_MS <= length_ms)
		told.end_high_ms = min64(told.end_high_ms, answered_ms + length_ms);
	return told;
}

/* How far apart two stretches are; 0: they meet. */
static int64_t distance(const struct window *a, const struct window *b, int64_t moved_ms)
{
	int64_t low_ms = b->end_low_ms - moved_ms, high_ms = b->end_high_ms - moved_ms;

	return max64(max64(low_ms - a->end_high_ms, a->end_low_ms - high_ms), 0);
}

int64_t window_align(const struct window *window, struct window *told)
{
	int64_t length_ms = window->length_ms;
	int64_t apart_ms = told->end_low_ms + told->end_high_ms - window->end_low_ms - window->end_high_ms;
	int64_t behind = apart_ms / 2 / length_ms, best = 0;

	for (int64_t k = behind - 1; k <= behind + 1; k++)
		if (distance(window, told, k * length_ms) < distance(window, told, best * length_ms))
			best = k;
	told->end_low_ms -= best * length_ms;
	told->end_high_ms -= best * length_ms;
	return best;
}

bool window_meets(const struct window *window, const struct window *told)
{
	/* machines behind one name may have clocks that are not quite alike */
	return distance(window, told, 0) <= window->length_ms / 8;
}

void window_narrow(struct window *window, const struct window *told)
{
	if (distance(window, told, 0) == 0) {
		window->end_low_ms = max64(window->end_low_ms, told->end_low_ms);
		window->end_high_ms = min64(window->end_high_ms, told->end_high_ms);
	} else {
		window->end_low_ms = min64(window->end_low_ms, told->end_low_ms);
		window->end_high_ms = max64(window->end_high_ms, told->end_high_ms);
	}
}

void window_advance(struct window *window, int64_t windows)
{
	int64_t drift_ms = windows * window->length_ms / DRIFT;

	window->end_high_ms += windows * window->length_ms + drift_ms;
	window->end_low_ms = max64(window->end_low_ms + windows * window->length_ms - drift_ms,
		window->end_high_ms - window->length_ms);
}

int64_t window_roll(struct window *window, int64_t now_ms)
{
	int64_t ended = 0;

	if (now_ms >= window->end_high_ms) {
		ended = (now_ms - window->end_high_ms) / window->length_ms + 1;
		window_advance(window, ended);
	}
	return ended;
}
