/* SPDX-License-Identifier: ISC */
/*
 * dial.c - a server's login, message by message. One table says what may
 * come in which stage; anything else ends the connection (R2).
 */
#include <stdio.h>

#include <openssl/evp.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "net/resolver.h"
#include "net/socket.h"
#include "net/timer.h"
#include "pg/md5.h"
#include "pg/message.h"
#include "pg/notice.h"
#include "pg/scram.h"
#include "pooler/dial.h"
#include "pooler/downstream.h"
#include "pooler/growth.h"
#include "pooler/hba.h"
#include "pooler/tlsconf.h"
#include "pooler/variables.h"

enum { MOST_LOGIN = 1 << 20 };	/* bytes of what a server says until then */

enum stage {
	RESOLVING, CONNECTING, ASKING_TLS, SHAKING_HANDS,
	STARTED,		/* the startup packet is out */
	SASL_BEGUN, SASL_DERIVING, SASL_PROVED, SASL_VERIFIED,
	AUTHENTICATED,		/* parameters, key, ReadyForQuery */
	ASKING,			/* connect_query */
	CANCELLING
};

struct pl_dial {
	struct pl_server *server;
	enum stage stage;
	bool cancel;
	uint8_t key[8];			/* to cancel */
	char *host;			/* as in the entry, which a reload may drop: SNI */
	bool asked;			/* the resolver owes an answer */
	struct scram_client *scram;
	struct scram_derive *derive;
	struct timer step;		/* one slice of a derivation a turn */
	struct message_writer welcome;	/* ParameterStatus for clients to come */
};

static struct resolver *resolver;

static void connect_to(struct pl_server *, const struct address *);
static const struct conn_handler dial_handler;

void
pl_dial_init(struct resolver *r)
{
	resolver = r;
}

void
pl_dial_free(struct pl_server *s)
{
	struct pl_dial *d = s->dial;

	s->dial = NULL;
	if (d == NULL)
		return;
	if (d->asked)
		resolver_cancel(resolver, d);
	timer_stop(&d->step);
	scram_client_free(&d->scram);
	scram_derive_free(&d->derive);
	message_writer_fini(&d->welcome);
	mem_drop(d->host);
	mem_drop(d);
}

/* The login failed for a reason of this connection. */
static void
fail(struct pl_server *s, const char *reason)
{
	struct pl_pool *pool = s->pool;

	if (s->state == PL_SERVER_LOGIN && !s->dial->cancel &&
	    !s->replication) {
		pl_growth_failed(pool, reason);
		if (pool->database->row->load_balance_hosts ==
		    PL_BALANCE_DISABLE)
			pool->database->next_host++;
	}
	pl_server_close(s, false, "%s", reason);
}

static void
send_written(struct pl_server *s, struct message_writer *w)
{
	if (w->failed)
		fail(s, "out of memory");
	else
		conn_send(s->conn, message_written(w));
	message_writer_fini(w);
}

/* ---- where ------------------------------------------------------------- */

static bool
connect_unix(struct pl_server *s, const char *dir)
{
	char path[256];
	struct address a;

	snprintf(path, sizeof path, "%s/.s.PGSQL.%d", dir,
	    s->pool->database->row->port);
	if (address_unix(text_of(path), &a, NULL) < 0)
		return false;
	connect_to(s, &a);
	return s->conn != NULL;
}

static void
on_resolved(void *arg, const struct resolver_answer *answer)
{
	struct pl_dial *d = arg;
	struct pl_server *s = d->server;
	struct address a;

	d->asked = false;
	if (answer->code != 0 || answer->count == 0) {
		log_warning("DNS lookup failed: %s: result=%d", d->host,
		    answer->code);
		fail(s, "server DNS lookup failed");
		return;
	}
	a = answer->addresses[s->id % answer->count];
	address_set_port(&a, (uint16_t)s->pool->database->row->port);
	connect_to(s, &a);
	if (s->state != PL_SERVER_GONE && s->conn == NULL)
		fail(s, "connect failed");
}

