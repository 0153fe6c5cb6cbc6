/* SPDX-License-Identifier: ISC */
/*
 * mastercli.c - a talk with the master: its few commands, and the way to a
 * worker, whose answer is passed on as it comes. Loop 0 of the master.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "balancer/commands_rows.h"
#include "balancer/condition.h"
#include "balancer/config.h"
#include "balancer/doorway.h"
#include "balancer/logs.h"
#include "balancer/mastercli.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/conn.h"
#include "net/listener.h"
#include "proc/master.h"

enum { BACKLOG = 128, HELD = 64 * 1024, MASTER = 0 };

static const int64_t idle_limit = 10 * CLOCK_SECOND;

static struct lb_setup *setup;		/* of the socket alone */
static struct listener *listener;
static struct loop *home;
static const struct lb_mastercli_host *over;

/* ---- a worker's answer ------------------------------------------------- */

struct relay {
	struct talk *talk;
	struct conn *conn;		/* to the worker; NULL: it ended */
	char *bytes;			/* come, and not passed on */
	size_t len, room;
	bool waits;
};

static void
go_on(struct relay *r)
{
	if (!r->waits)
		return;
	r->waits = false;
	lb_talk_resume(r->talk);
}

static void
on_bytes(struct conn *c, struct text t)
{
	struct relay *r = conn_owner(c);

	if (r->len + t.len > r->room) {
		char *more = mem_grow(r->bytes, 2 * (r->len + t.len));

		if (more == NULL)
			return;
		r->bytes = more;
		r->room = 2 * (r->len + t.len);
	}
	memcpy(r->bytes + r->len, t.at, t.len);
	r->len += t.len;
	if (r->len > HELD)
		conn_hold(c);
	go_on(r);
}

static void
on_end(struct conn *c, const struct close_reason *reason)
{
	struct relay *r = conn_owner(c);

	r->conn = NULL;
	go_on(r);
}

static void
on_ready(struct conn *c)
{
}

static const struct conn_handler worker_side = {
	.ready = on_ready, .data = on_bytes, .closed = on_end,
};

/* The empty line at the end is the talk's to add. */
static bool
pass_on(struct talk *t, void *state)
{
	struct relay *r = state;
	size_t keep = r->conn != NULL || (r->len > 0 &&
	    r->bytes[r->len - 1] == '\n');

	if (r->len > keep) {
		lb_talk_put(t, (struct text){ r->bytes, r->len - keep });
		r->bytes[0] = r->bytes[r->len - 1];
		r->len = keep;
	} else if (r->conn != NULL) {
		r->waits = true;
		lb_talk_wait(t);
		return true;
	}
	if (r->conn == NULL)
		return false;
	conn_resume(r->conn);
	return true;
}

static void
on_late(void *arg)
{
	lb_talk_resume(arg);
}

static void
drop_relay(void *state)
{
	struct relay *r = state;

	if (r->conn != NULL)
		conn_close(r->conn, &close_eof);
	r->conn = NULL;
	if (r->waits)		/* the talk is ending: not from inside of it */
		loop_post(home, on_late, r->talk);
	mem_drop(r->bytes);
	mem_drop(r);
}

/* A word as it was typed: what parts words and commands is escaped. */
static void
send_word(struct conn *c, const char *word)
{
	for (; *word != '\0'; word++) {
		if (strchr(" \t;\\", *word) != NULL)
			conn_send(c, TEXT("\\"));
		conn_send_copy(c, (struct text){ word, 1 });
	}
}

static void
send_command(struct conn *c, const struct command_line *l)
{
	conn_cork(c);
	for (unsigned i = 0; i < l->count; i++) {
		if (i > 0)
			conn_send(c, TEXT(" "));
		send_word(c, l->at[i]);
	}
	if (l->payload.at != NULL) {
		conn_send(c, TEXT(" <<\n"));
		conn_send_copy(c, l->payload);
	}
	conn_send(c, TEXT("\n"));
	conn_uncork(c);
}

