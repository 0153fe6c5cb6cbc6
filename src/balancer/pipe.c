/* SPDX-License-Identifier: ISC */
/*
 * pipe.c - one read, one send, per message and direction. Counters are told
 * now and then, from a list of sessions that have something to tell. On the
 * session's loop.
 */
#include "balancer/door.h"
#include "balancer/pipe.h"
#include "balancer/reasons.h"
#include "balancer/tracking.h"
#include "base/mem.h"

enum {
	MOST_LOOPS = 256,
	UNTOLD_MOST = 1 << 30,
	BULK_LEAST = 65536	/* of one read */
};

static void (*end_session)(struct lb_session *, const struct lb_end *);
static void (*come_nearer)(struct lb_session *);
static struct lb_session *dirty[MOST_LOOPS];	/* each its loop's own */

void
lb_pipe_init(void (*end)(struct lb_session *, const struct lb_end *),
    void (*nearer)(struct lb_session *))
{
	end_session = end;
	come_nearer = nearer;
}

/* ---- counting ---------------------------------------------------------- */

static void
mark_dirty(struct lb_session *s)
{
	struct lb_session **list = &dirty[loop_number(loop_here())];

	s->flags |= LB_FLOW_DIRTY;
	s->next_dirty = *list;
	*list = s;
}

static void
count_in(struct lb_counts *c, uint64_t n)
{
	lb_counts_add(c, LB_COUNT_BIN, n);
	lb_counts_add(c, LB_COUNT_REQBIN, n);
	lb_counts_add(c, LB_COUNT_REQBOUT, n);
}

static void
count_out(struct lb_counts *c, uint64_t n)
{
	lb_counts_add(c, LB_COUNT_BOUT, n);
	lb_counts_add(c, LB_COUNT_RESBIN, n);
	lb_counts_add(c, LB_COUNT_RESBOUT, n);
}

void
lb_pipe_tell(struct lb_session *s)
{
	struct lb_counts *of[4] = { s->front->front, s->door->counts,
	    s->backend != NULL ? s->backend->back : NULL,
	    s->server != NULL ? s->server->counts : NULL };

	for (unsigned i = 0; i < 4; i++) {
		if (of[i] != NULL && s->untold_in > 0)
			count_in(of[i], s->untold_in);
		if (of[i] != NULL && s->untold_out > 0)
			count_out(of[i], s->untold_out);
	}
	if (s->untold_out > 0)
		atomic_fetch_add_explicit(&lb_world()->bytes_out,
		    s->untold_out, memory_order_relaxed);
	if (s->fates != NULL)
		lb_tracking_bytes(s, s->untold_in, s->untold_out);
	s->untold_in = s->untold_out = 0;
}

void
lb_pipe_tell_all(struct loop *l)
{
	struct lb_session **list = &dirty[loop_number(l)], *s;

	while ((s = *list) != NULL) {
		*list = s->next_dirty;
		s->flags &= ~(uint32_t)LB_FLOW_DIRTY;
		lb_pipe_tell(s);
	}
}

void
lb_pipe_forget(struct lb_session *s)
{
	struct lb_session **at = &dirty[loop_number(loop_here())];

	lb_pipe_tell(s);
	if (!(s->flags & LB_FLOW_DIRTY))
		return;
	while (*at != s)
		at = &(*at)->next_dirty;
	*at = s->next_dirty;
	s->flags &= ~(uint32_t)LB_FLOW_DIRTY;
}

/* ---- bytes ------------------------------------------------------------- */

static bool
is_independent(const struct lb_session *s)
{
	return (s->front->conf->options &
	    (1u << LB_OPT_INDEPENDENT_STREAMS)) != 0;
}

/* Something moved: by default that is a sign of life of both ends. */
static void
note_activity(struct lb_session *s, bool from_client)
{
	int64_t now = loop_now(conn_loop(s->client));

	if (from_client || !is_independent(s))
		s->last_client = now;
	if (!from_client || !is_independent(s))
		s->last_server = now;
	if (!(s->flags & LB_FLOW_DIRTY))
		mark_dirty(s);
}

