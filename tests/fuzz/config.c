/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file. */
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_problem problem;
	static struct config config;
	int file = memfd_create("config", MFD_CLOEXEC);
	char path[64];

	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	problem = (struct config_problem){ 0 };
	config_init(&config);
	if (config_load(&config, path, &problem))
		FUZZ_CHECK(problem.count > 0 && problem.size < sizeof(problem.text) && problem.text[0]);
	close(file);
	return 0;
}
