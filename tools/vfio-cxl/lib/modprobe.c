// SPDX-License-Identifier: GPL-2.0-only
/* Loading a module, by the program that knows this machine's rules for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private.h"

static _Noreturn void run(const char *module, bool dry_run, int output)
{
	char *const argv[] = {
		(char *)"modprobe", (char *)(dry_run ? "-n" : "--"),
		(char *)(dry_run ? "--" : module),
		(char *)(dry_run ? module : NULL), NULL
	};
	sigset_t none;

	/* What the caller ignores or blocks is no business of the child's */
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The caller's stdout and stderr may be parsed by somebody */
	if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

/* The first line that it says; the rest is read, so that it can go on */
static void hear(int input, char *message, size_t len)
{
	char rest[256];
	size_t got = 0;
	ssize_t n;

	while ((n = read(input, rest, sizeof(rest))) != 0) {
		size_t room = len - 1 - got;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if ((size_t)n < room)
			room = n;
		memcpy(message + got, rest, room);
		got += room;
	}
	message[got] = '\0';
	message[strcspn(message, "\n")] = '\0';
	vcxl_printable(message);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ENOENT;
}

/* With @dry_run: could it be loaded? */
int vcxl_modprobe(struct vcxl *ctx, const char *module, bool dry_run,
		  char *message, size_t len)
{
	int fds[2];
	pid_t pid;

	message[0] = '\0';
	/* The modules of this machine don't belong to another's sysfs */
	if (*ctx->root)
		return -ENOENT;
	vcxl_log(ctx, "run modprobe %s%s", dry_run ? "-n " : "", module);
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		run(module, dry_run, fds[1]);
	close(fds[1]);
	if (pid > 0)
		hear(fds[0], message, len);
	close(fds[0]);
	return pid < 0 ? -EAGAIN : wait_for(pid);
}
