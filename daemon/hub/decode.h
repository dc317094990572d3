/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A body as it was sent -> the text in it. gzip by libdeflate (2.4 times zlib), or nothing at all.
 *
 * A decoder owns its output and uses it again for the next body. It never takes more memory than the limit it was
 * born with, whatever a body claims to become: a decompression bomb ends as ERROR_TOO_BIG. One thread at a time.
 */
#ifndef DAEMON_HUB_DECODE_H
#define DAEMON_HUB_DECODE_H

#include "storage/model/buf.h"

struct libdeflate_decompressor;

struct decoder {
	struct libdeflate_decompressor *gzip;
	struct buf text;
	size_t bytes_max; /* of any text */
	size_t limit;     /* of the one at hand */
};

void decoder_init(struct decoder *decoder, size_t bytes_max);
void decoder_release(struct decoder *decoder);

/*
 * `encoding` is the Content-Encoding. The text lies in the decoder, or in `body` itself where it was not compressed,
 * until the next call; JSON_PADDING readable bytes follow it (body's maximum must leave room for them). `limit` is the
 * most that it may become, within the decoder's own; 0: that alone.
 * ERROR_COMPRESSION: damaged, or an encoding that was not asked for. ERROR_TOO_BIG.
 */
int decoder_run(struct decoder *decoder, struct slice encoding, struct buf *body, size_t limit,
	struct slice *text);

/* The text is no longer needed: gives back what it took. */
void decoder_rest(struct decoder *decoder);

#endif
