/* SPDX-License-Identifier: ISC */
/*
 * talk.c - the course of a talk: a line is taken from what came, its commands
 * run one after the other, each answer is sent before the next is asked for.
 * advance() is all of it, called whenever something may have moved.
 */
#include <stdarg.h>
#include <stdio.h>

#include "balancer/talk.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/timer.h"

enum {
	INPUT_MOST = 256 * 1024,	/* of a line, or of a payload */
	SLICE_BYTES = 64 * 1024,
	SLICE_TIME = 1000,		/* us of one turn */
	FLUSH_LIMIT = 30		/* s to read the last words */
};

struct talk {
	struct talk *next, **at;	/* of all that are not ended */
	struct conn *conn;		/* NULL: ended, waits are to come back */
	struct loop *home;
	const struct lb_talk_host *host;
	const struct lb_bind_conf *door;
	enum lb_level level;
	long mark;
	enum lb_talk_mode mode;
	int severity;
	bool timed, quits, ended;	/* ended: no more lines will come */
	bool experiments;		/* experimental-mode */
	bool lined;			/* a line was answered */
	bool on_stack, posted;
	unsigned waits;
	int64_t limit, until;
	struct timer idle;

	char *input;			/* not looked at yet */
	size_t input_len, input_room;
	char *line;			/* the one under way */
	char *rest;			/* of it; NULL: no further command */
	const char *stop;		/* what ends the payload; NULL: none */
	char *payload;

	bool hushed;			/* no empty line after this answer */
	bool runs;			/* a command's answer is under way */
	bool (*more)(struct talk *, void *);
	void *part;
	void (*drop)(void *);
	struct sheet answer;
};

static struct talk *all;

static void advance(struct talk *);

/* ---- its end ----------------------------------------------------------- */

static void
bury(void *arg)
{
	struct talk *t = arg;

	mem_drop(t->input);
	mem_drop(t->line);
	mem_drop(t->payload);
	sheet_fini(&t->answer);
	mem_drop(t);
}

static void
bury_if_done(struct talk *t)
{
	if (t->conn == NULL && t->waits == 0 && !t->posted)
		loop_retire(t->home, t, bury);
}

static void
end_answering(struct talk *t)
{
	t->more = NULL;
	if (t->drop != NULL)
		t->drop(t->part);
	t->drop = NULL;
}

static void
leave(struct talk *t)
{
	t->conn = NULL;
	*t->at = t->next;
	if (t->next != NULL)
		t->next->at = t->at;
	timer_stop(&t->idle);
	end_answering(t);
	if (t->host->ended != NULL)
		t->host->ended();
	bury_if_done(t);
}

static void
end_at_once(struct talk *t)
{
	conn_close(t->conn, &close_eof);
	leave(t);
}

void
lb_talk_end_all(void)
{
	while (all != NULL)
		end_at_once(all);
}

static void
say_goodbye(struct talk *t)
{
	conn_close_flushed(t->conn, &close_eof, FLUSH_LIMIT * CLOCK_SECOND);
	leave(t);
}

static void
on_idle(void *arg)
{
	end_at_once(arg);
}

static void
rearm(struct talk *t)
{
	if (t->limit > 0)
		timer_after(&t->idle, t->limit);
	else
		timer_stop(&t->idle);
}

/* ---- out --------------------------------------------------------------- */

static void
flush(struct talk *t)
{
	if (t->answer.len > 0)
		conn_send(t->conn, sheet_all(&t->answer));
	if (t->answer.spoiled)
		conn_send(t->conn, TEXT("Out of memory.\n"));
	sheet_clear(&t->answer);
}

static void
print_prompt(struct talk *t)
{
	int64_t now = clock_wall();

	if (t->mode != LB_TALK_PROMPTS)
		return;
	if (t->timed)
		lb_talk_print(t, "[%lld.%06d] ",
		    (long long)(now / CLOCK_SECOND),
		    (int)(now % CLOCK_SECOND));
	lb_talk_put(t, text_of(t->host->prompt == NULL ? "> " :
	    t->host->prompt(t)));
}

static void
finish_command(struct talk *t)
{
	t->runs = false;
	if (t->quits)
		return;
	if (!t->hushed)
		lb_talk_put(t, TEXT("\n"));
	t->hushed = false;
	print_prompt(t);
}

/* ---- in ---------------------------------------------------------------- */

static int
keep_input(struct talk *t, struct text more)
{
	size_t room = t->input_room > 0 ? t->input_room : 1024;
	char *at;

	while (room < t->input_len + more.len + 1)
		room *= 2;
	if (room != t->input_room) {
		at = mem_grow(t->input, room);
		if (at == NULL)
			return -1;
		t->input = at;
		t->input_room = room;
	}
	memcpy(t->input + t->input_len, more.at, more.len);
	t->input_len += more.len;
	return 0;
}

