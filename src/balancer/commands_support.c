/* SPDX-License-Identifier: ISC */
/*
 * commands_support.c - what helps whoever looks for a fault: loops, memory,
 * descriptors, libraries, what was told at start. Loop 0.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <unistd.h>

#include "balancer/commands_rows.h"
#include "balancer/console.h"
#include "balancer/door.h"
#include "balancer/facts.h"
#include "balancer/flow.h"
#include "balancer/notices.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/socket.h"

/* ---- what loops know of themselves ------------------------------------- */

struct ask {
	struct talk *talk;
	void (*print)(struct talk *, const struct lb_facts *, unsigned);
};

static void
on_facts(const struct lb_facts *f, unsigned count, void *arg)
{
	struct ask *a = arg;

	if (lb_talk_conn(a->talk) != NULL)
		a->print(a->talk, f, count);
	lb_talk_resume(a->talk);
	mem_drop(a);
}

static void
ask_loops(struct talk *t,
    void (*print)(struct talk *, const struct lb_facts *, unsigned))
{
	struct ask *a = mem_get(sizeof *a);

	if (a == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	*a = (struct ask){ t, print };
	lb_talk_wait(t);
	lb_facts_take(lb_talk_home(t), on_facts, a);
}

static uint64_t
get_sessions(const struct lb_facts *f)
{
	return f->sessions;
}

static uint64_t
get_conns(const struct lb_facts *f)
{
	return f->conns;
}

static uint64_t
get_cpu(const struct lb_facts *f)
{
	return (uint64_t)(f->cpu / CLOCK_MS);
}

static uint64_t
get_memory(const struct lb_facts *f)
{
	return f->conn_bytes + f->buffer_bytes;
}

static void
print_activity(struct talk *t, const struct lb_facts *f, unsigned count)
{
	static const struct {
		const char *name;
		uint64_t (*get)(const struct lb_facts *);
	} rows[] = {
		{ "sessions", get_sessions }, { "conns", get_conns },
		{ "memory", get_memory }, { "cpu_ms_tot", get_cpu },
	};
	int64_t now = clock_wall();

	lb_talk_print(t, "thread_id: 1 (1..%u)\ndate_now: %lld.%06d\n"
	    "engine: %s\naccepted: %" PRIu64 "\n", count,
	    (long long)(now / CLOCK_SECOND), (int)(now % CLOCK_SECOND),
	    loop_engine(lb_talk_home(t)), lb_world()->connections);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t sum = 0;

		for (unsigned n = 0; n < count; n++)
			sum += rows[i].get(&f[n]);
		lb_talk_print(t, "%s: %" PRIu64 " [", rows[i].name, sum);
		for (unsigned n = 0; n < count; n++)
			lb_talk_print(t, " %" PRIu64, rows[i].get(&f[n]));
		lb_talk_put(t, TEXT(" ]\n"));
	}
}

static void
run_activity(struct talk *t, const struct command_line *l)
{
	ask_loops(t, print_activity);
}

static void
print_threads(struct talk *t, const struct lb_facts *f, unsigned count)
{
	for (unsigned n = 0; n < count; n++)
		lb_talk_print(t, "%c Thread %-2u: act=%d sessions=%u conns=%u "
		    "cpu_us=%lld\n", n == 0 ? '*' : ' ', n + 1, n == 0,
		    f[n].sessions, f[n].conns, (long long)f[n].cpu);
}

static void
run_threads(struct talk *t, const struct command_line *l)
{
	ask_loops(t, print_threads);
}

static void
put_pool(struct talk *t, const char *name, size_t size, uint64_t used)
{
	lb_talk_print(t, "  - Pool %s (%zu bytes) : %" PRIu64 " allocated "
	    "(%" PRIu64 " bytes), %" PRIu64 " used, 0 failures\n", name, size,
	    used, used * size, used);
}

static void
print_pools(struct talk *t, const struct lb_facts *f, unsigned count)
{
	uint64_t sessions = 0, conns = 0, conn_bytes = 0, buffers = 0;

	for (unsigned n = 0; n < count; n++) {
		sessions += f[n].sessions;
		conns += f[n].conns;
		conn_bytes += f[n].conn_bytes;
		buffers += f[n].buffer_bytes;
	}
	lb_talk_put(t, TEXT("Dumping pools usage.\n"));
	put_pool(t, "session", sizeof(struct lb_session), sessions);
	put_pool(t, "conn", conns > 0 ? (size_t)(conn_bytes / conns) : 0,
	    conns);
	put_pool(t, "buffer", 1024, buffers / 1024);
	lb_talk_print(t, "Total: 3 pools, %" PRIu64 " bytes allocated, %"
	    PRIu64 " used.\n", sessions * sizeof(struct lb_session) +
	    conn_bytes + buffers, sessions * sizeof(struct lb_session) +
	    conn_bytes + buffers);
}

