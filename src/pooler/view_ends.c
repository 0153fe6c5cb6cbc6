/* SPDX-License-Identifier: ISC */
/*
 * view_ends.c - both kinds of ends, clients and servers, and the sockets
 * that we listen on. Rows of ends are copied on the loop where they live.
 */
#include "base/clock.h"
#include "compat.h"
#include "net/conn.h"
#include "net/socket.h"
#include "pooler/hba.h"
#include "pooler/names.h"
#include "pooler/pool.h"
#include "pooler/shelf.h"
#include "pooler/variables.h"
#include "pooler/view_ends.h"

/*
 * A client or a server, as it was when it was looked at: a copy, for it may
 * live on another loop, and be gone before its row is shown.
 */
struct end {
	bool is_server, close_needed, busy;
	uint8_t replication;		/* enum pl_replication */
	const char *state;
	char user[PL_USER_NAME + 1], database[PL_DATABASE_NAME + 1];
	char tls[72];
	struct endpoint peer, local;
	int64_t connected, requested;	/* wall time */
	int64_t age;			/* of its query, us */
	const void *at, *link;
	uint64_t id;
	struct pl_values *values;	/* held */
	unsigned prepared;
	uint32_t body;
	size_t in, out;			/* bytes read and not passed on, or not taken */
	int fd, link_fd;
	uint8_t key[8];
	uint32_t pid;			/* a server's */
};

struct fd_row {
	int fd;
	const char *task;
	bool listens;			/* at; else the end is meant */
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
	cell_text(c, END(row)->is_server ? "S" : "C");
}

static void
put_end_user(struct cell *c, const void *row)
{
	cell_text(c, END(row)->user);
}

static void
put_end_database(struct cell *c, const void *row)
{
	cell_text(c, END(row)->database);
}

static void
put_end_replication(struct cell *c, const void *row)
{
	static const char *const names[] = {
		[PL_REPLICATION_NONE] = "none",
		[PL_REPLICATION_PHYSICAL] = "physical",
		[PL_REPLICATION_LOGICAL] = "logical",
	};

	cell_text(c, names[END(row)->replication]);
}

/* Of CLIENTS and SERVERS. */
static void
put_end_state(struct cell *c, const void *row)
{
	const struct end *e = row;

	cell_text(c, !e->is_server && e->link == NULL &&
	    e->state == pl_client_state_names[PL_CLIENT_ACTIVE] ? "idle" :
	    e->state);
}

/* Of SOCKETS, where a client without a server is active too. */
static void
put_socket_state(struct cell *c, const void *row)
{
	const struct end *e = row;

	if (!e->is_server)
		cell_print(c, "cl_%s", e->state);
	else
		cell_print(c, "sv_%s",
		    e->state == pl_server_state_names[PL_SERVER_LOGIN] ?
		    "login" : e->state);
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
	put_ip(c, &END(row)->peer);
}

static void
put_end_port(struct cell *c, const void *row)
{
	cell_int(c, END(row)->peer.port);
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
	cell_time(c, END(row)->connected);
}

static void
put_end_requested(struct cell *c, const void *row)
{
	cell_time(c, END(row)->requested);
}

static void
put_end_wait(struct cell *c, const void *row)
{
	cell_int(c, END(row)->age / CLOCK_SECOND);
}

static void
put_end_wait_us(struct cell *c, const void *row)
{
	cell_int(c, END(row)->age % CLOCK_SECOND);
}

static void
put_end_close_needed(struct cell *c, const void *row)
{
	cell_int(c, END(row)->close_needed);
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
	put_pointer(c, END(row)->at);
}

static void
put_end_link(struct cell *c, const void *row)
{
	put_pointer(c, END(row)->link);
}

static void
put_end_pid(struct cell *c, const void *row)
{
	const struct end *e = row;
	int32_t pid = 0;

	if (e->is_server)
		pid = (int32_t)e->pid;
	else if (e->peer.family == AF_UNIX)
		memcpy(&pid, e->peer.ip, sizeof pid);
	cell_int(c, pid);
}

