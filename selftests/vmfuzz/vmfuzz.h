/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer of the driver as a whole: threads make calls of all kinds that its users
 * can make, with arguments that were valid before they were changed, and keep what
 * reached new places of the module.
 *
 * An input is a few calls in a row. They act on objects that all threads share: what
 * the calls before have opened, mapped, offered. After some inputs everything is given
 * back, and begins anew: an epoch, of which a journal is kept.
 */
#ifndef VMFUZZ_H
#define VMFUZZ_H

#include <pthread.h>

#include "../uapi/lib.h"

#define PAGE		4096UL
#define BLOCK		(2 * MIB)
#define THREADS		8
/* Calls of an input, inputs of a thread in an epoch, and so calls in its journal */
#define CALLS		16
#define EPOCH		50
#define JOURNAL		(CALLS * EPOCH)
#define PATCHES		2
/* Kinds of calls, at most */
#define OPS		128

/* Other bytes in the struct of an ioctl, after it was filled in */
struct patch {
	__u16 at;
	__u16 size;
	__u32 reserved;
	__u64 value;
};

/* A call; what its numbers mean is said by its kind. This is also how it is kept */
struct call {
	__u16 op;		/* op_number() of its kind */
	__u8 who;		/* of several objects of the kind */
	__u8 patches;
	__u32 pick;
	__u64 at;
	__u64 length;
	struct patch patch[PATCHES];
};

struct input {
	unsigned int count;
	struct call call[CALLS];
};

/* What a process that watches sees: all of it is in shared memory */
struct journal {
	unsigned int count;
	struct call call[JOURNAL];
};

struct shared {
	unsigned long calls;
	unsigned long inputs;
	unsigned long epochs;
	unsigned long places;
	unsigned long kept;
	unsigned long tried[OPS];
	unsigned long done[OPS];	/* that returned no error */
	unsigned long spent[OPS];	/* microseconds */
	bool over;			/* the time */
	bool after;			/* what follows it was well */
	struct journal journal[THREADS];
};

struct thread {
	unsigned int number;
	pthread_t id;
	__u64 random;
	int kcov;
	unsigned long *cover;
	char *buffer;
	struct journal *journal;
};

extern struct shared *shared;

/*
 * A kind of call. @run returns 0 or more, or -errno. Those with @cmd are the driver's
 * own ioctls, on either node: @fill makes a valid struct, @tame takes out of it what must
 * not be asked for, @after looks what came of it
 */
struct op {
	const char *name;
	long (*run)(struct thread *t, const struct call *call,
		    const struct op *op);
	unsigned int weight;
	unsigned int slow;	/* all else waits: of so many only one is made */
	unsigned int cmd;
	unsigned int size;
	void (*fill)(struct thread *t, const struct call *call, void *arg,
		     bool user);
	void (*tame)(void *arg);
	void (*after)(const struct call *call, void *arg, bool patched);
};

/* All kinds: ops.c. In a call stands a number made of the name */
bool ops_init(void);
unsigned int op_index(__u16 number);	/* 0: there is none */
const struct op *op_at(unsigned int index);
__u16 op_number(const char *name);
__u16 op_random(struct thread *t);
void ops_print(void);

extern const struct op own_ops[];	/* ops_own.c */
extern const struct op vfio_ops[];	/* ops_vfio.c */
extern const struct op memory_ops[];	/* ops_memory.c */
extern const struct op object_ops[];	/* ops_object.c */
extern const struct op life_ops[];	/* ops_life.c */
extern const struct op capacity_ops[];	/* likewise, of the device's own */
extern const struct op device_ops[];	/* ops_device.c */

#define BUFFER	65536UL

/* cover.c: what was reached */
bool cover_init(void);
void cover_base(void);
bool cover_open(struct thread *t);
bool cover_start(const struct thread *t);
unsigned int cover_take(struct thread *t);

/* input.c: what is tried, and what is kept of that */
__u32 random_below(struct thread *t, __u32 end);
void input_next(struct thread *t, struct input *input);
void input_keep(const struct input *input);
bool inputs_load(const char *folder);
void inputs_seed(void);

/* objects.c: what calls act on */
enum kind {
	USERS,		/* 0: by its group, 1: by its own node */
	NODES,		/* control nodes */
	BACKENDS,
	TAGS,
	NETLINKS,
	EPOLLS,
	EVENTFDS,
	PIPES,		/* that hold pages */
	KINDS,
};

#define SLOTS	4

struct object {
	struct user user;	/* of most only @device, of pipes @group as well */
	unsigned int users;
};

struct object *object_get(enum kind kind, unsigned int n);
struct object *object_any(const struct call *call);
void object_put(struct object *object);
/* Takes @user over, also when it returns false: the epoch ends */
bool object_set(enum kind kind, unsigned int n, const struct user *user);
bool object_set_fd(enum kind kind, unsigned int n, int fd);
void object_drop(enum kind kind, unsigned int n);
void objects_close(void);
/* Opened if it was not there */
struct object *object_need(enum kind kind, unsigned int n);

/* areas.c: addresses, where all is mapped */
#define AREAS		8
#define AREA		(32 * MIB)

extern int own_memory;		/* /proc/self/mem */
bool areas_init(void);
char *area(unsigned int n);
/* Something may be mapped there from now on; false: the epoch ends */
bool area_lock(unsigned int n);
void area_unlock(unsigned int n);
void areas_clear(void);
/* Copies that may be of what is mapped: 0, or the signal that it raised */
int copy(volatile void *to, const volatile void *from, size_t size);
/* Where a call's struct or data is: the thread's own, or in an area */
char *place(struct thread *t, const struct call *call, size_t size);

/* Ids and offers that were seen in lists, for calls that name one */
void learn(__u64 id, __u64 offer);
__u64 learned_id(unsigned int n);
__u64 learned_offer(unsigned int n);

/* What begins an epoch, and ends it: epoch.c */
extern bool epoch_ends;		/* what is opened is closed again */
bool epoch_begin(void);
bool epoch_end(void);
bool device_works(void);
/* Bound again, with another in its place if it was unplugged */
bool device_back(void);
bool device_anew(void);		/* and all is as it was at first */
bool module_reload(void);
extern int first_fd;		/* from here on all are the epoch's */

/* Tags: backends' are 1 to 4, the device's own 17 and 18, and NULL */
void tag_fill(__u8 *tag, const struct call *call);
/* Its answer goes to @answer, if there is room */
bool bed_locked(char *answer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A device that lies, if the test bed has one: ops_device.c */
bool device_default(void);
bool device_was_told(void);
bool device_lacks(__u64 base);

#endif /* VMFUZZ_H */
