/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a file is the one that its ETag names: the Hub's ETag of a plain file is its git blob id, SHA-1 over
 * "blob SIZE", a NUL and the bytes. Pure.
 */
#ifndef DAEMON_HUB_BLOB_H
#define DAEMON_HUB_BLOB_H

#include "storage/model/bytes.h"

bool blob_names(struct slice etag);                  /* 40 hex digits in quotes */
bool blob_is(struct slice etag, struct slice text);  /* only where blob_names */

#endif
