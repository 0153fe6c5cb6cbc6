/* SPDX-License-Identifier: ISC */
/* keys_global.c - keywords of global, one row each; see keys_global.h. */
#include <stddef.h>
#include <stdlib.h>

#include "balancer/keys_bind.h"
#include "balancer/keys_global.h"
#include "balancer/keys_tls.h"
#include "balancer/logline.h"
#include "balancer/rules.h"
#include "balancer/value.h"

#define AT(field)	offsetof(struct lb_global_conf, field)
#define G	LB_IN_GLOBAL

void
lb_keys_global_init(struct lb_global_conf *g)
{
	*g = (struct lb_global_conf){ .uid = LB_UNSET, .gid = LB_UNSET,
	    .stats_timeout = 10000000, .stats_maxconn = 10,
	    .log_tag = "haproxy", .server_verify = LB_VERIFY_REQUIRED,
	    .bufsize = 16384, .unix_bind = { .mode = LB_UNSET },
	    .sandbox = true, .reload_in_place = true };
}

/* ---- readers ----------------------------------------------------------- */

static int
all(const struct lb_words *w, unsigned at)
{
	return (int)(w->count - at);
}

/* An integer that must be one; the messages differ in nothing else. */
static int
read_strict(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct why why;
	int64_t n;

	if (at >= w->count || lb_value_number(w->at[at], key->least,
	    key->most, &n, &why) < 0) {
		lb_parse_alert(p, "'%s' value must be between %lld and %lld "
		    "(was %s)", key->name, (long long)key->least,
		    (long long)key->most, at < w->count ? w->at[at] : "''");
		return -1;
	}
	*(int *)((char *)object + key->at) = (int)n;
	return all(w, at);
}

/* The first of them is in force, as there. */
static int
read_maxconn(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;
	int64_t n;

	if (at >= w->count) {
		lb_parse_alert(p, "'maxconn' expects an integer argument.");
		return -1;
	}
	if (g->maxconn != 0) {
		lb_parse_warn(p, "'maxconn' already specified. Continuing.");
		return all(w, at);
	}
	if (!lb_value_loose(w->at[at], &n))
		lb_parse_warn(p, "'maxconn' : '%s' is not a number; %lld is "
		    "used.", w->at[at], (long long)n);
	g->maxconn = n < 0 || n > INT32_MAX ? 0 : (int)n;
	return all(w, at);
}

static int
read_log(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;
	const struct lb_log_conf *log = lb_logline_read(p, w, at);

	if (log == NULL)
		return -1;
	if (log->target == LB_LOG_GLOBAL) {
		lb_parse_alert(p, "log : 'global' is not supported for a "
		    "global syslog server");
		return -1;
	}
	if (log->target != LB_LOG_NOWHERE)
		arena_add(p->arena, &g->logs, log);
	return all(w, at);
}

static int
read_description(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;

	if (at >= w->count) {
		lb_parse_alert(p, "'description' expects a text as "
		    "argument.");
		return -1;
	}
	g->description = w->at[at];
	for (unsigned i = at + 1; i < w->count; i++)
		g->description = arena_print(p->arena, "%s %s",
		    g->description, w->at[i]);
	return all(w, at);
}

static int
read_hostname(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;

	g->log_hostname = true;
	g->hostname = at < w->count ? w->at[at] : NULL;
	return all(w, at);
}

static void
add_socket(struct lb_parse *p, struct lb_bind_conf *b)
{
	b->id = p->setup->global.sockets.count + 1;
	arena_add(p->arena, &p->setup->global.sockets, b);
}

static int
read_socket(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_bind_conf model;
	int code = -1;

	if (at >= w->count) {
		lb_parse_alert(p, "'stats socket' in global section expects "
		    "an address or a path to a UNIX socket");
		return -1;
	}
	p->subject = "'stats socket'";
	lb_keys_bind_init(p, &model);
	if (lb_keys_bind_options(p, w, at + 1, LB_IN_SOCKET, &model) == 0 &&
	    lb_keys_bind_addresses(p, w->at[at], &model, add_socket) == 0)
		code = all(w, at);
	p->subject = NULL;
	return code;
}

