// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once, then all is given back, and it is as before.
 *
 *   SOAK_SECONDS=  how long          SOAK_SEED=  of chance
 *   SOAK_STILL=    seconds that a worker may be without any success
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "soak.h"
#include "../fault/inject.h"
#include "../uapi/dc.h"

#define SECOND		1000000000ULL
#define PROGRESS	10		/* s */
#define LATE		600		/* s, that a short one may take longer */
/*
 * Of memory, in KiB, that may be missing at the end; and of objects that one cache may
 * have more: for each tag that is no more the driver has one, of the last 512
 */
#define MISSING		(48 << 10)
#define OBJECTS		1000
/*
 * An operation takes no longer while a reader is stalled, ns, unless it takes half as
 * long while none is: the host is busy then, or memory is short. But for what is made
 * at a cgroup's limit: that takes as long as looking for memory does, and whatever
 * takes so long has seen a reader stall.
 */
#define WORST		(10 * SECOND)

static const char *const names[KINDS] = {
	[OPENS] = "opens",
	[SHUTS] = "closes",
	[KILLED_USERS] = "users that were killed",
	[FAULTS_HDM] = "touches of HDM memory",
	[FAULTS_WINDOW] = "touches of the window",
	[FAULTS_TAG] = "touches of a tag's descriptor",
	[GUESTS] = "runs of a KVM guest in the window",
	[DMA_TYPE1] = "DMA maps, type1",
	[DMA_IOMMUFD] = "DMA maps, iommufd",
	[DMA_HELD] = "releases of what is mapped for DMA",
	[PINS_HELD] = "pins of a tag's pages",
	[RESETS_VFIO] = "resets by the user",
	[RESETS_SYSFS] = "resets by sysfs",
	[OFFERS] = "offers of the device",
	[RECALLS] = "offers that are asked back, or taken",
	[ACCEPTS] = "accepts",
	[REJECTS] = "rejects",
	[RELEASES] = "releases",
	[FORCES] = "releases by force",
	[DEFERS] = "releases that may wait",
	[CREATES] = "backends made",
	[DESTROYS] = "backends destroyed",
	[ADDS] = "adds",
	[REMOVES] = "removes",
	[TAKES] = "removes by force",
	[DESCRIPTORS] = "descriptors of tags",
	[KILLED_RUNS] = "'dc run' killed",
	[KILLED_MONITORS] = "'monitor' killed",
	[KILLED_CREATES] = "'backend create' killed",
	[READ_LOG] = "entries read late",
	[READ_NETLINK] = "messages read late",
	[STALLS] = "readers that stalled",
	[DEAD_READERS] = "readers that died",
	[NO_MEMORY] = "backends too large for a cgroup",
	[OUT_OF_MEMORY] = "processes too large for it",
	[QUESTIONS] = "questions",
};

static const struct {
	const char *name;
	void (*step)(int node);
} workers[] = {
	{ "tenancy", step_tenancy },
	{ "resets", step_resets },
	{ "fabric manager", step_manager },
	{ "orchestrator", step_orchestrator },
	{ "second orchestrator", step_orchestrator },
	{ "questions", step_questions },
	{ "descriptor", step_descriptor },
	{ "second descriptor", step_descriptor },
	{ "helper", step_helper },
	{ "reader", step_reader },
	{ "pressure", step_pressure },
};

#define COUNT	(sizeof(workers) / sizeof(*workers))

static pid_t pids[COUNT];

static long setting(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtol(text, NULL, 0) : otherwise;
}

/*
 * What is compared
 */

struct caches {
	char name[64];
	long objects;
};

#define CACHES	128

static struct sight {
	struct state state;
	struct caches cache[CACHES];
	unsigned int count;
	long available;			/* KiB */
} before, after;

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	write(fd, text, strlen(text));
	close(fd);
}

/* What is free, but kept: by caches of the kernel, and by its checkers */
static void shrink(void)
{
	glob_t caches;
	size_t i;

	sync();
	put("/proc/sys/vm/drop_caches", "3");
	if (glob("/sys/kernel/slab/*/shrink", 0, NULL, &caches))
		return;
	for (i = 0; i < caches.gl_pathc; i++)
		put(caches.gl_pathv[i], "1");
	globfree(&caches);
}

