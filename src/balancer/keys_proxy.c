/* SPDX-License-Identifier: ISC */
/*
 * keys_proxy.c - keywords of proxies, one row each, and the readers of those
 * that no stock kind fits; see keys_proxy.h.
 */
#include <stddef.h>
#include <stdlib.h>

#include "balancer/acl.h"
#include "balancer/addresses.h"
#include "balancer/expression.h"
#include "balancer/keys_bind.h"
#include "balancer/keys_proxy.h"
#include "balancer/keys_server.h"
#include "balancer/logline.h"
#include "balancer/rules.h"
#include "balancer/script.h"
#include "balancer/stores.h"
#include "balancer/value.h"

#define AT(field)	offsetof(struct lb_proxy_conf, field)
#define D	LB_IN_DEFAULTS
#define F	LB_IN_FRONTEND
#define L	LB_IN_LISTEN
#define B	LB_IN_BACKEND
#define READER(name)							\
static int								\
name(struct lb_parse *p, const struct lb_key *key,			\
    const struct lb_words *w, unsigned at, void *object)

/* ---- how proxies begin ------------------------------------------------- */

struct lb_proxy_conf *
lb_keys_proxy_usual(struct lb_parse *p)
{
	struct lb_proxy_conf *x = lb_parse_get(p, sizeof *x);

	*x = (struct lb_proxy_conf){ .retries = 3, .redispatch_every = -1,
	    .balance = { .draws = 2 } };
	x->timeout.check = x->timeout.queue = x->timeout.client_fin =
	    x->timeout.server_fin = x->timeout.tunnel =
	    x->timeout.client_hs = x->timeout.http_request =
	    x->timeout.http_keep_alive = x->timeout.tarpit = LB_UNSET;
	x->stats.uri = "/haproxy?stats";
	x->stats.realm = "HAProxy Statistics";
	x->stats.live = true;
	x->default_server = lb_keys_server_usual(p);
	return x;
}

struct lb_proxy_conf *
lb_keys_proxy_from(struct lb_parse *p, const struct lb_proxy_conf *from)
{
	struct lb_proxy_conf *x = lb_parse_get(p, sizeof *x);

	*x = *from;
	x->defaults = from;
	x->name = x->description = NULL;
	x->id = 0;
	x->id_given = x->used = false;
	/* What a proxy shares with its defaults is copied before it grows. */
	memset(&x->binds, 0, sizeof x->binds);
	memset(&x->servers, 0, sizeof x->servers);
	memset(&x->switches, 0, sizeof x->switches);
	memset(&x->use_servers, 0, sizeof x->use_servers);
	memset(&x->sticks, 0, sizeof x->sticks);
	memset(&x->acls, 0, sizeof x->acls);
	x->table = NULL;
	for (unsigned i = 0; i < LB_RULESETS; i++)
		x->rules[i].room = x->rules[i].count;
	x->monitor_fail.room = x->monitor_fail.count;
	x->logs.room = x->logs.count;
	x->http_options.room = x->http_options.count;
	x->check.steps.room = x->check.steps.count;
	x->check.inherited = true;
	x->stats.auth.room = x->stats.auth.count;
	x->stats.scopes.room = x->stats.scopes.count;
	x->stats.rules.room = x->stats.rules.count;
	x->default_server = lb_keys_server_copy(p, from->default_server);
	x->default_server->proxy = x;
	return x;
}

/* ---- pieces ------------------------------------------------------------ */

static int
all(const struct lb_words *w, unsigned at)
{
	return (int)(w->count - at);
}

static const char *
word_at(const struct lb_words *w, unsigned at)
{
	return at < w->count ? w->at[at] : "";
}

static bool
is_cond(const char *word)
{
	return strcmp(word, "if") == 0 || strcmp(word, "unless") == 0;
}

static int
refuse(struct lb_parse *p, const struct lb_key *key, const char *why)
{
	lb_parse_alert(p, "'%s' : %s.", key->name, why);
	return -1;
}

/* The condition at 'at', if there is one; else nothing may stand there. */
static int
read_cond(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, const struct lb_cond **to)
{
	struct why why;

	*to = NULL;
	if (at >= w->count)
		return 0;
	if (!is_cond(w->at[at])) {
		lb_parse_alert(p, "'%s' expects 'if' or 'unless' (got '%s').",
		    key->name, w->at[at]);
		return -1;
	}
	*to = lb_acl_cond(p, w, at, &why);
	if (*to != NULL)
		return 0;
	lb_parse_alert(p, "error detected while parsing '%s' rule : %s.",
	    key->name, why.line);
	return -1;
}

READER(skip_http)
{
	struct lb_proxy_conf *x = object;

	x->http_words |= (unsigned)key->value;
	return all(w, at);
}

READER(skip_http_option)
{
	struct lb_proxy_conf *x = object;

	for (unsigned i = 0; i < x->http_options.count; i++)
		if (strcmp(x->http_options.at[i], key->name) == 0)
			return all(w, at);
	arena_add(p->arena, &x->http_options, key->name);
	return all(w, at);
}

/* ---- names, mode, life ------------------------------------------------- */

READER(read_mode)
{
	static const char *const names[] = { "tcp", "http", "log", "spop" };
	struct lb_proxy_conf *x = object;
	const char *word = word_at(w, at);

	for (unsigned i = 0; i < 4; i++)
		if (strcmp(word, names[i]) == 0) {
			x->mode = (enum lb_mode)i;
			return all(w, at);
		}
	if (strcmp(word, "health") == 0)
		lb_parse_alert(p, "'mode health' doesn't exist anymore. "
		    "Please use 'http-request return status 200' instead.");
	else
		lb_parse_alert(p, "unknown proxy mode '%s'; write 'tcp' or "
		    "'http'.", word);
	return -1;
}

READER(read_id)
{
	struct lb_proxy_conf *x = object;
	int64_t n;

	if (at >= w->count) {
		lb_parse_alert(p, "'id' expects an integer argument.");
		return -1;
	}
	if (!lb_value_loose(w->at[at], &n) || n <= 0 || n > INT32_MAX) {
		lb_parse_alert(p, "custom id has to be > 0.");
		return -1;
	}
	for (unsigned i = 0; i < p->setup->proxies.count; i++) {
		const struct lb_proxy_conf *o = p->setup->proxies.at[i];

		if (o != x && o->id_given && o->id == n) {
			lb_parse_alert(p, "%s %s reuses same custom id as %s "
			    "%s (declared at %s:%u).", x->kind, x->name,
			    o->kind, o->name, o->place.file, o->place.line);
			return -1;
		}
	}
	x->id = (unsigned)n;
	x->id_given = true;
	return all(w, at);
}

READER(read_description)
{
	struct lb_proxy_conf *x = object;
	const char *text = word_at(w, at);

	if (*text == '\0')
		return refuse(p, key, "expects a string argument");
	for (unsigned i = at + 1; i < w->count; i++)
		text = arena_print(p->arena, "%s %s", text, w->at[i]);
	x->description = text;
	return all(w, at);
}

/* ---- listening and switching ------------------------------------------- */

static void
add_bind(struct lb_parse *p, struct lb_bind_conf *b)
{
	struct lb_proxy_conf *x = p->proxy;

	if (b->id == 0)
		b->id = x->binds.count + 1;
	arena_add(p->arena, &x->binds, b);
}

READER(read_bind)
{
	struct lb_bind_conf model;
	int code;

	if (at >= w->count) {
		lb_parse_alert(p, "'bind' expects {<path>|[addr1]:port1[-end1]"
		    "}{,[addr]:port[-end]}... as arguments.");
		return -1;
	}
	lb_keys_bind_init(p, &model);
	p->subject = arena_print(p->arena, "'bind %s' in section '%s'",
	    w->at[at], *p->proxy->kind == 'p' ? "listen" :
	    p->proxy->kind);
	code = lb_keys_bind_options(p, w, at + 1, LB_IN_BIND, &model);
	p->subject = NULL;
	if (code < 0 || lb_keys_bind_addresses(p, w->at[at], &model,
	    add_bind) < 0)
		return -1;
	return all(w, at);
}

READER(read_default_backend)
{
	struct lb_proxy_conf *x = object;
	struct lb_switch_conf *s;

	if (at >= w->count)
		return refuse(p, key, "expects a backend name");
	s = lb_parse_get(p, sizeof *s);
	s->place = w->place;
	s->name = w->at[at];
	x->default_backend = s;
	return all(w, at);
}

READER(read_use_backend)
{
	struct lb_proxy_conf *x = object;
	struct lb_switch_conf *s;
	struct why why;

	if (at >= w->count)
		return refuse(p, key, "expects a backend name");
	s = lb_parse_get(p, sizeof *s);
	s->place = w->place;
	s->name = w->at[at];
	if (at + 1 < w->count && !is_cond(w->at[at + 1])) {
		lb_parse_alert(p, "unexpected keyword '%s' after switching "
		    "rule, only 'if' and 'unless' are allowed.",
		    w->at[at + 1]);
		return -1;
	}
	if (read_cond(p, key, w, at + 1, &s->cond) < 0)
		return -1;
	if (strstr(s->name, "%[") != NULL) {
		s->format = lb_logformat_read(p, &w->place, s->name, ~0u,
		    &why);
		if (s->format == NULL)
			return refuse(p, key, why.line);
	}
	arena_add(p->arena, &x->switches, s);
	return all(w, at);
}

