/* SPDX-License-Identifier: ISC */
/*
 * world.c - src/net played in memory, the wiring of the pooler's main, and a
 * server that answers. One thread, one world. Its own memory does not fail
 * when an allocation of the product is to: it asks again.
 */
#include <errno.h>
#include <stdio.h>

#include "net/listener.h"
#include "net/resolver.h"
#include "net/socket.h"
#include "net/timer.h"
#include "net/tls.h"
#include "net/tour.h"
#include "pg/message.h"
#include "pooler/cancel.h"
#include "pooler/check.h"
#include "pooler/client.h"
#include "pooler/config.h"
#include "pooler/console.h"
#include "pooler/control.h"
#include "pooler/dial.h"
#include "pooler/downstream.h"
#include "pooler/growth.h"
#include "pooler/janitor.h"
#include "pooler/login.h"
#include "pooler/pool.h"
#include "pooler/server.h"
#include "pooler/setup.h"
#include "pooler/statement.h"
#include "pooler/variables.h"
#include "world.h"

#ifdef __clang__	/* the world is no part of what is searched */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), \
    apply_to = function)
#endif

enum { TIMERS = 64, DEAD = 4096, TURNS_MOST = 100 };

struct bytes {				/* that grow */
	char *at;
	size_t len, room;
};

struct batch {				/* memory of one cork */
	struct batch *next;
	char mem[];
};

struct conn {
	struct conn *next;
	const struct conn_handler *handler;
	void *owner;
	bool dialed, ready, held, full, stashed, gone, delivering;
	bool dead;			/* closed */
	bool buried;			/* the pooler has no business with it */
	bool to_start, to_drain, tls;
	unsigned corks;
	struct bytes corked;		/* texts that must live until uncork */
	struct batch *batches;
	struct bytes in, out;
	size_t answered;		/* of out, by world_answer */
	struct {			/* the server that world_answer plays */
		bool started, failed, copying;
		bool mute;	/* auth_query: the target answers it */
		char status;
	} play;
};

struct loop {
	int64_t now;
	struct stock *stock;
	struct loop_job *jobs;
	struct { void *dead; void (*bury)(void *); } dead[DEAD];
	unsigned dead_count;
};

static struct loop loop;
static struct conn *conns;		/* newest first */
static struct { struct timer *timer; int64_t due; } timers[TIMERS];
static unsigned timers_running;

/* ---- memory that does not fail */

static void *
need_memory(size_t n)
{
	void *at = mem_zero(n);

	if (at == NULL)
		at = mem_zero(n);
	NEED(at != NULL);
	return at;
}

static void
add_bytes(struct bytes *b, struct text t)
{
	if (b->room - b->len < t.len) {
		size_t room = (b->len + t.len) * 2;
		char *at = need_memory(room);

		if (b->len > 0)
			memcpy(at, b->at, b->len);
		mem_drop(b->at);
		b->at = at;
		b->room = room;
	}
	if (t.len > 0)
		memcpy(b->at + b->len, t.at, t.len);
	b->len += t.len;
}

/* ---- loop.h */

_Thread_local struct loop *loop_mine = &loop;
_Thread_local int64_t loop_turn;
int64_t loop_read_clock(void) { return loop.now; }
unsigned loop_number(const struct loop *l) { return 0; }
unsigned loop_count(void) { return 1; }
struct stock *loop_stock(struct loop *l) { return l->stock; }
const char *loop_engine(const struct loop *l) { return "world"; }

void
loop_soon(struct loop *l, struct loop_job *job)
{
	if (job->queued)
		return;
	job->queued = 1;
	job->next = l->jobs;
	l->jobs = job;
}

/* There is one loop: nothing goes to another. */

void
loop_post(struct loop *l, void (*call)(void *), void *arg)
{
	NEED(!"one loop posts");
}

struct loop *
loop_at(unsigned number)
{
	return number == 0 ? loop_here() : NULL;
}

void
tour_run(struct loop *home, void (*visit)(struct loop *, void *),
    void (*done)(void *), void *arg)
{
	visit(home, arg);
	if (done != NULL)
		done(arg);
}

int
tour_still(struct loop *home, void (*change)(void *), void *arg)
{
	change(arg);
	return 0;
}

void
conn_leave(struct conn *c, void (*left)(struct conn *, void *), void *arg)
{
	NEED(!"one loop moves");
}

