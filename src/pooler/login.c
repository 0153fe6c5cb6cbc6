/* SPDX-License-Identifier: ISC */
/*
 * login.c - the stages of a login: first packet, TLS, whose login it is,
 * proof, place in the limits, welcome. Exactly one startup packet is taken
 * (R15); until the proof is done nothing of the client is forwarded.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/socket.h"
#include "pg/message.h"
#include "pg/startup.h"
#include "pooler/auths.h"
#include "pooler/cancel.h"
#include "pooler/dealer.h"
#include "pooler/hba.h"
#include "pooler/login.h"
#include "pooler/lookup.h"
#include "pooler/pool.h"
#include "pooler/setup.h"
#include "pooler/tlsconf.h"
#include "pooler/upstream.h"
#include "pooler/variables.h"

enum stage {
	FIRST,			/* the next packet has no type byte */
	SHAKING_HANDS,		/* TLS */
	LOOKING_UP,		/* auth_query is under way */
	PROVING,		/* a password message is to come */
	IN_LINE			/* authenticated; waits for its welcome */
};

enum { MOST_PASSWORD = 65535, MOST_SASL = 4096, MOST_EXTENSIONS = 16 };

struct pl_login {
	enum stage stage;
	bool received;			/* at least one byte came */
	char *user, *database;		/* as the client gave them */
	enum pl_auth_type type;
	char *map;			/* the HBA rule's; a reload frees that */
	struct pl_proof proof;
	struct text options;		/* during startup only, as the next */
	struct text extensions[MOST_EXTENSIONS];	/* _pq_.* */
	unsigned extension_count;
};

void (*pl_login_console)(struct pl_client *);

void
pl_login_free(struct pl_client *c)
{
	struct pl_login *l = c->login;

	c->login = NULL;
	c->claimed = NULL;
	pl_lookup_free(c);
	if (l == NULL)
		return;
	scram_server_free(&l->proof.scram);
	mem_drop(l->user);
	mem_drop(l->database);
	mem_drop(l->map);
	mem_drop(l);
}

static void
refuse(struct pl_client *c, const char *text)
{
	pl_client_close(c, true, "%s", text);
}

static bool
is_console(const struct pl_login *l)
{
	return strcmp(l->database, "pgbouncer") == 0;
}

/* ---- welcome ----------------------------------------------------------- */

static void
welcome(struct pl_client *c)
{
	char mem[2048];
	struct message_writer w = message_writer(mem, sizeof mem, 1 << 20);
	size_t head;

	/* What the client left open is as the server has it. */
	if (pl_variables_complete(&c->values, c->pool->defaults) < 0) {
		refuse(c, "out of memory");
		return;
	}
	message_add_auth_ok(&w);
	head = w.len;
	for (unsigned i = 0; i < pl_variables_count(); i++) {
		struct text value = pl_variables_get(c->values, i);

		if (value.at != NULL)
			message_add_parameter_status(&w,
			    text_of(pl_variables_name(i)), value);
	}
	message_add_backend_key(&w, (const char *)c->key);
	message_add_ready(&w, 'I');
	if (w.failed) {
		message_writer_fini(&w);
		refuse(c, "out of memory");
		return;
	}
	c->welcomed = true;
	pl_login_free(c);
	if (c->state != PL_CLIENT_ACTIVE)
		pl_client_enter(c, PL_CLIENT_ACTIVE);
	conn_hand_to(c->conn, &pl_upstream_handler, c);
	conn_cork(c->conn);
	conn_send(c->conn, (struct text){ w.at, head });
	conn_send(c->conn, (struct text){ c->pool->welcome,
	    c->pool->welcome_len });
	conn_send(c->conn, text_from(message_written(&w), head));
	conn_uncork(c->conn);
	message_writer_fini(&w);
	c->request_time = loop_now(conn_loop(c->conn));
	pl_upstream_give_back(c);
	if (!pl_dealer_deal(c) && !buffer_empty(&c->pending))
		pl_upstream_go(c);
}

static void
seek_welcome(struct pl_client *c)
{
	if (c->pool->welcome_ready) {
		welcome(c);
		return;
	}
	c->login->stage = IN_LINE;
	conn_hold(c->conn);
	if (pl_pool_want(c->pool, c))
		pl_login_granted(c);
}

