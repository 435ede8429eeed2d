// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmfuzz: see --help. One process makes the calls, another one watches: the kernel's
 * log, whether it goes on, and what it was about when it does not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vmfuzz.h"

/* Calls that a run makes, though its time is over, in up to so many seconds more */
#define LEAST	300
#define PATIENCE 60

/* Longer than anything takes, shorter than the kernel's own patience */
#define HUNG	90
/* Longer than most calls take */
#define STUCK	10

struct shared *shared;

static struct {
	unsigned int seconds;
	unsigned int threads;
	unsigned long seed;
	unsigned long floor;
	const char *kept;
	const char *out;
	char **replay;
} option = { .seconds = 20, .threads = 4, .seed = 1, .out = "/run" };

static pthread_barrier_t barrier;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool running;		/* threads are, in an epoch; under that lock */

static unsigned long microseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return ts.tv_sec * 1000000UL + ts.tv_nsec / 1000;
}

static unsigned int now(void)
{
	return microseconds() / 1000000;
}

/*
 * The one that calls
 */

static unsigned int run_call(struct thread *t, const struct call *call)
{
	unsigned int index = op_index(call->op);
	const struct op *op = op_at(index);
	unsigned long from = microseconds();
	long ret;

	if (!op)
		return 0;
	if (t->journal->count < JOURNAL)
		t->journal->call[t->journal->count++] = *call;
	ret = op->run(t, call, op);
	from = microseconds() - from;
	__atomic_add_fetch(&shared->spent[index], from, __ATOMIC_RELAXED);
	__atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&shared->tried[index], 1, __ATOMIC_RELAXED);
	if (ret >= 0)
		__atomic_add_fetch(&shared->done[index], 1, __ATOMIC_RELAXED);

	return cover_take(t);
}

static void run_input(struct thread *t, struct input *input)
{
	unsigned int i, last = 0;

	for (i = 0; i < input->count; i++)
		if (run_call(t, &input->call[i]))
			last = i + 1;
	__atomic_add_fetch(&shared->inputs, 1, __ATOMIC_RELAXED);
	/* What came after it was for nothing */
	input->count = last;
	if (last)
		input_keep(input);
}

static bool ends(void)
{
	return __atomic_load_n(&epoch_ends, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&shared->over, __ATOMIC_RELAXED);
}

static void fuzz(struct thread *t)
{
	struct input input;
	unsigned int i;

	for (i = 0; i < EPOCH && !ends(); i++) {
		input_next(t, &input);
		run_input(t, &input);
	}
}

/* Whatever was kept of an epoch, or of the end of one: calls in a row */
static void replay(struct thread *t)
{
	const char *path = option.replay[t->number];
	FILE *file = fopen(path, "r");
	struct call call;

	if (!file)
		perror(path);
	while (file && fread(&call, sizeof(call), 1, file) == 1)
		run_call(t, &call);
	if (file)
		fclose(file);
}

/*
 * The first to be through ends it for all, also for who waits for that to happen. Each
 * epoch that begins comes to its end, also where time is over by then: work() waits for
 * all of them.
 */
static void *thread_run(void *arg)
{
	struct thread *t = arg;

	if (!cover_start(t))
		exit(1);
	for (;;) {
		pthread_barrier_wait(&barrier);
		t->journal->count = 0;
		if (option.replay)
			replay(t);
		else
			fuzz(t);
		if (!option.replay) {
			__atomic_store_n(&epoch_ends, true, __ATOMIC_RELAXED);
			objects_close();
			areas_clear();
		}
		pthread_barrier_wait(&barrier);
	}
}

static bool threads_start(struct thread *threads)
{
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, option.threads + 1);
	for (i = 0; i < option.threads; i++) {
		threads[i].number = i;
		threads[i].random = option.seed * THREADS + i + 1;
		threads[i].buffer = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		threads[i].journal = &shared->journal[i];
		if (threads[i].buffer == MAP_FAILED ||
		    !cover_open(&threads[i]) ||
		    pthread_create(&threads[i].id, NULL, thread_run,
				   &threads[i]))
			return false;
	}

	return true;
}

static void on_alarm(int number)
{
}

static bool prepare(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	/* Interrupts calls: of these threads, not of who waits for them */
	sigaction(SIGALRM, &action, NULL);
	if (!cover_init() || !areas_init())
		return false;
	inputs_seed();

	return !option.kept || option.replay || inputs_load(option.kept);
}

