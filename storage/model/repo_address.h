/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of repos in every form that people paste: one parser for the commands, the watch list and backfill. Pure.
 *
 *     owner/name  models/owner/name  datasets/owner/name  spaces/owner/name  model:owner/name  dataset:...  space:...
 *     https://huggingface.co/datasets/owner/name/tree/main?x#y  hf.co/owner/name  pkg:huggingface/owner/name@revision
 *
 * What follows the name is left out: slashes and pages of the Hub, and in an address a revision, a query, a fragment.
 */
#ifndef STORAGE_MODEL_REPO_ADDRESS_H
#define STORAGE_MODEL_REPO_ADDRESS_H

#include "storage/model/repo.h"

struct repo_address {
	enum repo_kind kind; /* REPO_MODEL where nothing is said */
	struct slice name;   /* borrowed; size 0: there is none */
};

/* `hub`: the origin of a Hub whose addresses count too; "": none. */
struct repo_address repo_address_read(struct slice text, const char *hub);

#endif