READER(read_use_server)
{
	struct lb_proxy_conf *x = object;
	struct lb_use_server_conf *s;
	struct why why;

	if (at >= w->count)
		return refuse(p, key, "expects a server name");
	if (at + 1 >= w->count || !is_cond(w->at[at + 1])) {
		lb_parse_alert(p, "'use-server' requires either 'if' or "
		    "'unless' followed by a condition.");
		return -1;
	}
	s = lb_parse_get(p, sizeof *s);
	s->place = w->place;
	s->name = w->at[at];
	if (read_cond(p, key, w, at + 1, &s->cond) < 0)
		return -1;
	if (strstr(s->name, "%[") != NULL) {
		s->format = lb_logformat_read(p, &w->place, s->name, ~0u,
		    &why);
		if (s->format == NULL)
			return refuse(p, key, why.line);
	}
	arena_add(p->arena, &x->use_servers, s);
	return all(w, at);
}

READER(read_acl)
{
	struct lb_words rest = { w->place, w->count - at, w->at + at };

	if (p->proxy->is == LB_IS_DEFAULTS && p->proxy->name == NULL) {
		lb_parse_alert(p, "'acl' not allowed in anonymous 'defaults' "
		    "section.");
		return -1;
	}
	return lb_acl_read(p, &rest) < 0 ? -1 : all(w, at);
}

READER(read_server)
{
	lb_keys_server_line(p, w);
	return all(w, at);
}

READER(read_server_template)
{
	lb_keys_server_template(p, w);
	return all(w, at);
}

READER(read_default_server)
{
	lb_keys_server_default(p, w);
	return all(w, at);
}

READER(read_dispatch)
{
	struct lb_proxy_conf *x = object;
	struct why why;

	if (at >= w->count)
		return refuse(p, key, "expects <addr:port>");
	if (lb_addresses_read(p->arena, text_of(w->at[at]),
	    LB_ADDRESS_NEEDS_PORT | LB_ADDRESS_MAY_NAME, &x->dispatch,
	    &why) < 0)
		return refuse(p, key, why.line);
	lb_parse_warn(p, "the 'dispatch' directive is deprecated; write a "
	    "'server' line.");
	return all(w, at);
}

READER(read_source)
{
	struct lb_proxy_conf *x = object;
	int taken = lb_keys_server_source(p, w, at, &x->source);

	if (taken < 0)
		return -1;
	if (x->source.addr.port_kind == LB_PORT_RANGE) {
		lb_parse_alert(p, "'source' : port range not permitted here "
		    "in '%s'; servers may have one.", w->at[at]);
		return -1;
	}
	at += (unsigned)taken;
	if (at < w->count) {
		lb_parse_alert(p, "'source' only supports optional keywords "
		    "'interface' and 'usesrc'.");
		return -1;
	}
	return taken;
}

READER(read_rate)
{
	struct lb_proxy_conf *x = object;
	int64_t n;

	if (strcmp(word_at(w, at), "sessions") != 0) {
		lb_parse_alert(p, "'rate-limit' only supports 'sessions' (got "
		    "'%s').", word_at(w, at));
		return -1;
	}
	if (at + 1 >= w->count)
		return refuse(p, key, "expects an integer argument");
	if (!lb_value_loose(w->at[at + 1], &n) || n < 0)
		return refuse(p, key, "expects a number of sessions a second");
	x->session_rate = (int)n;
	return all(w, at);
}

/* ---- balancing --------------------------------------------------------- */

static int
read_random(struct lb_parse *p, const char *word, struct lb_balance_conf *b)
{
	char *end;
	long draws;

	b->algorithm = LB_ALGO_RANDOM;
	b->draws = 2;
	if (word[6] == '\0')
		return 0;
	draws = strtol(word + 7, &end, 10);
	if (strcmp(end, ")") != 0 || draws <= 0 || draws > 65535) {
		lb_parse_alert(p, "balance : random : expects a positive "
		    "number of draws.");
		return -1;
	}
	b->draws = (unsigned)draws;
	return 0;
}

static int
read_hash(struct lb_parse *p, const struct lb_words *w, unsigned at,
    struct lb_balance_conf *b)
{
	struct why why;

	b->algorithm = LB_ALGO_HASH;
	if (at >= w->count) {
		lb_parse_alert(p, "balance hash : requires a sample "
		    "expression.");
		return -1;
	}
	b->expr = lb_expression_read(p, w, &at, "balance hash", &why);
	if (b->expr != NULL)
		return 0;
	lb_parse_alert(p, "balance hash : %s.", why.line);
	return -1;
}

static int
read_rdp(struct lb_parse *p, const char *word, struct lb_balance_conf *b)
{
	const char *end = strchr(word, ')');

	struct text name = text_of("mstshash");
	struct why why;

	b->algorithm = LB_ALGO_RDP_COOKIE;
	if (word[10] != '\0') {
		if (end == NULL || end[1] != '\0' || end == word + 11) {
			lb_parse_alert(p, "balance : rdp-cookie : missing or "
			    "wrong cookie name.");
			return -1;
		}
		name = (struct text){ word + 11, (size_t)(end - word - 11) };
	}
	b->expr = lb_expression_text(p, arena_print(p->arena,
	    "req.rdp_cookie(%.*s)", (int)name.len, name.at), NULL,
	    "balance rdp-cookie", &why);
	if (b->expr != NULL)
		return 0;
	lb_parse_alert(p, "balance : rdp-cookie : %s.", why.line);
	return -1;
}

READER(read_balance)
{
	static const struct {
		const char *name;
		enum lb_algorithm algorithm;
	} plain[] = {
		{ "first", LB_ALGO_FIRST }, { "leastconn", LB_ALGO_LEASTCONN },
		{ "roundrobin", LB_ALGO_ROUNDROBIN },
		{ "source", LB_ALGO_SOURCE },
		{ "static-rr", LB_ALGO_STATIC_RR },
	};
	struct lb_proxy_conf *x = object;
	const char *word = word_at(w, at);
	int code = 0;

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (strcmp(plain[i].name, word) == 0 || (*word == '\0' &&
		    plain[i].algorithm == LB_ALGO_ROUNDROBIN)) {
			x->balance.algorithm = plain[i].algorithm;
			return all(w, at);
		}
	if (strcmp(word, "random") == 0 || strncmp(word, "random(", 7) == 0)
		code = read_random(p, word, &x->balance);
	else if (strcmp(word, "hash") == 0)
		code = read_hash(p, w, at + 1, &x->balance);
	else if (strcmp(word, "rdp-cookie") == 0 ||
	    strncmp(word, "rdp-cookie(", 11) == 0)
		code = read_rdp(p, word, &x->balance);
	else if (strcmp(word, "uri") == 0 || strcmp(word, "url_param") == 0 ||
	    strncmp(word, "hdr(", 4) == 0) {
		x->http_words |= LB_HTTP_HASH;
		x->balance.algorithm = LB_ALGO_ROUNDROBIN;
	} else {
		lb_parse_alert(p, "balance only supports 'roundrobin', "
		    "'static-rr', 'leastconn', 'first', 'random', 'source', "
		    "'hash', 'uri', 'url_param', 'hdr(name)' and "
		    "'rdp-cookie(name)' options (got '%s').", word);
		code = -1;
	}
	return code < 0 ? -1 : all(w, at);
}

READER(read_hash_type)
{
	static const char *const functions[] = { "sdbm", "djb2", "wt6",
	    "crc32", "none" };
	struct lb_proxy_conf *x = object;
	const char *word = word_at(w, at);

	if (strcmp(word, "consistent") == 0)
		x->balance.hash_type = LB_HASH_CONSISTENT;
	else if (strcmp(word, "map-based") == 0)
		x->balance.hash_type = LB_HASH_MAP;
	else if (strcmp(word, "avalanche") == 0) {
		lb_parse_alert(p, "experimental feature '%s' is not supported "
		    "anymore, please use '%s' instead.", "avalanche",
		    "map-based sdbm avalanche");
		return -1;
	} else
		return refuse(p, key, "only supports 'consistent' and "
		    "'map-based'");
	x->balance.avalanche = at + 1 >= w->count &&
	    x->balance.hash_type == LB_HASH_CONSISTENT;
	x->balance.hash_function = LB_HASH_SDBM;
	if (at + 1 < w->count) {
		unsigned i = 0;

		while (i < 5 && strcmp(w->at[at + 1], functions[i]) != 0)
			i++;
		if (i == 5)
			return refuse(p, key, "unknown hash function; expects "
			    "'sdbm', 'djb2', 'crc32', 'wt6' or 'none'");
		x->balance.hash_function = (enum lb_hash_function)i;
	}
	if (at + 2 < w->count) {
		if (strcmp(w->at[at + 2], "avalanche") != 0)
			return refuse(p, key, "unknown hash modifier");
		x->balance.avalanche = true;
	}
	return all(w, at);
}

READER(read_hash_factor)
{
	struct lb_proxy_conf *x = object;
	int64_t n;

	if (at >= w->count || !lb_value_loose(w->at[at], &n) ||
	    (n != 0 && n < 100) || n > 65535)
		return refuse(p, key, "must be 0 or greater than 100");
	x->balance.hash_factor = (unsigned)n;
	return all(w, at);
}

READER(read_preserve)
{
	const char *word = word_at(w, at);

	if (strcmp(word, "always") != 0 && strcmp(word, "maxconn") != 0 &&
	    strcmp(word, "maxqueue") != 0)
		return refuse(p, key, "expects 'always', 'maxconn' or "
		    "'maxqueue'");
	if (strcmp(word, "always") != 0)
		lb_parse_warn(p, "'%s %s' is not supported by this program "
		    "and is ignored.", key->name, word);
	return all(w, at);
}

/* ---- time-outs --------------------------------------------------------- */

READER(set_timeout)
{
	unsigned bit = 1u << (key->at - AT(timeout)) / sizeof(int64_t);
	struct why why;
	int64_t t;

	if (at >= w->count) {
		lb_parse_alert(p, "'%s' expects an integer value (in "
		    "milliseconds)", key->name);
		return -1;
	}
	if (lb_value_time(w->at[at], 1000, &t, &why) < 0) {
		lb_parse_alert(p, "%s in '%s'", why.line, key->name);
		return -1;
	}
	if (p->timed & bit)
		lb_parse_warn(p, "overwriting '%s' which was already "
		    "specified", key->name);
	p->timed |= bit;
	*(int64_t *)((char *)object + key->at) = t;
	return 1;
}