static void
run_pools(struct talk *t, const struct command_line *l)
{
	ask_loops(t, print_pools);
}

static void
print_tasks(struct talk *t, const struct lb_facts *f, unsigned count)
{
	unsigned sessions = 0;

	for (unsigned n = 0; n < count; n++)
		sessions += f[n].sessions;
	lb_talk_print(t, "Running tasks: %u (%u threads)\n"
	    "  function                     places     %%    lat_tot   "
	    "lat_avg\n", sessions, count);
}

static void
run_tasks(struct talk *t, const struct command_line *l)
{
	ask_loops(t, print_tasks);
}

/* ---- descriptors ------------------------------------------------------- */

static const char *
kind_of(mode_t mode)
{
	return S_ISSOCK(mode) ? "socket" : S_ISFIFO(mode) ? "pipe" :
	    S_ISREG(mode) ? "file" : S_ISCHR(mode) ? "device" : "other";
}

static void
put_socket(struct sheet *to, int fd)
{
	char local[ADDRESS_TEXT] = "-", peer[ADDRESS_TEXT] = "-";
	struct address a;
	int listens = 0;
	socklen_t len = sizeof listens;

	if (socket_local(fd, &a) == 0)
		address_print(&a, local);
	if (socket_peer(fd, &a) == 0)
		address_print(&a, peer);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		listens = 0;
	if (listens)
		sheet_print(to, " listen=%s", local);
	else
		sheet_print(to, " local=%s peer=%s", local, peer);
}

/* Which frontend has it, when it listens. */
static const char *
find_front(int fd)
{
	const struct lb_bind_conf *conf;

	for (unsigned i = 0; i < lb_world()->count; i++) {
		const struct lb_door *d = lb_world()->proxies[i]->doors;

		for (; d != NULL; d = d->next)
			if (d->fd == fd)
				return d->proxy->conf->name;
	}
	for (unsigned i = 0; lb_console_fd(i, &conf) >= 0; i++)
		if (lb_console_fd(i, &conf) == fd)
			return "GLOBAL";
	return NULL;
}

static void
put_fd(struct sheet *to, int fd)
{
	const char *front;
	struct stat st;
	int flags;

	if (fstat(fd, &st) < 0 || (flags = fcntl(fd, F_GETFL)) < 0)
		return;
	front = find_front(fd);
	sheet_print(to, "%7d : st=0x%x type=%s", fd, (unsigned)flags,
	    kind_of(st.st_mode));
	if (S_ISSOCK(st.st_mode))
		put_socket(to, fd);
	if (front != NULL)
		sheet_print(to, " fe=%s", front);
	sheet_text(to, "\n");
}

struct fd_walk { int fd, end; };

static bool
show_fds(struct talk *t, void *state)
{
	struct fd_walk *w = state;

	for (; w->fd < w->end; w->fd++) {
		if (!lb_talk_has_room(t))
			return true;
		put_fd(lb_talk_answer(t), w->fd);
	}
	return false;
}

static void
run_fd(struct talk *t, const struct command_line *l)
{
	struct fd_walk *w = mem_get(sizeof *w);
	struct text word = text_of(l->at[2]);
	int64_t fd;

	if (w == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	*w = (struct fd_walk){ 0, (int)lb_world()->descriptors };
	if (number_int(word, 10, 0, INT32_MAX - 1, &fd, NULL) == 0) {
		w->fd = (int)fd;
		w->end = (int)fd + 1;
	}
	lb_talk_more(t, show_fds, w, mem_drop);
}

/* ---- libraries, sinks, the start --------------------------------------- */

static int
put_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct talk *t = arg;
	uintptr_t from = UINTPTR_MAX, to = 0;

	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		if (at < from)
			from = at;
		if (at + info->dlpi_phdr[i].p_memsz > to)
			to = at + info->dlpi_phdr[i].p_memsz;
	}
	if (from < to)
		lb_talk_print(t, "0x%012" PRIxPTR "-0x%012" PRIxPTR
		    " (0x%07" PRIxPTR ") %s\n", from, to - 1, to - from,
		    info->dlpi_name != NULL && info->dlpi_name[0] != '\0' ?
		    info->dlpi_name : "weir-balancer");
	return 0;
}

static void
run_libs(struct talk *t, const struct command_line *l)
{
	dl_iterate_phdr(put_library, t);
}

