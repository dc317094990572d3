/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cli/object.h"

#include "storage/model/moment.h"

struct object object_begin(struct buf *out)
{
	buf_char(out, '{');
	return (struct object){ .out = out };
}

void object_end(struct object *object)
{
	buf_char(object->out, '}');
}

void object_key(struct object *object, const char *key)
{
	buf_printf(object->out, "%s\"%s\":", object->any ? "," : "", key);
	object->any = true;
}

void object_raw(struct object *object, const char *key, struct slice json)
{
	object_key(object, key);
	buf_slice(object->out, json.size ? json : SLICE("null"));
}

void object_text(struct object *object, const char *key, struct slice text)
{
	object_key(object, key);
	if (text.data)
		json_encode(text, object->out);
	else
		buf_text(object->out, "null");
}

void object_word(struct object *object, const char *key, const char *word)
{
	object_text(object, key, slice_of(word));
}

void object_number(struct object *object, const char *key, uint64_t value)
{
	object_key(object, key);
	buf_printf(object->out, "%llu", (unsigned long long)value);
}

void object_counter(struct object *object, const char *key, struct change_counter counter)
{
	if (counter.known)
		object_number(object, key, counter.value);
	else
		object_raw(object, key, SLICE_NONE);
}

void object_bool(struct object *object, const char *key, bool value)
{
	object_raw(object, key, value ? SLICE("true") : SLICE("false"));
}

void object_moment(struct object *object, const char *key, int64_t unix_ms)
{
	object_key(object, key);
	moment_json(unix_ms, object->out);
}

void object_sha(struct object *object, const char *key, const uint8_t sha[SHA_BYTES])
{
	char hex[SHA_HEX + 1];

	sha_write(sha, hex);
	object_word(object, key, sha_is_known(sha) ? hex : NULL);
}
