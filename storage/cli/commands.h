/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of relicense, one file each (NAME.c); relicense.c has their table.
 */
#ifndef STORAGE_CLI_COMMANDS_H
#define STORAGE_CLI_COMMANDS_H

#include "storage/cli/tool.h"

extern const struct command command_changes, command_show, command_history, command_diff, command_report, command_status,
	command_head, command_proof, command_export, command_verify, command_backup, command_compact, command_schema;

#endif