void
pl_login_granted(struct pl_client *c)
{
	if (c->login == NULL) {
		pl_upstream_go(c);
		return;
	}
	if (c->looks_up) {
		pl_lookup_granted(c);
		return;
	}
	conn_resume(c->conn);
	if (c->pool->welcome_ready)
		welcome(c);
	else
		refuse(c, "no welcome from server");
}

/* ---- after the proof --------------------------------------------------- */

static struct pl_credential *
server_credential(struct pl_client *c)
{
	struct pl_credential *forced = c->database->forced;

	if (forced == NULL)
		return c->login->proof.credential;
	if (forced->secret == NULL && forced->user->own.secret != NULL)
		return &forced->user->own;
	return forced;
}

static bool
over_limits(struct pl_client *c, const struct pl_user *user)
{
	int db_most = pl_database_max_clients(c->database);
	int user_most = pl_user_max_clients(user);

	if (is_console(c->login))
		return false;
	if (db_most > 0 && c->database->clients >= db_most)
		refuse(c, "client connections exceeded "
		    "(max_db_client_connections)");
	else if (user_most > 0 && user->clients >= user_most)
		refuse(c, "client connections exceeded "
		    "(max_user_client_connections)");
	else
		return false;
	return true;
}

static void
enter_console(struct pl_client *c)
{
	struct pl_login *l = c->login;
	struct pl_user named = { .name = l->user };
	struct message_writer w = message_writer(NULL, 0, 64);
	bool admin = c->admin || pl_user_is_admin(&named);

	if (!admin && !pl_user_is_stats(&named) &&
	    l->type != PL_AUTH_ANY) {
		refuse(c, "not allowed");
		return;
	}
	c->admin = admin;
	pl_client_set_pool(c, TAILQ_FIRST(&pl_database_admin->pools));
	c->welcomed = true;
	pl_login_free(c);
	pl_client_enter(c, PL_CLIENT_ACTIVE);
	message_add_auth_ok(&w);
	conn_send(c->conn, message_written(&w));
	message_writer_fini(&w);
	pl_login_console(c);
}

static void
proved(struct pl_client *c)
{
	struct pl_login *l = c->login;
	struct pl_user *user = l->proof.credential->user;
	struct pl_pool *pool;

	c->user = user;
	if (c->database == NULL || c->database->dead) {
		pl_client_close(c, true, "no such database: %s", l->database);
		return;
	}
	if (c->database->disabled) {
		pl_client_close(c, true, "database \"%s\" is disabled",
		    c->database->name);
		return;
	}
	if (pl_leaving != PL_STAYS && !is_console(l)) {
		refuse(c, "pooler is shutting down");
		return;
	}
	if (over_limits(c, user))
		return;
	c->database->clients++;
	user->clients++;
	c->counted = true;
	if (pl_cancel_make_key(c->key) < 0) {
		refuse(c, "no randomness");
		return;
	}
	if (is_console(l)) {
		enter_console(c);
		return;
	}
	pool = pl_pools_get(c->database, server_credential(c));
	if (pool == NULL) {
		refuse(c, "no memory for pool");
		return;
	}
	pl_client_set_pool(c, pool);
	seek_welcome(c);
}

static void
settle(struct pl_client *c, enum pl_auth_verdict verdict,
    struct message_writer *w)
{
	struct pl_login *l = c->login;
	const char *refusal;

	if (w->failed) {
		refuse(c, "out of memory");
	} else if (verdict == PL_AUTH_NO) {
		refusal = l->proof.refusal != NULL ? l->proof.refusal :
		    l->proof.auth->refusal;
		if (pl_settings()->log_connections)
			pl_client_log(c, LOG_LEVEL_LOG,
			    "login failed: db=%s user=%s", l->database,
			    l->user);
		refuse(c, refusal);
	} else {
		if (w->len > 0)
			conn_send(c->conn, message_written(w));
		l->stage = PROVING;
		if (verdict == PL_AUTH_YES)
			proved(c);
	}
	message_writer_fini(w);
}