/* Of old files: it has one obvious meaning. */
static void
tell_old(struct lb_parse *p, const struct lb_key *key)
{
	lb_parse_warn(p, "the '%s' directive is not supported anymore since "
	    "HAProxy 2.1. Use '%s'. It is read as such.", key->name,
	    key->advice);
}

READER(set_old_timeout)
{
	tell_old(p, key);
	return set_timeout(p, key, w, at, object);
}

READER(refuse_timeout)
{
	lb_parse_alert(p, "'timeout' supports 'client', 'server', 'connect', "
	    "'check', 'queue', 'http-keep-alive', 'http-request', 'tunnel', "
	    "'tarpit', 'client-fin', 'client-hs', 'server-fin' and 'session' "
	    "(got '%s')", word_at(w, at));
	return -1;
}

/* ---- options ----------------------------------------------------------- */

READER(read_redispatch)
{
	struct lb_proxy_conf *x = object;
	int64_t n;

	x->redispatch = true;
	x->redispatch_every = -1;
	if (at < w->count) {
		if (!lb_value_loose(w->at[at], &n))
			lb_parse_warn(p, "'option redispatch' : '%s' is not a "
			    "number.", w->at[at]);
		x->redispatch_every = (int)n;
	}
	return all(w, at);
}

READER(read_old_redispatch)
{
	tell_old(p, key);
	return read_redispatch(p, key, w, at, object);
}

READER(read_tcplog)
{
	struct lb_proxy_conf *x = object;

	if (at < w->count && strcmp(w->at[at], "clf") != 0)
		return refuse(p, key, "only 'clf' may stand behind it");
	x->log_kind = at < w->count ? LB_LOGS_TCP_CLF : LB_LOGS_TCP;
	x->log_format = NULL;
	return all(w, at);
}

READER(read_httplog)
{
	struct lb_proxy_conf *x = object;

	x->log_kind = LB_LOGS_HTTP;
	x->log_format = NULL;
	x->http_words |= LB_HTTP_LOG;
	x->log_place = w->place;
	return all(w, at);
}

READER(refuse_option)
{
	struct lb_guess g;

	lb_guess_start(&g, word_at(w, at));
	for (const struct lb_key *k = lb_keys_proxy; k->name != NULL; k++)
		if (strncmp(k->name, "option ", 7) == 0)
			lb_guess_offer(&g, k->name + 7);
	if (at >= w->count)
		lb_parse_alert(p, "'option' expects an option name.");
	else if (lb_guess_best(&g) == NULL)
		lb_parse_alert(p, "unknown option '%s'.", w->at[at]);
	else
		lb_parse_alert(p, "unknown option '%s'; did you mean '%s' "
		    "maybe ?", w->at[at], lb_guess_best(&g));
	return -1;
}

/* ---- checks ------------------------------------------------------------ */

static void
begin_check(struct lb_proxy_conf *x, enum lb_check_kind kind)
{
	x->check.kind = kind;
	x->check.user = x->check.hello = NULL;
}

READER(read_check_kind)
{
	struct lb_proxy_conf *x = object;

	begin_check(x, (enum lb_check_kind)key->value);
	return all(w, at);
}

READER(read_httpchk)
{
	struct lb_proxy_conf *x = object;
	unsigned n = w->count - at;

	begin_check(x, LB_CHECK_HTTP);
	x->check.method = n >= 2 ? w->at[at] : "OPTIONS";
	x->check.uri = n >= 2 ? w->at[at + 1] : n == 1 ? w->at[at] : "/";
	x->check.version = n >= 3 ? w->at[at + 2] : "HTTP/1.0";
	x->check.host = n >= 4 ? w->at[at + 3] : NULL;
	if (strstr(x->check.version, "\r\n") != NULL)
		lb_parse_warn(p, "'option httpchk' : hiding headers or body "
		    "at the end of the version string is deprecated. Please, "
		    "consider to use 'http-check send' directive instead.");
	return all(w, at);
}

READER(read_pgsql)
{
	struct lb_proxy_conf *x = object;

	if (strcmp(word_at(w, at), "user") != 0) {
		lb_parse_alert(p, "'option pgsql-check' expects 'user "
		    "<username>' as argument.");
		return -1;
	}
	if (at + 1 >= w->count || *w->at[at + 1] == '\0') {
		lb_parse_alert(p, "'user' expects <username> as argument.");
		return -1;
	}
	if (at + 2 < w->count)
		return refuse(p, key, "only 'user <username>' may stand "
		    "there");
	begin_check(x, LB_CHECK_PGSQL);
	x->check.user = w->at[at + 1];
	return all(w, at);
}

READER(read_mysql)
{
	static const char *const kinds[] = { "post-41", "pre-41", "post-80" };
	struct lb_proxy_conf *x = object;

	begin_check(x, LB_CHECK_MYSQL);
	x->check.mysql = LB_MYSQL_POST_41;
	if (at >= w->count)
		return 0;
	if (strcmp(w->at[at], "user") != 0 || at + 1 >= w->count ||
	    *w->at[at + 1] == '\0')
		return refuse(p, key, "'user' expects <username> as "
		    "argument");
	x->check.user = w->at[at + 1];
	if (at + 2 >= w->count)
		return all(w, at);
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(w->at[at + 2], kinds[i]) == 0) {
			x->check.mysql = i;
			return all(w, at);
		}
	return refuse(p, key, "only 'post-41', 'pre-41' and 'post-80' may "
	    "stand behind the user");
}

READER(read_smtp)
{
	struct lb_proxy_conf *x = object;
	const char *verb = word_at(w, at), *name = word_at(w, at + 1);

	begin_check(x, LB_CHECK_SMTP);
	if (strcmp(verb, "EHLO") != 0 && strcmp(verb, "HELO") != 0)
		verb = "HELO";
	if (*name == '\0')
		name = "localhost";
	x->check.hello = arena_print(p->arena, "%s %s", verb, name);
	return all(w, at);
}

/*
 * A script without a connect is one connection; one with a connect begins
 * with it. Each request over HTTP has a connection of its own.
 */
static bool
step_fits(struct lb_parse *p, const struct lb_step *s)
{
	const struct lb_check_conf *c = &p->proxy->check;
	const struct lb_step *first = NULL, *last = NULL;
	unsigned count = p->own_steps ? c->steps.count : 0;

	for (unsigned i = 0; i < count; i++) {
		const struct lb_step *o = c->steps.at[i];

		if (o->http != s->http || (o->kind != LB_STEP_CONNECT &&
		    o->kind != LB_STEP_SEND && o->kind != LB_STEP_EXPECT))
			continue;
		if (first == NULL)
			first = o;
		last = o;
	}
	if (first == NULL)
		return true;
	if (s->kind == LB_STEP_CONNECT && first->kind != LB_STEP_CONNECT) {
		lb_parse_alert(p, "'%s connect' : first step MUST also be a "
		    "'connect', optionally preceded by a 'set-var', an "
		    "'unset-var' or a 'comment', when there is a 'connect' "
		    "step in the tcp-check ruleset.",
		    s->http ? "http-check" : "tcp-check");
		return false;
	}
	if (s->http && ((s->kind == LB_STEP_SEND &&
	    last->kind != LB_STEP_CONNECT) || (s->kind == LB_STEP_CONNECT &&
	    last->kind != LB_STEP_EXPECT))) {
		const char *what = s->kind == LB_STEP_SEND ? "send" :
		    "connect";

		lb_parse_alert(p, "'http-check %s' : unable to add "
		    "http-check %s rule at step %u (missing %s rule).", what,
		    what, count + 1, s->kind == LB_STEP_SEND ? "connect" :
		    "expect");
		return false;
	}
	return true;
}

/* tcp-check, http-check: own lines replace those of the defaults. */
static void
add_step(struct lb_parse *p, struct lb_step *s)
{
	if (!step_fits(p, s))
		return;
	if (!p->own_steps)
		memset(&p->proxy->check.steps, 0,
		    sizeof p->proxy->check.steps);
	p->own_steps = true;
	p->proxy->check.inherited = false;
	arena_add(p->arena, &p->proxy->check.steps, s);
}

READER(read_tcp_check)
{
	struct lb_step *s = lb_script_read(p, w, false);

	if (s == NULL)
		return -1;
	add_step(p, s);
	return all(w, at);
}

READER(read_http_check)
{
	struct lb_proxy_conf *x = object;
	struct lb_step *s;

	if (strcmp(word_at(w, at), "disable-on-404") == 0) {
		x->check.disable_on_404 = true;
		return all(w, at);
	}
	if (strcmp(word_at(w, at), "send-state") == 0) {
		x->check.send_state = true;
		return all(w, at);
	}
	s = lb_script_read(p, w, true);
	if (s == NULL)
		return -1;
	add_step(p, s);
	return all(w, at);
}

READER(read_external)
{
	struct lb_proxy_conf *x = object;
	const char *word = word_at(w, at);

	if (strcmp(word, "command") != 0 && strcmp(word, "path") != 0) {
		lb_parse_alert(p, "external-check only supports 'command' and "
		    "'path' (got '%s').", word);
		return -1;
	}
	if (at + 1 >= w->count)
		return refuse(p, key, "missing argument");
	*(*word == 'c' ? &x->check.command : &x->check.path) = w->at[at + 1];
	return all(w, at);
}

/* ---- logging ----------------------------------------------------------- */

READER(read_log)
{
	struct lb_proxy_conf *x = object;
	const struct lb_log_conf *log = lb_logline_read(p, w, at);

	if (log == NULL)
		return -1;
	if (log->target != LB_LOG_NOWHERE)
		arena_add(p->arena, &x->logs, log);
	return all(w, at);
}