/* The host of this attempt: the list's next, or the one that works. */
static const char *
pick_host(struct pl_server *s)
{
	struct pl_database *db = s->pool->database;
	const struct pl_database_row *row = db->row;

	if (row->host_count == 0)
		return NULL;
	s->host = db->next_host % row->host_count;
	if (row->load_balance_hosts != PL_BALANCE_DISABLE)
		db->next_host++;
	return row->hosts[s->host];
}

static bool
start(struct pl_server *s, struct pl_dial *d)
{
	uint16_t port = (uint16_t)s->pool->database->row->port;
	const char *host = pick_host(s);
	struct address a;

	d->server = s;
	s->dial = d;
	timer_init(&d->step, loop_here(), NULL, NULL);
	d->welcome = message_writer(NULL, 0, MOST_LOGIN);
	d->host = host == NULL ? NULL : mem_copy(text_of(host));
	if (host != NULL && d->host == NULL)
		return false;
	if (host == NULL)
		return connect_unix(s, pl_settings()->unix_socket_dir);
	if (d->host[0] == '/' || d->host[0] == '@')
		return connect_unix(s, d->host);
	if (address_ip(text_of(d->host), port, &a) == 0) {
		connect_to(s, &a);
		return s->conn != NULL;
	}
	d->stage = RESOLVING;
	d->asked = true;
	resolver_ask(resolver, d->host, on_resolved, d);
	return true;
}

bool
pl_dial_start(struct pl_pool *pool, struct pl_server *s)
{
	struct pl_dial *d = mem_zero(sizeof *d);

	return d != NULL && start(s, d);
}

bool
pl_dial_cancel(struct pl_pool *pool, struct pl_server *s,
    const uint8_t key[8], const struct endpoint *same_host)
{
	struct pl_dial *d = mem_zero(sizeof *d);
	char ip[ADDRESS_TEXT];
	struct address a;

	if (d == NULL)
		return false;
	d->cancel = true;
	memcpy(d->key, key, sizeof d->key);
	if (same_host->family != AF_INET && same_host->family != AF_INET6)
		return start(s, d);
	d->server = s;
	s->dial = d;
	timer_init(&d->step, loop_here(), NULL, NULL);
	if (address_ip(text_of(endpoint_ip(same_host, ip)), same_host->port,
	    &a) < 0)
		return false;
	connect_to(s, &a);
	return s->conn != NULL;
}

static void
connect_to(struct pl_server *s, const struct address *a)
{
	s->peer = address_endpoint(a);
	if (s->peer.family == AF_UNIX)
		s->peer.port = (uint16_t)s->pool->database->row->port;
	s->dial->stage = CONNECTING;
	s->conn = conn_dial(loop_here(), a, NULL, NULL, 0, &dial_handler, s);
}

/* ---- startup ----------------------------------------------------------- */

enum { MOST_PAIRS = 64 };

struct pairs {
	struct text at[MOST_PAIRS][2];
	unsigned count;
};

static void
add_text(struct pairs *p, const char *name, struct text value)
{
	if (value.at == NULL || p->count == MOST_PAIRS)
		return;
	p->at[p->count][0] = text_of(name);
	p->at[p->count++][1] = value;
}

static void
add_pair(struct pairs *p, const char *name, const char *value)
{
	add_text(p, name, text_of(value));
}

/* A replication connection is its client's own: it gets what the client said. */
static void
add_replication(struct pairs *p, const struct pl_client *c)
{
	add_pair(p, "replication", c->replication ==
	    PL_REPLICATION_LOGICAL ? "database" : "true");
	for (unsigned i = 0; i < pl_variables_count(); i++)
		add_text(p, pl_variables_name(i),
		    pl_variables_get(c->values, i));
	if (c->extra != NULL)
		add_pair(p, "options", c->extra->replication_options);
}

static void
send_startup(struct pl_server *s)
{
	const struct pl_database_row *row = s->pool->database->row;
	struct message_writer w = message_writer(NULL, 0, 65536);
	struct pairs pairs = { .count = 0 };

	add_pair(&pairs, "database", row->dbname);
	add_pair(&pairs, "client_encoding", row->client_encoding);
	add_pair(&pairs, "datestyle", row->datestyle);
	add_pair(&pairs, "timezone", row->timezone);
	add_pair(&pairs, "application_name", row->application_name);
	if (s->replication && s->client != NULL)
		add_replication(&pairs, s->client);
	add_pair(&pairs, "user", s->pool->credential->user->name);
	message_add_startup(&w, (const struct text (*)[2])pairs.at,
	    pairs.count);
	s->dial->stage = STARTED;
	send_written(s, &w);
}

