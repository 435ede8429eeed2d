// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's first process: mounts what a test expects, runs the one command
 * that the host sends, carries its output out as it comes, ends.
 *
 * It speaks to the host over virtio ports, one for each purpose:
 *   ctl            host: the command, as records, each ended by a zero byte;
 *                  guest: lines "window BASE SIZE" (of each), "error WHY",
 *                  "exit CODE"
 *   stdout, stderr the command's
 *   stdin          the terminal's, when there is one
 *   kmsg           the kernel's log as it grows, in the format of /dev/kmsg
 *   bed            not ours, see bed.c
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cedt.h"

#define PORTS		"/dev/virtio-ports/"
#define N_PORTS		6
#define MAX_RECORDS	(128 * 1024)
#define MAX_ARGS	1024
#define MAX_FIRMWARE	3

static int ctl = -1;

static struct {
	char *argv[MAX_ARGS + 1];
	int argc;
	char *firmware[MAX_FIRMWARE + 2];
	int n_firmware;
	bool share, out, tty;
	struct winsize size;
} job;

static void msleep(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* A write to a port may be partial, but fails only when the host is gone. */
static void put(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			buf += n;
			len -= n;
		}
	}
}

static void tell(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	put(ctl < 0 ? STDERR_FILENO : ctl, line,
	    n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

/* The host ends the VM when it has read the last line; there is no return. */
static void __attribute__((noreturn)) stop(void)
{
	if (ctl < 0)
		reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void __attribute__((noreturn)) fail(const char *what, const char *which)
{
	tell("error in the guest: %s %s: %s\n", what, which, strerror(errno));
	stop();
}

static void mount_one(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) && errno != EBUSY)
		fail("mount", where);
}

static void mount_all(void)
{
	mount_one("proc", "/proc", NULL);
	mount_one("sysfs", "/sys", NULL);
	mount_one("devtmpfs", "/dev", NULL);
	mount_one("devpts", "/dev/pts", "ptmxmode=666");
	mount_one("tmpfs", "/dev/shm", "mode=1777");
	mount_one("tmpfs", "/tmp", "mode=1777");
	mount_one("tmpfs", "/run", "mode=755");
	mount_one("debugfs", "/sys/kernel/debug", NULL);
	mount_one("tracefs", "/sys/kernel/tracing", NULL);
	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		fail("symlink", "/dev/fd");
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		fail("bring up", "lo");
	close(fd);
}

/* There is no udev: give the ports that the kernel shows so far their names. */
static int name_ports(void)
{
	DIR *d = opendir("/sys/class/virtio-ports");
	struct dirent *e;
	int found = 0;

	while (d && (e = readdir(d))) {
		char path[300], name[64], node[300];
		FILE *f;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
			 e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%63s", name) == 1) {
			snprintf(path, sizeof(path), PORTS "%s", name);
			snprintf(node, sizeof(node), "/dev/%s", e->d_name);
			if (!symlink(node, path) || errno == EEXIST)
				found++;
		}
		fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

static int open_port(const char *name, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), PORTS "%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fail("open port", name);
	return fd;
}

static void read_record(char *r)
{
	if (!strncmp(r, "arg ", 4)) {
		if (job.argc == MAX_ARGS) {
			errno = E2BIG;
			fail("command", "line");
		}
		job.argv[job.argc++] = r + 4;
	} else if (!strncmp(r, "env ", 4)) {
		putenv(r + 4);
	} else if (sscanf(r, "tty %hu %hu", &job.size.ws_row,
			  &job.size.ws_col) == 2) {
		job.tty = true;
	} else if (!strcmp(r, "share")) {
		job.share = true;
	} else if (!strcmp(r, "out")) {
		job.out = true;
	} else if (!strncmp(r, "firmware ", 9) &&
		   job.n_firmware < MAX_FIRMWARE) {
		job.firmware[++job.n_firmware] = r + 9;
	} else {
		errno = EPROTO;
		fail("unknown record", r);
	}
}

/* Reads records up to "run". They stay where they are: argv points there. */
static void read_job(void)
{
	static char buf[MAX_RECORDS];
	size_t len = 0, at = 0;

	for (;;) {
		ssize_t n = read(ctl, buf + len, sizeof(buf) - len);

		if (n < 0 && errno != EINTR)
			fail("read", "command");
		if (n == 0)	/* the host has not connected yet, or too much */
			msleep(5);
		if (len == sizeof(buf)) {
			errno = E2BIG;
			fail("read", "command");
		}
		len += n > 0 ? n : 0;
		while (at < len) {
			char *end = memchr(buf + at, 0, len - at);

			if (!end)
				break;
			if (!strcmp(buf + at, "run"))
				return;
			read_record(buf + at);
			at = end - buf + 1;
		}
	}
}

static int run_and_wait(char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void mount_shares(void)
{
	static const char options[] = "trans=virtio,version=9p2000.L,msize=262144";
	char *modprobe[] = { "modprobe", "-a", "9pnet_virtio", "9p", NULL };

	if (!job.share && !job.out)
		return;
	if (run_and_wait(modprobe))
		fail("modprobe", "9p");
	if (job.share && mount("share", "/mnt/share", "9p", MS_RDONLY, options))
		fail("mount", "/mnt/share");
	if (job.out && mount("out", "/mnt/out", "9p", 0, options))
		fail("mount", "/mnt/out");
}

/* The command's end of a terminal; ours is returned. */
static int open_terminal(int *slave)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	char path[32];
	int zero = 0, n;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero) ||
	    ioctl(master, TIOCGPTN, &n))
		fail("open", "terminal");
	snprintf(path, sizeof(path), "/dev/pts/%d", n);
	*slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || ioctl(*slave, TIOCSWINSZ, &job.size))
		fail("open", path);
	return master;
}

