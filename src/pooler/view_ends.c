/* SPDX-License-Identifier: ISC */
/*
 * view_ends.c - both kinds of ends, clients and servers, and the sockets
 * that we listen on. Loop 0.
 */
#include "base/clock.h"
#include "net/conn.h"
#include "net/socket.h"
#include "pooler/hba.h"
#include "pooler/names.h"
#include "pooler/pool.h"
#include "pooler/shelf.h"
#include "pooler/variables.h"
#include "pooler/view_ends.h"

struct end {				/* a client or a server */
	const struct pl_client *client;
	const struct pl_server *server;
	const struct endpoint *peer;
	struct endpoint local;
	struct conn *conn;
	const struct pl_values *values;
	const struct pl_pool *pool;
	int64_t now, to_wall;		/* monotonic + to_wall = wall */
};

struct fd_row {
	int fd;
	const char *task;
	const struct pl_listening *listening;	/* or NULL: */
	struct end end;
	struct pl_listening at;
};

static void
put_zero(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, "0");
}

/* ---- CLIENTS, SERVERS, SOCKETS ------------------------------------------ */

#define END(row)	((const struct end *)(row))

static void
put_end_type(struct cell *c, const void *row)
{
	cell_text(c, END(row)->client != NULL ? "C" : "S");
}

static const char *
name_user(const struct end *e)
{
	if (e->server != NULL)
		return e->pool->credential->user->name;
	return e->client->user != NULL ? e->client->user->name : "(nouser)";
}

static const char *
name_database(const struct end *e)
{
	if (e->server != NULL)
		return e->pool->database->name;
	return e->client->database != NULL ? e->client->database->name :
	    "(nodb)";
}

static void
put_end_user(struct cell *c, const void *row)
{
	cell_text(c, name_user(row));
}

static void
put_end_database(struct cell *c, const void *row)
{
	cell_text(c, name_database(row));
}

static void
put_end_replication(struct cell *c, const void *row)
{
	static const char *const names[] = {
		[PL_REPLICATION_NONE] = "none",
		[PL_REPLICATION_PHYSICAL] = "physical",
		[PL_REPLICATION_LOGICAL] = "logical",
	};
	const struct pl_client *client = END(row)->client;

	if (client == NULL && END(row)->server->replication)
		client = END(row)->server->client;
	cell_text(c, names[client == NULL ? 0 : client->replication]);
}

/* Of CLIENTS and SERVERS. */
static void
put_end_state(struct cell *c, const void *row)
{
	const struct pl_client *client = END(row)->client;

	if (client == NULL)
		cell_text(c, pl_server_state_names[END(row)->server->state]);
	else if (client->state == PL_CLIENT_ACTIVE && client->server == NULL)
		cell_text(c, "idle");
	else
		cell_text(c, pl_client_state_names[client->state]);
}

/* Of SOCKETS, where a client without a server is active too. */
static void
put_socket_state(struct cell *c, const void *row)
{
	const struct pl_client *client = END(row)->client;
	const struct pl_server *server = END(row)->server;

	if (client != NULL)
		cell_print(c, "cl_%s", pl_client_state_names[client->state]);
	else
		cell_print(c, "sv_%s", server->state == PL_SERVER_LOGIN ?
		    "login" : pl_server_state_names[server->state]);
}

static void
put_ip(struct cell *c, const struct endpoint *e)
{
	char ip[ADDRESS_TEXT];

	cell_print(c, "%s", e->family == 0 ? "" : endpoint_ip(e, ip));
}

static void
put_end_addr(struct cell *c, const void *row)
{
	put_ip(c, END(row)->peer);
}

static void
put_end_port(struct cell *c, const void *row)
{
	cell_int(c, END(row)->peer->port);
}

static void
put_end_local_addr(struct cell *c, const void *row)
{
	put_ip(c, &END(row)->local);
}

static void
put_end_local_port(struct cell *c, const void *row)
{
	cell_int(c, END(row)->local.port);
}

