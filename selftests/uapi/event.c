// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "event.h"

static __thread sigjmp_buf *bus_env;

static void bus_signal(int signal)
{
	/* Not a toucher's: a test that fails, and says where */
	if (!bus_env)
		abort();
	siglongjmp(*bus_env, signal);
}

static void count(unsigned long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void touch_page(struct touchers *all, size_t at, char value)
{
	sigjmp_buf env;

	if (sigsetjmp(env, 0)) {
		bus_env = NULL;
		count(&all->refused);
		usleep(500);
		return;
	}
	bus_env = &env;
	all->memory[at] = value;
	/* Where no decoder decodes, the emulated window reads 0 */
	if (all->memory[at] == value)
		count(&all->touched);
	else
		count(&all->wrong);
	bus_env = NULL;
}

static void copy_page(struct touchers *all, size_t at, char value)
{
	char back = 0;

	if (pwrite(all->device, &value, 1, all->offset + at) == 1 &&
	    pread(all->device, &back, 1, all->offset + at) == 1) {
		count(back == value ? &all->touched : &all->wrong);
		return;
	}
	count(errno == EIO ? &all->refused : &all->wrong);
	usleep(500);
}

static void *toucher(void *arg)
{
	struct touchers *all = arg;
	unsigned int me = __atomic_fetch_add(&all->next, 1, __ATOMIC_RELAXED);
	char value = 1;
	size_t at;

	while (!__atomic_load_n(&all->stop, __ATOMIC_RELAXED)) {
		/* A cache line of its own in each page */
		for (at = 64 * me; at < all->size; at += 4096) {
			if (!me && all->device >= 0)
				copy_page(all, at, value);
			else
				touch_page(all, at, value);
			count(&all->laps[me]);
			if (__atomic_load_n(&all->stop, __ATOMIC_RELAXED))
				break;
		}
		value = value % 100 + 1;
	}

	return NULL;
}

/* With memory, size, device and offset filled in */
bool touchers_start(struct touchers *touchers)
{
	struct sigaction action = {
		.sa_handler = bus_signal,
		.sa_flags = SA_NODEFER,
	};

	sigaction(SIGBUS, &action, NULL);
	touchers->stop = false;
	touchers->next = 0;
	for (touchers->running = 0; touchers->running < TOUCHERS;
	     touchers->running++)
		if (pthread_create(&touchers->thread[touchers->running], NULL,
				   toucher, touchers))
			return false;

	/* What happens next happens to threads at work */
	return touchers_pass(touchers);
}

static unsigned long laps(struct touchers *touchers, unsigned int i)
{
	return __atomic_load_n(&touchers->laps[i], __ATOMIC_RELAXED);
}

/*
 * Each has finished the attempt that it had begun, and told how it ended: it may
 * have been preempted in between. After two of these each has begun one, too.
 */
bool touchers_pass(struct touchers *touchers)
{
	unsigned long before[TOUCHERS];
	unsigned int i, ms = 10000;

	for (i = 0; i < TOUCHERS; i++)
		before[i] = laps(touchers, i);
	for (i = 0; i < TOUCHERS; i++) {
		for (; laps(touchers, i) == before[i]; ms--) {
			if (!ms)
				return false;
			usleep(1000);
		}
	}

	return true;
}

void touchers_stop(struct touchers *touchers)
{
	__atomic_store_n(&touchers->stop, true, __ATOMIC_RELAXED);
	while (touchers->running)
		pthread_join(touchers->thread[--touchers->running], NULL);
	signal(SIGBUS, SIG_DFL);
}

#define PATTERN_SIZE	(64UL << 10)

static char pattern(size_t at)
{
	return at % 251 + 1;
}

/* Note the decoder, and leave bytes at the end of the mapping */
void state_take(struct state *state, char *memory, size_t size)
{
	size_t i;

	state->decoder = hw_decoder(0);
	state->memory = memory + size - PATTERN_SIZE;
	state->size = PATTERN_SIZE;
	for (i = 0; i < state->size; i++)
		state->memory[i] = pattern(i);
}

/* NULL, or what does not hold after the event, with the memory live again */
const char *state_broken(const struct state *state)
{
	static char text[256];
	struct hw_decoder now = hw_decoder(0);
	struct vfio_cxl_info info;
	size_t i;

	if (!(now.ctrl & CTRL_COMMITTED) || !hw_same(&state->decoder, &now)) {
		snprintf(text, sizeof(text),
			 "decoder 0: base %#llx size %#llx skip %#llx ctrl %#x",
			 now.base, now.size, now.skip, now.ctrl);
		return text;
	}
	if (control_info(&info) || !(info.flags & VFIO_CXL_INFO_LIVE) ||
	    info.gate) {
		snprintf(text, sizeof(text), "flags %#x gate %#x", info.flags,
			 info.gate);
		return text;
	}
	for (i = 0; state->memory && i < state->size; i += 509) {
		if (touch(state->memory + i, false))
			return "a touch raises a signal";
		if (state->memory[i] != pattern(i))
			return "bytes are lost";
	}

	return NULL;
}

static bool wait_info(unsigned int ms, __u32 flags, __u32 gate)
{
	struct vfio_cxl_info info;

	for (;; ms -= 5) {
		if (control_info(&info))
			return false;
		if ((info.flags & flags) == flags &&
		    (info.gate & gate) == gate)
			return true;
		if (ms < 5)
			return false;
		usleep(5000);
	}
}

bool wait_live(unsigned int ms)
{
	return wait_info(ms, VFIO_CXL_INFO_LIVE, 0);
}

bool wait_gate(__u32 gate, unsigned int ms)
{
	return wait_info(ms, 0, gate);
}

/* 0 or -errno */
int sysfs_write(const char *bdf, const char *file, const char *text)
{
	char path[PATH_MAX];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);

	return ret;
}

