/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/bus_error.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const char *bus_error_program = "";
static int bus_error_status;

static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(bus_error_status);
}

/* Async-signal-safe calls alone. */
static void on_bus_error(int signal)
{
	(void)signal;
	say(bus_error_program);
	say(": a page of the store could not be read: data.mdb was cut off, or its disk fails. Restore a backup.\n");
	_exit(bus_error_status);
}

void bus_error_explain(const char *program, int status)
{
	struct sigaction action = { .sa_handler = on_bus_error };

	bus_error_program = program;
	bus_error_status = status;
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}
