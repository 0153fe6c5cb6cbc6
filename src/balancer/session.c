/* SPDX-License-Identifier: ISC */
/*
 * session.c - the stages of a session, one after the other, and its
 * time-outs. Each loop has its own sessions, in a slab, and one timer for
 * all of their deadlines.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "balancer/announce.h"
#include "balancer/cancel.h"
#include "balancer/dial.h"
#include "balancer/door.h"
#include "balancer/fates.h"
#include "balancer/hashing.h"
#include "balancer/inspect.h"
#include "balancer/judge.h"
#include "balancer/pipe.h"
#include "balancer/record.h"
#include "balancer/session.h"
#include "balancer/socks.h"
#include "balancer/stick.h"
#include "balancer/tracking.h"
#include "balancer/tuple.h"
#include "balancer/variables.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "base/slab.h"
#include "net/proxyproto.h"
#include "net/timer.h"
#include "net/tls.h"
#include "net/tour.h"

enum { MOST_LOOPS = 256, FLUSH_LIMIT = 30, AT_ONCE = 20,
	DISCARD_MOST = 256 << 10 };

static struct crew {			/* of one loop */
	struct slab *slab;
	struct lb_deadlines *deadlines;
	struct timer timer, tick;
	int64_t armed;			/* 0: the timer rests */
	uint32_t chance;
	uint32_t next_id;
} crews[MOST_LOOPS];

static void (*answer)(struct lb_session *);
static void (*forget_answer)(struct lb_session *);
static void (*on_attempt)(struct lb_server *, bool good);

static void begin(struct lb_session *);
static void shake_hands(struct lb_session *);
static void run_rules(struct lb_session *);
static void choose_server(struct lb_session *, struct lb_server *not);
static void count_turn(struct lb_session *);
static void dial(struct lb_session *);

void
lb_session_on_answer(void (*call)(struct lb_session *),
    void (*forget)(struct lb_session *))
{
	answer = call;
	forget_answer = forget;
}

void
lb_session_on_attempt(void (*call)(struct lb_server *, bool good))
{
	on_attempt = call;
}

static struct crew *
crew_here(void)
{
	return &crews[loop_number(loop_here())];
}

static int64_t
now_here(void)
{
	return loop_now(loop_here());
}

/* ---- deadlines --------------------------------------------------------- */

static int64_t
after(int64_t start, int64_t limit)
{
	return limit > 0 ? start + limit : 0;
}

static int64_t
hello_limit(const struct lb_session *s)
{
	const struct lb_proxy_conf *f = s->front->conf;

	return f->timeout.client_hs > 0 ? f->timeout.client_hs :
	    f->timeout.client;
}

static int64_t
queue_limit(const struct lb_session *s)
{
	const struct lb_proxy_conf *b = s->backend->conf;

	return b->timeout.queue > 0 ? b->timeout.queue : b->timeout.connect;
}

/* How long the rules of this stage may wait for bytes. */
static int64_t
inspect_delay(const struct lb_session *s)
{
	const struct lb_proxy *p = s->backend != NULL ? s->backend : s->front;

	return s->flags & LB_FLOW_LISTENS ? LB_CANCEL_WAIT :
	    p->conf->request_delay;
}

static int64_t
pause_limit(const struct lb_session *s)
{
	int64_t limit = s->backend->conf->timeout.connect;

	return limit > 0 && limit < CLOCK_SECOND ? limit : CLOCK_SECOND;
}

/*
 * When its life is over ("timeout session", the shorter of both sides); 0:
 * never. Which share of the spread it loses follows from its number, so that
 * it is the same each time this is asked.
 */
static int64_t
find_death(const struct lb_session *s)
{
	const struct lb_proxy_conf *c = s->front->conf;
	int64_t limit = c->timeout.session, other;

	other = s->backend->conf->timeout.session;
	if (limit == 0 || (other != 0 && other < limit)) {
		c = s->backend->conf;
		limit = other;
	}
	if (limit == 0)
		return 0;
	return s->accepted + limit - limit / 100 * c->session_spread *
	    (s->id * 2654435761u >> 22) / 1023;
}

/* Of a session that is carried: time-outs, its rules' delay, its life. */
static int64_t
find_pipe_deadline(const struct lb_session *s, const struct lb_end **end)
{
	int64_t at = lb_pipe_deadline(s, end), late;

	if (s->flags & LB_FLOW_INSPECTS) {
		late = s->since + s->backend->conf->response_delay;
		if (at == 0 || at >= late) {
			at = late;
			*end = NULL;
		}
	}
	late = find_death(s);
	if (late == 0 || (at != 0 && at <= late))
		return at;
	*end = &lb_end_life;
	return late;
}

/* When it must be looked at; 0: never. end: what happens then. */
static int64_t
find_deadline(const struct lb_session *s, const struct lb_end **end)
{
	int64_t at, late;

	*end = NULL;
	switch ((enum lb_stage)s->stage) {
	case LB_STAGE_PROXY:
	case LB_STAGE_TLS:
		*end = &lb_end_client_timeout;
		return after(s->accepted, hello_limit(s));
	case LB_STAGE_INSPECT:
		at = s->since + inspect_delay(s);
		late = after(s->last_client > s->since ? s->last_client :
		    s->since, s->front->conf->timeout.client);
		if (late == 0 || late >= at)
			return at;
		*end = &lb_end_client_timeout;
		return late;
	case LB_STAGE_QUEUE:
		*end = &lb_end_queue_timeout;
		return after(s->since, queue_limit(s));
	case LB_STAGE_CONNECT:
		return after(s->since, s->backend->conf->timeout.connect);
	case LB_STAGE_PAUSE:
		return s->since + pause_limit(s);
	case LB_STAGE_PIPE:
		return find_pipe_deadline(s, end);
	case LB_STAGE_ANSWER:
	case LB_STAGE_DEAD:
	case LB_STAGES:
		break;
	}
	return 0;
}

