// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library reads in files: a line, a number, /proc/iomem, the CEDT, the note
 * of a bind, the log of changes. Whatever is opened is the input.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz_tool.h"

static int file = -1;

static int opened(void)
{
	char path[32];
	int fd;

	/* A description of its own, that begins at the beginning */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = __real_open(path, O_RDWR | O_CLOEXEC);
	must(fd >= 0, "the bed: a file");
	return fd;
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return file >= 0 && strncmp(path, "/dev/null", 9) ? opened() :
	       __real_open(path, flags, mode);
}

int __wrap_openat(int dir, const char *path, int flags, ...)
{
	(void)dir;
	(void)path;
	(void)flags;
	return opened();
}

static void read_attr(const u8 *data, size_t size)
{
	char line[80];
	u64 value = 0, want = 0;
	bool hex = size > 2 && !memcmp(data, "0x", 2), good;
	size_t i = hex ? 2 : 0, n = size;

	if (memchr(data, '\n', size))
		n = (const u8 *)memchr(data, '\n', size) - data;
	if (memchr(data, '\0', n))
		n = (const u8 *)memchr(data, '\0', n) - data;
	if (!vcxl_read_attr("x", line, sizeof(line)))
		must_be_text(line, sizeof(line), "a line is text");
	/* The whole file has to fit */
	good = i < n && size < 64 &&
	       digits((const char *)data + i, n - i, hex, &want) == n - i;
	must(!vcxl_read_u64("x", &value) == good,
	     "a number is one, or it is not");
	must(!good || value == want, "a number is what the file says");
}

/* Not the window itself, nor what is set aside in it, nor what it lies in */
static bool is_user(const struct vcxl_iomem *e, u64 base, u64 last)
{
	bool around = e->start <= base && e->end >= last &&
		      (e->start < base || e->end > last);

	return !around && strncmp(e->name, "CXL Window ", 11) &&
	       strcmp(e->name, "Soft Reserved");
}

static void read_iomem(struct vcxl *ctx, struct input *in)
{
	u64 base = in_scaled(in), size = in_scaled(in), free_base, free_size;
	struct vcxl_iomem *entries;
	size_t count, i;

	if (vcxl_largest_free(ctx, base, size, &free_base, &free_size))
		return;
	must(!vcxl_iomem_read(ctx, &entries, &count), "it was read before");
	must(!free_size || (free_base >= base && free_size <= size &&
			    free_base - base <= size - free_size),
	     "what is free is in the window");
	must(!(free_base % SZ_256M) && !(free_size % SZ_256M),
	     "what is free is what a decoder can have");
	for (i = 0; i < count; i++) {
		must(entries[i].start <= entries[i].end, "no range ends first");
		must_be_text(entries[i].name, sizeof(entries[i].name),
			     "a name is text");
		must(!free_size || !is_user(&entries[i], base, base + size - 1) ||
		     entries[i].end < free_base ||
		     entries[i].start > free_base + free_size - 1,
		     "what is free is nobody's");
	}
	free(entries);
}

/* As the kernel has it: a line for each range, in the window, before it, behind */
static struct input compose_iomem(struct input in)
{
	static const char *const names[] = {
		"System RAM", "CXL Window 0", "Soft Reserved", "Reserved",
	};
	u64 base = in_scaled(&in), start, len;
	static char text[8192];
	struct input out = { .at = (u8 *)text };

	in_scaled(&in);
	while (in.left && out.left < sizeof(text) - 128) {
		start = base + in_u8(&in) * (SZ_256M / 4);
		len = in_u8(&in) * (SZ_256M / 4);
		out.left += snprintf(text + out.left, sizeof(text) - out.left,
				     "%*s%08llx-%08llx : %s\n", in_u8(&in) % 4, "",
				     (unsigned long long)start,
				     (unsigned long long)start + len,
				     names[in_u8(&in) % ARRAY_SIZE(names)]);
	}
	return out;
}

