// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is opened by its own node, bound to an iommufd and attached to
 * an address space. What is the same whichever way it was opened is tried by the
 * other programs, with VIA=cdev.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/iommufd.h>

#include "kselftest_harness.h"
#include "event.h"
#include "iommu.h"

#define MAPPED		(4 * MIB)
#define IOVA		(16 * MIB)
#define GUEST_BASE	0x1140000000ULL
#define CONFIG		((__u64)VFIO_PCI_CONFIG_REGION_INDEX << 40)

/* Where an own page is */
static __u64 physical(const void *memory)
{
	__u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0 ||
	    pread(fd, &entry, 8, (uintptr_t)memory / 4096 * 8) != 8 ||
	    !(entry >> 63))
		abort();
	close(fd);

	return (entry & ((1ULL << 55) - 1)) * 4096;
}

/* Ordinary memory, of which each page is there; aborts, or does not end */
static void *ordinary(void)
{
	char *memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		abort();

	return memory;
}

static bool is_open(void)
{
	struct vfio_cxl_info info;

	return control_info(&info) || info.flags & VFIO_CXL_INFO_OPEN;
}

/* Nobody has the device, and its memory is live */
static bool at_rest(void)
{
	struct vfio_cxl_info info;

	return !control_info(&info) && !info.gate &&
	       (info.flags & (VFIO_CXL_INFO_OPEN | VFIO_CXL_INFO_LIVE)) ==
	       VFIO_CXL_INFO_LIVE;
}

/* The node is open, and bound to nothing yet */
FIXTURE(cdev) {
	struct user user;
	struct hw_decoder hw;
	__u32 ioas;
	__u32 id;
};

FIXTURE_SETUP(cdev)
{
	self->user = USER_CLOSED;
	ASSERT_TRUE(memory_ready());
	self->hw = decoder_now(0);
	self->user.iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->user.iommufd);
	ASSERT_EQ(0, ioas_alloc(self->user.iommufd, &self->ioas));
	self->user.device = cdev_open();
	ASSERT_LE(0, self->user.device);
}

FIXTURE_TEARDOWN(cdev)
{
	struct hw_decoder now;

	user_close(&self->user);
	EXPECT_TRUE(at_rest());
	now = decoder_now(0);
	EXPECT_TRUE(hw_same(&self->hw, &now));
}

static int bind(FIXTURE_DATA(cdev) *self)
{
	return cdev_bind(self->user.device, self->user.iommufd, &self->id);
}

/* Each does something after binding, and before it nothing but EINVAL */
TEST_F(cdev, nothing_before_bind)
{
	const struct {
		unsigned long cmd;
		int then;
		__u32 args[64];
	} calls[] = {
		{ VFIO_DEVICE_GET_INFO, 0, { 24 } },
		{ VFIO_DEVICE_GET_REGION_INFO, 0, { 32, 0, 9 } },
		{ VFIO_DEVICE_GET_IRQ_INFO, 0, { 16 } },
		{ VFIO_DEVICE_FEATURE, ENOTTY,
		  { 8, VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET |
		       VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY } },
		{ VFIO_CXL_INFO, 0, { sizeof(struct vfio_cxl_info) } },
		/* Of the control node only */
		{ VFIO_CXL_DECODER, ENOTTY,
		  { sizeof(struct vfio_cxl_decoder) } },
		{ VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, { 12, 0, self->ioas } },
		{ VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, { 8 } },
		{ VFIO_DEVICE_RESET, 0 },
		{ VFIO_DEVICE_PCI_HOT_RESET, 0, { 12 } },
	};
	int fd = self->user.device, err;
	unsigned int i, bound;
	__u32 args[64], id;
	void *page;

	for (bound = 0; bound < 2; bound++) {
		for (i = 0; i < ARRAY_SIZE(calls); i++) {
			memcpy(args, calls[i].args, sizeof(args));
			err = ioctl(fd, calls[i].cmd, args) ? errno : 0;
			EXPECT_EQ(bound ? calls[i].then : EINVAL, err)
				TH_LOG("call %u, bound %u", i, bound);
		}
		EXPECT_EQ(bound ? 4 : -1, pread(fd, &id, 4, CONFIG));
		EXPECT_EQ(bound ? 4 : -1, pwrite(fd, &id, 4, CONFIG));
		page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 9ULL << 40);
		EXPECT_EQ(bound, page != MAP_FAILED);
		if (bound)
			break;

		/* So it is nobody's: what needs it closed is possible */
		EXPECT_TRUE(at_rest());
		EXPECT_EQ(0, control_clear(&(struct vfio_cxl_decoder_clear){}));
		ASSERT_TRUE(memory_ready());
		ASSERT_EQ(0, bind(self));
	}
	munmap(page, 4096);
}

