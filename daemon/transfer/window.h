/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the Hub's fixed windows lie on our clock, as closely as its answers tell.
 *
 * Windows follow each other without a break on a grid that we are not told. An answer says `t`: whole seconds to the
 * end of its window, rounded we do not know how, at some moment between asking and answering. So the end lies
 *
 *     from   asked + t - 1 s     (and not before we asked)
 *     until  answered + t + 1 s  (and not more than a window after the answer)
 *
 * Each answer narrows these bounds for the window at hand; the next ones lie whole lengths behind it, a little wider
 * each time, since two clocks never run alike. Pure; all times are clock_mono_ms().
 */
#ifndef DAEMON_TRANSFER_WINDOW_H
#define DAEMON_TRANSFER_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct window {
	int64_t length_ms;
	int64_t end_low_ms, end_high_ms; /* it ends between them */
};

/* What one answer tells; reset_s -1: nothing but that a window was running. */
struct window window_told(int64_t asked_ms, int64_t answered_ms, int64_t reset_s, int64_t length_ms);

/* Moves `told` by whole lengths to where it fits `window` best. Returns by how many it lay behind (< 0: before) it. */
int64_t window_align(const struct window *window, struct window *told);
/* Whether they can be the same; else the Hub's grid has moved, or our clock stood still. */
bool window_meets(const struct window *window, const struct window *told);
/* Takes in what was told of this very window; bounds that do not meet are spread over both. */
void window_narrow(struct window *window, const struct window *told);

/* A number of windows later. */
void window_advance(struct window *window, int64_t windows);
/* Windows that have certainly ended; the window is the first one after these then. */
int64_t window_roll(struct window *window, int64_t now_ms);

#endif
