/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/verify_child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/model/new_file.h"

enum { VERIFY_TABLE = 64 };

enum message_type { MESSAGE_FINDING = 1, MESSAGE_PROGRESS, MESSAGE_FACTS, MESSAGE_UNWALKED };

struct message {
	enum message_type type;
	union {
		struct {
			char table[VERIFY_TABLE], key[VERIFY_TEXT], what[VERIFY_TEXT];
		} finding;
		struct {
			uint64_t entries;
			char behind[VERIFY_TEXT];
		} progress;
		struct verify_facts facts;
		char why[VERIFY_TEXT];
	};
};

/* --- in the child --------------------------------------------------------------------------------------------------*/

/* A parent that is gone wants no more. */
static void send_message(int out, const struct message *message)
{
	if (write_whole(out, message, sizeof(*message)))
		_exit(1);
}

void verify_send_finding(int out, const struct finding *finding)
{
	struct message message = { .type = MESSAGE_FINDING };

	snprintf(message.finding.table, VERIFY_TABLE, "%s", finding->table);
	memcpy(message.finding.key, finding->key, VERIFY_TEXT);
	memcpy(message.finding.what, finding->what, VERIFY_TEXT);
	send_message(out, &message);
}

void verify_send_progress(int out, uint64_t entries, struct slice key)
{
	enum { KEY_SHOWN = 64 };
	struct message message = { .type = MESSAGE_PROGRESS, .progress.entries = entries };
	size_t shown = key.size < KEY_SHOWN ? key.size : KEY_SHOWN;

	for (size_t i = 0; i < shown; i++)
		snprintf(message.progress.behind + 2 * i, 3, "%02x", (unsigned char)key.data[i]);
	send_message(out, &message);
}

void verify_send_unwalked(int out, const char *why)
{
	struct message message = { .type = MESSAGE_UNWALKED };

	snprintf(message.why, sizeof(message.why), "%s", why);
	send_message(out, &message);
}

void verify_send_facts(int out, const struct verify_facts *facts)
{
	struct message message = { .type = MESSAGE_FACTS, .facts = *facts };

	send_message(out, &message);
}

/* The handlers of the parent have sentences for people: here the signal itself tells. */
static void run_child(const struct verify_child *child, int out)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	const struct rlimit no_core = { 0, 0 };

	for (size_t i = 0; i < ARRAY_COUNT(signals); i++)
		signal(signals[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a circle of pages has no end of its own */
	child->walk(child->owner, out);
	_exit(0);
}

/* --- in the parent -------------------------------------------------------------------------------------------------*/

struct watch {
	const struct verify_child *child;
	const struct verify_options *options;
	struct verify_facts *facts;
	uint64_t *findings;
	char behind[VERIFY_TEXT];
	enum walk_end end;
};

static void found(struct watch *watch, const char *table, const char *key, const char *what)
{
	struct finding finding = { .table = table };

	snprintf(finding.key, sizeof(finding.key), "%s", key);
	snprintf(finding.what, sizeof(finding.what), "%s", what);
	++*watch->findings;
	if (watch->options->on_finding)
		watch->options->on_finding(watch->options->owner, &finding);
}

static void not_walked(struct watch *watch, const char *why)
{
	watch->end = WALK_UNWALKED;
	if (watch->options->on_unwalked)
		watch->options->on_unwalked(watch->options->owner, watch->child->table, why);
}

static void take_message(struct watch *watch, struct message *message)
{
	switch (message->type) {
	case MESSAGE_FINDING:
		message->finding.table[VERIFY_TABLE - 1] = message->finding.key[VERIFY_TEXT - 1] = '\0';
		message->finding.what[VERIFY_TEXT - 1] = '\0';
		found(watch, message->finding.table, message->finding.key, message->finding.what);
		break;
	case MESSAGE_PROGRESS:
		message->progress.behind[VERIFY_TEXT - 1] = '\0';
		snprintf(watch->behind, sizeof(watch->behind), "%s", message->progress.behind);
		if (watch->options->on_progress)
			watch->options->on_progress(watch->options->owner, watch->child->table, message->progress.entries);
		break;
	case MESSAGE_FACTS:
		*watch->facts = message->facts;
		watch->end = WALK_CAME_TO_ITS_END;
		break;
	case MESSAGE_UNWALKED:
		message->why[VERIFY_TEXT - 1] = '\0';
		not_walked(watch, message->why);
		break;
	}
}

/* False at the end of the pipe, or once nothing came for too long. */
static bool read_message(struct watch *watch, int in, struct message *message, bool *hung)
{
	char *at = (char *)message;
	size_t left = sizeof(*message);
	struct pollfd wait = { .fd = in, .events = POLLIN };

	while (left) {
		int ready = poll(&wait, 1, (int)watch->child->limit_ms);
		ssize_t size;

		if (ready < 0 && errno == EINTR)
			continue;
		*hung = ready == 0;
		size = ready > 0 ? read(in, at, left) : 0;
		if (size <= 0)
			return false;
		at += size;
		left -= (size_t)size;
	}
	return true;
}

static void tell_end(struct watch *watch, int status, bool hung)
{
	char what[VERIFY_TEXT], behind[VERIFY_TEXT + 32] = "its first entry";

	if (watch->end != WALK_BROKEN_OFF)
		return;
	if (watch->behind[0])
		snprintf(behind, sizeof(behind), "key %.64s", watch->behind);
	if (hung)
		snprintf(what, sizeof(what), "its walk went on for %lld s without an end, within 512 entries behind %.100s",
			(long long)watch->child->limit_ms / 1000, behind);
	else if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "its walk crashed (%s), within 512 entries behind %.100s: its pages are damaged",
			strsignal(WTERMSIG(status)), behind);
	else
		snprintf(what, sizeof(what), "its walk ended early, behind %.100s", behind);
	found(watch, watch->child->table, "the table", what);
}

static pid_t open_and_fork(int ends[2])
{
	pid_t process;
	int error;

	if (pipe(ends))
		return -1;
	process = fork();
	if (process < 0) {
		error = errno;
		close(ends[0]);
		close(ends[1]);
		errno = error;
	}
	return process;
}

enum walk_end verify_child_run(const struct verify_child *child, const struct verify_options *options, struct verify_facts *facts,
	uint64_t *findings)
{
	struct watch watch = { .child = child, .options = options, .facts = facts, .findings = findings };
	struct message message;
	bool hung = false;
	int ends[2], status = 0;
	pid_t process = open_and_fork(ends);

	if (process < 0) {
		not_walked(&watch, strerror(errno));
		return WALK_UNWALKED;
	}
	if (process == 0) {
		close(ends[0]);
		run_child(child, ends[1]);
	}
	close(ends[1]);
	while (read_message(&watch, ends[0], &message, &hung))
		take_message(&watch, &message);
	if (hung)
		kill(process, SIGKILL);
	close(ends[0]);
	while (waitpid(process, &status, 0) < 0 && errno == EINTR)
		;
	tell_end(&watch, status, hung);
	return watch.end;
}