/* user, group: looked up now, as there is no chroot yet. */
static int
read_account(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = at < w->count ? w->at[at] : "";
	struct lb_global_conf *g = object;
	bool group = key->value;
	long id = 0;

	if (p->source->account != NULL)
		id = p->source->account(p->source->arg, word, group);
	if (id < 0) {
		lb_parse_alert(p, "cannot find %s id for '%s'",
		    group ? "group" : "user", word);
		return -1;
	}
	if (group) {
		g->group = word;
		g->gid = p->source->account == NULL ? LB_UNSET : (int)id;
	} else {
		g->user = word;
		g->uid = p->source->account == NULL ? LB_UNSET : (int)id;
	}
	return all(w, at);
}

static int
read_id(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = at < w->count ? w->at[at] : "";
	int64_t n;

	if (*word == '\0') {
		lb_parse_alert(p, "'%s' expects an integer argument.",
		    key->name);
		return -1;
	}
	if (!lb_value_loose(word, &n)) {
		lb_parse_warn(p, "%s: string '%s' is not a number.\n   | You "
		    "might want to use the '%s' parameter to use a system %s "
		    "name.", key->name, word, *key->name == 'u' ? "user" :
		    "group", *key->name == 'u' ? "user" : "group");
		return all(w, at);
	}
	*(int *)((char *)object + key->at) = (int)n;
	return all(w, at);
}

/* A text that may be given once; what follows is ignored as there. */
static int
read_once(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char **to = (const char **)((char *)object + key->at);

	if (at >= w->count || *w->at[at] == '\0') {
		lb_parse_alert(p, "'%s' expects %s as argument.", key->name,
		    key->args);
		return -1;
	}
	if (*to != NULL) {
		lb_parse_warn(p, "'%s' already specified. Continuing.",
		    key->name);
		return all(w, at);
	}
	*to = w->at[at];
	return all(w, at);
}

static int
read_dh_file(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;
	const char *path = "";
	struct text t;
	struct why why;

	if (at < w->count && (path = lb_keys_tls_file(p, key->name, NULL,
	    w->at[at])) == NULL)
		return -1;
	if (p->source->fetch != NULL &&
	    p->source->fetch(p->source->arg, path, &t, &why) >= 0)
		g->dh_group = arena_copy(p->arena, t);
	return read_once(p, key, w, at, object);
}

/* What stands beside certificates; bundles are looked for by nobody. */
static int
read_extras(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	static const struct {
		const char *word;
		unsigned extras;
	} rows[] = {
		{ "none", 0 }, { "all", LB_EXTRAS }, { "bundle", 0 },
		{ "key", LB_EXTRA_KEY }, { "issuer", LB_EXTRA_ISSUER },
		{ "ocsp", LB_EXTRA_OCSP }, { "sctl", LB_EXTRA_SCTL },
	};
	enum { ALONE = 2, ROWS = sizeof rows / sizeof *rows };
	struct lb_global_conf *g = object;
	unsigned wanted = 0, alone = 0, i = ROWS;

	for (unsigned n = at; n < w->count; n++) {
		for (i = 0; i < ROWS; i++)
			if (strcmp(rows[i].word, w->at[n]) == 0)
				break;
		if (i == ROWS)
			break;
		wanted |= rows[i].extras;
		alone += i < ALONE;
	}
	if (i == ROWS || (alone > 0 && w->count - at > 1)) {
		lb_parse_alert(p, i == ROWS ? "'%s' expects one or multiple "
		    "arguments (none, all, bundle, sctl, ocsp, issuer, key)."
		    : "'%s' 'none' and 'all' can be only used alone",
		    key->name);
		return -1;
	}
	g->extras_left_out = LB_EXTRAS & ~wanted;
	return all(w, at);
}

static int
read_del_ext(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;

	g->extras_del_ext = true;
	return all(w, at);
}

static int
read_spread(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;
	int64_t n = 0;

	if (at >= w->count || *w->at[at] == '\0') {
		lb_parse_alert(p, "'spread-checks' expects an integer "
		    "argument (0..50).");
		return -1;
	}
	if (!lb_value_loose(w->at[at], &n))
		lb_parse_warn(p, "'spread-checks' : '%s' is not a number.",
		    w->at[at]);
	if (n < 0 || n > 50) {
		lb_parse_alert(p, "'spread-checks' needs a positive value in "
		    "range 0..50.");
		return -1;
	}
	g->spread_checks = (int)n;
	return all(w, at);
}

static int
read_master(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;

	g->master = true;
	if (at < w->count && strcmp(w->at[at], "no-exit-on-failure") != 0) {
		lb_parse_alert(p, "'master-worker' only supports "
		    "'no-exit-on-failure' option");
		return -1;
	}
	g->master_keeps = at < w->count;
	return all(w, at);
}

