// SPDX-License-Identifier: GPL-2.0-only
/*
 * sweep ROOT LOG LABEL COMMAND [ARGUMENT]...
 *
 * Runs COMMAND with fault.c again and again: each time the next point fails, in
 * each way there is, until there is no such point any more. ROOT is the folder
 * that it may change, and gets back as it was; LOG is written by the fake
 * driver. Prints a line of TAP for each way. What has to hold is in judge().
 *
 * SWEEP_PRELOAD: what to preload. SWEEP_KINDS: only these ways. SWEEP_STREAM: it
 * prints as it goes, so that a failure leaves what came before it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"

#define MAX_POINTS	3000	/* a sweep that goes on is none */
#define MAX_TEXT	(512 << 10)
#define STARVE_STEP	5	/* those in between are much the same */
#define STATE_FD	100
#define SECONDS		20	/* for one run */
#define LAST_EXIT	8	/* EXIT_PARTLY: see vfio-cxl(1) */
#define NOT_RUN		125	/* EXIT_NOT_RUN and the two behind it */

struct text {
	size_t len;
	char s[MAX_TEXT];
};

/* What a run left */
struct run {
	int status;		/* exit code, or 128 and a signal */
	struct text out;
	struct text err;
	struct text log;	/* what the driver was asked */
	struct text root;
};

static const char *const kinds[] = FAULT_NAMES;
static const char *root, *log_path, *label;
static char **command;
static struct fault_state *state;
static struct run good, now, again;
static struct text before;
static int out_fd, err_fd;
static int tests, bad;
static bool stream;

static void die(const char *what)
{
	printf("Bail out! sweep: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void add(struct text *t, const char *s, size_t len)
{
	if (len >= MAX_TEXT - t->len) {
		errno = EFBIG;
		die("too much to compare");
	}
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

static void add_fd(struct text *t, int fd)
{
	char buf[4096];
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		add(t, buf, n);
}

static void add_file(struct text *t, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	add_fd(t, fd);
	close(fd);
}

static void clear(struct text *t)
{
	t->len = 0;
	t->s[0] = '\0';
}

static bool same(const struct text *a, const struct text *b)
{
	return a->len == b->len && !memcmp(a->s, b->s, a->len);
}

static void add_folder(struct text *t, const char *path);

/* Names, links and what is in files; a lock that nobody has is no state */
static void add_entry(struct text *t, const char *path)
{
	char target[256];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) || strstr(path, ".lock"))
		return;
	if (S_ISDIR(st.st_mode)) {
		add_folder(t, path);
		return;
	}
	add(t, path, strlen(path));
	add(t, "\n", 1);
	if (S_ISREG(st.st_mode)) {
		add_file(t, path);
	} else if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target));
		add(t, target, n > 0 ? n : 0);
	}
}

