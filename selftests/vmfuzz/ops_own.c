// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's own ioctls, on either node: first a struct that is valid, or nearly,
 * then some of its bytes are changed.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmfuzz.h"

#define STRUCT	8192		/* room for any of them, and a tail */
#define LIST	8		/* elements that are asked for, at most */
#define SIZE_MOST	(16 * MIB)	/* of a backend */
#define TIB		(1ULL << 40)

/* What lists are written to is behind the struct */
static char *list_of(struct thread *t)
{
	return t->buffer + STRUCT;
}

void tag_fill(__u8 *tag, const struct call *call)
{
	static const __u8 numbers[] = { 1, 2, 3, 4, 0x11, 0x12 };

	tag[0] = numbers[call->pick % 6];
	tag[15] = 0;
}

static void patch(char *arg, const struct call *call, unsigned int size)
{
	const struct patch *p;
	unsigned int i, at, n;

	for (i = 0; i < call->patches % (PATCHES + 1); i++) {
		p = &call->patch[i];
		n = 1U << p->size % 4;
		/* Now and then a little behind its end */
		at = p->at % (size + 8) & -n;
		memcpy(arg + at, &p->value, n);
	}
}

static long own_ioctl(struct thread *t, const struct call *call,
		      const struct op *op)
{
	bool user = !(call->who & 3);
	struct object *object;
	char *arg = t->buffer, *at = place(t, call, op->size);
	long ret;

	object = user ? object_get(USERS, call->who >> 2) :
			object_need(NODES, call->who >> 2);
	if (!object)
		return -EBADF;
	memset(arg, 0, STRUCT);
	memcpy(arg, &op->size, sizeof(op->size));
	if (op->fill)
		op->fill(t, call, arg, user);
	patch(arg, call, op->size);
	/* Nor may another thread change it then */
	if (op->tame) {
		op->tame(arg);
		at = arg;
	}
	if (at != arg && copy(at, arg, op->size))
		at = arg;
	ret = ioctl(object->user.device, op->cmd, at) ? -errno : 0;
	if (!ret && op->after && (at == arg || !copy(arg, at, op->size)))
		op->after(call, arg, call->patches % (PATCHES + 1));
	object_put(object);

	return ret;
}

static void fill_window(struct thread *t, const struct call *call, void *arg,
			bool user)
{
	((struct vfio_cxl_window *)arg)->index = call->pick % 3;
}

static void fill_decoder(struct thread *t, const struct call *call, void *arg,
			 bool user)
{
	((struct vfio_cxl_decoder *)arg)->index = call->pick % 6;
}

static void fill_program(struct thread *t, const struct call *call, void *arg,
			 bool user)
{
	struct vfio_cxl_decoder_program *program = arg;

	program->flags = call->pick % 4 == 1 ? VFIO_CXL_PROGRAM_DRY_RUN : 0;
	if (call->at & 1)
		program->size = (call->length % 9) * 256 * MIB;
	if (call->at & 2)
		program->dpa_skip = (call->length >> 8) % 3 * 256 * MIB;
}

/* Never locked: nothing would undo that; nor where there is no memory */
static void tame_program(void *arg)
{
	struct vfio_cxl_decoder_program *program = arg;

	program->flags &= ~VFIO_CXL_PROGRAM_LOCK;
	if (device_lacks(program->base))
		program->flags &= ~VFIO_CXL_PROGRAM_BASE;
}

static void fill_clear(struct thread *t, const struct call *call, void *arg,
		       bool user)
{
	struct vfio_cxl_decoder_clear *clear = arg;

	clear->flags = call->pick & 1 ? VFIO_CXL_CLEAR_DRY_RUN : 0;
}

static void fill_guest_set(struct thread *t, const struct call *call, void *arg,
			   bool user)
{
	struct vfio_cxl_guest_set *set = arg;

	set->flags = call->pick % 8;
	set->base = call->at % 32 * 256 * MIB;
}

static void fill_guest_clear(struct thread *t, const struct call *call,
			     void *arg, bool user)
{
	struct vfio_cxl_guest_clear *clear = arg;

	clear->flags = call->pick % 4 == 1 ? VFIO_CXL_GUEST_DRY_RUN : 0;
}

static void fill_dc_list(struct thread *t, const struct call *call, void *arg,
			 bool user)
{
	struct vfio_cxl_dc_list *list = arg;

	list->extents = (unsigned long)list_of(t);
	list->room = call->pick % LIST + 1;
}

static void after_dc_list(const struct call *call, void *arg, bool patched)
{
	const struct vfio_cxl_dc_list *list = arg;
	const struct vfio_cxl_dc_extent *extents;
	unsigned int i;

	if (patched)
		return;
	extents = (void *)(unsigned long)list->extents;
	for (i = 0; i < list->count && i < LIST; i++)
		learn(extents[i].id, extents[i].offer);
}