static void
forward(struct talk *t, const struct master_worker *w,
    const struct command_line *l)
{
	struct relay *r = mem_zero(sizeof *r);
	struct why why = { "out of memory", "" };
	int fd = r == NULL ? -1 : master_connect(w,
	    (char)('0' + lb_talk_level(t)), &why);

	if (fd >= 0) {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		r->talk = t;
		r->conn = conn_accept(home, fd, &worker_side, r);
	}
	if (r == NULL || r->conn == NULL) {
		lb_talk_refuse(t, "Can't connect to the target process: %s",
		    why.line);
		mem_drop(r);
		return;
	}
	send_command(r->conn, l);
	lb_talk_more(t, pass_on, r, drop_relay);
}

/* ---- the master's commands --------------------------------------------- */

static void
reload(struct talk *t, bool hard)
{
	struct conn *c = lb_talk_release(t);
	int fd;

	if (c == NULL)
		return;
	fd = fcntl(conn_fd(c), F_DUPFD_CLOEXEC, 0);
	conn_close(c, &close_eof);
	over->reload(hard, fd);
}

static void
run_reload(struct talk *t, const struct command_line *l)
{
	reload(t, false);
}

static void
run_hard_reload(struct talk *t, const struct command_line *l)
{
	reload(t, true);
}

static void
show_process(struct talk *t, pid_t pid, const char *type, const char *reloads,
    int64_t since)
{
	int64_t up = clock_wall() / CLOCK_SECOND - since;
	char uptime[40];

	snprintf(uptime, sizeof uptime, "%dd%02dh%02dm%02ds",
	    (int)(up / 86400), (int)(up / 3600 % 24), (int)(up / 60 % 60),
	    (int)(up % 60));
	lb_talk_print(t, "%-15d %-15s %-15s %-15s %-15s\n", (int)pid, type,
	    reloads, uptime, LB_CONDITION_VERSION);
}

static void
show_workers(struct talk *t, bool leaving, const char *title)
{
	char reloads[20];

	for (const struct master_worker *w = master_here()->workers;
	    w != NULL; w = w->next) {
		if (w->leaving != leaving)
			continue;
		if (title != NULL)
			lb_talk_print(t, "%s\n", title);
		title = NULL;
		snprintf(reloads, sizeof reloads, "%u", w->reloads);
		show_process(t, w->pid, "worker", reloads, w->since);
	}
}

static void
run_show_proc(struct talk *t, const struct command_line *l)
{
	const struct master *m = master_here();
	char reloads[50];

	snprintf(reloads, sizeof reloads, "%u [failed: %u]", m->reloads,
	    m->failed);
	lb_talk_print(t, "%-15s %-15s %-15s %-15s %-15s\n", "#<PID>", "<type>",
	    "<reloads>", "<uptime>", "<version>");
	show_process(t, getpid(), "master", reloads, m->since);
	lb_talk_put(t, TEXT("# workers\n"));
	show_workers(t, false, NULL);
	show_workers(t, true, "# old workers");
}

static void
run_show_version(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, TEXT(LB_CONDITION_VERSION "\n"));
}

static void
run_show_logs(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, text_of(over->told()));
}

static void
run_show_level(struct talk *t, const struct command_line *l)
{
	static const char *const names[] = { "user", "operator", "admin" };

	lb_talk_print(t, "%s\n", names[lb_talk_level(t)]);
}

static void
run_show_sockets(struct talk *t, const struct command_line *l)
{
	const struct lb_bind_conf *door = lb_talk_door(t);
	static const char *const names[] = { "user", "operator", "admin" };

	lb_talk_print(t, "# socket lvl processes\n%s%s %s master\n",
	    door->addr.text[0] == '/' ? "unix@" : "", door->addr.text,
	    names[door->level]);
}

static void run_help(struct talk *, const struct command_line *);