static void
put_end_connected(struct cell *c, const void *row)
{
	const struct end *e = row;

	cell_time(c, e->to_wall + (e->client != NULL ?
	    e->client->connect_time : e->server->connect_time));
}

static void
put_end_requested(struct cell *c, const void *row)
{
	const struct end *e = row;

	cell_time(c, e->to_wall + (e->client != NULL ?
	    e->client->request_time : e->server->request_time));
}

static int64_t
age_of_query(const struct end *e)
{
	if (e->client == NULL || e->client->query_start == 0)
		return 0;
	return e->now - e->client->query_start;
}

static void
put_end_wait(struct cell *c, const void *row)
{
	cell_int(c, age_of_query(row) / CLOCK_SECOND);
}

static void
put_end_wait_us(struct cell *c, const void *row)
{
	cell_int(c, age_of_query(row) % CLOCK_SECOND);
}

static void
put_end_close_needed(struct cell *c, const void *row)
{
	cell_int(c, END(row)->server != NULL && END(row)->server->close_needed);
}

static void
put_pointer(struct cell *c, const void *p)
{
	if (p == NULL)
		cell_text(c, "");
	else
		cell_print(c, "%p", p);
}

static void
put_end_ptr(struct cell *c, const void *row)
{
	put_pointer(c, END(row)->client != NULL ?
	    (const void *)END(row)->client : (const void *)END(row)->server);
}

static void
put_end_link(struct cell *c, const void *row)
{
	put_pointer(c, END(row)->client != NULL ?
	    (const void *)END(row)->client->server :
	    (const void *)END(row)->server->client);
}

static void
put_end_pid(struct cell *c, const void *row)
{
	const struct end *e = row;
	int32_t pid = 0;

	if (e->server != NULL)
		pid = (int32_t)e->server->pid;
	else if (e->peer->family == AF_UNIX)
		memcpy(&pid, e->peer->ip, sizeof pid);
	cell_int(c, pid);
}

static void
put_end_tls(struct cell *c, const void *row)
{
	struct conn *conn = END(row)->conn;
	char text[CELL_ROOM];

	if (conn == NULL || !tls_is_on(conn))
		cell_text(c, "");
	else
		cell_print(c, "%s", tls_describe(conn, text, sizeof text));
}

static void
put_variable(struct cell *c, const struct pl_values *values, const char *name)
{
	int which = pl_variables_find(text_of(name));

	cell_none(c);
	if (which >= 0 && values != NULL)
		cell_slice(c, pl_variables_get(values, (unsigned)which));
}

static void
put_end_application(struct cell *c, const void *row)
{
	put_variable(c, END(row)->values, "application_name");
	if (c->value.at == NULL)
		cell_text(c, "");
}

static void
put_end_prepared(struct cell *c, const void *row)
{
	cell_count(c, END(row)->client != NULL ?
	    pl_names_count(END(row)->client->names) :
	    pl_shelf_count(END(row)->server->shelf));
}

static void
put_end_id(struct cell *c, const void *row)
{
	cell_count(c, END(row)->client != NULL ? END(row)->client->id :
	    END(row)->server->id);
}

/* Read, but not yet passed on. */
static size_t
bytes_in(const struct end *e)
{
	return e->client != NULL ? e->client->pending.len :
	    e->server->collect.len;
}

static void
put_socket_in(struct cell *c, const void *row)
{
	cell_count(c, bytes_in(row));
}

static void
put_socket_body(struct cell *c, const void *row)
{
	cell_count(c, END(row)->client != NULL ? END(row)->client->body :
	    END(row)->server->body);
}

static void
put_socket_out(struct cell *c, const void *row)
{
	struct conn *conn = END(row)->conn;

	cell_count(c, conn == NULL ? 0 : conn_stashed(conn));
}

