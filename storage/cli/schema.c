/* SPDX-License-Identifier: Apache-2.0 */
/* relicense schema: the JSON Schemas of what the other commands print; schema/NAME.json, built in. */
#include "storage/cli/commands.h"

/* X(name, what it describes) */
#define SCHEMA_TABLE(X) \
	X(changes, "a record of the change log: a line of relicense changes") \
	X(show, "relicense show --format json") \
	X(history, "a row of relicense history") \
	X(diff, "a difference of relicense diff") \
	X(report, "a row of relicense report") \
	X(report_long, "a row of relicense report --long") \
	X(status, "relicense status --format json") \
	X(head, "relicense head --format json") \
	X(proof, "a file of relicense proof") \
	X(proof_check, "relicense proof --check FILE --format json") \
	X(verify, "relicense verify --format json") \
	X(manifest, "FILE.manifest.json, beside a file of relicense export") \
	X(copy, "relicense backup, compact --format json") \
	X(listing, "the document around rows: --format json of changes, history, diff and report")

#define X(name, what) \
	extern const unsigned char schema_##name[]; \
	extern const size_t schema_##name##_size;
SCHEMA_TABLE(X)
#undef X

static const struct schema {
	const char *name, *what;
	const unsigned char *text;
	const size_t *size;
} schemas[] = {
#define X(name, what) { #name, what, schema_##name, &schema_##name##_size },
	SCHEMA_TABLE(X)
#undef X
};

static enum exit_status list_schemas(struct print *print)
{
	for (size_t i = 0; i < ARRAY_COUNT(schemas); i++)
		print_format_line(print, "%-12s%s\n", schemas[i].name, schemas[i].what);
	return EXIT_OK;
}

static enum exit_status run(struct tool *tool, const struct arguments *arguments)
{
	if (arguments->count == 0)
		return list_schemas(&tool->print);
	for (size_t i = 0; i < ARRAY_COUNT(schemas); i++) {
		if (strcmp(arguments->item[0], schemas[i].name) == 0) {
			print_bytes(&tool->print, (struct slice){ (const char *)schemas[i].text, *schemas[i].size });
			return EXIT_OK;
		}
	}
	tool_say("there is no schema of '%s'; relicense schema lists them", arguments->item[0]);
	return EXIT_USAGE;
}

const struct command command_schema = {
	.name = "schema",
	.line = "the JSON Schema (2020-12) of what a command prints; without a name, which there are",
	.arguments = "[NAME]",
	.arguments_max = 1,
	.details = "Fields and events may be added to a schema, never renamed or removed: ignore what you do not know.\n"
		   "\nexample:\n"
		   "  relicense schema changes >change.schema.json\n",
	.names_any_file = true,
	.run = run,
};
