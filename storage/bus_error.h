/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that was cut off, or a disk that cannot be read, is met as SIGBUS: LMDB reads through its map, and whether
 * pages are missing at the end of the file cannot be told when it is opened (free ones may never have been written).
 *
 * Call it once, first thing in main(): from then on the process ends with a sentence and `status` instead of a signal.
 *
 * Pages whose bytes are wrong can lead LMDB anywhere, to SIGSEGV for one. bus_error_explain_crash() gives that a sentence
 * too, for programs that only read: of a daemon's crash the core is worth more.
 */
#ifndef STORAGE_BUS_ERROR_H
#define STORAGE_BUS_ERROR_H

void bus_error_explain(const char *program, int status); /* program: a constant */
void bus_error_explain_crash(void);

#endif
