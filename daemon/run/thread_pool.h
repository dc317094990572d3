/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many threads libuv's pool has. libuv makes them all with the first work item, and aborts where one cannot be made.
 */
#ifndef DAEMON_RUN_THREAD_POOL_H
#define DAEMON_RUN_THREAD_POOL_H

/* With the loop's own that makes at most 34: systemd/relicensed.service has TasksMax= to match. */
enum { POOL_THREADS_MAX = 33 };

/*
 * For `workers` that work at once: as many threads for them as for name look-ups that hang. UV_THREADPOOL_SIZE overrides
 * it. 0, or an errno: so many cannot be started now; *threads says how many it would have been. Before the loop runs.
 */
int thread_pool_size(unsigned workers, unsigned *threads);

#endif
