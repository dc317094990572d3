/* SPDX-License-Identifier: Apache-2.0 */
/* Rows from files: one JSON object a line, plain or zstd (told by the frame's magic, not by the name). */
#ifndef HUBSIM_LOAD_H
#define HUBSIM_LOAD_H

#include "tests/hubsim/apply.h"

/*
 * Every line of a text through apply_row(). Empty lines are skipped. Stops at the first bad line; `wrong` then holds
 * "line N: why". Returns the number of rows taken. The text needs JSON_PADDING readable bytes behind it.
 */
size_t load_lines(struct hub *hub, const char *text, size_t size, enum apply_mode mode, struct buf *wrong);

/* A whole file, streamed. False, with `wrong` filled, if it cannot be read or holds a bad line. */
bool load_file(struct hub *hub, const char *path, struct buf *wrong);

#endif
