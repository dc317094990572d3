/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relicense: reads the ledger; changes nothing (but that compact makes its file smaller). The table of commands, and what they share.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <time.h>

#include "config/nearest.h"
#include "storage/bus_error.h"
#include "storage/cli/commands.h"

static const struct command *const commands[] = {
	&command_changes, &command_show, &command_history, &command_diff, &command_report,
	&command_status,  &command_head, &command_proof,   &command_export, &command_verify, &command_backup, &command_compact,
	&command_schema,
};

static struct tool tool = {
	.options = { .print = { .format = PRINT_AUTO, .color = PRINT_COLOR_AUTO } },
};

static const struct option_row common_rows[] = {
	{ "format", 'f', VALUE_WORD, NULL, "table on a terminal, ndjson into a pipe", &tool.options.print.format,
		print_format_words },
	{ "output", 'o', VALUE_TEXT, "FILE", "write there; its ending chooses the format: .csv, .tsv, .json, .ndjson, .jsonl, .txt",
		&tool.options.print.path, NULL },
	{ "store", 0, VALUE_TEXT, "DIR", "the store's folder; before --config and the environment's RELICENSE_STORE", &tool.options.store, NULL },
	{ "config", 0, VALUE_TEXT, "FILE", "the daemon's configuration, which names the store", &tool.options.config, NULL },
	{ "max-age", 0, VALUE_DURATION, "AGE", "fail with status 2 if the data is older than this: 24h, 7d",
		&tool.options.max_age_ms, NULL },
	{ "color", 0, VALUE_WORD, NULL, "auto: on a terminal, unless NO_COLOR is set", &tool.options.print.color,
		print_color_words },
	{ "spreadsheet", 0, VALUE_FLAG, NULL, "csv, tsv: protect Excel: put ' before cells that look like formulas",
		&tool.options.print.spreadsheet, NULL },
	{ "help", 'h', VALUE_FLAG, NULL, "this text", &tool.options.help, NULL },
	{ "version", 'V', VALUE_FLAG, NULL, "the program's version", &tool.options.version, NULL },
};

static const struct option_table common = { common_rows, ARRAY_COUNT(common_rows) };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- help ---------------------------------------------------------------------------------------------------------*/

static const char repo_help[] =
	"\nA REPO is owner/name (a model), datasets/owner/name, spaces/owner/name, an old\nname, the Hub's 24-digit _id,\n"
	"or an address such as https://huggingface.co/owner/name/tree/main,\nhf.co/owner/name, pkg:huggingface/owner/name or model:owner/name.\n";

static const char status_help[] = "\nExit status:\n"
				  "   0  answered\n"
				  "   1  damage was found, or a rule is broken\n"
				  "   2  the answer is not known, or the data is older than --max-age\n"
				  "  64  usage\n"
				  "  66  there is no store\n"
				  "  74  the output could not be written\n"
				  "  75  somebody else holds the store\n"
				  "  77  no permission\n"
				  "  78  configuration, or a store of a newer program\n";

static void help_all(void)
{
	struct buf options = BUF_INIT(65536);

	printf("relicense: what licenses did the Hub's repos declare, and when did that change?\n"
	       "It reads the ledger that relicensed keeps; it changes nothing.\n\n"
	       "usage: relicense COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		printf("  %-10s%s\n", commands[i]->name, commands[i]->line);
	printf("  %-10sthis text, or that of a command\n\nfor every command:\n", "help");
	option_help(&common, &options);
	fputs(options.data, stdout);
	fputs(repo_help, stdout);
	fputs(status_help, stdout);
	printf("\nexamples:\n  relicense changes --since 7d\n  relicense show tiiuae/falcon-40b --at 2023-05-31\n"
	       "  relicense report --by quarter -o mix.csv\n");
	buf_release(&options);
}

static void help_command(const struct command *command)
{
	struct buf options = BUF_INIT(65536);

	printf("relicense %s: %s\n\nusage: relicense %s%s%s [OPTIONS]\n", command->name, command->line, command->name,
		command->arguments[0] ? " " : "", command->arguments);
	option_help(&command->options, &options);
	if (command->options.count)
		printf("\n%s", options.data);
	buf_reset(&options);
	option_help(&common, &options);
	printf("\nfor every command:\n%s\n%s", options.data, command->details);
	buf_release(&options);
}

/* ---- running ------------------------------------------------------------------------------------------------------*/

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	return NULL;
}