static void
send_cancel(struct pl_server *s)
{
	struct message_writer w = message_writer(NULL, 0, 64);

	s->dial->stage = CANCELLING;
	message_add_cancel(&w, (const char *)s->dial->key);
	send_written(s, &w);
}

static bool
wants_tls(const struct pl_server *s)
{
	return s->peer.family != AF_UNIX && pl_tlsconf_servers() != NULL;
}

static void
log_connected(struct pl_server *s)
{
	char from[ADDRESS_TEXT];
	struct address local;

	if (!pl_settings()->log_connections)
		return;
	if (s->peer.family != AF_UNIX &&
	    socket_local(conn_fd(s->conn), &local) == 0)
		pl_server_log(s, LOG_LEVEL_LOG,
		    "new connection to server (from %s)",
		    address_print(&local, from));
	else
		pl_server_log(s, LOG_LEVEL_LOG, "new connection to server");
}

static void
on_ready(struct conn *conn)
{
	struct pl_server *s = conn_owner(conn);
	struct pl_dial *d = s->dial;
	char tls[96];

	if (d->stage == SHAKING_HANDS) {
		if (pl_settings()->log_connections)
			pl_server_log(s, LOG_LEVEL_LOG, "SSL established: %s",
			    tls_describe(conn, tls, sizeof tls));
		send_startup(s);
		return;
	}
	if (s->peer.family != AF_UNIX)
		pl_settings_tune(conn_fd(s->conn));
	log_connected(s);
	if (d->cancel) {
		send_cancel(s);
	} else if (wants_tls(s)) {
		struct message_writer w = message_writer(NULL, 0, 64);

		d->stage = ASKING_TLS;
		message_add_ssl_request(&w);
		send_written(s, &w);
	} else {
		send_startup(s);
	}
}

static void
on_tls_answer(struct pl_server *s, struct text slice)
{
	if (slice.len > 1)
		fail(s, "received unencrypted data after SSL response");
	else if (slice.at[0] == 'S') {
		s->dial->stage = SHAKING_HANDS;
		conn_start_tls(s->conn, pl_tlsconf_servers(), s->dial->host,
		    TEXT_NONE);
	} else if (slice.at[0] != 'N')
		fail(s, "bad response to SSL request");
	else if (pl_settings()->server_tls_sslmode >= PL_SSL_REQUIRE)
		fail(s, "server refused SSL");
	else
		send_startup(s);
}

/* ---- authentication ---------------------------------------------------- */

static struct text
secret_text(const struct pl_credential *c)
{
	return c->secret == NULL ? TEXT("") : text_of(c->secret);
}

/* The credential's kind of secret cannot answer: those who wait hear so. */
static void
fail_type(struct pl_server *s, const char *line)
{
	pl_server_log(s, LOG_LEVEL_ERROR, "%s", line);
	pl_pool_refuse(s->pool, "08P01",
	    "server login failed: wrong password type");
	if (s->state == PL_SERVER_LOGIN)
		fail(s, "server login failed: wrong password type");
}

static void
send_password(struct pl_server *s, struct text password)
{
	char mem[4096];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	message_add_password(&w, password);
	send_written(s, &w);
	secret_wipe(mem, sizeof mem);
}

static void
answer_md5(struct pl_server *s, const char salt[4])
{
	const struct pl_credential *c = s->pool->credential;
	char answer[MD5_TEXT + 1];

	if (c->kind == PL_SECRET_SCRAM)
		fail_type(s, "cannot do MD5 authentication: "
		    "wrong password type");
	else if (md5_answer(secret_text(c), text_of(c->user->name), salt,
	    answer) < 0)
		fail(s, "failed to answer authreq");
	else
		send_password(s, text_of(answer));
}

