/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was learnt later about a license record: the records evidence.* of the same repo that name it, in short.
 *
 *     {"seqs":[43,44],"commit":{...},"texts":[{"file":"LICENSE","before":HASH,"after":HASH,"reason":"..."}],"reason":null}
 *
 * Looked for in its repo's own index, up to the head that was seen first: once for a repo, so that a repo with thousands of
 * records costs one pass over them. One thread at a time.
 */
#ifndef STORAGE_CLI_EVIDENCE_H
#define STORAGE_CLI_EVIDENCE_H

#include "storage/cli/record.h"
#include "storage/reader.h"

struct evidence_item {
	uint64_t of, seq; /* the license record, what tells of it */
};

/* The evidence of one repo, by `of`. */
struct repo_evidence {
	uint32_t number;
	uint64_t until_seq; /* up to here its records were looked at */
	struct evidence_item *item;
	size_t count, room;
};

enum { EVIDENCE_REPOS = 256 }; /* met last, by their number: as many as a page of changes shows */

struct evidence_join {
	struct record told; /* the evidence at hand */
	struct buf line;    /* the record's line with the member */
	struct buf texts, seqs;
	struct repo_evidence repo[EVIDENCE_REPOS];
};

void evidence_join_init(struct evidence_join *join);
void evidence_join_release(struct evidence_join *join);

/*
 * The record's line with the members "evidence" and "ref" behind its hash, which does not cover them; null where there is
 * none. Good until
 * the next call. The reader is resumed and paused. A store error.
 */
int evidence_join_line(struct evidence_join *join, struct reader *reader, uint64_t head_seq, struct record *record,
	struct slice *line);

#endif