/* Also what fails after the device was opened leaves it closed */
TEST_F(cdev, binding_that_fails)
{
	const __u32 good = sizeof(struct vfio_device_bind_iommufd);
	const struct {
		const char *what;
		int err;
		struct vfio_device_bind_iommufd bind;
	} calls[] = {
		{ "too short", EINVAL, { 8, 0, self->user.iommufd } },
		{ "newer", E2BIG, { good + 8, 0, self->user.iommufd } },
		{ "unknown flag", EINVAL, { good, 1 << 1, self->user.iommufd } },
		{ "token", EFAULT, { good, VFIO_DEVICE_BIND_FLAG_TOKEN,
				     self->user.iommufd } },
		{ "no descriptor", EINVAL, { good, 0, -1 } },
		{ "not open", EBADF, { good, 0, 1000 } },
		{ "no iommufd", EBADFD, { good, 0, self->user.device } },
		{ "nowhere for the answer", EFAULT,
		  { good, 0, self->user.iommufd } },
	};
	const unsigned int last = ARRAY_SIZE(calls) - 1;
	__u64 *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;
	int err;

	ASSERT_NE(MAP_FAILED, page);
	for (i = 0; i <= last; i++) {
		memcpy(page, &calls[i].bind, good);
		page[good / 8] = 1;
		if (i == last)
			mprotect(page, 4096, PROT_READ);
		err = ioctl(self->user.device, VFIO_DEVICE_BIND_IOMMUFD,
			    page) ? errno : 0;
		EXPECT_EQ(calls[i].err, err) TH_LOG("%s", calls[i].what);
		EXPECT_TRUE(at_rest()) TH_LOG("%s", calls[i].what);
		EXPECT_EQ(-EINVAL, cdev_detach(self->user.device));
	}
	munmap(page, 4096);
	EXPECT_EQ(0, bind(self));
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
}

TEST_F(cdev, one_at_a_time)
{
	struct user user;
	int second = cdev_open();

	ASSERT_LE(0, second);
	ASSERT_EQ(0, bind(self));
	EXPECT_EQ(-EINVAL, bind(self));
	/* Any number may open the node, but one may bind */
	EXPECT_EQ(-EINVAL, cdev_bind(second, self->user.iommufd, &self->id));
	EXPECT_EQ(-1, ioctl(second, VFIO_DEVICE_RESET));
	/* Nor does a group come between */
	EXPECT_EQ(-EBUSY, user_open_container(&user, "/dev/vfio/vfio"));
	EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));

	close(self->user.device);
	EXPECT_TRUE(at_rest());
	EXPECT_EQ(0, cdev_bind(second, self->user.iommufd, &self->id));
	self->user.device = second;

	/* The other way round */
	close(self->user.device);
	self->user.device = cdev_open();
	ASSERT_EQ(0, user_open_container(&user, "/dev/vfio/vfio"));
	EXPECT_EQ(-EBUSY, bind(self));
	EXPECT_EQ(0, ioctl(user.device, VFIO_DEVICE_RESET));
	user_close(&user);
	EXPECT_EQ(0, bind(self));
}

/* The administrator's side of a device that is bound */
TEST_F(cdev, decoder_is_kept)
{
	struct vfio_cxl_decoder_program program = {};
	struct vfio_cxl_guest_set set = {
		.base = GUEST_BASE,
		.flags = VFIO_CXL_GUEST_SEAL,
	};
	struct vfio_cxl_decoder_clear clear = {};
	__u32 at;

	ASSERT_EQ(0, bind(self));
	EXPECT_EQ(-EBUSY, control_clear(&clear));
	EXPECT_EQ(VFIO_CXL_REASON_OPEN, clear.reason);
	EXPECT_EQ(-EBUSY, control_program(&program));
	EXPECT_EQ(VFIO_CXL_REASON_OPEN, program.reason);

	at = comp_hdm(&self->user) + 0x10;
	EXPECT_EQ(0, comp_read(&self->user, at + 4));
	EXPECT_EQ(0, control_guest_set(&set));
	EXPECT_EQ(GUEST_BASE >> 32, comp_read(&self->user, at + 4));
	EXPECT_TRUE(comp_read(&self->user, at + 0x10) & CTRL_LOCK);

	/* And what was for this tenancy is not there for the next one */
	close(self->user.device);
	self->user.device = cdev_open();
	ASSERT_EQ(0, bind(self));
	EXPECT_EQ(0, comp_read(&self->user, at + 4));
	EXPECT_FALSE(comp_read(&self->user, at + 0x10) & CTRL_LOCK);

	close(self->user.device);
	self->user.device = -1;
	EXPECT_EQ(0, control_clear(&(struct vfio_cxl_decoder_clear){}));
	ASSERT_TRUE(memory_ready());
}

