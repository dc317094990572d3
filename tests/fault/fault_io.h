/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls by which LMDB writes (pwrite, writev, write, fdatasync, fsync, msync) stand before the C library's in this
 * program; one of them can be made to fail. What is not to fail goes to the kernel as it is.
 */
#ifndef TESTS_FAULT_FAULT_IO_H
#define TESTS_FAULT_FAULT_IO_H

#include <stdbool.h>

enum fault_kind {
	FAULT_ONCE,  /* one call fails, those behind it do not */
	FAULT_STAYS, /* all calls fail from then on */
	FAULT_SHORT, /* one write comes to half of its bytes */
	FAULT_KILL,  /* the process is killed once the call has done its work */
	FAULT_KINDS
};

/* Of the calls from now on the n-th fails with `error`. */
void fault_arm(unsigned n, enum fault_kind kind, int error);
void fault_disarm(void);
bool fault_happened(void); /* since fault_arm() */

#endif