static void
eat_input(struct talk *t, size_t n)
{
	t->input_len -= n;
	memmove(t->input, t->input + n, t->input_len);
}

/* The line that begins at 'from', without its end; false: not whole yet. */
static bool
find_line(const struct talk *t, size_t from, struct text *line, size_t *next)
{
	const char *end = t->input_len > from ?
	    memchr(t->input + from, '\n', t->input_len - from) : NULL;

	if (end == NULL)
		return false;
	*line = (struct text){ t->input + from,
	    (size_t)(end - t->input) - from };
	*next = from + line->len + 1;
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* All lines up to the one that ends the payload. */
static bool
take_payload(struct talk *t)
{
	size_t from = 0, next = 0;
	struct text line;

	while (find_line(t, from, &line, &next)) {
		if (text_is(line, t->stop)) {
			t->payload = mem_copy((struct text){ t->input, from });
			t->stop = NULL;
			eat_input(t, next);
			return true;
		}
		from = next;
	}
	return false;
}

static bool
take_line(struct talk *t)
{
	struct text line;
	size_t next;

	mem_drop(t->line);
	mem_drop(t->payload);
	t->line = t->payload = NULL;
	if (!find_line(t, 0, &line, &next))
		return false;
	t->line = t->rest = mem_copy(line);
	eat_input(t, next);
	if (t->line == NULL)
		return false;
	t->line[strcspn(t->line, "\r\n")] = '\0';
	command_has_payload(t->line, &t->stop);
	return true;
}

/* Something to run; false: it must come first, or the talk is over. */
static bool
find_command(struct talk *t)
{
	if (t->rest != NULL)
		return t->stop == NULL || take_payload(t);
	if (t->lined && t->mode == LB_TALK_ONCE && t->input_len == 0)
		t->quits = true;
	return !t->quits && take_line(t) && find_command(t);
}

static void
run_next(struct talk *t)
{
	char *command = command_next(&t->rest);
	struct command_line l;

	/* What stands behind the last ';' may be nothing. */
	if (t->rest != NULL && t->rest[strspn(t->rest, " \t")] == '\0')
		t->rest = NULL;
	t->runs = t->lined = true;
	if (command_split(command, &l) < 0) {
		lb_talk_refuse(t, "Too many words in a command.");
		return;
	}
	if (t->rest == NULL && t->payload != NULL)
		l.payload = text_of(t->payload);
	t->host->run(t, &l);
}

/* Nothing can be run now. */
static void
await_input(struct talk *t)
{
	if (!t->quits && t->input_len > INPUT_MOST) {
		lb_talk_refuse(t, "The command is too long.");
		t->quits = true;
	}
	if (!t->quits && t->ended)
		t->quits = true;
	flush(t);
	if (t->quits)
		say_goodbye(t);
	else
		conn_resume(t->conn);
}

/* ---- the course -------------------------------------------------------- */

static void
on_turn(void *arg)
{
	struct talk *t = arg;

	t->posted = false;
	if (t->conn != NULL)
		advance(t);
	else
		bury_if_done(t);
}

/* Has this turn had enough of it? Then it goes on in another. */
static bool
yields(struct talk *t)
{
	if (lb_talk_has_room(t))
		return false;
	flush(t);
	if (!conn_full(t->conn) && !t->posted) {
		t->posted = true;
		loop_post(t->home, on_turn, t);
	}
	return true;
}

static void
advance(struct talk *t)
{
	bool waits = false;

	if (t->on_stack)
		return;
	t->on_stack = true;
	t->until = clock_now() + SLICE_TIME;
	while (t->conn != NULL && t->waits == 0 && !t->posted &&
	    !conn_full(t->conn) && !yields(t)) {
		if (t->more != NULL) {
			if (!t->more(t, t->part))
				end_answering(t);
		} else if (t->runs) {
			finish_command(t);
		} else if (!find_command(t)) {
			await_input(t);
			waits = true;
			break;
		} else
			run_next(t);
	}
	/* What else comes stays in the kernel until it can be looked at. */
	if (t->conn != NULL && !waits) {
		flush(t);
		conn_hold(t->conn);
	}
	t->on_stack = false;
}

static void
on_ready(struct conn *c)
{
}

static void
on_data(struct conn *c, struct text more)
{
	struct talk *t = conn_owner(c);

	rearm(t);
	if (keep_input(t, more) < 0)
		end_at_once(t);
	else
		advance(t);
}

static void
on_eof(struct conn *c)
{
	struct talk *t = conn_owner(c);

	t->ended = true;
	advance(t);
}

static void
on_drained(struct conn *c)
{
	rearm(conn_owner(c));
	advance(conn_owner(c));
}

static void
on_closed(struct conn *c, const struct close_reason *why)
{
	leave(conn_owner(c));
}

static const struct conn_handler handler = {
	.ready = on_ready, .data = on_data, .eof = on_eof,
	.drained = on_drained, .closed = on_closed,
};

struct talk *
lb_talk_begin(struct loop *home, int fd, const struct lb_bind_conf *door,
    int64_t limit, const struct lb_talk_host *host)
{
	struct talk *t = mem_zero(sizeof *t);

	if (t == NULL)
		return NULL;
	t->home = home;
	t->host = host;
	t->door = door;
	t->level = door->level;
	t->severity = (int)door->severity;
	t->limit = limit;
	timer_init(&t->idle, home, on_idle, t);
	t->conn = conn_accept(home, fd, &handler, t);
	if (t->conn == NULL) {
		mem_drop(t);
		return NULL;
	}
	t->next = all;
	t->at = &all;
	if (all != NULL)
		all->at = &t->next;
	all = t;
	rearm(t);
	return t;
}

/* ---- for commands ------------------------------------------------------ */

enum lb_level
lb_talk_level(const struct talk *t)
{
	return t->level;
}

void
lb_talk_lower(struct talk *t, enum lb_level level)
{
	if (level < t->level)
		t->level = level;
}

const struct lb_bind_conf *
lb_talk_door(const struct talk *t)
{
	return t->door;
}

struct conn *
lb_talk_conn(struct talk *t)
{
	return t->conn;
}

struct loop *
lb_talk_home(const struct talk *t)
{
	return t->home;
}

struct conn *
lb_talk_release(struct talk *t)
{
	struct conn *c = t->conn;

	if (c != NULL)
		leave(t);
	return c;
}

long
lb_talk_mark(const struct talk *t)
{
	return t->mark;
}

void
lb_talk_set_mark(struct talk *t, long mark)
{
	t->mark = mark;
}

struct sheet *
lb_talk_answer(struct talk *t)
{
	return &t->answer;
}

void
lb_talk_put(struct talk *t, struct text text)
{
	sheet_slice(&t->answer, text);
}

static void
print_line(struct talk *t, enum lb_log_level level, const char *fmt,
    va_list ap)
{
	static const char *const names[] = { "emerg", "alert", "crit", "err",
	    "warning", "notice", "info", "debug" };
	char line[2048];

	vsnprintf(line, sizeof line, fmt, ap);
	if (t->severity == LB_SEVERITY_NUMBER)
		sheet_print(&t->answer, "[%d]: ", (int)level);
	else if (t->severity == LB_SEVERITY_STRING)
		sheet_print(&t->answer, "[%s]: ", names[level]);
	sheet_print(&t->answer, "%s\n", line);
}

void
lb_talk_print(struct talk *t, const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	lb_talk_put(t, text_of(line));
}

void
lb_talk_tell(struct talk *t, enum lb_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(t, level, fmt, ap);
	va_end(ap);
}

void
lb_talk_refuse(struct talk *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(t, LB_LOG_ERR, fmt, ap);
	va_end(ap);
}

void
lb_talk_more(struct talk *t, bool (*more)(struct talk *, void *),
    void *state, void (*drop)(void *))
{
	t->more = more;
	t->part = state;
	t->drop = drop;
}

bool
lb_talk_has_room(const struct talk *t)
{
	return t->answer.len < SLICE_BYTES && clock_now() < t->until;
}

void
lb_talk_wait(struct talk *t)
{
	t->waits++;
}

void
lb_talk_resume(struct talk *t)
{
	t->waits--;
	if (t->conn != NULL)
		advance(t);
	else
		bury_if_done(t);
}

void
lb_talk_set_mode(struct talk *t, enum lb_talk_mode mode)
{
	t->mode = mode;
}

enum lb_talk_mode
lb_talk_mode(const struct talk *t)
{
	return t->mode;
}

bool
lb_talk_experiments(const struct talk *t)
{
	return t->experiments;
}

void
lb_talk_set_experiments(struct talk *t, bool on)
{
	t->experiments = on;
}

void
lb_talk_set_timed(struct talk *t)
{
	t->timed = !t->timed;
}

void
lb_talk_set_severity(struct talk *t, int severity)
{
	t->severity = severity;
}

void
lb_talk_set_limit(struct talk *t, int64_t limit)
{
	t->limit = limit;
	rearm(t);
}

void
lb_talk_hush(struct talk *t)
{
	t->hushed = true;
}

void
lb_talk_quit(struct talk *t)
{
	t->quits = true;
	t->rest = NULL;
}
