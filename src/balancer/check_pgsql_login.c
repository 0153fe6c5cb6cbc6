/* SPDX-License-Identifier: ISC */
/*
 * check_pgsql_login.c - option pgsql-check with pgsql-role, a password file
 * or a database: logs in, asks whether the server is a primary or a standby,
 * leaves by the book. The question is asked each time, although the newer
 * servers report in_hot_standby at login: a pooler in between repeats what
 * its first server said. Loop 0.
 */
#include <stdio.h>

#include "balancer/check_kinds.h"
#include "balancer/passfile.h"
#include "base/mem.h"
#include "base/secret.h"
#include "net/timer.h"
#include "net/tls.h"
#include "pg/md5.h"
#include "pg/message.h"
#include "pg/notice.h"
#include "pg/password.h"
#include "pg/scram.h"

enum { PASSWORD_MOST = 1024, ANSWER_MOST = 16384 };

enum step { CONNECTS, ASKS_TLS, LOGS_IN, IS_IN, ASKS_ROLE };

/* Of the check under way: lb_check.own. */
struct login {
	struct lb_check *check;
	struct tls *tls;		/* until the server agrees to it */
	struct scram_client *scram;
	struct scram_derive *derive;	/* goes on by the timer */
	struct timer timer;
	bool proved;			/* the server's signature was right */
	int role;			/* enum lb_role */
};

static bool
is_under_way(const struct lb_check *c)
{
	return (c->state & LB_CHECK_INPROGRESS) != 0;
}

static const struct lb_check_conf *
conf_of(const struct lb_check *c)
{
	return &c->server->proxy->conf->check;
}

static void
refuse(struct lb_check *c, const char *text)
{
	lb_check_end(c, LB_CHECK_L7RSP, -1, text);
}

static void
fail_memory(struct lb_check *c)
{
	lb_check_end(c, LB_CHECK_SOCKERR, -1, "out of memory");
}

static void
say(struct lb_check *c, struct message_writer *w)
{
	if (w->failed)
		fail_memory(c);
	else
		lb_check_say(c, message_written(w));
	secret_wipe(w->at, w->room);
	message_writer_fini(w);
}

/* ---- the password ------------------------------------------------------ */

static const char *
database_of(const struct lb_check_conf *conf)
{
	return conf->database != NULL ? conf->database : conf->user;
}

/* To be dropped; NULL: none, and the check has ended. */
static char *
find_password(struct lb_check *c)
{
	const struct lb_check_conf *conf = conf_of(c);
	const struct lb_address *a = &c->server->conf->addr;
	struct endpoint e = address_endpoint(&c->server->address);
	char ip[ADDRESS_TEXT], port[8], *found;
	struct lb_passfile_who who = { .host = a->name, .port = port,
	    .database = database_of(conf), .user = conf->user };

	snprintf(port, sizeof port, "%u", c->port != 0 ? c->port : e.port);
	who.address = e.family == AF_UNIX ? "localhost" :
	    endpoint_ip(&e, ip);
	found = lb_passfile_find(conf->password_file, &who);
	if (found != NULL && found[0] != '\0' &&
	    strlen(found) <= PASSWORD_MOST)
		return found;
	secret_drop(found);
	refuse(c, "the server asks for a password and there is none for it");
	return NULL;
}

static void
answer_cleartext(struct lb_check *c)
{
	char mem[PASSWORD_MOST + 16], *password = find_password(c);
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	if (password == NULL)
		return;
	message_add_password(&w, text_of(password));
	secret_drop(password);
	say(c, &w);
}

static void
answer_md5(struct lb_check *c, struct text salt)
{
	char mem[128], answer[MD5_TEXT + 1], *password;
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	if (salt.len != 4) {
		refuse(c, "malformed authentication request");
		return;
	}
	password = find_password(c);
	if (password == NULL)
		return;
	if (md5_answer(text_of(password), text_of(conf_of(c)->user), salt.at,
	    answer) < 0) {
		refuse(c, "md5 is not to be had here");
	} else {
		message_add_password(&w, text_of(answer));
		say(c, &w);
	}
	secret_drop(password);
}

/* ---- SCRAM ------------------------------------------------------------- */

static void
begin_scram(struct lb_check *c, struct login *l, struct text mechanisms)
{
	char nonce[SCRAM_NONCE_TEXT], mem[256];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	if (l->scram != NULL || !scram_offered(mechanisms)) {
		refuse(c, "none of its SASL mechanisms is known");
		return;
	}
	if (scram_nonce(nonce) == 0)
		l->scram = scram_client_new((struct text){ nonce,
		    sizeof nonce });
	if (l->scram == NULL) {
		fail_memory(c);
		return;
	}
	message_add_sasl_initial(&w, TEXT(SCRAM_MECHANISM),
	    scram_client_first(l->scram));
	say(c, &w);
}

