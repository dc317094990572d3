/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one batch of looks at texts asks for: repos of the to-do table with their names, heads and the files to try.
 * Read from the store by a work item.
 */
#ifndef DAEMON_CRAWL_DETAIL_BATCH_H
#define DAEMON_CRAWL_DETAIL_BATCH_H

#include "daemon/hub/file_name.h"
#include "storage/model/row.h"
#include "storage/reader.h"

enum { DETAIL_REPOS = 256 };

struct detail_repo {
	/* from the store */
	struct repo_oid oid;
	uint64_t of;
	uint32_t version, tries;
	uint8_t sha[SHA_BYTES]; /* the head; zero: not known */
	char name[ROW_NAME_MAX + 1];
	unsigned name_bytes;
	struct license_names files; /* where its license may stand */
	struct {
		char name[TEXT_NAME_MAX + 1], etag[TEXT_ETAG_MAX + 1]; /* of the last look; empty: none */
	} last[TEXT_KINDS];
	/* while it is asked */
	enum text_kind text;
	unsigned file; /* of `files`, for the license */
	unsigned hops; /* redirects followed for this file */
	char etag[TEXT_ETAG_MAX + 1]; /* as its first answer said */
};

struct detail_batch {
	/* in */
	struct store *store;
	const struct hub_origin *origin;
	struct detail_todo from; /* moved behind the last one; its kind stays */
	int64_t now_ms, pause_ms; /* what rests is passed over (storage/model/rest.h) */
	uint64_t resting; /* in and out: counted up by those */
	/* out */
	bool at_end; /* nothing is left behind `from` */
	unsigned count;
	struct detail_repo repo[DETAIL_REPOS];
};

/* Waits for the disk: in a work item. An error of the store, or 0. */
int detail_batch_load(struct detail_batch *batch, struct store_problem *problem);

#endif
