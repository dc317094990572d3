/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Hub's read token: from a file, or from the service's credential hub-token. It is never shown, also not where it is
 * malformed.
 */
#ifndef DAEMON_TOKEN_H
#define DAEMON_TOKEN_H

enum { TOKEN_MAX = 1000 };

/* `file` empty: the credential, if there is one; else `token` stays empty. The exit status, and it has been said why. */
int token_find(const char *file, char token[TOKEN_MAX + 1]);

#endif
