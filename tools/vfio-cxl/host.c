// SPDX-License-Identifier: GPL-2.0-only
/* What a host shows of itself in /sys, /proc, /etc and /lib. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "tool.h"

static int join(char *path, const char *format, va_list args)
{
	const char *root = secure_getenv("VFIO_CXL_SYSROOT");
	size_t n = root ? strlen(root) : 0;
	int len;

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, root ? root : "", n);
	len = vsnprintf(path + n, PATH_MAX - n, format, args);
	return len < 0 || (size_t)len >= PATH_MAX - n ? -ENAMETOOLONG : 0;
}

__attribute__((format(printf, 2, 3)))
static int join_path(char *path, const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = join(path, format, args);
	va_end(args);
	return ret;
}

int host_exists(const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int ret;

	va_start(args, format);
	ret = join(path, format, args);
	va_end(args);
	if (ret)
		return ret;
	if (!access(path, F_OK))
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 :
	       enough_for(path, -errno);
}

/* Up to @len bytes of a file: how many, or a negative errno */
static ssize_t read_some(int fd, char *buf, size_t len)
{
	size_t got = 0;
	ssize_t n;

	do {
		n = read(fd, buf + got, len - got);
		if (n > 0)
			got += n;
	} while (got < len && (n > 0 || (n < 0 && errno == EINTR)));
	return n < 0 ? -errno : (ssize_t)got;
}

/* A descriptor of a file: what is none may never end, or never begin */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int ret;

	if (fd < 0)
		return -errno;
	ret = fstat(fd, &st) ? -errno : 0;
	if (!ret && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return ret ? ret : -EINVAL;
}

static int read_line(const char *path, char *buf, size_t len)
{
	int fd = open_file(path);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read_some(fd, buf, len - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	tame(buf);
	return n < 0 ? n : 0;
}

int host_read(char *buf, size_t len, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int ret;

	buf[0] = '\0';
	va_start(args, format);
	ret = join(path, format, args);
	va_end(args);
	return ret ? ret : enough_for(path, read_line(path, buf, len));
}

/* Piece by piece; a piece begins with the end of the one before */
static int grep(int fd, const char *needle)
{
	size_t keep = 0, len = strlen(needle);
	char buf[4096 + 1];
	ssize_t n;

	for (;;) {
		size_t had;

		n = read_some(fd, buf + keep, sizeof(buf) - 1 - keep);
		if (n <= 0)
			return n;
		had = keep + n;
		if (memmem(buf, had, needle, len))
			return 1;
		keep = had < len ? had : len - 1;
		memmove(buf, buf + had - keep, keep);
	}
}

int host_grep(const char *name, const char *needle)
{
	char path[PATH_MAX];
	int fd, ret = join_path(path, "%s", name);

	if (ret)
		return ret;
	fd = open_file(path);
	if (fd < 0)
		return enough_for(path, fd);
	ret = grep(fd, needle);
	close(fd);
	return enough_for(path, ret);
}

int host_param(const char *module, const char *name)
{
	char value[16];
	int ret = host_read(value, sizeof(value),
			    "/sys/module/%s/parameters/%s", module, name);

	return ret ? ret : !strcmp(value, "Y") || !strcmp(value, "1");
}

int host_has_module(const char *name)
{
	char release[64], path[PATH_MAX], file[96];
	int ret = host_read(release, sizeof(release),
			    "/proc/sys/kernel/osrelease");

	if (ret)
		return ret;
	snprintf(file, sizeof(file), "/%s.ko", name);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin",
		 release);
	if (host_grep(path, file) == 1)
		return 1;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
	return host_grep(path, file);
}

int host_each(const char *name, void (*each)(const char *name, void *data),
	      void *data)
{
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *dir;
	int ret = join_path(path, "%s", name);

	if (ret)
		return ret;
	dir = opendir(path);
	if (!dir)
		return enough_for(path, -errno);
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (entry->d_name[0] != '.')
			each(entry->d_name, data);
	}
	ret = -errno;
	closedir(dir);
	return enough_for(path, ret);
}
