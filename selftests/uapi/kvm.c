// SPDX-License-Identifier: GPL-2.0-only
/*
 * The HDM memory as a memory slot of KVM, with a guest of a few instructions.
 * KVM follows the mapping by itself: it loses a page when the host's page tables
 * do.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "event.h"
#include "kvm.h"

#define MAPPED		(4 * MIB)

FIXTURE(guest) {
	struct user user;
	struct vm vm;
	char *memory;
};

FIXTURE_SETUP(guest)
{
	system("modprobe -q kvm_amd");
	if (access("/dev/kvm", R_OK | W_OK))
		SKIP(return, "no /dev/kvm");
	ASSERT_TRUE(memory_ready());
	ASSERT_EQ(0, user_open(&self->user));
	self->memory = map_congruent(&self->user, 0, MAPPED);
	ASSERT_NE(MAP_FAILED, self->memory);
	/* Page by page, or as one of 2 MiB: KVM finds it mapped already */
	memset(self->memory, 0, MAPPED);
	ASSERT_TRUE(vm_make(&self->vm, self->memory, MAPPED));
}

FIXTURE_TEARDOWN(guest)
{
	vm_end(&self->vm);
	munmap(self->memory, MAPPED);
	user_close(&self->user);
}

/* The head of a large page, pages inside of one, and the last word of all */
static const __u64 places[] = {
	0, 0x3000, 2 * MIB - 4096, 2 * MIB + 0x1008, MAPPED - 4
};

#define PLACES	(sizeof(places) / sizeof(*places))

TEST_F(guest, bytes_reach_the_media)
{
	__u32 before, value;
	const char *answer;
	unsigned int i;

	for (i = 0; i < PLACES; i++) {
		ASSERT_NE(NULL, bed("media write static %#llx 0df0ad0b",
				    (unsigned long long)places[i]));
		EXPECT_EQ(0, vm_exchange(&self->vm, places[i], 0xc0ffee00 + i,
					 &before));
		EXPECT_EQ(0x0badf00d, before);
		memcpy(&value, self->memory + places[i], 4);
		EXPECT_EQ(0xc0ffee00 + i, value);
		answer = bed("media read static %#llx 4",
			     (unsigned long long)places[i]);
		ASSERT_NE(NULL, answer);
		EXPECT_EQ(0x00eeffc0 + (i << 24), strtoul(answer, NULL, 16));
	}
}

/* The slot is as it was made; the guest only finds its page mapped again */
TEST_F(guest, works_after_a_reset)
{
	__u32 before;
	unsigned int i;

	EXPECT_EQ(0, vm_exchange(&self->vm, 0x3000, 1, &before));
	for (i = 1; i < 4; i++) {
		ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
		EXPECT_EQ(0, vm_exchange(&self->vm, 0x3000, i + 1, &before));
		EXPECT_EQ(i, before);
	}
}

TEST_F(guest, ends_while_gated)
{
	__u32 before;
	int kmsg;

	if (!link_recovers())
		SKIP(return, "a function of this slot has no driver");
	EXPECT_EQ(0, vm_exchange(&self->vm, 0x3000, 1, &before));
	kmsg = kmsg_open();
	ASSERT_LE(0, kmsg);
	ASSERT_TRUE(device_error("MALF_TLP"));
	ASSERT_TRUE(wait_gate(VFIO_CXL_GATE_ERROR, 10000));
	EXPECT_EQ(-EFAULT, vm_exchange(&self->vm, 0x3000, 2, &before));
	EXPECT_TRUE(recovery_over(kmsg));
	EXPECT_EQ(-EFAULT, vm_exchange(&self->vm, 0x3000, 2, &before));
	ASSERT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	EXPECT_EQ(0, vm_exchange(&self->vm, 0x3000, 2, &before));
	EXPECT_EQ(1, before);
}

struct runner {
	const struct vm *vm;
	bool stop;
	unsigned long gated;
	int wrong;
};

static void interrupt(int)
{
}

static void *runner(void *arg)
{
	struct runner *me = arg;

	while (!__atomic_load_n(&me->stop, __ATOMIC_RELAXED)) {
		if (!ioctl(me->vm->vcpu, KVM_RUN, 0))
			me->wrong = me->vm->run->exit_reason ?: -1;
		else if (errno == EFAULT)
			me->gated++;
		else if (errno != EINTR)
			me->wrong = -errno;
		if (me->wrong)
			break;
	}

	return NULL;
}

/* Emulated twice, a guest is slow to begin */
static bool counts(volatile __u32 *counter)
{
	__u32 before = *counter;
	unsigned int ms;

	for (ms = 0; *counter == before; ms++) {
		if (ms == 5000)
			return false;
		usleep(1000);
	}

	return true;
}

/* A guest that runs meanwhile is taken out of the memory, and comes back */
TEST_F(guest, runs_against_resets)
{
	struct runner me = { .vm = &self->vm };
	struct sigaction action = { .sa_handler = interrupt };
	volatile __u32 *counter = (__u32 *)(self->memory + 0x3000);
	pthread_t thread;
	unsigned int i;

	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, vm_start(&self->vm, KVM_COUNT, 0x3000, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, runner, &me));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(counts(counter));
		EXPECT_EQ(0, ioctl(self->user.device, VFIO_DEVICE_RESET));
	}
	EXPECT_TRUE(counts(counter));

	__atomic_store_n(&me.stop, true, __ATOMIC_RELAXED);
	/* A signal just before KVM_RUN would be lost on it */
	while (pthread_tryjoin_np(thread, NULL) == EBUSY) {
		pthread_kill(thread, SIGUSR1);
		usleep(1000);
	}
	EXPECT_EQ(0, me.wrong);
	EXPECT_LT(0, me.gated);
}

TEST_HARNESS_MAIN