void
conn_join(struct conn *c, struct loop *l)
{
	NEED(!"one loop moves");
}

void
loop_retire(struct loop *l, void *dead, void (*bury)(void *))
{
	NEED(l->dead_count < DEAD);
	l->dead[l->dead_count].dead = dead;
	l->dead[l->dead_count++].bury = bury;
}

static void
bury_all(void)
{
	for (unsigned i = 0; i < loop.dead_count; i++)
		loop.dead[i].bury(loop.dead[i].dead);
	loop.dead_count = 0;
}

/* ---- timer.h */

void
timer_init(struct timer *t, struct loop *l, void (*fire)(void *), void *arg)
{
	memset(t, 0, sizeof *t);
	t->fire = fire;
	t->arg = arg;
}

void
timer_stop(struct timer *t)
{
	for (unsigned i = 0; i < TIMERS && timers_running > 0; i++)
		if (timers[i].timer == t) {
			timers[i].timer = NULL;
			timers_running--;
		}
}

void
timer_after(struct timer *t, int64_t usec)
{
	timer_stop(t);
	for (unsigned i = 0; i < TIMERS; i++)
		if (timers[i].timer == NULL) {
			timers[i].timer = t;
			timers[i].due = loop.now + usec;
			timers_running++;
			return;
		}
	NEED(!"a free timer");
}

void
timer_every(struct timer *t, int64_t usec)
{
	timer_after(t, usec);
	t->period = usec;
}

static bool
fire_timers(void)
{
	bool fired = false;

	for (unsigned i = 0; i < TIMERS && timers_running > 0; i++) {
		struct timer *t = timers[i].timer;

		if (t == NULL || timers[i].due > loop.now)
			continue;
		timers[i].timer = NULL;
		timers_running--;
		if (t->period > 0)
			timer_every(t, t->period);
		t->fire(t->arg);
		fired = true;
	}
	return fired;
}

/* ---- conn.h */

static struct conn *
new_conn(const struct conn_handler *handler, void *owner, bool dialed)
{
	struct conn *c;

	if (mem_refused())
		return NULL;
	c = need_memory(sizeof *c);
	c->handler = handler;
	c->owner = owner;
	c->dialed = dialed;
	c->ready = !dialed;
	c->to_start = dialed;
	c->next = conns;
	conns = c;
	return c;
}

struct conn *
conn_accept(struct loop *l, int fd, const struct conn_handler *handler,
    void *owner)
{
	return new_conn(handler, owner, false);
}

struct conn *
conn_dial(struct loop *l, const struct address *a, struct tls *tls,
    const char *name, int64_t limit, const struct conn_handler *handler,
    void *owner)
{
	struct conn *c = new_conn(handler, owner, true);

	if (c == NULL)
		errno = ENOMEM;
	return c;
}

/* Nobody holds on to a stream that was buried. */
static struct conn *
alive(const struct conn *c)
{
	NEED(!c->buried);
	return (struct conn *)(uintptr_t)c;
}

void
conn_hand_to(struct conn *c, const struct conn_handler *h, void *owner)
{
	c->handler = h;
	c->owner = owner;
}

void *conn_owner(const struct conn *c) { return alive(c)->owner; }
struct loop *conn_loop(const struct conn *c) { return &loop; }
int conn_fd(const struct conn *c) { return alive(c)->buried ? 0 : -1; }
const char *conn_error(const struct conn *c) { return ""; }
bool conn_full(const struct conn *c) { return alive(c)->stashed; }
size_t conn_stashed(const struct conn *c) { return alive(c)->stashed; }
void conn_hold(struct conn *c) { alive(c)->held = true; }
void conn_resume(struct conn *c) { alive(c)->held = false; }
size_t conn_bytes(const struct loop *l) { return 0; }
bool conn_waiting(const struct conn *c) { return alive(c)->in.len > 0; }
bool conn_ended(const struct conn *c) { return c->gone || alive(c)->dead; }

uint32_t
conn_count(const struct loop *l)
{
	uint32_t n = 0;

	for (struct conn *c = conns; c != NULL; c = c->next)
		n += !c->dead;
	return n;
}

void
conn_send(struct conn *c, struct text t)
{
	if (alive(c)->dead)
		return;
	if (c->corks > 0) {
		add_bytes(&c->corked, (struct text){ (char *)&t, sizeof t });
		return;
	}
	add_bytes(&c->out, t);
	c->stashed |= c->full && t.len > 0;
}