/* The port above the device */
const char *root_port(void)
{
	static char link[PATH_MAX];
	char path[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", dev_bdf());
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		abort();
	link[n] = 0;

	return basename(dirname(link));
}

/* Another endpoint on the same bus, if there is one */
bool neighbour_find(char *name)
{
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", root_port());
	dir = opendir(path);
	*name = 0;
	while (dir && (entry = readdir(dir)))
		if (strlen(entry->d_name) == strlen(dev_bdf()) &&
		    strspn(entry->d_name, "0123456789abcdef:.") ==
		    strlen(dev_bdf()) && strcmp(entry->d_name, dev_bdf()))
			memcpy(name, entry->d_name,
			       strlen(entry->d_name) + 1);
	if (dir)
		closedir(dir);

	return *name;
}

/*
 * After a fatal error the kernel brings a link back only if each function below
 * it has a driver that can cope.
 */
bool link_recovers(void)
{
	char name[NAME_MAX + 1], path[PATH_MAX];

	if (!neighbour_find(name))
		return true;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", name);

	return !access(path, F_OK);
}

/*
 * The device reports an error to its root port, or where QEMU can't the port
 * itself does: one that QEMU knows by name.
 */
bool device_error(const char *error)
{
	const char *answer;
	char node[32];

	answer = bed("info | jq -r '.devices[0].errors'");
	if (!answer)
		return false;
	snprintf(node, sizeof(node), "%.*s", (int)strcspn(answer, "\n"),
		 answer);
	answer = bed("qmp '{\"execute\":\"human-monitor-command\","
		     "\"arguments\":{\"command-line\":"
		     "\"pcie_aer_inject_error %s %s\"}}'", node, error);

	return answer && strstr(answer, "OK");
}

/* The kernel's messages from now on */
int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);

	return fd;
}

/*
 * The link's recovery ended, however it did. Until the kernel says so it resets
 * the bus, with the device locked: no other reset gets through.
 */
bool recovery_over(int kmsg)
{
	struct pollfd poller = { .fd = kmsg, .events = POLLIN };
	unsigned int i;
	char record[8192];
	bool over = false;
	ssize_t n;

	for (i = 0; !over && i < 400; i++) {
		poll(&poller, 1, 50);
		while ((n = read(kmsg, record, sizeof(record) - 1)) > 0) {
			record[n] = 0;
			over |= !!strstr(record, ": device recovery ");
		}
	}
	close(kmsg);

	return over;
}

/* An eventfd for an interrupt of VFIO's own: an error, a request */
int irq_eventfd(const struct user *user, __u32 index)
{
	struct {
		struct vfio_irq_set set;
		__s32 fd;
	} irq = {
		.set.argsz = sizeof(irq),
		.set.flags = VFIO_IRQ_SET_DATA_EVENTFD |
			     VFIO_IRQ_SET_ACTION_TRIGGER,
		.set.index = index,
		.set.count = 1,
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};

	if (ioctl(user->device, VFIO_DEVICE_SET_IRQS, &irq))
		return -1;

	return irq.fd;
}
