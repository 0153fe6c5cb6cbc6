/* SPDX-License-Identifier: ISC */
/*
 * commands_sess.c - sessions shown and ended. A session belongs to its loop:
 * there the lines about it are made, a slice of one loop at a time, and there
 * it is ended. Commands on loop 0; make_slice and on_shut where they are
 * posted to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "balancer/commands_rows.h"
#include "balancer/door.h"
#include "balancer/session.h"
#include "balancer/targets.h"
#include "balancer/value.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"

enum { SLICE_SLOTS = 512, SLICE_BYTES = 16 * 1024 };

/* ---- names of sessions ------------------------------------------------- */

/* Loop, slot, number: an id that is never right by chance. */
static uint64_t
id_of(const struct lb_session *s, unsigned loop)
{
	return ((uint64_t)(loop + 1) << 56) |
	    ((uint64_t)(s->slot & 0xffffff) << 32) | s->id;
}

/* The session of the calling loop; NULL: it is gone. */
static struct lb_session *
find_session(const struct loop *l, uint64_t id)
{
	unsigned slot = (unsigned)(id >> 32) & 0xffffff;
	struct lb_session *s = slot < lb_session_slots(l) ?
	    lb_session_at(l, slot) : NULL;

	return s != NULL && s->id == (uint32_t)id ? s : NULL;
}

/* NULL: there is no such loop. */
static struct loop *
find_loop(uint64_t id)
{
	unsigned n = (unsigned)(id >> 56);

	return n >= 1 && n <= loop_count() ? loop_at(n - 1) : NULL;
}

static bool
read_id(const char *word, uint64_t *id)
{
	struct text t = text_of(word);
	int64_t n;

	if (!text_begins(t, "0x") || number_int(t, 16, 1, INT64_MAX, &n,
	    NULL) < 0)
		return false;
	*id = (uint64_t)n;
	return true;
}

/* ---- lines ------------------------------------------------------------- */

struct show {
	struct talk *talk;
	struct loop *home;
	unsigned loop, slot;		/* where it goes on */
	bool in_full, waiting, found;
	/* Only those of: */
	uint64_t id;			/* 0: any */
	int64_t older;			/* us; 0: any */
	const struct lb_server *server;
	const struct lb_proxy *backend, *front;
	struct sheet made;
};

static const char *
proto_of(const struct endpoint *e)
{
	return e->family == AF_INET6 ? "tcpv6" :
	    e->family == AF_INET ? "tcpv4" : "unix_stream";
}

static void
put_end(struct sheet *to, const char *name, struct conn *c, int64_t left)
{
	char rex[24] = "";

	if (left > 0)
		snprintf(rex, sizeof rex, "%llds",
		    (long long)(left / CLOCK_SECOND));
	sheet_print(to, " %s=[8,%xh,fd=%d,rex=%s,wex=]", name,
	    c != NULL ? 0u : 1u, c != NULL ? conn_fd(c) : -1, rex);
}

static void
put_line(struct sheet *to, const struct lb_session *s, unsigned loop,
    int64_t now)
{
	int64_t left = s->mark.at > now ? s->mark.at - now : 0;
	char src[ADDRESS_TEXT], until[24] = "";

	if (left > 0)
		snprintf(until, sizeof until, "%llds",
		    (long long)(left / CLOCK_SECOND));
	sheet_print(to, "0x%" PRIx64 ": proto=%s src=%s fe=%s be=%s srv=%s "
	    "ts=%02x epoch=0 age=%llds calls=0 rate=0 cpu=0 lat=0 "
	    "rq[f=%xh,i=%u,an=00h,ax=] rp[f=%xh,i=0,an=00h,ax=]",
	    id_of(s, loop), proto_of(&s->src), endpoint_print(&s->src, src),
	    s->front->conf->name,
	    s->backend != NULL ? s->backend->conf->name : "<NONE>",
	    s->server != NULL ? s->server->conf->name : "<none>",
	    (unsigned)s->stage, (long long)((now - s->accepted) /
	    CLOCK_SECOND), s->flags, s->hold != NULL ? s->hold->len : 0,
	    s->flags);
	put_end(to, "scf", s->client, left);
	put_end(to, "scb", s->server_conn, left);
	sheet_print(to, " exp=%s rc=%u c_exp=\n", until,
	    (unsigned)s->retries);
}

static const char *const stages[LB_STAGES] = {
	[LB_STAGE_PROXY] = "PROXY", [LB_STAGE_TLS] = "TLS",
	[LB_STAGE_INSPECT] = "INSPECT", [LB_STAGE_QUEUE] = "QUEUE",
	[LB_STAGE_CONNECT] = "CONNECT", [LB_STAGE_PAUSE] = "PAUSE",
	[LB_STAGE_PIPE] = "PIPE", [LB_STAGE_ANSWER] = "ANSWER",
	[LB_STAGE_DEAD] = "DEAD",
};

