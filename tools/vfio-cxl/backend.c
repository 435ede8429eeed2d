// SPDX-License-Identifier: GPL-2.0-only
/* backend create, list, destroy: host memory under a tag */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dc.h"

/* Of a file, between two looks for a signal */
#define PIECE	(4UL << 20)
#define LOOK_MS	100

static const struct column columns[] = {
	{ "ID", "id", FORMAT_TEXT },
	{ "TAG", "tag", FORMAT_TEXT },
	{ "SIZE", "size", FORMAT_SIZE },
	{ "HUGE", "huge", FORMAT_SIZE },
	{ "NODE", "node", FORMAT_TEXT },
	{ "FLAGS", "flags", FORMAT_TEXT },
};

static struct json_object *json_backend(struct vcxl_device *dev,
					const struct vfio_cxl_backend_info *b)
{
	struct json_object *o = json_record();

	json_add(o, "device", json_text(vcxl_device_name(dev)));
	json_add(o, "id", json_u64(b->id));
	json_add(o, "tag", json_tag(b->tag));
	json_add(o, "size", json_u64(b->size));
	json_add(o, "huge", json_u64(b->huge));
	json_add(o, "node", b->node < 0 ? NULL : json_int(b->node));
	json_add(o, "flags", json_bits(b->flags, vcxl_backend_flag_name));
	json_add(o, "extent", b->flags & VFIO_CXL_BACKEND_RESERVED ?
		 json_u64(b->extent) : NULL);
	return o;
}

/* All, or that with @tag */
static int read_backends(struct vcxl_device *dev, const uint8_t *tag,
			 struct json_object *records)
{
	struct vfio_cxl_backend_info *backends;
	size_t count, i;
	int ret = vcxl_backend_list(dev, &backends, &count);

	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		if (!tag || !memcmp(backends[i].tag, tag,
				    sizeof(backends[i].tag)))
			json_append(records, json_backend(dev, &backends[i]));
	free(backends);
	return 0;
}

static int list(struct args *args, struct vcxl_device *dev)
{
	struct json_object *records = json_list();
	int ret = read_backends(dev, NULL, records);

	if (!ret && (args->opt[OPT_JSON] || json_object_array_length(records)))
		return print_records(args, "backends", records, columns,
				     ARRAY_SIZE(columns));
	json_object_put(records);
	if (ret)
		return report(args, ret);
	printf("%s: no backends\n", vcxl_device_name(dev));
	return EXIT_DONE;
}

int cmd_backend_list(struct args *args)
{
	struct vcxl_device *dev;
	int ret = open_device(args, &dev);

	if (ret)
		return report(args, ret);
	ret = list(args, dev);
	vcxl_device_free(dev);
	return ret;
}

static int fail(const struct args *args, int err, const char *path,
		const char *why)
{
	struct vcxl_error e = { .err = err };

	snprintf(e.object, sizeof(e.object), "%s", path);
	snprintf(e.why, sizeof(e.why), "%s", why);
	return report_error(args, &e);
}

/**
 * struct source - what is to be in the memory
 * @path: a file, or NULL for zeroes
 * @fd: of it, or -1
 * @size: of a regular file; 0 for others, whose end is seen when it comes
 */
struct source {
	const char *path;
	int fd;
	uint64_t size;
};

/* What can be wrong with it is told before any memory is taken */
static int source_open(const struct args *args, uint64_t room,
		       struct source *source)
{
	struct stat st;

	*source = (struct source){ .path = args->opt[OPT_FILL], .fd = -1 };
	if (!source->path)
		return EXIT_DONE;
	source->fd = open(source->path, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0 || fstat(source->fd, &st))
		return fail(args, -errno, source->path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(args, -EISDIR, source->path, strerror(EISDIR));
	source->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	if (source->size > room)
		return fail(args, -EFBIG, source->path,
			    "the file is larger than the backend");
	return EXIT_DONE;
}

static bool is_signalled(void)
{
	sigset_t set;

	return !sigpending(&set) &&
	       (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) ||
		sigismember(&set, SIGHUP));
}

/* Signals are held: so a read that would wait for them, too, is not begun */
static bool is_there(const struct source *source)
{
	struct pollfd p = { .fd = source->fd, .events = POLLIN };

	return poll(&p, 1, LOOK_MS) > 0;
}

/* Up to its end. 1 byte more than there is room for is one too many */
static int copy(const struct source *source, char *to, uint64_t room)
{
	uint64_t done = 0;
	char more;

	while (!is_signalled()) {
		uint64_t left = room - done;
		ssize_t n;

		if (!is_there(source))
			continue;
		n = read(source->fd, left ? to + done : &more,
			 left > PIECE ? PIECE : left ? left : 1);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return 0;
		if (n > 0 && !left)
			return -EFBIG;
		done += n > 0 ? n : 0;
	}
	return -EINTR;
}

