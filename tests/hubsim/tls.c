/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hubsim/tls.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/model/memory.h"

enum { DAY_S = 24 * 3600, YEAR_DAYS = 365 };

static const struct {
	int nid;
	const char *of_authority, *of_server; /* NULL: without */
} extensions[] = {
	{ NID_basic_constraints, "critical,CA:TRUE", "critical,CA:FALSE" },
	{ NID_key_usage, "critical,keyCertSign,cRLSign", "critical,digitalSignature" },
	{ NID_ext_key_usage, NULL, "serverAuth" },
	{ NID_subject_alt_name, NULL, "DNS:localhost,IP:127.0.0.1" },
	{ NID_subject_key_identifier, "hash", "hash" },
	{ NID_authority_key_identifier, NULL, "keyid:always" },
};

static bool add_extensions(X509 *certificate, X509 *issuer)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions); i++) {
		const char *value = issuer == certificate ? extensions[i].of_authority : extensions[i].of_server;
		X509_EXTENSION *extension = value ? X509V3_EXT_conf_nid(NULL, &context, extensions[i].nid, value) : NULL;
		bool good = !value || (extension && X509_add_ext(certificate, extension, -1));

		X509_EXTENSION_free(extension);
		if (!good)
			return false;
	}
	return true;
}

static bool set_serial(X509 *certificate)
{
	uint64_t serial;

	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
		ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
}

/* `issuer` NULL: signed by itself. Valid for a year from `first_day`, counted from today. */
static X509 *new_certificate(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, int first_day)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = certificate ? X509_get_subject_name(certificate) : NULL;
	bool good = certificate && X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
		X509_gmtime_adj(X509_getm_notBefore(certificate), (long)first_day * DAY_S) &&
		X509_gmtime_adj(X509_getm_notAfter(certificate), (long)(first_day + YEAR_DAYS) * DAY_S) &&
		X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) &&
		X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject) &&
		X509_set_pubkey(certificate, key) && add_extensions(certificate, issuer ? issuer : certificate) &&
		X509_sign(certificate, issuer_key, EVP_sha256());

	if (good)
		return certificate;
	X509_free(certificate);
	return NULL;
}

/* What was written to it as text; frees it. */
static char *text_of(BIO *bio)
{
	char *data, *text;
	long size = BIO_get_mem_data(bio, &data);

	text = size > 0 ? memory_text(data, (size_t)size) : NULL;
	BIO_free(bio);
	return text;
}

static char *certificate_text(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, certificate);
	return text_of(bio);
}

static char *key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	return text_of(bio);
}

bool tls_init(struct tls *tls)
{
	EVP_PKEY *authority_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *authority = authority_key ? new_certificate("hubsim authority", authority_key, NULL, authority_key, -1) : NULL;
	X509 *good = authority && key ? new_certificate("localhost", key, authority, authority_key, -1) : NULL;
	X509 *expired = good ? new_certificate("localhost", key, authority, authority_key, -YEAR_DAYS - 1) : NULL;

	*tls = (struct tls){ 0 };
	if (expired) {
		tls->authority = certificate_text(authority);
		tls->key = key_text(key);
		tls->certificate = certificate_text(good);
		tls->expired = certificate_text(expired);
	}
	X509_free(expired);
	X509_free(good);
	X509_free(authority);
	EVP_PKEY_free(key);
	EVP_PKEY_free(authority_key);
	return tls->expired != NULL;
}

void tls_release(struct tls *tls)
{
	free(tls->authority);
	free(tls->key);
	free(tls->certificate);
	free(tls->expired);
	*tls = (struct tls){ 0 };
}

bool tls_write_authority(const struct tls *tls, const char *path)
{
	FILE *file = fopen(path, "w");
	bool good;

	if (!file)
		return false;
	good = fputs(tls->authority, file) >= 0;
	return fclose(file) == 0 && good;
}