/* log-format and its like: which field, and what may have a value there. */
READER(read_format)
{
	const struct lb_format **to =
	    (const struct lb_format **)((char *)object + key->at);
	struct lb_proxy_conf *x = object;
	struct why why;

	if (at >= w->count) {
		lb_parse_alert(p, "'%s' expects an argument.", key->name);
		return -1;
	}
	if (at + 1 < w->count) {
		lb_parse_alert(p, "%s expects only one argument, don't forget "
		    "to escape spaces!", key->name);
		return -1;
	}
	*to = lb_logformat_read(p, &w->place, w->at[at], ~0u, &why);
	if (*to == NULL)
		return refuse(p, key, why.line);
	if (to == &x->log_format)
		x->log_kind = LB_LOGS_FORMAT;
	return all(w, at);
}

/* ---- rules ------------------------------------------------------------- */

static int
read_delay(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, int64_t *to)
{
	struct why why;

	if (lb_value_time(word_at(w, at), 1000, to, &why) == 0)
		return 0;
	lb_parse_alert(p, "'%s inspect-delay' expects a positive delay in "
	    "milliseconds, in %s '%s' (%s).", key->name, p->proxy->kind,
	    p->proxy->name == NULL ? "" : p->proxy->name, why.line);
	return -1;
}

/* Rules in defaults need a name, so that it is clear who has them. */
static bool
may_have_rules(struct lb_parse *p, const struct lb_key *key)
{
	if (p->proxy->is != LB_IS_DEFAULTS || p->proxy->name != NULL)
		return true;
	lb_parse_alert(p, "'%s' not allowed in anonymous 'defaults' section; "
	    "give the section a name.", key->name);
	return false;
}

/* Rules that come late are told, as they are evaluated early. */
static void
warn_of_order(struct lb_parse *p, const char *what, unsigned stage)
{
	static const char *const later[] = { NULL, "tcp-request session",
	    "tcp-request content", "monitor fail", "block", "http-request",
	    "redirect", "use_backend", "use-server" };

	for (unsigned i = stage + 1; i < sizeof later / sizeof *later; i++)
		if (p->put_off & (1u << i)) {
			lb_parse_warn(p, "a '%s' rule placed after a '%s' "
			    "rule will still be processed before.", what,
			    later[i]);
			return;
		}
}

READER(read_tcp_request)
{
	static const struct {
		const char *name;
		enum lb_ruleset set;
		unsigned is;
	} rows[] = {
		{ "connection", LB_RULES_CONNECTION, LB_IS_FRONTEND },
		{ "session", LB_RULES_SESSION, LB_IS_FRONTEND },
		{ "content", LB_RULES_CONTENT, LB_IS_FRONTEND |
		    LB_IS_BACKEND },
	};
	const char *word = word_at(w, at);
	struct lb_proxy_conf *x = object;

	if (!may_have_rules(p, key))
		return -1;
	if (strcmp(word, "inspect-delay") == 0)
		return read_delay(p, key, w, at + 1, &x->request_delay) < 0 ?
		    -1 : all(w, at);
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(rows[i].name, word) != 0)
			continue;
		if (x->is != LB_IS_DEFAULTS && !(x->is & rows[i].is)) {
			lb_parse_alert(p, "'tcp-request %s' is not allowed "
			    "because %s '%s' is not a frontend.", word,
			    x->kind, x->name);
			return -1;
		}
		if (lb_rules_read(p, rows[i].set, w, at + 1,
		    arena_print(p->arena, "tcp-request %s", word)) < 0)
			return -1;
		warn_of_order(p, "tcp-request", i);
		p->put_off |= 1u << i;
		return all(w, at);
	}
	lb_parse_alert(p, "'tcp-request' expects 'inspect-delay', "
	    "'connection', 'session' or 'content' in %s '%s' (got '%s')",
	    x->kind, x->name == NULL ? "" : x->name, word);
	return -1;
}

READER(read_tcp_response)
{
	const char *word = word_at(w, at);
	struct lb_proxy_conf *x = object;

	if (!may_have_rules(p, key))
		return -1;
	if (strcmp(word, "inspect-delay") == 0)
		return read_delay(p, key, w, at + 1, &x->response_delay) < 0 ?
		    -1 : all(w, at);
	if (strcmp(word, "content") == 0)
		return lb_rules_read(p, LB_RULES_RESPONSE, w, at + 1,
		    "tcp-response content") < 0 ? -1 : all(w, at);
	lb_parse_alert(p, "'tcp-response' expects 'inspect-delay' or "
	    "'content' in %s '%s' (got '%s')", x->kind,
	    x->name == NULL ? "" : x->name, word);
	return -1;
}

READER(read_http_rule)
{
	static const struct {
		enum lb_ruleset set;
		unsigned bit;
	} rows[] = {
		{ LB_RULES_HTTP_REQUEST, LB_HTTP_REQUEST },
		{ LB_RULES_HTTP_RESPONSE, LB_HTTP_RESPONSE },
		{ LB_RULES_HTTP_AFTER, LB_HTTP_AFTER },
	};
	struct lb_proxy_conf *x = object;

	if (!may_have_rules(p, key) || lb_rules_read(p,
	    rows[key->value].set, w, at, key->name) < 0)
		return -1;
	x->http_words |= rows[key->value].bit;
	return all(w, at);
}

READER(read_redirect)
{
	struct lb_proxy_conf *x = object;

	x->http_words |= LB_HTTP_REDIRECT;
	return lb_rules_read(p, LB_RULES_HTTP_REQUEST, w, at - 1,
	    "http-request") < 0 ? -1 : all(w, at);
}

READER(read_monitor_fail)
{
	struct lb_proxy_conf *x = object;
	const struct lb_cond *cond;

	if (at >= w->count || !is_cond(w->at[at]))
		return refuse(p, key, "requires either 'if' or 'unless' "
		    "followed by a condition");
	if (read_cond(p, key, w, at, &cond) < 0)
		return -1;
	arena_add(p->arena, &x->monitor_fail, cond);
	return all(w, at);
}

/* ---- stick tables ------------------------------------------------------ */

static int
table_refuse(struct lb_parse *p, const char *what, const char *word)
{
	lb_parse_alert(p, "stick-table: %s '%s'.", what, word);
	return -1;
}

/* (10s), (5), (5,10s): behind the name of a data type. */
static int
read_store_args(struct lb_parse *p, struct text args, char kind,
    enum lb_store store, struct lb_table_conf *to)
{
	char *word = arena_copy(p->arena, args);
	struct why why;
	int64_t n;

	if (kind == 'n' || kind == 'b') {
		char *comma = strchr(word, ',');

		if ((kind == 'b') != (comma != NULL))
			return table_refuse(p, "wrong number of arguments",
			    word);
		if (comma != NULL)
			*comma = '\0';
		if (lb_value_number(word, 1, 100, &n, &why) < 0)
			return table_refuse(p, "number of elements expected "
			    "(1 to 100), got", word);
		to->elements[store] = (unsigned)n;
		word = comma == NULL ? NULL : comma + 1;
	}
	if (word != NULL && kind != 'n' && lb_value_time(word, 1000,
	    &to->period[store], &why) < 0)
		return table_refuse(p, "period expected, got", word);
	return 0;
}

static int
read_store(struct lb_parse *p, struct text one, struct lb_table_conf *to)
{
	struct text rest = one, name;

	text_split(&rest, '(', &name);
	for (size_t i = 0; i < LB_STORE_ROWS; i++) {
		enum lb_store store = lb_stores[i].store;

		if (!text_is(name, lb_stores[i].name))
			continue;
		if (to->stores & (1u << store))
			lb_parse_warn(p, "stick-table: store option '%s' "
			    "already enabled, ignored", lb_stores[i].name);
		to->stores |= 1u << store;
		if (rest.at == NULL)
			return lb_stores[i].args == 0 ? 0 : table_refuse(p,
			    "missing argument to store option",
			    lb_stores[i].name);
		if (!text_ends(rest, ")") || lb_stores[i].args == 0)
			return table_refuse(p, "unexpected argument to store "
			    "option", lb_stores[i].name);
		rest.len--;
		return read_store_args(p, rest, lb_stores[i].args, store, to);
	}
	return table_refuse(p, "unknown store option",
	    arena_copy(p->arena, name));
}

/* A list parted by commas outside of parentheses. */
static int
read_stores(struct lb_parse *p, const char *list, struct lb_table_conf *to)
{
	while (*list != '\0') {
		size_t len = 0;
		int depth = 0;

		while (list[len] != '\0' && (depth > 0 || list[len] != ',')) {
			depth += list[len] == '(';
			depth -= list[len] == ')';
			len++;
		}
		if (read_store(p, (struct text){ list, len }, to) < 0)
			return -1;
		list += len + (list[len] == ',');
	}
	return 0;
}

static int
read_table_type(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_table_conf *to)
{
	static const struct {
		const char *name;
		enum lb_type type;
		unsigned length;
	} types[] = {
		{ "ip", LB_TYPE_IPV4, 4 }, { "ipv4", LB_TYPE_IPV4, 4 },
		{ "ipv6", LB_TYPE_IPV6, 16 }, { "integer", LB_TYPE_INT, 4 },
		{ "string", LB_TYPE_STR, 32 }, { "binary", LB_TYPE_BIN, 32 },
	};
	const char *word = word_at(w, *at);
	size_t i = 0;
	int64_t n;

	while (i < sizeof types / sizeof *types &&
	    strcmp(types[i].name, word) != 0)
		i++;
	if (i == sizeof types / sizeof *types)
		return table_refuse(p, "unknown type", word);
	to->type = types[i].type;
	to->key_length = types[i].length;
	++*at;
	if (i >= 4 && strcmp(word_at(w, *at), "len") == 0) {
		if (!lb_value_loose(word_at(w, *at + 1), &n) || n < 1 ||
		    n > 65535)
			return table_refuse(p, "length expected, got",
			    word_at(w, *at + 1));
		to->key_length = (unsigned)n;
		*at += 2;
	}
	return 0;
}

