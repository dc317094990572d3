/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which commit of a history to look at next, so that license switches are found by looking at few of them.
 *
 * Commits are numbered as the Hub lists them: 0 is the newest. Every look gives a value (which statement stands there; equal
 * numbers are equal statements) or nothing (it could not be read). Both ends are looked at first. Between two looks of
 * different values lies a switch: that stretch is halved until the two are neighbours. What is left of the budget goes to the
 * widest stretch between equal values, where a switch and its return could hide. A switch found adds a budget of its own:
 *
 *     requests <= 3 + 2 * log2(commits) * (switches found, at least 1)        pages of the list included
 *
 * Pure; no memory but its own. Phases: history_plan_init, then next and learn in turn, then the results.
 */
#ifndef DAEMON_CRAWL_HISTORY_PLAN_H
#define DAEMON_CRAWL_HISTORY_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum { HISTORY_COMMITS_MAX = 10000, HISTORY_LOOKS_MAX = 512, HISTORY_UNREADABLE = -1 };

struct history_look {
	uint32_t at;
	int value; /* HISTORY_UNREADABLE: looked at in vain */
};

struct history_plan {
	uint32_t commits;
	uint32_t requests;  /* sent so far */
	unsigned looks;
	struct history_look look[HISTORY_LOOKS_MAX]; /* newest first */
};

/* `commits` from 1 to HISTORY_COMMITS_MAX; `requests` were sent to list them. */
void history_plan_init(struct history_plan *plan, uint32_t commits, uint32_t requests);
/* The commit to look at; false: there is nothing left to find out, or to spend. */
bool history_plan_next(const struct history_plan *plan, uint32_t *at);
/* What was seen there, and what it took to see it. */
void history_plan_learn(struct history_plan *plan, uint32_t at, int value, uint32_t requests);
/* What may be sent in all, by what was found so far. */
uint32_t history_plan_budget(const struct history_plan *plan);

/* --- results -------------------------------------------------------------------------------------------------------*/

/* Between `older` and `newer` the value changed; they are neighbours unless what lies between could not be read. */
struct history_switch {
	uint32_t newer, older;
	int before, after;
};

/* The switches, newest first, from *look (0 at first), which is moved; false at the end. */
bool history_plan_switch(const struct history_plan *plan, unsigned *look, struct history_switch *found);

/* Neighbouring commits that were not looked at, or in vain. */
struct history_stretch {
	uint32_t first, last; /* the newest and the oldest of them */
};

bool history_plan_unlooked(const struct history_plan *plan, uint32_t *from, struct history_stretch *stretch);

#endif
