/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/crawl/request_parts.h"

#include <stdlib.h>

#include "storage/model/memory.h"

enum { SPARES_MAX = 256 };

struct request *request_new(struct context *context)
{
	struct request *request = context->spare_requests;
	struct buf url = BUF_INIT(URL_MAX);

	if (!request) {
		request = memory_new(sizeof(*request));
	} else {
		context->spare_requests = request->after;
		context->spares--;
		url = request->url;
		buf_reset(&url);
	}
	*request = (struct request){ .context = context, .url = url };
	return request;
}

static void release(struct request *request)
{
	buf_release(&request->url);
	free(request);
}

void request_put_away(struct request *request)
{
	struct context *context = request->context;

	if (context->spares == SPARES_MAX) {
		release(request);
		return;
	}
	request->after = context->spare_requests;
	context->spare_requests = request;
	context->spares++;
}

void request_free_spares(struct context *context)
{
	struct request *request;

	while ((request = context->spare_requests)) {
		context->spare_requests = request->after;
		release(request);
	}
	context->spares = 0;
}
