/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of relicensed: what it is to do, and the options of the configuration that it sets.
 */
#ifndef DAEMON_COMMAND_LINE_H
#define DAEMON_COMMAND_LINE_H

#include "config/config.h"
#include "storage/model/repo.h"

enum { OVERRIDES_MAX = 16 };

/* What the program does, instead of running until it is told to end. */
enum mode {
	MODE_SERVE,
	MODE_ONCE,
	MODE_BACKFILL,
	MODE_IMPORT,
	MODE_DRY_RUN,
	MODE_CHECK_CONFIG,
	MODE_PRINT_CONFIG,
};

struct override {
	const char *option, *key, *value;
};

struct command_line {
	enum mode mode;
	const char *config_file; /* NULL: the usual one, if it exists */
	const char *sim_clock;   /* NULL: time is the system's */
	const char *backfill; /* file or owner; NULL: no */
	struct {
		const char *path;
		int64_t observed_ms; /* 0: not said */
		bool complete;
		enum repo_kind kind;
		uint32_t fields;     /* 0: not said */
	} import;
	struct override override[OVERRIDES_MAX];
	unsigned overrides;
};

/* -1: go on; else the exit status, and what there is to say has been said. */
int command_line_read(struct command_line *line, int argc, char **argv);

/* The file of the configuration; NULL: none is named, and there is none in the usual place. */
const char *command_line_config_file(const struct command_line *line);

/* The configuration that file and command line make together. 0, or -1: problem tells. */
int command_line_config(const struct command_line *line, struct config *config, struct config_problem *problem);

#endif