static void fill_status(struct thread *t, const struct call *call, void *arg,
			bool user)
{
	struct vfio_cxl_dc_status *status = arg;

	if (call->at & 1) {
		status->flags = VFIO_CXL_DC_STATUS_EXTENT;
		status->extent = learned_id(call->pick);
	} else {
		tag_fill(status->tag, call);
	}
	if (call->at & 2) {
		status->flags |= VFIO_CXL_DC_STATUS_REGION;
		status->region = call->pick >> 8 & 15;
	}
}

/* By tag mostly, by offer or by ids */
static void fill_decide(struct thread *t, const struct call *call, void *arg,
			bool user)
{
	struct vfio_cxl_dc_decide *decide = arg;
	__u64 *ids = (void *)list_of(t);
	unsigned int i;

	switch (call->at & 7) {
	case 6:
		decide->offer = learned_offer(call->pick);
		break;
	case 7:
		decide->ids = (unsigned long)ids;
		decide->count = (call->pick >> 8) % 3 + 1;
		for (i = 0; i < decide->count; i++)
			ids[i] = learned_id(call->pick + i);
		break;
	default:
		tag_fill(decide->tag, call);
	}
}

static void fill_accept(struct thread *t, const struct call *call, void *arg,
			bool user)
{
	struct vfio_cxl_dc_decide *decide = arg;

	fill_decide(t, call, arg, user);
	decide->reach = user ? VFIO_CXL_DC_REACH_TENANT :
			call->at & 8 ? VFIO_CXL_DC_REACH_DEVICE :
				       VFIO_CXL_DC_REACH_APP;
}

static void fill_release(struct thread *t, const struct call *call, void *arg,
			 bool user)
{
	static const __u32 flags[] = {
		0, VFIO_CXL_DC_DECIDE_FORCE, VFIO_CXL_DC_DECIDE_DEFER, 0,
	};

	fill_decide(t, call, arg, user);
	((struct vfio_cxl_dc_decide *)arg)->flags = flags[call->at >> 3 & 3];
}

static void fill_deadline(struct thread *t, const struct call *call, void *arg,
			  bool user)
{
	struct vfio_cxl_dc_deadline *deadline = arg;

	deadline->offer = learned_offer(call->pick);
	deadline->deadline = call->at & 1 ? 1 : VFIO_CXL_DC_NEVER;
}

static void fill_eventfd(struct thread *t, const struct call *call, void *arg,
			 bool user)
{
	struct object *object = object_need(EVENTFDS, call->pick);

	((struct vfio_cxl_dc_eventfd *)arg)->fd =
		object ? object->user.device : -1;
	object_put(object);
}

static __u64 backend_size(const struct call *call)
{
	static const __u64 sizes[] = { PAGE, BLOCK, 5 * PAGE, 8 * PAGE };

	return sizes[call->length >> 4 & 3];
}

static void fill_create(struct thread *t, const struct call *call, void *arg,
			bool user)
{
	struct vfio_cxl_backend_create *create = arg;

	tag_fill(create->tag, call);
	create->size = backend_size(call);
	if (call->at & 1)
		create->flags = VFIO_CXL_BACKEND_NODE;
}

/* Nor all that the guest has: who asks for less would be killed for it */
static void tame_create(void *arg)
{
	struct vfio_cxl_backend_create *create = arg;

	if (create->size > SIZE_MOST && create->size < TIB)
		create->size = SIZE_MOST - create->size % SIZE_MOST;
}

/* A descriptor whose number is not where it was to be is closed as the epoch ends */
static void after_create(const struct call *call, void *arg, bool patched)
{
	if (!patched)
		object_set_fd(BACKENDS, call->pick % 6,
			      ((struct vfio_cxl_backend_create *)arg)->fd);
}

static void fill_backend_list(struct thread *t, const struct call *call,
			      void *arg, bool user)
{
	struct vfio_cxl_backend_list *list = arg;

	list->backends = (unsigned long)list_of(t);
	list->room = call->pick % LIST + 1;
}

static void fill_destroy(struct thread *t, const struct call *call, void *arg,
			 bool user)
{
	tag_fill(((struct vfio_cxl_backend_destroy *)arg)->tag, call);
}

static void fill_configure(struct thread *t, const struct call *call, void *arg,
			   bool user)
{
	struct vfio_cxl_dc_configure *configure = arg;

	configure->regions = call->pick % 4;
	if (!configure->regions)
		return;
	configure->size = 4 * BLOCK << (call->at & 1);
	configure->block = call->at & 2 ? PAGE : 0;
}