/* Bulk: two large reads in a row. From then on it passes unseen. */
static void
note_bulk(struct lb_session *s, uint32_t which, size_t len)
{
	bool from_client = which == LB_FLOW_BULK_IN;

	if (len < BULK_LEAST) {
		s->flags &= ~which;
		return;
	}
	if (!(s->flags & which)) {
		s->flags |= which;
		return;
	}
	s->flags &= ~which;
	if (lb_world()->splices)
		(void)conn_splice(from_client ? s->client : s->server_conn,
		    from_client ? s->server_conn : s->client);
}

static void
count_from_client(struct lb_session *s, size_t len)
{
	s->bytes_in += len;
	s->untold_in += (uint32_t)len;
	s->flags |= LB_FLOW_FROM_CLIENT;
	note_activity(s, true);
	if (s->untold_in > UNTOLD_MOST)
		lb_pipe_tell(s);
}

static void
count_from_server(struct lb_session *s, size_t len)
{
	s->bytes_out += len;
	s->untold_out += (uint32_t)len;
	s->flags |= LB_FLOW_FROM_SERVER;
	note_activity(s, false);
	if (s->untold_out > UNTOLD_MOST)
		lb_pipe_tell(s);
}

static void
on_client_data(struct conn *c, struct text t)
{
	struct lb_session *s = conn_owner(c);

	conn_send(s->server_conn, t);
	if (conn_full(s->server_conn))
		conn_hold(c);
	count_from_client(s, t.len);
	if (__builtin_expect(t.len >= BULK_LEAST ||
	    (s->flags & LB_FLOW_BULK_IN), 0))
		note_bulk(s, LB_FLOW_BULK_IN, t.len);
}

static void
on_server_data(struct conn *c, struct text t)
{
	struct lb_session *s = conn_owner(c);

	conn_send(s->client, t);
	if (conn_full(s->client))
		conn_hold(c);
	count_from_server(s, t.len);
	if (__builtin_expect(t.len >= BULK_LEAST ||
	    (s->flags & LB_FLOW_BULK_OUT), 0))
		note_bulk(s, LB_FLOW_BULK_OUT, t.len);
}

static void
on_client_poured(struct conn *c, size_t len)
{
	struct lb_session *s = conn_owner(c);

	if (conn_full(s->server_conn))
		conn_hold(c);
	count_from_client(s, len);
}

static void
on_server_poured(struct conn *c, size_t len)
{
	struct lb_session *s = conn_owner(c);

	if (conn_full(s->client))
		conn_hold(c);
	count_from_server(s, len);
}

static void
on_client_drained(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	note_activity(s, false);
	conn_resume(s->server_conn);
}

static void
on_server_drained(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	note_activity(s, true);
	conn_resume(s->client);
}

/* ---- ends -------------------------------------------------------------- */

static bool
both_ended(const struct lb_session *s)
{
	const uint32_t both = LB_FLOW_CLIENT_EOF | LB_FLOW_SERVER_EOF;

	return (s->flags & both) == both;
}

/* Other time-outs are in force from here on. */
static void
note_half_close(struct lb_session *s, uint32_t which)
{
	s->flags |= which;
	s->last_client = s->last_server = loop_now(conn_loop(s->client));
	if (!both_ended(s))
		come_nearer(s);
}

static void
on_client_eof(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	note_half_close(s, LB_FLOW_CLIENT_EOF);
	if (both_ended(s))
		end_session(s, &lb_end_normal);
	else
		conn_shut(s->server_conn);
}

static void
on_server_eof(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	note_half_close(s, LB_FLOW_SERVER_EOF);
	if (both_ended(s))
		end_session(s, &lb_end_normal);
	else
		conn_shut(s->client);
}

static void
on_client_closed(struct conn *c, const struct close_reason *why)
{
	struct lb_session *s = conn_owner(c);

	s->client = NULL;
	end_session(s, why == &close_memory ? &lb_end_resource :
	    &lb_end_client);
}

