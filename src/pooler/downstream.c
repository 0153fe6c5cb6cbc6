/* SPDX-License-Identifier: ISC */
/*
 * downstream.c - server to client. Only short messages are ever read whole;
 * rows pass by their length.
 */
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "pg/message.h"
#include "pg/notice.h"
#include "pooler/downstream.h"
#include "pooler/flow.h"
#include "pooler/names.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "pooler/shelf.h"
#include "pooler/upstream.h"
#include "pooler/variables.h"

enum {
	MOST_WHOLE = 1 << 20,	/* of a message that must be read whole */
	READY = MESSAGE_HEAD + 1	/* bytes of ReadyForQuery */
};

static const char parse_complete[] = { '1', 0, 0, 0, 4 };
static const char close_complete[] = { '3', 0, 0, 0, 4 };

enum verdict {
	PASS,			/* the message joins the run */
	DROP,			/* it is left out */
	GONE			/* the server was closed */
};

struct down {
	struct pl_flow flow;
	struct pl_server *server;
	struct pl_client *client;	/* NULL: not linked */
	bool in_step;		/* our SETs are answered */
	size_t tail;		/* end of a message that another slice began */
};

/* Off the way of a transaction: kept out of the functions it runs through. */
#define COLD	__attribute__((cold, noinline))

/* Ends the server; what stands before the fault goes out whole. */
static COLD enum verdict
cut_off(struct down *d, const char *reason)
{
	pl_flow_done(&d->flow);
	pl_server_close(d->server, true, "%s", reason);
	return GONE;
}

/* What was not sent yet is not to be, but for the rest of a message. */
static void
drop_run(struct down *d)
{
	size_t pos = d->flow.pos;

	if (d->flow.start < d->tail) {
		d->flow.pos = d->tail;
		pl_flow_cut(&d->flow);
	}
	d->flow.start = d->flow.pos = pos;
}

/* ---- answers in order -------------------------------------------------- */

static inline bool
owes_invented(struct pl_server *s)
{
	const struct pl_expected *first = pl_expect_first(&s->expect);

	return first != NULL && first->fate == PL_INVENT;
}

static __attribute__((noinline)) void
put_invented_now(struct down *d)
{
	struct pl_expect *e = &d->server->expect;
	struct pl_expected *first;

	while ((first = pl_expect_first(e)) != NULL &&
	    first->fate == PL_INVENT) {
		struct text answer = first->type == 'P' ?
		    (struct text){ parse_complete, sizeof parse_complete } :
		    (struct text){ close_complete, sizeof close_complete };

		if (first->type == 'P' && d->client != NULL)
			pl_names_settle(&d->client->names, first->statement,
			    true);
		else if (first->statement != NULL && d->client != NULL)
			pl_names_closed(&d->client->names, first->statement,
			    true);
		pl_flow_put(&d->flow, answer);
		pl_expect_next(e);
	}
}

/* Answers of our own whose turn has come. Stands behind the current message. */
static inline void
put_invented(struct down *d)
{
	if (owes_invented(d->server))
		put_invented_now(d);
}

/* The answer to the first question, when it is one of this type. */
static enum verdict
answered(struct down *d, char question)
{
	struct pl_server *s = d->server;
	struct pl_expected *first = pl_expect_first(&s->expect);
	enum verdict verdict;

	if (first == NULL || first->type != question)
		return PASS;
	verdict = first->fate == PL_SWALLOW ? DROP : PASS;
	if (question == 'P' && first->statement != NULL &&
	    first->fate == PL_FORWARD && d->client != NULL)
		pl_names_settle(&d->client->names, first->statement, true);
	pl_expect_next(&s->expect);
	return verdict;
}