void
conn_send_copy(struct conn *c, struct text t)
{
	if (c->corks > 0 && t.len > 0)
		t.at = memcpy(conn_batch(c, t.len), t.at, t.len);
	conn_send(c, t);
}

void
conn_cork(struct conn *c)
{
	alive(c)->corks++;
}

static void
send_corked(struct conn *c)
{
	struct batch *next;
	struct text t;

	c->corks = 0;
	for (size_t i = 0; i < c->corked.len; i += sizeof t) {
		memcpy(&t, c->corked.at + i, sizeof t);
		conn_send(c, t);
	}
	c->corked.len = 0;
	for (; c->batches != NULL; c->batches = next) {
		next = c->batches->next;
		mem_drop(c->batches);
	}
}

void
conn_uncork(struct conn *c)
{
	if (alive(c)->dead)
		return;
	NEED(c->corks > 0);
	if (c->corks == 1)
		send_corked(c);
	else
		c->corks--;
}

char *
conn_batch(struct conn *c, size_t len)
{
	struct batch *b = need_memory(sizeof *b + len);

	NEED(c->corks > 0 && len <= 65536);
	b->next = c->batches;
	c->batches = b;
	return b->mem;
}

/* The memory stays until the world ends, so that peers may look. */
static void
bury_conn(void *dead)
{
	struct conn *c = dead;

	c->buried = true;
}

static void
free_conns(void)
{
	struct conn *c;

	while ((c = conns) != NULL) {
		conns = c->next;
		mem_drop(c->in.at);
		mem_drop(c->out.at);
		mem_drop(c->corked.at);
		mem_drop(c);
	}
}

static void
end_conn(struct conn *c)
{
	if (alive(c)->dead)
		return;
	send_corked(c);
	c->dead = true;
	loop_retire(&loop, c, bury_conn);
}

void
conn_close(struct conn *c, const struct close_reason *reason)
{
	end_conn(c);
}

void
conn_close_flushed(struct conn *c, const struct close_reason *reason,
    int64_t limit)
{
	end_conn(c);
}

void
conn_start_tls(struct conn *c, struct tls *tls, const char *name,
    struct text first)
{
	NEED(!alive(c)->tls);
	c->tls = true;
	c->to_start = true;
	c->ready = false;
}

/* All that waits goes as one slice that ends where its memory ends. */
static void
deliver(struct conn *c)
{
	struct bytes slice;
	uint8_t *exact;

	if (c->dead || c->held || !c->ready || c->in.len == 0 ||
	    c->delivering)
		return;
	if (c->handler->may_read != NULL && !c->handler->may_read(c))
		return;
	if (c->dead || c->held || c->in.len == 0)
		return;
	slice = c->in;
	c->in = (struct bytes){ .at = NULL };
	exact = need_memory(slice.len);
	memcpy(exact, slice.at, slice.len);
	mem_drop(slice.at);
	c->delivering = true;
	c->handler->data(c, fuzz_text(exact, slice.len));
	c->delivering = false;
	mem_drop(exact);
}

void
conn_wake(struct conn *c)
{
	deliver(alive(c));
}

/* What is due for one stream; true: something was. */
static bool
serve(struct conn *c)
{
	if (c->dead)
		return false;
	if (c->to_start) {
		c->to_start = false;
		c->ready = true;
		if (c->handler->ready != NULL)
			c->handler->ready(c);
		return true;
	}
	if (c->to_drain) {
		c->to_drain = c->stashed = false;
		if (c->handler->drained != NULL)
			c->handler->drained(c);
		return true;
	}
	if (c->in.len > 0) {
		size_t before = c->in.len;

		deliver(c);
		if (c->dead || c->in.len != before)
			return true;
	}
	if (c->gone && (c->in.len == 0 || c->handler->may_read != NULL)) {
		end_conn(c);
		c->handler->closed(c, &close_eof);
		return true;
	}
	return false;
}

const struct close_reason close_eof = { "eof", "unexpected eof" };
const struct close_reason close_connect_timeout = { "timeout",
    "connect timeout" };
const struct close_reason close_tls = { "tls", "TLS error" };

/* ---- the rest of src/net: nobody is there */

