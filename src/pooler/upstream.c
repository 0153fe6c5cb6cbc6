/* SPDX-License-Identifier: ISC */
/*
 * upstream.c - client to server. Bodies are not looked at; only heads are,
 * and statement names.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "pg/message.h"
#include "pooler/flow.h"
#include "pooler/names.h"
#include "pooler/pool.h"
#include "pooler/prepared.h"
#include "pooler/shard.h"
#include "pooler/shelf.h"
#include "pooler/upstream.h"
#include "pooler/variables.h"

enum {
	MOST_NAME = 65536,	/* bytes in front of a body that are waited for */
	MOST_STATEMENTS = 10000	/* names of one client (L7) */
};

static const char parse_complete[] = { '1', 0, 0, 0, 4 };
static const char close_complete[] = { '3', 0, 0, 0, 4 };

enum verdict {
	PASS,			/* the message joins the run */
	DROP,			/* it is left out */
	DONE,			/* it was dealt with; pos stands behind it */
	LATER,			/* the rest is kept: for more bytes or a server */
	GONE			/* the client was closed */
};

struct up {			/* one slice on its way */
	struct pl_flow flow;
	struct pl_client *client;
};

/* Off the way of a transaction: kept out of the functions it runs through. */
#define COLD	__attribute__((cold, noinline))

/* ---- the server -------------------------------------------------------- */

/*
 * Sends the SETs that bring the server in step; false: they are under way.
 * Never inlined: its large room would be cleared for every transaction.
 */
static COLD bool
put_in_step(struct pl_client *c)
{
	struct pl_server *s = c->server;
	char sql[8192];
	size_t len;
	struct message_writer w;

	len = pl_variables_difference(s->values, c->values, sql, sizeof sql);
	if (len == 0)
		return true;
	if (len > sizeof sql || pl_expect_add(&s->expect, 'Q', PL_SWALLOW,
	    NULL) < 0) {
		pl_server_close(s, true, "invalid server parameter");
		return false;
	}
	w = message_writer(NULL, 0, 2 * sizeof sql);
	message_add_query(&w, (struct text){ sql, len });
	s->setting_values = true;
	s->status = 0;
	conn_send(s->conn, message_written(&w));
	message_writer_fini(&w);
	return false;
}

/* A linked server that is in step; false: the client waits, or is gone. */
static inline bool
have_server(struct pl_client *c)
{
	if (c->server == NULL && (c->state != PL_CLIENT_ACTIVE ||
	    !pl_pool_want(c->pool, c)))
		return false;
	if (c->state == PL_CLIENT_GONE || c->server->setting_values)
		return false;
	return !c->fresh || c->server->values == c->values ||
	    c->replication || put_in_step(c);
}

/* The first message since the link, or since the last answer. */
static inline void
count_start(struct pl_client *c)
{
	struct pl_stats *stats = &c->shard->stats;

	if (c->fresh) {
		c->fresh = false;
		stats->assignments++;
	}
	if (c->query_start == 0) {
		c->query_start = loop_now(loop_here());
		stats->queries++;
	}
	if (c->xact_start == 0) {
		c->xact_start = c->query_start;
		stats->xacts++;
	}
	c->server->status = 0;
}

static COLD enum verdict
close_client(struct up *up, const char *reason)
{
	pl_flow_done(&up->flow);
	pl_client_close(up->client, true, "%s", reason);
	return GONE;
}

static inline bool
expect(struct up *up, char type, enum pl_fate fate, struct pl_statement *st)
{
	if (pl_expect_add(&up->client->server->expect, type, fate, st) == 0)
		return true;
	close_client(up, "out of memory");
	return false;
}

static __attribute__((noinline)) bool
find_server(struct up *up)
{
	if (!have_server(up->client))
		return false;
	up->flow.to = up->client->server->conn;
	return true;
}

/* Messages before this one may have gone nowhere yet: know the way. */
static inline bool
reach_server(struct up *up)
{
	return up->flow.to != NULL || find_server(up);
}

/* ---- prepared statements ----------------------------------------------- */

/* An answer of our own, now or when those before it have come. */
static enum verdict
invent(struct up *up, char type, struct pl_statement *st, struct text answer,
    uint32_t size)
{
	struct pl_client *c = up->client;

	if (c->server == NULL || pl_expect_empty(&c->server->expect)) {
		if (type == 'P')
			pl_names_settle(&c->names, st, true);
		conn_send(c->conn, answer);
	} else if (!expect(up, type, PL_INVENT, st)) {
		return GONE;
	}
	pl_flow_skip(&up->flow, size);
	return DONE;
}