static void
put_head(struct sheet *to, const struct lb_session *s, unsigned loop,
    int64_t now)
{
	int64_t wall = clock_wall() - (now - s->accepted);
	time_t seconds = (time_t)(wall / CLOCK_SECOND);
	char date[40], src[ADDRESS_TEXT];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%d/%b/%Y:%H:%M:%S", &tm);
	sheet_print(to, "0x%" PRIx64 ": [%s.%06d] id=%u proto=%s source=%s\n",
	    id_of(s, loop), date, (int)(wall % CLOCK_SECOND), s->id,
	    proto_of(&s->src), endpoint_print(&s->src, src));
}

static void
put_full(struct sheet *to, const struct lb_session *s, unsigned loop,
    int64_t now)
{
	const struct lb_proxy_conf *f = s->front->conf;
	const struct lb_proxy_conf *b = s->backend != NULL ?
	    s->backend->conf : NULL;
	char at[ADDRESS_TEXT];

	put_head(to, s, loop, now);
	sheet_print(to, "  flags=0x%x, conn_retries=%u, waiting=%d\n",
	    s->flags, (unsigned)s->retries, s->waiter.waiting);
	sheet_print(to, "  frontend=%s (id=%u mode=tcp), listener=%s (id=%u) "
	    "addr=%s\n", f->name, f->id, s->door->name, s->door->number,
	    address_print(&s->door->at, at));
	if (b != NULL)
		sheet_print(to, "  backend=%s (id=%u mode=tcp)\n", b->name,
		    b->id);
	else
		sheet_text(to, "  backend=<NONE> (id=-1 mode=-)\n");
	if (s->server != NULL)
		sheet_print(to, "  server=%s (id=%u)\n",
		    s->server->conf->name, s->server->conf->id);
	else
		sheet_text(to, "  server=<NONE> (id=-1)\n");
	sheet_print(to, "  task: thread=%u stage=%s age=%llds in it %llds\n",
	    loop + 1, stages[s->stage],
	    (long long)((now - s->accepted) / CLOCK_SECOND),
	    (long long)((now - s->since) / CLOCK_SECOND));
	sheet_print(to, "  scf: fd=%d stash=%zu in=%" PRIu64 "\n  scb: fd=%d "
	    "stash=%zu out=%" PRIu64 "\n",
	    s->client != NULL ? conn_fd(s->client) : -1,
	    s->client != NULL ? conn_stashed(s->client) : 0, s->bytes_in,
	    s->server_conn != NULL ? conn_fd(s->server_conn) : -1,
	    s->server_conn != NULL ? conn_stashed(s->server_conn) : 0,
	    s->bytes_out);
}

/* ---- slices ------------------------------------------------------------ */

static bool
is_asked_for(const struct show *w, const struct lb_session *s, int64_t now)
{
	return (w->older == 0 || now - s->accepted >= w->older) &&
	    (w->server == NULL || s->server == w->server) &&
	    (w->backend == NULL || s->backend == w->backend) &&
	    (w->front == NULL || s->front == w->front);
}

static void
put_session(struct show *w, const struct lb_session *s, int64_t now)
{
	if (w->in_full)
		put_full(&w->made, s, w->loop, now);
	else
		put_line(&w->made, s, w->loop, now);
}

/* On its loop: some of its sessions; slot UINT32_MAX: that was all. */
static void
make_slice(struct show *w)
{
	const struct loop *l = loop_at(w->loop);
	int64_t now = loop_now(l);
	unsigned end = w->slot + SLICE_SLOTS;
	const struct lb_session *s;

	if (w->id != 0) {
		s = find_session(l, w->id);
		w->found = s != NULL;
		if (s != NULL)
			put_session(w, s, now);
		w->slot = UINT32_MAX;
		return;
	}
	for (; w->slot < end && w->made.len < SLICE_BYTES; w->slot++) {
		if (w->slot >= lb_session_slots(l)) {
			w->slot = UINT32_MAX;
			return;
		}
		s = lb_session_at(l, w->slot);
		if (s != NULL && is_asked_for(w, s, now))
			put_session(w, s, now);
	}
}

static void
drop(void *arg)
{
	struct show *w = arg;

	/* What is under way comes home and does it. */
	w->talk = NULL;
	if (w->waiting)
		return;
	sheet_fini(&w->made);
	mem_drop(w);
}

struct errand {			/* to another loop, and home again */
	struct show *show;
	struct talk *talk;
};

static void
on_home(void *arg)
{
	struct errand *e = arg;

	e->show->waiting = false;
	if (e->show->talk == NULL)
		drop(e->show);
	lb_talk_resume(e->talk);
	mem_drop(e);
}

static void
on_loop(void *arg)
{
	struct errand *e = arg;

	make_slice(e->show);
	loop_post(e->show->home, on_home, e);
}

