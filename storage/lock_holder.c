/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/lock_holder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MUTEX_AT = 64, THREAD_BITS = 0x3FFFFFFF };

static bool find_map(uint64_t *address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[8192];
	bool found = false;

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/lock.mdb") && sscanf(line, "%" SCNx64, address) == 1;
	if (maps)
		fclose(maps);
	return found;
}

/* Through the file of our memory: a page that is gone is an error there, and no signal. */
static uint32_t read_owner(uint64_t address)
{
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	uint32_t word = 0;

	if (memory >= 0 && pread(memory, &word, sizeof(word), (off_t)(address + MUTEX_AT)) != sizeof(word))
		word = 0;
	if (memory >= 0)
		close(memory);
	return word & THREAD_BITS;
}

void lock_holder(char text[HOLDER_TEXT])
{
	char path[64], name[32] = "";
	uint64_t address;
	uint32_t owner = find_map(&address) ? read_owner(address) : 0;
	FILE *comm;

	snprintf(text, HOLDER_TEXT, "not known");
	if (!owner || owner == (uint32_t)gettid())
		return;
	snprintf(path, sizeof(path), "/proc/%u/comm", owner);
	comm = fopen(path, "re");
	if (comm && fgets(name, sizeof(name), comm))
		name[strcspn(name, "\n")] = '\0';
	if (comm)
		fclose(comm);
	snprintf(text, HOLDER_TEXT, "process %u%s%s%s", owner, name[0] ? " (" : "", name, name[0] ? ")" : "");
}