static void
put_end_tls(struct cell *c, const void *row)
{
	cell_text(c, END(row)->tls);
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
	cell_count(c, END(row)->prepared);
}

static void
put_end_id(struct cell *c, const void *row)
{
	cell_count(c, END(row)->id);
}

static void
put_socket_in(struct cell *c, const void *row)
{
	cell_count(c, END(row)->in);
}

static void
put_socket_body(struct cell *c, const void *row)
{
	cell_count(c, END(row)->body);
}

static void
put_socket_out(struct cell *c, const void *row)
{
	cell_count(c, END(row)->out);
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

/* ---- looking at them ---------------------------------------------------- */

static void
look_at_conn(struct end *e, struct conn *conn)
{
	struct address at;

	e->local = (struct endpoint){ 0 };
	e->fd = 0;
	e->out = 0;
	e->tls[0] = '\0';
	if (e->peer.family == AF_UNIX)
		e->local = e->peer;	/* the same path on both sides */
	if (conn == NULL)
		return;
	if (e->peer.family != AF_UNIX && socket_local(conn_fd(conn), &at) == 0)
		e->local = address_endpoint(&at);
	e->fd = conn_fd(conn);
	e->out = conn_stashed(conn);
	if (tls_is_on(conn))
		tls_describe(conn, e->tls, sizeof e->tls);
}

static void
look_at_times(struct end *e, int64_t connected, int64_t requested,
    int64_t query)
{
	int64_t now = clock_now(), to_wall = clock_wall() - now;

	e->connected = connected + to_wall;
	e->requested = requested + to_wall;
	e->age = query == 0 ? 0 : now - query;
}

static int
find_fd(const struct conn *conn)
{
	return conn == NULL ? 0 : conn_fd(conn);
}

/* Runs a query, or has bytes in hand. */
static bool
has_bytes(size_t in, const struct conn *conn)
{
	return in > 0 || (conn != NULL && conn_full(conn));
}

static void
look_at_client(struct end *e, const struct pl_client *c)
{
	*e = (struct end){
		.replication = c->replication,
		.state = pl_client_state_names[c->state],
		.peer = c->peer,
		.at = c, .link = c->server,
		.id = c->id,
		.values = pl_variables_hold(c->values),
		.prepared = pl_names_count(c->names),
		.body = c->body,
		.in = c->pending.len,
		.link_fd = c->server == NULL ? 0 : find_fd(c->server->conn),
		.busy = c->query_start != 0 ||
		    has_bytes(c->pending.len, c->conn),
	};
	strlcpy(e->user, c->user != NULL ? c->user->name : "(nouser)",
	    sizeof e->user);
	strlcpy(e->database, c->database != NULL ? c->database->name :
	    "(nodb)", sizeof e->database);
	memcpy(e->key, c->key, sizeof e->key);
	look_at_conn(e, c->conn);
	look_at_times(e, c->connect_time, c->request_time, c->query_start);
}

static void
look_at_server(struct end *e, const struct pl_server *s)
{
	*e = (struct end){
		.is_server = true,
		.close_needed = s->close_needed,
		.replication = s->replication && s->client != NULL ?
		    s->client->replication : PL_REPLICATION_NONE,
		.state = pl_server_state_names[s->state],
		.peer = s->peer,
		.at = s, .link = s->client,
		.id = s->id,
		.values = pl_variables_hold(s->values),
		.prepared = pl_shelf_count(s->shelf),
		.body = s->body,
		.in = s->collect.len,
		.link_fd = s->client == NULL ? 0 : find_fd(s->client->conn),
		.busy = s->state == PL_SERVER_ACTIVE ? s->status == '\0' :
		    has_bytes(s->collect.len, s->conn),
		.pid = s->pid,
	};
	strlcpy(e->user, s->pool->credential->user->name, sizeof e->user);
	strlcpy(e->database, s->pool->database->name, sizeof e->database);
	memcpy(e->key, s->key, sizeof e->key);
	look_at_conn(e, s->conn);
	look_at_times(e, s->connect_time, s->request_time, 0);
}

static void
leave_end(void *row)
{
	pl_variables_drop(&((struct end *)row)->values);
}

static uint64_t
key_end(const void *row)
{
	return END(row)->id << 1 | END(row)->is_server;
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
			look_at_client(pl_view_make(w, sizeof(struct end)), c);
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
	look_at_server(pl_view_make(w, sizeof(struct end)), s);
	return true;
}

static bool
next_socket(struct pl_walk *w)
{
	const struct pl_client *c;

	if (w->phase == 0) {
		c = walk_clients(w);
		if (c != NULL) {
			look_at_client(pl_view_make(w, sizeof(struct end)), c);
			return true;
		}
		pl_view_begin_phase(w);
	}
	return next_server(w);
}

static bool
skip_idle(struct pl_walk *w)
{
	if (END(w->row)->busy)
		return false;
	leave_end(pl_view_make(w, sizeof(struct end)));
	return true;
}

static bool
next_active_socket(struct pl_walk *w)
{
	bool more;

	do
		more = next_socket(w);
	while (more && skip_idle(w));
	return more;
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
	cell_text(c, FD(row)->listens ? NULL : FD(row)->end.user);
}

static void
put_fd_database(struct cell *c, const void *row)
{
	cell_text(c, FD(row)->listens ? NULL : FD(row)->end.database);
}

static struct endpoint
find_place(const struct fd_row *row)
{
	struct endpoint e = row->listens ? address_endpoint(&row->at.at) :
	    row->end.peer;

	if (row->listens && e.family == AF_UNIX)
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
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | FD(row)->end.key[i];
	cell_count(c, n);
}

static void
put_fd_link(struct cell *c, const void *row)
{
	cell_int(c, FD(row)->end.link_fd);
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

/* Loop 0 listens. */
static bool
look_at_listener(struct pl_walk *w, struct pl_listening *to)
{
	return pl_view_listener != NULL && w->loop == 0 &&
	    pl_view_listener(w->at++, to);
}

static bool
next_listening(struct pl_walk *w)
{
	return look_at_listener(w,
	    pl_view_make(w, sizeof(struct pl_listening)));
}

static bool
next_fd_listening(struct pl_walk *w)
{
	struct fd_row *row = pl_view_make(w, sizeof *row);

	*row = (struct fd_row){ .task = "pooler", .listens = true };
	if (!look_at_listener(w, &row->at))
		return false;
	row->fd = row->at.fd;
	return true;
}

static uint64_t
key_fd(const void *row)
{
	return FD(row)->listens ? 0 : key_end(&FD(row)->end);
}

static void
leave_fd(void *row)
{
	struct fd_row *fd = row;

	if (!fd->listens)
		leave_end(&fd->end);
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
			look_at_client(&row->end, c);
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
			look_at_server(&row->end, s);
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

#define ENDS(table, next)						\
	PL_VIEW_EVERYWHERE(table, next, struct end, leave_end, key_end)

const struct pl_view pl_view_ends_clients = ENDS(end_columns, next_client);
const struct pl_view pl_view_ends_servers = ENDS(end_columns, next_server);
const struct pl_view pl_view_ends_sockets =
    ENDS(socket_columns, next_socket);
const struct pl_view pl_view_ends_active_sockets =
    ENDS(socket_columns, next_active_socket);
const struct pl_view pl_view_ends_fds =
    PL_VIEW_EVERYWHERE(fd_columns, next_fd, struct fd_row, leave_fd, key_fd);
const struct pl_view pl_view_ends_listeners =
    PL_VIEW(listener_columns, next_listening);
