// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who opens the device: a process that decides, and children of it that touch the
 * memory, run a guest in it, or map it for DMA. One tenancy after the other, which ends
 * in order, or is killed; what its children have mapped stays a little longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"
#include "../uapi/dc.h"
#include "../uapi/event.h"
#include "../uapi/iommu.h"
#include "../uapi/kvm.h"

#define MEMORY	(4 * MIB)		/* of the HDM memory */
#define WINDOW	(2 * REGION)
#define IOVA	(64 * MIB)
#define LIFE	4000			/* ms, of a tenancy at most */
#define RESETS	20			/* tried, until one is well */

struct tenancy {
	struct user user;
	struct region window;
	char *memory;
	char *lent;
	__u32 ioas;
	int node;
	bool cdev;
};

static int open_cdev(struct tenancy *t)
{
	struct user *user = &t->user;
	int ret;
	__u32 id;

	user->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (user->iommufd < 0)
		return -errno;
	user->device = cdev_open();
	ret = user->device < 0 ? user->device : 0;
	ret = ret ?: ioas_alloc(user->iommufd, &t->ioas);
	ret = ret ?: cdev_bind(user->device, user->iommufd, &id);
	id = t->ioas;

	return ret ?: cdev_attach(user->device, &id);
}

static bool begin(struct tenancy *t)
{
	__u64 start = now_ns();
	int ret;

	t->user = USER_CLOSED;
	t->cdev = !turn(3) && !access("/dev/iommu", F_OK) &&
		  !access("/dev/vfio/devices", F_OK);
	ret = t->cdev ? open_cdev(t) : user_open(&t->user);
	tell(OPENS, ret, 0, start);
	if (ret) {
		user_close(&t->user);
		return false;
	}
	t->memory = map_congruent(&t->user, 0, MEMORY);
	ret = user_find(&t->user, VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
			&t->window);
	if (t->memory == MAP_FAILED || ret)
		abort();
	t->lent = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED,
		       t->user.device, t->window.offset);
	if (t->lent == MAP_FAILED)
		abort();

	return true;
}

/* Told of changes by an eventfd that is full: he never reads it */
static void listen_never(const struct tenancy *t)
{
	struct vfio_cxl_dc_eventfd arg = { .argsz = sizeof(arg) };
	__u64 full = -2ULL;

	arg.fd = eventfd(0, EFD_CLOEXEC);
	write(arg.fd, &full, sizeof(full));
	if (ioctl(t->user.device, VFIO_CXL_DC_EVENTFD, &arg))
		abort();
	close(arg.fd);
}

static void touch_some(enum kind kind, char *memory, __u64 size)
{
	__u64 start = now_ns();

	tell(kind, touch(memory + any(size / PAGE) * PAGE, one_in(2)) ? -EFAULT : 0,
	     0, start);
}

static void toucher(const struct tenancy *t)
{
	while (!is_over()) {
		touch_some(FAULTS_HDM, t->memory, MEMORY);
		touch_some(FAULTS_WINDOW, t->lent, WINDOW);
		if (one_in(8))
			doze(5);
	}
}

/*
 * Where memory is, mostly, and not often: each entry into a guest is a chance that the
 * emulator's CPU wakes no more, testbed.rst
 */
static void guest(const struct tenancy *t)
{
	struct vfio_cxl_dc_extent e;
	__u64 start, offset;
	struct vm vm;
	__u32 before;
	int ret;

	if (!vm_make(&vm, t->lent, WINDOW))
		return;
	while (!is_over()) {
		doze(100);
		offset = any(WINDOW / PAGE) * PAGE;
		if (any_extent(t->user.device, VFIO_CXL_DC_COMMITTED, LENT, &e))
			offset = e.offset + any(e.length / PAGE) * PAGE;
		else if (!one_in(8))
			continue;
		start = now_ns();
		/* In the second half of a page, which nobody touches otherwise */
		ret = vm_exchange(&vm, offset + 2048, any(1000), &before);
		/* It was another memory by the time that it was read */
		tell(GUESTS, ret == -EILSEQ ? -EFAULT : ret, 0, start);
	}
	vm_end(&vm);
}

static int dma_map(const struct tenancy *t, __u64 iova, char *memory, __u64 size)
{
	return t->cdev ? ioas_map(t->user.iommufd, t->ioas, iova, memory, size) :
			 type1_map(&t->user, iova, memory, size);
}

static void dma_unmap(const struct tenancy *t, __u64 iova, __u64 size)
{
	int ret = t->cdev ? ioas_unmap(t->user.iommufd, t->ioas, iova, size) :
			    type1_unmap(&t->user, iova, size);

	if (ret)
		tell(t->cdev ? DMA_IOMMUFD : DMA_TYPE1, ret - 1000, 0, now_ns());
}