/* Closes on the server what no longer has room on its shelf. */
static bool
trim_shelf(struct up *up, const struct pl_statement *keep)
{
	struct pl_server *s = up->client->server;
	unsigned most = (unsigned)pl_settings()->max_prepared_statements;
	struct pl_statement *old;

	while ((old = pl_shelf_surplus(s->shelf, most, keep)) != NULL) {
		char *at = conn_batch(s->conn, 6 + PL_STATEMENT_NAME);

		if (!expect(up, 'C', PL_SWALLOW, old))
			return false;
		pl_flow_put(&up->flow, (struct text){ at,
		    pl_prepared_close(old, at) });
		pl_shelf_drop(&s->shelf, old);
	}
	return true;
}

/* Puts a Parse of the statement into the flow and onto the shelf. */
static bool
send_parse(struct up *up, struct pl_statement *st, enum pl_fate fate)
{
	struct pl_server *s = up->client->server;
	char *at;

	pl_flow_cut(&up->flow);
	at = conn_batch(s->conn, MESSAGE_HEAD + PL_STATEMENT_NAME);
	if (!expect(up, 'P', fate, st))
		return false;
	pl_flow_put(&up->flow, (struct text){ at, pl_prepared_parse(st, at) });
	conn_send(s->conn, pl_statement_body(st));
	up->client->shard->stats.server_parses++;
	if (pl_shelf_add(&s->shelf, st) < 0) {
		close_client(up, "out of memory");
		return false;
	}
	return trim_shelf(up, st);
}

static enum verdict
on_parse(struct up *up, const struct pl_prepared *found, uint32_t size)
{
	struct text rest = pl_flow_rest(&up->flow);
	struct pl_client *c = up->client;
	struct pl_statement *st;
	enum verdict verdict;

	if (rest.len < size) {
		c->need = size;
		return LATER;
	}
	if (!reach_server(up))
		return c->state == PL_CLIENT_GONE ? GONE : LATER;
	if (pl_names_find(c->names, found->name) != NULL && !c->deallocating)
		return close_client(up,
		    "prepared statement name is already in use");
	st = pl_statement_get((struct text){ rest.at + found->head,
	    size - found->head });
	if (pl_names_count(c->names) >= MOST_STATEMENTS) {
		pl_statement_drop(&st);
		return close_client(up, "too many prepared statements");
	}
	if (st == NULL || pl_names_put(&c->names, found->name, st) < 0) {
		if (st != NULL)
			pl_statement_drop(&st);
		return close_client(up, "out of memory");
	}
	count_start(c);
	c->shard->stats.client_parses++;
	if (!c->deallocating && pl_shelf_use(c->server->shelf, st))
		verdict = invent(up, 'P', st, (struct text){ parse_complete,
		    sizeof parse_complete }, size);
	else if (!send_parse(up, st, PL_FORWARD))
		verdict = GONE;
	else {
		pl_flow_skip(&up->flow, size);
		verdict = DONE;
	}
	pl_statement_drop(&st);
	return verdict;
}

/* Bind, Describe: the name is replaced; the rest of the body streams on. */
static enum verdict
on_use(struct up *up, char type, const struct pl_prepared *found,
    uint32_t size)
{
	struct text rest = pl_flow_rest(&up->flow);
	struct pl_client *c = up->client;
	struct pl_statement *st;
	char *at;

	if (!reach_server(up))
		return c->state == PL_CLIENT_GONE ? GONE : LATER;
	st = pl_names_find(c->names, found->name);
	if (st == NULL)
		return close_client(up, "prepared statement did not exist");
	count_start(c);
	pl_flow_cut(&up->flow);
	if (!pl_shelf_use(c->server->shelf, st) &&
	    !send_parse(up, st, PL_SWALLOW))
		return GONE;
	if (!expect(up, type, PL_FORWARD, NULL))
		return GONE;
	if (type == 'B')
		c->shard->stats.binds++;
	at = conn_batch(c->server->conn, pl_prepared_room(found));
	pl_flow_put(&up->flow, (struct text){ at,
	    pl_prepared_head(rest, size, found, st, at) });
	up->flow.pos += found->head;
	up->flow.start = up->flow.pos;
	c->body = size - (uint32_t)found->head;
	return DONE;
}