static void set_running(bool is)
{
	pthread_mutex_lock(&lock);
	running = is;
	pthread_mutex_unlock(&lock);
}

/*
 * An unbind waits until nobody has the device open, and all others may wait for that
 * unbind: who has it open gives it back, as is asked of users
 */
static void *give_back(void *arg)
{
	unsigned long calls = 0, is;

	for (;; calls = is) {
		sleep(STUCK);
		is = __atomic_load_n(&shared->calls, __ATOMIC_RELAXED);
		pthread_mutex_lock(&lock);
		if (running && is == calls) {
			objects_close();
			areas_clear();
			/* Also what a call has opened of which nobody knows */
			close_range(first_fd, ~0U, 0);
		}
		pthread_mutex_unlock(&lock);
	}

	return NULL;
}

static int work(void)
{
	static struct thread threads[THREADS];
	pthread_t giver;
	sigset_t alarms;
	bool ok = true;

	if (!prepare() || !threads_start(threads)) {
		perror("vmfuzz");
		return 1;
	}
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	if (pthread_create(&giver, NULL, give_back, NULL))
		return 1;
	/* What is kept open is open by now */
	first_fd = dup(0);
	close(first_fd);
	while (ok && !__atomic_load_n(&shared->over, __ATOMIC_RELAXED)) {
		ok = epoch_begin();
		if (!ok)
			break;
		set_running(true);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		set_running(false);
		ok = epoch_end();
		__atomic_add_fetch(&shared->epochs, 1, __ATOMIC_RELAXED);
		if (option.replay)
			__atomic_store_n(&shared->over, true, __ATOMIC_RELAXED);
	}
	ok = ok && device_works();
	__atomic_store_n(&shared->after, ok, __ATOMIC_RELAXED);
	fflush(stdout);

	/* Threads may be left waiting: they end with the process */
	return !ok;
}

/*
 * The one that watches
 */

static const char *const reports[] = {
	"BUG: ", "WARNING: ", "UBSAN: ", "ODEBUG: ", "refcount_t: ", "Oops: ",
	"kernel BUG at", "general protection fault", "unable to handle",
	"INFO: task ", "list_add corruption", "list_del corruption",
	"pagealloc: ", "possible circular", "suspicious RCU", "DMA-API: ",
};