bool tls_is_on(const struct conn *c) { return c->tls; }
bool tls_peer_has_cert(const struct conn *c) { return false; }
bool tls_peer_is(const struct conn *c, struct text name) { return false; }
static char some_tls;

struct tls *
tls_new(const struct tls_options *o, struct why *why)
{
	return (struct tls *)(void *)&some_tls;
}

void
tls_drop(struct tls **t)
{
	*t = NULL;
}

const char *
tls_describe(const struct conn *c, char *buf, size_t len)
{
	snprintf(buf, len, "TLS");
	return buf;
}

void
tls_peer_name(const struct conn *c, char *buf, size_t len)
{
	snprintf(buf, len, "nobody");
}

void
resolver_ask(struct resolver *r, const char *name,
    void (*answer)(void *, const struct resolver_answer *), void *arg)
{
	struct resolver_answer none = { .code = 1 };

	answer(arg, &none);
}

void resolver_cancel(struct resolver *r, void *arg) {}
void resolver_each(struct resolver *r, void (*row)(void *,
    const struct resolver_row *), void *arg) {}
void resolver_each_zone(struct resolver *r, void (*row)(void *,
    const struct resolver_zone *), void *arg) {}

void
resolver_count(const struct resolver *r, unsigned *names, unsigned *zones,
    unsigned *queries, unsigned *pending)
{
	*names = *zones = *queries = *pending = 0;
}

void socket_tune(int fd, const struct socket_options *o) {}
int socket_local(int fd, struct address *a) { return -1; }
int socket_unix_peer(int fd, int *pid, int *uid, int *gid) { return -1; }

/* ---- the wiring, as the pooler's main has it */

static int reload(struct why *why) { return why_set(why, "not here"); }
static void shut_down(enum pl_shutdown how) {}
static void listen_or_not(bool on) {}

static int
on_set(struct text key, struct why *why)
{
	return pl_setup_settings_changed(why);
}

static void
wire(void)
{
	loop.now = 1000000000;
	loop.stock = stock_new();
	log_verbose = -100;
	pl_pool_init();
	pl_control_init();
	pl_console_init();
	pl_growth_dial = pl_dial_start;
	pl_pool_check = pl_check_start;
	pl_pool_granted = pl_login_granted;
	pl_client_leaves_server = pl_downstream_abandon;
	pl_client_login_free = pl_login_free;
	pl_client_gone = pl_cancel_client_left;
	pl_client_midway_server = pl_server_midway;
	pl_server_gone = pl_cancel_left;
	pl_server_dial_free = pl_dial_free;
	pl_login_console = pl_console_start;
	pl_cancel_console = pl_console_cancel;
	pl_control_reload = reload;
	pl_control_shutdown = shut_down;
	pl_control_listen = listen_or_not;
	pl_control_applied = on_set;
	pl_variables_init("search_path");
}

/* ---- the world's course */

static void
turn(void)
{
	bool more = true;

	for (int i = 0; more && i < TURNS_MOST; i++) {
		struct loop_job *job;

		more = fire_timers();
		for (struct conn *c = conns; c != NULL; c = c->next)
			more |= serve(c);
		while ((job = loop.jobs) != NULL) {
			loop.jobs = job->next;
			job->queued = 0;
			job->run(job);
		}
		bury_all();
	}
}

static const char *files[2];		/* the ini, all others */

static int
load(const char *path, struct text *to, struct why *why)
{
	const char *file = files[strcmp(path, "f.ini") != 0];

	if (text_ends(text_of(path), ".weir"))
		return why_set(why, "%s", strerror(ENOENT));
	*to = text_of(file);
	to->at = mem_copy(*to);
	return to->at == NULL ? why_set(why, "%s", strerror(ENOMEM)) : 0;
}

static int
status(const char *path, struct stat *to)
{
	errno = ENOENT;
	return -1;
}

static void
report(void *arg, enum log_level level, const char *line)
{
}

/* With memory enough: other targets are for reading configurations. */
static void
start(const char *ini, const char *userlist)
{
	struct pl_config_source source = { .path = "f.ini", .load = load,
	    .status = status };
	struct pl_setup *setup;
	struct why why;

	mem_fail_at(0);
	if (loop.stock == NULL)
		wire();
	files[0] = ini;
	files[1] = userlist;
	setup = pl_config_read(&source, NULL, report, NULL, &why);
	NEED(setup != NULL);
	NEED(pl_setup_apply(setup, false, &why) == 0);
	turn();
}