static int
read_nbproc(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	if (at < w->count && strcmp(w->at[at], "1") == 0) {
		lb_parse_warn(p, "'nbproc' is not supported by this program "
		    "and is ignored. Remove it; there is one process.");
		return all(w, at);
	}
	lb_parse_alert(p, "nbproc is not supported any more since HAProxy "
	    "2.5. Threads will automatically be used on multi-processor "
	    "machines if available. Use 'nbthread' instead.");
	return -1;
}

static int
read_external(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;

	g->external_check = true;
	if (at < w->count && strcmp(w->at[at], "preserve-env") != 0) {
		lb_parse_alert(p, "'external-check' cannot handle unexpected "
		    "argument '%s'.", w->at[at]);
		return -1;
	}
	g->external_keeps_env = at < w->count;
	return all(w, at);
}

static int
read_default_path(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	static const char *const names[] = { "current", "config", "parent",
	    "origin" };
	const char *word = at < w->count ? w->at[at] : "";
	struct lb_global_conf *g = object;

	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		if (w->count - at != (i == 3 ? 2 : 1))
			break;
		g->default_path = (enum lb_default_path)i;
		g->default_origin = i == 3 ? w->at[at + 1] : NULL;
		return all(w, at);
	}
	lb_parse_alert(p, "'default-path' expects 'current', 'config', "
	    "'parent' or 'origin <path>' (got '%s').", word);
	return -1;
}

static int
read_verify(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = at < w->count ? w->at[at] : "";
	struct lb_global_conf *g = object;

	if (strcmp(word, "none") == 0)
		g->server_verify = LB_VERIFY_NONE;
	else if (strcmp(word, "required") == 0)
		g->server_verify = LB_VERIFY_REQUIRED;
	else {
		lb_parse_alert(p, "'ssl-server-verify' expects 'none' or "
		    "'required' as argument.");
		return -1;
	}
	return all(w, at);
}

/* ssl-default-bind-options and its server form: rows of keys_tls.c. */
static int
read_tls_options(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	void *to = (char *)object + key->at;
	unsigned side = key->value ? LB_IN_SERVER : LB_IN_BIND, n;

	if (at >= w->count) {
		lb_parse_alert(p, "global statement '%s' expects an option as "
		    "an argument.", key->name);
		return -1;
	}
	while (at < w->count) {
		const struct lb_key *row = lb_key_find(lb_keys_tls, w, at,
		    &n);
		int taken;

		if (row == NULL || !(row->in & LB_IN_GLOBAL) ||
		    !(row->in & side)) {
			lb_parse_alert(p, "unknown option '%s' on global "
			    "statement '%s'.", w->at[at], key->name);
			return -1;
		}
		taken = lb_key_apply(p, row, w, at + n, false, to);
		if (taken < 0)
			return -1;
		at += n + (unsigned)taken;
	}
	return 0;
}

static int
read_unix_bind(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	return lb_keys_bind_unix(p, w, at) < 0 ? -1 : all(w, at);
}

/* ---- the environment --------------------------------------------------- */

static int
read_setenv(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const struct lb_source *source = p->source;

	if (w->count - at < 2) {
		lb_parse_alert(p, "'%s' expects a name and a value.",
		    key->name);
		return -1;
	}
	if (source->setenv == NULL)
		return all(w, at);
	if (key->value && source->getenv != NULL &&
	    source->getenv(source->arg, w->at[at]) != NULL)
		return all(w, at);
	source->setenv(source->arg, w->at[at], w->at[at + 1]);
	return all(w, at);
}

static int
read_unsetenv(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	if (at >= w->count) {
		lb_parse_alert(p, "'unsetenv' expects at least one variable "
		    "name.");
		return -1;
	}
	for (unsigned i = at; i < w->count; i++)
		if (p->source->setenv != NULL)
			p->source->setenv(p->source->arg, w->at[i], NULL);
	return all(w, at);
}

/* resetenv NAME...: all others go. */
static int
read_resetenv(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const struct lb_source *source = p->source;
	const char *kept[64];
	unsigned n = 0;

	if (source->setenv == NULL || source->getenv == NULL)
		return all(w, at);
	for (unsigned i = at; i < w->count && n < 64; i++) {
		const char *value = source->getenv(source->arg, w->at[i]);

		kept[n++] = lb_parse_copy(p, value);
	}
	source->setenv(source->arg, NULL, NULL);
	for (unsigned i = 0; i < n; i++)
		if (kept[i] != NULL)
			source->setenv(source->arg, w->at[at + i], kept[i]);
	return all(w, at);
}

