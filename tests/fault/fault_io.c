/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/fault_io.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
	unsigned calls, n;
	enum fault_kind kind;
	int error;
	bool armed, happened;
} fault;

void fault_arm(unsigned n, enum fault_kind kind, int error)
{
	fault.calls = 0;
	fault.n = n;
	fault.kind = kind;
	fault.error = error;
	fault.armed = true;
	fault.happened = false;
}

void fault_disarm(void)
{
	fault.armed = false;
}

bool fault_happened(void)
{
	return fault.happened;
}

/* Whether this call is to fail; errno is set. Terminals and pipes (the test's own output) are let alone. */
static bool fails(int file)
{
	if (!fault.armed || (file >= 0 && file <= STDERR_FILENO))
		return false;
	fault.calls++;
	if (fault.calls != fault.n && !(fault.kind == FAULT_STAYS && fault.calls > fault.n))
		return false;
	fault.happened = true;
	errno = fault.error;
	return true;
}

static ssize_t written(ssize_t whole)
{
	if (fault.kind == FAULT_KILL)
		kill(getpid(), SIGKILL);
	return fault.kind == FAULT_SHORT ? whole / 2 : -1;
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at)
{
	if (!fails(file))
		return syscall(SYS_pwrite64, file, bytes, size, at);
	if (fault.kind == FAULT_KILL)
		(void)!syscall(SYS_pwrite64, file, bytes, size, at);
	return written(fault.kind == FAULT_SHORT ? 2 * syscall(SYS_pwrite64, file, bytes, size / 2, at) : 0);
}

ssize_t write(int file, const void *bytes, size_t size)
{
	if (!fails(file))
		return syscall(SYS_write, file, bytes, size);
	if (fault.kind == FAULT_KILL)
		(void)!syscall(SYS_write, file, bytes, size);
	return written(fault.kind == FAULT_SHORT ? 2 * syscall(SYS_write, file, bytes, size / 2) : 0);
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
	if (!fails(file))
		return syscall(SYS_writev, file, parts, count);
	if (fault.kind == FAULT_KILL)
		(void)!syscall(SYS_writev, file, parts, count);
	return written(fault.kind == FAULT_SHORT ? 2 * syscall(SYS_writev, file, parts, count / 2) : 0);
}

/* A sync that fails has done its work half, whatever that was; nothing of it may be counted on. */
int fdatasync(int file)
{
	return fails(file) ? (int)written(0) : (int)syscall(SYS_fdatasync, file);
}

int fsync(int file)
{
	return fails(file) ? (int)written(0) : (int)syscall(SYS_fsync, file);
}

int msync(void *start, size_t size, int flags)
{
	return fails(-1) ? (int)written(0) : (int)syscall(SYS_msync, start, size, flags);
}
