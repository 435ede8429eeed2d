// SPDX-License-Identifier: GPL-2.0-only
/* What is tried: a change of what reached something new, or something made up. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmfuzz.h"

#define KEPT	4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct input *kept[KEPT];
static unsigned int kept_count;
static const char *kept_in;

static __u64 draw(struct thread *t)
{
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;

	return t->random * 0x2545f4914f6cdd1dULL;
}

__u32 random_below(struct thread *t, __u32 end)
{
	return (draw(t) >> 33) % end;
}

/* Numbers at which something begins, or ends */
static __u64 value(struct thread *t)
{
	static const __u64 edges[] = {
		0, 1, 2, 3, 4, 7, 8, 15, 16, 24, 32, 64, 0xff, 0x100, 0xfff,
		PAGE, PAGE + 1, 0xffff, 0x10000, BLOCK - 1, BLOCK, 2 * BLOCK,
		4 * BLOCK, AREA - PAGE, AREA, 256 * MIB, 512 * MIB, GIB,
		0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 40,
		1ULL << 63, ~0ULL - PAGE + 1, ~0ULL,
	};

	switch (random_below(t, 8)) {
	case 0:
		return draw(t);
	case 1:
		return 1ULL << random_below(t, 64);
	case 2:
		/* Where something is mapped, perhaps */
		return (unsigned long)area(random_below(t, AREAS)) +
		       random_below(t, 4) * PAGE;
	case 3:
	case 4:
		return random_below(t, 32);
	default:
		return edges[random_below(t, sizeof(edges) / sizeof(*edges))];
	}
}

static void draw_patch(struct thread *t, struct patch *patch)
{
	*patch = (struct patch){
		/* Most structs are short, and what decides is at their begin */
		.at = random_below(t, random_below(t, 2) ? 40 : 256),
		.size = random_below(t, 4),
		.value = value(t),
	};
}

static void draw_call(struct thread *t, struct call *call)
{
	static const __u8 patches[] = { 0, 0, 0, 0, 0, 1, 1, 2 };
	unsigned int i;

	memset(call, 0, sizeof(*call));
	call->op = op_random(t);
	call->who = random_below(t, 256);
	call->pick = draw(t) >> 4 & 0xefffffff;
	if (!random_below(t, 32))
		call->pick |= 0xf0000000;
	call->at = random_below(t, 2) ? draw(t) : value(t);
	call->length = random_below(t, 2) ? draw(t) : value(t);
	call->patches = patches[random_below(t, 8)];
	for (i = 0; i < PATCHES; i++)
		draw_patch(t, &call->patch[i]);
}

/* One number of it */
static void change_call(struct thread *t, struct call *call)
{
	switch (random_below(t, 8)) {
	case 0:
		call->who = random_below(t, 256);
		break;
	case 1:
		call->pick = draw(t) >> 32;
		break;
	case 2:
		call->pick ^= 1U << random_below(t, 32);
		break;
	case 3:
		call->at = value(t);
		break;
	case 4:
		call->at ^= 1ULL << random_below(t, 40);
		break;
	case 5:
		call->length = value(t);
		break;
	case 6:
		call->patches = random_below(t, PATCHES + 1);
		break;
	default:
		draw_patch(t, &call->patch[random_below(t, PATCHES)]);
	}
}

static void insert(struct input *input, unsigned int at,
		   const struct call *calls, unsigned int count)
{
	unsigned int after = input->count - at;

	if (count > CALLS - input->count)
		count = CALLS - input->count;
	memmove(&input->call[at + count], &input->call[at],
		after * sizeof(*calls));
	memcpy(&input->call[at], calls, count * sizeof(*calls));
	input->count += count;
}

static void get_kept(struct thread *t, struct input *input)
{
	pthread_mutex_lock(&lock);
	*input = *kept[random_below(t, kept_count)];
	pthread_mutex_unlock(&lock);
}

static void change(struct thread *t, struct input *input)
{
	unsigned int at = random_below(t, input->count), from;
	struct input other;
	struct call call;

	switch (random_below(t, 8)) {
	case 0:
		input->count--;
		memmove(&input->call[at], &input->call[at + 1],
			(input->count - at) * sizeof(call));
		if (!input->count) {
			draw_call(t, &input->call[0]);
			input->count = 1;
		}
		break;
	case 1:
		call = input->call[at];
		insert(input, random_below(t, input->count + 1), &call, 1);
		break;
	case 2:
		get_kept(t, &other);
		from = random_below(t, other.count);
		insert(input, at, &other.call[from],
		       random_below(t, other.count - from) + 1);
		break;
	case 3:
	case 4:
		draw_call(t, &call);
		insert(input, random_below(t, input->count + 1), &call, 1);
		break;
	default:
		change_call(t, &input->call[at]);
	}
}