#define END_COLUMNS(put_state)						\
	{ "type", COLUMN_TEXT, put_end_type },				\
	{ "user", COLUMN_TEXT, put_end_user },				\
	{ "database", COLUMN_TEXT, put_end_database },			\
	{ "replication", COLUMN_TEXT, put_end_replication },		\
	{ "state", COLUMN_TEXT, put_state },				\
	{ "addr", COLUMN_TEXT, put_end_addr },				\
	{ "port", COLUMN_INT4, put_end_port },				\
	{ "local_addr", COLUMN_TEXT, put_end_local_addr },		\
	{ "local_port", COLUMN_INT4, put_end_local_port },		\
	{ "connect_time", COLUMN_TEXT, put_end_connected },		\
	{ "request_time", COLUMN_TEXT, put_end_requested },		\
	{ "wait", COLUMN_INT4, put_end_wait },				\
	{ "wait_us", COLUMN_INT4, put_end_wait_us },			\
	{ "close_needed", COLUMN_INT4, put_end_close_needed },		\
	{ "ptr", COLUMN_TEXT, put_end_ptr },				\
	{ "link", COLUMN_TEXT, put_end_link },				\
	{ "remote_pid", COLUMN_INT4, put_end_pid },			\
	{ "tls", COLUMN_TEXT, put_end_tls },				\
	{ "application_name", COLUMN_TEXT, put_end_application },	\
	{ "prepared_statements", COLUMN_INT4, put_end_prepared },	\
	{ "id", COLUMN_INT4, put_end_id }

static const struct column end_columns[] = { END_COLUMNS(put_end_state) };

static const struct column socket_columns[] = {
	END_COLUMNS(put_socket_state),
	{ "recv_pos", COLUMN_INT4, put_socket_in },
	{ "pkt_pos", COLUMN_INT4, put_zero },
	{ "pkt_remain", COLUMN_INT4, put_socket_body },
	{ "send_pos", COLUMN_INT4, put_zero },
	{ "send_remain", COLUMN_INT4, put_socket_out },
	{ "pkt_avail", COLUMN_INT4, put_socket_in },
	{ "send_avail", COLUMN_INT4, put_socket_out },
};

static void
find_local(struct end *e)
{
	struct address at;

	e->local = (struct endpoint){ 0 };
	if (e->peer->family == AF_UNIX)
		e->local = *e->peer;	/* the same path on both sides */
	else if (e->conn != NULL && socket_local(conn_fd(e->conn), &at) == 0)
		e->local = address_endpoint(&at);
}

static void
fill_client(struct end *e, const struct pl_client *c)
{
	*e = (struct end){ .client = c, .peer = &c->peer, .conn = c->conn,
	    .values = c->values, .pool = c->pool, .now = clock_now() };
	e->to_wall = clock_wall() - e->now;
	find_local(e);
}

static void
fill_server(struct end *e, const struct pl_server *s)
{
	*e = (struct end){ .server = s, .peer = &s->peer, .conn = s->conn,
	    .values = s->values, .pool = s->pool, .now = clock_now() };
	e->to_wall = clock_wall() - e->now;
	find_local(e);
}

static const struct pl_client *
walk_clients(struct pl_walk *w)
{
	const struct pl_client *c = NULL;

	while (c == NULL && w->at < pl_client_slots())
		c = pl_client_at(w->at++);
	return c;
}

static const struct pl_server *
walk_servers(struct pl_walk *w)
{
	const struct pl_server *s = NULL;

	while (s == NULL && w->at < pl_server_slots())
		s = pl_server_at(w->at++);
	return s;
}

static bool
next_client(struct pl_walk *w)
{
	const struct pl_client *c;

	while ((c = walk_clients(w)) != NULL)
		if (c->state != PL_CLIENT_LOGIN) {
			fill_client(pl_view_make(w, sizeof(struct end)), c);
			return true;
		}
	return false;
}

static bool
next_server(struct pl_walk *w)
{
	const struct pl_server *s = walk_servers(w);

	if (s == NULL)
		return false;
	fill_server(pl_view_make(w, sizeof(struct end)), s);
	return true;
}