/* ---- who it is, and how it is to prove it ------------------------------ */

static void
begin_proof(struct pl_client *c, struct pl_credential *credential)
{
	struct message_writer w = message_writer(NULL, 0, 8192);
	struct pl_login *l = c->login;
	struct pl_proof *p = &l->proof;

	p->auth = pl_auths_find(l->type, credential);
	p->client = c;
	p->credential = credential;
	p->user = l->user;
	if (credential == NULL)
		pl_client_log(c, LOG_LEVEL_LOG, "no such user: %s", l->user);
	c->claimed = l->user;
	settle(c, p->auth->begin(p, &w), &w);
}

/* Where the answers of auth_query are kept. */
static struct pl_credential *
keep_answer(struct pl_client *c, const struct pl_lookup_answer *answer)
{
	struct pl_database *db = c->database != NULL ? c->database :
	    pl_database_admin;
	struct pl_credential *credential = map_find(db->looked_up,
	    answer->name);
	struct pl_user *user;

	if (credential == NULL) {
		user = pl_user_get(answer->name);
		credential = user == NULL ? NULL : pl_credential_new(user);
		if (credential == NULL)
			return NULL;
		if (map_put(&db->looked_up, answer->name, credential) < 0) {
			pl_credential_free(&credential);
			return NULL;
		}
	}
	if (pl_credential_set(credential, answer->secret) < 0)
		return NULL;
	credential->impossible = answer->secret.at == NULL;
	return credential;
}

static void
on_looked_up(struct pl_client *c, const struct pl_lookup_answer *answer)
{
	struct pl_credential *credential;
	char *name;

	conn_resume(c->conn);
	if (answer->failed != NULL) {
		refuse(c, answer->failed);
		return;
	}
	if (!answer->found) {
		pl_client_log(c, LOG_LEVEL_LOG, "no such user: %s",
		    c->login->user);
		refuse(c, "no such user");
		return;
	}
	credential = keep_answer(c, answer);
	name = mem_copy(answer->name);
	if (credential == NULL || name == NULL) {
		mem_drop(name);
		refuse(c, "out of memory");
		return;
	}
	/* The name as the database has it is who logs in. */
	c->claimed = NULL;
	mem_drop(c->login->user);
	c->login->user = name;
	c->user = credential->user;
	begin_proof(c, credential);
}

static bool
must_look_up(const struct pl_client *c, const struct pl_credential *own)
{
	enum pl_auth_type type = c->login->type;

	if (own != NULL && own->secret != NULL)
		return false;
	if (is_console(c->login) && pl_settings()->auth_dbname == NULL)
		return false;
	return pl_lookup_user(c->database) != NULL &&
	    type != PL_AUTH_REJECT && type != PL_AUTH_ANY &&
	    (c->database != NULL || pl_settings()->auth_dbname != NULL);
}

static bool
find_rule(struct pl_client *c)
{
	struct pl_login *l = c->login;
	struct pl_hba_question q = {
		.link = c->peer.family == AF_UNIX ? PL_HBA_LOCAL :
		    tls_is_on(c->conn) ? PL_HBA_TLS : PL_HBA_PLAIN,
		.from = &c->peer,
		.database = text_of(l->database),
		.user = text_of(l->user),
		.replication = c->replication,
	};
	const struct pl_hba_answer *rule;

	if (l->type != PL_AUTH_HBA)
		return true;
	rule = pl_hba_match(pl_setup_now()->hba, &q);
	if (rule == NULL) {
		refuse(c, "no authentication method is found");
		return false;
	}
	l->type = rule->method;
	if (rule->map == NULL)
		return true;
	l->map = mem_copy(text_of(rule->map));
	if (l->map == NULL) {
		refuse(c, "out of memory");
		return false;
	}
	l->proof.map = l->map;
	return true;
}

static void
begin_any(struct pl_client *c)
{
	struct pl_credential *forced = c->database == NULL ? NULL :
	    c->database->forced;

	if (c->database != NULL && forced == NULL) {
		pl_client_log(c, LOG_LEVEL_ERROR,
		    "auth_type=any requires forced user");
		refuse(c, "bouncer config error");
		return;
	}
	if (forced == NULL)
		forced = pl_database_admin->forced;
	c->user = forced->user;
	begin_proof(c, forced);
}