/* set-var; value 1: set-var-fmt. */
static int
read_set_var(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	return lb_rules_read_global(p, w, at, key->value != 0) < 0 ? -1 :
	    all(w, at);
}

/* ---- ours -------------------------------------------------------------- */

static int
read_engine(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	static const char *const names[] = { "auto", "event", "uring" };
	const char *word = at < w->count ? w->at[at] : "";
	struct lb_global_conf *g = object;

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(word, names[i]) == 0) {
			g->engine = (enum lb_engine)i;
			return all(w, at);
		}
	lb_parse_alert(p, "'engine' expects 'auto', 'event' or 'uring' (got "
	    "'%s').", word);
	return -1;
}

static int
read_switch(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = at < w->count ? w->at[at] : "";
	struct text rest = text_of(key->args), yes;

	text_split(&rest, '|', &yes);
	if (!text_is(yes, word) && !text_is(rest, word)) {
		lb_parse_alert(p, "'%s' expects %s (got '%s').", key->name,
		    key->args, word);
		return -1;
	}
	*(bool *)((char *)object + key->at) = text_is(yes, word);
	return all(w, at);
}

static int
read_healthz(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_global_conf *g = object;

	for (unsigned i = at; i < w->count; i++)
		arena_add(p->arena, &g->healthz_backends, w->at[i]);
	return all(w, at);
}

/* ---- the table --------------------------------------------------------- */

#define ROW(name, kind, field, least, most, args, usual, help)		\
	{ name, G, LB_CLASS_F, LB_KEY_##kind, AT(field), least, most, 0, \
	  false, NULL, 1, args, usual, NULL, false, help }
#define FLAG(name, field, help)						\
	{ name, G, LB_CLASS_F, LB_KEY_FLAG, AT(field), 0, 0, 0,		\
	  false, NULL, 0, "", "off", NULL, false, help }
#define READ(name, read, field, value, words, args, usual, help)	\
	{ name, G, LB_CLASS_F, LB_KEY_READ, AT(field), 0, 0, value,	\
	  false, read, words, args, usual, NULL, false, help }
#define STRICT(name, field, least, most, usual, help)			\
	{ name, G, LB_CLASS_F, LB_KEY_READ, AT(field), least, most, 0,	\
	  false, read_strict, 1, "<number>", usual, NULL, false, help }
#define OURS(name, kind, field, read, words, args, usual, help)		\
	{ name, G, LB_CLASS_F, LB_KEY_##kind, AT(field), 0, 0, 0,	\
	  false, read, words, args, usual, NULL, true, help }
#define S(name)								\
	{ name, G, LB_CLASS_S, LB_KEY_NOTHING, 0, 0, 0, 0, true, NULL,	\
	  -1, "...", "", NULL, false, "no effect" }
#define W(name, advice)							\
	{ name, G, LB_CLASS_W, LB_KEY_NOTHING, 0, 0, 0, 0, true, NULL,	\
	  -1, "...", "", advice, false, "no effect" }
#define E(name, advice)							\
	{ name, G, LB_CLASS_E, LB_KEY_NOTHING, 0, 0, 0, 0, false, NULL,	\
	  -1, "...", "", advice, false, "refused" }
#define NO_LUA	"is not supported by this program: there is no Lua."