static void
arm(struct crew *c)
{
	struct lb_mark *m = lb_deadline_first(c->deadlines);
	int64_t now = now_here();

	if (m == NULL || (c->armed != 0 && c->armed <= m->at))
		return;
	c->armed = m->at;
	timer_after(&c->timer, m->at > now ? m->at - now : 0);
}

/* A deadline came nearer, or a new stage began. */
static void
set_mark(struct lb_session *s)
{
	const struct lb_end *end;
	int64_t at = find_deadline(s, &end);

	/* What recedes is found out when the old mark is reached. */
	if (s->mark.at != 0 && at >= s->mark.at)
		return;
	lb_deadline_set(crew_here()->deadlines, &s->mark, at);
	arm(crew_here());
}

static void
enter(struct lb_session *s, enum lb_stage stage)
{
	s->stage = stage;
	s->since = now_here();
	lb_deadline_set(crew_here()->deadlines, &s->mark, 0);
	set_mark(s);
}

/* ---- the end ----------------------------------------------------------- */

static void
count_server(struct lb_session *s, enum lb_counter n)
{
	lb_counts_add(s->backend->back, n, 1);
	if (s->server != NULL)
		lb_counts_add(s->server->counts, n, 1);
}

static void
count_end(struct lb_session *s, const struct lb_end *end)
{
	if (s->stage == LB_STAGE_INSPECT && (end == &lb_end_client ||
	    end == &lb_end_client_timeout)) {
		lb_counts_add(s->front->front, LB_COUNT_EREQ, 1);
		lb_counts_add(s->door->counts, LB_COUNT_EREQ, 1);
	}
	if (end->count_back < 0 || s->backend == NULL)
		return;
	count_server(s, (enum lb_counter)end->count_back);
	if (end == &lb_end_server)
		count_server(s, LB_COUNT_ERESP);
}

static void
sample_times(struct lb_times *t, const struct lb_session *s, uint32_t total)
{
	uint32_t queue = s->queue_ms > 0 ? (uint32_t)s->queue_ms : 0;
	uint32_t connect = s->connect_ms > 0 ? (uint32_t)s->connect_ms : 0;

	rate_sample(&t->queue, LB_SAMPLES, queue);
	rate_sample(&t->connect, LB_SAMPLES, connect);
	rate_sample(&t->total, LB_SAMPLES, total);
	if (queue > t->queue_most)
		t->queue_most = queue;
	if (connect > t->connect_most)
		t->connect_most = connect;
	if (total > t->total_most)
		t->total_most = total;
}

/* Averages are of sessions that came as far as a server. */
static void
leave_backend(struct lb_session *s)
{
	struct lb_proxy *b = s->backend;
	uint32_t total = (uint32_t)((now_here() - s->accepted) / CLOCK_MS);

	if (!(s->flags & LB_FLOW_BACKEND))
		return;
	s->flags &= ~(uint32_t)LB_FLOW_BACKEND;
	lb_proxy_lock(b);
	b->sessions--;
	if (s->server != NULL && s->connect_ms >= 0) {
		sample_times(&b->times, s, total);
		sample_times(&s->server->times, s, total);
	}
	lb_proxy_unlock(b);
}

static void
give_slot(struct lb_session *s)
{
	if (!(s->flags & LB_FLOW_SLOT))
		return;
	s->flags &= ~(uint32_t)LB_FLOW_SLOT;
	lb_queue_release(s->backend, s->server);
}

static void
end_fates(struct lb_session *s)
{
	lb_tracking_end(s);
	lb_variables_forget(&s->fates->variables, "");
	lb_fates_drop(s);
}

static void
bury(void *arg)
{
	struct lb_session *s = arg;

	mem_drop(s->hold);
	slab_give(crew_here()->slab, s->slot);
}

static void
close_conn(struct conn **c, bool reset, bool flush)
{
	if (*c == NULL)
		return;
	if (reset)
		conn_set_reset(*c);
	if (flush && conn_full(*c))
		conn_close_flushed(*c, &close_eof, FLUSH_LIMIT * CLOCK_SECOND);
	else
		conn_close(*c, &close_eof);
	*c = NULL;
}

static bool
has_option(const struct lb_proxy *p, enum lb_option o)
{
	return p != NULL && (p->conf->options & (1u << o)) != 0;
}

/* The last words reach the client, whatever it still sends. */
static void
end_answer(struct lb_session *s, const struct lb_end *end)
{
	if (forget_answer != NULL)
		forget_answer(s);
	if (s->client == NULL || end != &lb_end_local)
		return;
	conn_close_flushed(s->client, &close_eof, FLUSH_LIMIT * CLOCK_SECOND);
	s->client = NULL;
}

static void
note_queue(struct lb_session *s)
{
	int64_t waited = now_here() - s->since;

	s->queue_ms = (int32_t)(waited / CLOCK_MS);
	lb_spread_add(s->backend->spread, LB_SPREAD_QUEUE, waited);
}

/* What stands unread in the kernel would make a reset of the close. */
static void
discard(struct conn *c)
{
	(void)!recv(conn_fd(c), NULL, DISCARD_MOST, MSG_TRUNC | MSG_DONTWAIT);
}