static enum verdict
on_close(struct up *up, const struct pl_prepared *found, uint32_t size)
{
	struct pl_client *c;
	struct pl_statement *st;

	if (pl_flow_rest(&up->flow).len < size) {
		up->client->need = size;
		return LATER;
	}
	c = up->client;
	st = pl_names_find(c->names, found->name);
	if (c->server == NULL || pl_expect_empty(&c->server->expect))
		pl_names_drop(&c->names, found->name);
	else
		pl_names_close(c->names, found->name);
	return invent(up, 'C', st, (struct text){ close_complete,
	    sizeof close_complete }, size);
}

/* PASS: no statement of ours is named in it. */
static enum verdict
on_named(struct up *up, char type, uint32_t size)
{
	struct text rest = pl_flow_rest(&up->flow);
	struct pl_prepared found;

	switch (pl_prepared_find(rest, size, &found)) {
	case PL_PREPARED_NONE:
		return PASS;
	case PL_PREPARED_BROKEN:
		return close_client(up, type == 'P' ? "broken Parse packet" :
		    "failed to parse packet");
	case PL_PREPARED_MORE:
		if (rest.len > MOST_NAME)
			return close_client(up, "failed to parse packet");
		up->client->need = (uint32_t)rest.len + 1;
		return LATER;
	case PL_PREPARED_NAMED:
		break;
	}
	if (type == 'P')
		return on_parse(up, &found, size);
	if (type == 'C')
		return on_close(up, &found, size);
	return on_use(up, type, &found, size);
}

/* ---- messages ---------------------------------------------------------- */

/* What a message can be, besides one that is passed on. */
enum { ASKS = 1, NAMES = 2, FREES = 4, FLUSHES = 8 };

static const uint8_t kind_of[256] = {
	['Q'] = ASKS | FREES, ['P'] = ASKS | NAMES | FREES,
	['B'] = ASKS | NAMES, ['D'] = ASKS | NAMES, ['C'] = ASKS | NAMES,
	['E'] = ASKS, ['S'] = ASKS, ['F'] = ASKS, ['H'] = FLUSHES
};

static inline bool
tracks_statements(const struct pl_client *c)
{
	return pl_settings()->max_prepared_statements > 0 &&
	    !c->replication && pl_pool_mode(c->pool) != PL_MODE_SESSION;
}

/*
 * COPY data that comes when the server does not take it any more, since the
 * COPY has failed or never began, must not hold a server: it is dropped, as
 * PostgreSQL would.
 */
static COLD enum verdict
on_copy(struct up *up, char type)
{
	struct pl_client *c = up->client;

	if (c->server == NULL || c->fresh || (!c->server->copying &&
	    !c->replication && pl_expect_empty(&c->server->expect)))
		return DROP;
	up->flow.to = c->server->conn;
	if (type != 'd' && !expect(up, type, PL_FORWARD, NULL))
		return GONE;
	return PASS;
}

/*
 * Does it look like DEALLOCATE ALL or DISCARD ALL? A Parse behind it in the
 * same pipeline may then use a name again before the answer is here.
 */
#define SPACE " \t\r\n;"

static __attribute__((noinline)) bool
frees_names(struct text rest, char type)
{
	struct text body = text_from(rest, MESSAGE_HEAD), sql, word;

	if (type == 'P')			/* behind the statement's name */
		text_split(&body, '\0', &word);
	if (!text_split(&body, '\0', &sql))
		return false;
	while (sql.len > 0 && text_is_space(sql.at[0]))
		sql = text_from(sql, 1);
	if (sql.len == 0 || (sql.at[0] | 0x20) != 'd' ||
	    !text_word(&sql, SPACE, &word) ||
	    (!text_is_nocase(word, "deallocate") &&
	    !text_is_nocase(word, "discard")))
		return false;
	if (text_word(&sql, SPACE, &word) && text_is_nocase(word, "prepare"))
		text_word(&sql, SPACE, &word);
	return text_is_nocase(word, "all");
}