static void *unbind(void *)
{
	return (void *)dev_unbind();
}

/* Who has the node open holds the driver, bound or not */
TEST_F(cdev, driver_waits)
{
	struct timespec end;
	pthread_t thread;
	__u32 id, i;
	void *done;

	for (i = 0; i < 2; i++) {
		struct pollfd asked = { .fd = -1, .events = POLLIN };

		if (i) {
			ASSERT_EQ(0, bind(self));
			asked.fd = irq_eventfd(&self->user,
					       VFIO_PCI_REQ_IRQ_INDEX);
			ASSERT_LE(0, asked.fd);
		}
		ASSERT_EQ(0, pthread_create(&thread, NULL, unbind, NULL));
		if (i)
			EXPECT_EQ(1, poll(&asked, 1, 20000));
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec++;
		EXPECT_EQ(ETIMEDOUT, pthread_timedjoin_np(thread, &done, &end));
		/* What is his stays his meanwhile */
		if (i)
			EXPECT_EQ(4, pread(self->user.device, &id, 4, CONFIG));
		close(self->user.device);
		pthread_join(thread, &done);
		EXPECT_NE(NULL, done);
		close(asked.fd);
		ASSERT_TRUE(dev_bind());
		ASSERT_TRUE(memory_ready());
		self->user.device = cdev_open();
		ASSERT_LE(0, self->user.device);
	}
}

/* A device that is bound, and what it is to be attached to */
FIXTURE(dma) {
	struct user user;
	__u32 device;
	__u32 ioas;
	__u32 table;
	char *memory;		/* the device's */
	char *ram;
	struct region region;
};

FIXTURE_VARIANT(dma) {
	bool own_table;
};

/* iommufd makes a page table for an address space by itself */
FIXTURE_VARIANT_ADD(dma, ioas) {
	.own_table = false,
};

FIXTURE_VARIANT_ADD(dma, hwpt) {
	.own_table = true,
};

FIXTURE_SETUP(dma)
{
	struct iommu_hwpt_alloc alloc = { .size = sizeof(alloc) };
	struct user *user = &self->user;

	*user = USER_CLOSED;
	ASSERT_TRUE(memory_ready());
	user->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, user->iommufd);
	user->device = cdev_open();
	ASSERT_LE(0, user->device);
	ASSERT_EQ(0, cdev_bind(user->device, user->iommufd, &self->device));
	ASSERT_EQ(0, ioas_alloc(user->iommufd, &self->ioas));
	self->table = self->ioas;
	if (variant->own_table) {
		alloc.dev_id = self->device;
		alloc.pt_id = self->ioas;
		ASSERT_EQ(0, ioctl(user->iommufd, IOMMU_HWPT_ALLOC, &alloc));
		self->table = alloc.out_hwpt_id;
	}
	self->ram = ordinary();
	self->memory = map_congruent(user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, self->memory);
	ASSERT_EQ(0, user_find(user, VFIO_CXL_REGION_SUBTYPE_HDM_MEMORY,
			       &self->region));
	ASSERT_EQ(0, translate(IOVA));
}

FIXTURE_TEARDOWN(dma)
{
	munmap(self->memory, MAPPED);
	munmap(self->ram, MAPPED);
	user_close(&self->user);
	EXPECT_TRUE(at_rest());
}

/* 0 if it is, then, what was asked for, or a page table made for that */
static int attach(FIXTURE_DATA(dma) *self, __u32 to)
{
	__u32 id = to;
	int ret = cdev_attach(self->user.device, &id);

	if (ret || to == self->ioas)
		return ret ?: id == to ? -EINVAL : 0;

	return id == to ? 0 : -EINVAL;
}

static int map(FIXTURE_DATA(dma) *self, __u64 iova, void *memory)
{
	return ioas_map(self->user.iommufd, self->ioas, iova, memory, MAPPED);
}

static int unmap(FIXTURE_DATA(dma) *self, __u64 iova)
{
	return ioas_unmap(self->user.iommufd, self->ioas, iova, MAPPED);
}