void
lb_session_end(struct lb_session *s, const struct lb_end *end)
{
	bool in_order = end->cause == '-';

	NEED(s->stage != LB_STAGE_DEAD);
	if (s->stage == LB_STAGE_QUEUE)
		note_queue(s);
	lb_spread_add(s->front->spread, LB_SPREAD_SESSION,
	    now_here() - s->accepted);
	count_end(s, end);
	lb_pipe_forget(s);
	lb_record_write(s, end);
	if (s->fates != NULL)
		end_fates(s);
	lb_deadline_set(crew_here()->deadlines, &s->mark, 0);
	if (s->stage == LB_STAGE_ANSWER)
		end_answer(s, end);
	else if (s->stage != LB_STAGE_PIPE && s->client != NULL &&
	    !end->reset)
		discard(s->client);
	close_conn(&s->client, end->reset ||
	    has_option(s->front, LB_OPT_NOLINGER), in_order);
	close_conn(&s->server_conn, has_option(s->backend, LB_OPT_NOLINGER),
	    in_order);
	s->stage = LB_STAGE_DEAD;
	leave_backend(s);
	lb_queue_leave(&s->waiter);
	if (s->flags & LB_FLOW_TLS_COUNTED)
		atomic_fetch_sub(&lb_world()->tls_sessions, 1);
	lb_door_left(s->door);
	/* A grant that is on its way finds it dead, and gives it back. */
	if (s->waiter.underway)
		return;
	give_slot(s);
	loop_retire(loop_here(), s, bury);
}

/* ---- attempts to connect ----------------------------------------------- */

static void
tell_attempt(struct lb_session *s, bool good)
{
	if (s->server != NULL && on_attempt != NULL &&
	    s->server->conf->observe != LB_OBSERVE_NONE)
		on_attempt(s->server, good);
}

static bool
is_its_turn(const struct lb_session *s)
{
	int every = s->backend->conf->redispatch_every;
	int total = s->retries + s->tries_left;

	if (every > 0)
		return s->retries % every == 0;
	return every < 0 && s->retries == total + 1 + every;
}

static bool
may_redispatch(const struct lb_session *s)
{
	struct lb_proxy *b = s->backend;
	unsigned active;
	bool reachable;

	if (!b->conf->redispatch || s->server == NULL)
		return false;
	lb_proxy_lock(b);
	active = b->active;
	reachable = lb_server_reachable(s->server);
	lb_proxy_unlock(b);
	return !reachable || is_its_turn(s) ||
	    (!(s->flags & LB_FLOW_PINNED) && active > 1 && b->balance->turns);
}

/* The same server; who waited for it in vain need not pause as well. */
static void
try_again(struct lb_session *s)
{
	count_turn(s);
	dial(s);
}

static void
fail_attempt(struct lb_session *s, bool timed_out)
{
	struct lb_server *old = s->server;

	tell_attempt(s, false);
	if (conn_lost(s->client)) {
		lb_session_end(s, &lb_end_client);
		return;
	}
	if (s->tries_left == 0) {
		lb_session_end(s, timed_out ? &lb_end_connect_timeout :
		    &lb_end_connect_failed);
		return;
	}
	s->tries_left--;
	s->retries++;
	if (!may_redispatch(s)) {
		count_server(s, LB_COUNT_WRETR);
		if (timed_out)
			try_again(s);
		else
			enter(s, LB_STAGE_PAUSE);
		return;
	}
	count_server(s, LB_COUNT_WREDIS);
	s->flags |= LB_FLOW_REDISPATCHED;
	give_slot(s);
	s->server = NULL;
	choose_server(s, old);
}

/* The answer, as far as it was held, is let through. */
static void
keep_sticks(struct lb_session *s)
{
	struct lb_scene *c;

	if (s->backend->conf->sticks.count == 0)
		return;
	c = lb_sampling_scene(s, s->backend);
	c->final = true;
	if (s->fates != NULL && s->fates->answer != NULL)
		c->response = (struct text){ s->fates->answer->at,
		    s->fates->answer->len };
	lb_stick_store(c);
}

static void
start_pipe(struct lb_session *s)
{
	s->connect_ms = (int32_t)((now_here() - s->accepted) / CLOCK_MS) -
	    s->queue_ms - s->hello_ms;
	if (s->connect_ms < 0)
		s->connect_ms = 0;
	lb_spread_add(s->backend->spread, LB_SPREAD_CONNECT,
	    now_here() - s->since);
	tell_attempt(s, true);
	if (has_option(s->front, LB_OPT_LOGASAP))
		lb_record_write(s, NULL);
	lb_pipe_start(s);
	enter(s, LB_STAGE_PIPE);
	if (s->backend->conf->rules[LB_RULES_RESPONSE].count > 0) {
		lb_inspect_start(s);
		if (s->stage != LB_STAGE_DEAD)
			set_mark(s);
		return;
	}
	keep_sticks(s);
	lb_inspect_release(s);
}

/* Apart: its buffer is cleared, and few servers want it. */
static __attribute__((noinline)) void
announce(struct lb_session *s)
{
	char header[LB_ANNOUNCE_ROOM];
	size_t len = lb_announce_print(s, header);

	conn_send(s->server_conn, (struct text){ header, len });
}

/* Who the client is goes first, for servers that want to know. */
static void
send_proxy_header(struct lb_session *s)
{
	if (s->server != NULL && s->server->conf->send_proxy != 0)
		announce(s);
}

/* What the server is asked for, and must show: sni, else verifyhost. */
static const char *
find_server_name(struct lb_session *s, char *to, size_t room)
{
	const struct lb_tls_conf *t = &s->server->conf->tls;
	size_t len = t->sni == NULL ? 0 :
	    lb_sampling_print(s, t->sni, to, room - 1);

	to[len] = '\0';
	return len > 0 ? to : t->verify_host;
}

static bool
has_socks(const struct lb_session *s)
{
	return s->server != NULL &&
	    s->server->conf->socks4.kind != LB_ADDRESS_NONE;
}