static void
warn_ignored(struct lb_parse *p, const char *of, const char *name)
{
	lb_parse_warn(p, "'%s %s' is not supported by this program and is "
	    "ignored.", of, name);
}

static int
read_table_option(struct lb_parse *p, const struct lb_words *w,
    unsigned *at, struct lb_table_conf *to)
{
	const char *name = w->at[*at], *word = word_at(w, *at + 1);
	struct why why;

	if (strcmp(name, "nopurge") == 0) {
		to->nopurge = true;
		++*at;
		return 0;
	}
	if (strcmp(name, "recv-only") == 0) {
		warn_ignored(p, "stick-table", name);
		++*at;
		return 0;
	}
	if (strcmp(name, "type") == 0) {
		++*at;
		return read_table_type(p, w, at, to);
	}
	if (*word == '\0')
		return table_refuse(p, "missing argument after", name);
	*at += 2;
	if (strcmp(name, "size") == 0)
		return lb_value_size(word, &to->size, &why) == 0 &&
		    to->size > 0 ? 0 : table_refuse(p, "size expected, got",
		    word);
	if (strcmp(name, "expire") == 0)
		return lb_value_time(word, 1000, &to->expire, &why) == 0 ?
		    0 : table_refuse(p, "unexpected character in argument of "
		    "expire", word);
	if (strcmp(name, "store") == 0)
		return read_stores(p, word, to);
	if (strcmp(name, "srvkey") == 0) {
		to->srvkey_addr = strcmp(word, "addr") == 0;
		return to->srvkey_addr || strcmp(word, "name") == 0 ? 0 :
		    table_refuse(p, "srvkey expects name or addr, got", word);
	}
	if (strcmp(name, "peers") == 0) {
		to->peers_name = word;
		return 0;
	}
	if (strcmp(name, "write-to") == 0 ||
	    strcmp(name, "brates-factor") == 0) {
		warn_ignored(p, "stick-table", name);
		return 0;
	}
	return table_refuse(p, "unknown argument", name);
}

/* An array takes the place of the single ones. */
static int
refuse_doubles(struct lb_parse *p, const struct lb_table_conf *t)
{
	static const struct {
		unsigned array, single;
		const char *name, *singles;
	} rows[] = {
		{ 1u << LB_STORE_GPT, 1u << LB_STORE_GPT0, "gpt", "gpt0" },
		{ 1u << LB_STORE_GPC, 1u << LB_STORE_GPC0 |
		    1u << LB_STORE_GPC1, "gpc", "gpc[0/1]" },
		{ 1u << LB_STORE_GPC_RATE, 1u << LB_STORE_GPC0_RATE |
		    1u << LB_STORE_GPC1_RATE, "gpc_rate", "gpc[0/1]_rate" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!(t->stores & rows[i].array) ||
		    !(t->stores & rows[i].single))
			continue;
		lb_parse_alert(p, "stick-table: simultaneous usage of '%s' "
		    "and '%s' in a same table is not permitted as '%s' "
		    "overrides '%s'.", rows[i].name, rows[i].singles,
		    rows[i].name, rows[i].singles);
		return -1;
	}
	return 0;
}

int
lb_keys_proxy_table(struct lb_parse *p, const struct lb_words *w,
    unsigned at, struct lb_table_conf *to)
{
	to->place = w->place;
	while (at < w->count)
		if (read_table_option(p, w, &at, to) < 0)
			return -1;
	if (to->key_length == 0)
		return table_refuse(p, "missing type in table", to->name);
	if (to->size == 0)
		return table_refuse(p, "missing size in table", to->name);
	return refuse_doubles(p, to);
}

READER(read_stick_table)
{
	struct lb_proxy_conf *x = object;
	struct lb_table_conf *t;

	if (at >= w->count)
		return refuse(p, key, "expects type and size");
	if (x->table != NULL) {
		lb_parse_alert(p, "stick-table name '%s' conflicts with table "
		    "declared in %s '%s' at %s:%u.", x->name, x->kind,
		    x->name, x->table->place.file, x->table->place.line);
		return -1;
	}
	t = lb_parse_get(p, sizeof *t);
	t->name = x->name;
	if (lb_keys_proxy_table(p, w, at, t) < 0)
		return -1;
	x->table = t;
	arena_add(p->arena, &p->setup->tables, t);
	return all(w, at);
}

READER(read_stick)
{
	static const struct {
		const char *name;
		unsigned what;
	} rows[] = {
		{ "on", LB_STICK_MATCH | LB_STICK_STORE },
		{ "match", LB_STICK_MATCH },
		{ "store-request", LB_STICK_STORE },
		{ "store-response", LB_STICK_STORE | LB_STICK_RESPONSE },
	};
	struct lb_proxy_conf *x = object;
	struct lb_stick_conf *s = lb_parse_get(p, sizeof *s);
	struct why why;

	s->place = w->place;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, word_at(w, at)) == 0)
			s->what = rows[i].what;
	if (s->what == 0)
		return refuse(p, key, "expects 'on', 'match', "
		    "'store-request' or 'store-response'");
	if (++at >= w->count)
		return refuse(p, key, "missing fetch method");
	s->expr = lb_expression_read(p, w, &at, "stick", &why);
	if (s->expr == NULL)
		return refuse(p, key, why.line);
	if (strcmp(word_at(w, at), "table") == 0) {
		s->table_name = word_at(w, at + 1);
		at += 2;
	}
	if (read_cond(p, key, w, at, &s->cond) < 0)
		return -1;
	lb_parse_owe(p, LB_ARG_TABLE, s->table_name, "stick",
	    (const void **)&s->table);
	arena_add(p->arena, &x->sticks, s);
	return all(w, at);
}

/* ---- statistics -------------------------------------------------------- */

READER(refuse_stats)
{
	lb_parse_alert(p, "unknown stats parameter '%s', expects 'admin', "
	    "'uri', 'realm', 'auth', 'scope', 'enable', 'hide-version', "
	    "'refresh', 'http-request', 'show-node', 'show-desc', "
	    "'show-modules' or 'show-legends'.", word_at(w, at));
	return -1;
}

READER(read_stats_text)
{
	struct lb_proxy_conf *x = object;
	const char *text = word_at(w, at);

	if (*text == '\0') {
		lb_parse_alert(p, "'%s' needs %s.", key->name, key->args);
		return -1;
	}
	x->stats.on = true;
	for (unsigned i = at + 1; key->value == 1 && i < w->count; i++)
		text = arena_print(p->arena, "%s %s", text, w->at[i]);
	*(const char **)((char *)object + key->at) = text;
	return all(w, at);
}

READER(read_stats_flag)
{
	struct lb_proxy_conf *x = object;

	x->stats.on = true;
	*(bool *)((char *)object + key->at) = true;
	return all(w, at);
}

READER(read_stats_refresh)
{
	struct lb_proxy_conf *x = object;
	struct why why;

	if (lb_value_time(word_at(w, at), 1000000, &x->stats.refresh,
	    &why) < 0) {
		lb_parse_alert(p, "%s in argument to stats refresh interval.",
		    why.line);
		return -1;
	}
	x->stats.on = true;
	return all(w, at);
}

READER(read_stats_auth)
{
	struct lb_proxy_conf *x = object;

	if (at >= w->count || *w->at[at] == '\0') {
		lb_parse_alert(p, "'auth' needs a user:password account.");
		return -1;
	}
	x->stats.on = true;
	arena_add(p->arena, &x->stats.auth, w->at[at]);
	return all(w, at);
}

READER(read_stats_scope)
{
	struct lb_proxy_conf *x = object;

	if (at >= w->count || *w->at[at] == '\0') {
		lb_parse_alert(p, "'scope' needs a proxy name.");
		return -1;
	}
	x->stats.on = true;
	arena_add(p->arena, &x->stats.scopes, w->at[at]);
	return all(w, at);
}

READER(read_stats_admin)
{
	struct lb_proxy_conf *x = object;

	if (at >= w->count || !is_cond(w->at[at])) {
		lb_parse_alert(p, "'stats admin' requires either 'if' or "
		    "'unless' followed by a condition.");
		return -1;
	}
	x->stats.on = true;
	x->stats.admin = true;
	return read_cond(p, key, w, at, &x->stats.admin_cond) < 0 ? -1 :
	    all(w, at);
}

READER(read_stats_rule)
{
	struct lb_proxy_conf *x = object;

	if (x->is == LB_IS_DEFAULTS) {
		lb_parse_alert(p, "'stats http-request' not allowed in "
		    "'defaults' section.");
		return -1;
	}
	x->stats.on = true;
	return lb_rules_read(p, LB_RULES_STATS, w, at, "stats http-request")
	    < 0 ? -1 : all(w, at);
}

READER(read_stats_shown)
{
	struct lb_proxy_conf *x = object;
	bool node = strcmp(key->name, "stats show-node") == 0;
	const char *text = at < w->count ? w->at[at] : NULL;

	x->stats.on = true;
	for (unsigned i = at + 1; !node && i < w->count; i++)
		text = arena_print(p->arena, "%s %s", text, w->at[i]);
	if (!node && text == NULL && p->setup->global.description == NULL)
		lb_parse_warn(p, "'show-desc' requires a parameter or 'desc' "
		    "to be set in the global section.");
	*(node ? &x->stats.show_node : &x->stats.show_desc) = true;
	*(node ? &x->stats.node : &x->stats.desc) = text;
	return all(w, at);
}

