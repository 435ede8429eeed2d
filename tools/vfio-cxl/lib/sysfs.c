// SPDX-License-Identifier: GPL-2.0-only
/* Files, links and folders; everything read is bounded and made printable. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

/* More entries than any bus has: a folder that goes on is not believed */
#define MAX_NAMES	65536
/* Likewise a file */
#define MAX_TEXT	(16 << 20)

/* @path has PATH_MAX bytes */
int vcxl_path(struct vcxl *ctx, char *path, const char *format, ...)
{
	size_t root = strlen(ctx->root);
	va_list args;
	int n;

	if (root >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, ctx->root, root);
	va_start(args, format);
	n = vsnprintf(path + root, PATH_MAX - root, format, args);
	va_end(args);
	return n < 0 || (size_t)n >= PATH_MAX - root ? -ENAMETOOLONG : 0;
}

int vcxl_read_all(int fd, char *buf, size_t len, size_t *got)
{
	*got = 0;
	while (*got < len) {
		ssize_t n = read(fd, buf + *got, len - *got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		*got += n;
	}
	return 0;
}

/* A descriptor of a file, and of nothing else; @size is what it says it has */
int vcxl_open_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int ret;

	if (fd < 0)
		return -errno;
	ret = fstat(fd, &st) ? -errno : 0;
	if (!ret && S_ISREG(st.st_mode)) {
		*size = st.st_size;
		return fd;
	}
	close(fd);
	return ret ? ret : -EINVAL;
}

/* As much as there is, up to @len */
int vcxl_read_file(const char *path, void *buf, size_t len, size_t *got)
{
	size_t size;
	int ret, fd = vcxl_open_file(path, &size);

	if (fd < 0)
		return fd;
	ret = vcxl_read_all(fd, buf, len, got);
	close(fd);
	return ret;
}

static int read_more(int fd, char **text, size_t room, size_t *len)
{
	char *more = realloc(*text, room);
	size_t got;
	int ret;

	if (!more)
		return -ENOMEM;
	*text = more;
	ret = vcxl_read_all(fd, more + *len, room - *len, &got);
	*len += got;
	return ret;
}

/* All of a text, ended; @text is to be freed */
int vcxl_read_text(const char *path, char **text)
{
	size_t room = 4096, len = 0, size;
	int ret, fd = vcxl_open_file(path, &size);

	*text = NULL;
	if (fd < 0)
		return fd;
	do {
		room *= 2;
		ret = room > MAX_TEXT ? -EOVERFLOW :
		      read_more(fd, text, room, &len);
	} while (!ret && len == room);
	close(fd);
	if (!ret && memchr(*text, '\0', len))
		ret = -EINVAL;
	if (ret) {
		free(*text);
		*text = NULL;
		return ret;
	}
	(*text)[len] = '\0';
	return 0;
}

/* A driver's or firmware's string must not drive the reader's terminal */
void vcxl_printable(char *s)
{
	for (; *s; s++)
		if (!isprint((unsigned char)*s))
			*s = '?';
}

/* One line, without its end */
int vcxl_read_attr(const char *path, char *buf, size_t len)
{
	size_t got;
	int ret = vcxl_read_file(path, buf, len, &got);

	if (ret)
		return ret;
	if (got == len)
		return -EOVERFLOW;
	buf[got] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	vcxl_printable(buf);
	return 0;
}

/* Decimal, or hexadecimal with 0x */
int vcxl_read_u64(const char *path, uint64_t *value)
{
	char buf[64], *end;
	int ret = vcxl_read_attr(path, buf, sizeof(buf));
	bool hex = !ret && !strncmp(buf, "0x", 2);

	if (ret)
		return ret;
	if (!isxdigit((unsigned char)buf[hex ? 2 : 0]))
		return -EINVAL;
	errno = 0;
	*value = strtoull(buf, &end, hex ? 16 : 10);
	return errno || *end ? -EINVAL : 0;
}

/* sysfs takes a value in one write, or not at all */
int vcxl_write_attr(struct vcxl *ctx, const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
	size_t len = strlen(value);
	ssize_t n;
	int ret = 0;

	vcxl_log(ctx, "write '%.*s' to %s", (int)strcspn(value, "\n"), value,
		 path);
	if (fd < 0)
		return -errno;
	do {
		n = write(fd, value, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		ret = -errno;
	else if ((size_t)n != len)
		ret = -EIO;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

/* The last component of what a link points to */
int vcxl_link_name(const char *path, char *buf, size_t len)
{
	char target[PATH_MAX], *name;
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (!vcxl_name_ok(name))
		return -EINVAL;
	if (strlen(name) >= len)
		return -EOVERFLOW;
	strcpy(buf, name);
	vcxl_printable(buf);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(char ***names, size_t *count, const char *name)
{
	char **more;

	if (*count >= MAX_NAMES)
		return -EOVERFLOW;
	more = reallocarray(*names, *count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	*names = more;
	more[*count] = strdup(name);
	if (!more[*count])
		return -ENOMEM;
	++*count;
	return 0;
}

/* Sorted, without what begins with a dot */
int vcxl_list_dir(const char *path, char ***names, size_t *count)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int ret = 0;

	*names = NULL;
	*count = 0;
	if (!dir)
		return -errno;
	while (!ret) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			ret = -errno;
			break;
		}
		if (entry->d_name[0] != '.')
			ret = add_name(names, count, entry->d_name);
	}
	closedir(dir);
	if (ret) {
		vcxl_free_names(*names, *count);
		*names = NULL;
		*count = 0;
	} else if (*count) {
		qsort(*names, *count, sizeof(**names), by_name);
	}
	return ret;
}

void vcxl_free_names(char **names, size_t count)
{
	while (count--)
		free(names[count]);
	free(names);
}

/* 1 or 0; a negative errno where nobody can tell for now */
int vcxl_exists(const char *path)
{
	if (!faccessat(AT_FDCWD, path, F_OK, 0))
		return 1;
	return vcxl_starved(-errno) ? -errno : 0;
}

/* May this be one component of a path, and go to a terminal? */
bool vcxl_name_ok(const char *name)
{
	size_t n;

	for (n = 0; name[n]; n++)
		if (n + 1 >= VCXL_NAME_LEN || name[n] == '/' ||
		    !isprint((unsigned char)name[n]))
			return false;
	return n && name[0] != '.';
}
