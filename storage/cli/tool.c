/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/tool.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "storage/cli/safe_text.h"
#include "storage/model/number.h"

enum { MESSAGE_BYTES_MAX = 16384 };

void tool_say(const char *format, ...)
{
	struct buf text = BUF_INIT(MESSAGE_BYTES_MAX), safe = BUF_INIT(MESSAGE_BYTES_MAX);
	char line[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	buf_text(&text, line);
	safe_text(buf_as_slice(&text), &safe);
	fprintf(stderr, "relicense: %s\n", safe.data ? safe.data : "");
	buf_release(&safe);
	buf_release(&text);
}

static enum exit_status status_of(int code)
{
	switch (code) {
	case ERROR_NONE: return EXIT_OK;
	case ERROR_NO_STORE: return EXIT_NO_STORE;
	case ERROR_HELD: return EXIT_HELD;
	case ERROR_RESOURCES: return EXIT_SYSTEM;
	case ERROR_PERMISSION: return EXIT_PERMISSION;
	case ERROR_SCHEMA_NEWER: return EXIT_CONFIG;
	case ERROR_NOT_FOUND: return EXIT_UNKNOWN;
	case ERROR_FULL:
	case ERROR_READ_ONLY:
	case ERROR_OUTPUT: return EXIT_OUTPUT;
	default: return EXIT_DAMAGE;
	}
}

enum exit_status tool_problem(const struct store_problem *problem)
{
	tool_say("%s", problem->text);
	return status_of(problem->code);
}

enum exit_status tool_fail(const struct tool *tool, int code, const char *doing)
{
	tool_say("%s in the store %s: %s", doing, store_dir(tool->store), error_text(code));
	return status_of(code);
}

enum exit_status tool_fail_output(const char *path, const char *why)
{
	tool_say("%s could not be written: %s", path, why);
	return EXIT_OUTPUT;
}

/* ---- which store -------------------------------------------------------------------------------------------------- */

static bool load_config(const char *file, struct config *config)
{
	struct config_problem problem = { .size = 0 };

	config_init(config);
	if (config_load(config, file, &problem) == 0)
		return true;
	fputs(problem.text, stderr);
	return false;
}

/* --store, --config, RELICENSE_STORE (or RELICENSED_STORE), the installed configuration where it can be read, else the default. */
static bool find_store(const struct tool *tool, struct config *config)
{
	const char *named = tool->options.store ? tool->options.store : NULL;

	config_init(config);
	if (!named && tool->options.config)
		return load_config(tool->options.config, config);
	if (!named)
		named = getenv("RELICENSE_STORE");
	if (!named || !named[0])
		named = getenv("RELICENSED_STORE");
	if (named && named[0]) {
		snprintf(config->store, sizeof(config->store), "%s", named);
		return true;
	}
	return access(CONFIG_DEFAULT_FILE, R_OK) != 0 || load_config(CONFIG_DEFAULT_FILE, config);
}

static enum exit_status check_age(const struct tool *tool)
{
	char moment[SHORT_MOMENT];

	if (!tool->options.max_age_ms || tool->as_of.at_ms + tool->options.max_age_ms >= tool->now_ms)
		return EXIT_OK;
	tool_say("not known: the newest look is of %s, older than --max-age allows", short_moment(tool->as_of.at_ms, moment));
	return EXIT_UNKNOWN;
}

/* LMDB's own assertions fail on damaged pages; it would abort. What was printed so far is kept. */
static void on_assert(MDB_env *env, const char *message)
{
	const char *dir = "";

	mdb_env_get_path(env, &dir);
	fflush(NULL);
	new_file_remove_all();
	tool_say("the store %s is damaged: %s (relicense verify says where)", dir, message);
	_exit(EXIT_DAMAGE);
}

/* A backup is a single file: LMDB's magic number stands after the head of its first page. */
static bool is_backup(const char *path)
{
	static const uint8_t magic[] = { 0xDE, 0xC0, 0xEF, 0xBE };
	enum { PAGE_HEAD_BYTES = 16 };
	uint8_t start[PAGE_HEAD_BYTES + sizeof(magic)];
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool whole = file >= 0 && pread(file, start, sizeof(start), 0) == sizeof(start);

	if (file >= 0)
		close(file);
	return whole && memcmp(start + PAGE_HEAD_BYTES, magic, sizeof(magic)) == 0;
}

/* What is neither a folder nor a backup is named for what it is. */
static bool may_be_store(const char *path)
{
	struct stat about;

	if (stat(path, &about) != 0 || S_ISDIR(about.st_mode) || is_backup(path))
		return true; /* store_open() says why it is none */
	if (access(path, R_OK) != 0)
		return true;
	tool_say("%s is a file, not the folder of a store, and no backup of one", path);
	return false;
}

enum exit_status tool_open(struct tool *tool)
{
	struct store_problem problem = { .code = 0 };
	struct config config;
	struct store_options options = { .dir = config.store };
	int code;

	if (tool->reader)
		return reader_resume(tool->reader) ? EXIT_DAMAGE : EXIT_OK;
	if (!find_store(tool, &config))
		return EXIT_CONFIG;
	if (!may_be_store(config.store))
		return EXIT_NO_STORE;
	code = store_open(&options, &tool->store, &problem);
	if (!code)
		code = reader_open(tool->store, &tool->reader, &problem);
	if (code)
		return tool_problem(&problem);
	mdb_env_set_assert(store_env(tool->store), on_assert);
	code = as_of_read(tool->reader, &tool->as_of);
	return code ? tool_fail(tool, code, "reading what was looked at") : check_age(tool);
}

enum exit_status tool_check_at(const struct tool *tool, int64_t at_ms)
{
	enum { DAY_MS = 24 * 60 * 60 * 1000 };
	int64_t now_ms = max64(tool->now_ms, max64(tool->as_of.at_ms, tool->as_of.head.at_ms));
	int64_t today_ms = now_ms - now_ms % DAY_MS;
	char at[SHORT_MOMENT], newest[SHORT_MOMENT];

	if (at_ms <= now_ms || at_ms == today_ms + DAY_MS - 1)
		return EXIT_OK;
	tool_say("%s lies in the future: nobody has looked there; the newest look is of %s", short_moment(at_ms, at),
		short_moment(tool->as_of.at_ms, newest));
	return EXIT_USAGE;
}

void tool_reads_no_more(struct tool *tool)
{
	if (tool->reader)
		reader_pause(tool->reader);
}

void tool_close(struct tool *tool)
{
	reader_close(&tool->reader);
	store_close(&tool->store);
}

/* ---- what every answer ends with ---------------------------------------------------------------------------------- */

static void print_notes(struct print *print, struct slice text)
{
	print_tone(print, TONE_DIM, text.data);
}

void tool_footer(struct tool *tool, unsigned kinds)
{
	struct buf text = BUF_INIT(MESSAGE_BYTES_MAX);

	if (tool->print.format == PRINT_TABLE) {
		buf_char(&text, '\n');
		as_of_text(&tool->as_of, kinds, &text);
		print_notes(&tool->print, buf_as_slice(&text));
	}
	buf_release(&text);
}

void tool_tail(const struct tool *tool, struct buf *out)
{
	struct object object = { .out = out };

	as_of_members(&tool->as_of, &object);
}

void tool_print_object(struct tool *tool, const struct buf *object)
{
	tool_reads_no_more(tool);
	print_json(&tool->print, buf_as_slice(object));
	print_bytes(&tool->print, SLICE("\n"));
}