READER(read_stats_live)
{
	struct lb_proxy_conf *x = object;
	const char *word = word_at(w, at);

	if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
		return refuse(p, key, "expects 'on' or 'off'");
	x->stats.live = word[1] == 'n';
	return all(w, at);
}

/* ---- the rest ---------------------------------------------------------- */

READER(read_state_file)
{
	static const char *const names[] = { "none", "global", "local" };
	struct lb_proxy_conf *x = object;

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(names[i], word_at(w, at)) == 0) {
			x->load_state = i;
			return all(w, at);
		}
	lb_parse_alert(p, "'load-server-state-from-file' expects 'none', "
	    "'local', or 'global'. Got '%s'", word_at(w, at));
	return -1;
}

READER(read_state_name)
{
	struct lb_proxy_conf *x = object;

	x->state_file = at >= w->count ||
	    strcmp(w->at[at], "use-backend-name") == 0 ? x->name : w->at[at];
	return all(w, at);
}

READER(read_cookie)
{
	struct lb_proxy_conf *x = object;

	if (at >= w->count)
		return refuse(p, key, "expects <cookie_name> as argument");
	x->cookie = w->at[at];
	x->http_words |= LB_HTTP_COOKIE;
	return all(w, at);
}

READER(read_errorfile)
{
	struct text ignored;
	struct why why;
	int64_t code;

	if (w->count - at < 2 || !lb_value_loose(w->at[at], &code) ||
	    code < 200 || code > 599)
		return refuse(p, key, "expects <status_code> and <file> as "
		    "arguments");
	if (p->source->fetch != NULL && p->source->fetch(p->source->arg,
	    lb_parse_path(p, w->at[at + 1]), &ignored, &why) < 0) {
		lb_parse_alert(p, "%s : error opening file <%s>.", key->name,
		    w->at[at + 1]);
		return -1;
	}
	return all(w, at);
}

READER(read_retry_on)
{
	for (unsigned i = at; i < w->count; i++)
		if (strcmp(w->at[i], "conn-failure") != 0 &&
		    strcmp(w->at[i], "none") != 0 &&
		    strcmp(w->at[i], "response-timeout") != 0)
			lb_parse_warn(p, "'retry-on %s' is not supported by "
			    "this program and is ignored.", w->at[i]);
	return all(w, at);
}

READER(read_filter)
{
	static const char *const ignored[] = { "bwlim-in", "bwlim-out",
	    "cache", "compression", "trace" };

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		if (strcmp(ignored[i], word_at(w, at)) == 0) {
			lb_parse_warn(p, "'filter %s' is not supported by "
			    "this program and is ignored.", w->at[at]);
			return all(w, at);
		}
	lb_parse_alert(p, "'filter %s' is not supported by this program.",
	    word_at(w, at));
	return -1;
}

READER(refuse_gone)
{
	lb_parse_alert(p, "The '%s' directive is not supported anymore%s%s",
	    key->name, key->advice == NULL ? "." : ". Use ",
	    key->advice == NULL ? "" : key->advice);
	return -1;
}

READER(read_role)
{
	static const char *const names[] = { "any", "primary", "standby" };
	struct lb_proxy_conf *x = object;

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(names[i], word_at(w, at)) == 0) {
			x->check.role = LB_ROLE_ANY + (int)i;
			return all(w, at);
		}
	return refuse(p, key, "expects 'any', 'primary' or 'standby'");
}

/* ---- the table --------------------------------------------------------- */

#define TIMEOUT(name, in, field, usual, help)				\
	{ "timeout " name, in, LB_CLASS_F, LB_KEY_READ,			\
	  AT(timeout.field), 0, 0, 0, false, set_timeout, 1, "<time>",	\
	  usual, NULL, false, help }
#define OLD(name, in, read, field, args, advice)			\
	{ name, in, LB_CLASS_F, LB_KEY_READ, AT(field), 0, 0, 0, false,	\
	  read, 1, args, "", advice, false, "old name of " advice }
#define ROW(name, in, kind, field, least, most, args, usual, help)	\
	{ name, in, LB_CLASS_F, LB_KEY_##kind, AT(field), least, most, 0, \
	  false, NULL, 1, args, usual, NULL, false, help }
#define READ(name, in, read, field, value, words, args, help)		\
	{ name, in, LB_CLASS_F, LB_KEY_READ, AT(field), 0, 0, value,	\
	  false, read, words, args, "", NULL, false, help }
#define USUAL(name, in, read, field, words, args, usual, help)		\
	{ name, in, LB_CLASS_F, LB_KEY_READ, AT(field), 0, 0, 0,	\
	  false, read, words, args, usual, NULL, false, help }
