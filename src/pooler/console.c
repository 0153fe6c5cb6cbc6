/* SPDX-License-Identifier: ISC */
/*
 * console.c - what a console's client says and hears. A message is taken
 * when it is whole and when the one before it is answered; what an answer
 * needs longer for (rows, waiting) goes on from a timer, so that nobody
 * else stands still. Answers collect in 'out' until there is nothing more
 * to do. Owned by its client, through 'extra'; loop 0.
 */
#include <sys/queue.h>

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/timer.h"
#include "pg/message.h"
#include "pooler/commands.h"
#include "pooler/console.h"
#include "pooler/datarow.h"
#include "pooler/pool.h"
#include "pooler/portal.h"
#include "pooler/round.h"
#include "pooler/shard.h"
#include "pooler/variables.h"
#include "pooler/view_state.h"

enum {
	SLICE_ROWS = 256, SLICE_BYTES = 65536,	/* of one turn */
	SLICE_TIME = 1000,			/* us */
	OUT_MOST = 4 * 1024 * 1024
};

struct pl_console {
	TAILQ_ENTRY(pl_console) link;
	struct pl_client *client;	/* NULL: gone, to be buried */
	struct timer more;		/* goes on with the answer under way */
	struct message_writer out;
	char *in;			/* read, but not yet understood */
	size_t in_len, in_room;

	/* the answer under way */
	struct pl_reply reply;
	struct pl_walk *walk;		/* its rows; NULL */
	bool waiting;			/* for what reply says */
	uint32_t binary;		/* columns that go in binary */
	uint32_t left;			/* rows until it stops; 0: all */
	struct pl_portal *portal;	/* that is run; NULL: a simple Query */

	bool skipping;			/* after an error: all up to Sync */
	struct pl_portals portals;
};

static TAILQ_HEAD(, pl_console) consoles = TAILQ_HEAD_INITIALIZER(consoles);
static struct pl_console *suspender;	/* resumed when this one goes away */

static bool
is_busy(const struct pl_console *k)
{
	return k->walk != NULL || k->waiting;
}

/* ---- sending ------------------------------------------------------------ */

static void
flush(struct pl_console *k)
{
	struct pl_client *c = k->client;

	if (c == NULL)
		return;
	if (k->out.failed) {
		pl_client_close(c, false, "out of memory");
		return;
	}
	if (k->out.len > 0) {
		conn_send(c->conn, message_written(&k->out));
		c->shard->stats.sent += k->out.len;
	}
	message_writer_fini(&k->out);
	k->out = message_writer(NULL, 0, OUT_MOST);
}

/* What was answered before goes first. */
static void
end(struct pl_console *k, bool tell, const char *reason)
{
	flush(k);
	if (k->client != NULL)
		pl_client_close(k->client, tell, "%s", reason);
}

/* An answer is complete; in the extended protocol Sync brings the Ready. */
static void
add_ready(struct pl_console *k)
{
	struct pl_client *c = k->client;
	struct pl_stats *stats = &c->shard->stats;
	uint64_t took = (uint64_t)(clock_now() - c->query_start);

	if (k->portal == NULL)
		message_add_ready(&k->out, 'I');
	k->portal = NULL;
	if (c->query_start == 0)
		return;
	stats->xact_time += took;
	stats->query_time += took;
	c->query_start = 0;
}

static void
add_error(struct pl_console *k, const char *code, const char *text)
{
	log_error("%s", text);
	if (pl_settings()->log_pooler_errors)
		pl_client_log(k->client, LOG_LEVEL_WARNING,
		    "pooler error: %s", text);
	message_add_error(&k->out, TEXT("ERROR"), text_of(code), text_of(text),
	    TEXT_NONE);
}

static void
add_done(struct pl_console *k)
{
	struct pl_reply *r = &k->reply;

	if (r->notice != NULL)
		message_add_notice(&k->out, TEXT("NOTICE"), TEXT("00000"),
		    text_of(r->notice), text_of(r->detail));
	pl_commands_end(r);
	message_add_command_complete(&k->out, text_of(r->tag));
	add_ready(k);
}

