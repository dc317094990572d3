/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_parse() over simdjson. This is the only C++ of the project: simdjson has no C interface. Nothing in here
 * throws or allocates by `new`, and no C++ type leaves it, so the programs link with the C compiler plus -lstdc++.
 */
#include "storage/model/json.h"

#include <simdjson.h>

#include <new>

extern "C" {
#include "storage/model/error.h"
#include "storage/model/memory.h"
}

namespace ondemand = simdjson::ondemand;
using simd_error = simdjson::error_code;

struct json_parser {
	ondemand::parser simd;
	json_node *node;
	uint32_t count, room, max;
	uint32_t children_max; /* of the root */
	const char *end;       /* of the text: bytes after it are readable, and never looked at */
};

namespace {

constexpr uint32_t NODES_FIRST = 1024;
constexpr size_t INDEX_BYTES = 4; /* simdjson keeps the place of each structural character, of which a byte is one at most */

/* Nodes are addressed by index: the array moves when it grows. UINT32_MAX when it may not. */
uint32_t add_node(json_parser *parser)
{
	if (parser->count >= parser->max)
		return UINT32_MAX;
	if (parser->count == parser->room) {
		uint32_t room = parser->room ? parser->room * 2 : NODES_FIRST;
		parser->room = room > parser->max ? parser->max : room;
		parser->node = static_cast<json_node *>(memory_grow(parser->node, parser->room, sizeof(json_node)));
	}
	parser->node[parser->count] = json_node{};
	return parser->count++;
}

bool is_white(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

size_t trimmed(std::string_view token)
{
	size_t size = token.size();

	while (size && is_white(token[size - 1]))
		size--;
	return size;
}

const char *skip_white(const char *at, const char *end)
{
	while (at < end && is_white(*at))
		at++;
	return at;
}

/* The end of a container whose last child ends at `from`: only white space and its bracket lie between. */
const char *closing(const json_parser *parser, const char *from, char bracket)
{
	const char *at = skip_white(from, parser->end);

	return at < parser->end && *at == bracket ? at + 1 : nullptr;
}

/*
 * Whether a child is followed by a comma or its container's end. Scalars are not consumed, and simdjson skips what is
 * not: it would take the string in {"a":"b":1} for a key and read on at the wrong depth.
 */
bool is_followed(const json_parser *parser, uint32_t child, char bracket)
{
	const char *at = skip_white(parser->node[child].text + parser->node[child].size, parser->end);

	return at < parser->end && (*at == ',' || *at == bracket);
}

uint32_t key_size(const json_parser *parser, const char *raw)
{
	const char *at = raw;

	while (at < parser->end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	return static_cast<uint32_t>(at - raw);
}

/* The same call has two result types in simdjson 3.0. */
std::string_view token_of(ondemand::value &value)
{
	return value.raw_json_token();
}

std::string_view token_of(ondemand::document &document)
{
	std::string_view token;

	return document.raw_json_token().get(token) ? std::string_view{} : token;
}

template <typename Value> simd_error add_value(json_parser *parser, Value &value, unsigned depth, const char *key);

simd_error add_elements(json_parser *parser, ondemand::array array, unsigned depth, bool is_root)
{
	uint32_t left = is_root ? parser->children_max : UINT32_MAX;

	for (auto element : array) {
		ondemand::value value;
		if (!left--)
			return simdjson::INDEX_OUT_OF_BOUNDS;
		if (simd_error error = element.get(value))
			return error;
		uint32_t child = parser->count;
		if (simd_error error = add_value(parser, value, depth, nullptr))
			return error;
		if (!is_followed(parser, child, ']'))
			return simdjson::TAPE_ERROR;
	}
	return simdjson::SUCCESS;
}

simd_error add_members(json_parser *parser, ondemand::object object, unsigned depth)
{
	for (auto member : object) {
		ondemand::raw_json_string key;
		if (simd_error error = member.key().get(key))
			return error;
		ondemand::value value;
		if (simd_error error = member.value().get(value))
			return error;
		uint32_t child = parser->count;
		if (simd_error error = add_value(parser, value, depth, key.raw()))
			return error;
		if (!is_followed(parser, child, '}'))
			return simdjson::TAPE_ERROR;
	}
	return simdjson::SUCCESS;
}

template <typename Value>
simd_error add_container(json_parser *parser, Value &value, unsigned depth, uint32_t index, bool is_object)
{
	const char *start = token_of(value).data();

	if (is_object) {
		ondemand::object object;
		if (simd_error error = value.get_object().get(object))
			return error;
		if (simd_error error = add_members(parser, object, depth - 1))
			return error;
	} else {
		ondemand::array array;
		if (simd_error error = value.get_array().get(array))
			return error;
		if (simd_error error = add_elements(parser, array, depth - 1, index == 0))
			return error;
	}

	/* The end stands behind the last direct child, which is the last one whose subtree ends the list. */
	const char *inside = start + 1;
	for (uint32_t i = index + 1; i < parser->count; i = parser->node[i].next)
		inside = parser->node[i].text + parser->node[i].size;
	const char *end = closing(parser, inside, is_object ? '}' : ']');
	if (!end)
		return simdjson::TAPE_ERROR;
	parser->node[index].text = start;
	parser->node[index].size = static_cast<uint32_t>(end - start);
	return simdjson::SUCCESS;
}

/* simdjson counts brackets: where the text ends before they are even, its span may end anywhere. */
bool ends_inside(const json_parser *parser, uint32_t index)
{
	const char *last = parser->node[index].text + parser->node[index].size - 1;

	return last > parser->node[index].text && last < parser->end && (*last == '}' || *last == ']');
}

simd_error add_span(json_parser *parser, ondemand::value &value, uint32_t index, bool is_object)
{
	std::string_view span;
	simd_error error;

	if (is_object) {
		ondemand::object object;
		if ((error = value.get_object().get(object)))
			return error;
		error = object.raw_json().get(span);
	} else {
		ondemand::array array;
		if ((error = value.get_array().get(array)))
			return error;
		error = array.raw_json().get(span);
	}
	if (error)
		return error;
	parser->node[index].text = span.data();
	parser->node[index].size = static_cast<uint32_t>(trimmed(span));
	return ends_inside(parser, index) ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

/* Never reached: a root is always opened (depth is at least 1). Here so that add_value() serves both types. */
simd_error add_span(json_parser *, ondemand::document &, uint32_t, bool)
{
	return simdjson::INCORRECT_TYPE;
}

template <typename Value> simd_error add_scalar(json_parser *parser, Value &value, uint32_t index)
{
	std::string_view token = token_of(value);

	parser->node[index].text = token.data();
	parser->node[index].size = static_cast<uint32_t>(trimmed(token));
	return simdjson::SUCCESS;
}

uint8_t type_of(ondemand::json_type type)
{
	switch (type) {
	case ondemand::json_type::array: return JSON_ARRAY;
	case ondemand::json_type::object: return JSON_OBJECT;
	case ondemand::json_type::string: return JSON_STRING;
	case ondemand::json_type::number: return JSON_NUMBER;
	case ondemand::json_type::boolean: return JSON_BOOL;
	default: return JSON_NULL;
	}
}

template <typename Value> simd_error add_value(json_parser *parser, Value &value, unsigned depth, const char *key)
{
	ondemand::json_type type;

	if (token_of(value).data() >= parser->end)
		return simdjson::TAPE_ERROR;
	if (simd_error error = value.type().get(type))
		return error;
	uint32_t index = add_node(parser);
	if (index == UINT32_MAX)
		return simdjson::CAPACITY;
	parser->node[index].type = type_of(type);
	if (key) {
		parser->node[index].key = key;
		parser->node[index].key_size = key_size(parser, key);
	}

	bool is_object = type == ondemand::json_type::object;
	simd_error error;
	if (!is_object && type != ondemand::json_type::array)
		error = add_scalar(parser, value, index);
	else if (depth)
		error = add_container(parser, value, depth, index, is_object);
	else
		error = add_span(parser, value, index, is_object);
	parser->node[index].next = parser->count;
	return error;
}

int code_of(simd_error error)
{
	switch (error) {
	case simdjson::SUCCESS: return ERROR_NONE;
	case simdjson::UTF8_ERROR: return ERROR_UTF8;
	case simdjson::CAPACITY: return ERROR_TOO_BIG;
	case simdjson::MEMALLOC: return ERROR_TOO_BIG;
	case simdjson::INDEX_OUT_OF_BOUNDS: return ERROR_TOO_MANY;
	default: return ERROR_JSON;
	}
}

} // namespace

extern "C" void json_init(struct json *json, uint32_t nodes_max)
{
	json->parser = new (memory_new(sizeof(json_parser))) json_parser();
	json_limit(json, nodes_max, UINT32_MAX);
	json->node = nullptr;
	json->count = 0;
}

extern "C" void json_limit(struct json *json, uint32_t nodes_max, uint32_t children_max)
{
	json->parser->max = nodes_max;
	json->parser->children_max = children_max;
}

extern "C" size_t json_bytes(const struct json *json)
{
	return json->parser->room * sizeof(json_node) + json->parser->simd.capacity() * INDEX_BYTES;
}

extern "C" void json_rest(struct json *json)
{
	json_parser *parser = json->parser;

	free(parser->node);
	parser->node = nullptr;
	parser->room = parser->count = 0;
	parser->simd = ondemand::parser();
	json->node = nullptr;
	json->count = 0;
}

extern "C" void json_release(struct json *json)
{
	if (!json->parser)
		return;
	free(json->parser->node);
	json->parser->~json_parser();
	free(json->parser);
	*json = {};
}

extern "C" int json_parse(struct json *json, const char *text, size_t size, unsigned depth)
{
	json_parser *parser = json->parser;
	ondemand::document document;
	simd_error error;

	parser->count = 0;
	parser->end = text + size;
	json->node = nullptr;
	json->count = 0;
	error = parser->simd.iterate(text, size, size + JSON_PADDING).get(document);
	if (!error)
		error = add_value(parser, document, depth ? depth : 1, nullptr);
	if (!error && skip_white(parser->node[0].text + parser->node[0].size, parser->end) != parser->end)
		error = simdjson::TAPE_ERROR; /* more behind the root */
	if (error)
		return code_of(error);
	json->node = parser->node;
	json->count = parser->count;
	return ERROR_NONE;
}
