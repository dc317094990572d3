/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/thread_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned wanted(unsigned workers)
{
	const char *set = getenv("UV_THREADPOOL_SIZE");
	int count = set ? atoi(set) : 0;

	if (count <= 0)
		count = (int)(2 * workers);
	return count < POOL_THREADS_MAX ? (unsigned)count : POOL_THREADS_MAX;
}

/* Waits until all have been started, so that they are there at once. */
static void *wait_for_all(void *all_started)
{
	pthread_mutex_lock(all_started);
	pthread_mutex_unlock(all_started);
	return NULL;
}

static int try_to_start(unsigned count)
{
	pthread_mutex_t all_started = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread[POOL_THREADS_MAX];
	unsigned started = 0;
	int error = 0;

	pthread_mutex_lock(&all_started);
	while (!error && started < count) {
		error = pthread_create(&thread[started], NULL, wait_for_all, &all_started);
		started += !error;
	}
	pthread_mutex_unlock(&all_started);
	while (started)
		pthread_join(thread[--started], NULL);
	return error;
}

int thread_pool_size(unsigned workers, unsigned *threads)
{
	char text[24];

	*threads = wanted(workers);
	snprintf(text, sizeof(text), "%u", *threads);
	setenv("UV_THREADPOOL_SIZE", text, 1);
	return try_to_start(*threads);
}