static void
continue_scram(struct lb_check *c, struct login *l, struct text challenge)
{
	struct why why = { "", "" };
	char *password, *prepared;

	if (l->scram == NULL || l->derive != NULL ||
	    scram_client_challenge(l->scram, challenge, &why) < 0) {
		refuse(c, why.line[0] != '\0' ? why.line :
		    "malformed authentication request");
		return;
	}
	password = find_password(c);
	if (password == NULL)
		return;
	prepared = secret_get(strlen(password) + 1);
	if (prepared != NULL)
		l->derive = scram_derive_new((struct text){ prepared,
		    password_prepare(text_of(password), prepared) },
		    scram_client_salt(l->scram),
		    scram_client_iterations(l->scram));
	secret_drop(password);
	secret_drop(prepared);
	if (l->derive == NULL)
		fail_memory(c);
	else
		timer_after(&l->timer, 0);
}

static void
send_proof(struct lb_check *c, struct login *l)
{
	char mem[512];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);
	struct scram_keys keys;
	struct text message;
	bool good = scram_derive_keys(l->derive, &keys) == 0 &&
	    scram_client_final(l->scram, &keys, &message) == 0;

	scram_derive_free(&l->derive);
	secret_wipe(&keys, sizeof keys);
	if (!good) {
		fail_memory(c);
		return;
	}
	message_add_sasl_response(&w, message);
	say(c, &w);
}

/* The long part, a little of it in each turn. */
static void
on_turn(void *arg)
{
	enum { ROUNDS = 1000 };
	struct login *l = arg;

	if (!scram_derive_step(l->derive, ROUNDS))
		timer_after(&l->timer, 0);
	else
		send_proof(l->check, l);
}

static void
end_scram(struct lb_check *c, struct login *l, struct text message)
{
	struct why why = { "", "" };

	if (l->scram == NULL ||
	    scram_client_verify(l->scram, message, &why) < 0)
		refuse(c, why.line[0] != '\0' ? why.line :
		    "malformed authentication request");
	else
		l->proved = true;
}

/* ---- what the server says ---------------------------------------------- */

static void
enter(struct lb_check *c, struct login *l)
{
	if (l->scram != NULL && !l->proved)
		refuse(c, "the server did not prove that it knows the "
		    "password");
	else
		c->step = IS_IN;
}

static void
hear_request(struct lb_check *c, struct login *l, struct text body)
{
	struct message_reader r = message_reader(body);
	char text[LB_CHECK_TEXT];
	uint32_t code;

	if (c->step != LOGS_IN || !message_read_u32(&r, &code)) {
		refuse(c, "malformed authentication request");
		return;
	}
	switch (code) {
	case MESSAGE_AUTH_OK:
		enter(c, l);
		break;
	case MESSAGE_AUTH_CLEARTEXT:
		answer_cleartext(c);
		break;
	case MESSAGE_AUTH_MD5:
		answer_md5(c, r.rest);
		break;
	case MESSAGE_AUTH_SASL:
		begin_scram(c, l, r.rest);
		break;
	case MESSAGE_AUTH_SASL_CONTINUE:
		continue_scram(c, l, r.rest);
		break;
	case MESSAGE_AUTH_SASL_FINAL:
		end_scram(c, l, r.rest);
		break;
	default:
		snprintf(text, sizeof text, "authentication method %u is not "
		    "known", code);
		refuse(c, text);
	}
}

static void
hear_error(struct lb_check *c, struct text body)
{
	char text[LB_CHECK_TEXT];
	struct notice n;

	(void)notice_parse(body, &n);
	snprintf(text, sizeof text, "%.*s", TEXT_ARG(n.message));
	refuse(c, text);
}

static void
hear_row(struct login *l, struct text body)
{
	struct message_reader r = message_reader(body);
	struct text value;
	uint16_t count;

	if (!message_read_u16(&r, &count) || count != 1 ||
	    !message_read_value(&r, &value))
		return;
	if (text_is(value, "t"))
		l->role = LB_ROLE_STANDBY;
	else if (text_is(value, "f"))
		l->role = LB_ROLE_PRIMARY;
}

static void
conclude(struct lb_check *c, struct login *l)
{
	static const char *const texts[] = {
		[LB_ROLE_PRIMARY] = "is primary",
		[LB_ROLE_STANDBY] = "is standby",
	};
	int want = c->server->conf->role, is = l->role;
	char mem[16];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	message_add_terminate(&w);
	say(c, &w);
	if (!is_under_way(c))
		return;
	if (is == LB_ROLE_UNSAID)
		refuse(c, "no answer to the question for its role");
	else
		lb_check_end(c, want <= LB_ROLE_ANY || want == is ?
		    LB_CHECK_L7OK : LB_CHECK_L7STS, 0, texts[is]);
}

