// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user of the VFIO device that does what it is told, for shell scripts: vm-tenant
 * BDF. Reads commands from standard input and answers each with a line: "ok", with
 * what was asked for; "SIGBUS"; or an errno and a reason.
 *
 * write OFFSET TEXT    into the mapping of the memory
 * read OFFSET LENGTH   of it
 * unmap, map           all of it
 * window               maps the window for host memory: its size
 * put OFFSET TEXT      into that
 * get OFFSET LENGTH    of it
 * close                unmaps it
 * list                 id, state and offset of each extent that it sees
 * info                 number of regions, and of extents that are PENDING
 * status ID            how an extent stands
 * accept ID, reject ID, release ID
 * watch                changes from now on count
 * changes              how many came since; waits for one, for 5 s
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <libvfio-cxl.h>

static struct vcxl *ctx;
static struct vcxl_client *client;
static struct area {
	unsigned char *at;
	size_t size;
} memory, window;
static sigjmp_buf back;
static int changes = -1;

static void on_sigbus(int number)
{
	(void)number;
	siglongjmp(back, 1);
}

static void answer(int ret)
{
	const struct vcxl_error *e = vcxl_error(ctx);

	if (!ret)
		puts("ok");
	else
		printf("%s %s\n", vcxl_errno_name(ret),
		       vcxl_reason_name(e->reason) ?
		       vcxl_reason_name(e->reason) : "?");
}

static void touch(const struct area *area, uint64_t offset, const char *text,
		  size_t len, int write)
{
	char copy[256];

	if (!area->at || offset >= area->size || len > area->size - offset ||
	    len >= sizeof(copy)) {
		puts("EINVAL NONE");
		return;
	}
	if (sigsetjmp(back, 1)) {
		puts("SIGBUS");
		return;
	}
	if (write) {
		memcpy(area->at + offset, text, len);
		puts("ok");
		return;
	}
	memcpy(copy, area->at + offset, len);
	printf("ok %.*s\n", (int)len, copy);
}

static int map(void)
{
	void *addr;
	int ret;

	memory.size = vcxl_client_memory_size(client);
	ret = vcxl_client_map(client, 0, memory.size, &addr);
	memory.at = ret ? NULL : addr;
	return ret;
}

static void map_window(void)
{
	void *addr;
	int ret = vcxl_client_map_window(client, &addr, &window.size);

	window.at = ret ? NULL : addr;
	if (ret)
		answer(ret);
	else
		printf("ok %zu\n", window.size);
}

static int unmap(struct area *area)
{
	int ret = vcxl_client_unmap(client, area->at, area->size);

	area->at = NULL;
	return ret;
}

static void list(void)
{
	struct vfio_cxl_dc_extent *extents;
	size_t count, i;
	int ret = vcxl_client_dc_list(client, &extents, &count);

	if (ret) {
		answer(ret);
		return;
	}
	fputs("ok", stdout);
	for (i = 0; i < count; i++)
		printf(" %" PRIu64 ":%s:%#" PRIx64, (uint64_t)extents[i].id,
		       vcxl_dc_state_name(extents[i].state),
		       (uint64_t)extents[i].offset);
	puts("");
	free(extents);
}

static void info(void)
{
	struct vfio_cxl_dc_info arg;
	int ret = vcxl_client_dc_info(client, &arg);

	if (ret)
		answer(ret);
	else
		printf("ok %u %" PRIu64 "\n", arg.region_count,
		       (uint64_t)arg.nr[VFIO_CXL_DC_PENDING]);
}

static void status(uint64_t id)
{
	struct vfio_cxl_dc_status arg = {
		.flags = VFIO_CXL_DC_STATUS_EXTENT, .extent = id,
	};
	int ret = vcxl_client_dc_status(client, &arg);

	if (ret)
		answer(ret);
	else
		printf("ok %s %s\n", vcxl_dc_state_name(arg.state),
		       vcxl_reason_name(arg.reason));
}

static void watch(void)
{
	changes = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	answer(vcxl_client_dc_eventfd(client, changes));
}

static void count_changes(void)
{
	struct pollfd p = { .fd = changes, .events = POLLIN };
	eventfd_t count = 0;

	if (poll(&p, 1, 5000) == 1)
		eventfd_read(changes, &count);
	printf("ok %" PRIu64 "\n", (uint64_t)count);
}

static void decide(const char *what, uint64_t id)
{
	struct vfio_cxl_dc_decide arg = {
		.ids = (uintptr_t)&id, .count = 1,
	};

	if (!strcmp(what, "accept")) {
		arg.reach = VFIO_CXL_DC_REACH_TENANT;
		answer(vcxl_client_dc_accept(client, &arg));
	} else if (!strcmp(what, "reject")) {
		answer(vcxl_client_dc_reject(client, &arg));
	} else {
		answer(vcxl_client_dc_release(client, &arg));
	}
}

static void obey(char *line)
{
	char what[16] = "", text[128] = "";
	uint64_t number = 0;

	if (sscanf(line, "%15s %" SCNi64 " %127s", what, (int64_t *)&number,
		   text) < 1)
		puts("EINVAL NONE");
	else if (!strcmp(what, "write"))
		touch(&memory, number, text, strlen(text), 1);
	else if (!strcmp(what, "read"))
		touch(&memory, number, NULL, strtoul(text, NULL, 0), 0);
	else if (!strcmp(what, "window"))
		map_window();
	else if (!strcmp(what, "put"))
		touch(&window, number, text, strlen(text), 1);
	else if (!strcmp(what, "get"))
		touch(&window, number, NULL, strtoul(text, NULL, 0), 0);
	else if (!strcmp(what, "close"))
		answer(unmap(&window));
	else if (!strcmp(what, "map"))
		answer(map());
	else if (!strcmp(what, "unmap"))
		answer(unmap(&memory));
	else if (!strcmp(what, "list"))
		list();
	else if (!strcmp(what, "info"))
		info();
	else if (!strcmp(what, "status"))
		status(number);
	else if (!strcmp(what, "watch"))
		watch();
	else if (!strcmp(what, "changes"))
		count_changes();
	else
		decide(what, number);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	struct vcxl_device *dev;
	char line[256];
	int ret;

	if (argc != 2 || vcxl_new(&ctx))
		return 2;
	sigaction(SIGBUS, &action, NULL);
	ret = vcxl_device_get(ctx, argv[1], &dev);
	if (!ret)
		ret = vcxl_client_open(dev, &client);
	if (!ret)
		ret = map();
	answer(ret);
	fflush(stdout);
	while (!ret && fgets(line, sizeof(line), stdin))
		obey(line);
	return ret != 0;
}
