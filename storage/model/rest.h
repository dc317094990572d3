/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repo whose answer decided nothing rests: it stays in its table (missing, detail, evidence) and is asked again after a
 * pause that doubles with each try. Pure.
 */
#ifndef STORAGE_MODEL_REST_H
#define STORAGE_MODEL_REST_H

#include <stdbool.h>
#include <stdint.h>

/* X(constant, name, meaning): why. Stored by number: append only. */
#define REST_TABLE(X) \
	X(REST_UNKNOWN, "unknown", "an older program did not note why") \
	X(REST_THERE, "there", "it is there, though the listing did not have it") \
	X(REST_HIDDEN, "hidden", "it is there, but gated or disabled") \
	X(REST_NOT_SHOWN, "not-shown", "the Hub does not show it: deleted or private") \
	X(REST_NO_CODE, "no-code", "404 without X-Error-Code, which proves nothing (trust_404)") \
	X(REST_REFUSED, "refused", "an answer between 400 and 499 that is not understood") \
	X(REST_FAILED, "failed", "an error of the Hub, or no answer") \
	X(REST_UNREADABLE, "unreadable", "an answer that cannot be read") \
	X(REST_REDIRECTED, "redirected", "a redirect that is not followed")

enum rest_reason {
#define X(constant, name, meaning) constant,
	REST_TABLE(X)
#undef X
	REST_REASONS
};

const char *rest_name(enum rest_reason reason);
const char *rest_meaning(enum rest_reason reason);

enum { REST_MAX_DAYS = 30 };

/*
 * Whether a repo that was asked `tries` times in vain, at `asked_ms` the last time, may be asked at `now_ms`: `pause_ms`
 * after the first try, twice as long after each further one, REST_MAX_DAYS at most. A clock that was set back ends the rest.
 */
bool rest_is_over(uint32_t tries, int64_t asked_ms, int64_t now_ms, int64_t pause_ms);

#endif