/* A question that will not be answered: what it was to change stays. */
static COLD void
undo(struct down *d, const struct pl_expected *q)
{
	struct pl_server *s = d->server;

	if (q->statement == NULL)
		return;
	if (q->type == 'C' && q->fate == PL_INVENT) {
		if (d->client != NULL)
			pl_names_closed(&d->client->names, q->statement,
			    false);
		return;
	}
	if (q->type == 'C') {
		if (pl_shelf_add(&s->shelf, q->statement) < 0)
			s->close_needed = true;
		return;
	}
	if (q->fate != PL_INVENT)
		pl_shelf_drop(&s->shelf, q->statement);
	if (q->fate != PL_SWALLOW && d->client != NULL)
		pl_names_settle(&d->client->names, q->statement, false);
}

static bool
is_copy_end(const struct pl_expected *q)
{
	return q->type == 'c' || q->type == 'f';
}

/*
 * COPY IN is over. A Sync that was read during it is not answered; what
 * stands behind CopyDone or CopyFail is.
 */
static COLD void
end_copy(struct pl_server *s)
{
	struct pl_expected *q;
	bool ended = false;

	s->copying = false;
	q = pl_expect_first(&s->expect);
	if (q != NULL && (q->type == 'Q' || q->type == 'F'))
		return;			/* its ReadyForQuery cleans up */
	for (uint32_t i = 0; (q = pl_expect_at(&s->expect, i)) != NULL; i++)
		ended |= is_copy_end(q);
	while ((q = pl_expect_first(&s->expect)) != NULL &&
	    (q->type == 'S' || is_copy_end(q))) {
		bool last = is_copy_end(q);

		if (!ended && q->type != 'S')
			break;
		pl_expect_next(&s->expect);
		if (last)
			break;
	}
}

/* All up to the next Sync fails with the first question. */
static COLD void
fail_to_sync(struct down *d)
{
	struct pl_server *s = d->server;
	bool copying = s->copying;
	struct pl_expected *q;

	while ((q = pl_expect_first(&s->expect)) != NULL && q->type != 'S') {
		undo(d, q);
		pl_expect_next(&s->expect);
		if (copying)
			break;
	}
	if (copying) {
		end_copy(s);
		s->copying = false;
		while ((q = pl_expect_first(&s->expect)) != NULL &&
		    q->type != 'S') {
			undo(d, q);
			pl_expect_next(&s->expect);
		}
	}
	if (d->client != NULL && pl_expect_empty(&s->expect))
		d->client->skipping = true;
}

/* ---- messages ---------------------------------------------------------- */

int
pl_downstream_parameter(struct pl_server *s, struct text body)
{
	struct message_reader r = message_reader(body);
	struct text name, value;
	int which;

	if (!message_read_string(&r, &name) ||
	    !message_read_string(&r, &value) || !message_at_end(&r))
		return -1;
	which = pl_variables_find(name);
	return which < 0 ? 0 :
	    pl_variables_put(&s->values, (unsigned)which, value);
}

static COLD enum verdict
on_parameter(struct down *d, struct text body)
{
	struct pl_server *s = d->server;
	struct pl_client *c = d->client;
	struct message_reader r = message_reader(body);
	struct text name, value;
	int which;

	if (pl_downstream_parameter(s, body) < 0)
		return cut_off(d, "broken ParameterStatus packet");
	if (s->setting_values || c == NULL)
		return DROP;
	message_read_string(&r, &name);
	message_read_string(&r, &value);
	which = pl_variables_find(name);
	if (which >= 0 && pl_variables_put(&c->values, (unsigned)which,
	    value) < 0)
		return cut_off(d, "out of memory");
	return PASS;
}

static inline void
count_end(struct pl_server *s, struct pl_client *c, char status)
{
	struct pl_stats *stats = &s->shard->stats;
	int64_t now = loop_now(loop_here());

	if (c->query_start > 0)
		stats->query_time += (uint64_t)(now - c->query_start);
	c->query_start = 0;
	if (status != 'I')
		return;
	if (c->xact_start > 0)
		stats->xact_time += (uint64_t)(now - c->xact_start);
	c->xact_start = 0;
}

static inline bool
ends_ready(const struct pl_expected *q)
{
	return q->type == 'Q' || q->type == 'S' || q->type == 'F';
}