void
world_start(const char *ini, const char *userlist)
{
	start(ini, userlist);
	if (fuzz_short_of_memory())
		mem_fail_at(fuzz_fail_at);
}

struct conn *
world_client(void)
{
	static const struct endpoint peer = { AF_INET, 5000, { 10, 1, 2, 3 } };
	struct conn *newest = conns;

	while (conns == newest)
		pl_login_new(&loop, -1, &peer);
	return conns;
}

struct conn *
world_dialed(unsigned i)
{
	for (struct conn *c = conns; c != NULL; c = c->next)
		if (c->dialed && !c->dead && i-- == 0)
			return c;
	return NULL;
}

bool
world_open(const struct conn *c)
{
	return !c->dead;
}

void
world_say(struct conn *c, struct text t)
{
	if (!world_open(c))
		return;
	add_bytes(&c->in, t);
	turn();
}

void
world_say_in(struct conn *c, struct text t, size_t step)
{
	while (t.len > 0) {
		size_t n = step < t.len ? step : t.len;

		world_say(c, (struct text){ t.at, n });
		t = text_from(t, n);
	}
}

void
world_hang_up(struct conn *c)
{
	if (world_open(c))
		c->gone = true;
	turn();
}

void
world_clog(struct conn *c, bool full)
{
	if (!world_open(c))
		return;
	c->full = full;
	c->to_drain = !full && c->stashed;
	turn();
}

void
world_pass(int64_t usec)
{
	loop.now += usec;
	pl_janitor_tick(loop.now);
	turn();
}

struct text
world_heard(const struct conn *c)
{
	return (struct text){ c->out.at, c->out.len };
}

bool
world_is_framed(struct text t)
{
	uint32_t size;
	char type;

	while (t.len > 0) {
		if (message_peek(t, &type, &size) != MESSAGE_OK ||
		    type < '1' || type > 'z')
			return false;
		t = text_from(t, size < t.len ? size : t.len);
	}
	return true;
}

unsigned
world_count(struct text t, char wanted)
{
	unsigned n = 0;
	uint32_t size;
	char type;

	while (message_peek(t, &type, &size) == MESSAGE_OK && size <= t.len) {
		n += type == wanted;
		t = text_from(t, size);
	}
	return n;
}

/* ---- a server that answers */

bool world_mute;

static void
say_error(struct message_writer *w, struct conn *c)
{
	message_add_error(w, TEXT("ERROR"), TEXT("42601"), TEXT("as asked"),
	    TEXT_NONE);
	if (c->play.status == 'T')
		c->play.status = 'E';
}

static bool
says(struct text body, const char *word)
{
	size_t len = strlen(word);

	for (; body.len >= len; body = text_from(body, 1))
		if (memcmp(body.at, word, len) == 0)
			return true;
	return false;
}

/* What a statement does: its text says so. */
static void
run_statement(struct conn *c, struct message_writer *w, struct text sql)
{
	static const struct text value = TEXT("1");

	if (says(sql, "FAIL")) {
		say_error(w, c);
		return;
	}
	if (says(sql, "COPY")) {
		message_begin(w, 'G');
		message_put_u8(w, 0);
		message_put_u16(w, 0);
		message_end(w);
		c->play.copying = true;
		return;
	}
	if (says(sql, "SET"))
		message_add_parameter_status(w, TEXT("TimeZone"),
		    TEXT("Mars"));
	if (says(sql, "BEGIN"))
		c->play.status = 'T';
	else if (says(sql, "COMMIT"))
		c->play.status = 'I';
	else
		message_add_data_row(w, &value, 1);
	message_add_command_complete(w, says(sql, "DISCARD") ?
	    TEXT("DISCARD ALL") : TEXT("SELECT 1"));
}

static void
answer_startup(struct conn *c, struct message_writer *w, struct text packet)
{
	uint32_t code = message_u32_at(packet.at + 4);

	if (code == MESSAGE_SSL_REQUEST) {
		world_say(c, TEXT("N"));
		return;
	}
	if (code == MESSAGE_CANCEL_REQUEST) {
		c->gone = true;
		return;
	}
	c->play.started = true;
	c->play.status = 'I';
	message_add_auth_ok(w);
	message_add_parameter_status(w, TEXT("server_version"), TEXT("15.4"));
	message_add_parameter_status(w, TEXT("TimeZone"), TEXT("UTC"));
	message_add_parameter_status(w, TEXT("client_encoding"),
	    TEXT("UTF8"));
	message_add_backend_key(w, "\0\0\0\1abcd");
	message_add_ready(w, 'I');
}