/* What is kept is slow more often than not, as that reaches far */
static void hasten(struct thread *t, struct input *input)
{
	unsigned int i, to = 0, slow;

	for (i = 0; i < input->count; i++) {
		slow = op_at(op_index(input->call[i].op))->slow;
		if (!slow || !random_below(t, slow))
			input->call[to++] = input->call[i];
	}
	input->count = to;
}

void input_next(struct thread *t, struct input *input)
{
	unsigned int i;

	if (kept_count && random_below(t, 8)) {
		get_kept(t, input);
		for (i = random_below(t, 4); i; i--)
			change(t, input);
	} else {
		input->count = random_below(t, 8) + 1;
		for (i = 0; i < input->count; i++)
			draw_call(t, &input->call[i]);
	}
	hasten(t, input);
}

static void save(const struct input *input)
{
	const __u8 *bytes = (const __u8 *)input->call;
	size_t size = input->count * sizeof(*input->call), i;
	__u64 hash = 0xcbf29ce484222325ULL;
	char path[512];
	int fd;

	for (i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL;
	snprintf(path, sizeof(path), "%s/%016llx", kept_in, hash);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	if (write(fd, bytes, size) != (ssize_t)size)
		unlink(path);
	close(fd);
}

static void keep(const struct input *input)
{
	struct input *copied = malloc(sizeof(*copied));

	if (!copied)
		return;
	*copied = *input;
	pthread_mutex_lock(&lock);
	if (kept_count < KEPT) {
		kept[kept_count++] = copied;
		copied = NULL;
		__atomic_store_n(&shared->kept, kept_count, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&lock);
	free(copied);
}

void input_keep(const struct input *input)
{
	keep(input);
	if (kept_in)
		save(input);
}

/* Of another version there may be kinds of calls that are no more */
static bool known(const struct input *input)
{
	unsigned int i;

	for (i = 0; i < input->count; i++)
		if (!op_index(input->call[i].op))
			return false;

	return true;
}

/* What another run has kept; and from now on what this one keeps goes there */
bool inputs_load(const char *folder)
{
	struct input input;
	struct dirent *entry;
	char path[512];
	ssize_t n;
	DIR *dir;
	int fd;

	mkdir(folder, 0755);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, input.call, sizeof(input.call));
		close(fd);
		input.count = n < 0 ? 0 : n / sizeof(*input.call);
		if (input.count && known(&input))
			keep(&input);
	}
	if (!dir) {
		perror(folder);
		return false;
	}
	closedir(dir);
	kept_in = folder;

	return true;
}

/* A few that come far, so that changes of them do, too */

#define CONTROL		1		/* @who: the control node, for own ioctls */
#define LARGE		(1 << 24)	/* @length: a large page; @at: from one on */
#define WINDOW		(1 << 10 | 1 << 12)	/* @pick of map-region */
#define DYNAMIC		(1 << 11)
#define REACH_DEVICE	8		/* @at of accept */
#define FORCE		8		/* @at of release */

struct step {
	const char *op;
	__u8 who;
	__u32 pick;
	__u64 at;
	__u64 length;
};