/* The question before it is answered, and taken. */
static inline void
enter_ready(struct pl_server *s, char status)
{
	const struct pl_expected *q;

	while ((q = pl_expect_first(&s->expect)) != NULL && is_copy_end(q))
		pl_expect_next(&s->expect);
	s->status = status;
	s->copying = false;
}

/* Takes the question that is answered now, and those of which nothing came. */
static enum pl_fate
take_question(struct pl_server *s)
{
	enum pl_fate fate = PL_FORWARD;
	struct pl_expected *q;

	while ((q = pl_expect_first(&s->expect)) != NULL) {
		bool ends = ends_ready(q);

		fate = q->fate;
		pl_expect_next(&s->expect);
		if (ends)
			break;
	}
	return fate;
}

/* The client's question was answered; was it the last? */
static inline void
settle(struct pl_server *s, struct pl_client *c, char status)
{
	if (!pl_expect_empty(&s->expect))
		return;
	c->deallocating = false;
	count_end(s, c, status);
}

static enum verdict
on_ready(struct down *d, char status)
{
	struct pl_server *s = d->server;
	enum pl_fate fate = take_question(s);

	enter_ready(s, status);
	if (fate == PL_SWALLOW) {
		s->setting_values = false;
		d->in_step = true;
		return DROP;
	}
	if (d->client != NULL)
		settle(s, d->client, status);
	if (d->client != NULL && d->client->mode == PL_MODE_STATEMENT &&
	    status != 'I') {
		/* The answer that led here is not passed on either. */
		drop_run(d);
		return cut_off(d, "transaction blocks not allowed in "
		    "statement pooling mode");
	}
	return PASS;
}

static COLD void
log_failed_set(struct pl_server *s, struct text body)
{
	struct notice n;

	notice_parse(body, &n);
	log_error("varcache_apply failed: %.*s: %.*s", TEXT_ARG(n.severity),
	    TEXT_ARG(n.message));
}

static COLD enum verdict
on_error(struct down *d, struct text body)
{
	struct pl_server *s = d->server;
	struct pl_expected *first = pl_expect_first(&s->expect);

	if (d->client == NULL) {
		s->dirty = true;
		return DROP;
	}
	if (s->setting_values) {
		log_failed_set(s, body);
		return cut_off(d, "invalid server parameter");
	}
	if (first == NULL || first->type == 'Q' || first->type == 'F') {
		s->copying = false;
		return PASS;
	}
	fail_to_sync(d);
	return PASS;
}

/* DEALLOCATE ALL, DISCARD ALL: the statements are gone on both ends. */
static COLD void
forget_statements(struct down *d)
{
	struct pl_server *s = d->server;
	struct pl_expected *q;

	pl_shelf_clear(&s->shelf);
	/* What was sent behind it will be there. */
	for (uint32_t i = 0; (q = pl_expect_at(&s->expect, i)) != NULL; i++)
		if (q->type == 'P' && q->statement != NULL &&
		    q->fate != PL_INVENT &&
		    pl_shelf_add(&s->shelf, q->statement) < 0)
			s->close_needed = true;
	if (d->client != NULL) {
		pl_names_forget(&d->client->names);
		d->client->deallocating = false;
	}
}

static bool
frees_statements(struct text tag)		/* with its NUL */
{
	return tag.len > 1 && tag.at[0] == 'D' &&
	    (text_same(tag, (struct text){ "DEALLOCATE ALL", 15 }) ||
	    text_same(tag, (struct text){ "DISCARD ALL", 12 }));
}

static enum verdict
on_complete(struct down *d, struct text body)
{
	struct pl_server *s = d->server;
	bool copying = s->copying;
	enum verdict verdict = answered(d, 'E');

	if (copying)
		end_copy(s);
	if (s->shelf != NULL && frees_statements(body))
		forget_statements(d);
	return verdict;
}

static COLD enum verdict
unknown(struct down *d, char type)
{
	pl_server_log(d->server, LOG_LEVEL_WARNING,
	    "unknown pkt from server: '%c'", type);
	return cut_off(d, "unknown pkt");
}

