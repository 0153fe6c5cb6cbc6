/* SPDX-License-Identifier: ISC */
/*
 * parent.c - the life of the main process. Child and guard are forked from
 * here with all they need in their memory. A child that dies is replaced at
 * once, a third death within ten seconds means that something is wrong with
 * what it does: good-bye to the peers, addresses away, tries later.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "proc/rights.h"
#include "proc/sandbox.h"
#include "vrrp/child.h"
#include "vrrp/config.h"
#include "vrrp/dump.h"
#include "vrrp/guard.h"
#include "vrrp/manager.h"
#include "vrrp/parent.h"
#include "vrrp/say.h"
#include "vrrp/status.h"
#include "vrrp/turn.h"

enum {
	CHILD_WAIT = 500 * CLOCK_MS,	/* for its last turn */
	SCRIPTS_WAIT = 1000,		/* ms for notify_stop */
	DEATHS = 3,
	DELAY_MOST = 60,		/* s between two tries */
	EXIT_CANNOT = 1
};

static const int64_t deaths_within = 10 * CLOCK_SECOND;
static const int64_t calm = 60 * CLOCK_SECOND;

static struct {
	struct vr_config *config;
	struct vr_parent_plan plan;
	struct vr_live_board *board;
	struct vr_status *status;
	int up, down, signals;
	pid_t child, guard;
	int64_t started;		/* the child */
	int64_t death[DEATHS];		/* the last ones */
	unsigned delay;			/* s of the last wait */
	struct vr_turn_timer again;	/* a child is to be started */
	struct vr_turn_timer due;	/* an advert, while no child leads */
	struct vr_turn_timer over;	/* the scripts had their time */
	int real_time;			/* the child's priority; 0: none */
	uint32_t slow;			/* of the board's that were heard of */
	bool stopping, rewire, reload;
	int code;
} me;

/* ---- processes */

static void
ring_child(void)
{
	uint64_t one = 1;

	if (write(me.down, &one, sizeof one) < 0 && errno != EAGAIN)
		vr_say_error("cannot tell the child: errno %d", errno);
}

