/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer complains about that refuses the request as it was asked: 400 at the Hub, 422 at some other servers.
 *
 * The Hub enumerates what it knows and gives the place of what it does not:
 *     Invalid option: expected one of "author"|"baseModels"|...   at expand[1]
 */
#ifndef DAEMON_HUB_REFUSAL_H
#define DAEMON_HUB_REFUSAL_H

#include "storage/model/field.h"

bool is_refusal(unsigned status);

/* `message` is the body or X-Error-Message as sent. FIELD_NONE where it names none of those that were asked. */
enum field refusal_read(struct slice message, const struct projection *asked);

/* The parameter of a listing that the message names as a whole word ("sort", "limit", ...), the rarest first; NULL: none. */
const char *refusal_parameter(struct slice message);

#endif