static enum verdict
on_request(struct up *up, char type, uint32_t size)
{
	const uint8_t kind = kind_of[(unsigned char)type];
	struct pl_client *c = up->client;
	enum verdict verdict;

	if (type == 'Q' && pl_settings()->disable_pqexec)
		return close_client(up, "PQexec disallowed");
	if ((kind & FREES) && c->names != NULL)
		c->deallocating |= frees_names(pl_flow_rest(&up->flow), type);
	if ((kind & NAMES) && tracks_statements(c)) {
		verdict = on_named(up, type, size);
		if (verdict != PASS)
			return verdict;
	}
	if (!reach_server(up))
		return c->state == PL_CLIENT_GONE ? GONE : LATER;
	count_start(c);
	if ((kind & ASKS) && !expect(up, type, PL_FORWARD, NULL))
		return GONE;
	return PASS;
}

static enum verdict
judge(struct up *up, char type, uint32_t size)
{
	struct pl_client *c = up->client;

	if (__builtin_expect(c->skipping, 0) && type != 'S' && type != 'X')
		return DROP;
	if (type == 'S')
		c->skipping = false;
	if (kind_of[(unsigned char)type] != 0)
		return on_request(up, type, size);
	switch (type) {
	case 'd': case 'c': case 'f':
		return on_copy(up, type);
	case 'X':
		pl_flow_done(&up->flow);
		pl_client_close(c, false, "client close request");
		return GONE;
	default:
		return close_client(up, "unknown pkt");
	}
}

/* ---- slices ------------------------------------------------------------ */

/* Bytes of a message whose head was seen before. */
static __attribute__((noinline)) void
stream_body(struct up *up)
{
	struct pl_client *c = up->client;
	size_t n = pl_flow_rest(&up->flow).len;

	if (n > c->body)
		n = c->body;
	c->body -= (uint32_t)n;
	if (c->dropping)
		pl_flow_skip(&up->flow, n);
	else
		up->flow.pos += n;
	if (c->body == 0)
		c->dropping = false;
}

static COLD enum verdict
refuse_head(struct up *up)
{
	struct text rest = pl_flow_rest(&up->flow);
	char line[64] = "bad packet header: '";
	size_t len = strlen(line);

	for (size_t i = 0; i < 8 && i < rest.len; i++, len += 2)
		snprintf(line + len, sizeof line - len, "%02x",
		    (unsigned char)rest.at[i]);
	snprintf(line + len, sizeof line - len, "'");
	return close_client(up, line);
}

static enum verdict
step(struct up *up)
{
	struct text rest = pl_flow_rest(&up->flow);
	struct pl_client *c = up->client;
	enum verdict verdict;
	uint32_t size;
	char type;

	switch (message_peek(rest, &type, &size)) {
	case MESSAGE_MORE:
		c->need = MESSAGE_HEAD;
		return LATER;
	case MESSAGE_BAD:
		return refuse_head(up);
	case MESSAGE_OK:
		break;
	}
	if (size > pl_settings()->max_packet_size)
		return refuse_head(up);
	verdict = judge(up, type, size);
	if (verdict == PASS && size <= rest.len) {
		up->flow.pos += size;
	} else if (verdict == PASS || verdict == DROP) {
		c->body = size;		/* the head counts as body here */
		c->dropping = verdict == DROP;
	}
	return verdict;
}

static __attribute__((noinline)) bool
keep_rest(struct up *up)
{
	struct pl_client *c = up->client;
	struct text rest = pl_flow_rest(&up->flow);

	if (buffer_add(&c->pending, loop_stock(loop_here()), rest) == 0)
		return true;
	close_client(up, "out of memory");
	return false;
}

/* A whole message of which judge() would say PASS, and no more. */
static inline bool
just_passes(const struct pl_client *c, char type, struct text rest,
    uint32_t size)
{
	const uint8_t kind = kind_of[(unsigned char)type];
	const struct pl_settings *set = pl_settings();

	if (kind == 0 || size > rest.len || size > set->max_packet_size)
		return false;
	if ((kind & FREES) && (c->names != NULL || set->disable_pqexec))
		return false;
	return !(kind & NAMES) || !tracks_statements(c) ||
	    pl_prepared_names_none(rest.at, size);
}

/*
 * From a head on: how many bytes go to the server as they are. Stops in
 * front of any message that step() has to judge.
 */
static inline size_t
pass_over(struct pl_client *c, struct text slice)
{
	struct pl_server *s = c->server;
	struct text rest = slice;
	uint32_t size;
	char type;

	if (s == NULL || s->setting_values || c->skipping || c->body > 0)
		return 0;
	while (message_peek(rest, &type, &size) == MESSAGE_OK &&
	    just_passes(c, type, rest, size)) {
		if ((kind_of[(unsigned char)type] & ASKS) && pl_expect_add(&s->expect, type,
		    PL_FORWARD, NULL) < 0)
			break;
		rest = text_from(rest, size);
	}
	if (rest.len < slice.len)
		count_start(c);
	return slice.len - rest.len;
}

