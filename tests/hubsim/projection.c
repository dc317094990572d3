/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/projection.h"

#include "tests/hubsim/repo_file.h"

static void add(struct projection *projection, uint16_t field)
{
	if (projection->count && projection->field[projection->count - 1] == field)
		return;
	projection->field[projection->count++] = field;
	if (field == FIELD_cardData || field == FIELD_tags)
		projection->shows_license = true;
}

/* The error that the Hub's validator gives: every wrong value with all that is allowed there. */
static void answer_bad_expand(struct exchange *exchange, enum kind kind, uint8_t shown, const bool *wrong, unsigned count)
{
	struct buf text = BUF_INIT(1 << 16);

	for (unsigned i = 0; i < count; i++) {
		const char *bar = "";
		if (!wrong[i])
			continue;
		buf_text(&text, text.size ? "\nInvalid option: expected one of " : "Invalid option: expected one of ");
		for (unsigned field = 0; field < FIELD_KNOWN; field++) {
			if (!(field_entry(field)->shown[kind] & shown))
				continue;
			buf_printf(&text, "%s\"%s\"", bar, field_entry(field)->name);
			bar = "|";
		}
		buf_printf(&text, "\n  \xE2\x86\x92 at expand[%u]", i);
	}
	answer_error(&exchange->answer, 400, NULL, "%s", text.data);
	buf_release(&text);
}

/* False: answered. *count tells how many expand parameters there were. */
static bool read_expand(struct exchange *exchange, enum kind kind, uint8_t shown, bool *wanted, unsigned *count)
{
	const struct request *request = &exchange->request;
	bool wrong[REQUEST_PARAMETERS_MAX] = { false }, any_wrong = false;

	*count = 0;
	for (unsigned i = 0; i < request->parameters; i++) {
		uint16_t field;
		if (!request_is(&request->parameter[i], "expand"))
			continue;
		field = field_find(request->parameter[i].value);
		if (field < FIELD_KNOWN && (field_entry(field)->shown[kind] & shown))
			wanted[field] = true;
		else
			wrong[*count] = any_wrong = true;
		++*count;
	}
	if (any_wrong)
		answer_bad_expand(exchange, kind, shown, wrong, *count);
	return !any_wrong;
}

static bool refuses_mixture(struct exchange *exchange, const char *parameter)
{
	if (!request_flag(&exchange->request, parameter))
		return false;
	/* The clients refuse to send this; an answer that picks one of the two would hide the mistake. */
	answer_error(&exchange->answer, 400, NULL, "`expand` cannot be used with `%s`", parameter);
	return true;
}

static bool by_expand(struct exchange *exchange, const bool *wanted, bool repo, struct projection *out)
{
	static const char *const list_words[] = { "full", "cardData", "config" };
	static const char *const repo_words[] = { "blobs", "securityStatus" };
	const char *const *words = repo ? repo_words : list_words;
	size_t count = repo ? ARRAY_COUNT(repo_words) : ARRAY_COUNT(list_words);

	for (size_t i = 0; i < count; i++)
		if (refuses_mixture(exchange, words[i]))
			return false;
	for (unsigned field = 0; field < FIELD_KNOWN; field++)
		if (wanted[field])
			add(out, (uint16_t)field);
	return true;
}

static bool is_asked_for(const struct request *request, enum kind kind, uint16_t field)
{
	return kind == KIND_MODEL && ((field == FIELD_cardData && request_flag(request, "cardData")) ||
		(field == FIELD_config && request_flag(request, "config")));
}

bool projection_read(struct exchange *exchange, enum kind kind, bool repo, uint16_t sort_field, struct projection *out)
{
	const struct request *request = &exchange->request;
	uint8_t shown = repo ? SHOWN_REPO : request_flag(request, "full") ? SHOWN_FULL : SHOWN_LIST;
	bool wanted[FIELD_KNOWN] = { false };
	unsigned expands;

	out->kind = kind;
	out->count = 0;
	out->shows_license = false;
	if (!read_expand(exchange, kind, repo ? SHOWN_REPO_EXPAND : SHOWN_LIST_EXPAND, wanted, &expands))
		return false;
	if (expands)
		return by_expand(exchange, wanted, repo, out);
	for (uint16_t field = 0; field < field_count(); field++)
		if ((field_entry(field)->shown[kind] & shown) || field == sort_field || is_asked_for(request, kind, field))
			add(out, field);
	return true;
}

static void write_value(uint16_t field, struct slice value, struct buf *out)
{
	buf_slice(out, field_entry(field)->key);
	buf_slice(out, value);
}

static void write_author(const struct repo *repo, struct buf *out)
{
	struct slice owner = repo_owner(repo);

	if (!owner.data)
		return;
	buf_slice(out, field_entry(FIELD_author)->key);
	json_encode(owner, out);
}

static void write_subdomain(const struct repo *repo, struct buf *out)
{
	struct slice name = repo->row->name;

	buf_slice(out, field_entry(FIELD_subdomain)->key);
	buf_char(out, '"');
	for (size_t i = 0; i < name.size; i++) {
		char c = name.data[i];
		c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		buf_char(out, (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-');
	}
	buf_char(out, '"');
}

/* A member that the row lacks: computed from what it has, or the table's value, or left out. */
static void write_absent(uint16_t field, const struct repo *repo, const struct row *at, struct buf *out)
{
	if (field == FIELD_author)
		write_author(repo, out);
	else if (field == FIELD_modelId)
		write_value(field, row_value(repo->row, FIELD_id), out);
	else if (field == FIELD_subdomain)
		write_subdomain(repo, out);
	else if (field == FIELD_siblings) {
		buf_slice(out, field_entry(field)->key);
		repo_file_siblings(at, out);
	} else if (field_entry(field)->absent.data)
		write_value(field, field_entry(field)->absent, out);
}

/* Settings and counters have no history. */
static bool is_of_now(uint16_t field)
{
	enum field_class class = field_entry(field)->class;

	return class == SETTING || class == COUNTER;
}

void projection_write(const struct projection *projection, const struct repo *repo, const struct row *at, struct buf *out)
{
	char oid[OID_TEXT + 1];
	uint16_t walk = 0;

	oid_format(repo->oid, oid);
	buf_text(out, "{\"_id\":\"");
	buf_add(out, oid, OID_TEXT);
	buf_text(out, "\",\"id\":");
	buf_slice(out, row_value(repo->row, FIELD_id));
	for (uint16_t i = 0; i < projection->count; i++) {
		uint16_t field = projection->field[i];
		struct slice value = SLICE_NONE;
		while (walk < at->field_count && at->field[walk].number < field)
			walk++;
		if (at != repo->row && is_of_now(field))
			value = row_value(repo->row, field);
		else if (walk < at->field_count && at->field[walk].number == field)
			value = row_value_at(at, walk);
		if (value.data)
			write_value(field, value, out);
		else
			write_absent(field, repo, at, out);
	}
	buf_char(out, '}');
}