/* Those that the driver allocates from */
static void look_at_slab(struct sight *s)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[512], name[64];
	long objects;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", name, &objects) == 2 &&
		    !strncmp(name, "kmalloc-", 8) && s->count < CACHES) {
			strcpy(s->cache[s->count].name, name);
			s->cache[s->count++].objects = objects;
		}
	if (file)
		fclose(file);
}

static void look_at_memory(struct sight *s)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "MemAvailable: %ld", &s->available);
	if (file)
		fclose(file);
}

static bool look(struct sight *s)
{
	shrink();
	look_at_slab(s);
	look_at_memory(s);

	return state_get(&s->state, true);
}

static void compare_slab(void)
{
	const struct caches *most = NULL;
	long growth, worst = 0;
	unsigned int i, j;

	for (i = 0; i < before.count; i++)
		for (j = 0; j < after.count; j++) {
			growth = after.cache[j].objects - before.cache[i].objects;
			if (!strcmp(before.cache[i].name, after.cache[j].name) &&
			    growth > worst) {
				worst = growth;
				most = &after.cache[j];
			}
		}
	ksft_print_msg("%s has %ld objects more, of %u caches the most\n",
		       most ? most->name : "none", worst, after.count);
	ksft_test_result(after.count && worst < OBJECTS,
			 "no cache of the kernel has grown\n");
}

static void compare(void)
{
	const char *what = state_differs(&after.state, &before.state);

	if (what)
		ksft_print_msg("%s is not as before\n", what);
	ksft_test_result(!what, "decoders, extents, addresses, references are as before\n");
	ksft_print_msg("%ld KiB of memory are missing\n",
		       before.available - after.available);
	ksft_test_result(before.available && before.available - after.available < MISSING,
			 "the memory is there again\n");
	compare_slab();
}

/*
 * The run
 */

static void work(unsigned int n)
{
	int node = control_open();

	worker = n;
	seed += 1000 * (n + 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (!is_over()) {
		workers[n].step(node);
		lap++;
	}
	_exit(0);
}

static void show_progress(long seconds)
{
	unsigned int i;

	printf("# %ld s:", seconds);
	for (i = 0; i < KINDS; i++)
		printf(" %s %lu/%lu%s", names[i], board->tally[i].done,
		       board->tally[i].refused, i + 1 < KINDS ? "," : "\n");
	fflush(stdout);
}

/* Where they stand is in the kernel's log */
static bool stands_still(long still)
{
	static unsigned long done[COUNT];
	static __u64 since[COUNT];
	bool bad = false;
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		unsigned long now = __atomic_load_n(&board->done[i], __ATOMIC_RELAXED);

		if (now != done[i] || !since[i]) {
			done[i] = now;
			since[i] = now_ns();
		} else if (now_ns() - since[i] > still * SECOND) {
			ksft_print_msg("%s stands still, %lu are done\n",
				       workers[i].name, now);
			bad = true;
		}
	}
	if (bad)
		put("/proc/sysrq-trigger", "w");

	return bad;
}

/* Debian's kernels have no node for the device itself */
static bool can_be(enum kind kind)
{
	return kind != DMA_IOMMUFD || !access("/dev/vfio/devices", F_OK);
}

static bool each_was_done(void)
{
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		if (!board->tally[i].done && can_be(i))
			return false;

	return true;
}

/*
 * True: to the end, and none stood still, or is no more. A short one takes longer if
 * something has not had its turn.
 */
static bool soak(long seconds, long still)
{
	__u64 start = now_ns(), told = start, now;
	unsigned int i;
	int status;

	for (;;) {
		sleep(1);
		for (i = 0; i < COUNT; i++)
			if (waitpid(pids[i], &status, WNOHANG)) {
				ksft_print_msg("%s has ended with %#x\n",
					       workers[i].name, status);
				return false;
			}
		if (stands_still(still))
			return false;
		now = now_ns();
		if (now - start > seconds * SECOND &&
		    (each_was_done() || now - start > (seconds + LATE) * SECOND))
			return true;
		if (now - told > PROGRESS * SECOND) {
			told = now;
			show_progress((now - start) / SECOND);
		}
	}
}