static void fill_add(struct thread *t, const struct call *call, void *arg,
		     bool user)
{
	struct vfio_cxl_dc_add *add = arg;

	tag_fill(add->tag, call);
	add->region = VFIO_CXL_DC_HOST_REGION + (call->at & 1);
	/* Each tag its own place, mostly */
	add->offset = (call->at & 6 ? call->pick % 6 : call->at >> 8 & 3) *
		      BLOCK;
}

static void after_add(const struct call *call, void *arg, bool patched)
{
	const struct vfio_cxl_dc_add *add = arg;

	learn(add->extent, add->offer);
}

static void fill_remove(struct thread *t, const struct call *call, void *arg,
			bool user)
{
	struct vfio_cxl_dc_remove *remove = arg;

	tag_fill(remove->tag, call);
	remove->flags = call->at & 1 ? VFIO_CXL_DC_REMOVE_FORCE : 0;
}

static void fill_open(struct thread *t, const struct call *call, void *arg,
		      bool user)
{
	struct vfio_cxl_dc_open *open = arg;

	tag_fill(open->tag, call);
	open->flags = call->at % 4 == 1 ? VFIO_CXL_DC_OPEN_RDONLY : 0;
}

static void after_open(const struct call *call, void *arg, bool patched)
{
	if (!patched)
		object_set_fd(TAGS, call->pick % 6,
			      ((struct vfio_cxl_dc_open *)arg)->fd);
}

#define OWN(number, word, type, many, ...)				\
	{								\
		.name = word,						\
		.run = own_ioctl,					\
		.weight = many,						\
		.cmd = number,						\
		.size = sizeof(struct type),				\
		__VA_ARGS__						\
	}

const struct op own_ops[] = {
	OWN(VFIO_CXL_INFO, "info", vfio_cxl_info, 4),
	OWN(VFIO_CXL_WINDOW, "window", vfio_cxl_window, 2,
	    .fill = fill_window),
	OWN(VFIO_CXL_DECODER, "decoder", vfio_cxl_decoder, 4,
	    .fill = fill_decoder),
	OWN(VFIO_CXL_DECODER_PROGRAM, "program", vfio_cxl_decoder_program, 4,
	    .fill = fill_program, .tame = tame_program),
	OWN(VFIO_CXL_DECODER_CLEAR, "clear", vfio_cxl_decoder_clear, 3,
	    .fill = fill_clear),
	OWN(VFIO_CXL_GUEST_SET, "guest-set", vfio_cxl_guest_set, 6,
	    .fill = fill_guest_set),
	OWN(VFIO_CXL_GUEST_CLEAR, "guest-clear", vfio_cxl_guest_clear, 4,
	    .fill = fill_guest_clear),
	OWN(VFIO_CXL_DC_INFO, "dc-info", vfio_cxl_dc_info, 4),
	OWN(VFIO_CXL_DC_LIST, "dc-list", vfio_cxl_dc_list, 8,
	    .fill = fill_dc_list, .after = after_dc_list),
	OWN(VFIO_CXL_DC_STATUS, "dc-status", vfio_cxl_dc_status, 8,
	    .fill = fill_status),
	OWN(VFIO_CXL_DC_ACCEPT, "accept", vfio_cxl_dc_decide, 20,
	    .fill = fill_accept),
	OWN(VFIO_CXL_DC_REJECT, "reject", vfio_cxl_dc_decide, 6,
	    .fill = fill_decide),
	OWN(VFIO_CXL_DC_RELEASE, "release", vfio_cxl_dc_decide, 16,
	    .fill = fill_release),
	OWN(VFIO_CXL_DC_DEADLINE, "deadline", vfio_cxl_dc_deadline, 4,
	    .fill = fill_deadline),
	OWN(VFIO_CXL_DC_EVENTFD, "dc-eventfd", vfio_cxl_dc_eventfd, 6,
	    .fill = fill_eventfd),
	OWN(VFIO_CXL_BACKEND_CREATE, "create", vfio_cxl_backend_create, 12,
	    .fill = fill_create, .tame = tame_create, .after = after_create),
	OWN(VFIO_CXL_BACKEND_LIST, "backends", vfio_cxl_backend_list, 4,
	    .fill = fill_backend_list),
	OWN(VFIO_CXL_BACKEND_DESTROY, "destroy", vfio_cxl_backend_destroy, 8,
	    .fill = fill_destroy),
	OWN(VFIO_CXL_DC_CONFIGURE, "configure", vfio_cxl_dc_configure, 4,
	    .fill = fill_configure),
	OWN(VFIO_CXL_DC_ADD, "add", vfio_cxl_dc_add, 16, .fill = fill_add,
	    .after = after_add),
	OWN(VFIO_CXL_DC_REMOVE, "remove", vfio_cxl_dc_remove, 8,
	    .fill = fill_remove),
	OWN(VFIO_CXL_DC_OPEN, "open-tag", vfio_cxl_dc_open, 16,
	    .fill = fill_open, .after = after_open),
	{}
};