static const struct step seeds[][CALLS] = {
	/* A tag in a descriptor */
	{ { "create", CONTROL }, { "add", CONTROL }, { "accept", CONTROL },
	  { "open-tag", CONTROL }, { "map-tag", 0, 0, LARGE, LARGE },
	  { "write-page", 0, 0, LARGE, LARGE }, { "any", TAGS },
	  { "release", CONTROL }, { "release", CONTROL, 0, FORCE },
	  { "read-page", 0, 0, LARGE, LARGE }, { "destroy", CONTROL } },
	{ { "create", CONTROL, 1 }, { "map-backend", 3, 1 << 9, 0, LARGE },
	  { "write-page", 3, 0, 0, LARGE }, { "pin", 3 },
	  { "add", CONTROL, 1, 2 }, { "destroy", CONTROL, 1 },
	  { "read-page", 3 }, { "close", PIPES } },
	/* In the window */
	{ { "create", CONTROL, 2 }, { "add", CONTROL, 2, 2 },
	  { "accept", CONTROL, 2, REACH_DEVICE }, { "open", 0, 0 },
	  { "map-region", 1, WINDOW, 2ULL << 32 | LARGE, LARGE },
	  { "write-page", 1, 0, LARGE, LARGE }, { "dma-map", 0, 1 },
	  { "remove", CONTROL, 2 }, { "release", 0, 2 },
	  { "read-page", 1, 0, LARGE, LARGE }, { "dma-unmap", 0, 1 } },
	/* The device's */
	{ { "open", 0, 0 }, { "offer" }, { "dc-list", CONTROL, 7 },
	  { "accept", 0, 4 }, { "map-region", 2, DYNAMIC, LARGE, LARGE },
	  { "write-page", 2, 0, LARGE, LARGE }, { "ask-back" },
	  { "dc-status", 0, 4 }, { "release", 0, 4 }, { "vfio-reset" } },
	{ { "close-user", 0, 1 }, { "offer", 0, 1, 2 },
	  { "dc-list", CONTROL, 7 }, { "accept", CONTROL, 5 },
	  { "open-tag", CONTROL, 5 }, { "map-tag", 4, 1 << 9 },
	  { "write-page", 4 }, { "ask-back", 0, 1 | 8, 2 },
	  { "release", CONTROL, 5, FORCE } },
	/* Memory, and what takes it away */
	{ { "open", 0, 0 }, { "map-region", 5, 0, LARGE, LARGE },
	  { "write-page", 5, 0, LARGE, LARGE }, { "vfio-reset" },
	  { "read-page", 5, 0, LARGE, LARGE }, { "sysfs-reset" },
	  { "read-page", 5, 0, LARGE, LARGE }, { "protect", 5, 1 << 4, LARGE },
	  { "advise", 5, 0, LARGE, LARGE }, { "close-user" } },
	{ { "open", 1, 1 }, { "set-irqs" }, { "register", 0, 0, 0, 2 },
	  { "register", 0, 3, 4, 1 << 9 }, { "region-read", 0, 7 << 4 },
	  { "ioeventfd" }, { "vfio-reset" }, { "close-user", 0, 1 } },
	/* The log */
	{ { "netlink", 0, 0 }, { "epoll", NODES, 1 << 9, 1 },
	  { "dc-eventfd" }, { "create", CONTROL, 3 },
	  { "add", CONTROL, 3, 2 }, { "reject", CONTROL, 3 },
	  { "log", 0, 3 }, { "netlink", 0, 4 }, { "epoll" } },
	/* The end */
	{ { "close-user", 0, 1 }, { "clear", CONTROL },
	  { "program", CONTROL }, { "guest-set", CONTROL, 1, 2 }, { "open", 0, 0 },
	  { "decoder", CONTROL }, { "guest-clear", CONTROL },
	  { "close-user", 0, 1 }, { "unbind", 0, 1 } },
	{ { "reload" }, { "open", 0, 0 } },
	{ { "close-user", 0, 1 }, { "unplug", 0, 1 }, { "program", CONTROL },
	  { "open", 0, 0 }, { "map-region", 5, 0, LARGE, LARGE },
	  { "read-page", 5, 0, LARGE, LARGE } },
	/* A device that lies: to a reset, to who opens it, to who binds it */
	{ { "open", 0, 0 }, { "map-region", 5, 0, LARGE, LARGE },
	  { "device-commits", 0, 0 }, { "vfio-reset" },
	  { "read-page", 5, 0, LARGE, LARGE }, { "device-behaves" },
	  { "vfio-reset" }, { "read-page", 5, 0, LARGE, LARGE } },
	{ { "close-user", 0, 1 }, { "device-lies", 0, 10, 4, 2 },
	  { "open", 0, 0 }, { "device-behaves" }, { "open", 0, 0 } },
	{ { "close-user", 0, 1 }, { "device-decoder" }, { "unbind", 0, 1 },
	  { "decoder", CONTROL }, { "open", 0, 0 }, { "device-away", 2 },
	  { "device-afresh" } },
	{ { "device-has", 1, 0, 1, 2 }, { "unbind", 0, 1 },
	  { "device-is", 0, 2 }, { "program", CONTROL },
	  { "device-behaves" }, { "program", CONTROL } },
	{ { "open", 1, 1 }, { "set-irqs" }, { "register", 0, 0, 0, 6 },
	  { "map-backend", 1 }, { "dma-map", 1, 1 },
	  { "device-dma", 0, 2 }, { "device-irq" }, { "device-away", 0 } },
};

void inputs_seed(void)
{
	struct input input;
	const struct step *s;
	unsigned int i;

	for (i = 0; i < sizeof(seeds) / sizeof(*seeds); i++) {
		memset(&input, 0, sizeof(input));
		for (s = seeds[i]; s < seeds[i] + CALLS && s->op; s++) {
			/* Not in this topology */
			if (!op_index(op_number(s->op)))
				continue;
			input.call[input.count++] = (struct call){
				.op = op_number(s->op),
				.who = s->who,
				.pick = s->pick,
				.at = s->at,
				.length = s->length,
			};
		}
		keep(&input);
	}
}
