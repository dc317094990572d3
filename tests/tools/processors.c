/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: sysconf() says as many processors as $PROCESSORS. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

long sysconf(int name)
{
	long (*real)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
	const char *count = getenv("PROCESSORS");

	return name == _SC_NPROCESSORS_ONLN && count ? atol(count) : real(name);
}