const struct lb_key lb_keys_global[] = {
	S("51degrees-cache-size"), S("51degrees-data-file"),
	S("51degrees-property-name-list"),
	S("51degrees-property-separator"), S("51degrees-use-performance-graph"),
	S("51degrees-use-predictive-graph"), S("51degrees-difference"),
	S("51degrees-drift"), S("51degrees-allow-unmatched"),
	S("anonkey"), S("busy-polling"),
	READ("ca-base", read_once, ca_base, 0, 1, "<directory>", "",
	    "where names of ca-file begin"),
	READ("chroot", read_once, chroot, 0, 1, "<directory>", "",
	    "the root that the process goes to"),
	{ "close-spread-time", G, LB_CLASS_W, LB_KEY_TIME, AT(close_spread),
	    0, 0, 0, false, NULL, 1, "<time>", "", "A soft stop lets TCP "
	    "sessions end by themselves; see 'hard-stop-after'.", false,
	    "no effect" },
	S("cluster-secret"), S("cpu-affinity"), S("cpu-map"),
	S("cpu-policy"), S("cpu-set"),
	READ("crt-base", read_once, crt_base, 0, 1, "<directory>", "",
	    "where names of crt begin"),
	FLAG("daemon", daemon, "goes to the background"),
	E("debug", "is not supported any more; use the option -d."),
	READ("default-path", read_default_path, default_path, 0, 2,
	    "current|config|parent|origin <path>", "current",
	    "where relative names of files begin"),
	READ("description", read_description, description, 0, -1,
	    "<text>", "", "shown in statistics"),
	S("deviceatlas-json-file"), S("deviceatlas-log-level"),
	S("deviceatlas-properties-cookie"), S("deviceatlas-separator"),
	S("dns-accept-family"),
	OURS("engine", READ, engine, read_engine, 1, "auto|event|uring",
	    "auto", "how bytes enter and leave"),
	S("expose-deprecated-directives"),
	S("expose-experimental-directives"),
	READ("external-check", read_external, external_check, 0, 1,
	    "[preserve-env]", "off", "checks may run programs"),
	STRICT("fd-hard-limit", fd_hard_limit, 1, INT32_MAX, "",
	    "bound of the limit of descriptors that is chosen"),
	W("fd-soft-limit", NULL),
	S("force-cfg-parser-pause"),
	READ("gid", read_id, gid, 0, 1, "<number>", "",
	    "group that the process becomes"),
	ROW("grace", TIME, grace, 0, 0, "<time>", "",
	    "how long a soft stop still accepts"),
	READ("group", read_account, group, 1, 1, "<name>", "",
	    "group that the process becomes"),
	W("guid", "Counters are kept over a reload by name."),
	S("h1-accept-payload-with-any-method"), S("h1-case-adjust"),
	S("h1-case-adjust-file"), S("h1-do-not-close-on-insecure-transfer-"
	    "encoding"), S("h2-workaround-bogus-websocket-clients"),
	ROW("hard-stop-after", TIME, hard_stop_after, 0, 0, "<time>", "",
	    "a soft stop that takes longer becomes a hard one"),
	S("harden.reject-privileged-ports.tcp"),
	S("harden.reject-privileged-ports.quic"),
	OURS("healthz-backends", READ, healthz_backends, read_healthz, -1,
	    "<backend>...", "", "/healthz fails when one has no server"),
	S("http-err-codes"), S("http-fail-codes"),
	S("httpclient.resolvers.disabled"), S("httpclient.resolvers.id"),
	S("httpclient.resolvers.prefer"), S("httpclient.retries"),
	S("httpclient.ssl.ca-file"), S("httpclient.ssl.verify"),
	S("httpclient.timeout.connect"),
	FLAG("insecure-fork-wanted", insecure_fork,
	    "checks may run programs"),
	FLAG("insecure-setuid-wanted", insecure_setuid,
	    "programs may change their user"),
	W("issuers-chain-path", "Put the whole chain into the crt file."),
	READ("key-base", read_once, key_base, 0, 1, "<directory>", "",
	    "where names of keys begin"),
	S("limited-quic"),
	ROW("localpeer", TEXT, localpeer, 0, 0, "<name>", "host name",
	    "which peer we are"),
	READ("log", read_log, logs, 0, -1,
	    "<target> [len L] [format F] [sample R:S] <facility> "
	    "[max [min]]", "", "where log lines go"),
	OURS("log_format", READ, log_json, read_switch, 1, "json|original",
	    "original", "the form of the process's own lines"),
	READ("log-send-hostname", read_hostname, hostname, 0, -1, "[name]",
	    "off", "log lines tell the host"),
	ROW("log-tag", TEXT, log_tag, 0, 0, "<text>", "haproxy",
	    "name in log lines"),
	E("lua-load", NO_LUA), E("lua-load-per-thread", NO_LUA),
	S("lua-prepend-path"),
	READ("master-worker", read_master, master, 0, 1,
	    "[no-exit-on-failure]", "off", "a master watches the worker"),
	ROW("max-spread-checks", TIME, max_spread_checks, 0, 0, "<time>", "",
	    "bound of the spread of first checks"),
	S("maxcompcpuusage"), S("maxcomprate"),
	READ("maxconn", read_maxconn, maxconn, 0, 1, "<number>", "",
	    "connections of clients"),
	ROW("maxconnrate", INT, maxconnrate, 0, 0, "<number>", "0",
	    "connections a second"),
	S("maxpipes"),
	ROW("maxsessrate", INT, maxsessrate, 0, 0, "<number>", "0",
	    "sessions a second"),
	ROW("maxsslconn", INT, maxsslconn, 0, 0, "<number>", "0",
	    "TLS connections"),
	ROW("maxsslrate", INT, maxsslrate, 0, 0, "<number>", "0",
	    "TLS connections a second"),
	S("maxzlibmem"),
	OURS("metrics_listen", TEXT, metrics_listen, NULL, 1,
	    "<address:port>|<path>", "", "serves /metrics and /healthz"),
	ROW("mworker-max-reloads", INT, max_reloads, 0, INT32_MAX,
	    "<number>", "", "workers that are older are ended"),
	READ("nbproc", read_nbproc, nbthread, 0, -1, "<number>", "1",
	    "one process; told when it is given"),
	STRICT("nbthread", nbthread, 1, 64, "usable CPUs", "event loops"),
	ROW("node", TEXT, node, 0, 0, "<name>", "", "shown in statistics"),
	S("noepoll"), S("noevports"), S("nogetaddrinfo"), S("nokqueue"),
	S("noktls"), S("nopoll"),
	FLAG("noreuseport", noreuseport, "no SO_REUSEPORT"),
	FLAG("nosplice", nosplice, "bytes are copied"),
	S("no-quic"), S("numa-cpu-mapping"),
	S("ocsp-update.disable"), S("ocsp-update.httpproxy"),
	S("ocsp-update.maxdelay"), S("ocsp-update.mindelay"),
	S("ocsp-update.mode"),
	READ("pidfile", read_once, pidfile, 0, 1, "<file>", "",
	    "gets the number of the process"),
	S("pp2-never-send-local"), S("prealloc-fd"),
	READ("presetenv", read_setenv, node, 1, 2, "<name> <value>", "",
	    "sets a variable unless it is set"),
	S("profiling.memory"), S("profiling.memory.on"),
	S("profiling.tasks"), S("profiling.tasks.automatic"),
	FLAG("quiet", quiet, "nothing is said at start"),
	OURS("reload-in-place", READ, reload_in_place, read_switch, 1,
	    "on|off", "on", "a reload keeps the worker when it can"),
	READ("resetenv", read_resetenv, node, 0, -1, "[<name>...]", "",
	    "forgets all variables but these"),
	{ "sandbox", G, LB_CLASS_W, LB_KEY_READ, AT(sandbox), 0, 0, 0, false,
	    read_switch, 1, "on|off", "off", "Restrict the service by its "
	    "manager.", true, "no effect" },
	READ("server-state-base", read_once, state_base, 0, 1,
	    "<directory>", "", "where names of state files begin"),
	READ("server-state-file", read_once, state_file, 0, 1, "<file>",
	    "", "states of servers, read at start"),
	S("set-dumpable"),
	READ("set-var", read_set_var, variables, 0, -1,
	    "proc.<name> <expr>", "", "sets a variable at start"),
	READ("set-var-fmt", read_set_var, variables, 1, -1,
	    "proc.<name> <fmt>", "", "sets a variable at start"),
	S("setcap"),
	READ("setenv", read_setenv, node, 0, 2, "<name> <value>", "",
	    "sets a variable"),
	S("shm-stats-file"), S("shm-stats-file-max-objects"),
	READ("spread-checks", read_spread, spread_checks, 0, 1,
	    "<0..50>", "0", "percent of jitter of check intervals"),
	ROW("ssl-default-bind-ciphers", TEXT, bind_tls.ciphers, 0, 0,
	    "<suites>", "", "suites up to TLS 1.2 of bind"),
	ROW("ssl-default-bind-ciphersuites", TEXT, bind_tls.ciphersuites, 0,
	    0, "<suites>", "", "suites of TLS 1.3 of bind"),
	ROW("ssl-default-bind-client-sigalgs", TEXT,
	    bind_tls.client_sigalgs, 0, 0, "<list>", "",
	    "signatures for certificates of clients"),
	ROW("ssl-default-bind-curves", TEXT, bind_tls.curves, 0, 0,
	    "<list>", "", "groups of bind"),
	READ("ssl-default-bind-options", read_tls_options, bind_tls, 0, -1,
	    "<option>...", "", "options of TLS of bind"),
	ROW("ssl-default-bind-sigalgs", TEXT, bind_tls.sigalgs, 0, 0,
	    "<list>", "", "signatures of bind"),
	ROW("ssl-default-server-ciphers", TEXT, server_tls.ciphers, 0, 0,
	    "<suites>", "", "suites up to TLS 1.2 of servers"),
	ROW("ssl-default-server-ciphersuites", TEXT,
	    server_tls.ciphersuites, 0, 0, "<suites>", "",
	    "suites of TLS 1.3 of servers"),
	ROW("ssl-default-server-client-sigalgs", TEXT,
	    server_tls.client_sigalgs, 0, 0, "<list>", "",
	    "signatures for our certificates"),
	ROW("ssl-default-server-curves", TEXT, server_tls.curves, 0, 0,
	    "<list>", "", "groups of servers"),
	READ("ssl-default-server-options", read_tls_options, server_tls, 1,
	    -1, "<option>...", "", "options of TLS of servers"),
	ROW("ssl-default-server-sigalgs", TEXT, server_tls.sigalgs, 0, 0,
	    "<list>", "", "signatures of servers"),
	READ("ssl-dh-param-file", read_dh_file, dh_file, 0, 1, "<file>", "",
	    "parameters of DHE"),
	W("ssl-engine", NULL),
	READ("ssl-load-extra-del-ext", read_del_ext, extras_del_ext, 0, -1,
	    "", "", "beside FILE.crt stands FILE.key, not FILE.crt.key"),
	READ("ssl-load-extra-files", read_extras, extras_left_out, 0, -1,
	    "none|all|key|issuer|ocsp|sctl|bundle...", "all",
	    "what is looked for beside a certificate"),
	W("ssl-mode-async", NULL), W("ssl-passphrase-cmd", NULL),
	W("ssl-propquery", NULL), W("ssl-provider", NULL),
	W("ssl-provider-path", NULL), W("ssl-security-level", NULL),
	READ("ssl-server-verify", read_verify, server_verify, 0, 1,
	    "none|required", "required",
	    "are certificates of servers checked?"),
	W("ssl-skip-self-issued-ca", NULL),
	S("stats bind-process"),
	ROW("stats maxconn", COUNT, stats_maxconn, 1, INT32_MAX, "<number>",
	    "10", "connections to the runtime sockets"),
	READ("stats socket", read_socket, sockets, 0, -1,
	    "<address> [options]", "", "a runtime socket"),
	ROW("stats timeout", TIME, stats_timeout, 0, 0, "<time>", "10s",
	    "idle time of a runtime connection"),
	W("stats-file", "Counters are kept over a reload by name."),
	S("strict-limits"),
	OURS("takeover_drain", TIME, takeover_drain, NULL, 1, "<time>",
	    "none", "how long sessions are kept when a successor has "
	    "our sockets"),
	S("thread-group"), S("thread-groups"), S("thread-hard-limit"),
	S("trace"),
	ROW("tune.bufsize", SIZE, bufsize, 1024, 0, "<size>", "16384",
	    "bytes that inspection and checks may look at"),
	ROW("tune.maxaccept", INT, maxaccept, 0, 0, "<number>", "",
	    "connections accepted in a row"),
	ROW("tune.rcvbuf.client", INT, rcvbuf_client, 0, 0, "<bytes>", "",
	    "receive buffer towards clients"),
	ROW("tune.rcvbuf.frontend", INT, rcvbuf_client, 0, 0, "<bytes>",
	    "", "receive buffer towards clients"),
	ROW("tune.rcvbuf.backend", INT, rcvbuf_server, 0, 0, "<bytes>", "",
	    "receive buffer towards servers"),
	ROW("tune.rcvbuf.server", INT, rcvbuf_server, 0, 0, "<bytes>", "",
	    "receive buffer towards servers"),
	ROW("tune.sndbuf.backend", INT, sndbuf_server, 0, 0, "<bytes>", "",
	    "send buffer towards servers"),
	ROW("tune.sndbuf.client", INT, sndbuf_client, 0, 0, "<bytes>", "",
	    "send buffer towards clients"),
	ROW("tune.sndbuf.frontend", INT, sndbuf_client, 0, 0, "<bytes>",
	    "", "send buffer towards clients"),
	ROW("tune.sndbuf.server", INT, sndbuf_server, 0, 0, "<bytes>", "",
	    "send buffer towards servers"),
	ROW("tune.ssl.default-dh-param", INT, dh_bits, 0, 0, "<bits>", "",
	    "bits of DHE"),
#define T(name)	S("tune." name)
	T("applet.zero-copy-forwarding"), T("buffers.limit"),
	T("buffers.reserve"), T("comp.maxlevel"), T("disable-fast-forward"),
	T("disable-zero-copy-forwarding"), T("epoll.mask-events"),
	T("events.max-events-at-once"), T("fail-alloc"),
	T("fd.edge-triggered"), T("h1.be.glitches-threshold"),
	T("h1.fe.glitches-threshold"),
	T("h1.zero-copy-fwd-recv"), T("h1.zero-copy-fwd-send"),
	T("h2.be.glitches-threshold"), T("h2.be.initial-window-size"),
	T("h2.be.max-concurrent-streams"), T("h2.be.rxbuf"),
	T("h2.fe.glitches-threshold"), T("h2.fe.initial-window-size"),
	T("h2.fe.max-concurrent-streams"), T("h2.fe.max-total-streams"),
	T("h2.fe.rxbuf"), T("h2.header-table-size"),
	T("h2.initial-window-size"), T("h2.log-errors"),
	T("h2.max-concurrent-streams"), T("h2.max-frame-size"),
	T("h2.zero-copy-fwd-send"), T("http.cookielen"),
	T("http.logurilen"), T("http.maxhdr"), T("idle-pool.shared"),
	T("idletimer"), T("listener.default-shards"),
	T("listener.multi-queue"), T("lua.bool-sample-conversion"),
	T("lua.burst-timeout"), T("lua.forced-yield"), T("lua.log.loggers"),
	T("lua.log.stderr"), T("lua.maxmem"), T("lua.service-timeout"),
	T("lua.session-timeout"), T("lua.task-timeout"), T("max-checks-per-"
	    "thread"), T("max-rules-at-once"), T("maxpollevents"),
	T("maxrewrite"), T("memory.hot-size"), T("notsent-lowat.client"),
	T("notsent-lowat.server"), T("pattern.cache-size"),
	T("peers.max-updates-at-once"), T("pipesize"),
	T("pool-high-fd-ratio"), T("pool-low-fd-ratio"),
	T("pt.zero-copy-forwarding"), T("quic.frontend.conn-tx-buffers."
	    "limit"), T("quic.frontend.max-idle-timeout"),
	T("quic.frontend.max-streams-bidi"), T("quic.max-frame-loss"),
	T("quic.reorder-ratio"), T("quic.retry-threshold"),
	T("quic.socket-owner"), T("quic.zero-copy-fwd-send"),
	T("rcvbuf"), T("recv_enough"), T("renice.runtime"),
	T("renice.startup"), T("ring.queues"), T("runqueue-depth"),
	T("sched.low-latency"), T("sndbuf"), T("ssl.cachesize"),
	T("ssl.capture-buffer-size"), T("ssl.capture-cipherlist-size"),
	T("ssl.certificate-compression"), T("ssl.force-private-cache"),
	T("ssl.hard-maxrecord"), T("ssl.keylog"), T("ssl.lifetime"),
	T("ssl.maxrecord"), T("ssl.ocsp-update.maxdelay"),
	T("ssl.ocsp-update.mindelay"), T("ssl.ssl-ctx-cache-size"),
	T("stick-counters"), T("takeover-other-tg-connections"),
	T("vars.global-max-size"), T("vars.proc-max-size"),
	T("vars.reqres-max-size"), T("vars.sess-max-size"),
	T("vars.txn-max-size"), T("zlib.memlevel"), T("zlib.windowsize"),
	READ("uid", read_id, uid, 0, 1, "<number>", "",
	    "user that the process becomes"),
	ROW("ulimit-n", INT, ulimit_n, 0, 0, "<number>", "",
	    "limit of descriptors"),
	READ("unix-bind", read_unix_bind, unix_bind, 0, -1,
	    "[prefix P] [mode M] [user U] [uid N] [group G] [gid N]", "",
	    "usual options of unix listeners"),
	READ("unsetenv", read_unsetenv, node, 0, -1, "<name>...", "",
	    "forgets variables"),
	READ("user", read_account, user, 0, 1, "<name>", "",
	    "user that the process becomes"),
	S("warn-blocked-traffic-after"),
	S("wurfl-cache-size"), S("wurfl-data-file"),
	S("wurfl-engine-mode"), S("wurfl-information-list"),
	S("wurfl-information-list-separator"), S("wurfl-patch-file"),
	S("wurfl-useragent-priority"),
	FLAG("zero-warning", zero_warning, "a warning is an error"),
	{ .name = NULL }
};