static void
on_server_closed(struct conn *c, const struct close_reason *why)
{
	struct lb_session *s = conn_owner(c);

	s->server_conn = NULL;
	end_session(s, why == &close_memory ? &lb_end_resource :
	    &lb_end_server);
}

static const struct conn_handler client_handler = {
	.data = on_client_data,
	.poured = on_client_poured,
	.eof = on_client_eof,
	.drained = on_client_drained,
	.closed = on_client_closed,
};

static const struct conn_handler server_handler = {
	.data = on_server_data,
	.poured = on_server_poured,
	.eof = on_server_eof,
	.drained = on_server_drained,
	.closed = on_server_closed,
};

void
lb_pipe_answer(struct lb_session *s, struct text t)
{
	conn_hand_to(s->server_conn, &server_handler, s);
	if (t.len == 0)
		return;
	conn_send(s->client, t);
	if (conn_full(s->client))
		conn_hold(s->server_conn);
	count_from_server(s, t.len);
}

void
lb_pipe_answer_ended(struct lb_session *s)
{
	on_server_eof(s->server_conn);
}

static void
send_held(struct lb_session *s)
{
	struct lb_hold *h = s->hold;

	if (h == NULL)
		return;
	s->hold = NULL;
	s->bytes_in += h->len;
	s->untold_in += h->len;
	if (h->len > 0)
		s->flags |= LB_FLOW_FROM_CLIENT;
	conn_send(s->server_conn, (struct text){ h->at, h->len });
	mem_drop(h);
}

void
lb_pipe_start(struct lb_session *s)
{
	s->stage = LB_STAGE_PIPE;
	note_activity(s, true);
	note_activity(s, false);
	conn_hand_to(s->server_conn, &server_handler, s);
	conn_hand_to(s->client, &client_handler, s);
	send_held(s);
	if (s->flags & LB_FLOW_CLIENT_EOF)
		conn_shut(s->server_conn);
	if (conn_full(s->server_conn))
		conn_hold(s->client);
	else
		conn_resume(s->client);
}

/* ---- time-outs --------------------------------------------------------- */

static int64_t
pick_limit(int64_t usual, int64_t fin, bool half_closed)
{
	return half_closed && fin != LB_UNSET ? fin : usual;
}

static bool
in_tunnel(const struct lb_session *s)
{
	const uint32_t both = LB_FLOW_FROM_CLIENT | LB_FLOW_FROM_SERVER;

	return s->backend->conf->timeout.tunnel > 0 &&
	    (s->flags & both) == both;
}

/* An end that is neither read nor written to is waited for by the other. */
static bool
is_awaited(const struct conn *c, bool ended, const struct conn *other)
{
	return conn_full(c) || (!ended && !conn_full(other));
}

int64_t
lb_pipe_deadline(const struct lb_session *s, const struct lb_end **end)
{
	const struct lb_proxy_conf *f = s->front->conf, *b = s->backend->conf;
	bool client_ended = (s->flags & LB_FLOW_CLIENT_EOF) != 0;
	bool server_ended = (s->flags & LB_FLOW_SERVER_EOF) != 0;
	bool half = client_ended || server_ended;
	int64_t client = f->timeout.client, server = b->timeout.server;
	int64_t at = 0, by_server;

	if (in_tunnel(s))
		client = server = b->timeout.tunnel;
	client = pick_limit(client, f->timeout.client_fin, half);
	server = pick_limit(server, b->timeout.server_fin, half);
	if (client > 0 && is_awaited(s->client, client_ended,
	    s->server_conn)) {
		at = s->last_client + client;
		*end = &lb_end_client_timeout;
	}
	if (server <= 0 ||
	    !is_awaited(s->server_conn, server_ended, s->client))
		return at;
	by_server = s->last_server + server;
	if (at != 0 && at <= by_server)
		return at;
	*end = &lb_end_server_timeout;
	return by_server;
}