static void
drop_early(struct lb_session *s)
{
	if (s->fates == NULL || s->fates->answer == NULL)
		return;
	mem_drop(s->fates->answer);
	s->fates->answer = NULL;
}

static const struct conn_handler connect_handler, socks_handler;

/* Twice with TLS: the PROXY header goes in front of it. */
static void
greet_server(struct lb_session *s)
{
	struct conn *c = s->server_conn;
	char name[256];

	if (s->server != NULL && atomic_load(&s->server->secure) &&
	    !tls_is_on(c)) {
		send_proxy_header(s);
		conn_start_tls(c, s->server->tls,
		    find_server_name(s, name, sizeof name), TEXT_NONE);
		return;
	}
	if (!tls_is_on(c))
		send_proxy_header(s);
	start_pipe(s);
}

/* A SOCKS4 proxy leads to the server: it is asked before all else. */
static bool
ask_socks(struct lb_session *s)
{
	struct address to;
	char request[LB_SOCKS_REQUEST];

	lb_dial_address(s->server, lb_tuple_dst(s).port, &to);
	if (!lb_socks_ask(&to, request))
		return false;
	conn_hand_to(s->server_conn, &socks_handler, s);
	conn_send(s->server_conn, (struct text){ request, sizeof request });
	return true;
}

static void
on_connected(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	if (!has_socks(s) || tls_is_on(c))
		greet_server(s);
	else if (!ask_socks(s)) {
		close_conn(&s->server_conn, true, false);
		fail_attempt(s, false);
	}
}

/*
 * Its answer is short; what stands behind it is the server's, and waits as
 * the beginning of its answer.
 */
static void
on_socks_data(struct conn *c, struct text t)
{
	struct lb_session *s = conn_owner(c);
	struct lb_hold *h;
	int granted;

	if (t.len > 0 && lb_inspect_keep(s, t) < 0) {
		lb_session_end(s, &lb_end_resource);
		return;
	}
	h = s->fates == NULL ? NULL : s->fates->answer;
	granted = h == NULL ? 0 :
	    lb_socks_granted((struct text){ h->at, h->len });
	if (granted == 0)
		return;
	if (granted < 0) {
		drop_early(s);
		close_conn(&s->server_conn, true, false);
		fail_attempt(s, false);
		return;
	}
	h->len -= LB_SOCKS_ANSWER;
	memmove(h->at, h->at + LB_SOCKS_ANSWER, h->len);
	conn_hand_to(c, &connect_handler, s);
	greet_server(s);
}

static void
on_socks_closed(struct conn *c, const struct close_reason *why)
{
	struct lb_session *s = conn_owner(c);

	s->server_conn = NULL;
	drop_early(s);
	fail_attempt(s, false);
}

static const struct conn_handler socks_handler = {
	.data = on_socks_data,
	.closed = on_socks_closed,
};

static void
on_connect_data(struct conn *c, struct text t)
{
	NEED(t.len == 0);	/* nothing is read before it is ready */
}

static void
on_connect_closed(struct conn *c, const struct close_reason *why)
{
	struct lb_session *s = conn_owner(c);

	s->server_conn = NULL;
	fail_attempt(s, false);
}

static const struct conn_handler connect_handler = {
	.ready = on_connected,
	.data = on_connect_data,
	.closed = on_connect_closed,
};

/*
 * Where the client wanted to go is asked of the kernel only when it matters:
 * for the way to the server, or for a log line, when the client may be gone.
 */
static struct endpoint
find_wanted(struct lb_session *s)
{
	if (s->server != NULL && !lb_dial_follows(s->server) &&
	    lb_world()->logs[s->front->number] == NULL)
		return s->dst;
	return lb_tuple_dst(s);
}

static bool
find_target(struct lb_session *s, struct address *to)
{
	struct endpoint dst = find_wanted(s);
	char ip[ADDRESS_TEXT];

	if (has_socks(s))
		*to = s->server->conf->socks4.sa;
	else if (s->server != NULL)
		lb_dial_address(s->server, dst.port, to);
	else if (s->backend->conf->dispatch.kind != LB_ADDRESS_NONE)
		*to = s->backend->conf->dispatch.sa;
	else if (address_ip(text_of(endpoint_ip(&dst, ip)), dst.port, to) < 0)
		return false;
	return to->len > 0;
}

static void
dial(struct lb_session *s)
{
	struct lb_dial d = { .server = s->server, .proxy = s->backend->conf,
	    .client = s->src,
	    .mark = s->fates == NULL ? -1 : s->fates->mark,
	    .tos = s->fates == NULL ? -1 : s->fates->tos };
	int fd;

	enter(s, LB_STAGE_CONNECT);
	count_server(s, LB_COUNT_CONNECT);
	fd = find_target(s, &d.to) ? lb_dial_socket(&d) : -1;
	if (fd >= 0)
		s->server_conn = conn_dial_by(loop_here(), fd, &d.to,
		    &connect_handler, s);
	if (s->server_conn != NULL)
		return;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		lb_session_end(s, &lb_end_resource);
	else
		fail_attempt(s, false);
}

/* ---- a server, and a slot of it ---------------------------------------- */

/* A server's sessions are attempts: one that is tried again is another. */
static void
count_turn(struct lb_session *s)
{
	if (s->server == NULL)
		return;
	lb_proxy_lock(s->backend);
	s->server->sessions++;
	s->server->last_session = s->backend->last_session = now_here();
	rate_add(&s->server->rate, now_here());
	lb_proxy_unlock(s->backend);
}

/* Until there was a server: rules that wait for bytes, and queues. */
static int32_t
waited_ms(const struct lb_session *s)
{
	return (int32_t)((now_here() - s->accepted) / CLOCK_MS) - s->hello_ms;
}

