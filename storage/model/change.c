/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/model/change.h"

#include <openssl/evp.h>

#include "storage/model/memory.h"
#include "storage/model/moment.h"

static const char *const origin_names[ORIGIN_COUNT] = {
	[ORIGIN_OBSERVED] = "observed",
	[ORIGIN_RECONSTRUCTED] = "reconstructed",
	[ORIGIN_IMPORTED] = "imported",
};

const char *origin_name(enum origin origin)
{
	return origin_names[origin];
}

static void write_text(const char *key, struct slice text, struct buf *line)
{
	buf_printf(line, ",\"%s\":", key);
	if (text.data && text.size)
		json_encode(text, line);
	else
		buf_text(line, "null");
}

static void write_word(const char *key, const char *word, struct buf *line)
{
	write_text(key, slice_of(word), line);
}

static void write_list(const char *key, const struct slice *items, unsigned count, struct buf *line)
{
	buf_printf(line, ",\"%s\":[", key);
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_char(line, ',');
		json_encode(items[i], line);
	}
	buf_char(line, ']');
}

static void write_moment(const char *key, int64_t unix_ms, struct buf *line)
{
	buf_printf(line, ",\"%s\":", key);
	moment_json(unix_ms, line);
}

static void write_counter(const char *key, struct change_counter counter, struct buf *line)
{
	if (counter.known)
		buf_printf(line, ",\"%s\":%llu", key, (unsigned long long)counter.value);
	else
		buf_printf(line, ",\"%s\":null", key);
}

static void write_sha(const uint8_t sha[SHA_BYTES], struct buf *line)
{
	char hex[SHA_HEX + 1];

	sha_write(sha, hex);
	write_text("sha", sha_is_known(sha) ? slice_of(hex) : SLICE_NONE, line);
}

static void write_meaning(const struct license_meaning *meaning, struct buf *line)
{
	write_word("row", meaning->row, line);
	write_word("spdx", meaning->spdx, line);
	write_word("class", license_class_name(meaning->class), line);
	if (meaning->rank == LICENSE_NO_RANK)
		buf_text(line, ",\"rank\":null");
	else
		buf_printf(line, ",\"rank\":%d", meaning->rank);
	write_word("commercial_use", license_commercial_name(meaning->commercial), line);
	write_word("basis", license_basis_name(meaning->basis), line);
	write_word("confidence", meaning->confidence, line);
}

/* Settings are no part of a commit: what is read from one does not have them. */
static void write_settings(const struct change_side *side, struct buf *line)
{
	const struct state *state = side->state;

	if (!side->version) {
		buf_text(line, ",\"gated\":null,\"disabled\":null,\"private\":null");
		return;
	}
	write_word("gated", gated_name(state->gated), line);
	buf_printf(line, ",\"disabled\":%s,\"private\":%s", state->disabled ? "true" : "false",
		state->is_private ? "true" : "false");
}

void change_side_write(const struct change_side *side, struct buf *line)
{
	const struct state *state;

	if (!side) {
		buf_text(line, "null");
		return;
	}
	state = side->state;
	if (side->version)
		buf_printf(line, "{\"version\":%u", side->version);
	else
		buf_text(line, "{\"version\":null");
	write_sha(side->sha, line);
	write_text("repo", state->name, line);
	write_list("license", state->statement.id, state->statement.id_count, line);
	write_text("license_name", state->statement.license_name, line);
	write_text("license_link", state->statement.license_link, line);
	write_word("source", statement_source_name(state->statement.source), line);
	write_meaning(&state->meaning, line);
	write_settings(side, line);
	write_list("base_model", state->base, state->base_count, line);
	write_word("text", side->text, line);
	buf_char(line, '}');
}

static void write_judgement(const struct change *change, struct buf *line)
{
	const struct license_meaning *before, *after;

	if (!event_has_direction(change->event) || !change->before || !change->after) {
		buf_text(line, ",\"direction\":null,\"commercial\":null");
		return;
	}
	before = &change->before->state->meaning;
	after = &change->after->state->meaning;
	write_word("direction", license_direction_name(license_direction(before, after)), line);
	write_word("commercial", license_commercial_change_name(license_commercial_change(before->commercial, after->commercial)), line);
}

static void write_commit(const struct change_commit *commit, struct buf *line)
{
	char hex[SHA_HEX + 1];

	if (!commit) {
		buf_text(line, ",\"commit\":null");
		return;
	}
	sha_write(commit->sha, hex);
	buf_printf(line, ",\"commit\":{\"sha\":\"%s\"", hex);
	write_text("title", commit->title, line);
	write_text("user", commit->user, line);
	write_moment("date", commit->date_ms, line);
	buf_char(line, '}');
}

