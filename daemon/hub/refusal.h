/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which property a 400 complains about.
 *
 * The Hub enumerates what it knows and gives the place of what it does not:
 *     Invalid option: expected one of "author"|"baseModels"|...   at expand[1]
 */
#ifndef DAEMON_HUB_REFUSAL_H
#define DAEMON_HUB_REFUSAL_H

#include "storage/model/field.h"

/* `message` is the body or X-Error-Message as sent. FIELD_NONE where it names none of those that were asked. */
enum field refusal_read(struct slice message, const struct projection *asked);

#endif