static void
begin_connect(struct lb_session *s)
{
	if (s->stage == LB_STAGE_QUEUE)
		note_queue(s);
	else
		lb_spread_add(s->backend->spread, LB_SPREAD_QUEUE, 0);
	s->queue_ms = waited_ms(s);
	s->flags |= LB_FLOW_SLOT;
	s->server = s->waiter.granted;
	count_turn(s);
	dial(s);
}

static void
on_granted(void *arg)
{
	struct lb_waiter *w = arg;
	struct lb_session *s = (struct lb_session *)(void *)((char *)w -
	    offsetof(struct lb_session, waiter));

	w->underway = false;
	if (s->stage != LB_STAGE_DEAD) {
		begin_connect(s);
		return;
	}
	lb_queue_release(w->proxy, w->granted);
	if (s->flags & LB_FLOW_SLOT)
		give_slot(s);
	loop_retire(loop_here(), s, bury);
}

static uint32_t
draw(void)
{
	struct crew *c = crew_here();

	c->chance ^= c->chance << 13;
	c->chance ^= c->chance >> 17;
	c->chance ^= c->chance << 5;
	return c->chance;
}

/* dispatch and transparent: one target, without a server line. */
static bool
has_fixed_target(const struct lb_session *s)
{
	return s->backend->server_count == 0 &&
	    (s->backend->conf->dispatch.kind != LB_ADDRESS_NONE ||
	    has_option(s->backend, LB_OPT_TRANSPARENT));
}

static struct text
held_bytes(const struct lb_session *s)
{
	return s->hold == NULL ? TEXT_NONE :
	    (struct text){ s->hold->at, s->hold->len };
}

/* The pooler that a cancel request is for, or NULL. */
static struct lb_server *
find_canceled(const struct lb_session *s)
{
	unsigned peer;

	return s->front->conf->pgsql_cancel &&
	    lb_cancel_read(held_bytes(s), &peer) == LB_CANCEL_IS ?
	    lb_cancel_server(s->backend, peer) : NULL;
}

static void
choose_server(struct lb_session *s, struct lb_server *not)
{
	struct lb_ask ask = { .not = not, .now = now_here(),
	    .chance = draw() };
	struct lb_server *wanted = NULL, *known = NULL;
	struct lb_scene *scene = NULL;

	if (has_fixed_target(s)) {
		s->queue_ms = waited_ms(s);
		dial(s);
		return;
	}
	if (not == NULL)
		wanted = find_canceled(s);
	if (not == NULL && wanted == NULL &&
	    s->backend->conf->use_servers.count > 0) {
		scene = lb_sampling_scene(s, s->backend);
		wanted = lb_judge_server(scene);
	}
	if (not == NULL && s->backend->conf->sticks.count > 0) {
		scene = lb_sampling_scene(s, s->backend);
		scene->final = true;
		known = lb_stick_match(scene);
	}
	if (wanted == NULL)
		wanted = known;
	if (wanted != NULL)
		s->flags |= LB_FLOW_PINNED;
	if (s->backend->balance->hash)
		ask.hashed = lb_hashing_key(s, &ask.hash);
	s->waiter.call = on_granted;
	s->waiter.since = now_here() + s->waiter.offset;
	switch (lb_queue_enter(&s->waiter, s->backend, &ask, wanted)) {
	case LB_SEAT_GRANTED:
		begin_connect(s);
		break;
	case LB_SEAT_WAITING:
		enter(s, LB_STAGE_QUEUE);
		break;
	case LB_SEAT_NONE:
		s->server = not;
		lb_session_end(s, &lb_end_no_server);
		break;
	}
}

/* ---- rules, and the backend -------------------------------------------- */

static void
enter_backend(struct lb_session *s, struct lb_proxy *b)
{
	s->backend = b;
	s->flags |= LB_FLOW_BACKEND;
	s->tries_left = (uint8_t)(b->conf->retries > 255 ? 255 :
	    b->conf->retries < 0 ? 0 : b->conf->retries);
	lb_proxy_lock(b);
	b->total++;
	if (++b->sessions > b->most)
		b->most = b->sessions;
	rate_add(&b->rate, now_here());
	lb_proxy_unlock(b);
}

/*
 * The client is to hear nothing: the socket forgets its peer; where we may
 * not do that, the reset dies at the next router.
 */
static void
leave_silently(struct lb_session *s)
{
	const int one = 1;
	int fd = conn_fd(s->client);

	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &one, sizeof one) == 0)
		return;
	(void)setsockopt(fd, IPPROTO_IP, IP_TTL, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &one,
	    sizeof one);
}

static void
carry_out(struct lb_session *s, enum lb_sentence sentence,
    enum lb_ruleset rules)
{
	enum lb_counter n = rules == LB_RULES_CONNECTION ? LB_COUNT_DCON :
	    rules == LB_RULES_SESSION ? LB_COUNT_DSES : LB_COUNT_DREQ;

	if (sentence != LB_SENTENCE_CLOSE) {
		lb_counts_add(s->front->front, n, 1);
		lb_counts_add(s->door->counts, n, 1);
		if (n == LB_COUNT_DREQ && s->backend != NULL)
			lb_counts_add(s->backend->back, n, 1);
	}
	if (sentence == LB_SENTENCE_DROP)
		leave_silently(s);
	if (rules != LB_RULES_CONTENT)
		s->flags |= LB_FLOW_SILENT;
	lb_session_end(s, rules == LB_RULES_CONNECTION ? &lb_end_rule_reset :
	    &lb_end_rule);
}

/* Nothing more will come, or may be waited for. */
static bool
is_final(const struct lb_session *s)
{
	unsigned most = lb_world()->setup->global.bufsize;

	return (s->flags & LB_FLOW_CLIENT_EOF) ||
	    (s->hold != NULL && s->hold->len >= most) ||
	    inspect_delay(s) <= 0 ||
	    (s->stage == LB_STAGE_INSPECT &&
	    now_here() >= s->since + inspect_delay(s));
}