static void
end_copy(struct conn *c, struct message_writer *w, char type)
{
	c->play.copying = false;
	if (type == 'f')
		say_error(w, c);
	else
		message_add_command_complete(w, TEXT("COPY 1"));
}

static void
answer_message(struct conn *c, struct message_writer *w, char type,
    struct text body)
{
	static const struct message_column column = { TEXT("a"),
	    MESSAGE_TYPE_TEXT, -1 };

	if (type == 'X') {
		c->gone = true;
		return;
	}
	if ((c->play.failed && type != 'S') || c->play.mute)
		return;
	if (c->play.copying && (type == 'c' || type == 'f')) {
		end_copy(c, w, type);
		message_add_ready(w, c->play.status);
		return;
	}
	if (c->play.copying)
		return;
	switch (type) {
	case 'Q':
		run_statement(c, w, body);
		if (!c->play.copying)
			message_add_ready(w, c->play.status);
		break;
	case 'F':
		message_add_bare(w, 'V');
		message_add_ready(w, c->play.status);
		break;
	case 'P':
		c->play.mute = world_mute && says(body, "rolname");
		c->play.failed = says(body, "FAIL");
		if (c->play.failed)
			say_error(w, c);
		else if (!c->play.mute)
			message_add_bare(w, '1');
		break;
	case 'B':
		message_add_bare(w, '2');
		break;
	case 'D':
		if (body.len > 0 && body.at[0] == 'S') {
			message_begin(w, 't');
			message_put_u16(w, 0);
			message_end(w);
		}
		message_add_row_description(w, &column, 1);
		break;
	case 'E':
		message_add_command_complete(w, TEXT("SELECT 1"));
		break;
	case 'C':
		message_add_bare(w, '3');
		break;
	case 'S':
		c->play.failed = false;
		message_add_ready(w, c->play.status);
		break;
	case 'd': case 'c': case 'f': case 'H': case 'p':
		break;
	default:
		NEED(!"a message that a client may send");
	}
}

void
world_answer(struct conn *c)
{
	static char mem[1 << 16];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);
	struct text rest;
	uint32_t size = 0;
	char type;

	while (!c->gone && !c->dead && !w.failed) {
		rest = text_from(world_heard(c), c->answered);
		if (!c->play.started) {
			if (rest.len < 8)
				break;
			size = message_u32_at(rest.at);
			NEED(size >= 8 && size <= rest.len);
			c->answered += size;
			answer_startup(c, &w, rest);
			continue;
		}
		if (message_peek(rest, &type, &size) != MESSAGE_OK ||
		    size > rest.len)
			break;
		c->answered += size;
		answer_message(c, &w, type, message_body(rest, size));
	}
	if (w.len > 0)
		world_say(c, message_written(&w));
}

void
world_answer_all(void)
{
	for (int i = 0; i < TURNS_MOST; i++) {
		bool answered = false;

		for (struct conn *c = conns; c != NULL; c = c->next) {
			size_t before = c->answered;

			if (!c->dialed || c->dead || c->gone || !c->ready ||
			    c->answered == c->out.len)
				continue;
			world_answer(c);
			answered |= c->answered > before;
		}
		if (!answered)
			return;
	}
}

/* ---- the end */

/* A configuration without databases and users: the others go. */
static void
go_home(void)
{
	start("[pgbouncer]\nauth_type = trust\nauth_file = u\n", "");
	world_pass(1);
}

void
world_end(void)
{
	for (int i = 0; i < TURNS_MOST && conn_count(&loop) > 0; i++) {
		for (struct conn *c = conns; c != NULL; c = c->next)
			c->gone = true;
		turn();
		world_pass(10000000);
	}
	go_home();
	pl_activity = PL_RUNNING;
	pl_leaving = PL_STAYS;
	NEED(conn_count(&loop) == 0);
	free_conns();
	NEED(pl_client_count() == 0 && pl_server_count() == 0);
	NEED(pl_statement_count() == 0);
	NEED(stock_lent(loop.stock) == 0);
}

#ifdef __clang__
#pragma clang attribute pop
#endif