static int fill(const struct args *args, const struct source *source, int fd,
		uint64_t size)
{
	char *memory;
	int ret;

	if (!source->path)
		return EXIT_DONE;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return fail(args, -errno, "the backend", strerror(errno));
	ret = copy(source, memory, size);
	munmap(memory, size);
	if (!ret)
		return EXIT_DONE;
	return fail(args, ret, source->path,
		    ret == -EFBIG ? "the file is larger than the backend" :
		    ret == -EINTR ? "a signal came before it was all copied" :
				    strerror(-ret));
}

static int show(struct args *args, struct vcxl_device *dev,
		const struct vfio_cxl_backend_create *arg)
{
	struct vfio_cxl_backend_info info = {
		.id = arg->id,
		.size = arg->size,
		.huge = arg->huge,
		.node = arg->flags ? arg->node : -1,
	};
	struct json_object *records = json_list(), *o;
	char size[32], huge[32];

	memcpy(info.tag, arg->tag, sizeof(info.tag));
	o = json_backend(dev, &info);
	json_append(records, o);
	format_size(info.size, size, sizeof(size));
	format_size(info.huge, huge, sizeof(huge));
	if (args->opt[OPT_JSON])
		print_json("backends", records);
	else
		printf("%s: %s of host memory under tag %s, %s of it in pages of 2 MiB\n",
		       vcxl_device_name(dev), size, text_of(o, "tag"), huge);
	json_object_put(records);
	return EXIT_DONE;
}

/* Whatever fails leaves none behind */
static int create(struct args *args, struct vcxl_device *dev,
		  struct vfio_cxl_backend_create *arg,
		  const struct source *source)
{
	int fd, ret;

	ret = vcxl_backend_create(dev, arg, &fd);
	if (ret)
		return report(args, ret);
	hold_signals();
	ret = fill(args, source, fd, arg->size);
	close(fd);
	if (!ret)
		return show(args, dev, arg);
	vcxl_backend_destroy(dev, arg->tag, arg->id);
	return ret;
}

static int create_options(const struct args *args,
			  struct vfio_cxl_backend_create *arg)
{
	uint64_t size = 0, node = 0;
	int ret = parse_tag(args, args->second, arg->tag);

	if (ret)
		return ret;
	if (!args->opt[OPT_SIZE])
		return usage_error(args, "how much? --size says it");
	ret = size_option(args, OPT_SIZE, &size);
	if (!ret)
		ret = number_option(args, OPT_NUMA, INT_MAX, &node);
	arg->size = size;
	arg->node = node;
	if (args->opt[OPT_NUMA])
		arg->flags = VFIO_CXL_BACKEND_NODE;
	return ret;
}

int cmd_backend_create(struct args *args)
{
	struct vfio_cxl_backend_create arg = { 0 };
	struct vcxl_device *dev;
	struct source source;
	int ret = create_options(args, &arg);

	if (ret)
		return ret;
	ret = source_open(args, arg.size, &source);
	if (!ret) {
		ret = open_device(args, &dev);
		if (ret) {
			ret = report(args, ret);
		} else {
			ret = create(args, dev, &arg, &source);
			vcxl_device_free(dev);
		}
	}
	if (source.fd >= 0)
		close(source.fd);
	return ret;
}

static int destroy(struct args *args, struct vcxl_device *dev,
		   const uint8_t *tag)
{
	struct json_object *records = json_list(), *o;
	int ret = read_backends(dev, tag, records);
	uint64_t id = 0;

	/* What it was is told: so that, and no other of the tag */
	if (!ret && json_object_array_length(records)) {
		o = json_object_array_get_idx(records, 0);
		id = json_object_get_uint64(lookup(o, "id"));
	}
	if (!ret)
		ret = vcxl_backend_destroy(dev, tag, id);
	if (ret)
		ret = report(args, ret);
	else if (args->opt[OPT_JSON])
		print_json("backends", records);
	else
		printf("%s: the host memory under tag %s is the host's again\n",
		       vcxl_device_name(dev), args->second);
	json_object_put(records);
	return ret;
}

int cmd_backend_destroy(struct args *args)
{
	uint8_t tag[VFIO_CXL_DC_TAG_LEN];
	struct vcxl_device *dev;
	int ret = parse_tag(args, args->second, tag);

	if (ret)
		return ret;
	ret = open_device(args, &dev);
	if (ret)
		return report(args, ret);
	ret = destroy(args, dev, tag);
	vcxl_device_free(dev);
	return ret;
}
