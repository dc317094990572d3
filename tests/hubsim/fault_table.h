/* SPDX-License-Identifier: Apache-2.0 */
/* THE table of faults: what can go wrong between the Hub and a client, each drawn by itself for every request. */
#ifndef HUBSIM_FAULT_TABLE_H
#define HUBSIM_FAULT_TABLE_H

/* X(stage, name) */
#define FAULT_STAGE_TABLE(X) \
	X(CONNECTION, "connection") /* this connection is reset, and those of the next moments fare badly */ \
	X(QUOTA, "quota")           /* what the Hub counts */ \
	X(INSTEAD, "instead")       /* another answer instead of the Hub's */ \
	X(PAGE, "page")             /* the rows and the link of a listing's page */ \
	X(HEAD, "head")             /* the head above the Hub's body */ \
	X(SENDING, "sending")       /* how the answer arrives, or not */ \
	X(CHANGE, "change")         /* drawn for each commit of /sim/tick */

/* X(constant, name, stage, help) */
#define FAULT_TABLE(X) \
	X(REFUSE, "refuse", CONNECTION, "connections are refused for 300 ms") \
	X(CERT_EXPIRED, "cert-expired", CONNECTION, "for 300 ms the certificate is one of last year (--tls)") \
	X(PLAIN_FOR_TLS, "plain-for-tls", CONNECTION, "for 300 ms plain HTTP answers a TLS client (--tls)") \
	X(QUOTA_HALVED, "quota-halved", QUOTA, "this client has half the quota until the window ends") \
	X(QUOTA_EATEN, "quota-eaten", QUOTA, "another client of this quota sends a request too") \
	X(429_EMPTY, "429-empty", INSTEAD, "429, r=0 and the seconds to wait") \
	X(429_ACTION, "429-action", INSTEAD, "429 with r>0: a limit of another kind") \
	X(429_BARE, "429-bare", INSTEAD, "429 from the edge, without RateLimit") \
	X(500, "500", INSTEAD, "500 in JSON") \
	X(502, "502", INSTEAD, "502 in HTML from the edge") \
	X(503, "503", INSTEAD, "503 in JSON") \
	X(504, "504", INSTEAD, "504 in HTML from the edge") \
	X(TOKEN_REVOKED, "token-revoked", INSTEAD, "401 to a valid token") \
	X(HTML, "html", INSTEAD, "an HTML error page with 200, 403 or 503") \
	X(GARBAGE, "garbage", INSTEAD, "200 and bytes that are no JSON") \
	X(ENDLESS, "endless", INSTEAD, "200 and a body that never ends") \
	X(BOMB, "bomb", INSTEAD, "200 and 256 MiB in a small gzip body") \
	X(REDIRECT_LOOP, "redirect-loop", INSTEAD, "307 to the same URL") \
	X(REDIRECT_HOST, "redirect-host", INSTEAD, "307 to --elsewhere") \
	X(LINK_HOST, "link-host", PAGE, "the next page is at --elsewhere") \
	X(LINK_MISSING, "link-missing", PAGE, "no next page, though there is one") \
	X(CURSOR_REPEATS, "cursor-repeats", PAGE, "the next page is this one, or the first") \
	X(ROWS_TWICE, "rows-twice", PAGE, "a row twice in the page, or on the next one too") \
	X(ROWS_VANISH, "rows-vanish", PAGE, "a row is left out") \
	X(ROW_MOVES, "row-moves", PAGE, "a row is shown on the next page, instead or again") \
	X(WRONG_TYPE, "wrong-type", HEAD, "JSON with Content-Type text/html") \
	X(CLOCK_SKEW, "clock-skew", HEAD, "Date is up to 10 minutes early or late") \
	X(CUT_GZIP, "cut-gzip", SENDING, "half of the gzip body, with a Content-Length that fits it") \
	X(WRONG_LENGTH, "wrong-length", SENDING, "Content-Length is larger than what is sent") \
	X(RESET_BEFORE, "reset-before", SENDING, "reset before the head") \
	X(RESET_HEAD, "reset-head", SENDING, "reset within the head (or within a TLS record)") \
	X(RESET_BODY, "reset-body", SENDING, "reset within the body") \
	X(STALL, "stall", SENDING, "silence before the head, behind it, or within the body") \
	X(DRIP, "drip", SENDING, "64 bytes of the body every 100 ms") \
	X(DATE_PAST, "date-past", CHANGE, "the committer's clock is up to a year late") \
	X(DATE_FUTURE, "date-future", CHANGE, "the committer's clock is up to a month early")

enum fault_stage {
#define X(constant, name) FAULT_IN_##constant,
	FAULT_STAGE_TABLE(X)
#undef X
};

enum fault {
#define X(constant, name, stage, help) FAULT_##constant,
	FAULT_TABLE(X)
#undef X
	FAULT_COUNT,
	FAULT_NONE = FAULT_COUNT
};

#endif
