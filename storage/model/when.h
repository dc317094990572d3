/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments and durations as people write them on a command line. Pure.
 *
 *     2023-05-31T12:00:00Z  2023-05-31 12:00  2023-05-31T12:00:00+02:00   that moment; UTC where no offset stands
 *     2023-05-31  2023-05  2023-Q2  2023                                  its first or its last millisecond, UTC
 *     today  yesterday  now
 *     90s  15m  24h  7d  2w                                               so long before now
 */
#ifndef STORAGE_MODEL_WHEN_H
#define STORAGE_MODEL_WHEN_H

#include "storage/model/moment.h"

enum when_end { WHEN_START, WHEN_END }; /* of a day, month, quarter or year */

bool when_read(struct slice text, enum when_end end, int64_t now_ms, int64_t *unix_ms);
bool when_duration(struct slice text, int64_t *ms);

#endif