static bool
must_be_whole(const struct down *d, char type)
{
	switch (type) {
	case 'Z':
	case 'S':
		return true;
	case 'C':
		return d->server->shelf != NULL;
	case 'E':
		return d->server->setting_values || d->client == NULL;
	default:
		return false;
	}
}

static COLD enum verdict
not_linked(struct down *d, char type, struct text body)
{
	switch (type) {
	case 'S':
		return on_parameter(d, body);
	case 'E':
	case 'N':
		d->server->dirty = true;
		break;
	case 'Z':
		return DROP;
	}
	pl_server_log(d->server, LOG_LEVEL_WARNING,
	    "got packet '%c' from server when not linked", type);
	return DROP;
}

/*
 * What a message is the answer to: a question's type, or none, and then it
 * just passes. 0: there is more to it, see judge().
 */
enum { NO_QUESTION = '-' };

static const char question_of[256] = {
	['1'] = 'P', ['2'] = 'B', ['3'] = 'C', ['T'] = 'D', ['n'] = 'D',
	['C'] = 'E', ['I'] = 'E', ['s'] = 'E',
	['A'] = NO_QUESTION, ['D'] = NO_QUESTION, ['H'] = NO_QUESTION,
	['N'] = NO_QUESTION, ['V'] = NO_QUESTION, ['c'] = NO_QUESTION,
	['d'] = NO_QUESTION, ['t'] = NO_QUESTION
};

/* body is whole for the types of must_be_whole, else it may be empty. */
static enum verdict
judge(struct down *d, char type, struct text body)
{
	const char question = question_of[(unsigned char)type];
	struct pl_server *s = d->server;

	if (d->client == NULL)
		return not_linked(d, type, body);
	if (s->setting_values && type != 'Z' && type != 'E' && type != 'S')
		return DROP;		/* of our own question */
	if (question == NO_QUESTION)
		return PASS;
	if (question != 0 && type != 'C')
		return answered(d, question);
	switch (type) {
	case 'Z':
		return on_ready(d, body.len == 1 ? body.at[0] : 'E');
	case 'E':
		return on_error(d, body);
	case 'S':
		return on_parameter(d, body);
	case 'C':
		return on_complete(d, body);
	case 'G': case 'W':
		s->copying = true;
		return PASS;
	default:
		return unknown(d, type);
	}
}

/* ---- slices ------------------------------------------------------------ */

static __attribute__((noinline)) void
stream_body(struct down *d)
{
	struct pl_server *s = d->server;
	size_t n = pl_flow_rest(&d->flow).len;

	if (n > s->body)
		n = s->body;
	s->body -= (uint32_t)n;
	if (s->dropping)
		pl_flow_skip(&d->flow, n);
	else
		d->flow.pos += n;
	if (s->body == 0)
		s->dropping = false;
}

enum more { ON, WAIT_MORE, OVER };

/* What whole messages are just to be passed on, by the first question. */
struct passing {
	struct pl_expect *expect;
	const struct pl_expected *first;	/* NULL: none passes */
	bool copying, shelf;		/* see on_complete() */
};

static inline struct passing
begin_passing(struct pl_server *s)
{
	struct passing p = { .expect = &s->expect };

	if (s->client == NULL || s->setting_values)
		return p;
	p.first = pl_expect_first(p.expect);
	p.copying = s->copying;
	p.shelf = s->shelf != NULL;
	return p;
}

/*
 * Rows, the answers in a pipeline that are the client's alone, of a simple
 * query all in front of its end: judge() would say PASS, and no more.
 */
static inline bool
just_passes(struct passing *p, char type, struct text body)
{
	const char question = question_of[(unsigned char)type];

	if (p->first == NULL || question == 0)
		return false;
	if (type == 'C' && (p->copying || (p->shelf &&
	    frees_statements(body))))
		return false;
	if (question != p->first->type)
		return true;
	if (p->first->fate != PL_FORWARD || p->first->statement != NULL)
		return false;
	pl_expect_next(p->expect);
	p->first = pl_expect_first(p->expect);
	if (p->first != NULL && p->first->fate == PL_INVENT)
		p->first = NULL;
	return true;
}

