/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many bytes answers may hold, from the moment they are asked for until the store has them. Who needs memory takes
 * its bytes here first, and waits where they do not fit. Loop thread only.
 */
#ifndef DAEMON_RUN_BUDGET_H
#define DAEMON_RUN_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

struct budget {
	size_t max, used;
	bool wanted;                  /* something did not fit: on_room follows when bytes are given back */
	void (*on_room)(void *owner); /* may be NULL */
	void *owner;
};

/* Whether so many more fit; alone, what is larger than the budget fits too. Nothing is taken yet. */
bool budget_fits(struct budget *budget, size_t bytes);
void budget_take(struct budget *budget, size_t bytes);
/* May call on_room, which may take. */
void budget_give(struct budget *budget, size_t bytes);

#endif