static void
identify(struct pl_client *c)
{
	struct pl_login *l = c->login;
	struct pl_user *user = pl_user_find(text_of(l->user));
	struct pl_credential *own;

	l->type = (enum pl_auth_type)pl_settings()->auth_type;
	if (!find_rule(c))
		return;
	if (l->type == PL_AUTH_ANY) {
		begin_any(c);
		return;
	}
	own = user != NULL && (user->listed || user->row != NULL) ?
	    &user->own : NULL;
	if (own != NULL) {
		c->user = user;
		if (c->database != NULL && over_limits(c, user))
			return;
	}
	if (!must_look_up(c, own)) {
		begin_proof(c, own);
		return;
	}
	if (l->type == PL_AUTH_PAM || l->type == PL_AUTH_LDAP) {
		pl_client_log(c, LOG_LEVEL_ERROR, "%s can't be used together "
		    "with database authentication",
		    l->type == PL_AUTH_PAM ? "PAM" : "LDAP");
		refuse(c, "bouncer config error");
		return;
	}
	l->stage = LOOKING_UP;
	conn_hold(c->conn);
	pl_lookup_start(c, c->database, l->user, on_looked_up);
}

/* The process's own user, over the unix socket, is the console's admin. */
static bool
is_own_admin(const struct pl_client *c)
{
	int32_t uid;

	memcpy(&uid, c->peer.ip + 4, sizeof uid);
	return c->peer.family == AF_UNIX && is_console(c->login) &&
	    strcmp(c->login->user, "pgbouncer") == 0 &&
	    uid == (int32_t)geteuid();
}

static void
log_attempt(struct pl_client *c)
{
	static const char *const replications[] = { "no", "yes", "database" };
	char tls[96];

	if (!pl_settings()->log_connections)
		return;
	pl_client_log(c, LOG_LEVEL_LOG, "login attempt: db=%s user=%s tls=%s "
	    "replication=%s", c->login->database, c->login->user,
	    tls_is_on(c->conn) ? tls_describe(c->conn, tls, sizeof tls) :
	    "no", replications[c->replication]);
}

static void
decide(struct pl_client *c)
{
	struct pl_login *l = c->login;
	struct pl_database *db = is_console(l) ? pl_database_admin :
	    pl_database_find(text_of(l->database));

	/* Known already, the log lines name them. */
	c->database = db;
	c->user = pl_user_find(text_of(l->user));
	log_attempt(c);
	c->user = NULL;
	if (!is_console(l) && pl_client_count() >
	    (unsigned)pl_settings()->max_client_conn) {
		refuse(c, "no more connections allowed (max_client_conn)");
		return;
	}
	if (db == NULL)
		c->database = db = pl_database_get(text_of(l->database));
	if (db != NULL && db->dead)
		c->database = NULL;
	if (is_own_admin(c)) {
		c->claimed = l->user;
		pl_client_log(c, LOG_LEVEL_LOG,
		    "pgbouncer access from unix socket");
		c->admin = true;
		l->proof.credential = pl_database_admin->forced;
		proved(c);
		return;
	}
	identify(c);
}

/* ---- the startup packet ------------------------------------------------ */

static int
put_value(struct pl_client *c, int which, struct text value)
{
	if (pl_variables_put(&c->values, (unsigned)which, value) == 0)
		return 0;
	refuse(c, "out of memory");
	return -1;
}

/* Names that mean the same as parameters and inside 'options'. */
static int
take_tracked(struct pl_client *c, struct text name, struct text value)
{
	const char *ignored = pl_settings()->ignore_startup_parameters;
	int which = pl_variables_find(name);

	if (which >= 0)
		return put_value(c, which, value);
	return pl_settings_lists(ignored, name) ? 0 : 1;
}