static void
add_failed(struct pl_console *k, const char *code, const char *text)
{
	pl_commands_end(&k->reply);
	add_error(k, code, text);
	k->skipping = k->portal != NULL;
	add_ready(k);
}

/* ---- rows --------------------------------------------------------------- */

static void
add_missing(struct pl_console *k)
{
	char loops[PL_ROUND_TEXT], text[PL_ROUND_TEXT + 32];

	if (k->walk->missing == 0)
		return;
	snprintf(text, sizeof text, "left out, no answer: loop%s",
	    pl_round_print(k->walk->missing, loops));
	message_add_notice(&k->out, TEXT("NOTICE"), TEXT("00000"),
	    text_of(text), TEXT_NONE);
}

static void
end_rows(struct pl_console *k)
{
	add_missing(k);
	pl_view_end(&k->walk);
	if (k->portal != NULL)
		k->portal->done = true;
	add_done(k);
}

/* The client wanted so many rows and no more for now. */
static void
suspend_rows(struct pl_console *k)
{
	k->portal->walk = k->walk;
	k->walk = NULL;
	message_add_bare(&k->out, 's');
	add_ready(k);
}

/* False: the slice is full, or other loops are asked; it goes on later. */
static bool
add_rows(struct pl_console *k)
{
	const struct pl_view *v = k->reply.object->view;
	int64_t end = clock_now() + SLICE_TIME;
	const struct cell *cells;

	pl_view_turn(k->walk);
	for (int n = 0; n < SLICE_ROWS && k->out.len < SLICE_BYTES; n++) {
		cells = pl_view_next(k->walk);
		if (cells == NULL && pl_view_waits(k->walk))
			return false;
		if (cells == NULL) {
			end_rows(k);
			return true;
		}
		pl_datarow_add(&k->out, v->columns, cells, v->count,
		    k->binary);
		if (k->left > 0 && --k->left == 0) {
			suspend_rows(k);
			return true;
		}
		if (clock_now() >= end)
			break;
	}
	return false;
}

static void
go_on_later(struct pl_console *k)
{
	timer_after(&k->more, 0);
}

/* What a walk waited for has come. */
static void
on_rows(void *arg)
{
	struct pl_console *k = arg;

	if (k->client != NULL)
		go_on_later(k);
}

/*
 * Not while the client has yet to take what it got: drained() goes on; nor
 * while other loops are asked: on_rows() does.
 */
static void
send_rows(struct pl_console *k)
{
	if (add_rows(k))
		return;
	flush(k);
	if (k->client != NULL && !conn_full(k->client->conn) &&
	    !pl_view_waits(k->walk))
		go_on_later(k);
}

static void
begin_rows(struct pl_console *k)
{
	const struct pl_view *v = k->reply.object->view;

	k->walk = pl_view_walk(v, on_rows, k);
	if (k->walk == NULL) {
		add_failed(k, "53200", "out of memory");
		return;
	}
	if (k->portal == NULL)
		pl_datarow_describe(&k->out, v->columns, v->count, 0);
	send_rows(k);
}

/* ---- running ------------------------------------------------------------ */

static void
answer(struct pl_console *k)
{
	switch (k->reply.act) {
	case PL_REPLY_DONE:
		add_done(k);
		break;
	case PL_REPLY_ERROR:
		add_failed(k, k->reply.code, k->reply.why.line);
		break;
	case PL_REPLY_ROWS:
		begin_rows(k);
		break;
	case PL_REPLY_WAIT:
		k->waiting = true;
		break;
	case PL_REPLY_END:
		pl_client_close_silent(k->client);
		break;
	}
}