/* ReadyForQuery, at the end: on_ready() would say PASS. */
static inline bool
just_ends(const struct passing *p, struct text rest, const struct pl_client *c)
{
	return rest.len == READY && rest.at[0] == 'Z' &&
	    message_u32_at(rest.at + 1) == READY - 1 && p->first != NULL &&
	    p->first->fate == PL_FORWARD && ends_ready(p->first) &&
	    c->mode != PL_MODE_STATEMENT;
}

/*
 * From a head on: how many bytes go to the client as they are, without a
 * look at each message. Stops in front of any that step() has to judge, and
 * of an answer of our own.
 */
static inline size_t
pass_over(struct pl_server *s, struct text slice)
{
	struct passing passing = begin_passing(s);
	struct text rest = slice;
	uint32_t size;
	char type;

	while (message_peek(rest, &type, &size) == MESSAGE_OK &&
	    size <= rest.len && just_passes(&passing, type,
	    message_body(rest, size)))
		rest = text_from(rest, size);
	if (!just_ends(&passing, rest, s->client))
		return slice.len - rest.len;
	pl_expect_next(&s->expect);
	enter_ready(s, rest.at[MESSAGE_HEAD]);
	settle(s, s->client, rest.at[MESSAGE_HEAD]);
	return slice.len;
}

/* One message from its head on. */
static enum more
step(struct down *d)
{
	struct text rest = pl_flow_rest(&d->flow);
	struct pl_server *s = d->server;
	enum verdict verdict;
	uint32_t size;
	bool whole;
	char type;

	switch (message_peek(rest, &type, &size)) {
	case MESSAGE_MORE:
		s->need = MESSAGE_HEAD;
		return WAIT_MORE;
	case MESSAGE_BAD:
		cut_off(d, "bad packet header");
		return OVER;
	case MESSAGE_OK:
		break;
	}
	whole = rest.len >= size;
	if (!whole && must_be_whole(d, type)) {
		if (size > MOST_WHOLE) {
			cut_off(d, "packet too large");
			return OVER;
		}
		s->need = size;
		return WAIT_MORE;
	}
	verdict = judge(d, type, whole ? message_body(rest, size) :
	    TEXT_NONE);
	if (verdict == GONE)
		return OVER;
	if (whole && verdict == PASS) {
		d->flow.pos += size;
	} else {
		s->body = size;
		s->dropping = verdict == DROP;
		stream_body(d);
	}
	if (s->body == 0)
		put_invented(d);
	return ON;
}

/*
 * The pair has nothing more to say to each other: all is answered, nothing
 * is half sent.
 */
static inline bool
may_part(const struct pl_server *s, const struct pl_client *c)
{
	return s->body == 0 && c->body == 0 &&
	    pl_expect_empty(&s->expect) && !s->setting_values &&
	    buffer_empty(&s->collect) && !c->fresh;
}

/* After a slice: does the mode end the link here? */
static inline void
part(struct pl_server *s, struct pl_client *c)
{
	if (s->status != 'I' || !may_part(s, c))
		return;
	/* A mode that a reload changed counts from here on. */
	if (c->replication || pl_pool_mode(s->pool) == PL_MODE_SESSION) {
		if (s->close_needed && pl_settings()->server_fast_close)
			pl_server_close(s, true, "close_needed");
		return;
	}
	if (conn_full(c->conn))
		conn_resume(s->conn);
	pl_pool_release(s->pool, s);
}

static bool
keep_rest(struct down *d)
{
	struct pl_server *s = d->server;

	if (buffer_add(&s->collect, loop_stock(loop_here()),
	    pl_flow_rest(&d->flow)) == 0)
		return true;
	pl_server_close(s, true, "out of memory");
	return false;
}

/* Our SETs are answered. */
static COLD void
go_on(struct pl_server *s, struct pl_client *c)
{
	if (pl_variables_adopt(&c->values, s->values) < 0)
		pl_client_close(c, true, "out of memory");
	else
		pl_upstream_go(c);
}

