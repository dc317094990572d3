/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/token.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static size_t trimmed(const char *text, size_t size)
{
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	return size;
}

/* The token is never shown, also not where it is malformed. */
static int read_token(const char *path, char *token)
{
	char text[TOKEN_MAX + 2];
	FILE *file = fopen(path, "re");
	size_t size;
	bool good;

	if (!file) {
		fprintf(stderr, "relicensed: token file %s: %s\n", path, strerror(errno));
		return errno == EACCES ? EX_NOPERM : EX_CONFIG;
	}
	size = trimmed(text, fread(text, 1, sizeof(text), file));
	fclose(file);
	good = size > 0 && size <= TOKEN_MAX;
	for (size_t i = 0; i < size && good; i++)
		good = isgraph((unsigned char)text[i]) && (unsigned char)text[i] < 0x80;
	if (good)
		memcpy(token, text, size);
	else
		fprintf(stderr, "relicensed: token file %s does not hold one token\n", path);
	explicit_bzero(text, sizeof(text));
	return good ? EX_OK : EX_CONFIG;
}

int token_find(const char *file, char token[TOKEN_MAX + 1])
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char path[1200];

	if (file[0])
		return read_token(file, token);
	if (!credentials)
		return EX_OK;
	snprintf(path, sizeof(path), "%s/hub-token", credentials);
	return access(path, F_OK) == 0 ? read_token(path, token) : EX_OK;
}