/* Has come what it waits for? */
static void
look_again(struct pl_console *k)
{
	switch (pl_commands_look(&k->reply)) {
	case PL_CONTROL_WAITS:
		return;
	case PL_CONTROL_DONE:
		k->waiting = false;
		add_done(k);
		return;
	case PL_CONTROL_UNDONE:
		k->waiting = false;
		add_failed(k, k->reply.code, k->reply.why.line);
		return;
	}
}

static void
run(struct pl_console *k, const struct pl_order *o)
{
	struct pl_client *c = k->client;
	bool suspended = pl_activity == PL_SUSPENDED;

	flush(k);			/* the command may end this client */
	if (k->client == NULL)
		return;
	c->query_start = clock_now();
	c->shard->stats.queries++;
	c->shard->stats.xacts++;
	pl_commands_run(o, c->admin, &k->reply);
	if (!suspended && pl_activity == PL_SUSPENDED)
		suspender = k;
	if (k->client != NULL)		/* it may have killed itself */
		answer(k);
}

/* ---- messages ----------------------------------------------------------- */

static void
on_query(struct pl_console *k, struct text body)
{
	struct message_reader r = message_reader(body);
	struct pl_order o;
	struct text text;
	enum pl_order_fault fault;

	k->binary = k->left = 0;
	if (!message_read_string(&r, &text)) {
		end(k, true, "incomplete query");
		return;
	}
	if (log_wants(LOG_LEVEL_DEBUG))
		pl_client_log(k->client, LOG_LEVEL_DEBUG,
		    "got admin query: %.*s", TEXT_ARG(text));
	fault = pl_order_parse(text, false, &o);
	if (fault == PL_ORDER_FINE) {
		run(k, &o);
		return;
	}
	pl_commands_refuse(fault, text, &k->reply);
	answer(k);
}

/* An error between an extended message and the next Sync. */
static void
fail_extended(struct pl_console *k, const char *code, const char *text)
{
	add_error(k, code, text);
	k->skipping = true;
}

static void
fail_fault(struct pl_console *k, const struct pl_portal_fault *f)
{
	if (f->order == PL_ORDER_FINE) {
		fail_extended(k, f->code, f->why.line);
		return;
	}
	pl_commands_refuse(f->order, f->text, &k->reply);
	fail_extended(k, k->reply.code, k->reply.why.line);
}

static void
on_parse(struct pl_console *k, struct text body)
{
	struct pl_portal_fault f;

	if (pl_portal_parse(&k->portals, body, &f) == 0)
		message_add_bare(&k->out, '1');
	else
		fail_fault(k, &f);
}

static void
on_bind(struct pl_console *k, struct text body)
{
	struct pl_portal_fault f;

	if (pl_portal_bind(&k->portals, body, &f) == 0)
		message_add_bare(&k->out, '2');
	else
		fail_fault(k, &f);
}

static void
add_object(struct pl_console *k, const struct pl_order *order, uint32_t binary)
{
	const struct pl_object *o = pl_commands_object(order);

	if (o == NULL)
		message_add_bare(&k->out, 'n');
	else
		pl_datarow_describe(&k->out, o->view->columns, o->view->count,
		    binary);
}

static void
describe_statement(struct pl_console *k, const struct pl_prepared *s)
{
	message_begin(&k->out, 't');
	message_put_u16(&k->out, (uint16_t)s->params);
	for (unsigned i = 0; i < s->params; i++)
		message_put_u32(&k->out, s->types[i] != 0 ? s->types[i] :
		    MESSAGE_TYPE_TEXT);
	message_end(&k->out);
	add_object(k, &s->order, 0);
}

static bool
read_kind(struct text body, char *kind, struct text *name)
{
	struct message_reader r = message_reader(body);
	uint8_t c;

	if (!message_read_u8(&r, &c) || !message_read_string(&r, name))
		return false;
	*kind = (char)c;
	return c == 'S' || c == 'P';
}

