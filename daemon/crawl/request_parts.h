/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a request beside its way, which is request.c. For request*.c alone; loop thread.
 */
#ifndef DAEMON_CRAWL_REQUEST_PARTS_H
#define DAEMON_CRAWL_REQUEST_PARTS_H

#include "daemon/crawl/request.h"
#include "daemon/run/log.h"

/* --- request_pool.c: hundreds a second come and go, so some stay for the next, with what holds their URL --- */
struct request *request_new(struct context *context);
void request_put_away(struct request *request);

/* --- request_tell.c: what is counted, logged and told to people --- */
void request_count(const struct request *request); /* it is sent */
void request_count_status(unsigned status);
/* Fills request->why from its reply and its work. */
void request_say_why(struct request *request);
void request_log_trouble(const struct request *request, enum log_event event, struct log_field last);
void request_log_damage(const struct request *request);
/* Dates of the page that cannot be read: counted; logged the first time of a kind and field. */
void request_tell_dates(const struct request *request);

#endif