static void
send_proof(struct pl_server *s, const struct scram_keys *keys)
{
	struct message_writer w = message_writer(NULL, 0, 65536);
	struct text message;

	if (scram_client_final(s->dial->scram, keys, &message) < 0) {
		fail(s, "failed to answer authreq");
		return;
	}
	message_add_sasl_response(&w, message);
	s->dial->stage = SASL_PROVED;
	send_written(s, &w);
}

/* One slice of the long computation; the rest in turns to come. */
static void
on_step(void *arg)
{
	struct pl_server *s = arg;
	struct pl_dial *d = s->dial;
	struct scram_keys keys;

	if (!scram_derive_step(d->derive, SCRAM_STEP)) {
		timer_after(&d->step, 0);
		return;
	}
	if (scram_derive_keys(d->derive, &keys) < 0)
		fail(s, "failed to answer authreq");
	else
		send_proof(s, &keys);
	secret_wipe(&keys, sizeof keys);
}

static void
begin_derive(struct pl_server *s)
{
	struct pl_dial *d = s->dial;

	d->derive = scram_derive_new(secret_text(s->pool->credential),
	    scram_client_salt(d->scram), scram_client_iterations(d->scram));
	if (d->derive == NULL) {
		fail(s, "failed to answer authreq");
		return;
	}
	d->stage = SASL_DERIVING;
	timer_stop(&d->step);
	timer_init(&d->step, loop_here(), on_step, s);
	on_step(s);
}

/* What the client proved to us proves us to a server with the same secret. */
static void
pass_through(struct pl_server *s)
{
	const struct pl_credential *c = s->pool->credential;
	struct scram_secret secret;
	struct scram_keys keys;

	if (!c->has_keys || scram_secret_parse(secret_text(c), &secret) < 0) {
		fail_type(s, "cannot do SCRAM authentication: password is "
		    "SCRAM secret but client authentication did not "
		    "provide SCRAM keys");
		return;
	}
	memcpy(keys.client, c->client_key, SCRAM_KEY);
	memcpy(keys.stored, secret.stored, SCRAM_KEY);
	memcpy(keys.server, c->server_key, SCRAM_KEY);
	send_proof(s, &keys);
	secret_wipe(&keys, sizeof keys);
}

static void
begin_sasl(struct pl_server *s, struct text mechanisms)
{
	struct message_writer w = message_writer(NULL, 0, 4096);
	struct pl_dial *d = s->dial;
	char nonce[SCRAM_NONCE_TEXT];

	if (!scram_offered(mechanisms)) {
		fail(s, "none of the server's SASL authentication mechanisms "
		    "are supported");
		return;
	}
	if (s->pool->credential->kind == PL_SECRET_MD5) {
		fail_type(s, "cannot do SCRAM authentication: "
		    "wrong password type");
		return;
	}
	if (s->pool->credential->kind == PL_SECRET_SCRAM &&
	    !s->pool->credential->has_keys) {
		pass_through(s);
		return;
	}
	if (scram_nonce(nonce) == 0)
		d->scram = scram_client_new((struct text){ nonce,
		    sizeof nonce });
	if (d->scram == NULL) {
		fail(s, "failed to answer authreq");
		return;
	}
	message_add_sasl_initial(&w, TEXT(SCRAM_MECHANISM),
	    scram_client_first(d->scram));
	d->stage = SASL_BEGUN;
	send_written(s, &w);
}

static void
continue_sasl(struct pl_server *s, struct text message)
{
	struct why why;

	if (scram_client_challenge(s->dial->scram, message, &why) < 0) {
		pl_server_log(s, LOG_LEVEL_ERROR, "%s", why.line);
		fail(s, "failed to answer authreq");
	} else if (s->pool->credential->kind == PL_SECRET_SCRAM)
		pass_through(s);
	else
		begin_derive(s);
}

static void
finish_sasl(struct pl_server *s, struct text message)
{
	struct why why;

	if (scram_client_verify(s->dial->scram, message, &why) < 0) {
		pl_server_log(s, LOG_LEVEL_ERROR, "%s", why.line);
		fail(s, "failed to answer authreq");
		return;
	}
	s->dial->stage = SASL_VERIFIED;
}

