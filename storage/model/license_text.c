/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/license_text.h"

static const struct slice british = { "licence", 7 };

/* Gives the characters of N(s) one by one. */
struct reader {
	const char *at, *end; /* both at a character that N(s) keeps at its ends, or equal */
	size_t matched;       /* how much of `british` was just read */
};

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static bool is_letter(int c)
{
	return c >= 'a' && c <= 'z';
}

static bool may_end(char c)
{
	int small = lower(c);

	return is_letter(small) || (small >= '0' && small <= '9') || small == '+';
}

static bool is_kept(char c)
{
	return may_end(c) || c == '.';
}

static struct reader reader_of(struct slice in)
{
	struct reader reader = { in.data, in.data, 0 };

	if (in.size == 0)
		return reader;
	reader.end += in.size;
	while (reader.at < reader.end && !may_end(*reader.at))
		reader.at++;
	while (reader.end > reader.at && !may_end(reader.end[-1]))
		reader.end--;
	return reader;
}

static int reader_skip_run(struct reader *reader)
{
	while (!is_kept(*reader->at)) /* ends before `end`, which follows a kept character */
		reader->at++;
	reader->matched = 0;
	return '-';
}

/* The next character, or -1. */
static int reader_next(struct reader *reader)
{
	int c;

	if (reader->at == reader->end)
		return -1;
	if (!is_kept(*reader->at))
		return reader_skip_run(reader);
	c = lower(*reader->at++);
	if (c == british.data[reader->matched])
		reader->matched++;
	else
		reader->matched = c == british.data[0];
	if (reader->matched == british.size - 1) { /* "licenc": the last letter decides what this one is */
		reader->matched = 0;
		if (reader->at < reader->end && lower(*reader->at) == 'e')
			return 's';
	}
	return c;
}

size_t license_normalise(struct slice in, char *out, size_t out_size)
{
	struct reader reader = reader_of(in);
	size_t size = 0;
	int c;

	while ((c = reader_next(&reader)) >= 0) {
		if (size == out_size - 1) {
			out[size] = '\0';
			return out_size;
		}
		out[size++] = (char)c;
	}
	out[size] = '\0';
	return size;
}

bool license_same_text(struct slice a, struct slice b)
{
	struct reader one = reader_of(a), other = reader_of(b);
	int c;

	do {
		c = reader_next(&one);
		if (c != reader_next(&other))
			return false;
	} while (c >= 0);
	return true;
}

static bool word_stands_at(struct slice normal, size_t start, struct slice word, bool open_end)
{
	struct slice rest = { normal.data + start, normal.size - start };

	if (!slice_starts_with(rest, word))
		return false;
	if (start > 0 && is_letter(normal.data[start - 1]))
		return false;
	return open_end || rest.size == word.size || !is_letter(rest.data[word.size]);
}

bool license_has_word(struct slice normal, const char *word)
{
	struct slice wanted = slice_of(word);
	bool open_end = wanted.data[wanted.size - 1] == '*';

	wanted.size -= open_end;
	for (size_t start = 0; start + wanted.size <= normal.size; start++) {
		if (word_stands_at(normal, start, wanted, open_end))
			return true;
	}
	return false;
}

static struct slice without_prefix(struct slice text, const char *prefix)
{
	struct slice wanted = slice_of(prefix);

	if (!slice_starts_with(text, wanted))
		return text;
	return (struct slice){ text.data + wanted.size, text.size - wanted.size };
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t license_normalise_link(struct slice in, char *out, size_t out_size)
{
	struct slice link = { out, 0 };

	while (in.size > 0 && is_space(in.data[0]))
		in = (struct slice){ in.data + 1, in.size - 1 };
	while (in.size > 0 && is_space(in.data[in.size - 1]))
		in.size--;
	for (; link.size < in.size && link.size < out_size - 1; link.size++)
		out[link.size] = (char)lower(in.data[link.size]);
	link = without_prefix(link, "https://");
	link = without_prefix(link, "http://");
	link = without_prefix(link, "www.");
	memmove(out, link.data, link.size); /* over the beginning that was taken off */
	out[link.size] = '\0';
	return link.size;
}

static int hex_digit(char c)
{
	int small = lower(c);

	if (small >= '0' && small <= '9')
		return small - '0';
	return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

size_t license_percent_decode(struct slice in, char *out)
{
	size_t written = 0;

	for (size_t at = 0; at < in.size; written++) {
		int high = in.size - at > 2 && in.data[at] == '%' ? hex_digit(in.data[at + 1]) : -1;
		int low = high >= 0 ? hex_digit(in.data[at + 2]) : -1;

		if (low >= 0) {
			out[written] = (char)(high << 4 | low);
			at += 3;
		} else {
			out[written] = in.data[at++];
		}
	}
	return written;
}

struct slice license_text_until(struct slice text, const char *stops)
{
	struct slice part = { text.data, 0 };
	size_t count = strlen(stops);

	while (part.size < text.size && !memchr(stops, text.data[part.size], count))
		part.size++;
	return part;
}

struct slice license_text_after(struct slice text, struct slice part)
{
	size_t passed = part.size < text.size ? part.size + 1 : part.size;

	return (struct slice){ text.data + passed, text.size - passed };
}
