/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/bus_error.h"

#include <signal.h>
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

/* Async-signal-safe calls alone. */
static void on_signal(int number)
{
	new_file_remove_all();
	say(bus_error_program);
	say(number == SIGBUS ?
			": a page of the store could not be read: data.mdb was cut off, or its disk fails. Restore a backup.\n" :
			": crashed while it read the store, as over damaged pages: `relicense verify` says whether it is that.\n");
	_exit(bus_error_status);
}

static void explain(int number)
{
	struct sigaction action = { .sa_handler = on_signal };

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
