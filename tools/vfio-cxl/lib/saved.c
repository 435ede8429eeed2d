// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way back: which driver and override a device had before it was bound.
 * One file for each device below /run, gone with the next boot like the
 * binding itself. Nobody but root may have a say in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

#define DIRECTORY	"/run/vfio-cxl"
#define LOCK_TRIES	100	/* in 5 s */

/* A descriptor of the folder, or a negative errno */
static int open_dir(struct vcxl_device *dev, bool create)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, ret = vcxl_path(dev->ctx, path, DIRECTORY);

	if (ret)
		return ret;
	if (create && mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fstat(fd, &st) ? -errno : 0;
	if (!ret && (st.st_uid != geteuid() || st.st_mode & 022))
		ret = -EPERM;
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

/* A lock that goes with the descriptor, whatever ends its owner */
static int wait_lock(int fd)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	unsigned int tries;

	for (tries = 0; flock(fd, LOCK_EX | LOCK_NB); tries++) {
		if (errno != EINTR && errno != EWOULDBLOCK)
			return -errno;
		/* An unbind may wait for the device's user for ever */
		if (tries >= LOCK_TRIES)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int lock_file(struct vcxl_device *dev)
{
	char name[VCXL_NAME_LEN + 8];
	int fd, ret, dir = open_dir(dev, true);

	if (dir < 0)
		return dir;
	snprintf(name, sizeof(name), ".%s.lock", dev->name);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	ret = fd < 0 ? -errno : wait_lock(fd);
	close(dir);
	if (ret && fd >= 0)
		close(fd);
	return ret ? ret : fd;
}

/*
 * For one bind or unbind of a device at a time. The descriptor to close in the
 * end, or a negative errno. The file stays: who waits for it has it open.
 */
int vcxl_saved_lock(struct vcxl_device *dev)
{
	int ret = lock_file(dev);

	if (ret >= 0)
		return ret;
	if (ret == -EBUSY)
		return vcxl_fail(dev->ctx, ret, dev->name,
				 "wait for it to end; with --force it waits for the device's user",
				 "another bind or unbind of this device is under way");
	return vcxl_fail(dev->ctx, ret, dev->name,
			 geteuid() ? "run it as root" :
			 "remove " DIRECTORY " if it is not a folder of root's alone",
			 "can't use " DIRECTORY ": %s", strerror(-ret));
}

static int write_file(int dir, const char *name, const char *text, size_t len)
{
	int fd = openat(dir, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	size_t done = 0;
	int ret = 0;

	if (fd < 0)
		return -errno;
	while (!ret && done < len) {
		ssize_t n = write(fd, text + done, len - done);

		if (n > 0)
			done += n;
		else if (!n || errno != EINTR)
			ret = n ? -errno : -EIO;
	}
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

int vcxl_saved_write(struct vcxl_device *dev, const struct vcxl_saved *saved)
{
	char text[4 * VCXL_NAME_LEN], tmp[VCXL_NAME_LEN + 8];
	int ret, dir = open_dir(dev, true);

	if (dir < 0)
		return dir;
	snprintf(tmp, sizeof(tmp), ".%s.tmp", dev->name);
	snprintf(text, sizeof(text), "driver=%s\noverride=%s\n", saved->driver,
		 saved->override);
	/* What an interrupted run left behind */
	ret = unlinkat(dir, tmp, 0) && errno != ENOENT ? -errno : 0;
	if (!ret)
		ret = write_file(dir, tmp, text, strlen(text));
	if (!ret && renameat(dir, tmp, dir, dev->name))
		ret = -errno;
	if (ret)
		unlinkat(dir, tmp, 0);
	close(dir);
	return ret;
}

/* The value of "@key=" in @text; it may be empty */
static int get_value(const char *text, const char *key, char *buf, size_t len)
{
	const char *line = strstr(text, key);
	size_t n;

	if (!line)
		return -EINVAL;
	line += strlen(key);
	n = strcspn(line, "\n");
	if (n >= len || line[n] != '\n')
		return -EINVAL;
	memcpy(buf, line, n);
	buf[n] = '\0';
	return !*buf || vcxl_name_ok(buf) ? 0 : -EINVAL;
}

static int read_text(int dir, const char *name, char *text, size_t len)
{
	int fd = openat(dir, name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	size_t got;
	int ret;

	if (fd < 0)
		return -errno;
	ret = vcxl_read_all(fd, text, len - 1, &got);
	close(fd);
	text[got] = '\0';
	return ret;
}

/* -ENOENT where there is no note, -EINVAL for one that is damaged */
int vcxl_saved_read(struct vcxl_device *dev, struct vcxl_saved *saved)
{
	char text[4 * VCXL_NAME_LEN];
	int ret, dir = open_dir(dev, false);

	if (dir < 0)
		return dir;
	ret = read_text(dir, dev->name, text, sizeof(text));
	close(dir);
	if (!ret)
		ret = get_value(text, "driver=", saved->driver,
				sizeof(saved->driver));
	if (!ret)
		ret = get_value(text, "override=", saved->override,
				sizeof(saved->override));
	return ret;
}

int vcxl_saved_remove(struct vcxl_device *dev)
{
	int ret, dir = open_dir(dev, false);

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	ret = unlinkat(dir, dev->name, 0) && errno != ENOENT ? -errno : 0;
	close(dir);
	return ret;
}
