// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host memory under a tag in an address space of iommufd: through a descriptor of the
 * tag, and through the window. Pages that are mapped for DMA are their holder's until
 * they are unmapped there, released or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "iommu.h"
#include "tag.h"

#define SIZE	(2 * BLOCK)
#define IOVA	(16 * MIB)
#define FORCE	VFIO_CXL_DC_DECIDE_FORCE
#define TENANT	VFIO_CXL_DC_REACH_TENANT

FIXTURE(lent) {
	struct window w;
	__u32 ioas;
	int fd;
};

FIXTURE_SETUP(lent)
{
	struct user *user = &self->w.user;
	__u32 id;

	ASSERT_EQ(0, window_begin(&self->w, 0));
	ASSERT_EQ(0, tag_give(&self->w, 1, SIZE, FIRST, 0));
	self->fd = tag_open(self->w.node, 1, 0);
	ASSERT_LE(0, self->fd);
	user->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, user->iommufd);
	ASSERT_EQ(0, ioas_alloc(user->iommufd, &self->ioas));
	user->device = cdev_open();
	ASSERT_LE(0, user->device);
	ASSERT_EQ(0, cdev_bind(user->device, user->iommufd, &id));
	id = self->ioas;
	ASSERT_EQ(0, cdev_attach(user->device, &id));
	ASSERT_EQ(0, user_find(user, VFIO_CXL_REGION_SUBTYPE_HOST_WINDOW,
			       &self->w.region));
}

FIXTURE_TEARDOWN(lent)
{
	close(self->fd);
	window_end(&self->w);
}

static void map_and_release(struct __test_metadata *_metadata,
			    FIXTURE_DATA(lent) *self, unsigned int tag,
			    char *memory)
{
	__u64 bytes = 0x0101010101010101 * tag, at;
	int iommufd = self->w.user.iommufd;

	ASSERT_EQ(0, ioas_map(iommufd, self->ioas, IOVA, memory, SIZE));
	at = translate(IOVA);
	EXPECT_NE(0, at);
	EXPECT_EQ(bytes, physical_read(at));
	EXPECT_EQ(0, window_release(self->w.node, tag, FORCE));
	EXPECT_EQ(SIGBUS, touch(memory, false));
	EXPECT_EQ(at, translate(IOVA));
	EXPECT_EQ(-EBUSY, window_add(self->w.node, tag, FIRST, 0));
	EXPECT_EQ(VFIO_CXL_REASON_BACKEND_HELD, window_why);
	EXPECT_EQ(0, ioas_unmap(iommufd, self->ioas, IOVA, SIZE));
	EXPECT_EQ(0, translate(IOVA));
	EXPECT_EQ(0, window_add(self->w.node, tag, FIRST, 0));
}

TEST_F(lent, through_a_descriptor)
{
	char *memory = tag_map(self->fd, PROT_READ | PROT_WRITE, SIZE);

	ASSERT_NE(MAP_FAILED, memory);
	map_and_release(_metadata, self, 1, memory);
	EXPECT_EQ(0, window_accept(self->w.node, 1, APP));
	EXPECT_EQ(1, *memory);
	munmap(memory, SIZE);
}

TEST_F(lent, through_the_window)
{
	char *memory;

	ASSERT_EQ(0, window_release(self->w.node, 1, FORCE));
	ASSERT_EQ(0, window_offer(&self->w, 2, SIZE, FIRST, 0));
	ASSERT_EQ(0, window_accept(self->w.user.device, 2, TENANT));
	memory = window_map(&self->w, 0, REGION);
	ASSERT_NE(MAP_FAILED, memory);
	/* Not over a hole */
	EXPECT_EQ(-EFAULT, ioas_map(self->w.user.iommufd, self->ioas, IOVA,
				    memory, REGION));
	map_and_release(_metadata, self, 2, memory);
	EXPECT_EQ(0, window_accept(self->w.user.device, 2, TENANT));
	EXPECT_EQ(2, *memory);
	munmap(memory, REGION);
}

TEST_HARNESS_MAIN