static void
on_describe(struct pl_console *k, struct text body)
{
	const struct pl_prepared *s = NULL;
	const struct pl_portal *p = NULL;
	struct text name;
	char kind;

	if (!read_kind(body, &kind, &name)) {
		fail_extended(k, "08P01", "broken Describe packet");
		return;
	}
	if (kind == 'S')
		s = pl_portal_statement(&k->portals, name);
	else
		p = pl_portal_find(&k->portals, name);
	if (s != NULL)
		describe_statement(k, s);
	else if (p != NULL)
		add_object(k, &p->order, p->binary);
	else if (kind == 'S')
		fail_extended(k, "26000", "prepared statement does not exist");
	else
		fail_extended(k, "34000", "portal does not exist");
}

static void
on_close(struct pl_console *k, struct text body)
{
	struct text name;
	char kind;

	if (!read_kind(body, &kind, &name)) {
		fail_extended(k, "08P01", "broken Close packet");
		return;
	}
	pl_portal_close(&k->portals, kind, name);
	message_add_bare(&k->out, '3');
}

static void
run_portal(struct pl_console *k, struct pl_portal *p)
{
	if (p->empty) {
		message_add_bare(&k->out, 'I');
		return;
	}
	k->portal = p;
	k->binary = p->binary;
	if (p->walk == NULL && !p->done) {
		run(k, &p->order);
		return;
	}
	k->reply = (struct pl_reply){ .tag = "SHOW",
	    .object = pl_commands_object(&p->order) };
	k->walk = p->walk;			/* on from where it stopped */
	p->walk = NULL;
	if (k->walk != NULL)
		send_rows(k);
	else
		add_done(k);
}

static void
on_execute(struct pl_console *k, struct text body)
{
	struct message_reader r = message_reader(body);
	struct pl_portal *p;
	struct text name;
	uint32_t rows;

	if (!message_read_string(&r, &name) || !message_read_u32(&r, &rows)) {
		fail_extended(k, "08P01", "broken Execute packet");
		return;
	}
	p = pl_portal_find(&k->portals, name);
	k->left = rows > INT32_MAX ? 0 : rows;
	if (p != NULL)
		run_portal(k, p);
	else
		fail_extended(k, "34000", "portal does not exist");
}

/* Portals end with their transaction. */
static void
on_sync(struct pl_console *k, struct text body)
{
	(void)body;
	k->skipping = false;
	pl_portal_end_all(&k->portals);
	add_ready(k);
}

static void
on_flush(struct pl_console *k, struct text body)
{
	(void)k;
	(void)body;
}

static void
on_terminate(struct pl_console *k, struct text body)
{
	(void)body;
	end(k, false, "client close request");
}

/* FunctionCall and COPY: a protocol that goes on without an answer to each. */
static void
on_unsupported(struct pl_console *k, char type)
{
	char text[64];

	snprintf(text, sizeof text, "unsupported packet type for admin "
	    "console: %d", type);
	add_failed(k, "08P01", text);
	end(k, true, "bad packet");
}

static const struct {
	char type;
	bool always;			/* also while skipping to Sync */
	void (*on)(struct pl_console *, struct text body);
} messages[] = {
	{ 'Q', false, on_query },
	{ 'P', false, on_parse },
	{ 'B', false, on_bind },
	{ 'D', false, on_describe },
	{ 'E', false, on_execute },
	{ 'C', false, on_close },
	{ 'H', false, on_flush },
	{ 'S', true, on_sync },
	{ 'X', true, on_terminate },
};

static void
take(struct pl_console *k, char type, struct text body)
{
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		if (messages[i].type == type) {
			if (!k->skipping || messages[i].always)
				messages[i].on(k, body);
			return;
		}
	if (strchr("Fdcf", type) != NULL)
		on_unsupported(k, type);
	else
		end(k, true, "unknown pkt");
}

/* ---- reading ------------------------------------------------------------ */

static void
eat(struct pl_console *k, size_t n)
{
	k->in_len -= n;
	memmove(k->in, k->in + n, k->in_len);
	if (k->in_len > 0)
		return;
	mem_drop(k->in);
	k->in = NULL;
	k->in_room = 0;
}