#define SWITCH(name, in, bit, help)					\
	{ "option " name, in, LB_CLASS_F, LB_KEY_BITS, AT(options), 0, 0, \
	  1 << LB_OPT_##bit, true, NULL, 0, "", "off", NULL, false, help }
#define CHECK(name, kind, help)						\
	{ "option " name, D | L | B, LB_CLASS_F, LB_KEY_READ, 0, 0, 0,	\
	  kind, true, read_check_kind, 0, "", "", NULL, false, help }
#define OURS(name, in, kind, field, read, words, args, usual, help)	\
	{ name, in, LB_CLASS_F, LB_KEY_##kind, AT(field), 0, 0, 0,	\
	  false, read, words, args, usual, NULL, true, help }
#define S(name, in)							\
	{ name, in, LB_CLASS_S, LB_KEY_NOTHING, 0, 0, 0, 0, true, NULL,	\
	  -1, "...", "", NULL, false, "no effect" }
#define W(name, in, advice)						\
	{ name, in, LB_CLASS_W, LB_KEY_NOTHING, 0, 0, 0, 0, true, NULL,	\
	  -1, "...", "", advice, false, "no effect" }
#define HTTP(name, in, bit)						\
	{ name, in, LB_CLASS_S, LB_KEY_READ, 0, 0, 0, bit, true,	\
	  skip_http, -1, "...", "", NULL, false, "no effect" }
#define HTTP_OPTION(name, in)						\
	{ "option " name, in, LB_CLASS_S, LB_KEY_READ, 0, 0, 0, 0, true, \
	  skip_http_option, -1, "...", "", NULL, false, "no effect" }
#define GONE(name, advice)						\
	{ name, LB_IN_PROXIES, LB_CLASS_F, LB_KEY_READ, 0, 0, 0, 0,	\
	  false, refuse_gone, -1, "...", "", advice, false, "refused" }

const struct lb_key lb_keys_proxy[] = {
	READ("acl", D | F | L | B, read_acl, acls, 0, -1,
	    "<name> <expr> [flags] [operator] <value>...",
	    "a named condition"),
	GONE("appsession", "stick tables."),
	ROW("backlog", D | F | L, INT, backlog, 0, INT32_MAX, "<number>",
	    "maxconn", "connections that the kernel holds"),
	USUAL("balance", D | L | B, read_balance, balance, -1,
	    "<algorithm>", "roundrobin", "how a server is chosen"),
	READ("bind", F | L, read_bind, binds, 0, -1,
	    "<address>[,...] [options]", "where to listen"),
	GONE("bind-process", "'process' on bind lines; it has no effect."),
	GONE("block", "'http-request deny' or 'tcp-request content reject'."),
	S("capture", F | L),
	ROW("clitcpka-cnt", D | F | L, COUNT, client_keepalive.count, 0, 127,
	    "<count>", "", "probes of keep-alive towards clients"),
	ROW("clitcpka-idle", D | F | L, SECONDS, client_keepalive.idle, 0, 0,
	    "<time>", "", "silence before the first probe"),
	ROW("clitcpka-intvl", D | F | L, SECONDS, client_keepalive.interval, 0, 0, "<time>", "", "time between probes"),
	OLD("clitimeout", D | F | L, set_old_timeout, timeout.client,
	    "<time>", "timeout client"),
	HTTP("compression", D | F | L | B, LB_HTTP_COMPRESSION),
	OLD("contimeout", D | L | B, set_old_timeout, timeout.connect,
	    "<time>", "timeout connect"),
	READ("cookie", D | L | B, read_cookie, cookie, 0, -1, "<name> ...",
	    "shown in statistics; cookies are not set"),
	W("declare", F | L, NULL),
	READ("default-server", D | L | B, read_default_server,
	    default_server, 0, -1, "[options]",
	    "options of the servers below"),
	READ("default_backend", D | F | L, read_default_backend,
	    default_backend, 0, 1, "<backend>",
	    "backend when no use_backend fits"),
	READ("description", F | L | B, read_description, description, 0, -1,
	    "<text>", "shown in statistics"),
	{ "disabled", D | F | L | B, LB_CLASS_F, LB_KEY_FLAG, AT(disabled),
	    0, 0, 0, false, NULL, 0, "", "off", NULL, false,
	    "the proxy does not exist" },
	READ("dispatch", L | B, read_dispatch, dispatch, 0, 1,
	    "<address:port>", "where all sessions go"),
	W("dynamic-cookie-key", D | L | B, NULL),
	W("email-alert", D | F | L | B,
	    "Alerts by mail are the monitor's task."),
	{ "enabled", D | F | L | B, LB_CLASS_F, LB_KEY_FLAG, AT(disabled),
	    0, 0, 1, false, NULL, 0, "", "on", NULL, false,
	    "the proxy exists" },
	READ("error-log-format", D | F | L, read_format, error_format, 0, -1,
	    "<format>", "log line of a failed handshake"),
	READ("errorfile", D | F | L | B, read_errorfile, name, 0, 2,
	    "<code> <file>", "the file must be there; it is of HTTP"),
	S("errorfiles", D | F | L | B), S("errorloc", D | F | L | B),
	S("errorloc302", D | F | L | B), S("errorloc303", D | F | L | B),
	READ("external-check", D | L | B, read_external, check.command, 0,
	    2, "command|path <text>", "program of option external-check"),
	READ("filter", F | L | B, read_filter, name, 0, -1, "<name> ...",
	    "none is carried out: told or refused"),
	W("force-be-switch", F | L, NULL),
	W("force-persist", L | B, NULL),
	ROW("fullconn", D | L | B, INT, fullconn, 0, INT32_MAX, "<number>",
	    "10 % of the frontends' maxconn",
	    "load at which servers use their full maxconn"),
	W("guid", F | L | B, "Counters are kept over a reload by name."),
	READ("hash-balance-factor", D | L | B, read_hash_factor, balance, 0,
	    1, "<percent>", "load above the average that is allowed"),
	READ("hash-preserve-affinity", D | L | B, read_preserve, balance, 0,
	    1, "always", "a full server is waited for"),
	READ("hash-type", D | L | B, read_hash_type, balance, 0, 3,
	    "map-based|consistent [function] [avalanche]",
	    "how a hash becomes a server"),
	READ("http-after-response", D | F | L | B, read_http_rule, rules, 2,
	    -1, "<action> ...", "rules of proxies that answer themselves"),
	READ("http-check", D | L | B, read_http_check, check.steps, 0, -1,
	    "<step> ...", "dialogue of option httpchk"),
	S("http-error", D | F | L | B),
	READ("http-request", D | F | L | B, read_http_rule, rules, 0, -1,
	    "<action> ...", "rules of proxies that answer themselves"),
	READ("http-response", D | F | L | B, read_http_rule, rules, 1, -1,
	    "<action> ...", "rules of proxies that answer themselves"),
	S("http-reuse", D | L | B), S("http-send-name-header", D | L | B),
	READ("id", F | L | B, read_id, id, 0, 1, "<number>",
	    "number in statistics"),
	W("ignore-persist", L | B, NULL),
	READ("load-server-state-from-file", D | L | B, read_state_file,
	    load_state, 0, 1, "global|local|none",
	    "are states of servers read at start?"),
	READ("log", D | F | L | B, read_log, logs, 0, -1,
	    "global | <target> ... <facility> [max [min]]",
	    "where log lines go"),
	READ("log-format", D | F | L | B, read_format, log_format, 0, -1,
	    "<format>", "log line of a session"),
	READ("log-format-sd", D | F | L | B, read_format, log_sd, 0, -1,
	    "<format>", "structured data of rfc5424"),
	S("log-steps", D | F | L),
	ROW("log-tag", D | F | L | B, TEXT, log_tag, 0, 0, "<text>", "",
	    "name in log lines"),
	S("max-keep-alive-queue", D | L | B),
	S("max-session-srv-conns", D | F | L),
	ROW("maxconn", D | F | L, INT, maxconn, 0, INT32_MAX, "<number>",
	    "the process's", "connections of the frontend"),
	USUAL("mode", D | F | L | B, read_mode, mode, 1, "tcp|http",
	    "tcp", "what is carried"),
	READ("monitor fail", F | L, read_monitor_fail, monitor_fail, 0, -1,
	    "if|unless <cond>", "monitor-uri answers 503"),
	GONE("monitor-net", "'tcp-request connection' or 'http-request "
	    "return status 200'."),
	ROW("monitor-uri", D | F | L, TEXT, monitor_uri, 0, 0, "<uri>", "",
	    "answers 200"),

	SWITCH("abortonclose", D | F | L | B, ABORTONCLOSE,
	    "a waiting session ends when its client leaves"),
	SWITCH("allbackups", D | L | B, ALLBACKUPS,
	    "all backups share the load"),
	SWITCH("clitcpka", D | F | L, CLITCPKA, "keep-alive towards clients"),
	SWITCH("contstats", D | F | L, CONTSTATS,
	    "counters grow during sessions"),
	SWITCH("dontlog-normal", D | F | L, DONTLOG_NORMAL,
	    "only failed sessions are logged"),
	SWITCH("dontlognull", D | F | L, DONTLOGNULL,
	    "sessions without a byte are not logged"),
	READ("option external-check", D | L | B, read_check_kind, check,
	    LB_CHECK_EXTERNAL, 0, "", "checks run a program"),
	READ("option httpchk", D | L | B, read_httpchk, check, 0, 4,
	    "[[<method>] <uri> [<version> [<host>]]]", "checks ask by HTTP"),
	READ("option httplog", D | F | L, read_httplog, log_kind, 0, 1,
	    "[clf]", "as option tcplog in TCP"),
	READ("option httpslog", D | F | L, read_httplog, log_kind, 0, 0, "",
	    "as option tcplog in TCP"),
	SWITCH("independent-streams", D | F | L | B, INDEPENDENT_STREAMS,
	    "time-outs of both directions are apart"),
	CHECK("ldap-check", LB_CHECK_LDAP, "checks speak LDAP"),
	SWITCH("log-health-checks", D | L | B, LOG_HEALTH_CHECKS,
	    "changes of checks are logged"),
	SWITCH("log-separate-errors", D | F | L, LOG_SEPARATE_ERRORS,
	    "failed sessions are logged at level err"),
	SWITCH("logasap", D | F | L, LOGASAP,
	    "sessions are logged when they are established"),
	READ("option mysql-check", D | L | B, read_mysql, check, 0, 3,
	    "[user <name> [post-41|pre-41|post-80]]", "checks speak MySQL"),
	SWITCH("nolinger", D | F | L | B, NOLINGER,
	    "connections are reset when they end"),
	SWITCH("persist", D | L | B, PERSIST,
	    "a stored server is used although it is down"),
	READ("option pgsql-check", D | L | B, read_pgsql, check, 0, 2,
	    "user <name>", "checks speak PostgreSQL"),
	{ "option redispatch", D | L | B, LB_CLASS_F, LB_KEY_READ,
	    AT(redispatch), 0, 0, 0, true, read_redispatch, 1, "[<number>]",
	    "off", NULL, false, "retries go to other servers" },
	CHECK("redis-check", LB_CHECK_REDIS, "checks speak Redis"),
	READ("option smtpchk", D | L | B, read_smtp, check, 0, 2,
	    "[HELO|EHLO <name>]", "checks speak SMTP"),
	SWITCH("socket-stats", D | F | L, SOCKET_STATS,
	    "statistics of each listener"),
	SWITCH("splice-auto", D | F | L | B, SPLICE_AUTO, "splice"),
	SWITCH("splice-request", D | F | L | B, SPLICE_REQUEST, "splice"),
	SWITCH("splice-response", D | F | L | B, SPLICE_RESPONSE, "splice"),
	SWITCH("srvtcpka", D | L | B, SRVTCPKA,
	    "keep-alive towards servers"),
	CHECK("ssl-hello-chk", LB_CHECK_SSL_HELLO, "checks say hello"),
	CHECK("tcp-check", LB_CHECK_TCP, "checks follow tcp-check lines"),
	SWITCH("tcp-smart-accept", D | F | L, TCP_SMART_ACCEPT,
	    "acknowledgements are delayed"),
	SWITCH("tcp-smart-connect", D | L | B, TCP_SMART_CONNECT,
	    "acknowledgements are delayed"),
	{ "option tcpka", D | F | L | B, LB_CLASS_F, LB_KEY_BITS,
	    AT(options), 0, 0, 1 << LB_OPT_CLITCPKA | 1 << LB_OPT_SRVTCPKA,
	    true, NULL, 0, "", "off", NULL, false, "keep-alive both ways" },
	READ("option tcplog", D | F | L, read_tcplog, log_kind, 0, 1,
	    "[clf]", "one line a session"),
	SWITCH("transparent", D | L | B, TRANSPARENT,
	    "sessions go where the client meant them to"),
	{ "transparent", D | L | B, LB_CLASS_F, LB_KEY_BITS, AT(options), 0,
	    0, 1 << LB_OPT_TRANSPARENT, true, NULL, 0, "", "off", NULL,
	    false, "sessions go where the client meant them to" },
#define H(name, in)	S("option " name, in)
	HTTP_OPTION("accept-invalid-http-request", D | F | L),
	HTTP_OPTION("accept-invalid-http-response", D | L | B),
	HTTP_OPTION("accept-unsafe-violations-in-http-request", D | F | L),
	HTTP_OPTION("accept-unsafe-violations-in-http-response", D | L | B),
	H("assume-rfc6587-ntf", F | L), H("dont-parse-log", F | L),
	HTTP_OPTION("checkcache", D | L | B),
	H("disable-h2-upgrade", D | F | L),
	H("forwarded", D | L | B),
	HTTP_OPTION("forwardfor", D | F | L | B),
	H("h1-case-adjust-bogus-client", D | F | L),
	H("h1-case-adjust-bogus-server", D | L | B),
	HTTP_OPTION("http-buffer-request", D | F | L | B),
	H("http-drop-request-trailers", D | L | B),
	H("http-drop-response-trailers", D | F | L),
	HTTP_OPTION("http-ignore-probes", D | F | L),
	H("http-keep-alive", D | F | L | B),
	HTTP_OPTION("http-no-delay", D | F | L | B),
	HTTP_OPTION("http-pretend-keepalive", D | F | L | B),
	HTTP_OPTION("http-restrict-req-hdr-names", D | F | L | B),
	H("http-server-close", D | F | L | B),
	H("http-use-htx", D | F | L | B),
	HTTP_OPTION("http-use-proxy-header", D | F | L),
	H("httpclose", D | F | L | B),
	H("idle-close-on-response", D | F | L),
	HTTP_OPTION("originalto", D | F | L | B),
	HTTP_OPTION("prefer-last-server", D | L | B),
	H("relaxed-redirect", D | F | L | B),
	H("tcp-smart-close", D | F | L | B),
	H("use-small-buffers", D | F | L | B),
	W("option spop-check", D | L | B, "Checks connect only."),
	W("option forceclose", D | F | L | B, "Remove it; it is of HTTP."),
	W("option http-tunnel", D | F | L | B, "Remove it; it is of HTTP."),
	GONE("option http_proxy", NULL),
	READ("option", LB_IN_PROXIES, refuse_option, name, 0, -1, "", NULL),

	W("persist", D | L | B, "Use a stick table."),
	OURS("pgsql-cancel", F | L, FLAG, pgsql_cancel, NULL, 0, "", "off",
	    "cancel requests go to the right pooler"),
	OURS("pgsql-database", L | B, TEXT, check.database, NULL, 1,
	    "<name>", "", "database of option pgsql-check"),
	OURS("pgsql-password-file", L | B, TEXT, check.password_file, NULL,
	    1, "<file>", "", "password of option pgsql-check"),
	OURS("pgsql-role", L | B, READ, check.role, read_role, 1,
	    "any|primary|standby", "any", "role that a check asks for"),
	READ("rate-limit", D | F | L, read_rate, session_rate, 0, 2,
	    "sessions <number>", "sessions a second"),
	OLD("redispatch", D | L | B, read_old_redispatch, redispatch, "",
	    "option redispatch"),
	READ("redirect", F | L | B, read_redirect, rules, 0, -1,
	    "location|prefix|scheme <fmt> ...",
	    "an http-request rule of that name"),
	GONE("reqadd", "'http-request add-header'."),
	GONE("reqallow", "'http-request allow'."),
	GONE("reqdel", "'http-request del-header'."),
	GONE("reqdeny", "'http-request deny'."),
	GONE("reqiadd", "'http-request add-header'."),
	GONE("reqiallow", "'http-request allow'."),
	GONE("reqidel", "'http-request del-header'."),
	GONE("reqideny", "'http-request deny'."),
	GONE("reqipass", NULL),
	GONE("reqirep", "'http-request replace-header'."),
	GONE("reqisetbe", "'use_backend'."),
	GONE("reqitarpit", "'http-request tarpit'."),
	GONE("reqpass", NULL),
	GONE("reqrep", "'http-request replace-header'."),
	GONE("reqsetbe", "'use_backend'."),
	GONE("reqtarpit", "'http-request tarpit'."),
	ROW("retries", D | L | B, INT, retries, 0, INT32_MAX, "<number>",
	    "3", "more attempts to connect"),
	READ("retry-on", D | L | B, read_retry_on, retries, 0, -1,
	    "<cause>...", "what is tried again"),
	GONE("rspadd", "'http-response add-header'."),
	GONE("rspdel", "'http-response del-header'."),
	GONE("rspdeny", "'http-response deny'."),
	GONE("rspidel", "'http-response del-header'."),
	GONE("rspideny", "'http-response deny'."),
	GONE("rspirep", "'http-response replace-header'."),
	GONE("rsprep", "'http-response replace-header'."),
	READ("server", L | B, read_server, servers, 0, -1,
	    "<name> <address>[:<port>] [options]", "a server"),
	READ("server-state-file-name", D | L | B, read_state_name,
	    state_file, 0, 1, "[<file>|use-backend-name]",
	    "file of states of servers"),
	READ("server-template", L | B, read_server_template, servers, 0, -1,
	    "<prefix> <number> <address>[:<port>] [options]",
	    "servers that discovery fills"),
	{ "session-spread", F | L | B, LB_CLASS_F, LB_KEY_COUNT,
	    AT(session_spread), 0, 100, 0, false, NULL, 1, "<percent>", "0",
	    NULL, true, "sessions end up to that much before timeout "
	    "session" },
	READ("source", D | L | B, read_source, source, 0, -1,
	    "<address> [usesrc ...] [interface ...]",
	    "address that connections come from"),
	ROW("srvtcpka-cnt", D | L | B, COUNT, server_keepalive.count, 0, 127,
	    "<count>", "", "probes of keep-alive towards servers"),
	ROW("srvtcpka-idle", D | L | B, SECONDS, server_keepalive.idle, 0, 0,
	    "<time>", "", "silence before the first probe"),
	ROW("srvtcpka-intvl", D | L | B, SECONDS, server_keepalive.interval, 0, 0, "<time>", "", "time between probes"),
	OLD("srvtimeout", D | L | B, set_old_timeout, timeout.server,
	    "<time>", "timeout server"),

	READ("stats admin", D | F | L | B, read_stats_admin, stats, 0, -1,
	    "if|unless <cond>", "who may change states in the page"),
	READ("stats auth", D | F | L | B, read_stats_auth, stats.auth, 0, 1,
	    "<user>:<password>", "who may see the page"),
	S("stats bind-process", D | F | L | B),
	READ("stats enable", D | F | L | B, read_stats_flag, stats.on, 0, 0,
	    "", "a page of statistics"),
	READ("stats hide-version", D | F | L | B, read_stats_flag,
	    stats.hide_version, 0, 0, "", "the page has no version"),
	READ("stats http-request", F | L | B, read_stats_rule, stats.rules,
	    0, -1, "<action> ...", "rules of the page"),
	S("stats maxconn", D | F | L | B),
	READ("stats realm", D | F | L | B, read_stats_text, stats.realm, 1,
	    -1, "an realm name", "what browsers ask with"),
	READ("stats refresh", D | F | L | B, read_stats_refresh,
	    stats.refresh, 0, 1, "<seconds>", "the page is loaded again"),
	READ("stats scope", D | F | L | B, read_stats_scope, stats.scopes, 0,
	    1, "<proxy>|.", "what the page shows"),
	READ("stats show-desc", D | F | L | B, read_stats_shown, stats, 0,
	    -1, "[<text>]", "the page has a description"),
	READ("stats show-legends", D | F | L | B, read_stats_flag,
	    stats.show_legends, 0, 0, "", "the page has tooltips"),
	READ("stats show-modules", D | F | L | B, read_stats_flag,
	    stats.show_modules, 0, 0, "", "the page has more columns"),
	READ("stats show-node", D | F | L | B, read_stats_shown, stats, 0,
	    1, "[<name>]", "the page has the name of the node"),
	READ("stats uri", D | F | L | B, read_stats_text, stats.uri, 0, 1,
	    "an URI prefix", "where the page is"),
	READ("stats", LB_IN_PROXIES, refuse_stats, name, 0, -1, "", NULL),

	OURS("stats-live", D | F | L | B, READ, stats.live, read_stats_live,
	    1, "on|off", "on", "the page changes by itself"),

	READ("stick", L | B, read_stick, sticks, 0, -1,
	    "on|match|store-request|store-response <expr> [table <t>] "
	    "[if <cond>]", "sessions stay with a server"),
	READ("stick-table", F | L | B, read_stick_table, table, 0, -1,
	    "type <t> size <n> [options]", "a table of keys"),
	READ("tcp-check", D | L | B, read_tcp_check, check.steps, 0, -1,
	    "<step> ...", "dialogue of option tcp-check"),
	READ("tcp-request", D | F | L | B, read_tcp_request, rules, 0, -1,
	    "connection|session|content <action> ... | inspect-delay <time>",
	    "rules of a session"),
	READ("tcp-response", D | L | B, read_tcp_response, rules, 0, -1,
	    "content <action> ... | inspect-delay <time>",
	    "rules of what servers send"),
	TIMEOUT("check", D | L | B, check, "inter",
	    "a check's answer"),
	TIMEOUT("client", D | F | L, client, "none",
	    "silence of a client"),
	TIMEOUT("client-fin", D | F | L, client_fin, "timeout client",
	    "the same when it has closed one way"),
	TIMEOUT("client-hs", D | F | L, client_hs, "timeout client",
	    "handshakes of a client"),
	OLD("timeout clitimeout", D | F | L, set_old_timeout, timeout.client,
	    "<time>", "timeout client"),
	TIMEOUT("connect", D | L | B, connect, "none",
	    "connecting to a server"),
	OLD("timeout contimeout", D | L | B, set_old_timeout,
	    timeout.connect, "<time>", "timeout connect"),
	TIMEOUT("http-keep-alive", LB_IN_PROXIES, http_keep_alive,
	    "timeout http-request",
	    "the next request"),
	TIMEOUT("http-request", LB_IN_PROXIES, http_request, "timeout client",
	    "a whole request"),
	TIMEOUT("queue", D | L | B, queue, "timeout connect",
	    "waiting for a server"),
	TIMEOUT("server", D | L | B, server, "none",
	    "silence of a server"),
	TIMEOUT("server-fin", D | L | B, server_fin, "timeout server",
	    "the same when it has closed one way"),
	{ "timeout session", F | L | B, LB_CLASS_F, LB_KEY_READ,
	    AT(timeout.session), 0, 0, 0, false, set_timeout, 1, "<time>", "none",
	    NULL, true, "longest life of a session" },
	OLD("timeout srvtimeout", D | L | B, set_old_timeout, timeout.server,
	    "<time>", "timeout server"),
	TIMEOUT("tarpit", LB_IN_PROXIES, tarpit, "timeout connect",
	    "how long tarpit holds"),
	TIMEOUT("tunnel", D | L | B, tunnel, "timeout client, timeout server",
	    "silence once both sides have spoken"),
	READ("timeout", LB_IN_PROXIES, refuse_timeout, name, 0, -1, "", NULL),
	READ("unique-id-format", D | F | L, read_format, unique_id, 0, -1,
	    "<format>", "what %ID is"),
	S("unique-id-header", D | F | L),
	READ("use-server", L | B, read_use_server, use_servers, 0, -1,
	    "<server> if|unless <cond>", "a server by a condition"),
	READ("use_backend", F | L, read_use_backend, switches, 0, -1,
	    "<backend> [if|unless <cond>]", "a backend by a condition"),
	{ .name = NULL }
};
