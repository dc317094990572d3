/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What show tells of a repo's texts: its license file and its card, as they were looked at last.
 */
#ifndef STORAGE_CLI_SHOW_TEXT_H
#define STORAGE_CLI_SHOW_TEXT_H

#include "storage/cli/repo_view.h"

extern const char *const text_kind_words[]; /* "license", "card"; NULL-terminated */

/* Store errors; a repo whose texts were never looked at is zero. Texts in the view's arena. */
int show_texts_read(struct tool *tool, struct repo_view *view, struct text_entry *entry);

/* "texts": {"license":{...},"card":{...}} */
void show_texts_member(const struct text_entry *entry, struct object *object);
/* A line for each text that was looked at. */
void show_texts_lines(struct print *print, const struct text_entry *entry);

/* The text itself, and nothing else. EXIT_UNKNOWN where none is known: why is said. */
enum exit_status show_text(struct tool *tool, const struct text_seen *seen);

#endif