/* One whole message, a copy, so that the handler may do anything. */
static bool
next_message(struct pl_console *k, char *type, char **copy, struct text *body)
{
	struct text in = { k->in, k->in_len };
	enum message_state state;
	uint32_t size;

	state = message_peek(in, type, &size);
	if (state == MESSAGE_MORE)
		return false;
	if (state == MESSAGE_BAD) {
		end(k, true, "bad packet");
		return false;
	}
	if (size > (uint32_t)pl_settings()->pkt_buf) {
		end(k, true, "incomplete pkt");
		return false;
	}
	if (size > in.len)
		return false;
	*body = message_body(in, size);
	*copy = mem_copy(*body);
	if (*copy == NULL) {
		end(k, false, "out of memory");
		return false;
	}
	body->at = *copy;
	eat(k, size);
	return true;
}

/* No more is read than can be answered, and taken by the client, soon. */
static void
set_reading(struct pl_console *k)
{
	struct conn *conn = k->client->conn;

	if (k->walk != NULL || conn_full(conn) ||
	    k->in_len > (size_t)pl_settings()->pkt_buf)
		conn_hold(conn);
	else
		conn_resume(conn);
}

/* Many messages at once share the loop with others, too. */
static bool
may_take(struct pl_console *k, int64_t end)
{
	if (k->client == NULL || is_busy(k))
		return false;
	if (k->out.len >= SLICE_BYTES)
		flush(k);
	if (k->client == NULL || conn_full(k->client->conn))
		return false;
	if (clock_now() < end)
		return true;
	go_on_later(k);
	return false;
}

static void
process(struct pl_console *k)
{
	int64_t end = clock_now() + SLICE_TIME;
	struct text body;
	char type, *copy;

	while (may_take(k, end) && next_message(k, &type, &copy, &body)) {
		take(k, type, body);
		mem_drop(copy);
	}
	flush(k);
	if (k->client != NULL)
		set_reading(k);
}

static bool
keep(struct pl_console *k, struct text bytes)
{
	size_t room = k->in_len + bytes.len;
	char *at;

	if (room > k->in_room) {
		at = mem_grow(k->in, room);
		if (at == NULL)
			return false;
		k->in = at;
		k->in_room = room;
	}
	memcpy(k->in + k->in_len, bytes.at, bytes.len);
	k->in_len += bytes.len;
	return true;
}

static struct pl_console *
console_of(struct conn *conn)
{
	struct pl_client *c = conn_owner(conn);

	return c->extra->console;
}

static void
on_data(struct conn *conn, struct text bytes)
{
	struct pl_console *k = console_of(conn);
	struct pl_client *c = k->client;

	c->request_time = loop_now(conn_loop(conn));
	c->shard->stats.received += bytes.len;
	if (keep(k, bytes))
		process(k);
	else
		pl_client_close(c, false, "out of memory");
}

static void
on_more(void *arg)
{
	struct pl_console *k = arg;

	if (k->waiting)
		look_again(k);
	else if (k->walk != NULL)
		send_rows(k);
	process(k);
}

static void
on_drained(struct conn *conn)
{
	go_on_later(console_of(conn));
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct pl_client *c = conn_owner(conn);

	(void)reason;
	c->conn = NULL;
	pl_client_close(c, false, "client unexpected eof");
}

static const struct conn_handler handler = {
	.data = on_data,
	.drained = on_drained,
	.closed = on_closed,
};

/* ---- beginning and end -------------------------------------------------- */

static void
add_welcome(struct pl_console *k)
{
	static const char *const parameters[][2] = {
		{ "server_version", PL_VERSION_SHOWN "/bouncer" },
		{ "client_encoding", "UTF8" },
		{ "server_encoding", "UTF8" },
		{ "DateStyle", "ISO" },
		{ "TimeZone", "GMT" },
		{ "standard_conforming_strings", "on" },
		{ "is_superuser", "on" },
	};
	const struct pl_client *c = k->client;
	char key[8];

	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
		message_add_parameter_status(&k->out,
		    text_of(parameters[i][0]), text_of(parameters[i][1]));
	for (unsigned i = 0; i < pl_variables_count(); i++) {
		struct text value = pl_variables_get(c->values, i);

		if (value.at != NULL)
			message_add_parameter_status(&k->out,
			    text_of(pl_variables_name(i)), value);
	}
	memcpy(key, c->key, sizeof key);
	message_add_backend_key(&k->out, key);
	message_add_ready(&k->out, 'I');
}

