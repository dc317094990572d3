/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as a flat list of nodes, over simdjson's on-demand parser (json_parse.cc, the project's one C++ file: 0.5 us a
 * Hub record against 3 us for yajl and 19-43 us for cJSON, json-c and jansson).
 *
 * json_parse() lists the values of a text down to a given depth, in the order of the text, parents before children.
 * Every node is a span of the text as it was sent: nothing is copied or decoded. A container at the depth limit is
 * one node with its whole span; its inside was skipped, not validated (parse that span again to look inside).
 *
 *     [ {"id":"a/b","tags":["x"]} ]      depth 2
 *     0 array, next 5
 *     1   object, next 5                 (the end: 4 nodes of inside)
 *     2     key id,   string "\"a/b\""
 *     3     key tags, array  "[\"x\"]"   (span only)
 *
 * Spans live as long as the text, nodes until the next json_parse() with the same parser. A parser belongs to one
 * thread at a time. Errors: ERROR_JSON, ERROR_UTF8, ERROR_TOO_BIG (more nodes than the parser may have), ERROR_TOO_MANY
 * (more elements in the outermost array than json_limit() allows).
 */
#ifndef STORAGE_MODEL_JSON_H
#define STORAGE_MODEL_JSON_H

#include "storage/model/buf.h"
#include "storage/model/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct arena;

/*
 * Bytes that must be readable after every text that is parsed. What they are makes no difference, but for this: a text whose
 * brackets are not even, and which a closing bracket follows, is ERROR_JSON also where that lies in what is skipped.
 */
#define JSON_PADDING 64

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
	const char *text; /* strings with their quotes */
	const char *key;  /* raw, without quotes; NULL outside objects */
	uint32_t size;
	uint32_t key_size;
	uint32_t next; /* index of the first node that is not inside this one */
	uint8_t type;  /* enum json_type */
};

struct json {
	const struct json_node *node; /* node[0] is the whole text */
	uint32_t count;
	struct json_parser *parser;
};

void json_init(struct json *json, uint32_t nodes_max);
void json_release(struct json *json);

/*
 * For the texts that follow: the most nodes in all, and the most elements of a root that is an array. A parse that would
 * need more ends before it takes memory for them.
 */
void json_limit(struct json *json, uint32_t nodes_max, uint32_t children_max);

/* What a parser keeps for the next text, in bytes: its nodes, and simdjson's index, which is touched only where it is used. */
size_t json_bytes(const struct json *json);
/* Gives that back; the nodes are gone. */
void json_rest(struct json *json);

/* `size` bytes at `text`, followed by JSON_PADDING readable ones; depth is at least 1: the children of the root. */
int json_parse(struct json *json, const char *text, size_t size, unsigned depth);

/* The member `key` of the object at index `object`: its index, or 0. Of equal keys the last counts. */
uint32_t json_member(const struct json *json, uint32_t object, const char *key);

static inline struct slice json_span(const struct json_node *node)
{
	return (struct slice){ node->text, node->size };
}

static inline struct slice json_key(const struct json_node *node)
{
	return (struct slice){ node->key, node->key_size };
}

/* for (uint32_t i = json_first(c); i < json_end(j, c); i = json_next(j, i)) walks the direct children of c. */
static inline uint32_t json_first(uint32_t container)
{
	return container + 1;
}

static inline uint32_t json_end(const struct json *json, uint32_t container)
{
	return json->node[container].next;
}

static inline uint32_t json_next(const struct json *json, uint32_t index)
{
	return json->node[index].next;
}

/*
 * The text of a string token (with its quotes), decoded and appended. A lone surrogate becomes U+FFFD (RFC 8259, 8.2
 * leaves it open; no row may be lost to it). ERROR_JSON for a broken escape; what was appended then has no meaning.
 */
int json_decode(struct slice token, struct buf *out);
/* The same, in the arena; data NULL: the token is no string, a broken one, or its text is longer than `bytes_max`. */
struct slice json_text(struct slice token, size_t bytes_max, struct arena *arena);

/* The same for a raw key, which has no quotes. */
int json_decode_key(struct slice key, struct buf *out);

/* A string token: `text` in quotes, escaped as little as RFC 8259 allows. */
void json_encode(struct slice text, struct buf *out);

/* Is it one of RFC 8259's numbers, true, false or null? The parser does not look inside tokens. */
bool json_scalar_is_valid(struct slice token);

/* A non-negative integer; false for anything else or above 2^63. */
bool json_integer(struct slice token, uint64_t *value);

/* `text` with every byte that is not UTF-8 replaced by U+FFFD (one for each maximal wrong part, Unicode 15, 3.9). */
void utf8_repair(struct slice text, struct buf *out);

#ifdef __cplusplus
}
#endif

#endif