/* Content rules of one section. True: go on. */
static bool
pass_rules(struct lb_session *s, const struct lb_proxy *p)
{
	struct lb_scene *scene;
	enum lb_sentence sentence;

	if (p->conf->rules[LB_RULES_CONTENT].count == 0)
		return true;
	scene = lb_sampling_scene(s, p);
	scene->request = held_bytes(s);
	scene->final = is_final(s);
	sentence = lb_judge_rules(scene, LB_RULES_CONTENT);
	if (sentence == LB_SENTENCE_GO)
		return true;
	if (sentence != LB_SENTENCE_WAIT)
		carry_out(s, sentence, LB_RULES_CONTENT);
	else if (s->stage != LB_STAGE_INSPECT) {
		enter(s, LB_STAGE_INSPECT);
		conn_resume(s->client);
	}
	return false;
}

static bool
find_backend(struct lb_session *s)
{
	struct lb_scene *scene = lb_sampling_scene(s, s->front);
	struct lb_proxy *b;

	scene->request = held_bytes(s);
	scene->final = true;
	b = lb_judge_backend(scene);
	if (b == NULL && (s->front->conf->is & LB_IS_BACKEND))
		b = s->front;
	if (b == NULL) {
		lb_session_end(s, &lb_end_no_server);
		return false;
	}
	enter_backend(s, b);
	return true;
}

/* Waits for the first bytes where they may ask for a cancel. True: go on. */
static bool
has_listened(struct lb_session *s)
{
	unsigned peer;

	if (!s->front->conf->pgsql_cancel || (s->flags & LB_FLOW_LISTENED))
		return true;
	if (!(s->flags & LB_FLOW_LISTENS)) {
		s->flags |= LB_FLOW_LISTENS;
		enter(s, LB_STAGE_INSPECT);
		conn_resume(s->client);
	}
	if (lb_cancel_read(held_bytes(s), &peer) == LB_CANCEL_MORE &&
	    !is_final(s))
		return false;
	s->flags &= ~(uint32_t)LB_FLOW_LISTENS;
	s->flags |= LB_FLOW_LISTENED;
	/* As if it came only now. */
	s->stage = LB_STAGE_PROXY;
	s->since = now_here();
	return true;
}

static void
run_rules(struct lb_session *s)
{
	if (!has_listened(s))
		return;
	if (s->backend == NULL) {
		if (!pass_rules(s, s->front) || !find_backend(s))
			return;
		if (s->backend != s->front) {
			/* Its own rules have their own time. */
			s->stage = LB_STAGE_QUEUE;
			s->since = now_here();
		} else
			s->flags |= LB_FLOW_OWN_RULES;
	}
	if (!(s->flags & LB_FLOW_OWN_RULES)) {
		if (!pass_rules(s, s->backend))
			return;
		s->flags |= LB_FLOW_OWN_RULES;
	}
	s->stage = LB_STAGE_INSPECT;
	choose_server(s, NULL);
}

/* What a rule waited for has come. */
static void
go_on_judging(struct lb_session *s)
{
	if (s->stage == LB_STAGE_INSPECT)
		run_rules(s);
}

/* ---- the client before there is a server ------------------------------- */

static int
keep_bytes(struct lb_session *s, struct text t)
{
	uint32_t len = s->hold == NULL ? 0 : s->hold->len;
	uint32_t need = len + (uint32_t)t.len;
	struct lb_hold *h = s->hold;

	if (h == NULL || h->room < need) {
		h = mem_grow(h, sizeof *h + need);
		if (h == NULL)
			return -1;
		h->room = need;
		h->len = len;
		s->hold = h;
	}
	memcpy(h->at + h->len, t.at, t.len);
	h->len += (uint32_t)t.len;
	return 0;
}

/* ---- the PROXY header -------------------------------------------------- */

/* It never was a session. */
static void
end_unborn(struct lb_session *s, const char *text, const struct lb_end *end)
{
	lb_counts_add(s->front->front, LB_COUNT_UNBORN, 1);
	lb_counts_add(s->door->counts, LB_COUNT_UNBORN, 1);
	if (text != NULL)
		lb_record_failure(s, text);
	s->flags |= LB_FLOW_SILENT;
	lb_session_end(s, end);
}

static void
refuse_header(struct lb_session *s, const char *text)
{
	end_unborn(s, text, &lb_end_rule_reset);
}

static void
drop_header(struct lb_session *s, size_t used)
{
	s->hold->len -= (uint32_t)used;
	memmove(s->hold->at, s->hold->at + used, s->hold->len);
	if (s->hold->len > 0)
		return;
	mem_drop(s->hold);
	s->hold = NULL;
}

/* What stands behind the addresses, for rules and the next PROXY header. */
static void
keep_header(struct lb_session *s, size_t used)
{
	struct text header = { s->hold->at, used };
	struct lb_fates *f;

	if (!proxyproto_has_more(header))
		return;
	f = lb_fates_get(s);
	if (f == NULL || (f->header = mem_get(sizeof *f->header + used)) ==
	    NULL)
		return;
	f->header->len = f->header->room = (uint32_t)used;
	memcpy(f->header->at, s->hold->at, used);
}

static void
read_header(struct lb_session *s)
{
	struct endpoint src, dst;
	size_t used;

	switch (proxyproto_read(held_bytes(s), &src, &dst, &used)) {
	case PROXYPROTO_MORE:
		return;
	case PROXYPROTO_BAD:
		refuse_header(s, "Received something which does not look "
		    "like a PROXY protocol header");
		return;
	case PROXYPROTO_TOLD:
		s->src = src;
		s->dst = dst;
		s->flags |= LB_FLOW_TOLD_SRC | LB_FLOW_TOLD_DST;
		break;
	case PROXYPROTO_LOCAL:
		break;
	}
	keep_header(s, used);
	drop_header(s, used);
	shake_hands(s);
}