static void window_release_extent(int node, const struct vfio_cxl_dc_extent *e,
				  enum kind kind)
{
	struct vfio_cxl_dc_decide answer;
	__u64 start = now_ns();
	int ret;

	ret = dc_by_id(node, VFIO_CXL_DC_RELEASE, e->id, 0, 0, &answer) ? -errno : 0;
	tell(kind, ret, answer.reason, start);
}

/* An extent of host memory is mapped for DMA, given back so, and unmapped later */
static void dma(const struct tenancy *t)
{
	enum kind kind = t->cdev ? DMA_IOMMUFD : DMA_TYPE1;
	struct vfio_cxl_dc_extent e;
	bool lent;
	__u64 start;
	int ret;

	while (!is_over()) {
		lent = any_extent(t->user.device, VFIO_CXL_DC_COMMITTED, LENT, &e);
		if (!lent) {
			e.length = 64 * PAGE;
			e.offset = any((MEMORY - e.length) / PAGE) * PAGE;
		}
		start = now_ns();
		ret = dma_map(t, IOVA, (lent ? t->lent : t->memory) + e.offset,
			      e.length);
		tell(kind, ret, 0, start);
		if (!ret && lent && one_in(2))
			window_release_extent(t->user.device, &e, DMA_HELD);
		doze(100);
		if (!ret)
			dma_unmap(t, IOVA, e.length);
	}
}

/* EIO: another's reset came into it. Not into each of many, one has to be well */
static void reset(const struct tenancy *t)
{
	unsigned int tries;
	__u64 start;
	int ret;

	for (tries = RESETS; tries; tries--) {
		start = now_ns();
		ret = ioctl(t->user.device, VFIO_DEVICE_RESET) ? -errno : 0;
		tell(RESETS_VFIO, ret == -EIO && tries > 1 ? -EAGAIN : ret, 0, start);
		if (ret != -EIO || is_over())
			break;
		doze(500);
	}
}

/* What the tenancy itself does, on its own descriptor */
static void act(struct tenancy *t)
{
	struct vfio_cxl_dc_decide answer;
	struct vfio_cxl_dc_extent e;
	__u64 start = now_ns();
	int ret;

	switch (any(8)) {
	case 0:
		reset(t);
		break;
	case 1:
		if (any_extent(t->user.device, VFIO_CXL_DC_COMMITTED, ANY, &e))
			window_release_extent(t->user.device, &e, RELEASES);
		break;
	case 2:
		/* A client that seals what it sees */
		comp_write(&t->user, comp_hdm(&t->user) + 0x20,
			   CTRL_COMMIT | CTRL_LOCK);
		break;
	default:
		if (!any_extent(t->user.device, VFIO_CXL_DC_PENDING, ANY, &e))
			break;
		ret = dc_by_offer(t->user.device, VFIO_CXL_DC_ACCEPT, e.offer,
				  VFIO_CXL_DC_REACH_TENANT, &answer) ? -errno : 0;
		tell(ACCEPTS, ret, answer.reason, start);
	}
}

static void live(struct tenancy *t)
{
	static void (*const jobs[])(const struct tenancy *t) = {
		toucher, guest, dma,
	};
	unsigned int i, n = 4 + any(12);

	listen_never(t);
	for (i = 0; i < sizeof(jobs) / sizeof(*jobs); i++)
		if (!child()) {
			jobs[i](t);
			_exit(0);
		}
	for (i = 0; i < n && !is_over(); i++) {
		act(t);
		doze(150);
	}
}

static void run(int node)
{
	struct tenancy t = { .node = node };
	__u64 start;

	if (!begin(&t))
		return;
	live(&t);
	/* Else it just ends, and its children with it a little later */
	if (one_in(3) && !is_over())
		return;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	start = now_ns();
	munmap(t.memory, MEMORY);
	munmap(t.lent, WINDOW);
	user_close(&t.user);
	tell(SHUTS, 0, 0, start);
}

void step_tenancy(int node)
{
	unsigned int life = turn(3) == 2 ? any(LIFE) : 60000;
	pid_t pid = leader();
	int status;

	if (!pid) {
		run(node);
		_exit(0);
	}
	status = end_of(pid, life);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		count(KILLED_USERS);
	else if (status)
		tell(KILLED_USERS, -1000 - status, 0, now_ns());
	doze(300);
}

/* Asked by nobody who has it open */
void step_resets(int node)
{
	__u64 start = now_ns();

	(void)node;
	tell(RESETS_SYSFS, sysfs_write(dev_bdf(), "reset", "1"), 0, start);
	doze(3000);
}