static void
hear_ready(struct lb_check *c, struct login *l)
{
	char mem[64];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	if (c->step == ASKS_ROLE) {
		conclude(c, l);
	} else if (c->step == IS_IN) {
		c->step = ASKS_ROLE;
		message_add_query(&w, TEXT("SELECT pg_is_in_recovery()"));
		say(c, &w);
	} else {
		refuse(c, "PostgreSQL unknown error");
	}
}

static void
hear(struct lb_check *c, struct login *l, char type, struct text body)
{
	switch (type) {
	case 'R':
		hear_request(c, l, body);
		break;
	case 'E':
		hear_error(c, body);
		break;
	case 'Z':
		hear_ready(c, l);
		break;
	case 'D':
		hear_row(l, body);
		break;
	case 'S': case 'K': case 'N': case 'T': case 'C':
		break;
	default:
		lb_check_end(c, LB_CHECK_L7STS, 0,
		    "PostgreSQL unknown error");
	}
}

static void
take(struct lb_check *c, struct login *l, char type, struct text t,
    uint32_t size)
{
	hear(c, l, type, message_body(t, size));
	if (is_under_way(c))
		lb_check_eat(c, size);
}

static void
take_messages(struct lb_check *c, struct login *l)
{
	enum message_state state;
	uint32_t size;
	char type;

	/* It ends by what it hears, and l goes with it. */
	while (is_under_way(c) && l->derive == NULL) {
		struct text t = { c->got, c->got_len };

		state = message_peek(t, &type, &size);
		if (state == MESSAGE_BAD || (state == MESSAGE_OK &&
		    size > ANSWER_MOST))
			refuse(c, "PostgreSQL unknown error");
		else if (state != MESSAGE_OK || size > t.len)
			return;
		else
			take(c, l, type, t, size);
	}
}

/* ---- TLS --------------------------------------------------------------- */

/* Nothing may stand behind the answer: it was not said by whom TLS proves. */
static void
hear_tls(struct lb_check *c, struct login *l, struct text t)
{
	if (t.len == 0)
		return;
	if (t.len > 1 || t.at[0] != 'S') {
		lb_check_end(c, LB_CHECK_L6RSP, -1,
		    "the server does not agree to TLS");
		return;
	}
	lb_check_eat(c, 1);
	c->way.tls = l->tls;
	l->tls = NULL;
	conn_start_tls(c->conn, c->way.tls, c->way.sni, TEXT_NONE);
}

/* ---- the check --------------------------------------------------------- */

/* PostgreSQL wants to be asked before TLS begins, and a FIN at the end. */
static void
open_login(struct lb_check *c, struct lb_check_way *way)
{
	struct login *l = mem_zero(sizeof *l);

	way->linger = true;
	c->own = l;
	if (l == NULL)
		return;
	l->check = c;
	l->tls = way->tls;
	way->tls = NULL;
	timer_init(&l->timer, loop_here(), on_turn, l);
}

static void
stop(struct lb_check *c)
{
	struct login *l = c->own;

	if (l == NULL)
		return;
	c->own = NULL;
	timer_stop(&l->timer);
	tls_drop(&l->tls);
	scram_client_free(&l->scram);
	scram_derive_free(&l->derive);
	mem_drop(l);
}

static void
log_in(struct lb_check *c)
{
	const struct lb_check_conf *conf = conf_of(c);
	const struct text pairs[][2] = {
		{ TEXT("user"), text_of(conf->user) },
		{ TEXT("database"), text_of(database_of(conf)) },
		{ TEXT("application_name"), TEXT("weir-balancer") },
	};
	char mem[512];
	struct message_writer w = message_writer(mem, sizeof mem, 65536);

	message_add_startup(&w, pairs, sizeof pairs / sizeof *pairs);
	c->step = LOGS_IN;
	say(c, &w);
}

/* Comes twice with TLS. */
static void
begin(struct lb_check *c)
{
	struct login *l = c->own;
	char mem[16];
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	if (l == NULL) {
		fail_memory(c);
	} else if (l->tls != NULL) {
		message_add_ssl_request(&w);
		c->step = ASKS_TLS;
		say(c, &w);
	} else {
		log_in(c);
	}
}

static void
look(struct lb_check *c, struct text t, bool ended)
{
	struct login *l = c->own;

	if (l != NULL && l->tls != NULL)
		hear_tls(c, l, t);
	else if (l != NULL)
		take_messages(c, l);
	if (ended && is_under_way(c))
		refuse(c, "the server ended the connection");
}

static void
describe(const struct lb_check *c, char *to, size_t room)
{
	static const char *const texts[] = {
		[CONNECTS] = "", [ASKS_TLS] = "while asking for TLS",
		[LOGS_IN] = "while logging in", [IS_IN] = "while logging in",
		[ASKS_ROLE] = "while asking for its role",
	};

	snprintf(to, room, "%s", texts[c->step]);
}

const struct lb_check_variant lb_check_pgsql_login = {
	.name = "pgsql", .open = open_login, .stop = stop, .begin = begin,
	.look = look, .describe = describe,
};
