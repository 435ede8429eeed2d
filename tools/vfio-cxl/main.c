// SPDX-License-Identifier: GPL-2.0-only
/* The table of commands, and nothing a command does. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

const struct command commands[] = {
	{ "list", "", 0,
	  "show the CXL memory devices, bound or bindable", cmd_list },
	{ "status", "DEV", 0,
	  "show everything about a device", cmd_status },
	{ "doctor", "[DEV]", 0,
	  "check what a tenant's memory needs, and say how to mend it",
	  cmd_doctor },
	{ "bind", "DEV", ALLOW(DRY_RUN) | ALLOW(FORCE),
	  "give a device to cxl-vfio-pci", cmd_bind },
	{ "unbind", "DEV", ALLOW(DRY_RUN) | ALLOW(FORCE),
	  "give a device back to the driver it had", cmd_unbind },
	{ "window list", "[DEV]", 0,
	  "show the fixed memory windows, and which serve DEV", cmd_window_list },
	{ "decoder show", "DEV", 0,
	  "show the HDM decoders, in hardware and as a guest sees them",
	  cmd_decoder_show },
	{ "decoder program", "DEV",
	  ALLOW(DRY_RUN) | ALLOW(BASE) | ALLOW(SIZE) | ALLOW(DPA_SKIP) |
	  ALLOW(LOCK),
	  "commit HDM decoder 0", cmd_decoder_program },
	{ "decoder clear", "DEV", ALLOW(DRY_RUN),
	  "uncommit HDM decoder 0", cmd_decoder_clear },
	{ "decoder guest set", "DEV ADDR",
	  ALLOW(DRY_RUN) | ALLOW(SEAL) | ALLOW(PERSIST),
	  "place the guest's decoder 0 for a VMM that doesn't", cmd_guest_set },
	{ "decoder guest clear", "DEV", ALLOW(DRY_RUN),
	  "take that, and any seal, back", cmd_guest_clear },
	{ "mem test", "DEV",
	  ALLOW(DRY_RUN) | ALLOW(OFFSET) | ALLOW(SIZE) | ALLOW(PATTERN) |
	  ALLOW(KEEP) | ALLOW(CHECK) | ALLOW(RESET),
	  "write, read back and restore the memory, through VFIO (resets the device)",
	  cmd_mem_test },
	{ "mem clear", "DEV",
	  ALLOW(DRY_RUN) | ALLOW(OFFSET) | ALLOW(SIZE) | ALLOW(CHECK),
	  "zero the memory, and read it back, through VFIO (resets the device)",
	  cmd_mem_clear },
	{ "dc show", "DEV", 0,
	  "show the regions of Dynamic Capacity, limits and counters",
	  cmd_dc_show },
	{ "dc list", "[DEV]", 0,
	  "show the extents that are offered or held", cmd_dc_list },
	{ "dc status", "DEV [TAG]", ALLOW(EXTENT) | ALLOW(REGION),
	  "show how a tag stands, or an extent", cmd_dc_status },
	{ "dc accept", "DEV [TAG]",
	  ALLOW(OFFER) | ALLOW(EXTENT) | ALLOW(REACH) | ALLOW(WAIT),
	  "take what is offered", cmd_dc_accept },
	{ "dc reject", "DEV [TAG]", ALLOW(OFFER) | ALLOW(EXTENT) | ALLOW(WAIT),
	  "say no to what is offered", cmd_dc_reject },
	{ "dc release", "DEV [TAG]",
	  ALLOW(OFFER) | ALLOW(EXTENT) | ALLOW(FORCE) | ALLOW(DEFER) |
	  ALLOW(WAIT),
	  "give back what is held, unless it is in use", cmd_dc_release },
	{ "dc deadline", "DEV OFFER SECONDS", 0,
	  "have an offer refused if nobody decides by then", cmd_dc_deadline },
	{ "dc configure", "DEV", ALLOW(REGIONS) | ALLOW(SIZE) | ALLOW(BLOCK),
	  "make a window for host memory, or take it away", cmd_dc_configure },
	{ "dc add", "DEV TAG", ALLOW(REGION) | ALLOW(OFFSET),
	  "offer the host memory under a tag, in the window for it", cmd_dc_add },
	{ "dc remove", "DEV TAG", ALLOW(FORCE),
	  "ask for host memory back, or take it", cmd_dc_remove },
	{ "dc run", "DEV TAG CMD [ARG...]", ALLOW(RO),
	  "run a program that can map a tag, and nothing else of the device",
	  cmd_dc_run },
	{ "backend create", "DEV TAG", ALLOW(SIZE) | ALLOW(NUMA) | ALLOW(FILL),
	  "set host memory aside under a tag", cmd_backend_create },
	{ "backend list", "DEV", 0,
	  "show the host memory under tags", cmd_backend_list },
	{ "backend destroy", "DEV TAG", 0,
	  "give that memory back to the host", cmd_backend_destroy },
	{ "monitor", "[DEV...]",
	  ALLOW(NUMBER) | ALLOW(TIMEOUT) | ALLOW(EVENT) | ALLOW(SINCE),
	  "show the changes of Dynamic Capacity as they happen", cmd_monitor },
	{ "version", "", 0,
	  "show the versions of command, driver and kernel", cmd_version },
	{ "help", "[COMMAND]", ALLOW(COMPLETION),
	  "explain a command, or list them all", cmd_help },
};

const size_t command_count = ARRAY_SIZE(commands);

static void log_line(const char *line)
{
	fprintf(stderr, TOOL ": %s\n", line);
}

int open_device(struct args *args, struct vcxl_device **dev)
{
	return vcxl_device_get(args->ctx, args->device, dev);
}

/*
 * What is opened where one of these is closed would take its number, and get
 * our messages. Not writable: a closed standard output is an error.
 */
static int fill_standard_fds(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDONLY) != fd)
			return -1;
	return 0;
}

static sigset_t former_mask;
static bool held;
static void (*former_pipe)(int);

/* From here on a signal ends us only when all is done and told */
void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	held = !sigprocmask(SIG_BLOCK, &set, &former_mask);
}

/* All of them as we found them, also for a program that takes our place */
void release_signals(void)
{
	signal(SIGPIPE, former_pipe);
	if (held)
		sigprocmask(SIG_SETMASK, &former_mask, NULL);
}

int main(int argc, char **argv)
{
	static char line[BUFSIZ];
	struct args args = { 0 };
	int ret;

	/* A line at once: an error object is printed piece by piece */
	setvbuf(stderr, line, _IOLBF, sizeof(line));
	if (fill_standard_fds())
		return EXIT_FAILED;
	/* A closed pipe is an error like any other: see finish() */
	former_pipe = signal(SIGPIPE, SIG_IGN);
	ret = parse_args(argc, argv, &args);
	if (ret != EXIT_DONE)
		return ret;
	error_begin(&args);
	if (args.opt[OPT_HELP])
		return finish(&args, cmd_help(&args));
	if (vcxl_new(&args.ctx))
		out_of_memory();
	if (args.opt[OPT_VERBOSE])
		vcxl_set_log(args.ctx, log_line);
	ret = finish(&args, args.command->run(&args));
	vcxl_free(args.ctx);
	release_signals();
	return ret;
}
