// SPDX-License-Identifier: GPL-2.0-only
/* What a host shows of itself in /sys, /proc, /etc and /lib. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

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
	return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}

static int read_line(const char *path, char *buf, size_t len)
{
	FILE *file = fopen(path, "re");
	int ret = 0;
	char *p;

	if (!file)
		return -errno;
	errno = 0;
	if (!fgets(buf, len, file)) {
		ret = ferror(file) ? -(errno ? errno : EIO) : 0;
		buf[0] = '\0';
	}
	fclose(file);
	buf[strcspn(buf, "\n")] = '\0';
	for (p = buf; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	return ret;
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
	return ret ? ret : read_line(path, buf, len);
}

int host_grep(const char *name, const char *needle)
{
	char path[PATH_MAX], *line = NULL;
	size_t len = 0;
	FILE *file;
	int ret = join_path(path, "%s", name);

	if (ret)
		return ret;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (!ret && getline(&line, &len, file) >= 0)
		ret = !!strstr(line, needle);
	if (!ret && ferror(file))
		ret = -EIO;
	free(line);
	fclose(file);
	return ret;
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
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			each(entry->d_name, data);
	closedir(dir);
	return 0;
}