static bool
ask_loop(struct show *w)
{
	struct errand *e = mem_get(sizeof *e);

	if (e == NULL)
		return false;
	*e = (struct errand){ w, w->talk };
	w->waiting = true;
	lb_talk_wait(w->talk);
	loop_post(loop_at(w->loop), on_loop, e);
	return true;
}

static bool
show_on(struct talk *t, void *state)
{
	struct show *w = state;

	sheet_slice(lb_talk_answer(t), sheet_all(&w->made));
	sheet_clear(&w->made);
	if (w->slot == UINT32_MAX && w->id == 0) {
		w->slot = 0;
		w->loop++;
	} else if (w->slot == UINT32_MAX) {
		if (!w->found)
			lb_talk_refuse(t, "Session not found.");
		return false;
	}
	if (w->loop >= loop_count())
		return false;
	if (loop_at(w->loop) != w->home)
		return ask_loop(w);
	make_slice(w);
	return true;
}

/* ---- what is asked for ------------------------------------------------- */

/* False: told. */
static bool
read_filter(struct talk *t, const struct command_line *l, struct show *w)
{
	const char *word = l->at[2], *arg = l->at[3];
	struct why why;

	if (read_id(word, &w->id)) {
		w->in_full = true;
		return true;
	}
	if (strcmp(word, "all") == 0)
		w->in_full = true;
	else if (strcmp(word, "older") == 0) {
		if (lb_value_time(arg, CLOCK_SECOND, &w->older, &why) == 0)
			return true;
		lb_talk_refuse(t, "Expects a valid duration.");
		return false;
	} else if (strcmp(word, "server") == 0)
		return (w->server = lb_targets_server(t, arg)) != NULL;
	else if (strcmp(word, "frontend") == 0)
		return (w->front = lb_targets_frontend(t, arg)) != NULL;
	else if (strcmp(word, "backend") == 0) {
		w->backend = lb_targets_find(arg, LB_IS_BACKEND);
		if (w->backend == NULL)
			lb_talk_refuse(t, "No such backend.");
		return w->backend != NULL;
	}
	return true;
}

static void
run_show(struct talk *t, const struct command_line *l)
{
	struct show *w = mem_zero(sizeof *w);
	struct loop *at;

	if (w == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	w->talk = t;
	w->home = lb_talk_home(t);
	if (!read_filter(t, l, w)) {
		mem_drop(w);
		return;
	}
	at = w->id != 0 ? find_loop(w->id) : w->home;
	if (at == NULL) {
		lb_talk_refuse(t, "Session not found.");
		mem_drop(w);
		return;
	}
	w->loop = loop_number(at);
	lb_talk_more(t, show_on, w, drop);
}

/* ---- ended ------------------------------------------------------------- */

struct shut {
	struct talk *talk;
	struct loop *home;
	uint64_t id;
	bool found;
};

static void
on_shut_told(void *arg)
{
	struct shut *k = arg;

	if (!k->found && lb_talk_conn(k->talk) != NULL)
		lb_talk_refuse(k->talk, "No such session (use 'show sess').");
	lb_talk_resume(k->talk);
	mem_drop(k);
}

static void
on_shut(void *arg)
{
	struct shut *k = arg;
	struct lb_session *s = find_session(loop_here(), k->id);

	k->found = s != NULL;
	if (s != NULL)
		lb_session_end(s, &lb_end_killed);
	loop_post(k->home, on_shut_told, k);
}

static void
run_shutdown(struct talk *t, const struct command_line *l)
{
	struct loop *at;
	struct shut *k;
	uint64_t id;

	if (!read_id(l->at[2], &id)) {
		lb_talk_refuse(t, "Session pointer expected (use 'show "
		    "sess').");
		return;
	}
	at = find_loop(id);
	k = at != NULL ? mem_zero(sizeof *k) : NULL;
	if (k == NULL) {
		lb_talk_refuse(t, "No such session (use 'show sess').");
		return;
	}
	*k = (struct shut){ t, lb_talk_home(t), id, false };
	lb_talk_wait(t);
	loop_post(at, on_shut, k);
}

static bool
is_of_server(const struct lb_session *s, void *server)
{
	return s->server == server;
}

static void
run_shutdown_server(struct talk *t, const struct command_line *l)
{
	struct lb_server *s = lb_targets_server(t, l->at[3]);

	if (s != NULL)
		lb_session_end_all(is_of_server, s, &lb_end_killed, NULL);
}

const struct command lb_commands_sess[] = {
	{ "show sess", "[<id>|all|older <age>|server <bk>/<srv>|backend <bk>|"
	    "frontend <fe>]", "report the list of current sessions or dump "
	    "this exact session", LB_LEVEL_OPERATOR, run_show },
	{ "shutdown session", "[id]", "kill a specific session",
	    LB_LEVEL_ADMIN, run_shutdown },
	{ "shutdown sessions server", "<bk>/<srv>", "kill sessions on a "
	    "server", LB_LEVEL_ADMIN, run_shutdown_server },
	{ NULL, NULL, NULL, 0, NULL }
};