/* Message by message, from where the slice is not just passed on. */
static __attribute__((noinline)) bool
look_through(struct pl_client *c, struct text slice, size_t passed)
{
	struct up up = { .client = c };
	enum verdict verdict = PASS;

	up.flow.slice = slice;
	up.flow.pos = passed;
	if (c->server != NULL && !c->server->setting_values)
		up.flow.to = c->server->conn;
	while (up.flow.pos < slice.len) {
		if (c->body > 0) {
			stream_body(&up);
			up.flow.pos += pass_over(c, pl_flow_rest(&up.flow));
			continue;
		}
		verdict = step(&up);
		if (verdict == LATER || verdict == GONE)
			break;
	}
	if (verdict == GONE)
		return false;
	pl_flow_done(&up.flow);
	return up.flow.pos == slice.len || keep_rest(&up);
}

/* Forwards what can be; false: the client is gone. */
static bool
pump(struct pl_client *c, struct text slice)
{
	size_t passed;

	c->request_time = loop_now(loop_here());
	c->need = 0;
	passed = pass_over(c, slice);
	if (passed > 0 && passed == slice.len)
		conn_send(c->server->conn, slice);
	else if (!look_through(c, slice, passed))
		return false;
	if (c->server != NULL && conn_full(c->server->conn))
		conn_hold(c->conn);
	return true;
}

/* What was kept, and more of it: as one slice again. */
static __attribute__((noinline)) bool
pump_pending(struct pl_client *c)
{
	struct stock *stock = loop_stock(loop_here());
	size_t len = c->pending.len;
	char *mem = mem_get(len);
	bool lives;

	if (mem == NULL) {
		pl_client_close(c, true, "out of memory");
		return false;
	}
	buffer_copy(&c->pending, mem);
	buffer_fini(&c->pending, stock);
	lives = pump(c, (struct text){ mem, len });
	mem_drop(mem);
	return lives;
}

void
pl_upstream_give_back(struct pl_client *c)
{
	if (c->state == PL_CLIENT_ACTIVE && c->server != NULL && c->fresh &&
	    !c->replication &&
	    !c->server->setting_values)
		pl_pool_release(c->pool, c->server);
}

static void
on_data(struct conn *conn, struct text slice)
{
	struct pl_client *c = conn_owner(conn);

	c->shard->stats.received += slice.len;
	if (!buffer_empty(&c->pending)) {
		if (buffer_add(&c->pending, loop_stock(loop_here()),
		    slice) < 0) {
			pl_client_close(c, true, "out of memory");
			return;
		}
		if (c->need > 0 && c->pending.len >= c->need &&
		    !pump_pending(c))
			return;
	} else if (!pump(c, slice)) {
		return;
	}
	pl_upstream_give_back(c);
}

/* Bytes are left in the kernel until there is a server to take them. */
static bool
may_read(struct conn *conn)
{
	struct pl_client *c = conn_owner(conn);

	if (c->server != NULL)
		return !c->server->setting_values;
	/* What a client leaves behind is mostly a farewell: no server for that. */
	if (conn_ended(conn))
		return true;
	/* Kept for want of a server, not of bytes: that comes first. */
	if (!buffer_empty(&c->pending) && c->need == 0)
		return false;
	return have_server(c);
}

void
pl_upstream_go(struct pl_client *c)
{
	if (!have_server(c))
		return;
	if (!buffer_empty(&c->pending) && c->need == 0 && !pump_pending(c))
		return;
	if (c->state != PL_CLIENT_ACTIVE)
		return;
	conn_wake(c->conn);
	if (c->state != PL_CLIENT_GONE)
		pl_upstream_give_back(c);
}

static void
on_drained(struct conn *conn)
{
	struct pl_client *c = conn_owner(conn);

	if (c->server != NULL)
		conn_resume(c->server->conn);
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct pl_client *c = conn_owner(conn);

	c->conn = NULL;
	buffer_fini(&c->pending, loop_stock(loop_here()));
	pl_client_close(c, false, "client unexpected eof");
}

const struct conn_handler pl_upstream_handler = {
	.may_read = may_read,
	.data = on_data,
	.drained = on_drained,
	.closed = on_closed,
};
