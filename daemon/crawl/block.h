/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was granted of a bucket's quota, as text in the store (quota.h: blocks). Written before it is used.
 *
 *     {"end":1700000300000,"window":300000,"limit":500,"granted":60}
 *
 * Times are ours, unix milliseconds.
 */
#ifndef DAEMON_CRAWL_BLOCK_H
#define DAEMON_CRAWL_BLOCK_H

#include "daemon/transfer/quota.h"
#include "storage/store.h"

enum { BLOCK_TEXT = 160 };

void block_write(const struct quota_block *block, char text[BLOCK_TEXT]);
/* False: not a block, or one of no use. */
bool block_read(struct slice text, struct quota_block *block);
/* The last one of a bucket; false: there is none. Reads the store: at the start only. */
bool block_load(struct store *store, unsigned bucket, struct quota_block *block);

#endif