static int
take_options(struct pl_client *c, struct text options)
{
	char *scratch = mem_get(options.len + 1);
	struct startup_options walk = startup_options(options, scratch);
	bool lenient = pl_settings_lists(
	    pl_settings()->ignore_startup_parameters, TEXT("options"));
	struct text name, value;
	struct why why;
	int more, outcome = 0;

	if (scratch == NULL) {
		refuse(c, "out of memory");
		return -1;
	}
	while ((more = startup_option(&walk, &name, &value, &why)) > 0) {
		outcome = take_tracked(c, name, value);
		if (outcome > 0 && !lenient) {
			pl_client_close(c, true, "unsupported startup "
			    "parameter in options: %.*s", TEXT_ARG(name));
			outcome = -1;
		}
		if (outcome < 0)
			break;
	}
	mem_drop(scratch);
	if (more < 0 && !lenient)
		refuse(c, why.line);
	return outcome < 0 || (more < 0 && !lenient) ? -1 : 0;
}

/* A replication connection hands its options on as they are. */
static int
apply_options(struct pl_client *c, struct text options)
{
	c->login->options = TEXT_NONE;
	if (!c->replication)
		return take_options(c, options);
	if (c->extra == NULL)
		c->extra = mem_zero(sizeof *c->extra);
	if (c->extra != NULL) {
		mem_drop(c->extra->replication_options);
		c->extra->replication_options = mem_copy(options);
	}
	if (c->extra != NULL && c->extra->replication_options != NULL)
		return 0;
	refuse(c, "out of memory");
	return -1;
}

