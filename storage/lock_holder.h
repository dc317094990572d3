/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds the mutex of LMDB's writer. It lies in lock.mdb, which every reader of the group may write: one that takes it
 * keeps all commits waiting. Its place and form are those of LMDB 0.9 and glibc (mdb.c MDB_txninfo: 64 bytes before it; the
 * first word of a robust pthread mutex has the owner's thread id), so what is said here is a hint for people.
 */
#ifndef STORAGE_LOCK_HOLDER_H
#define STORAGE_LOCK_HOLDER_H

enum { HOLDER_TEXT = 64 };

/* "process 123 (relicense)", or "not known". Any thread; reads /proc alone. */
void lock_holder(char text[HOLDER_TEXT]);

#endif