static const struct command rows[] = {
	{ "@!<pid>", NULL, "send a command to the <pid> process",
	    LB_LEVEL_USER, NULL },
	{ "@<relative pid>", NULL, "send a command to the <relative pid> "
	    "process", LB_LEVEL_USER, NULL },
	{ "@master", NULL, "send a command to the master process",
	    LB_LEVEL_USER, NULL },
	{ "hard-reload", NULL, "achieve a hard-reload of haproxy",
	    LB_LEVEL_OPERATOR, run_hard_reload },
	{ "reload", NULL, "reload haproxy", LB_LEVEL_OPERATOR, run_reload },
	{ "show cli level", NULL, "display the level of the current CLI "
	    "session", LB_LEVEL_USER, run_show_level },
	{ "show cli sockets", NULL, "dump list of cli sockets",
	    LB_LEVEL_OPERATOR, run_show_sockets },
	{ "show proc", NULL, "show processes status", LB_LEVEL_OPERATOR,
	    run_show_proc },
	{ "show startup-logs", NULL, "report logs emitted during HAProxy "
	    "startup", LB_LEVEL_USER, run_show_logs },
	{ "show version", NULL, "show version of the current process",
	    LB_LEVEL_USER, run_show_version },
	{ "help", "[<command>]", "list matching or all commands",
	    LB_LEVEL_USER, run_help },
	{ NULL, NULL, NULL, 0, NULL }
};

static void
show_rows(struct talk *t, const struct command *from)
{
	char line[512];

	for (; from->words != NULL; from++) {
		if (from->help == NULL ||
		    from->level > (int)lb_talk_level(t))
			continue;
		command_show(from, line, sizeof line);
		lb_talk_print(t, "  %s\n", line);
	}
}

static void
run_help(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, TEXT("The following commands are valid at this "
	    "level:\n"));
	show_rows(t, rows);
	show_rows(t, lb_commands_talk);
}

/* ---- whom it is for ---------------------------------------------------- */

static const struct master_worker *
find_worker(bool (*is)(const struct master_worker *, long), long arg)
{
	const struct master_worker *w = master_here()->workers;

	while (w != NULL && !is(w, arg))
		w = w->next;
	return w;
}

static bool
is_current(const struct master_worker *w, long arg)
{
	return !w->leaving && w->ready;
}

static bool
has_pid(const struct master_worker *w, long pid)
{
	return w->pid == pid;
}

/* "@1", "@!123", "@master"; false: there is none such. */
static bool
find_target(const char *word, long *target)
{
	const struct master_worker *w = NULL;
	int64_t n = 0;

	*target = MASTER;
	if (strcmp(word, "@master") == 0 || strcmp(word, "@0") == 0)
		return true;
	if (strcmp(word, "@1") == 0)
		w = find_worker(is_current, 0);
	else if (word[1] == '!' && number_int(text_of(word + 2), 10, 0,
	    INT32_MAX, &n, NULL) == 0)
		w = find_worker(has_pid, (long)n);
	if (w != NULL)
		*target = w->pid;
	return w != NULL || (word[1] == '!' && n == getpid());
}

static void
run_own(struct talk *t, const struct command_line *l)
{
	const struct command *c = command_find(rows, l);

	if (c == NULL)
		c = command_find(lb_commands_talk, l);
	if (c == NULL || c->run == NULL) {
		lb_talk_print(t, "Unknown command: '%.100s', but maybe one of "
		    "the following ones is a better match:\n", l->at[0]);
		show_rows(t, rows);
		show_rows(t, lb_commands_talk);
	} else if (c->level > (int)lb_talk_level(t))
		lb_talk_refuse(t, "Permission denied");
	else
		c->run(t, l);
}

