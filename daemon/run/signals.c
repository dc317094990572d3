/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run/signals.h"

#include <sysexits.h>
#include <unistd.h>

#include "storage/model/bytes.h"

enum { END_WITHIN_S = 2 };

static const int held[] = { SIGTERM, SIGINT, SIGHUP };
static const int ignored[] = { SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2 };

static struct signals_noted noted;
static volatile sig_atomic_t handed_over;

static void mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_COUNT(held); i++)
		sigaddset(&set, held[i]);
	sigprocmask(how, &set, NULL);
}

void signals_hold(void)
{
	mask(SIG_BLOCK);
	for (size_t i = 0; i < ARRAY_COUNT(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

void signals_default(void)
{
	mask(SIG_UNBLOCK);
}

static void on_signal(int number)
{
	if (number == SIGHUP) {
		noted.hangup = number;
		return;
	}
	noted.end = number;
	if (!handed_over)
		alarm(END_WITHIN_S);
}

static void on_late(int number)
{
	(void)number;
	_exit(EX_OK);
}

const struct signals_noted *signals_note(void)
{
	signal(SIGALRM, on_late);
	for (size_t i = 0; i < ARRAY_COUNT(held); i++)
		signal(held[i], on_signal);
	mask(SIG_UNBLOCK);
	return &noted;
}

const struct signals_noted *signals_handed_over(void)
{
	handed_over = true;
	alarm(0);
	return &noted;
}
