/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/bus_error.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "storage/model/new_file.h"

static const char *bus_error_program = "";
static int bus_error_status;

static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(bus_error_status);
}

enum { MAPS_BYTES = 1 << 16 };

static unsigned long hex_at(const char **at)
{
	unsigned long number = 0;

	for (;; ++*at) {
		char c = **at;

		if (c >= '0' && c <= '9')
			number = number * 16 + (unsigned long)(c - '0');
		else if (c >= 'a' && c <= 'f')
			number = number * 16 + (unsigned long)(c - 'a' + 10);
		else
			return number;
	}
}

/* Whether the address lies in the map of lock.mdb, by /proc/self/maps: "begin-end ... path" a line. */
static bool is_in_lock_file(unsigned long address)
{
	static char maps[MAPS_BYTES];
	int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t got;

	while (file >= 0 && size < sizeof(maps) - 1 && (got = read(file, maps + size, sizeof(maps) - 1 - size)) > 0)
		size += (size_t)got;
	maps[size] = '\0';
	for (const char *line = maps; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *at = line, *end = strchr(line, '\n'), *name = strstr(line, "/lock.mdb");
		unsigned long begin = hex_at(&at);

		if (*at++ == '-' && address >= begin && address < hex_at(&at))
			return name && (!end || name < end);
	}
	return false;
}

static const char *sentence_for(int number, const siginfo_t *info)
{
	if (number != SIGBUS)
		return ": crashed while it read the store, as over damaged pages: `relicense verify` says whether it is that.\n";
	if (is_in_lock_file((unsigned long)(uintptr_t)info->si_addr))
		return ": lock.mdb was cut off by a process that may write it, that is, a member of the store's group. Nothing is lost: "
		       "start again.\n";
	return ": a page of the store could not be read: data.mdb was cut off, or its disk fails. Restore a backup.\n";
}

/* Async-signal-safe calls alone. */
static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	new_file_remove_all();
	say(bus_error_program);
	say(sentence_for(number, info));
	_exit(bus_error_status);
}

static void explain(int number)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

void bus_error_explain(const char *program, int status)
{
	bus_error_program = program;
	bus_error_status = status;
	explain(SIGBUS);
}

void bus_error_explain_crash(void)
{
	explain(SIGSEGV);
}