/* ---- TLS of the client ------------------------------------------------- */

/* maxsslconn: of the process. */
static bool
has_enough_tls(void)
{
	int most = lb_world()->setup->global.maxsslconn;

	return most > 0 && atomic_load(&lb_world()->tls_sessions) >=
	    (unsigned)most;
}

/* What stands behind a PROXY header is the handshake's beginning. */
static void
shake_hands(struct lb_session *s)
{
	struct lb_hold *h = s->hold;

	if (s->door->tls == NULL) {
		begin(s);
		return;
	}
	if (has_enough_tls()) {
		refuse_header(s, NULL);
		return;
	}
	enter(s, LB_STAGE_TLS);
	s->hold = NULL;
	conn_start_tls(s->client, s->door->tls, NULL, h == NULL ? TEXT_NONE :
	    (struct text){ h->at, h->len });
	mem_drop(h);
}

static void
on_early_ready(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	s->flags |= LB_FLOW_TLS_COUNTED;
	atomic_fetch_add(&lb_world()->tls_sessions, 1);
	lb_counts_add(s->front->front, LB_COUNT_SSL_SESS, 1);
	lb_counts_add(s->door->counts, LB_COUNT_SSL_SESS, 1);
	begin(s);
}

static void
fail_handshake(struct lb_session *s, bool by_tls)
{
	lb_counts_add(s->front->front, LB_COUNT_SSL_FAILED, 1);
	lb_counts_add(s->door->counts, LB_COUNT_SSL_FAILED, 1);
	refuse_header(s, by_tls ? "SSL handshake failure" :
	    "Connection closed during SSL handshake");
}

static void
on_early_data(struct conn *c, struct text t)
{
	struct lb_session *s = conn_owner(c);

	if (t.len > 0 && keep_bytes(s, t) < 0) {
		lb_session_end(s, &lb_end_resource);
		return;
	}
	s->last_client = now_here();
	if (s->stage == LB_STAGE_PROXY)
		read_header(s);
	else if (s->stage == LB_STAGE_INSPECT && s->server_conn == NULL)
		run_rules(s);
}

static void
on_early_eof(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	s->flags |= LB_FLOW_CLIENT_EOF;
	if (s->stage == LB_STAGE_INSPECT)
		run_rules(s);
	else if (s->stage == LB_STAGE_PROXY)
		refuse_header(s, s->hold != NULL ? "Truncated PROXY protocol "
		    "header received" : has_option(s->front,
		    LB_OPT_DONTLOGNULL) ? NULL : "Connection closed while "
		    "waiting for PROXY protocol header");
}

static void
on_early_closed(struct conn *c, const struct close_reason *why)
{
	struct lb_session *s = conn_owner(c);

	s->client = NULL;
	if (s->stage == LB_STAGE_TLS)
		fail_handshake(s, why == &close_tls &&
		    strcmp(conn_error(c), "unexpected eof") != 0);
	else
		lb_session_end(s, &lb_end_client);
}

/*
 * In line and gone: by a reset, with nothing said, or when the user wants it
 * so. Of who is being connected at once, nobody asks for resets.
 */
static bool
gave_up(struct lb_session *s)
{
	if (!conn_ended(s->client))
		return (s->stage != LB_STAGE_CONNECT ||
		    now_here() - s->since > AT_ONCE * CLOCK_MS) &&
		    conn_lost(s->client);
	if (has_option(s->backend, LB_OPT_ABORTONCLOSE))
		return true;
	return s->hold == NULL && conn_silent(s->client);
}

/* Bytes stay in the kernel until there is a server to take them. */
static bool
may_read_early(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	if (s->stage == LB_STAGE_INSPECT || s->stage == LB_STAGE_PROXY)
		return true;
	if ((s->stage == LB_STAGE_QUEUE || s->stage == LB_STAGE_CONNECT ||
	    s->stage == LB_STAGE_PAUSE) && gave_up(s))
		lb_session_end(s, &lb_end_client);
	return false;
}

static const struct conn_handler early_handler = {
	.ready = on_early_ready,
	.may_read = may_read_early,
	.data = on_early_data,
	.eof = on_early_eof,
	.closed = on_early_closed,
};

/* ---- arrival ----------------------------------------------------------- */

static struct lb_session *
make_session(const struct lb_arrival *a)
{
	struct crew *c = crew_here();
	uint32_t slot;
	struct lb_session *s = slab_take(c->slab, &slot);

	if (s == NULL)
		return NULL;
	s->slot = slot;
	s->id = ++c->next_id;
	s->door = a->door;
	s->front = a->door->proxy;
	s->accepted = a->at;
	s->src = a->src;
	s->queue_ms = s->connect_ms = -1;
	s->log_level = -1;
	return s;
}

static bool
pass_first_rules(struct lb_session *s, enum lb_ruleset rules)
{
	struct lb_scene *scene;
	enum lb_sentence sentence;

	if (s->front->conf->rules[rules].count == 0)
		return true;
	scene = lb_sampling_scene(s, s->front);
	scene->final = true;
	sentence = lb_judge_rules(scene, rules);
	if (scene->expects_proxy)
		s->flags |= LB_FLOW_EXPECTS_PROXY;
	if (sentence == LB_SENTENCE_GO)
		return true;
	carry_out(s, sentence, rules);
	return false;
}

