// SPDX-License-Identifier: GPL-2.0-only
/*
 * sweep_lib ROOT: each public call of the library that can fail, with each point
 * of it failing in turn, in each way; preloaded are fault.c and either fake.c and
 * fake_bus.c, or fake_vfio.c for the VFIO client. Prints TAP.
 *
 * A call that fails leaves nothing behind, no allocation, descriptor or half of a
 * change, gives an account, and succeeds when it is tried again; one that
 * succeeds gives what it gives without a failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sweep_lib.h"

#define PCI		"/sys/bus/pci/"
#define MAX_POINTS	2000	/* a sweep that goes on is none */

static const char *const kinds[] = FAULT_NAMES;
static char good[sizeof(result)];
static int tests, bad;

static void die(const char *what)
{
	printf("Bail out! sweep_lib: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

/* Driver, override, and note of the device */
static void set_state(const char *driver)
{
	bool ours = !strcmp(driver, "cxl-vfio-pci");
	char path[PATH], target[128];

	in_root(path, PCI "devices/" DEV "/driver");
	snprintf(target, sizeof(target), "../../drivers/%s", driver);
	unlink(path);
	if (symlink(target, path))
		die(path);
	write_file(in_root(path, PCI "devices/" DEV "/driver_override"),
		   ours ? driver : "former");
	in_root(path, "/run/vfio-cxl/" DEV);
	if (ours)
		write_file(path, "driver=cxl_pci\noverride=former\n");
	else
		unlink(path);
}

/* Empty where it isn't there */
static void read_file(const char *path, char *text, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, len - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void get_state(char *text, size_t len)
{
	char path[PATH], driver[128], override[64], saved[64];
	ssize_t n = readlink(in_root(path, PCI "devices/" DEV "/driver"),
			     driver, sizeof(driver) - 1);

	driver[n > 0 ? n : 0] = '\0';
	read_file(in_root(path, PCI "devices/" DEV "/driver_override"),
		  override, sizeof(override));
	read_file(in_root(path, "/run/vfio-cxl/" DEV), saved, sizeof(saved));
	snprintf(text, len, "%s, %s, %s", driver, override, saved);
}

static void get_decoder(char *text, size_t len)
{
	const struct vfio_cxl_shadow_decoder *d = &fake.regs.decoder[0];

	snprintf(text, len, "%lx %lx %x", (unsigned long)d->base,
		 (unsigned long)d->size, d->ctrl);
}

static void look(char *text, size_t len)
{
	if (fake_init)
		get_decoder(text, len);
	else
		get_state(text, len);
}

static void end(void)
{
	vcxl_client_close(client);
	vcxl_device_free(dev);
	vcxl_free(ctx);
	client = NULL;
	dev = NULL;
	ctx = NULL;
}

/* As before each call, with handles that are new */
static void begin(const struct call *call)
{
	if (vcxl_new(&ctx))
		die("vcxl_new");
	if (fake_init) {
		fake_init();
		if (vcxl_client_from_fd(ctx, fake.fd, &client))
			die("vcxl_client_from_fd");
		return;
	}
	set_state(call->driver ? call->driver : "cxl-vfio-pci");
	if (vcxl_device_get(ctx, DEV, &dev))
		die("vcxl_device_get");
}

static int count_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int run(const struct call *call)
{
	result[0] = '\0';
	return call->run();
}

/* Half of a change is told where it could not be put back */
static bool is_whole(const char *now, const char *before, const char *after)
{
	return !strcmp(now, before) || !strcmp(now, after) ||
	       strstr(vcxl_error(ctx)->why, "nor could it be put back") ||
	       vcxl_error(ctx)->err == -EREMOTEIO;
}

static const char *judge(const struct call *call, enum fault_kind kind, int ret)
{
	const struct vcxl_error *e = vcxl_error(ctx);

	if (!ret)
		return strcmp(result, good) ? "it gives something else" : NULL;
	if (kind == FAULT_EINTR || kind == FAULT_SHORT)
		return "it was not absorbed";
	if (ret != -ENOMEM && ret != -ENOSPC && ret != -EREMOTEIO)
		return "another errno";
	if (!call->quiet && (e->err != ret || !*e->object || !*e->why))
		return "no account";
	return NULL;
}

static const char *try_point(const struct call *call, enum fault_kind kind,
			     unsigned long n, const char *after, bool *fired)
{
	char before[256], now[256];
	const char *why;
	int ret;

	begin(call);
	look(before, sizeof(before));
	fault_arm(kind, n);
	ret = run(call);
	*fired = fault_disarm();
	why = judge(call, kind, ret);
	look(now, sizeof(now));
	if (!why && !is_whole(now, ret ? before : after, after))
		why = "half of it is done";
	if (!why && *fired && (run(call) || strcmp(result, good)))
		why = "not when it is tried again";
	end();
	return why;
}

/* Returns whether there was such a point */
static bool point(const struct call *call, enum fault_kind kind,
		  unsigned long n, const char *after, unsigned int *wrong)
{
	int fds = count_fds();
	long live = fault_live();
	bool fired;
	const char *why = try_point(call, kind, n, after, &fired);

	if (!why && fault_live() != live)
		why = "memory is lost";
	if (!why && count_fds() != fds)
		why = "a descriptor is lost";
	if (why && ++*wrong <= 3 && !call->faulty)
		printf("# %s, point %lu, %s: %s\n", kinds[kind], n,
		       fault_state()->where, why);
	return fired;
}

static void sweep(const struct call *call)
{
	unsigned long n, all[FAULT_KINDS] = { 0 };
	unsigned int wrong = 0;
	enum fault_kind kind;
	char after[256];
	bool some = false;

	begin(call);
	if (run(call))
		wrong++;
	memcpy(good, result, sizeof(good));
	look(after, sizeof(after));
	end();
	for (kind = FAULT_ALLOC; kind < FAULT_KINDS; kind++) {
		for (n = 1; n <= MAX_POINTS; n++)
			if (!point(call, kind, n, after, &wrong))
				break;
		all[kind] = n - 1;
		some = some || n > 1;
		if (n > MAX_POINTS) {
			printf("# %s: it does not end\n", kinds[kind]);
			wrong++;
		}
	}
	printf("%sok %d - %s%s\n#  ", !wrong == call->faulty || !some ? "not " : "",
	       ++tests, call->name, call->faulty ? ", which is found" : "");
	for (kind = FAULT_ALLOC; kind < FAULT_KINDS; kind++)
		printf(" %s %lu", kinds[kind], all[kind]);
	printf(wrong ? " points, %u wrong\n" : " points\n", wrong);
	bad += !wrong == call->faulty || !some;
}

int main(int argc, char **argv)
{
	const struct call *call;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || !fault_arm) {
		printf("Bail out! fault.c is not preloaded\n");
		return 1;
	}
	root = argv[1];
	for (call = fake_init ? client_calls : host_calls; call->name; call++)
		sweep(call);
	for (call = dc_calls; call->name && !fake_init; call++)
		sweep(call);
	for (call = faulty_calls; call->name && !fake_init; call++)
		sweep(call);
	printf("1..%d\n", tests);
	return bad > 0;
}
