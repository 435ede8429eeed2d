// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the debug kernel offers to tests and does not report by itself: injected
 * failures, coverage. Needs the module "planted". alive [harness options]
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/kcov.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define DEBUGFS		"/sys/kernel/debug/"
#define COVER_WORDS	1024
#define MAX_CALLS	200

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	close(fd);
	return n == (ssize_t)strlen(text);
}

/* All of a file that fits; how much, or negative */
static ssize_t get(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = -1;

	while (fd >= 0 && len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	close(fd);
	buf[len] = '\0';
	return n < 0 ? n : (ssize_t)len;
}

FIXTURE(alive) {
	int fd;
};

FIXTURE_SETUP(alive)
{
	self->fd = open("/dev/planted", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd)
		TH_LOG("no /dev/planted: the module is not loaded");
}

FIXTURE_TEARDOWN(alive)
{
	close(self->fd);
}

static int call(int fd)
{
	return write(fd, "injected", 8) == 8 ? 0 : errno;
}

/*
 * Whether the failure that was armed has come; it has not any more. Where the
 * call came to its end before, it hits this: these two copy as well.
 */
static bool fired(int fd)
{
	char left[16] = "";
	ssize_t n = pread(fd, left, sizeof(left) - 1, 0);
	bool disarmed = pwrite(fd, "0", 1, 0) == 1;

	return n > 0 && disarmed && !atoi(left);
}

/*
 * Fails what can fail in call(), one after another: its copy of what was
 * written, its kmalloc(), its alloc_page(), and what these need themselves and
 * can do without. The latter is not the same each time, so that one pass may
 * step over a place.
 */
TEST_F(alive, fail_nth)
{
	int fd, n, i, got, nth = 1, copies = 0, slabs = 0, pages = 0;
	char text[16];

	ASSERT_TRUE(put(DEBUGFS "failslab/ignore-gfp-wait", "N"));
	ASSERT_TRUE(put(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N"));
	ASSERT_TRUE(put(DEBUGFS "fail_page_alloc/min-order", "0"));
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (i = 0; i < MAX_CALLS; i++) {
		n = snprintf(text, sizeof(text), "%d", nth);
		ASSERT_EQ(n, pwrite(fd, text, n, 0));
		got = call(self->fd);
		if (fired(fd)) {
			nth++;
			copies += got == EFAULT;
			slabs += got == ENOMEM;
			pages += got == ENOSPC;
			continue;
		}
		EXPECT_EQ(0, got);
		if (copies && slabs && pages)
			break;
		nth = 1;
	}
	EXPECT_LT(0, copies);
	EXPECT_LT(0, slabs);
	EXPECT_LT(0, pages);
	close(fd);
}

static unsigned long text_of_planted(void)
{
	char line[64];

	if (get("/sys/module/planted/sections/.text", line, sizeof(line)) < 0)
		return 0;
	return strtoul(line, NULL, 16);
}

TEST_F(alive, kcov_sees_the_module)
{
	unsigned long text = text_of_planted();
	unsigned long *cover, n, i, inside = 0;
	int fd;

	ASSERT_NE(0, text);
	fd = open(DEBUGFS "kcov", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, KCOV_INIT_TRACE, COVER_WORDS));
	cover = mmap(NULL, COVER_WORDS * sizeof(*cover),
		     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, cover);
	ASSERT_EQ(0, ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC));
	__atomic_store_n(cover, 0, __ATOMIC_RELAXED);
	call(self->fd);
	n = __atomic_load_n(cover, __ATOMIC_RELAXED);
	ASSERT_EQ(0, ioctl(fd, KCOV_DISABLE, 0));
	for (i = 1; i <= n; i++)
		inside += cover[i] - text < 0x10000;
	EXPECT_LT(3, inside)
		TH_LOG("%lu places, %lu of them in the module", n, inside);
	munmap(cover, COVER_WORDS * sizeof(*cover));
	close(fd);
}

/* The counters of planted.c, wherever it was built */
static ssize_t counters(char *buf, size_t size)
{
	char pattern[512] = DEBUGFS "gcov";
	ssize_t n = -1;
	glob_t found;

	/* There is no "**" */
	while (strlen(pattern) < 128) {
		size_t len = strlen(pattern);

		strcpy(pattern + len, "/planted.gcda");
		if (!glob(pattern, 0, NULL, &found)) {
			n = get(found.gl_pathv[0], buf, size);
			globfree(&found);
			return n;
		}
		strcpy(pattern + len, "/*");
	}
	return n;
}

TEST_F(alive, gcov_counts_the_module)
{
	static char before[65536], after[65536];
	ssize_t n = counters(before, sizeof(before));

	ASSERT_LT(0, n)
		TH_LOG("no planted.gcda below " DEBUGFS "gcov");
	call(self->fd);
	EXPECT_EQ(n, counters(after, sizeof(after)));
	EXPECT_NE(0, memcmp(before, after, n));
}

TEST_HARNESS_MAIN