static bool
next_socket(struct pl_walk *w)
{
	const struct pl_client *c;

	if (w->phase == 0) {
		c = walk_clients(w);
		if (c != NULL) {
			fill_client(pl_view_make(w, sizeof(struct end)), c);
			return true;
		}
		pl_view_begin_phase(w);
	}
	return next_server(w);
}

/* Runs a query, or has bytes in hand. */
static bool
is_busy(const struct end *e)
{
	if (e->client != NULL && e->client->query_start != 0)
		return true;
	if (e->server != NULL && e->server->state == PL_SERVER_ACTIVE)
		return e->server->status == '\0';
	return bytes_in(e) > 0 || (e->conn != NULL && conn_full(e->conn));
}

static bool
next_active_socket(struct pl_walk *w)
{
	while (next_socket(w))
		if (is_busy(w->row))
			return true;
	return false;
}

/* ---- FDS, LISTENERS ----------------------------------------------------- */

#define FD(row)		((const struct fd_row *)(row))

static void
put_fd(struct cell *c, const void *row)
{
	cell_int(c, FD(row)->fd);
}

static void
put_fd_task(struct cell *c, const void *row)
{
	cell_text(c, FD(row)->task);
}

static void
put_fd_user(struct cell *c, const void *row)
{
	cell_text(c, FD(row)->listening != NULL ? NULL :
	    name_user(&FD(row)->end));
}

static void
put_fd_database(struct cell *c, const void *row)
{
	cell_text(c, FD(row)->listening != NULL ? NULL :
	    name_database(&FD(row)->end));
}

static struct endpoint
find_place(const struct fd_row *row)
{
	struct endpoint e = row->listening != NULL ?
	    address_endpoint(&row->listening->at) : *row->end.peer;

	if (row->listening != NULL && e.family == AF_UNIX)
		e.port = (uint16_t)pl_settings()->listen_port;
	return e;
}

static void
put_fd_addr(struct cell *c, const void *row)
{
	struct endpoint e = find_place(row);

	put_ip(c, &e);
}

static void
put_fd_port(struct cell *c, const void *row)
{
	cell_int(c, find_place(row).port);
}

static void
put_fd_cancel(struct cell *c, const void *row)
{
	const struct end *e = &FD(row)->end;
	const uint8_t *key;
	uint64_t n = 0;

	if (FD(row)->listening == NULL) {
		key = e->client != NULL ? e->client->key : e->server->key;
		for (int i = 0; i < 8; i++)
			n = n << 8 | key[i];
	}
	cell_count(c, n);
}

static void
put_fd_link(struct cell *c, const void *row)
{
	const struct end *e = &FD(row)->end;
	struct conn *other = NULL;

	if (e->client != NULL && e->client->server != NULL)
		other = e->client->server->conn;
	else if (e->server != NULL && e->server->client != NULL)
		other = e->server->client->conn;
	cell_int(c, other == NULL ? 0 : conn_fd(other));
}

#define PUT_FD_VARIABLE(function, name)					\
static void								\
put_fd_##function(struct cell *c, const void *row)			\
{									\
	put_variable(c, FD(row)->end.values, name);			\
}
PUT_FD_VARIABLE(encoding, "client_encoding")
PUT_FD_VARIABLE(strings, "standard_conforming_strings")
PUT_FD_VARIABLE(datestyle, "DateStyle")
PUT_FD_VARIABLE(timezone, "TimeZone")

/* Secrets stay in the process. */
static void
put_fd_secret(struct cell *c, const void *row)
{
	(void)row;
	cell_none(c);
}

static bool
next_listening(struct pl_walk *w)
{
	return pl_view_listener != NULL && pl_view_listener(w->at++,
	    pl_view_make(w, sizeof(struct pl_listening)));
}

static bool
next_fd_listening(struct pl_walk *w)
{
	struct fd_row *row = pl_view_make(w, sizeof *row);

	*row = (struct fd_row){ .task = "pooler", .listening = &row->at };
	if (pl_view_listener == NULL ||
	    !pl_view_listener(w->at++, &row->at))
		return false;
	row->fd = row->at.fd;
	return true;
}