/*
 * Message by message, from where the slice is not just passed on. True: all
 * went to the client.
 */
static __attribute__((noinline)) bool
look_through(struct pl_server *s, struct text slice, size_t passed)
{
	struct pl_client *c = s->client;
	struct down d = { .server = s, .client = c };
	enum more more = ON;

	d.flow.slice = slice;
	d.flow.to = c != NULL ? c->conn : NULL;
	d.flow.pos = passed;
	if (passed > 0)
		put_invented(&d);
	while (d.flow.pos < slice.len && more == ON) {
		if (s->body == 0) {
			more = step(&d);
			continue;
		}
		stream_body(&d);
		d.tail = d.flow.pos;
		if (s->body > 0)
			break;
		put_invented(&d);
		d.flow.pos += pass_over(s, pl_flow_rest(&d.flow));
		put_invented(&d);
	}
	if (more == OVER)
		return false;
	pl_flow_done(&d.flow);
	if (more == WAIT_MORE && !keep_rest(&d))
		return false;
	if (d.in_step && c != NULL)
		go_on(s, c);
	return c != NULL && !d.in_step;
}

static void
pump(struct pl_server *s, struct text slice)
{
	struct pl_client *c = s->client;
	size_t passed = 0;

	s->need = 0;
	s->answer_time = loop_now(loop_here());
	if (s->body == 0)
		passed = pass_over(s, slice);
	if (passed > 0 && passed == slice.len && !owes_invented(s))
		conn_send(c->conn, slice);
	else if (!look_through(s, slice, passed))
		return;
	if (conn_full(c->conn))
		conn_hold(s->conn);
	part(s, c);
}

static void
pump_collected(struct pl_server *s)
{
	struct stock *stock = loop_stock(loop_here());
	size_t len = s->collect.len;
	char *mem = mem_get(len);

	if (mem == NULL) {
		pl_server_close(s, true, "out of memory");
		return;
	}
	buffer_copy(&s->collect, mem);
	buffer_fini(&s->collect, stock);
	pump(s, (struct text){ mem, len });
	mem_drop(mem);
}

static void
on_data(struct conn *conn, struct text slice)
{
	struct pl_server *s = conn_owner(conn);

	s->shard->stats.sent += slice.len;
	if (buffer_empty(&s->collect)) {
		pump(s, slice);
		return;
	}
	if (buffer_add(&s->collect, loop_stock(loop_here()), slice) < 0) {
		pl_server_close(s, true, "out of memory");
		return;
	}
	if (s->collect.len >= s->need)
		pump_collected(s);
}

static void
on_drained(struct conn *conn)
{
	struct pl_server *s = conn_owner(conn);

	if (s->client != NULL && s->client->conn != NULL)
		conn_resume(s->client->conn);
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct pl_server *s = conn_owner(conn);

	buffer_fini(&s->collect, loop_stock(loop_here()));
	s->conn = NULL;
	pl_server_close(s, false, "server conn crashed?");
}

const struct conn_handler pl_downstream_handler = {
	.data = on_data,
	.drained = on_drained,
	.closed = on_closed,
};

void
pl_downstream_abandon(struct pl_client *c, struct pl_server *s)
{
	if (s->state == PL_SERVER_ACTIVE_CANCEL ||
	    s->state == PL_SERVER_LOGIN) {
		c->server = NULL;
		s->client = NULL;
		pl_server_close(s, false, "client disconnected");
		return;
	}
	NEED(s->client == c);
	if (c->fresh && !s->setting_values) {
		pl_pool_release(s->pool, s);
		return;
	}
	if (s->status == 'I' && c->body == 0 && !conn_full(s->conn)) {
		conn_resume(s->conn);
		pl_pool_release(s->pool, s);
		return;
	}
	c->server = NULL;
	s->client = NULL;
	if (s->status != 'I')
		pl_server_close(s, !pl_client_midway(c),
		    "client disconnect while server was not ready");
	else
		pl_server_close(s, !pl_client_midway(c), "client disconnect "
		    "before everything was sent to the server");
}
