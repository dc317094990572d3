/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator says: option_table.h as a struct, read from a file of `key = value` lines.
 *
 * A struct config is plain data, owns nothing and may be copied. Whatever is wrong in a file is collected, one line
 * each ("FILE:LINE: key: what is wrong; what is accepted"), and nothing of the file is used then. Knows libc and inih
 * only; both programs read the same file.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/option_table.h"

#define CONFIG_DEFAULT_FILE "/etc/relicensed.conf"

enum { CONFIG_TEXT_SIZE = 1024 };

/* One answer on its way to the store takes at most so many times its text: see daemon/crawl/workbench.h. */
enum { CONFIG_MEMORY_PER_PAGE = 12 };

enum config_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG, LEVEL_COUNT };

enum config_pace { PACE_EVEN, PACE_BURST };

typedef char config_text[CONFIG_TEXT_SIZE];

#define CONFIG_FIELD_OPTION_TEXT config_text
#define CONFIG_FIELD_OPTION_DURATION int64_t /* milliseconds */
#define CONFIG_FIELD_OPTION_SIZE int64_t     /* bytes */
#define CONFIG_FIELD_OPTION_SHARE int64_t    /* percent */
#define CONFIG_FIELD_OPTION_NUMBER int64_t
#define CONFIG_FIELD_OPTION_SWITCH int64_t   /* 0 or 1 */
#define CONFIG_FIELD_OPTION_KINDS int64_t    /* bit mask */
#define CONFIG_FIELD_OPTION_LEVEL int64_t
#define CONFIG_FIELD_OPTION_PACE int64_t

struct config {
#define X(key, type, unit, min, max, fallback, reloadable, help) CONFIG_FIELD_##type key;
	OPTION_TABLE(X)
#undef X
};

struct config_problem {
	char text[4096]; /* whole lines for people, each with its newline */
	size_t size;
	unsigned count;
};

/* Every option at its default. */
void config_init(struct config *config);

/* 0, or -1 with the problems; `config` then holds a mixture that is not to be used. */
int config_load(struct config *config, const char *file, struct config_problem *problem);

/* One option, from the command line: `where` names the place for people, like "--hub". */
int config_set(struct config *config, const char *where, const char *key, const char *value,
	struct config_problem *problem);

/*
 * Takes the reloadable options of `fresh` over into `config`. `on_option` is told every key that differs, and whether
 * it was taken; it may be NULL.
 */
void config_reload(struct config *config, const struct config *fresh,
	void (*on_option)(void *owner, const char *key, bool taken), void *owner);

/* The shipped file: every key with its default, unit, range and meaning. */
void config_print(FILE *out);

const char *config_level_name(enum config_level level);

#endif
