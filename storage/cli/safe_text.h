/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings that strangers wrote, made harmless before a person sees them.
 *
 * On a terminal a control character can move the cursor, a bidi mark can turn a line around and a zero-width character
 * can make two names look alike. They are shown as "\x1b" or "\u202e"; bytes that are not UTF-8 as U+FFFD.
 * Pure functions; any thread.
 */
#ifndef STORAGE_CLI_SAFE_TEXT_H
#define STORAGE_CLI_SAFE_TEXT_H

#include "storage/model/buf.h"

/* The code point at *at, which is moved behind it. U+FFFD for what is not UTF-8. */
uint32_t utf8_next(struct slice text, size_t *at);
void utf8_add(uint32_t code, struct buf *out);

/* A control, format or separator character that a terminal or an eye would not show as itself. */
bool is_unsafe(uint32_t code);

/* For people: every unsafe character as \x.. or \u.... */
void safe_text(struct slice text, struct buf *out);

/* The same, cut to `columns` with an ellipsis. */
void safe_text_cut(struct slice text, size_t columns, struct buf *out);

/* JSON for a terminal: unsafe characters as \u escapes, which mean the same (they stand only inside strings). */
void safe_json(struct slice json, struct buf *out);

/* Columns on a terminal of text that safe_text() made; needs a UTF-8 locale for wide characters. */
size_t text_width(struct slice text);

#endif
