/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a repo at one commit, made from its row: .gitattributes always, README.md where there is a card (its
 * front matter is cardData), LICENSE, or LICENSE.md or LICENSE.txt as licenseFile says, where the row brought a licenseText.
 *
 * Front matter is written as JSON values below plain keys, which is YAML; texts are UTF-8, not escapes.
 */
#ifndef HUBSIM_REPO_FILE_H
#define HUBSIM_REPO_FILE_H

#include "tests/hubsim/repo.h"

#define BLOB_ID_TEXT 40

/* The n-th file by name, NULL behind the last. */
const char *repo_file_name(const struct row *row, unsigned index);
/* False if there is no such file at that commit. */
bool repo_file_text(const struct row *row, struct slice path, struct buf *out);
/* git's id of a blob: SHA-1 of "blob SIZE\0" and the text, in hex. */
void blob_id(struct slice text, char out[BLOB_ID_TEXT + 1]);

/* [{"rfilename":"README.md"},...] */
void repo_file_siblings(const struct row *row, struct buf *out);

#endif