/* TLS cannot change hands, and consoles do not. */
static bool
may_hand_over(const struct conn *conn, const struct pl_database *db)
{
	return conn != NULL && db != NULL && !db->admin && !tls_is_on(conn);
}

static bool
next_fd_client(struct pl_walk *w)
{
	struct fd_row *row = pl_view_make(w, sizeof *row);
	const struct pl_client *c;

	while ((c = walk_clients(w)) != NULL)
		if (c->welcomed && may_hand_over(c->conn, c->database)) {
			*row = (struct fd_row){ .task = "client",
			    .fd = conn_fd(c->conn) };
			fill_client(&row->end, c);
			return true;
		}
	return false;
}

static bool
next_fd_server(struct pl_walk *w)
{
	struct fd_row *row = pl_view_make(w, sizeof *row);
	const struct pl_server *s;

	while ((s = walk_servers(w)) != NULL)
		if (s->state != PL_SERVER_LOGIN &&
		    may_hand_over(s->conn, s->pool->database)) {
			*row = (struct fd_row){ .task = "server",
			    .fd = conn_fd(s->conn) };
			fill_server(&row->end, s);
			return true;
		}
	return false;
}

static bool
next_fd(struct pl_walk *w)
{
	static bool (*const phases[])(struct pl_walk *) = {
		next_fd_listening, next_fd_client, next_fd_server,
	};

	while (w->phase < sizeof phases / sizeof phases[0]) {
		if (phases[w->phase](w))
			return true;
		pl_view_begin_phase(w);
	}
	return false;
}

static const struct column fd_columns[] = {
	{ "fd", COLUMN_INT4, put_fd },
	{ "task", COLUMN_TEXT, put_fd_task },
	{ "user", COLUMN_TEXT, put_fd_user },
	{ "database", COLUMN_TEXT, put_fd_database },
	{ "addr", COLUMN_TEXT, put_fd_addr },
	{ "port", COLUMN_INT4, put_fd_port },
	{ "cancel", COLUMN_INT8, put_fd_cancel },
	{ "link", COLUMN_INT4, put_fd_link },
	{ "client_encoding", COLUMN_TEXT, put_fd_encoding },
	{ "std_strings", COLUMN_TEXT, put_fd_strings },
	{ "datestyle", COLUMN_TEXT, put_fd_datestyle },
	{ "timezone", COLUMN_TEXT, put_fd_timezone },
	{ "password", COLUMN_TEXT, put_fd_secret },
	{ "scram_client_key", COLUMN_BYTES, put_fd_secret },
	{ "scram_server_key", COLUMN_BYTES, put_fd_secret },
};

static void
put_listening_fd(struct cell *c, const void *row)
{
	cell_int(c, ((const struct pl_listening *)row)->fd);
}

static void
put_listening_address(struct cell *c, const void *row)
{
	char at[ADDRESS_TEXT];

	cell_print(c, "%s",
	    address_print(&((const struct pl_listening *)row)->at, at));
}

static const struct column listener_columns[] = {
	{ "fd", COLUMN_INT4, put_listening_fd },
	{ "address", COLUMN_TEXT, put_listening_address },
};

/* ---- the views ---------------------------------------------------------- */

const struct pl_view pl_view_ends_clients = PL_VIEW(end_columns, next_client);
const struct pl_view pl_view_ends_servers = PL_VIEW(end_columns, next_server);
const struct pl_view pl_view_ends_sockets =
    PL_VIEW(socket_columns, next_socket);
const struct pl_view pl_view_ends_active_sockets =
    PL_VIEW(socket_columns, next_active_socket);
const struct pl_view pl_view_ends_fds = PL_VIEW(fd_columns, next_fd);
const struct pl_view pl_view_ends_listeners =
    PL_VIEW(listener_columns, next_listening);