/* What came behind the login. */
static bool
take_pending(struct pl_console *k)
{
	struct pl_client *c = k->client;
	size_t len = c->pending.len;

	if (len == 0)
		return true;
	k->in = mem_get(len);
	if (k->in == NULL)
		return false;
	buffer_copy(&c->pending, k->in);
	buffer_fini(&c->pending, loop_stock(conn_loop(c->conn)));
	k->in_len = k->in_room = len;
	return true;
}

static struct pl_console *
make(struct pl_client *c)
{
	struct pl_console *k = mem_zero(sizeof *k);

	if (c->extra == NULL)
		c->extra = mem_zero(sizeof *c->extra);
	if (k == NULL || c->extra == NULL) {
		mem_drop(k);
		return NULL;
	}
	c->extra->console = k;
	k->client = c;
	k->out = message_writer(NULL, 0, OUT_MOST);
	timer_init(&k->more, conn_loop(c->conn), on_more, k);
	pl_portal_init(&k->portals);
	TAILQ_INSERT_TAIL(&consoles, k, link);
	return k;
}

void
pl_console_start(struct pl_client *c)
{
	struct pl_console *k = make(c);

	if (k == NULL || !take_pending(k)) {
		pl_client_close(c, true, "out of memory");
		return;
	}
	conn_hand_to(c->conn, &handler, c);
	add_welcome(k);
	process(k);
}

void
pl_console_cancel(struct pl_client *c)
{
	struct pl_console *k = c->extra != NULL ? c->extra->console : NULL;
	struct pl_database *db = NULL;
	struct why why;

	if (k == NULL || !k->waiting)
		return;
	if (k->reply.database[0] != '\0')
		db = pl_database_find(text_of(k->reply.database));
	if (k->reply.wait == PL_WAIT_ROUND || k->reply.wait == PL_WAIT_HUNT)
		return;				/* over in a moment */
	if (k->reply.wait != PL_WAIT_CLOSE) {
		if (pl_control_resume(db, &why) != 0)
			log_error("%s", why.line);
		return;				/* on_moved() does the rest */
	}
	k->waiting = false;
	add_failed(k, "57014", "canceling statement due to user request");
	process(k);
}

static void
bury(void *dead)
{
	struct pl_console *k = dead;

	pl_view_end(&k->walk);
	pl_portal_fini(&k->portals);
	message_writer_fini(&k->out);
	pl_commands_end(&k->reply);
	mem_drop(k->in);
	mem_drop(k);
}

static void
on_client_gone(struct pl_client *c)
{
	struct pl_console *k = c->extra->console;
	struct why why;

	c->extra->console = NULL;
	k->client = NULL;
	timer_stop(&k->more);
	TAILQ_REMOVE(&consoles, k, link);
	loop_retire(loop_here(), k, bury);
	if (suspender != k)
		return;
	suspender = NULL;
	if (pl_activity != PL_SUSPENDED || pl_leaving != PL_STAYS)
		return;
	log_info("admin disappeared when suspended, doing RESUME");
	if (pl_control_resume(NULL, &why) != 0)
		log_error("%s", why.line);
}

/* Not at once: it may be in the middle of a command of another console. */
static void
on_moved(void)
{
	struct pl_console *k;

	TAILQ_FOREACH(k, &consoles, link)
		if (k->waiting)
			go_on_later(k);
}

void
pl_console_init(void)
{
	pl_client_console_free = on_client_gone;
	pl_control_moved = on_moved;
}