static pid_t start(int in, int out, int err)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid < 0)
		fail("start", job.argv[0]);
	if (pid)
		return pid;

	setsid();
	if (job.tty)
		ioctl(in, TIOCSCTTY, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    chdir(job.share ? "/mnt/share" : "/root"))
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(job.argv[0], job.argv);
	dprintf(2, "%s: %s\n", job.argv[0], strerror(errno));
	_exit(127);
}

/* Copies what is there. False when there will be nothing more. */
static bool copy(int from, int to)
{
	static char buf[32768];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n > 0)
		put(to, buf, n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The log comes a record a read; EPIPE says that some were lost. */
static void copy_log(int from, int to)
{
	static char buf[65536];
	size_t len = 0;

	for (;;) {
		ssize_t n = read(from, buf + len, sizeof(buf) - len);

		if (n > 0)
			len += n;
		else if (n < 0 && errno == EPIPE)
			continue;
		else if (n < 0 && errno == EINVAL && len)
			;	/* no room for this record: empty the buffer */
		else
			break;
		if (sizeof(buf) - len < 8192 || n < 0) {
			put(to, buf, len);
			len = 0;
		}
	}
	put(to, buf, len);
}

/* Reaps what has ended; true when the command has, with its exit code. */
static bool reap(pid_t command, int *code)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		ended = true;
		*code = WIFEXITED(status) ? WEXITSTATUS(status) :
					    128 + WTERMSIG(status);
	}
	return ended;
}

/*
 * Ends what the command left running: a VFIO device closed on the way may
 * still have something to say in the log.
 */
static void end_all(void)
{
	int i;

	kill(-1, SIGKILL);
	for (i = 0; i < 1000; i++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return;
		if (!pid)
			msleep(10);
	}
	tell("error in the guest: a process can't be killed\n");
}

enum { OUT, ERR, LOG, SIG, IN, N };

/* Starts the command on a terminal or two pipes, and leaves our ends in p. */
static pid_t start_job(struct pollfd *p)
{
	int in, slave, out[2], err[2];
	pid_t pid;

	if (job.tty) {
		p[OUT].fd = open_terminal(&slave);
		p[IN].fd = open_port("stdin", O_RDONLY);
		pid = start(slave, slave, slave);
		close(slave);
		return pid;
	}
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0 || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("open pipes for", job.argv[0]);
	p[OUT].fd = out[0];
	p[ERR].fd = err[0];
	pid = start(in, out[1], err[1]);
	close(in);
	close(out[1]);
	close(err[1]);
	return pid;
}

static int run_job(void)
{
	int to_out = open_port("stdout", O_WRONLY);
	int to_err = open_port("stderr", O_WRONLY);
	int to_log = open_port("kmsg", O_WRONLY);
	struct signalfd_siginfo info;
	struct pollfd p[N];
	int code = 0, i;
	sigset_t child;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	for (i = 0; i < N; i++)
		p[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	p[SIG].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	p[LOG].fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (p[SIG].fd < 0 || p[LOG].fd < 0)
		fail("open", "/dev/kmsg");
	pid = start_job(p);

	for (;;) {
		if (poll(p, N, -1) < 0 && errno != EINTR)
			fail("wait for", job.argv[0]);
		if (p[OUT].revents && !copy(p[OUT].fd, to_out))
			p[OUT].fd = -1;
		if (p[ERR].revents && !copy(p[ERR].fd, to_err))
			p[ERR].fd = -1;
		if (p[IN].revents)
			copy(p[IN].fd, p[OUT].fd);
		if (p[LOG].revents)
			copy_log(p[LOG].fd, to_log);
		if (p[SIG].revents &&
		    read(p[SIG].fd, &info, sizeof(info)) > 0 &&
		    reap(pid, &code))
			break;
	}
	end_all();
	while (p[OUT].fd >= 0 && copy(p[OUT].fd, to_out))
		;
	while (p[ERR].fd >= 0 && copy(p[ERR].fd, to_err))
		;
	copy_log(p[LOG].fd, to_log);
	return code;
}

static unsigned long taint(void)
{
	unsigned long t = 0;
	FILE *f = fopen("/proc/sys/kernel/tainted", "re");

	if (f && fscanf(f, "%lu", &t) != 1)
		t = 0;
	if (f)
		fclose(f);
	return t;
}

int main(void)
{
	uint64_t base, size;
	int i, code;

	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", 1);
	setenv("HOME", "/root", 1);
	umask(022);
	mount_all();
	loopback_up();
	mkdir("/dev/virtio-ports", 0755);
	/* The console's driver learns of its ports one message at a time. */
	for (i = 0; name_ports() < N_PORTS; i++) {
		if (i == 5000) {
			errno = ENODEV;
			fail("find", "virtio ports");
		}
		msleep(2);
	}
	ctl = open_port("ctl", O_RDWR);
	read_job();
	if (!job.argc) {
		errno = EINVAL;
		fail("start", "no command");
	}
	for (i = 0; !cedt_window(i, &base, &size); i++)
		tell("window %#llx %#llx\n", (unsigned long long)base,
		     (unsigned long long)size);
	mount_shares();
	job.firmware[0] = "/usr/lib/vfio-cxl/firmware";
	if (job.n_firmware && run_and_wait(job.firmware)) {
		errno = EIO;
		fail("run", "firmware (its words are in the console log)");
	}
	code = run_job();
	tell("exit %d %lu\n", code, taint());
	stop();
}