/* One that has both its lines, and says in one of them what the input does */
static struct input compose_note(struct input in)
{
	static const char *const heads[] = {
		"", "", "driver=a\noverride=", "override=a\ndriver=",
	};
	const char *head = heads[in_u8(&in) % ARRAY_SIZE(heads)];
	static char text[2048];
	struct input out = { (u8 *)text, strlen(head) + in.left };

	must(out.left <= sizeof(text), "an input is 1 KiB at most");
	memcpy(text, head, strlen(head));
	memcpy(text + strlen(head), in.at, in.left);
	return out;
}

/* Whole entries, of which nothing but the number counts; or anything */
static struct input compose_events(struct input in)
{
	static struct vfio_cxl_dc_event events[40];
	struct input out = { .at = (u8 *)events };
	size_t n;

	if (in_u8(&in) % 4 == 1)
		return in;
	memset(events, 0, sizeof(events));
	for (n = 0; in.left && n < ARRAY_SIZE(events); n++)
		events[n].sequence = in_bytes(&in, in_u8(&in) % 8 ? 1 : 8);
	out.left = n * sizeof(events[0]);
	return out;
}

static void read_cedt(struct vcxl *ctx)
{
	struct vfio_cxl_window w = {};
	u32 i = 0, total = 0;
	int ret;

	do {
		w.index = i;
		ret = vcxl_cedt_window(ctx, &w);
		if (ret == -ENOENT)
			break;
		if (must_account(ctx, ret))
			return;
		must(!i || w.total == total, "there are as many as before");
		total = w.total;
		must(w.index == i && w.ways && w.ways <= VFIO_CXL_WINDOW_TARGETS &&
		     w.size && w.base + w.size > w.base, "a window can be one");
	} while (++i);
	must(w.total == i, "as many as there are said to be");
}

static void read_note(struct vcxl *ctx)
{
	struct vcxl_device dev = { .ctx = ctx, .name = "0000:0d:00.0" };
	struct vcxl_saved saved;

	if (vcxl_saved_read(&dev, &saved))
		return;
	must(!*saved.driver || vcxl_name_ok(saved.driver), "a driver's name");
	must(!*saved.override || vcxl_name_ok(saved.override), "an override");
}

static void read_events(struct vcxl *ctx)
{
	struct vcxl_device dev = {
		.ctx = ctx, .name = "0000:0d:00.0", .driver = VCXL_DRIVER,
	};
	struct vfio_cxl_dc_event event;
	struct vcxl_events *events;
	u64 position;
	int ret;

	if (must_account(ctx, vcxl_events_open(&dev, &events)))
		return;
	do {
		position = vcxl_events_position(events);
		ret = vcxl_events_next(events, &event);
		must(ret || (event.sequence >= position &&
			     vcxl_events_position(events) == event.sequence + 1),
		     "the log goes on, and not back");
	} while (!ret);
	must_account(ctx, ret);
	vcxl_events_close(events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 what = in_u8(&in) % 6;
	/* Where a window is has to be said first */
	struct input window = in;
	struct vcxl *ctx;

	if (size > 1024)
		return 0;
	if (what == 1)
		in_bytes(&in, 6);
	if (what == 3)
		in = compose_note(in);
	if (what == 4)
		in = compose_events(in);
	if (what == 5)
		in = compose_iomem(in);
	file = memfd_create("input", MFD_CLOEXEC);
	/* Nobody else may have a say in a note */
	must(file >= 0 && !fchmod(file, 0600) && !vcxl_new(&ctx) &&
	     write(file, in.at, in.left) == (ssize_t)in.left, "the bed: a file");
	switch (what) {
	case 0:
		read_attr(in.at, in.left);
		break;
	case 1:
	case 5:
		read_iomem(ctx, &window);
		break;
	case 2:
		read_cedt(ctx);
		break;
	case 3:
		read_note(ctx);
		break;
	default:
		read_events(ctx);
	}
	vcxl_free(ctx);
	close(file);
	file = -1;
	return 0;
}
