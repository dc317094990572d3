/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate authority of one run, and what it signs for 127.0.0.1 and localhost: a certificate that is valid, and
 * one that was until last year. Only the authority's own certificate leaves the program.
 */
#ifndef HUBSIM_TLS_H
#define HUBSIM_TLS_H

#include <stdbool.h>

struct tls {
	char *authority, *key, *certificate, *expired; /* PEM */
};

/* False where libcrypto fails. */
bool tls_init(struct tls *tls);
void tls_release(struct tls *tls);
/* The authority's certificate, for a client's ca_file. False with errno set. */
bool tls_write_authority(const struct tls *tls, const char *path);

#endif
