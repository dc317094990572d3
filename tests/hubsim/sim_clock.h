/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as the simulated Hub tells it: the only place that asks the system, unless time is simulated (time_server.h).
 *
 * Hub dates are `YYYY-MM-DDTHH:MM:SS.mmmZ`. Times here are milliseconds since 1970, UTC.
 */
#ifndef HUBSIM_SIM_CLOCK_H
#define HUBSIM_SIM_CLOCK_H

#include "storage/model/bytes.h"

#define HUB_DATE_ROOM 32

int64_t sim_clock_now_ms(void);
/* For measuring and waiting: never set back. */
int64_t sim_clock_steady_ms(void);

/* From now on time stands still at this moment, until it is set again; never back. */
void sim_clock_set(int64_t now_ms);

void hub_date_format(int64_t time_ms, char out[HUB_DATE_ROOM]);
/* Fraction of any length or none, `Z` or none; false for anything else. */
bool hub_date_parse(struct slice text, int64_t *time_ms);
/* The form of the HTTP Date header. */
void http_date_format(int64_t time_ms, char out[HUB_DATE_ROOM]);

#endif