TEST_F_TIMEOUT(dma, attach_and_detach, 120)
{
	__u64 page = physical(self->ram);
	__u32 other, id = 0xffff;

	EXPECT_EQ(-ENOENT, cdev_attach(self->user.device, &id));
	ASSERT_EQ(0, map(self, IOVA, self->ram));
	EXPECT_EQ(0, translate(IOVA));
	ASSERT_EQ(0, attach(self, self->table));
	EXPECT_EQ(page, translate(IOVA));
	EXPECT_EQ(-EEXIST, map(self, IOVA, self->ram));
	EXPECT_EQ(0, map(self, IOVA + MAPPED, self->ram));
	EXPECT_EQ(page, translate(IOVA + MAPPED));
	EXPECT_EQ(0, unmap(self, IOVA + MAPPED));
	EXPECT_EQ(0, translate(IOVA + MAPPED));

	/* To another one, without a moment between: none of it is there */
	ASSERT_EQ(0, ioas_alloc(self->user.iommufd, &other));
	id = other;
	ASSERT_EQ(0, cdev_attach(self->user.device, &id));
	EXPECT_EQ(0, translate(IOVA));
	ASSERT_EQ(0, attach(self, self->table));
	/* One that does not exist changes nothing */
	id = 0xffff;
	EXPECT_EQ(-ENOENT, cdev_attach(self->user.device, &id));
	EXPECT_EQ(page, translate(IOVA));

	EXPECT_EQ(0, cdev_detach(self->user.device));
	EXPECT_EQ(0, translate(IOVA));
	EXPECT_EQ(0, cdev_detach(self->user.device));
}

/*
 * iommufd pins what it maps, and the memory is mapped by page frame: no DMA can
 * reach it, which a reset could not take back.
 */
TEST_F(dma, memory_is_not_for_dma)
{
	struct iommu_ioas_map_file file = {
		.size = sizeof(file),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = self->ioas,
		.fd = self->user.device,
		.start = self->region.offset,
		.length = MAPPED,
	};
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_dma_buf buf;
		struct vfio_region_dma_range range;
	} feature = {
		.head = { sizeof(feature), VFIO_DEVICE_FEATURE_GET |
			  VFIO_DEVICE_FEATURE_DMA_BUF },
		.buf = { .region_index = 9, .nr_ranges = 1 },
		.range = { .length = MAPPED },
	};
	bool lazy = !variant->own_table;

	ASSERT_EQ(0, attach(self, self->table));
	EXPECT_EQ(0, touch(self->memory, true));
	EXPECT_EQ(-EFAULT, map(self, IOVA, self->memory));
	EXPECT_EQ(0, translate(IOVA));
	EXPECT_EQ(-1, ioctl(self->user.iommufd, IOMMU_IOAS_MAP_FILE, &file));
	EXPECT_EQ(-1, ioctl(self->user.device, VFIO_DEVICE_FEATURE, &feature));
	EXPECT_TRUE(errno == EOPNOTSUPP || errno == ENOTTY);
	EXPECT_EQ(0, map(self, IOVA, self->ram));
	EXPECT_EQ(0, unmap(self, IOVA));

	/* Without a page table nothing is pinned, until there is one */
	EXPECT_EQ(0, cdev_detach(self->user.device));
	EXPECT_EQ(lazy ? 0 : -EFAULT, map(self, IOVA, self->memory));
	if (lazy) {
		EXPECT_EQ(-EFAULT, attach(self, self->table));
		EXPECT_EQ(0, translate(IOVA));
		EXPECT_EQ(0, unmap(self, IOVA));
	}
	EXPECT_EQ(0, attach(self, self->table));
	EXPECT_EQ(0, touch(self->memory, true));
}

static bool reset(const struct user *user, unsigned int how)
{
	switch (how) {
	case 0:
		return !ioctl(user->device, VFIO_DEVICE_RESET);
	case 1:
		return !user_hot_reset(user);
	default:
		return dev_reset() && becomes_live();
	}
}

/* By anybody, with CPUs at the memory: decoder, seal and page tables stay */
TEST_F_TIMEOUT(dma, resets_while_attached, 120)
{
	struct touchers touchers = {
		.memory = self->memory,
		.size = MAPPED / 2,
		.device = self->user.device,
		.offset = self->region.offset,
	};
	__u32 at = comp_hdm(&self->user) + 0x10;
	struct user *user = &self->user;
	const char *broken;
	struct state state;
	unsigned int i;

	ASSERT_EQ(0, attach(self, self->table));
	ASSERT_EQ(0, map(self, IOVA, self->ram));
	comp_write(user, at + 4, GUEST_BASE >> 32);
	comp_write(user, at, (__u32)GUEST_BASE);
	comp_write(user, at + 16, CTRL_COMMIT | CTRL_LOCK);
	state_take(&state, self->memory, MAPPED);
	ASSERT_TRUE(touchers_start(&touchers));
	for (i = 0; i < 3 || (!touchers.refused && i < 30); i++) {
		EXPECT_TRUE(reset(user, i % 3)) TH_LOG("reset %u", i % 3);
		EXPECT_EQ(physical(self->ram), translate(IOVA));
		EXPECT_EQ(GUEST_BASE >> 32, comp_read(user, at + 4));
		EXPECT_TRUE(comp_read(user, at + 16) & CTRL_LOCK);
	}
	touchers_stop(&touchers);
	EXPECT_LT(0, touchers.touched);
	EXPECT_LT(0, touchers.refused);
	EXPECT_EQ(0, touchers.wrong);
	broken = state_broken(&state);
	EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
}