static enum exit_status say_no_command(const char *name)
{
	char hint[NEAREST_HINT_SIZE];
	struct nearest nearest;

	nearest_begin(&nearest, name);
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		nearest_try(&nearest, commands[i]->name, strlen(commands[i]->name));
	tool_say("there is no command '%s'%s (relicense help lists them)", name, nearest_hint(&nearest, "", hint));
	return EXIT_USAGE;
}

static enum exit_status run_help(const char *name)
{
	const struct command *command = name ? find_command(name) : NULL;

	if (name && !command)
		return say_no_command(name);
	if (command)
		help_command(command);
	else
		help_all();
	return EXIT_OK;
}

/* What the ending of --output says must be known, and what --format says too. */
static bool check_ending(const struct print_options *options)
{
	enum print_format format;
	enum print_ending ending = options->path ? print_ending_of(options->path, &format) : PRINT_NO_ENDING;

	if (ending == PRINT_UNKNOWN_ENDING && options->format == PRINT_AUTO)
		tool_say("%s: its ending names no format that I write; known are .csv, .tsv, .json, .ndjson, .jsonl and .txt, "
			 "or say which with --format (relicense export writes .sqlite too)", options->path);
	else if (ending == PRINT_KNOWN_ENDING && options->format != PRINT_AUTO && options->format != (int)format)
		tool_say("%s: its ending says %s, --format says %s: change one of them", options->path,
			print_format_words[format], print_format_words[options->format]);
	else
		return true;
	return false;
}

static enum exit_status run_command(const struct command *command, const struct arguments *arguments)
{
	struct print_options options = tool.options.print;
	enum exit_status status;

	if (arguments->count < command->arguments_min || arguments->count > command->arguments_max) {
		tool_say("usage: relicense %s %s [OPTIONS] (relicense help %s)", command->name, command->arguments,
			command->name);
		return EXIT_USAGE;
	}
	if (command->writes_itself)
		options.path = NULL;
	if (!command->names_any_file && !check_ending(&options))
		return EXIT_USAGE;
	if (!print_open(&options, &tool.print)) {
		tool_say("%s cannot be written: %s", tool.options.print.path, strerror(errno));
		return EXIT_OUTPUT;
	}
	status = command->run(&tool, arguments);
	tool_close(&tool);
	if (!print_close(&tool.print, status == EXIT_OK))
		return tool_fail_output(options.path ? options.path : "the output", strerror(errno));
	return status;
}

static enum exit_status print_version(void)
{
	printf("relicense %s (license tables %s)\n", RELICENSED_VERSION, license_tables_version());
	return EXIT_OK;
}

/* Options of the command and those of all commands, in any order. */
static enum exit_status parse_and_run(const struct command *command, int argc, char *argv[], int first)
{
	const struct option_table tables[] = { command->options, common };
	struct option_parse parse = { .tables = tables, .table_count = 2, .now_ms = tool.now_ms, .rest = first };

	if (!option_parse(&parse, argc, argv)) {
		tool_say("%s (relicense help %s)", parse.problem, command->name);
		return EXIT_USAGE;
	}
	if (tool.options.version)
		return print_version();
	if (tool.options.help)
		return run_help(command->name);
	return run_command(command, &parse.arguments);
}

static enum exit_status find_and_run(int argc, char *argv[], int first)
{
	const struct command *command;

	if (tool.options.version)
		return print_version();
	if (first == argc) {
		help_all();
		return tool.options.help ? EXIT_OK : EXIT_USAGE;
	}
	if (strcmp(argv[first], "help") == 0)
		return run_help(first + 1 < argc ? argv[first + 1] : NULL);
	command = find_command(argv[first]);
	return command ? parse_and_run(command, argc, argv, first + 1) : say_no_command(argv[first]);
}

int main(int argc, char *argv[])
{
	struct option_parse parse = { .tables = &common, .table_count = 1, .now_ms = now_ms(), .stop_at_argument = true,
		.rest = 1 };

	bus_error_explain("relicense", EXIT_DAMAGE);
	bus_error_explain_crash();
	new_file_remove_on_signals();
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away is seen as EPIPE, which ends us quietly */
	tool.now_ms = parse.now_ms;
	if (!option_parse(&parse, argc, argv)) {
		tool_say("%s", parse.problem);
		return EXIT_USAGE;
	}
	return find_and_run(argc, argv, parse.rest);
}