static void
run_events(struct talk *t, const struct command_line *l)
{
	if (l->at[2][0] != '\0' && l->at[2][0] != '-') {
		lb_talk_refuse(t, "No such event sink");
		return;
	}
	lb_talk_put(t, TEXT("Supported events sinks are listed below. Add "
	    "-w(wait), -n(new). Any key to stop\n"
	    "    stdout     : type=fd, 0 dropped, standard output (fd#1)\n"
	    "    stderr     : type=fd, 0 dropped, standard output (fd#2)\n"));
}

static void
run_startup(struct talk *t, const struct command_line *l)
{
	const char *text = lb_notices_text();

	lb_talk_put(t, text_of(text[0] != '\0' ? text : "\n"));
}

static void
run_profiling(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, TEXT(
	    "Per-task CPU profiling              : off\n"
	    "Memory usage profiling              : off\n"));
}

/* Nothing here counts for each task: that is the system's profiler's work. */
static void
run_set_profiling(struct talk *t, const struct command_line *l)
{
	const char *how = l->at[3];

	if (strcmp(l->at[2], "tasks") != 0 && strcmp(l->at[2], "memory") != 0)
		lb_talk_refuse(t, "Expects either 'tasks' or 'memory'.");
	else if (strcmp(how, "on") != 0 && strcmp(how, "auto") != 0 &&
	    strcmp(how, "off") != 0)
		lb_talk_refuse(t, "Expects 'on', 'auto', or 'off'.");
	else if (strcmp(how, "off") != 0)
		lb_talk_refuse(t, "Profiling not compiled in.");
}

static void
run_show_trace(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, TEXT("Supported trace sources and states (.=stopped, "
	    "w=waiting, R=running) :\n"));
}

/* "0" stops all of them: there is none. */
static void
run_trace(struct talk *t, const struct command_line *l)
{
	if (l->count < 2)
		run_show_trace(t, l);
	else if (strcmp(l->at[1], "0") == 0)
		lb_talk_tell(t, LB_LOG_NOTICE, "All traces now stopped");
	else
		lb_talk_refuse(t, "No such trace source");
}

/* Nothing is kept of what servers answer. */
static void
run_cache(struct talk *t, const struct command_line *l)
{
}

static void
run_anon(struct talk *t, const struct command_line *l)
{
	lb_talk_tell(t, LB_LOG_INFO, "Anonymized mode disabled");
}

/* There are peers sections, and nobody is spoken to. */
static void
run_peers(struct talk *t, const struct command_line *l)
{
}

const struct command lb_commands_support[] = {
	{ "show activity", NULL, "show per-thread activity stats (for "
	    "support/developers)", LB_LEVEL_USER, run_activity },
	{ "show anon", NULL, "display the current state of anonymized mode",
	    LB_LEVEL_OPERATOR, run_anon },
	{ "set profiling", "<what> {auto|on|off}", "enable/disable resource "
	    "profiling (tasks,memory)", LB_LEVEL_ADMIN, run_set_profiling },
	{ "show cache", NULL, "show cache status", LB_LEVEL_USER,
	    run_cache },
	{ "show events", "[<sink>]", "show event sink state",
	    LB_LEVEL_USER, run_events },
	{ "show fd", "[num]", "dump list of file descriptors in use or a "
	    "specific one", LB_LEVEL_OPERATOR, run_fd },
	{ "show libs", NULL, "show loaded object files and libraries",
	    LB_LEVEL_ADMIN, run_libs },
	{ "show peers", "[section]", "dump some information about all the "
	    "peers or this peers section", LB_LEVEL_USER, run_peers },
	{ "show pools", NULL, "report information about the memory pools "
	    "usage", LB_LEVEL_USER, run_pools },
	{ "show profiling", NULL, "show profiling state", LB_LEVEL_ADMIN,
	    run_profiling },
	{ "show startup-logs", NULL, "report logs emitted during startup",
	    LB_LEVEL_OPERATOR, run_startup },
	{ "show tasks", NULL, "show running tasks", LB_LEVEL_USER,
	    run_tasks },
	{ "show threads", NULL, "show some threads debugging information",
	    LB_LEVEL_USER, run_threads },
	{ "show trace", "[<module>]", "show live tracing state",
	    LB_LEVEL_USER, run_show_trace },
	{ "trace", "[<module>|0] [cmd [args...]]", "manage live tracing "
	    "(empty to list, 0 to stop all)", LB_LEVEL_ADMIN, run_trace },
	{ NULL, NULL, NULL, 0, NULL }
};
