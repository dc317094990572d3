/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The normal forms in which names of licenses are compared: N(s) for ids and names, and the form of a link.
 *
 * N(s): ASCII letters in lower case, "licence" spelled "license", every run of other characters than a-z 0-9 . +
 * one '-', and no '-' or '.' at either end (so quotes, brackets and white space around a name go too).
 *
 * The input is whatever somebody wrote into a card: of any size, with any bytes. Nothing is allocated, the time is
 * linear in the input, and an output that is too small is said, never passed off as the whole.
 */
#ifndef STORAGE_MODEL_LICENSE_TEXT_H
#define STORAGE_MODEL_LICENSE_TEXT_H

#include "storage/model/bytes.h"

/*
 * Writes N(in) and a NUL to out. Returns its size, or out_size where N(in) does not fit: out then holds its first
 * out_size - 1 characters. out_size is at least 1.
 */
size_t license_normalise(struct slice in, char *out, size_t out_size);

/* Whether N(a) equals N(b), for texts of any size. */
bool license_same_text(struct slice a, struct slice b);

/*
 * Whether a normalised text has the word, which no letter may touch: "nc" is in "cc-by-nc-4.0", not in "openchat".
 * A word that ends in '*' may go on: "openrail*" is in "my-openrail-m" and in "openrails".
 */
bool license_has_word(struct slice normal, const char *word);

/*
 * Writes a link in lower case, without white space around it, scheme and "www.", and a NUL. Returns its size; what
 * does not fit is cut off: links are only compared with short prefixes.
 */
size_t license_normalise_link(struct slice in, char *out, size_t out_size);

/* Writes in with %41 and the like taken for the characters they stand for. out has room for in.size. Returns the size. */
size_t license_percent_decode(struct slice in, char *out);

/* The text before the first of the stops, or all of it; what follows that part and its stop. */
struct slice license_text_until(struct slice text, const char *stops);
struct slice license_text_after(struct slice text, struct slice part);

#endif
