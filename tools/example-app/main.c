// SPDX-License-Identifier: GPL-2.0-only
/*
 * example-app: what a program does with a tag of memory that it was given.
 *
 * It has no right to the device, opens nothing and needs no library: a descriptor is
 * all, and "vfio-cxl dc run DEV TAG example-app" starts it with one. It maps the tag,
 * reads what is there and writes; lets it go when it is asked for; survives when it is
 * taken away; and goes on where it was when it is back.
 * See Documentation/userspace-api/vfio-cxl.rst.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TEXT	64		/* of the memory, that is read and written */
#define LOOK_MS	100

struct app {
	int fd;
	size_t size;
	char *memory;		/* NULL: not mapped */
	bool readonly;
	unsigned int round;
	int left;		/* times that it may go before we end */
};

static int fail(const char *what)
{
	fprintf(stderr, "example-app: %s: %s\n", what, strerror(errno));
	return -1;
}

/*
 * The memory may go at any moment, also between poll() and a touch, and the touch is a
 * SIGBUS then: so there is a way back from each.
 */
static sigjmp_buf too_late;

static void on_sigbus(int number)
{
	(void)number;
	siglongjmp(too_late, 1);
}

static bool get(struct app *app, char *text)
{
	if (sigsetjmp(too_late, 1))
		return false;
	memcpy(text, app->memory, TEXT);
	text[TEXT - 1] = '\0';
	return true;
}

static bool put(struct app *app, const char *text)
{
	if (sigsetjmp(too_late, 1))
		return false;
	memcpy(app->memory, text, TEXT);
	return true;
}

/* Once: what is released and comes again stands in the same mapping */
static int map(struct app *app)
{
	int prot = PROT_READ | PROT_WRITE;

	if (app->memory)
		return 0;
	app->memory = mmap(NULL, app->size, prot, MAP_SHARED, app->fd, 0);
	app->readonly = app->memory == MAP_FAILED && errno == EACCES;
	if (app->readonly)
		app->memory = mmap(NULL, app->size, PROT_READ, MAP_SHARED,
				   app->fd, 0);
	if (app->memory != MAP_FAILED)
		return 0;
	app->memory = NULL;
	return fail("mmap");
}

/* False: it was not there */
static bool use(struct app *app)
{
	char text[TEXT];

	if (!get(app, text))
		return false;
	printf("found '%s'\n", text);
	if (app->readonly)
		return true;
	memset(text, 0, sizeof(text));
	snprintf(text, sizeof(text), "round %u", app->round + 1);
	if (!put(app, text))
		return false;
	app->round++;
	printf("wrote '%s'\n", text);
	return true;
}

/* While we have it mapped it is in use, and is not released but by force */
static void let_go(struct app *app)
{
	if (!app->memory)
		return;
	munmap(app->memory, app->size);
	app->memory = NULL;
	printf("asked for: let go\n");
}

/* A program has no reason to touch it now; this one shows what happens */
static void lose(struct app *app)
{
	char text[TEXT];

	printf("gone%s\n", app->memory && !get(app, text) ?
	       ": a touch is a SIGBUS" : "");
	app->left--;
}

/* How it stands, once one of @events is so; a negative @ms is for ever */
static short look(const struct app *app, short events, int ms)
{
	struct pollfd p = { .fd = app->fd, .events = events };

	return poll(&p, 1, ms) < 0 ? POLLERR : p.revents;
}

static int serve(struct app *app)
{
	while (app->left > 0) {
		short now = look(app, POLLIN | POLLPRI, 0);

		if (now & (POLLERR | POLLNVAL))
			return fail("poll");
		if (now & POLLHUP) {
			printf("gone for good\n");
			return 0;
		}
		if (!(now & POLLIN)) {
			lose(app);
			look(app, POLLIN, app->left > 0 ? -1 : 0);
		} else if (now & POLLPRI) {
			let_go(app);
			/* It may be back before we see that it was gone */
			look(app, POLLRDHUP, LOOK_MS);
		} else {
			if (map(app))
				return -1;
			/* A reset of the device is over in a moment */
			look(app, POLLPRI | POLLRDHUP,
			     use(app) ? -1 : LOOK_MS);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *fd = getenv("VFIO_CXL_TAG_FD");
	const char *size = getenv("VFIO_CXL_TAG_SIZE");
	struct sigaction action = { .sa_handler = on_sigbus };
	struct app app = { .left = argc > 1 ? atoi(argv[1]) : 1 };

	if (!fd || !size || argc > 2 || app.left < 1) {
		fprintf(stderr, "Usage: vfio-cxl dc run DEV TAG example-app [TIMES]\n"
			"Ends when the tag has gone so many times\n");
		return 2;
	}
	app.fd = atoi(fd);
	app.size = strtoull(size, NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (sigaction(SIGBUS, &action, NULL)) {
		fail("SIGBUS");
		return EXIT_FAILURE;
	}
	printf("tag %s: %zu bytes\n", getenv("VFIO_CXL_TAG") ?: "?", app.size);
	return serve(&app) ? EXIT_FAILURE : EXIT_SUCCESS;
}
