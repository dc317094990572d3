/* SPDX-License-Identifier: Apache-2.0 */
/* An export as lines: ndjson, csv. */
#include <errno.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "storage/cli/export.h"
#include "storage/model/json.h"
#include "storage/model/memory.h"

enum { WAITING_BYTES = 1 << 20, WAITING_MAX = 256 << 20 };

struct text_file {
	const struct export_order *order;
	const struct export_shape *shape;
	struct export_result *result;
	FILE *file;
	EVP_MD_CTX *hash;
	struct buf waiting;
	int error; /* errno */
};

static bool write_waiting(struct text_file *text)
{
	struct buf *waiting = &text->waiting;

	if (waiting->overflow)
		text->error = EFBIG;
	if (!text->error && waiting->size && fwrite(waiting->data, 1, waiting->size, text->file) != waiting->size)
		text->error = errno ? errno : EIO;
	if (waiting->size && EVP_DigestUpdate(text->hash, waiting->data, waiting->size) != 1)
		memory_failed("SHA-256");
	text->result->bytes += waiting->size;
	buf_reset(waiting);
	return !text->error;
}

static bool flush(void *owner)
{
	struct text_file *text = owner;

	return text->waiting.size < WAITING_BYTES || write_waiting(text);
}

static void write_csv(struct text_file *text, const struct cell *cells)
{
	for (unsigned i = 0; i < text->shape->count; i++) {
		if (i)
			buf_char(&text->waiting, ',');
		csv_field(&cells[i], text->order->tool->options.print.spreadsheet, &text->waiting);
	}
	buf_text(&text->waiting, "\r\n");
}

static void write_object(struct text_file *text, const struct cell *cells)
{
	for (unsigned i = 0; i < text->shape->count; i++) {
		buf_printf(&text->waiting, "%c\"%s\":", i ? ',' : '{', text->shape->column[i]);
		if (cells[i].type == CELL_TEXT)
			json_encode(cells[i].text, &text->waiting);
		else
			buf_slice(&text->waiting, cells[i].type == CELL_JSON ? cells[i].text : SLICE("null"));
	}
	buf_text(&text->waiting, "}\n");
}

static bool row(void *owner, const struct cell *cells, struct slice line)
{
	struct text_file *text = owner;

	if (text->order->format == EXPORT_CSV) {
		write_csv(text, cells);
	} else if (line.size) {
		buf_slice(&text->waiting, line);
		buf_char(&text->waiting, '\n');
	} else {
		write_object(text, cells);
	}
	return !text->waiting.overflow;
}

static void write_header(struct text_file *text)
{
	struct cell header[EXPORT_COLUMNS_MAX];

	for (unsigned i = 0; i < text->shape->count; i++)
		header[i] = cell_word(text->shape->column[i]);
	write_csv(text, header);
}

static EVP_MD_CTX *begin_hash(void)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();

	if (!hash || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1)
		memory_failed("SHA-256");
	return hash;
}

static void end_hash(EVP_MD_CTX *hash, char sha256[HASH_HEX + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (EVP_DigestFinal_ex(hash, digest, &size) != 1)
		memory_failed("SHA-256");
	for (unsigned i = 0; i < size && 2 * i < HASH_HEX; i++)
		snprintf(sha256 + 2 * (size_t)i, 3, "%02x", digest[i]);
	EVP_MD_CTX_free(hash);
}

bool export_text_digest(int file, uint64_t *bytes, char sha256[HASH_HEX + 1])
{
	EVP_MD_CTX *hash = begin_hash();
	char part[65536];
	ssize_t size;

	*bytes = 0;
	while ((size = pread(file, part, sizeof(part), (off_t)*bytes)) > 0) {
		if (EVP_DigestUpdate(hash, part, (size_t)size) != 1)
			memory_failed("SHA-256");
		*bytes += (uint64_t)size;
	}
	end_hash(hash, sha256);
	return size == 0;
}

enum exit_status export_text(const struct export_order *order, int file, struct export_result *result)
{
	struct text_file text = { .order = order, .shape = export_shape(order->what), .result = result,
		.hash = begin_hash(), .waiting = BUF_INIT(WAITING_MAX) };
	struct export_sink sink = { &text, row, flush };
	const char *name = order->path ? order->path : "the output";
	int code = ERROR_NONE;

	text.file = stream_over(file);
	if (!text.file) {
		EVP_MD_CTX_free(text.hash);
		tool_say("%s cannot be written: %s", name, strerror(errno));
		return EXIT_OUTPUT;
	}
	if (order->format == EXPORT_CSV)
		write_header(&text);
	code = export_rows(order, &sink, result);
	write_waiting(&text);
	end_hash(text.hash, result->sha256);
	if (fclose(text.file) && !text.error)
		text.error = errno;
	buf_release(&text.waiting);
	if (code)
		return tool_fail(order->tool, code, "exporting");
	if (text.error && (order->path || text.error != EPIPE))
		return tool_fail_output(name, strerror(text.error));
	return EXIT_OK;
}