static bool all_end(long still)
{
	__u64 until = now_ns() + still * SECOND;
	unsigned int i, left = COUNT;
	int status;

	__atomic_store_n(&board->stop, true, __ATOMIC_RELAXED);
	while (left && now_ns() < until) {
		for (i = left = 0; i < COUNT; i++) {
			if (pids[i] && waitpid(pids[i], &status, WNOHANG))
				pids[i] = 0;
			left += !!pids[i];
		}
		usleep(50000);
	}
	for (i = 0; i < COUNT; i++)
		if (pids[i])
			ksft_print_msg("%s does not end\n", workers[i].name);
	if (left)
		put("/proc/sysrq-trigger", "w");

	return !left;
}

static void report(void)
{
	__u64 worst[2] = {};
	unsigned int i, j, held = 0;

	for (i = 0; i < KINDS; i++) {
		const struct tally *t = &board->tally[i];

		if (t->wrong)
			ksft_print_msg("%s: %lu wrong, the first one: %d, reason %u\n",
				       names[i], t->wrong, t->first, t->why);
		if (!can_be(i)) {
			ksft_test_result_skip("%s\n", names[i]);
			continue;
		}
		ksft_test_result(t->done && !t->wrong,
				 "%s: %lu, refused %lu (the last: %d, reason %u), the longest %llu ms\n",
				 names[i], t->done, t->refused, t->last, t->last_why,
				 (t->worst[0] > t->worst[1] ? t->worst[0] :
							      t->worst[1]) / 1000000);
		if (i == NO_MEMORY)
			continue;
		for (j = 0; j < 2; j++)
			if (t->worst[j] > worst[j])
				worst[j] = t->worst[j];
		if (t->worst[1] < WORST || t->worst[1] / 2 < t->worst[0])
			continue;
		held++;
		ksft_print_msg("%s: %llu ms while a reader was stalled, %llu ms while none was\n",
			       names[i], t->worst[1] / 1000000,
			       t->worst[0] / 1000000);
	}
	ksft_print_msg("the longest while a reader was stalled: %llu ms; while none was: %llu ms\n",
		       worst[1] / 1000000, worst[0] / 1000000);
	ksft_test_result(worst[1] && !held,
			 "no reader that stalls holds anybody up\n");
}

static bool set_up(int *node)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED || COUNT > WORKERS)
		return false;
	board->seconds = setting("SOAK_SECONDS", 300);
	system("modprobe -q kvm_amd");
	if (!memory_ready() || !pressure_begin())
		return false;
	*node = control_open();

	return *node >= 0 && look(&before) &&
	       !window_configure(*node, 2, REGION, PAGE);
}

int main(void)
{
	long still = setting("SOAK_STILL", 90);
	unsigned int i;
	bool ok;
	int node;

	setlinebuf(stdout);
	seed = setting("SOAK_SEED", time(NULL) & 0xffff);
	ksft_print_header();
	ksft_set_plan(KINDS + 7);
	ksft_print_msg("SOAK_SEED=%u\n", seed);
	if (!set_up(&node))
		ksft_exit_fail_msg("no memory, no window, or no cgroup\n");
	for (i = 0; i < COUNT; i++) {
		pids[i] = fork();
		if (!pids[i])
			work(i);
	}
	ksft_test_result(soak(board->seconds, still), "no worker stands still\n");
	ok = all_end(still);
	ksft_test_result(ok, "all of them end\n");
	report();
	/* Who hangs in the driver holds what this would wait for */
	if (!ok)
		ksft_exit_fail_msg("nothing can be given back\n");
	ksft_test_result(give_all_back(node), "all is given back\n");
	close(node);
	pressure_end();
	node = control_open();
	if (!look(&after))
		ksft_print_msg("the end could not be looked at\n");
	close(node);
	compare();
	ksft_finished();
}
