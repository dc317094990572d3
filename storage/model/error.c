/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/error.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *text;
	enum error_action action;
} errors[] = {
#define X(name, action, text) { #name, text, action },
	ERROR_TABLE(X)
#undef X
};

static size_t error_index(int code)
{
	return code > ERROR_FIRST && code < ERROR_END ? (size_t)(code - ERROR_FIRST - 1) : sizeof(errors);
}

const char *error_text(int code)
{
	size_t index = error_index(code);

	return index < sizeof(errors) / sizeof(errors[0]) ? errors[index].text : "an unknown error";
}

const char *error_name(int code)
{
	size_t index = error_index(code);

	return index < sizeof(errors) / sizeof(errors[0]) ? errors[index].name : "ERROR_UNKNOWN";
}

enum error_action error_action(int code)
{
	size_t index = error_index(code);

	return index < sizeof(errors) / sizeof(errors[0]) ? errors[index].action : ERROR_STOP;
}
