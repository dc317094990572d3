/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/repo_file.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "storage/model/json.h"

static const char gitattributes[] =
	"*.bin filter=lfs diff=lfs merge=lfs -text\n"
	"*.gguf filter=lfs diff=lfs merge=lfs -text\n"
	"*.safetensors filter=lfs diff=lfs merge=lfs -text\n";

static bool always(const struct row *row)
{
	(void)row;
	return true;
}

/* LICENSE, unless the row names another of the files below. */
static bool has_license_as(const struct row *row, const char *quoted)
{
	struct slice name = row_value(row, FIELD_licenseFile);

	return row_value(row, FIELD_licenseText).data && slice_is(name.data ? name : SLICE("\"LICENSE\""), quoted);
}

static bool has_license(const struct row *row)
{
	return has_license_as(row, "\"LICENSE\"");
}

static bool has_license_md(const struct row *row)
{
	return has_license_as(row, "\"LICENSE.md\"");
}

static bool has_license_txt(const struct row *row)
{
	return has_license_as(row, "\"LICENSE.txt\"");
}

static bool has_readme(const struct row *row)
{
	return row_value(row, FIELD_cardData).data || row_value(row, FIELD_readmeText).data;
}

static void write_gitattributes(const struct row *row, struct buf *out)
{
	(void)row;
	buf_text(out, gitattributes);
}

static void write_license(const struct row *row, struct buf *out)
{
	json_decode(row_value(row, FIELD_licenseText), out);
}

static size_t string_end(struct slice text, size_t at)
{
	for (at++; at < text.size && text.data[at] != '"'; at++)
		at += text.data[at] == '\\';
	return at < text.size ? at + 1 : text.size;
}

/* A string without \u escapes, which YAML joins otherwise than JSON. */
static void write_string(struct slice token, struct buf *out)
{
	struct buf decoded = BUF_INIT(token.size * 3);

	if (json_decode(token, &decoded) == 0)
		json_encode(buf_as_slice(&decoded), out);
	else
		buf_slice(out, token);
	buf_release(&decoded);
}

/* One JSON value as YAML in flow style: the same with a blank behind each colon and comma. */
static void write_flow(struct slice value, struct buf *out)
{
	for (size_t at = 0; at < value.size; ) {
		char c = value.data[at];
		if (c == '"') {
			size_t end = string_end(value, at);
			write_string((struct slice){ value.data + at, end - at }, out);
			at = end;
			continue;
		}
		buf_char(out, c);
		if (c == ':' || c == ',')
			buf_char(out, ' ');
		at++;
	}
}

/* The end of the value that begins at `at`: the next comma or brace of the same depth. */
static size_t value_end(struct slice text, size_t at)
{
	int depth = 0;

	while (at < text.size) {
		char c = text.data[at];
		if (depth == 0 && (c == ',' || c == '}'))
			break;
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		at = c == '"' ? string_end(text, at) : at + 1;
	}
	return at;
}

static bool is_plain_key(struct slice key)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no", "on", "off", "y", "n" };

	for (size_t i = 0; i < key.size; i++) {
		char lower = key.data[i] | 0x20;
		if (key.data[i] != '_' && (lower < 'a' || lower > 'z'))
			return false;
	}
	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (key.size == strlen(words[i]) && strncasecmp(key.data, words[i], key.size) == 0)
			return false;
	return key.size > 0;
}

/* `card` is compact: no white space between tokens. */
static void write_front_matter(struct slice card, struct buf *out)
{
	size_t at = 1;

	if (card.size < 2 || card.data[0] != '{' || card.data[1] == '}') {
		write_flow(card, out);
		buf_char(out, '\n');
		return;
	}
	while (at < card.size && card.data[at] == '"') {
		size_t end = string_end(card, at);
		struct slice key = { card.data + at + 1, end - at - 2 };
		if (is_plain_key(key))
			buf_slice(out, key);
		else
			write_string((struct slice){ card.data + at, end - at }, out);
		buf_text(out, ": ");
		at = end + 1;
		end = value_end(card, at);
		write_flow((struct slice){ card.data + at, end - at }, out);
		buf_char(out, '\n');
		at = end + 1;
	}
}

static void write_readme(const struct row *row, struct buf *out)
{
	struct slice card = row_value(row, FIELD_cardData), body = row_value(row, FIELD_readmeText);

	if (card.data) {
		buf_text(out, "---\n");
		write_front_matter(card, out);
		buf_text(out, "---\n");
	}
	if (body.data)
		json_decode(body, out);
}

/* Sorted by name, as a tree is. */
static const struct {
	const char *name;
	bool (*exists)(const struct row *row);
	void (*write)(const struct row *row, struct buf *out);
} files[] = {
	{ ".gitattributes", always, write_gitattributes },
	{ "LICENSE", has_license, write_license },
	{ "LICENSE.md", has_license_md, write_license },
	{ "LICENSE.txt", has_license_txt, write_license },
	{ "README.md", has_readme, write_readme },
};

const char *repo_file_name(const struct row *row, unsigned index)
{
	for (size_t i = 0; i < ARRAY_COUNT(files); i++)
		if (files[i].exists(row) && index-- == 0)
			return files[i].name;
	return NULL;
}

bool repo_file_text(const struct row *row, struct slice path, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		if (!slice_is(path, files[i].name) || !files[i].exists(row))
			continue;
		files[i].write(row, out);
		return true;
	}
	return false;
}

void blob_id(struct slice text, char out[BLOB_ID_TEXT + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char head[32];

	snprintf(head, sizeof(head), "blob %zu", text.size);
	EVP_DigestInit_ex(context, EVP_sha1(), NULL);
	EVP_DigestUpdate(context, head, strlen(head) + 1);
	EVP_DigestUpdate(context, text.data, text.size);
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	hex_format(digest, BLOB_ID_TEXT / 2, out);
}

void repo_file_siblings(const struct row *row, struct buf *out)
{
	const char *name;

	buf_char(out, '[');
	for (unsigned i = 0; (name = repo_file_name(row, i)); i++)
		buf_printf(out, "%s{\"rfilename\":\"%s\"}", i ? "," : "", name);
	buf_char(out, ']');
}
