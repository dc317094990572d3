/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/answer.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/model/json.h"

enum { BODY_BYTES_MAX = 1 << 30, HEADER_BYTES_MAX = 16 << 10, ETAG_HASH_CHARACTERS = 27 };

void answer_init(struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	answer->status = 200;
	buf_init(&answer->body, BODY_BYTES_MAX);
}

void answer_release(struct answer *answer)
{
	for (unsigned i = 0; i < answer->headers; i++)
		free(answer->header[i].value);
	answer->headers = 0;
	buf_release(&answer->body);
}

__attribute__((format(printf, 3, 0)))
static void add_header(struct answer *answer, const char *name, const char *format, va_list arguments)
{
	char *value = NULL;

	if (answer->headers == ANSWER_HEADERS_MAX || vasprintf(&value, format, arguments) < 0)
		return;
	if (strlen(value) > HEADER_BYTES_MAX)
		value[HEADER_BYTES_MAX] = '\0';
	for (char *at = value; *at; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7E)
			*at = '?';
	answer->header[answer->headers].name = name;
	answer->header[answer->headers++].value = value;
}

void answer_header(struct answer *answer, const char *name, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_header(answer, name, format, arguments);
	va_end(arguments);
}

void answer_json(struct answer *answer)
{
	answer->content_type = "application/json; charset=utf-8";
	answer->weak_etag = true;
}

void answer_error(struct answer *answer, unsigned status, const char *code, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	buf_reset(&answer->body);
	answer->status = status;
	if (code)
		answer_header(answer, "X-Error-Code", "%s", code);
	answer_header(answer, "X-Error-Message", "%s", text);
	if (answer->plain) {
		buf_text(&answer->body, text);
		answer->content_type = "text/plain; charset=utf-8";
	} else {
		buf_text(&answer->body, "{\"error\":");
		json_encode(slice_of(text), &answer->body);
		buf_char(&answer->body, '}');
		answer->content_type = "application/json; charset=utf-8";
	}
	answer->weak_etag = true;
	free(text);
}

void answer_redirect(struct answer *answer, struct slice location)
{
	answer->status = 307;
	answer_header(answer, "Location", "%.*s", (int)location.size, location.data);
	buf_reset(&answer->body);
	buf_text(&answer->body, "Temporary Redirect. Redirecting to ");
	buf_slice(&answer->body, location);
	answer->content_type = "text/plain; charset=utf-8";
}

void weak_etag(struct slice body, char out[64])
{
	unsigned char digest[SHA_DIGEST_LENGTH], base64[32];
	static const char nothing[1];

	SHA1((const unsigned char *)(body.data ? body.data : nothing), body.size, digest);
	EVP_EncodeBlock(base64, digest, sizeof(digest));
	snprintf(out, 64, "W/\"%zx-%.*s\"", body.size, ETAG_HASH_CHARACTERS, (const char *)base64);
}