static bool
is_true(struct text t)
{
	static const char *const words[] = { "true", "on", "yes", "1", "t",
	    "y" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (text_is_nocase(t, words[i]))
			return true;
	return false;
}

static int
take_name(struct pl_client *c, char **to, struct text value)
{
	mem_drop(*to);
	*to = mem_copy(value);
	if (*to != NULL)
		return 0;
	refuse(c, "out of memory");
	return -1;
}

static int
take_parameter(struct pl_client *c, struct text name, struct text value)
{
	struct pl_login *l = c->login;

	if (text_is(name, "user"))
		return take_name(c, &l->user, value);
	if (text_is(name, "database"))
		return take_name(c, &l->database, value);
	if (text_is(name, "options")) {
		l->options = value;
		return 0;
	}
	if (text_is(name, "replication")) {
		c->replication = text_is_nocase(value, "database") ?
		    PL_REPLICATION_LOGICAL : is_true(value) ?
		    PL_REPLICATION_PHYSICAL : PL_REPLICATION_NONE;
		return 0;
	}
	if (startup_is_extension(name)) {
		if (l->extension_count < MOST_EXTENSIONS)
			l->extensions[l->extension_count++] = name;
		return 0;
	}
	switch (take_tracked(c, name, value)) {
	case 0:
		return 0;
	case 1:
		pl_client_close(c, true, "unsupported startup parameter: %.*s",
		    TEXT_ARG(name));
		return -1;
	default:
		return -1;
	}
}

/* application_name_add_host: "NAME - ADDR:PORT". */
static int
add_host(struct pl_client *c)
{
	int which = pl_variables_find(TEXT("application_name"));
	struct text name = pl_variables_get(c->values, (unsigned)which);
	char peer[ADDRESS_TEXT], line[512];
	int32_t pid;

	if (!pl_settings()->application_name_add_host)
		return 0;
	memcpy(&pid, c->peer.ip, sizeof pid);
	if (c->peer.family == AF_UNIX) {
		char host[64] = "";

		gethostname(host, sizeof host - 1);
		snprintf(peer, sizeof peer, "unix(%d@%s):%u", (int)pid, host,
		    c->peer.port);
	} else
		endpoint_print(&c->peer, peer);
	if (name.at == NULL)
		name = TEXT("app");
	snprintf(line, sizeof line, "%.*s - %s", TEXT_ARG(name), peer);
	return put_value(c, which, text_of(line));
}

static void
negotiate(struct pl_client *c, const struct startup *s)
{
	struct message_writer w = message_writer(NULL, 0, 65536);
	struct pl_login *l = c->login;

	if (s->minor == 0 && l->extension_count == 0)
		return;
	message_add_negotiate(&w, MESSAGE_VERSION_3, l->extensions,
	    l->extension_count);
	if (!w.failed)
		conn_send(c->conn, message_written(&w));
	message_writer_fini(&w);
}

static void
on_startup(struct pl_client *c, const struct startup *s)
{
	struct text rest = s->params, name, value;
	struct pl_login *l = c->login;

	if (pl_tlsconf_clients() != NULL &&
	    pl_settings()->client_tls_sslmode >= PL_SSL_REQUIRE &&
	    c->peer.family != AF_UNIX && !tls_is_on(c->conn)) {
		refuse(c, "SSL required");
		return;
	}
	while (startup_next(&rest, &name, &value))
		if (take_parameter(c, name, value) < 0)
			return;
	if (l->options.at != NULL && apply_options(c, l->options) < 0)
		return;
	if (l->user == NULL || l->user[0] == '\0') {
		refuse(c, "no username supplied");
		return;
	}
	if (strlen(l->user) > PL_USER_NAME) {
		refuse(c, "username too long");
		return;
	}
	if ((l->database == NULL || l->database[0] == '\0') &&
	    take_name(c, &l->database, text_of(l->user)) < 0)
		return;
	if (add_host(c) < 0)
		return;
	negotiate(c, s);
	l->extension_count = 0;
	decide(c);
}

static void
start_tls(struct pl_client *c, struct text first)
{
	c->login->stage = SHAKING_HANDS;
	conn_start_tls(c->conn, pl_tlsconf_clients(), NULL, first);
}

static void
on_ssl_request(struct pl_client *c, bool more_behind)
{
	if (tls_is_on(c->conn)) {
		refuse(c, "SSL req inside SSL");
	} else if (more_behind) {
		refuse(c, "received unencrypted data after SSL request");
	} else if (pl_tlsconf_clients() != NULL &&
	    c->peer.family != AF_UNIX) {
		conn_send(c->conn, TEXT("S"));
		start_tls(c, TEXT_NONE);
	} else {
		conn_send(c->conn, TEXT("N"));
	}
}

static void
on_gss_request(struct pl_client *c, bool more_behind)
{
	if (more_behind)
		refuse(c, "received unencrypted data after GSSAPI encryption "
		    "request");
	else
		conn_send(c->conn, TEXT("N"));
}

static void
on_first(struct pl_client *c, struct text packet, bool more_behind)
{
	struct why why = { "", "" };
	struct startup s = startup_parse(packet, &why);

	switch (s.kind) {
	case STARTUP_SSL:
		on_ssl_request(c, more_behind);
		break;
	case STARTUP_GSS:
		on_gss_request(c, more_behind);
		break;
	case STARTUP_CANCEL:
		pl_cancel_request(c, (const uint8_t *)s.key);
		break;
	case STARTUP_CANCEL_BAD:
		pl_client_close(c, false, "bad cancel request");
		break;
	case STARTUP_PLAIN:
		on_startup(c, &s);
		break;
	case STARTUP_BAD:
		refuse(c, why.line);
		break;
	}
}

/* ---- bytes ------------------------------------------------------------- */

static void
on_password(struct pl_client *c, char type, struct text body)
{
	struct message_writer w = message_writer(NULL, 0, 8192);
	struct pl_proof *p = &c->login->proof;

	if (type == 'X')
		pl_client_close(c, false, "client close request");
	else if (type != 'p' || p->auth == NULL || p->auth->answer == NULL)
		refuse(c, "bad packet");
	else
		settle(c, p->auth->answer(p, body, &w), &w);
}

/* The size of the next packet when it is whole; 0: not yet, or refused. */
static uint32_t
next_packet(struct pl_client *c, struct text rest, char *type)
{
	struct pl_login *l = c->login;
	struct why why = { "", "" };
	enum message_state state;
	uint32_t size = 0;

	if (l->stage == FIRST)
		state = startup_peek(rest, &size, &why);
	else if (rest.at[0] != 'p' && rest.at[0] != 'X') {
		refuse(c, rest.at[0] == '\0' ? "client re-sent startup pkt" :
		    "bad packet");
		return 0;
	} else {
		state = message_peek(rest, type, &size);
		if (state == MESSAGE_OK && size > (l->proof.scram != NULL ?
		    MOST_SASL : MOST_PASSWORD))
			state = MESSAGE_BAD;
	}
	if (state == MESSAGE_BAD)
		refuse(c, why.line[0] != '\0' ? why.line : "bad packet");
	return state == MESSAGE_OK && size <= rest.len ? size : 0;
}

static bool
takes_packets(const struct pl_client *c)
{
	return c->state != PL_CLIENT_GONE && c->login != NULL &&
	    (c->login->stage == FIRST || c->login->stage == PROVING);
}

/* Takes whole packets; how many bytes that were, all when it is over. */
static bool
wants_tls(const struct pl_client *c, char first)
{
	return c->login->stage == FIRST && first == STARTUP_TLS_BYTE &&
	    pl_tlsconf_clients() != NULL && c->peer.family != AF_UNIX &&
	    !tls_is_on(c->conn);
}

static size_t
eat(struct pl_client *c, struct text t)
{
	size_t pos = 0;
	uint32_t size;
	char type = 0;

	while (takes_packets(c) && pos < t.len) {
		struct text rest = text_from(t, pos);

		if (wants_tls(c, rest.at[0])) {
			start_tls(c, rest);
			return t.len;
		}
		if (c->login->stage == FIRST && rest.at[0] == 'p') {
			refuse(c, "client password pkt before startup packet");
			return pos;
		}
		size = next_packet(c, rest, &type);
		if (size == 0)
			break;
		pos += size;
		/* Where the stage that a login ends in looks for it. */
		if (buffer_add(&c->pending, loop_stock(loop_here()),
		    text_from(t, pos)) < 0) {
			refuse(c, "out of memory");
			return t.len;
		}
		if (c->login->stage == FIRST)
			on_first(c, (struct text){ rest.at, size },
			    pos < t.len);
		else
			on_password(c, type, message_body(rest, size));
		if (!takes_packets(c))
			return t.len;
		buffer_fini(&c->pending, loop_stock(loop_here()));
	}
	return pos;
}

static void
feed(struct pl_client *c, struct text t)
{
	size_t pos = eat(c, t);

	if (c->state == PL_CLIENT_GONE || pos == t.len)
		return;
	if (buffer_add(&c->pending, loop_stock(loop_here()),
	    text_from(t, pos)) < 0)
		refuse(c, "out of memory");
}

static void
on_data(struct conn *conn, struct text slice)
{
	struct pl_client *c = conn_owner(conn);
	struct text t = slice;
	char *mem = NULL;

	c->login->received = true;
	if (!buffer_empty(&c->pending)) {
		t.len = c->pending.len + slice.len;
		mem = mem_get(t.len);
		if (mem == NULL) {
			refuse(c, "out of memory");
			return;
		}
		buffer_copy(&c->pending, mem);
		memcpy(mem + c->pending.len, slice.at, slice.len);
		buffer_fini(&c->pending, loop_stock(loop_here()));
		t.at = mem;
	}
	feed(c, t);
	mem_drop(mem);
}

static void
on_ready(struct conn *conn)
{
	struct pl_client *c = conn_owner(conn);

	if (c->login->stage == SHAKING_HANDS)
		c->login->stage = FIRST;
}

static void
on_closed(struct conn *conn, const struct close_reason *reason)
{
	struct pl_client *c = conn_owner(conn);

	buffer_fini(&c->pending, loop_stock(loop_here()));
	if (reason == &close_tls)
		pl_client_log(c, LOG_LEVEL_WARNING, "TLS handshake error: %s",
		    conn_error(conn));
	c->conn = NULL;
	if (c->login != NULL && !c->login->received)
		pl_client_close_silent(c);
	else
		pl_client_close(c, false, "client unexpected eof");
}

static const struct conn_handler login_handler = {
	.ready = on_ready,
	.data = on_data,
	.closed = on_closed,
};

struct pl_client *
pl_login_new(struct loop *loop, int fd, const struct endpoint *peer)
{
	struct pl_client *c = pl_client_new(loop, peer);

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	pl_client_log(c, LOG_LEVEL_DEBUG, "got connection");
	c->login = mem_zero(sizeof *c->login);
	c->conn = conn_accept(loop, fd, &login_handler, c);
	if (c->login == NULL || c->conn == NULL)
		pl_client_close_silent(c);
	return c;
}