static void
on_auth(struct pl_server *s, struct text body)
{
	struct message_reader r = message_reader(body);
	struct pl_dial *d = s->dial;
	struct text salt;
	uint32_t code;

	if (!message_read_u32(&r, &code)) {
		fail(s, "failed to answer authreq");
	} else if (code == MESSAGE_AUTH_OK && (d->stage == STARTED ||
	    d->stage == SASL_VERIFIED)) {
		d->stage = AUTHENTICATED;
	} else if (code == MESSAGE_AUTH_CLEARTEXT && d->stage == STARTED) {
		send_password(s, secret_text(s->pool->credential));
	} else if (code == MESSAGE_AUTH_MD5 && d->stage == STARTED &&
	    message_read_bytes(&r, 4, &salt)) {
		answer_md5(s, salt.at);
	} else if (code == MESSAGE_AUTH_SASL && d->stage == STARTED) {
		begin_sasl(s, message_read_rest(&r));
	} else if (code == MESSAGE_AUTH_SASL_CONTINUE &&
	    d->stage == SASL_BEGUN) {
		continue_sasl(s, message_read_rest(&r));
	} else if (code == MESSAGE_AUTH_SASL_FINAL &&
	    d->stage == SASL_PROVED) {
		finish_sasl(s, message_read_rest(&r));
	} else {
		pl_server_log(s, LOG_LEVEL_ERROR,
		    "unknown/unsupported auth method: %u", code);
		fail(s, "failed to answer authreq");
	}
}

/* ---- after authentication ---------------------------------------------- */

/* The server's own error: those who wait in vain are told in its words. */
static void
on_error(struct pl_server *s, struct text body)
{
	struct pl_pool *pool = s->pool;
	char message[128], code[8];
	struct notice n;

	notice_parse(body, &n);
	snprintf(message, sizeof message, "%.*s", TEXT_ARG(n.message));
	snprintf(code, sizeof code, "%.*s", TEXT_ARG(n.code));
	if (s->dial->stage == ASKING) {
		log_error("S: error while executing exec_on_query: %.*s: %s",
		    TEXT_ARG(n.severity), message);
		return;
	}
	log_warning("server login failed: %.*s %s", TEXT_ARG(n.severity),
	    message);
	if (!s->replication) {
		pool->last_login_failed = true;
		pl_growth_failed(pool, message);
	}
	if (strcmp(code, "57P03") != 0 && !s->replication &&
	    pl_pool_is_new(pool))
		pl_pool_refuse(pool, code, message);
	pl_server_close(s, false, "%s", message);
}

static void
on_parameter(struct pl_server *s, struct text body)
{
	struct message_reader r = message_reader(body);
	struct text name, value;

	if (pl_downstream_parameter(s, body) < 0 ||
	    !message_read_string(&r, &name) ||
	    !message_read_string(&r, &value)) {
		fail(s, "broken ParameterStatus packet");
		return;
	}
	if (pl_variables_find(name) < 0)
		message_add_parameter_status(&s->dial->welcome, name, value);
}

static void
keep_welcome(struct pl_server *s)
{
	struct pl_pool *pool = s->pool;
	struct text t = message_written(&s->dial->welcome);
	char *copy;

	if (pool->welcome_ready)
		return;
	copy = mem_copy(t);
	if (copy == NULL)
		return;
	mem_drop(pool->welcome);
	pool->welcome = copy;
	pool->welcome_len = t.len;
	if (pool->defaults != NULL)
		pl_variables_drop(&pool->defaults);
	pool->defaults = pl_variables_hold(s->values);
	pool->welcome_ready = true;
}

static void
on_ready_for_query(struct pl_server *s, struct text body)
{
	const char *query = s->pool->database->row->connect_query;
	struct message_writer w;

	if (s->dial->stage == AUTHENTICATED && query != NULL) {
		w = message_writer(NULL, 0, 1 << 20);
		message_add_query(&w, text_of(query));
		s->dial->stage = ASKING;
		send_written(s, &w);
		return;
	}
	if (body.len != 1 || body.at[0] != 'I') {
		fail(s, "server not idle after login");
		return;
	}
	if (s->dial->welcome.failed) {
		fail(s, "out of memory");
		return;
	}
	keep_welcome(s);
	s->status = 'I';
	pl_dial_free(s);
	conn_hand_to(s->conn, &pl_downstream_handler, s);
	pl_pool_ready(s->pool, s);
}