/* The handshakes are over. */
static void
begin(struct lb_session *s)
{
	s->hello_ms = (int32_t)((now_here() - s->accepted) / CLOCK_MS);
	if (!pass_first_rules(s, LB_RULES_SESSION))
		return;
	if (s->fates != NULL)
		lb_tracking_pass(s);
	if (s->front->conf->answers && answer != NULL) {
		enter(s, LB_STAGE_ANSWER);
		answer(s);
		return;
	}
	run_rules(s);
}

void
lb_session_take(const struct lb_arrival *a)
{
	struct lb_session *s = make_session(a);

	if (s != NULL)
		s->client = conn_accept(loop_here(), a->fd, &early_handler, s);
	else
		close(a->fd);
	if (s == NULL || s->client == NULL) {
		lb_door_left(a->door);
		if (s != NULL)
			slab_give(crew_here()->slab, s->slot);
		return;
	}
	enter(s, LB_STAGE_PROXY);
	if (!pass_first_rules(s, LB_RULES_CONNECTION))
		return;
	if (!s->door->conf->accept_proxy &&
	    !(s->flags & LB_FLOW_EXPECTS_PROXY))
		shake_hands(s);
}

/* ---- the loop's timer -------------------------------------------------- */

static void
meet_deadline(struct lb_session *s)
{
	const struct lb_end *end;

	find_deadline(s, &end);
	if (s->stage == LB_STAGE_PROXY)
		end_unborn(s, "Timeout while waiting for PROXY protocol "
		    "header", &lb_end_rule);
	else if (s->stage == LB_STAGE_TLS)
		end_unborn(s, "Timeout during SSL handshake", &lb_end_rule);
	else if (end != NULL)
		lb_session_end(s, end);
	else if (s->stage == LB_STAGE_INSPECT)
		run_rules(s);
	else if (s->stage == LB_STAGE_PIPE)
		lb_inspect_late(s);
	else if (s->stage == LB_STAGE_PAUSE)
		try_again(s);
	else if (s->stage == LB_STAGE_CONNECT) {
		close_conn(&s->server_conn, true, false);
		fail_attempt(s, true);
	}
}

static void
on_timer(void *arg)
{
	struct crew *c = arg;
	int64_t now = now_here(), at;
	const struct lb_end *end;
	struct lb_mark *m;

	c->armed = 0;
	while ((m = lb_deadline_first(c->deadlines)) != NULL && m->at <= now) {
		struct lb_session *s = (struct lb_session *)(void *)
		    ((char *)m - offsetof(struct lb_session, mark));

		at = find_deadline(s, &end);
		lb_deadline_set(c->deadlines, m, at > now ? at : 0);
		if (at != 0 && at <= now)
			meet_deadline(s);
	}
	arm(c);
}

static void
on_tick(void *arg)
{
	lb_pipe_tell_all(loop_here());
}

void
lb_session_init(struct loop *l)
{
	struct crew *c = &crews[loop_number(l)];

	c->slab = slab_new(sizeof(struct lb_session));
	c->deadlines = lb_deadline_new();
	c->chance = (uint32_t)clock_now() * 2654435761u | 1;
	timer_init(&c->timer, l, on_timer, c);
	timer_init(&c->tick, l, on_tick, c);
	timer_every(&c->tick, CLOCK_SECOND);
	lb_pipe_init(lb_session_end, set_mark);
	lb_inspect_init(lb_session_end, keep_sticks);
	lb_judge_init(go_on_judging);
}

/* ---- all of them ------------------------------------------------------- */

unsigned
lb_session_slots(const struct loop *l)
{
	return slab_slots(crews[loop_number(l)].slab);
}

struct lb_session *
lb_session_at(const struct loop *l, unsigned slot)
{
	struct lb_session *s = slab_at(crews[loop_number(l)].slab, slot);

	return s == NULL || s->stage == LB_STAGE_DEAD ? NULL : s;
}

struct sweep {
	bool (*is)(const struct lb_session *, void *arg);
	void *arg;
	const struct lb_end *end;
	void (*done)(void *);
};

static void
mark_loop(struct loop *l, void *arg)
{
	struct sweep *w = arg;

	for (unsigned i = 0; i < lb_session_slots(l); i++) {
		struct lb_session *s = lb_session_at(l, i);

		if (s != NULL && w->is(s, w->arg))
			s->flags |= LB_FLOW_DOOMED;
	}
}

static void
sweep_loop(struct loop *l, void *arg)
{
	struct sweep *w = arg;

	for (unsigned i = 0; i < lb_session_slots(l); i++) {
		struct lb_session *s = lb_session_at(l, i);

		if (s != NULL && (s->flags & LB_FLOW_DOOMED))
			lb_session_end(s, w->end);
	}
}

static void
end_sweep(void *arg)
{
	struct sweep *w = arg;

	if (w->done != NULL)
		w->done(w->arg);
	mem_drop(w);
}

/* Who comes into a slot that one of them left is none of them. */
static void
end_marked(void *arg)
{
	tour_run(loop_here(), sweep_loop, end_sweep, arg);
}

void
lb_session_end_all(bool (*is)(const struct lb_session *, void *arg),
    void *arg, const struct lb_end *end, void (*done)(void *arg))
{
	struct sweep *w = mem_get(sizeof *w);

	if (w == NULL)
		die("out of memory to end sessions");
	*w = (struct sweep){ is, arg, end, done };
	tour_run(loop_here(), mark_loop, end_marked, w);
}

void
lb_session_fini(struct loop *l)
{
	struct crew *c = &crews[loop_number(l)];

	for (unsigned i = 0; i < lb_session_slots(l); i++) {
		struct lb_session *s = lb_session_at(l, i);

		if (s != NULL)
			lb_session_end(s, &lb_end_killed);
	}
	timer_stop(&c->timer);
	timer_stop(&c->tick);
}