static int
compare_numbers(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* A new process keeps the sockets of the wires, the log, and its own: the
 * child the bells, the guard what would keep it from its work. */
static void
close_others(bool child)
{
	int keep[VR_LIVE_SLOTS + 16], last = 2;
	unsigned n = 0;

	for (struct vr_wire *w = vr_wire_first(); w != NULL &&
	    n < VR_LIVE_SLOTS; w = w->next)
		keep[n++] = w->fd;
	if (child) {
		keep[n++] = me.up;
		keep[n++] = me.down;
	} else {
		keep[n++] = vr_host_slow_close();
	}
	n += vr_say_descriptors(keep + n);
	qsort(keep, n, sizeof keep[0], compare_numbers);
	for (unsigned i = 0; i < n; i++) {
		if (keep[i] > last + 1)
			close_range((unsigned)last + 1,
			    (unsigned)keep[i] - 1, 0);
		last = keep[i] > last ? keep[i] : last;
	}
	close_range((unsigned)last + 1, ~0U, 0);
}

/* Sent to the whole group or unit: the parent's to answer. */
static void
leave_signals(void)
{
	static const int ours[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
	    SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		signal(ours[i], SIG_IGN);
	signal(SIGRTMIN + 2, SIG_IGN);
	signal(SIGRTMAX - 1, SIG_IGN);
	signal(SIGRTMAX, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
name_process(const char *name)
{
	if (name != NULL)
		prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* pid 0: of this process. */
static void
set_real_time(pid_t pid, const struct vr_global_conf *g, int priority)
{
	struct sched_param p = { .sched_priority = priority };
	struct rlimit r = { (rlim_t)g->rlimit_rttime,
	    (rlim_t)g->rlimit_rttime };

	prlimit(pid, RLIMIT_RTTIME, &r, NULL);
	if (sched_setscheduler(pid, SCHED_RR | SCHED_RESET_ON_FORK, &p) < 0)
		vr_say_warn("cannot set real-time priority: errno %d", errno);
}

static void
set_pace(const struct vr_global_conf *g)
{
	cpu_set_t cpus;
	unsigned n = 0;

	CPU_ZERO(&cpus);
	for (unsigned i = 0; i < 256; i++)
		if (g->cpu_affinity[i / 64] >> i % 64 & 1) {
			CPU_SET(i, &cpus);
			n++;
		}
	if (n > 0 && sched_setaffinity(0, sizeof cpus, &cpus) < 0)
		vr_say_warn("cannot set the CPUs: errno %d", errno);
	if (g->nice_given && setpriority(PRIO_PROCESS, 0, g->nice) < 0)
		vr_say_warn("cannot set the priority: errno %d", errno);
	if (me.real_time > 0)
		set_real_time(0, g, me.real_time);
	if (g->no_swap && mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		vr_say_warn("cannot lock the memory: errno %d", errno);
}

/* weir when there is such an account, else nobody. */
static void
drop_rights(void)
{
	struct why why;

	if (!rights_root())
		return;
	if (rights_become(getpwnam("weir") != NULL ? "weir" : "nobody",
	    &why) < 0)
		vr_say_warn("%s", why.line);
}

static _Noreturn void
be_child(pid_t parent)
{
	static const struct sandbox_path nothing[] = { { .path = NULL } };
	const struct vr_global_conf *g = &me.config->global;
	struct vr_cast *cast = vr_host_cast();

	close_others(true);
	leave_signals();
	name_process(g->vrrp_process_name != NULL ? g->vrrp_process_name :
	    g->process_names ? "keepalived_vrrp" : NULL);
	cast->up = me.up;
	cast->down = me.down;
	set_pace(g);
	drop_rights();
	rights_harden();
	if (g->sandbox)
		sandbox_enter(nothing, false);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(0);
	_exit(vr_child_run(cast));
}

static void
write_child_pid(void)
{
	char text[16];
	int fd, len;

	if (me.plan.child_pidfile == NULL)
		return;
	/* It is never empty: the old number stands until the new one does. */
	fd = open(me.plan.child_pidfile, O_WRONLY | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC, 0644);
	len = snprintf(text, sizeof text, "%d\n", (int)me.child);
	if (fd < 0 || write(fd, text, (size_t)len) != len ||
	    ftruncate(fd, len) < 0)
		vr_say_warn("cannot write pid file %s", me.plan.child_pidfile);
	if (fd >= 0)
		close(fd);
}

/* ---- between two children */

static void
speak(void *arg)
{
	int64_t next = vr_host_speak();

	if (next == 0)
		vr_turn_stop(&me.due);
	else
		vr_turn_at(&me.due, next);
}

static void
stand_in(bool on)
{
	vr_host_alone(on);
	speak(NULL);
}

/* A timer of it was late: one step, as far as it is allowed. */
static void
hurry_child(void)
{
	const struct vr_global_conf *g = &me.config->global;

	if (me.slow == me.board->slow || me.child == 0)
		return;
	me.slow = me.board->slow;
	if (me.real_time >= g->max_auto_priority)
		return;
	me.real_time++;
	vr_say_info("Increasing the real-time priority to %d", me.real_time);
	set_real_time(me.child, g, me.real_time);
}

/* It is ready: from now on it speaks, and not we. */
static void
give_lead(void)
{
	if (me.child == 0 || me.board->ready != me.child ||
	    me.board->leads == me.child)
		return;
	stand_in(false);
	me.board->leads = me.child;
	ring_child();
}

static void
start_child(void)
{
	pid_t self = getpid(), pid;

	me.board->retire = false;
	me.board->stop = false;
	me.board->ready = me.board->leads = 0;
	if (me.real_time < me.config->global.rt_priority)
		me.real_time = me.config->global.rt_priority;
	pid = fork();
	if (pid == 0)
		be_child(self);
	if (pid < 0) {
		vr_say_error("cannot fork the child: errno %d", errno);
		vr_turn_at(&me.again, vr_turn_now() + CLOCK_SECOND);
		return;
	}
	me.child = pid;
	me.started = vr_turn_now();
	atomic_store(&me.board->child, pid);
	write_child_pid();
}

static void
start_guard(void)
{
	pid_t self = getpid(), pid = fork();

	if (pid == 0) {
		close_others(false);
		leave_signals();
		vr_guard_run(vr_host_cast(), self, me.plan.host.keep);
	}
	if (pid < 0)
		vr_say_error("cannot fork the guard: errno %d", errno);
	me.guard = pid;
}

static void
end_guard(void)
{
	if (me.guard <= 0)
		return;
	kill(me.guard, SIGKILL);
	waitpid(me.guard, NULL, 0);
	me.guard = 0;
}

/* Waits for the child's last turn, which takes no time worth speaking of. */
static void
await_child(int64_t limit)
{
	struct pollfd p = { .events = POLLIN };

	if (me.child <= 0)
		return;
	ring_child();
	p.fd = (int)syscall(SYS_pidfd_open, me.child, 0);
	if (p.fd < 0 || poll(&p, 1, (int)(limit / CLOCK_MS)) != 1) {
		vr_say_warn("the child does not end: killed");
		kill(me.child, SIGKILL);
	}
	if (p.fd >= 0)
		close(p.fd);
	waitpid(me.child, NULL, 0);
	atomic_store(&me.board->child, 0);
	me.child = 0;
}

static void
retire_child(void)
{
	me.board->retire = true;
	await_child(CHILD_WAIT);
	stand_in(true);
	vr_host_act();
}

/* ---- a child dies */

/* How long to wait before the next: seconds; 0: not at all. */
static unsigned
find_delay(int64_t now)
{
	if (now - me.started >= calm)
		me.delay = 0;
	else if (me.death[0] != 0 && now - me.death[0] <= deaths_within)
		me.delay = me.delay == 0 ? 1 : me.delay * 2 > DELAY_MOST ?
		    DELAY_MOST : me.delay * 2;
	return me.delay;
}

static void
say_death(int status)
{
	if (WIFSIGNALED(status))
		vr_say_warn("Keepalived_vrrp exited due to signal %d",
		    WTERMSIG(status));
	else
		vr_say_warn("Keepalived_vrrp exited with status %d",
		    WEXITSTATUS(status));
}

static void
stop_all(int code);

static void
on_child_death(int status)
{
	int64_t now = vr_turn_now();
	unsigned delay;

	atomic_store(&me.board->child, 0);
	me.child = 0;
	stand_in(true);
	vr_host_act();
	say_death(status);
	if (me.plan.no_respawn) {
		stop_all(EXIT_CANNOT);
		return;
	}
	for (unsigned i = 0; i + 1 < DEATHS; i++)
		me.death[i] = me.death[i + 1];
	me.death[DEATHS - 1] = now;
	delay = find_delay(now);
	if (delay == 0) {
		vr_say_info("Respawning: the addresses stay");
		start_child();
		return;
	}
	stand_in(false);
	vr_host_resign(false);
	vr_say_warn("Restart of vrrp process delayed %u seconds to limit "
	    "respawn rate", delay);
	vr_turn_at(&me.again, now + delay * CLOCK_SECOND);
}

static void
on_again(void *arg)
{
	if (me.child == 0 && !me.stopping)
		start_child();
}

static void
reap(void)
{
	int status;

	if (me.child > 0 && waitpid(me.child, &status, WNOHANG) == me.child)
		on_child_death(status);
	if (me.guard > 0 && waitpid(me.guard, NULL, WNOHANG) == me.guard) {
		me.guard = 0;
		if (!me.stopping) {
			start_guard();	/* first: who reads the line has it */
			vr_say_warn("the guard died: a new one is started");
		}
	}
}

/* ---- reload */

static void
renew_processes(void)
{
	pid_t old = me.guard;

	mem_trim();		/* of the old file, and of reading the new */
	if (me.again.at == 0)
		start_child();
	speak(NULL);
	start_guard();
	if (old > 0) {
		kill(old, SIGKILL);
		waitpid(old, NULL, 0);
	}
}

static void
open_status(void)
{
	vr_status_close(&me.status);
	me.status = vr_status_open(&me.config->global, vr_host_view);
}

static void
reload(void)
{
	struct vr_config *now;
	struct why why;

	vr_say_info("Reloading ...");
	vr_manager_reloading();
	me.plan.reopen();
	now = me.plan.read(me.config);
	if (now != NULL) {
		retire_child();
		if (vr_host_change(now, &why) < 0) {
			vr_say_error("%s", why.line);
			vr_config_free(&now);
		} else {
			me.config = now;
		}
		renew_processes();
		open_status();
	}
	vr_manager_up();
}

/* An interface came: the next child is born with a socket on it. */
static void
rewire(void)
{
	retire_child();
	vr_host_rewire();
	renew_processes();
}

/* ---- the end */

static void
leave(void)
{
	vr_turn_end(me.code);
}

static void
on_over(void *arg)
{
	leave();
}

static void
on_shutdown_script(void *arg)
{
	leave();
}

static void
stop_all(int code)
{
	const struct vr_global_conf *g = &me.config->global;

	if (me.stopping)
		return;
	me.stopping = true;
	me.code = code;
	vr_say_info("Stopping");
	vr_manager_stopping();
	me.board->stop = true;
	stand_in(false);
	await_child(g->child_wait_time);
	vr_host_act();
	/* What no child could do any more. */
	vr_host_resign(me.plan.host.keep);
	me.over.fire = on_over;
	vr_turn_at(&me.over, vr_turn_now() + SCRIPTS_WAIT * CLOCK_MS +
	    (g->shutdown_script != NULL ? g->shutdown_timeout : 0));
	if (g->shutdown_script != NULL)
		vr_host_once(g->shutdown_script, g->shutdown_timeout,
		    on_shutdown_script, NULL);
}

/* ---- signals */

static void
dump(enum vr_dump_kind kind)
{
	struct vr_view view;

	vr_host_view(&view);
	vr_dump_write(&view, kind);
}

static void
log_configuration(void)
{
	struct vr_view view;

	vr_host_view(&view);
	vr_dump_log(&view);
}

static void
on_signal(int number)
{
	if (number == SIGCHLD)
		reap();
	else if (number == SIGTERM || (number == SIGINT &&
	    !me.plan.ignore_int))
		stop_all(0);
	else if (number == SIGHUP)
		me.reload = true;
	else if (number == SIGUSR1)
		dump(VR_DUMP_DATA);
	else if (number == SIGUSR2)
		dump(VR_DUMP_STATS);
	else if (number == SIGRTMIN + 2)
		dump(VR_DUMP_JSON);
	if (number == SIGRTMAX - 1) {
		dump(VR_DUMP_STATS);
		vr_host_zero_counts();
	}
}

static void
on_signals(void *arg)
{
	struct signalfd_siginfo s;

	while (read(me.signals, &s, sizeof s) == (ssize_t)sizeof s)
		on_signal((int)s.ssi_signo);
}

static int
open_signals(struct why *why)
{
	static const int heard[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP,
	    SIGUSR1, SIGUSR2 };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof heard / sizeof heard[0]; i++)
		sigaddset(&set, heard[i]);
	sigaddset(&set, SIGRTMIN + 2);
	sigaddset(&set, SIGRTMAX - 1);
	sigaddset(&set, SIGRTMAX);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	me.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (me.signals < 0)
		return why_errno(why, "signalfd");
	vr_turn_watch(me.signals, on_signals, NULL);
	return 0;
}

/* ---- start */

static void
on_child_bell(void *arg)
{
	uint64_t rings;

	while (read(me.up, &rings, sizeof rings) > 0)
		;
	vr_host_act();
	give_lead();
	hurry_child();
}

static void
ask_rewire(void)
{
	me.rewire = true;
}

static void
after_turn(void)
{
	vr_host_flush();
	if (me.stopping) {
		if (vr_host_busy() == 0 &&
		    me.config->global.shutdown_script == NULL)
			leave();
		return;
	}
	if (me.reload) {
		me.reload = false;
		reload();
	} else if (me.rewire) {
		me.rewire = false;
		rewire();
	}
}

static int
open_board(struct why *why)
{
	void *at = mmap(NULL, sizeof *me.board, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return why_errno(why, "shared memory");
	me.board = at;
	me.up = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	me.down = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (me.up < 0 || me.down < 0)
		return why_errno(why, "eventfd");
	vr_turn_watch(me.up, on_child_bell, NULL);
	return 0;
}

static int
open_all(struct why *why)
{
	static const struct vr_host_asks asks = { ring_child, ask_rewire };

	vr_turn_init();
	if (open_signals(why) < 0 || open_board(why) < 0 ||
	    vr_host_open(me.config, me.board, &me.plan.host, &asks, why) < 0)
		return -1;
	vr_host_flush();
	open_status();
	return 0;
}

/* Silence at first, where it is asked for. */
static int64_t
first_wait(const struct vr_global_conf *g)
{
	struct timespec up = { 0, 0 };
	int64_t since, wait = g->startup_delay;

	clock_gettime(CLOCK_BOOTTIME, &up);
	since = up.tv_sec * CLOCK_SECOND + up.tv_nsec / 1000;
	if (g->delay_after_boot > since && g->delay_after_boot - since > wait)
		wait = g->delay_after_boot - since;
	return wait;
}

static void
on_startup_script(void *arg)
{
	int64_t wait = first_wait(&me.config->global);

	if (me.stopping)
		return;
	if (wait > 0) {
		vr_say_info("Delaying startup for %lld.%06lld seconds",
		    (long long)(wait / CLOCK_SECOND),
		    (long long)(wait % CLOCK_SECOND));
		vr_turn_at(&me.again, clock_now() + wait);
	} else {
		start_child();
	}
	vr_say_info("Startup complete");
	vr_manager_up();
}

static void
say_usage(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	vr_say_info("Stopped - used (self/children) %ld.%06ld/%ld.%06ld user "
	    "time, %ld.%06ld/%ld.%06ld system time",
	    (long)self.ru_utime.tv_sec, (long)self.ru_utime.tv_usec,
	    (long)children.ru_utime.tv_sec, (long)children.ru_utime.tv_usec,
	    (long)self.ru_stime.tv_sec, (long)self.ru_stime.tv_usec,
	    (long)children.ru_stime.tv_sec, (long)children.ru_stime.tv_usec);
}

int
vr_parent_run(struct vr_config *config, const struct vr_parent_plan *plan)
{
	const struct vr_global_conf *g = &config->global;
	struct why why = { .line = "" };
	int code;

	me.config = config;
	me.plan = *plan;
	name_process(g->process_name);
	me.again.fire = on_again;
	me.due.fire = speak;
	if (open_all(&why) < 0) {
		vr_say_error("%s", why.line);
		return EXIT_CANNOT;
	}
	if (me.plan.dump)
		log_configuration();
	mem_trim();	/* of reading the file: each process would pay for it */
	start_guard();
	vr_turn_before(vr_host_wake);
	vr_turn_after(after_turn);
	if (g->startup_script != NULL)
		vr_host_once(g->startup_script, g->startup_timeout,
		    on_startup_script, NULL);
	else
		on_startup_script(NULL);
	code = vr_turn_run();
	end_guard();
	vr_status_close(&me.status);
	vr_host_close();
	if (me.plan.child_pidfile != NULL)
		unlink(me.plan.child_pidfile);
	say_usage();
	return code;
}