static void add_folder(struct text *t, const char *path)
{
	struct dirent **list;
	char name[4096];
	int i, n = scandir(path, &list, NULL, alphasort);

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		if (strcmp(list[i]->d_name, ".") &&
		    strcmp(list[i]->d_name, ".."))
			add_entry(t, name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void look(struct text *t)
{
	clear(t);
	add_folder(t, root);
}

/* ROOT as it was, from ROOT.good */
static void put_back(void)
{
	char line[1024];

	snprintf(line, sizeof(line), "rm -rf '%s' && cp -a '%s.good' '%s'",
		 root, root, root);
	if (system(line))
		die("can't put the fixture back");
}

static _Noreturn void child(const char *what)
{
	const char *preload = getenv("SWEEP_PRELOAD");
	int null = open("/dev/null", O_RDONLY);

	if (dup2(null, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0 ||
	    dup2(err_fd, STDERR_FILENO) < 0)
		_exit(120);
	close(null);
	setenv("LD_PRELOAD", preload ? preload : "", 1);
	setenv("FAULT", what, 1);
	alarm(SECONDS);
	execv(command[0], command);
	_exit(121);
}

static void execute(struct run *r, enum fault_kind kind, unsigned long n)
{
	char what[32];
	int status;
	pid_t pid;

	snprintf(what, sizeof(what), "%s:%lu", kinds[kind], n);
	memset(state, 0, sizeof(*state));
	if (ftruncate(out_fd, 0) || ftruncate(err_fd, 0))
		die("can't empty what was printed");
	lseek(out_fd, 0, SEEK_SET);
	lseek(err_fd, 0, SEEK_SET);
	truncate(log_path, 0);
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(what);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("can't run it");
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) :
					128 + WTERMSIG(status);
	clear(&r->out);
	clear(&r->err);
	clear(&r->log);
	add_fd(&r->out, out_fd);
	add_fd(&r->err, err_fd);
	add_file(&r->log, log_path);
	look(&r->root);
}

/* Does either output tell what went wrong? */
static bool tells(const struct text *t)
{
	static const char *const nomem[] = {
		"ENOMEM", "Cannot allocate memory", "out of memory", NULL,
	};
	static const char *const full[] = {
		"ENOSPC", "No space left on device", NULL,
	};
	static const char *const eintr[] = {
		"EINTR", "Interrupted system call", NULL,
	};
	const char *const *word = state->kind == FAULT_FULL ? full :
				  state->kind == FAULT_EINTR ? eintr : nomem;

	while (*word)
		if (strstr(t->s, *word++))
			return true;
	return false;
}

/* Balanced, and nothing behind: all of it is there */
static bool is_whole_json(const struct text *t)
{
	bool quoted = false;
	int depth = 0;
	size_t i;

	for (i = 0; i < t->len; i++) {
		char c = t->s[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && strchr("{[", c))
			depth++;
		else if (!quoted && strchr("}]", c) && !--depth)
			break;
	}
	return !depth && !quoted && t->len && !strcmp(t->s + i, "}\n");
}

static bool on_stdout(void)
{
	return strstr(state->where, "memfd:out");
}

static const char *judge_failure(bool json)
{
	if (!now.err.len)
		return "it failed without a word";
	if (!tells(&now.err))
		return "what it told is not what failed";
	if (json && !is_whole_json(&now.err))
		return "no error object";
	if (stream && strncmp(now.out.s, good.out.s, now.out.len))
		return "it failed, and printed something else before";
	if (json && !stream && now.out.len && !on_stdout())
		return "it failed, and printed records";
	/* Partly done says so itself; see judge_again() */
	if (now.status != LAST_EXIT && !same(&now.root, &before) &&
	    !same(&now.root, &good.root))
		return "something is half done";
	return NULL;
}

static bool is_crash(int status)
{
	return status > LAST_EXIT && (status < NOT_RUN || status > NOT_RUN + 2);
}

/* What is wrong with a run that met a failure; NULL if nothing is */
static const char *judge(bool json)
{
	bool done = now.status == good.status && same(&now.out, &good.out) &&
		    same(&now.err, &good.err);

	if (is_crash(now.status))
		return "it crashed, or hung";
	if (done && !same(&now.root, &good.root))
		return "it claims what it did not do";
	/* Where a write was short there is one more */
	if (done && state->kind != FAULT_SHORT && !same(&now.log, &good.log))
		return "it claims, but the driver was asked other things";
	if (done)
		return NULL;
	if (state->kind == FAULT_SHORT ||
	    (state->kind == FAULT_EINTR && !on_stdout()))
		return "it was not absorbed";
	if (now.status)
		return judge_failure(json);
	if (!tells(&now.out) && !tells(&now.err))
		return "success, but something else was printed";
	if (json && !stream && !is_whole_json(&now.out))
		return "half a record, and success";
	return same(&now.root, &good.root) ? NULL :
	       "it claims what it did not do";
}

/* The same again from where the failure left things */
static const char *judge_again(void)
{
	if (same(&now.root, &before))
		return NULL;
	execute(&again, FAULT_NONE, 0);
	if (again.status != good.status || !same(&again.root, &good.root))
		return "the same call again does not mend it";
	return NULL;
}

static void show(const char *name, const struct text *t)
{
	const char *s = t->s;

	while (*s) {
		int n = strcspn(s, "\n");

		printf("#   %s: %.*s\n", name, n, s);
		s += n + (s[n] == '\n');
	}
}

static void complain(unsigned long n, const char *why)
{
	printf("# point %lu, %s: %s (exit %d)\n", n, state->where, why,
	       now.status);
	if (now.out.len < 4096)
		show("out", &now.out);
	show("err", &now.err);
}

static void sweep(enum fault_kind kind, bool json)
{
	unsigned long n, wrong = 0;
	char where[sizeof(state->where)];

	for (n = 1; n <= MAX_POINTS;
	     n += kind == FAULT_STARVE ? STARVE_STEP : 1) {
		const char *why;

		execute(&now, kind, n);
		if (!state->fired)
			break;
		why = judge(json);
		memcpy(where, state->where, sizeof(where));
		if (!why)
			why = judge_again();
		memcpy(state->where, where, sizeof(where));
		if (why && ++wrong <= 3)
			complain(n, why);
		if (!same(&now.root, &before))
			put_back();
	}
	if (n > MAX_POINTS)
		printf("# it does not end\n");
	else if (n > 1 && !same(&now.out, &good.out))
		printf("# without a failure it printed something else\n");
	else if (n > 1 && !wrong)
		goto out;
	bad++;
	printf("not ");
out:
	printf("ok %d - %s: %s, %lu points", ++tests, label, kinds[kind],
	       state->points);
	printf(wrong ? ", %lu of them wrong\n" : "\n", wrong);
	if (!same(&now.root, &before))
		put_back();
}

static int memory_fd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		die("memfd_create");
	return fd;
}

static void prepare(void)
{
	char line[1024], number[16];
	int fd = memory_fd("state");

	if (ftruncate(fd, sizeof(*state)))
		die("ftruncate");
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (state == MAP_FAILED || dup2(fd, STATE_FD) < 0)
		die("mmap");
	snprintf(number, sizeof(number), "%d", STATE_FD);
	setenv("FAULT_FD", number, 1);
	out_fd = memory_fd("out");
	err_fd = memory_fd("err");
	snprintf(line, sizeof(line), "rm -rf '%s.good' && cp -a '%s' '%s.good'",
		 root, root, root);
	if (system(line))
		die("can't keep the fixture");
	look(&before);
}

int main(int argc, char **argv)
{
	const char *only = getenv("SWEEP_KINDS");
	bool json = false;
	enum fault_kind k;
	int i;

	stream = getenv("SWEEP_STREAM");
	if (argc < 5)
		die("sweep ROOT LOG LABEL COMMAND [ARGUMENT]...");
	root = argv[1];
	log_path = argv[2];
	label = argv[3];
	command = argv + 4;
	for (i = 4; i < argc; i++)
		json = json || !strcmp(argv[i], "--json");
	prepare();
	execute(&good, FAULT_NONE, 0);
	if (is_crash(good.status) || (!good.status && !good.out.len)) {
		complain(0, "it does not work without a failure either");
		bad++;
	}
	if (!same(&good.root, &before))
		put_back();
	for (k = FAULT_ALLOC; k < FAULT_KINDS; k++)
		if (!only || strstr(only, kinds[k]))
			sweep(k, json);
	printf("1..%d\n", tests);
	return bad > 0;
}
