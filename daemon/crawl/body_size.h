/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large an answer is likely to be, from those before it, so that memory for it can be set aside before it is asked
 * for. Twice the largest of the recent ones, as a power of two: what a growing buffer takes.
 */
#ifndef DAEMON_CRAWL_BODY_SIZE_H
#define DAEMON_CRAWL_BODY_SIZE_H

#include <stddef.h>

enum body_class { BODY_LISTING, BODY_ROW, BODY_TEXT, BODY_CLASSES };

/* Zeroed: nothing was seen yet. */
struct body_sizes {
	size_t recent[BODY_CLASSES]; /* falls by a thirty-second with each answer, and never below it; 0: none yet */
};

/* `most`: the largest body that is accepted. */
size_t body_size_expected(const struct body_sizes *sizes, enum body_class class, size_t most);
void body_size_seen(struct body_sizes *sizes, enum body_class class, size_t bytes);

#endif