static void
on_message(struct pl_server *s, char type, struct text body)
{
	enum stage stage = s->dial->stage;
	bool in = stage == AUTHENTICATED || stage == ASKING;

	if (type == 'E')
		on_error(s, body);
	else if (type == 'N')
		return;
	else if (type == 'R' && !in)
		on_auth(s, body);
	else if (type == 'S' && in)
		on_parameter(s, body);
	else if (type == 'K' && stage == AUTHENTICATED && body.len == 8) {
		s->pid = message_u32_at(body.at);
		memcpy(s->key, body.at, sizeof s->key);
	} else if (type == 'Z' && in)
		on_ready_for_query(s, body);
	else if (stage == ASKING || type == 'v')
		return;
	else {
		pl_server_log(s, LOG_LEVEL_ERROR,
		    "unknown pkt from server: '%c'", type);
		fail(s, "unknown pkt");
	}
}

/* ---- the stream -------------------------------------------------------- */

/* Eats whole messages; the rest is kept. Ends with the login stage. */
static size_t
eat_messages(struct pl_server *s, struct text t)
{
	size_t pos = 0;

	while (s->state == PL_SERVER_LOGIN && s->dial != NULL) {
		struct text rest = text_from(t, pos);
		uint32_t size;
		char type;

		switch (message_peek(rest, &type, &size)) {
		case MESSAGE_MORE:
			return pos;
		case MESSAGE_BAD:
			fail(s, "bad packet header");
			return pos;
		case MESSAGE_OK:
			break;
		}
		if (size > MOST_LOGIN) {
			fail(s, "packet too large");
			return pos;
		}
		if (size > rest.len)
			return pos;
		pos += size;
		on_message(s, type, message_body(rest, size));
	}
	return pos;
}

static void
eat(struct pl_server *s, struct text t)
{
	size_t pos = eat_messages(s, t);

	if (s->state == PL_SERVER_GONE || pos == t.len)
		return;
	if (s->dial == NULL) {		/* logged in; more than was asked */
		pl_server_close(s, true, "unexpected data after login");
		return;
	}
	if (buffer_add(&s->collect, loop_stock(loop_here()),
	    text_from(t, pos)) < 0)
		fail(s, "out of memory");
}

static void
on_data(struct conn *conn, struct text slice)
{
	struct pl_server *s = conn_owner(conn);
	struct stock *stock = loop_stock(loop_here());
	char *mem;
	size_t len;

	s->answer_time = loop_now(loop_here());
	if (s->dial->stage == ASKING_TLS) {
		on_tls_answer(s, slice);
		return;
	}
	if (s->dial->stage == CANCELLING)
		return;
	if (buffer_empty(&s->collect)) {
		eat(s, slice);
		return;
	}
	len = s->collect.len + slice.len;
	mem = mem_get(len);
	if (mem == NULL) {
		fail(s, "out of memory");
		return;
	}
	buffer_copy(&s->collect, mem);
	memcpy(mem + s->collect.len, slice.at, slice.len);
	buffer_fini(&s->collect, stock);
	eat(s, (struct text){ mem, len });
	mem_drop(mem);
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct pl_server *s = conn_owner(conn);
	enum stage stage = s->dial->stage;
	const char *detail = conn_error(conn);

	buffer_fini(&s->collect, loop_stock(loop_here()));
	s->conn = NULL;
	if (stage == CANCELLING) {
		pl_server_close(s, false, "successfully sent cancel request");
	} else if (stage == CONNECTING) {
		if (detail[0] != '\0')
			pl_server_log(s, LOG_LEVEL_WARNING,
			    "connect failed: %s", detail);
		fail(s, reason == &close_connect_timeout ?
		    "connect timeout" : "connect failed");
	} else if (stage == SHAKING_HANDS) {
		pl_server_log(s, LOG_LEVEL_WARNING,
		    "TLS handshake error: %s", detail);
		fail(s, "server conn crashed?");
	} else
		fail(s, "server conn crashed?");
}

static const struct conn_handler dial_handler = {
	.ready = on_ready,
	.data = on_data,
	.closed = on_closed,
};
