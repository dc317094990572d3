/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is always there: these end the process, with a message, where the system has none. The store is
 * transactional and the service manager starts us again, so nobody has to carry "no memory" through every caller.
 * What comes from the network is bounded by its caller before it gets here.
 */
#ifndef STORAGE_MODEL_MEMORY_H
#define STORAGE_MODEL_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
#define _Noreturn [[noreturn]]
#endif

void *memory_new(size_t size);                                  /* zeroed; size 0 gives NULL */
void *memory_grow(void *old, size_t count, size_t element);     /* realloc, overflow checked */
char *memory_text(const char *data, size_t size);               /* NUL-terminated copy */
_Noreturn void memory_failed(const char *what);                 /* a library could not get what it needs */

#endif
