/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hub/blob.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "storage/model/memory.h"
#include "storage/model/repo.h"

static bool read_id(struct slice etag, uint8_t id[SHA_BYTES])
{
	return etag.size == SHA_HEX + 2 && etag.data[0] == '"' && etag.data[SHA_HEX + 1] == '"' &&
		sha_read((struct slice){ etag.data + 1, SHA_HEX }, id);
}

bool blob_names(struct slice etag)
{
	uint8_t id[SHA_BYTES];

	return read_id(etag, id);
}

bool blob_is(struct slice etag, struct slice text)
{
	uint8_t id[SHA_BYTES], digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char head[32];
	int size = snprintf(head, sizeof(head), "blob %zu", text.size) + 1; /* with its NUL */

	if (!context || EVP_DigestInit_ex(context, EVP_sha1(), NULL) != 1 ||
		EVP_DigestUpdate(context, head, (size_t)size) != 1 ||
		EVP_DigestUpdate(context, text.data, text.size) != 1 || EVP_DigestFinal_ex(context, digest, NULL) != 1)
		memory_failed("SHA-1");
	EVP_MD_CTX_free(context);
	return read_id(etag, id) && memcmp(id, digest, SHA_BYTES) == 0;
}