/* A report of the kernel since the last look */
static bool kernel_reports(int kmsg)
{
	char line[2048];
	unsigned int i;
	ssize_t n;

	for (;;) {
		n = read(kmsg, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return false;
		line[n] = 0;
		/* Priorities from 8 on are a program's */
		for (i = 0; atoi(line) < 8 &&
		     i < sizeof(reports) / sizeof(*reports); i++)
			if (strstr(line, reports[i])) {
				printf("# the kernel: %s", strchr(line, ';') ?
				       strchr(line, ';') + 1 : line);
				return true;
			}
	}
}

static void journals_save(void)
{
	const struct journal *journal;
	char path[512];
	unsigned int i;
	FILE *file;

	for (i = 0; i < option.threads; i++) {
		journal = &shared->journal[i];
		snprintf(path, sizeof(path), "%s/journal-%u", option.out, i);
		file = fopen(path, "w");
		if (!file)
			continue;
		fwrite(journal->call, sizeof(*journal->call), journal->count,
		       file);
		fclose(file);
		printf("# %s: %u calls, the last one %s\n", path,
		       journal->count, !journal->count ? "none" :
		       op_at(op_index(journal->call[journal->count - 1].op))->name);
	}
}

/* On a busy machine a few seconds may be nothing */
static bool is_over(unsigned int seconds)
{
	return seconds >= option.seconds &&
	       ((shared->calls >= LEAST && shared->places >= option.floor) ||
		seconds >= option.seconds + PATIENCE);
}

static void line_print(unsigned int seconds)
{
	static unsigned long before;
	static unsigned int then;
	unsigned long calls = shared->calls;

	printf("# %4u s: %lu calls, %lu/s; %lu places, %lu inputs kept, %lu epochs\n",
	       seconds, calls,
	       (calls - before) / (seconds > then ? seconds - then : 1),
	       shared->places, shared->kept, shared->epochs);
	fflush(stdout);
	before = calls;
	then = seconds;
}

/* NULL: it came to its end; else what is wrong */
static const char *watch(pid_t worker, int kmsg)
{
	unsigned int start = now(), next = 10, moved = start;
	unsigned long calls = 0;
	int status;

	for (;;) {
		if (waitpid(worker, &status, WNOHANG) == worker)
			break;
		if (kernel_reports(kmsg))
			return "the kernel reports a bug";
		if (shared->calls != calls) {
			calls = shared->calls;
			moved = now();
		}
		if (now() - moved > HUNG)
			return "nothing goes on";
		if (!option.replay && is_over(now() - start))
			__atomic_store_n(&shared->over, true, __ATOMIC_RELAXED);
		if (now() - start >= next) {
			line_print(now() - start);
			next += 10;
		}
		usleep(100000);
	}
	line_print(now() - start);
	if (WIFSIGNALED(status))
		return "the process was killed";

	return kernel_reports(kmsg) ? "the kernel reports a bug" : NULL;
}

static void show_file(pid_t process, const char *thread, const char *name)
{
	char path[300], line[200];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", process, thread, name);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		printf("# %s %s: %s", thread, name, line);
	if (file)
		fclose(file);
}

/* What each thread waits for, twice: what has changed meanwhile runs */
static void show_stuck(pid_t worker)
{
	struct dirent *entry;
	char path[64];
	int times;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", worker);
	for (times = 0; times < 2; times++) {
		dir = opendir(path);
		while (dir && (entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			show_file(worker, entry->d_name, "syscall");
			show_file(worker, entry->d_name, "stack");
		}
		if (dir)
			closedir(dir);
		sleep(1);
	}
}

static int failed;

static void result(bool ok, const char *what)
{
	static unsigned int count;

	printf("%sok %u - %s\n", ok ? "" : "not ", ++count, what);
	failed |= !ok;
}

static void judge(const char *wrong)
{
	char text[128];

	if (wrong)
		printf("# %s\n", wrong);
	/* Those that are made again are there */
	if ((wrong || !shared->after) && !option.replay)
		journals_save();
	ops_print();
	printf("1..4\n");
	result(!wrong, "the kernel has nothing to report");
	snprintf(text, sizeof(text), "%lu calls, of at least %u", shared->calls,
		 option.replay ? 1 : LEAST);
	result(shared->calls >= (option.replay ? 1 : LEAST), text);
	snprintf(text, sizeof(text), "%lu places of the module, of at least %lu",
		 shared->places, option.floor);
	result(option.replay || (shared->places &&
				 shared->places >= option.floor), text);
	result(shared->after, "all is given back, and the device works");
}

static void usage(void)
{
	fprintf(stderr,
		"usage: vmfuzz [--time SECONDS] [--threads N] [--seed N] [--floor PLACES]\n"
		"              [--kept FOLDER] [--out FOLDER] [--replay FILE...]\n"
		"--kept   inputs that reached something new: begun with, and added to\n"
		"--out    where the journals go, of what broke something\n"
		"--replay what was kept or a journal, each FILE in a thread of its own\n");
	exit(2);
}

static void options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "time", 1, NULL, 't' }, { "threads", 1, NULL, 'n' },
		{ "seed", 1, NULL, 's' }, { "floor", 1, NULL, 'f' },
		{ "kept", 1, NULL, 'k' }, { "out", 1, NULL, 'o' },
		{ "replay", 0, NULL, 'r' }, {},
	};
	bool again = false;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0)
		switch (c) {
		case 't':
			option.seconds = atoi(optarg);
			break;
		case 'n':
			option.threads = atoi(optarg);
			break;
		case 's':
			option.seed = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			option.floor = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			option.kept = optarg;
			break;
		case 'o':
			option.out = optarg;
			break;
		case 'r':
			again = true;
			break;
		default:
			usage();
		}
	if (again) {
		option.replay = argv + optind;
		option.threads = argc - optind;
	}
	if (!option.threads || option.threads > THREADS || !option.seconds ||
	    (!again && optind < argc))
		usage();
}

int main(int argc, char **argv)
{
	const char *wrong;
	pid_t worker;
	int kmsg;

	options(argc, argv);
	if (!ops_init())
		return 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (shared == MAP_FAILED || kmsg < 0) {
		perror("vmfuzz");
		return 1;
	}
	lseek(kmsg, 0, SEEK_END);
	printf("# seed %lu, %u threads\n", option.seed, option.threads);
	fflush(stdout);
	worker = fork();
	if (!worker)
		exit(work());
	wrong = watch(worker, kmsg);
	if (wrong && !strcmp(wrong, "nothing goes on"))
		show_stuck(worker);
	kill(worker, SIGKILL);
	judge(wrong);

	return failed;
}