/* These are the talk's own and have no answer, whoever is spoken to. */
static bool
is_about_talk(const char *word)
{
	static const char *const words[] = { "operator", "prompt", "quit",
	    "user" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static void
run_command(struct talk *t, const struct command_line *given)
{
	struct command_line l = *given;
	const struct master_worker *w;
	long target = lb_talk_mark(t);

	if (l.at[0][0] == '@') {
		if (!find_target(l.at[0], &target)) {
			lb_talk_refuse(t, "Can't find the target PID "
			    "matching the prefix '%.100s'", l.at[0]);
			lb_talk_quit(t);
			return;
		}
		if (l.count == 1) {
			lb_talk_set_mark(t, target);
			lb_talk_hush(t);
			return;
		}
		l.count--;
		memmove(l.at, l.at + 1, (l.count + 1) * sizeof *l.at);
	}
	if (is_about_talk(l.at[0]))
		lb_talk_hush(t);
	w = target == MASTER || is_about_talk(l.at[0]) ? NULL :
	    find_worker(has_pid, target);
	if (w != NULL)
		forward(t, w, &l);
	else
		run_own(t, &l);
}

static const char *
show_prompt(const struct talk *t)
{
	static char text[40];

	if (lb_talk_mark(t) == MASTER)
		return "master> ";
	snprintf(text, sizeof text, "%ld> ", lb_talk_mark(t));
	return text;
}

static const struct lb_talk_host host = {
	.run = run_command, .prompt = show_prompt,
};

/* ---- the socket -------------------------------------------------------- */

static void
on_accepted(struct listener *l, int fd, const struct address *from)
{
	lb_talk_begin(home, fd, setup->global.sockets.at[0], idle_limit,
	    &host);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
}

static const struct listener_handler handler = {
	.accepted = on_accepted, .resting = on_resting,
};

static void
tell(void *arg, enum lb_report_level level, const char *text)
{
	lb_logs_say(level == LB_REPORT_ALERT ? LB_LOG_ALERT : LB_LOG_WARNING,
	    text);
}

/* The argument of -S as the line of a file that it would be. */
static int
read_words(const char *words)
{
	struct lb_report report = { .tell = tell };
	struct lb_source_text text = { .name = "-S" };
	struct lb_source source = { .texts = &text, .count = 1 };
	char *line = mem_print("global\n stats socket %s\n", words);

	for (char *at = line; at != NULL && *at != '\0'; at++)
		if (*at == ',')
			*at = ' ';
	text.text = text_of(line);
	setup = line == NULL ? NULL : lb_config_read(&source, &report);
	mem_drop(line);
	return setup != NULL && setup->global.sockets.count > 0 ? 0 : -1;
}

/* Whoever may come to the master may do all, unless it says otherwise. */
static void
set_level(const char *words)
{
	if (strstr(words, ",level,") == NULL)
		setup->global.sockets.at[0]->level = LB_LEVEL_ADMIN;
}

int
lb_mastercli_open(const char *words, int *fd)
{
	const struct lb_bind_conf *b;
	struct why why = { "", "" };
	struct address at;
	char line[700];

	if (read_words(words) < 0)
		return -1;
	set_level(words);
	b = setup->global.sockets.at[0];
	snprintf(line, sizeof line, "%s%s", b->addr.text[0] == '/' ? "unix@" :
	    "", b->addr.text);
	setenv("HAPROXY_MASTER_CLI", line, 1);
	if (*fd >= 0)
		return 0;
	*fd = lb_doorway_bind(b, b->addr.port_low, false, &at, &why);
	if (*fd >= 0 && lb_doorway_listen(*fd, b, BACKLOG, &why) == 0)
		return 0;
	snprintf(line, sizeof line, "Cannot bind the master's socket '%.200s':"
	    " %.300s", words, why.line);
	lb_logs_say(LB_LOG_ALERT, line);
	return -1;
}

int
lb_mastercli_start(struct loop *loop, int fd,
    const struct lb_mastercli_host *who, struct why *why)
{
	home = loop;
	over = who;
	listener = listener_new(loop, fd, &handler, NULL);
	return listener != NULL ? 0 : why_set(why, "out of memory");
}

void
lb_mastercli_fini(void)
{
	lb_talk_end_all();
	if (listener != NULL)
		listener_free(&listener);
	lb_config_free(&setup);
}