/* In whatever order it is all given back, the next one finds it as it was */
FIXTURE(ends) {
	struct user user;
	__u32 ioas;
	char *memory;
	char *ram;
	struct state state;
};

FIXTURE_VARIANT(ends) {
	void (*end)(FIXTURE_DATA(ends) *self);
};

static void close_fd(int *fd)
{
	close(*fd);
	*fd = -1;
}

static void attached(FIXTURE_DATA(ends) *self)
{
	munmap(self->memory, MAPPED);
	close_fd(&self->user.device);
}

static void detached(FIXTURE_DATA(ends) *self)
{
	if (cdev_detach(self->user.device))
		abort();
	attached(self);
}

/* The device keeps what it is bound to */
static void iommufd_first(FIXTURE_DATA(ends) *self)
{
	close_fd(&self->user.iommufd);
	if (ioctl(self->user.device, VFIO_DEVICE_RESET) ||
	    translate(IOVA) != physical(self->ram))
		abort();
	attached(self);
}

/* The mapping keeps the device */
static void mapping_last(FIXTURE_DATA(ends) *self)
{
	close_fd(&self->user.device);
	if (!is_open() || touch(self->memory, true) ||
	    translate(IOVA) != physical(self->ram))
		abort();
	munmap(self->memory, MAPPED);
}

#define END(how)	FIXTURE_VARIANT_ADD(ends, how) { .end = how }

END(attached);
END(detached);
END(iommufd_first);
END(mapping_last);

FIXTURE_SETUP(ends)
{
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open_cdev(&self->user));
	self->memory = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, self->memory);
	state_take(&self->state, self->memory, MAPPED);
	self->ram = ordinary();
	ASSERT_EQ(0, ioas_alloc(self->user.iommufd, &self->ioas));
	ASSERT_EQ(0, ioas_map(self->user.iommufd, self->ioas, IOVA, self->ram,
			      MAPPED));
	ASSERT_EQ(0, cdev_attach(self->user.device, &(__u32){ self->ioas }));
	ASSERT_EQ(physical(self->ram), translate(IOVA));
}

FIXTURE_TEARDOWN(ends)
{
	user_close(&self->user);
	munmap(self->ram, MAPPED);
}

TEST_F_TIMEOUT(ends, and_others_begin, 120)
{
	const char *broken;
	struct user user;
	unsigned int i;

	variant->end(self);
	EXPECT_TRUE(at_rest());
	EXPECT_NE(physical(self->ram), translate(IOVA));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, i ? user_open_cdev(&user) :
			     user_open_container(&user, "/dev/vfio/vfio"));
		self->state.memory = map_congruent(&user, MAPPED -
						   self->state.size,
						   self->state.size);
		ASSERT_NE(MAP_FAILED, self->state.memory);
		broken = state_broken(&self->state);
		EXPECT_EQ(NULL, broken) TH_LOG("%s", broken);
		munmap(self->state.memory, self->state.size);
		user_close(&user);
		EXPECT_TRUE(at_rest());
	}
}

/* iommufd in the place of VFIO's container: what it does not pin it won't map */
TEST(as_container)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = IOVA,
		.size = MAPPED,
	};
	struct user user;
	void *memory;

	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open_container(&user, "/dev/iommu"));
	memory = map_congruent(&user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, memory);
	EXPECT_EQ(0, touch(memory, true));
	map.vaddr = (uintptr_t)memory;
	EXPECT_EQ(-1, ioctl(user.container, VFIO_IOMMU_MAP_DMA, &map));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(0, translate(IOVA));
	map.vaddr = (uintptr_t)ordinary();
	EXPECT_EQ(0, ioctl(user.container, VFIO_IOMMU_MAP_DMA, &map));
	EXPECT_EQ(physical((void *)(uintptr_t)map.vaddr), translate(IOVA));
	munmap(memory, MAPPED);
	user_close(&user);
	EXPECT_TRUE(at_rest());
}

TEST_HARNESS_MAIN