/* The Hub's name without its scheme: "huggingface.co". */
static struct slice host_of(const char *hub)
{
	const char *host = strstr(hub, "://");

	return slice_of(host ? host + 3 : hub);
}

static void write_repo(const struct change *change, const struct change_origin *origin, struct buf *line)
{
	struct buf url = BUF_INIT(CHANGE_BYTES_MAX);
	char oid[OID_HEX + 1];

	write_text("hub", host_of(origin->hub), line);
	if (!change->has_repo) {
		buf_text(line, ",\"kind\":null,\"repo\":null,\"oid\":null,\"url\":null");
		return;
	}
	oid_write(&change->oid, oid);
	buf_printf(&url, "%s/%s", origin->hub, repo_kinds[change->kind].prefix);
	buf_slice(&url, change->name);
	write_word("kind", repo_kinds[change->kind].name, line);
	write_text("repo", change->name, line);
	write_word("oid", oid, line);
	write_text("url", buf_as_slice(&url), line);
	buf_release(&url);
}

void change_write(const struct change *change, const struct change_origin *origin, struct buf *line)
{
	buf_text(line, "{\"v\":1");
	write_word("ledger", origin->ledger, line);
	buf_printf(line, ",\"seq\":%llu", (unsigned long long)change->seq);
	write_word("event", event_name(change->event), line);
	write_word("origin", origin_name(change->origin), line);
	write_repo(change, origin, line);
	write_moment("at", change->at_ms, line);
	write_moment("observed_after", change->observed_after_ms, line);
	write_moment("observed_at", change->observed_at_ms, line);
	write_moment("last_modified", change->last_modified_ms, line);
	buf_text(line, ",\"before\":");
	change_side_write(change->before, line);
	buf_text(line, ",\"after\":");
	change_side_write(change->after, line);
	write_judgement(change, line);
	write_list("fields", change->fields, change->field_count, line);
	write_counter("downloads_30d", change->downloads, line);
	write_counter("likes", change->likes, line);
	write_word("tables", license_tables_version(), line);
	write_counter("of", (struct change_counter){ change->of != 0, change->of }, line);
	write_text("reason", change->reason, line);
	write_commit(change->commit, line);
}

void sha256_hex(struct slice first, struct slice second, char hex[HASH_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[32];
	unsigned size = sizeof(digest);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
		EVP_DigestUpdate(context, first.data, first.size) != 1 ||
		EVP_DigestUpdate(context, second.data, second.size) != 1 ||
		EVP_DigestFinal_ex(context, digest, &size) != 1)
		memory_failed("SHA-256");
	EVP_MD_CTX_free(context);
	for (unsigned i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[HASH_HEX] = '\0';
}

void change_seal(struct buf *line, const char prev[HASH_HEX + 1], char hash[HASH_HEX + 1])
{
	char before[HASH_HEX + 1];

	memcpy(before, prev, sizeof(before));
	sha256_hex(slice_of(before), buf_as_slice(line), hash);
	buf_printf(line, ",\"prev\":\"%s\",\"hash\":\"%s\"}", before, hash);
}

static bool is_hash(const char *text)
{
	return strspn(text, "0123456789abcdef") == HASH_HEX;
}

bool change_check(struct slice line, char claimed_prev[HASH_HEX + 1], char claimed[HASH_HEX + 1],
	char computed[HASH_HEX + 1])
{
	static const char prev_key[] = ",\"prev\":\"", hash_key[] = "\",\"hash\":\"";
	const size_t tail = sizeof(prev_key) - 1 + HASH_HEX + sizeof(hash_key) - 1 + HASH_HEX + 2;
	const char *end;

	if (line.size < tail)
		return false;
	end = line.data + line.size - tail;
	if (memcmp(end, prev_key, sizeof(prev_key) - 1) != 0 ||
		memcmp(end + sizeof(prev_key) - 1 + HASH_HEX, hash_key, sizeof(hash_key) - 1) != 0 ||
		memcmp(line.data + line.size - 2, "\"}", 2) != 0)
		return false;
	memcpy(claimed_prev, end + sizeof(prev_key) - 1, HASH_HEX);
	memcpy(claimed, line.data + line.size - 2 - HASH_HEX, HASH_HEX);
	claimed_prev[HASH_HEX] = claimed[HASH_HEX] = '\0';
	if (!is_hash(claimed_prev) || !is_hash(claimed))
		return false;
	sha256_hex(slice_of(claimed_prev), (struct slice){ line.data, line.size - tail }, computed);
	return true;
}
