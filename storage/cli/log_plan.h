/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which terms of the change log's index a filter's records fall under: the first of these that it names
 *
 *     names or owners    a switch    the license of one side    a direction    events
 *
 * so that a walk meets few that the filter then drops. What the filter takes is never left out.
 */
#ifndef STORAGE_CLI_LOG_PLAN_H
#define STORAGE_CLI_LOG_PLAN_H

#include "storage/cli/filter.h"
#include "storage/cli/log_walk.h"

/* Sets the walk's terms; none where the filter names nothing that is indexed. */
void log_plan(const struct filter *filter, struct log_walk *walk);

#endif
