/* SPDX-License-Identifier: ISC */
/*
 * keys_server.c - options of servers, one row each, and the three lines that
 * take them; see keys_server.h.
 */
#include <stddef.h>
#include <stdlib.h>

#include "balancer/addresses.h"
#include "balancer/expression.h"
#include "balancer/finding.h"
#include "balancer/keys_server.h"
#include "balancer/keys_tls.h"
#include "balancer/logformat.h"
#include "balancer/value.h"

#define AT(field)	offsetof(struct lb_server_conf, field)
#define S	(LB_IN_SERVER | LB_IN_DEFAULT_SERVER)
#define ONLY	LB_IN_SERVER

enum { TEMPLATES = 100000 };	/* servers of one template at most */

/* ---- readers ----------------------------------------------------------- */

/* Fields of uint16_t. */
static int
read_port(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at);
	int64_t n;

	if (word == NULL)
		return -1;
	if (!lb_value_loose(word, &n))
		lb_parse_warn(p, "'%s' : '%s' is not a number; %d is used.",
		    key->name, word, (int)n);
	if (n < 0 || n > 65535) {
		lb_parse_alert(p, "'%s' : %s is no port", key->name, word);
		return -1;
	}
	*(uint16_t *)((char *)object + key->at) = (uint16_t)n;
	return 1;
}

/* 'addr' and agent-addr. */
static int
read_addr(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_address *to = (void *)((char *)object + key->at);
	const char *word = lb_key_value(p, key, w, at);
	struct why why;

	if (word == NULL)
		return -1;
	if (lb_addresses_read(p->arena, text_of(word), LB_ADDRESS_MAY_NAME |
	    LB_ADDRESS_MAY_UNIX, to, &why) == 0)
		return 1;
	lb_parse_alert(p, "'%s' : %s", key->name, why.line);
	return -1;
}

static int
read_weight(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at);
	struct lb_server_conf *to = object;
	int64_t n;

	if (word == NULL)
		return -1;
	if (!lb_value_loose(word, &n))
		lb_parse_warn(p, "'weight' : '%s' is not a number.", word);
	if (n < 0 || n > 256) {
		lb_parse_alert(p, "weight of server %s is not within 0 and "
		    "256 (%d).", to->name == NULL ? "" : to->name, (int)n);
		return -1;
	}
	to->weight = (int)n;
	return 1;
}

static int
read_id(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_server_conf *to = object;
	int64_t n;

	if (at >= w->count || lb_value_number(w->at[at], 1, INT32_MAX, &n,
	    NULL) < 0) {
		lb_parse_alert(p, "'id' : custom id has to be > 0");
		return -1;
	}
	to->id = (unsigned)n;
	to->id_given = true;
	return 1;
}

/* One of a few words; the row's usual names them in the order of values. */
static int
read_choice(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = at < w->count ? w->at[at] : "";
	struct text rest = text_of(key->args), one;

	for (int i = 0; text_split(&rest, '|', &one); i++)
		if (text_is(one, word)) {
			*(int *)((char *)object + key->at) = i;
			return 1;
		}
	lb_parse_alert(p, "'%s' expects one of %s (got '%s')", key->name,
	    key->args, word);
	return -1;
}

static int
read_role(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_server_conf *s = object;
	int taken = read_choice(p, key, w, at, object);

	if (taken > 0)
		s->role += LB_ROLE_ANY;
	return taken;
}

static int
read_on_marked(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = at < w->count ? w->at[at] : "";

	if (strcmp(word, key->args) != 0) {
		lb_parse_alert(p, "'%s' expects '%s' but got '%s'", key->name,
		    key->args, word);
		return -1;
	}
	*(bool *)((char *)object + key->at) = true;
	return 1;
}

static int
read_init_addr(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at);
	struct text rest = text_of(word), one;
	struct lb_server_conf *to = object;
	unsigned n = 0;
	struct why why;

	if (word == NULL)
		return -1;
	while (n < 7 && text_split(&rest, ',', &one)) {
		if (text_is(one, "none"))
			to->init_addr[n++] = LB_INIT_ADDR_NONE;
		else if (text_is(one, "last"))
			to->init_addr[n++] = LB_INIT_ADDR_LAST;
		else if (text_is(one, "libc"))
			to->init_addr[n++] = LB_INIT_ADDR_LIBC;
		else if (lb_addresses_read(p->arena, one, LB_ADDRESS_NO_PORT,
		    &to->init_ip, &why) == 0 && one.len > 0)
			to->init_addr[n++] = LB_INIT_ADDR_IP;
		else {
			lb_parse_alert(p, "'init-addr' : unknown init-addr "
			    "method '%.*s'; expects 'none', 'last', 'libc' "
			    "or an IP address", TEXT_ARG(one));
			return -1;
		}
	}
	to->init_addr[n] = LB_INIT_ADDR_END;
	return 1;
}

static int
read_prefer(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = at < w->count ? w->at[at] : "";
	struct lb_server_conf *to = object;

	if (strcmp(word, "ipv4") != 0 && strcmp(word, "ipv6") != 0) {
		lb_parse_alert(p, "'resolve-prefer' expects either ipv4 or "
		    "ipv6 as argument (got '%s')", word);
		return -1;
	}
	to->resolve_prefer = word[3] == '4' ? AF_INET : AF_INET6;
	return 1;
}

static int
read_resolve_opts(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at);
	struct text rest = text_of(word), one;
	struct lb_server_conf *to = object;

	if (word == NULL)
		return -1;
	while (text_split(&rest, ',', &one)) {
		if (text_is(one, "allow-dup-ip"))
			to->allow_dup_ip = true;
		else if (text_is(one, "prevent-dup-ip"))
			to->allow_dup_ip = false;
		else if (text_is(one, "ignore-weight"))
			to->ignore_weight = true;
		else {
			lb_parse_alert(p, "'resolve-opts' : unknown option "
			    "'%.*s'; expects 'allow-dup-ip', "
			    "'prevent-dup-ip' or 'ignore-weight'",
			    TEXT_ARG(one));
			return -1;
		}
	}
	return 1;
}

static int
read_pp2_options(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	static const char *const names[] = { "ssl", "cert-cn", "ssl-cipher",
	    "cert-sig", "cert-key", "authority", "crc32c", "unique-id" };
	const char *word = lb_key_value(p, key, w, at);
	struct text rest = text_of(word), one;
	struct lb_server_conf *to = object;

	if (word == NULL)
		return -1;
	while (text_split(&rest, ',', &one)) {
		size_t i = 0;

		while (i < sizeof names / sizeof *names &&
		    !text_is(one, names[i]))
			i++;
		if (i == sizeof names / sizeof *names) {
			lb_parse_alert(p, "'proxy-v2-options' : '%.*s' : "
			    "unknown proxy V2 option", TEXT_ARG(one));
			return -1;
		}
		to->proxy_v2_options |= 1u << i;
	}
	return 1;
}

/* set-proxy-v2-tlv-fmt(0x20): the number stands in the word itself. */
static int
read_tlv(struct lb_parse *p, const struct lb_words *w, unsigned at,
    struct lb_server_conf *to)
{
	const char *number = strchr(w->at[at], '(') + 1;
	struct lb_tlv_conf *tlv = lb_parse_get(p, sizeof *tlv);
	struct why why;
	char *end;
	long type = strtol(number, &end, 0);

	if (strcmp(end, ")") != 0 || type < 0 || type > 255 ||
	    at + 1 >= w->count) {
		lb_parse_alert(p, "'%s' expects a type from 0 to 255 and a "
		    "format", w->at[at]);
		return -1;
	}
	tlv->type = (unsigned char)type;
	tlv->value = lb_logformat_read(p, &w->place, w->at[at + 1], ~0u,
	    &why);
	if (tlv->value == NULL) {
		lb_parse_alert(p, "'%s' : %s", w->at[at], why.line);
		return -1;
	}
	arena_add(p->arena, &to->tlvs, tlv);
	return 2;
}

/* send-proxy and its versions: value is the version, its options behind. */
static int
set_send_proxy(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_server_conf *to = object;

	to->send_proxy = key->value;
	to->send_proxy_ssl = strstr(key->name, "-ssl") != NULL;
	to->send_proxy_ssl_cn = strstr(key->name, "-cn") != NULL;
	return 0;
}

static int
set_check_ssl(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_server_conf *to = object;

	to->check_ssl = key->value;
	to->check_ssl_given = true;
	return 0;
}

int
lb_keys_server_source(struct lb_parse *p, const struct lb_words *w,
    unsigned at, struct lb_source_conf *to)
{
	unsigned from = at;
	struct why why;

	*to = (struct lb_source_conf){ .usesrc = LB_USESRC_NONE };
	if (at >= w->count) {
		lb_parse_alert(p, "'source' expects <addr>[:<port>[-<port>]], "
		    "and optionally '%s' <addr>, and '%s' <name>.",
		    "usesrc", "interface");
		return -1;
	}
	if (lb_addresses_read(p->arena, text_of(w->at[at]),
	    LB_ADDRESS_MAY_RANGE | LB_ADDRESS_MAY_NAME, &to->addr,
	    &why) < 0) {
		lb_parse_alert(p, "'source' : %s", why.line);
		return -1;
	}
	if (to->addr.kind == LB_ADDRESS_NAME && p->source->resolve != NULL &&
	    p->source->resolve(p->source->arg, to->addr.name, to->addr.family,
	    &to->addr.sa) < 0) {
		lb_parse_alert(p, "'source' : invalid address: '%s' in '%s'",
		    to->addr.name, w->at[at]);
		return -1;
	}
	for (at++; at < w->count; at += 2) {
		const char *word = w->at[at], *arg = w->at[at + 1];
		bool usesrc = strcmp(word, "usesrc") == 0;

		if (!usesrc && strcmp(word, "interface") != 0)
			break;
		if (at + 1 >= w->count) {
			lb_parse_alert(p, "'%s' : missing argument", word);
			return -1;
		}
		if (!usesrc) {
			to->interface = arg;
		} else if (strcmp(arg, "client") == 0) {
			to->usesrc = LB_USESRC_CLIENT;
		} else if (strcmp(arg, "clientip") == 0) {
			to->usesrc = LB_USESRC_CLIENT_IP;
		} else if (strncmp(arg, "hdr_ip(", 7) == 0) {
			lb_parse_alert(p, "'usesrc hdr_ip' is not supported "
			    "by this program: it does not forward HTTP; "
			    "write 'clientip'");
			return -1;
		} else {
			to->usesrc = LB_USESRC_ADDRESS;
			if (lb_addresses_read(p->arena, text_of(arg),
			    LB_ADDRESS_MAY_NAME, &to->usesrc_addr,
			    &why) < 0) {
				lb_parse_alert(p, "'usesrc' : %s", why.line);
				return -1;
			}
		}
	}
	return (int)(at - from);
}

static int
read_source(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_server_conf *to = object;

	return lb_keys_server_source(p, w, at, &to->source);
}

/* ---- the table --------------------------------------------------------- */

#define FLAG(name, in, field, off, help)				\
	{ name, in, LB_CLASS_F, LB_KEY_FLAG, AT(field), 0, 0, off,	\
	  false, NULL, 0, "", "off", NULL, false, help }
#define ROW(name, kind, field, least, most, args, usual, help)		\
	{ name, S, LB_CLASS_F, LB_KEY_##kind, AT(field), least, most, 0, \
	  false, NULL, 1, args, usual, NULL, false, help }
#define TEXT_OF(name, in, field, args, help)				\
	{ name, in, LB_CLASS_F, LB_KEY_TEXT, AT(field), 0, 0, 0,	\
	  false, NULL, 1, args, "", NULL, false, help }
#define READ(name, in, read, field, args, usual, help)			\
	{ name, in, LB_CLASS_F, LB_KEY_READ, AT(field), 0, 0, 0,	\
	  false, read, 1, args, usual, NULL, false, help }
#define SET(name, read, value, help)					\
	{ name, S, LB_CLASS_F, LB_KEY_READ, 0, 0, 0, value,		\
	  false, read, 0, "", "off", NULL, false, help }
#define OURS(name, kind, field, read, args, usual, help)		\
	{ name, S, LB_CLASS_F, LB_KEY_##kind, AT(field), 0, 0, 0,	\
	  false, read, 1, args, usual, NULL, true, help }
#define IGNORED(name, class, words, advice)				\
	{ name, S, LB_CLASS_##class, LB_KEY_NOTHING, 0, 0, 0, 0,	\
	  false, NULL, words, words ? "<value>" : "", "", advice, false, \
	  "no effect" }

const struct lb_key lb_keys_server[] = {
	READ("addr", S, read_addr, check_addr, "<address>", "",
	    "address of checks, when it is not the server's"),
	READ("agent-addr", S, read_addr, agent_addr, "<address>", "",
	    "address of the agent"),
	FLAG("agent-check", S, agent_check, 0, "an agent is asked"),
	ROW("agent-inter", TIME, agent_inter, 0, 0, "<time>", "inter",
	    "interval of the agent's checks"),
	READ("agent-port", S, read_port, agent_port, "<port>", "",
	    "port of the agent"),
	TEXT_OF("agent-send", S, agent_send, "<text>",
	    "what is sent to the agent"),
	FLAG("backup", S, backup, 0,
	    "used when no other server is usable"),
	IGNORED("cc", S, 1, NULL),
	FLAG("check", S, check, 0, "health checks"),
	TEXT_OF("check-alpn", S, check_alpn, "<protocols>",
	    "protocols that checks offer"),
	IGNORED("check-pool-conn-name", S, 1, NULL),
	IGNORED("check-proto", W, 1, NULL),
	IGNORED("check-reuse-pool", S, 0, NULL),
	FLAG("check-send-proxy", S, check_send_proxy, 0,
	    "checks begin with a PROXY header"),
	TEXT_OF("check-sni", S, check_sni, "<name>",
	    "name that checks ask for"),
	SET("check-ssl", set_check_ssl, 1, "checks use TLS"),
	FLAG("check-via-socks4", S, check_socks4, 0,
	    "checks go through the SOCKS proxy"),
	TEXT_OF("cookie", S, cookie, "<value>", "shown in statistics"),
	FLAG("disabled", S, disabled, 0, "starts in maintenance"),
	ROW("downinter", TIME, downinter, 0, 0, "<time>", "inter",
	    "interval of checks while down"),
	FLAG("enabled", S, disabled, 1, "does not start in maintenance"),
	ROW("error-limit", INT, error_limit, 0, 0, "<count>", "10",
	    "errors in traffic that make 'on-error' act"),
	ROW("fall", INT, fall, 1, INT32_MAX, "<count>", "3",
	    "failed checks that take it down"),
	ROW("fastinter", TIME, fastinter, 0, 0, "<time>", "inter",
	    "interval of checks between up and down"),
	IGNORED("guid", S, 1, NULL),
	IGNORED("hash-key", S, 1, NULL),
	READ("id", ONLY, read_id, id, "<number>", "",
	    "number in statistics"),
	IGNORED("idle-ping", S, 1, NULL),
	READ("init-addr", S, read_init_addr, init_addr,
	    "<last|libc|none|ip>,...", "last,libc",
	    "how the name is resolved at start"),
	READ("init-state", S, read_choice, init_state,
	    "none|up|down|fully-up|fully-down", "none",
	    "health at start"),
	ROW("inter", TIME, inter, 0, 0, "<time>", "2s",
	    "interval of checks"),
	TEXT_OF("interface", S, source.interface, "<name>",
	    "connections leave through it"),
	IGNORED("log-bufsize", S, 1, NULL),
	IGNORED("log-proto", S, 1, NULL),
	IGNORED("max-reuse", S, 1, NULL),
	ROW("maxconn", INT, maxconn, 0, INT32_MAX, "<number>", "0",
	    "connections at a time; others wait"),
	ROW("maxqueue", INT, maxqueue, 0, INT32_MAX, "<number>", "0",
	    "sessions that may wait for it"),
	ROW("minconn", INT, minconn, 0, INT32_MAX, "<number>", "maxconn",
	    "with fullconn: the limit at low load"),
	ROW("mss", COUNT, mss, 0, 65535, "<bytes>", "", "largest segment"),
	TEXT_OF("namespace", S, namespace, "<name>", "network namespace"),
	FLAG("no-agent-check", S, agent_check, 1, "no agent is asked"),
	FLAG("no-backup", S, backup, 1, "no backup"),
	FLAG("no-check", S, check, 1, "no health checks"),
	FLAG("no-check-send-proxy", S, check_send_proxy, 1,
	    "checks begin without a header"),
	SET("no-check-ssl", set_check_ssl, 0, "checks use no TLS"),
	SET("no-send-proxy", set_send_proxy, 0, "no PROXY header"),
	SET("no-send-proxy-v2", set_send_proxy, 0, "no PROXY header"),
	SET("no-send-proxy-v2-ssl", set_send_proxy, 0, "no PROXY header"),
	SET("no-send-proxy-v2-ssl-cn", set_send_proxy, 0,
	    "no PROXY header"),
	FLAG("no-tfo", S, tfo, 1, "no TCP Fast Open"),
	IGNORED("non-stick", W, 0, "The server is learnt by tables."),
	READ("observe", S, read_choice, observe, "none|layer4|layer7",
	    "none", "traffic counts as checks"),
	READ("on-error", S, read_choice, on_error,
	    "fail-check|fastinter|sudden-death|mark-down", "fail-check",
	    "what error-limit errors do"),
	READ("on-marked-down", S, read_on_marked, down_shuts_sessions,
	    "shutdown-sessions", "", "its sessions end when it is down"),
	READ("on-marked-up", S, read_on_marked, up_shuts_backups,
	    "shutdown-backup-sessions", "",
	    "sessions of backups end when it is up"),
	OURS("peer-id", COUNT, peer_id, NULL, "<number>", "0",
	    "the pooler's peer_id behind it"),
	OURS("pgsql-role", READ, role, read_role, "any|primary|standby",
	    "any", "role that a check asks for"),
	IGNORED("pool-conn-name", S, 1, NULL),
	IGNORED("pool-low-conn", S, 1, NULL),
	IGNORED("pool-max-conn", S, 1, NULL),
	IGNORED("pool-purge-delay", S, 1, NULL),
	READ("port", S, read_port, check_port, "<port>", "",
	    "port of checks, when it is not the server's"),
	IGNORED("proto", S, 1, NULL),
	READ("proxy-v2-options", S, read_pp2_options, proxy_v2_options,
	    "<list>", "", "what the PROXY header tells beside addresses"),
	TEXT_OF("redir", S, redir, "<prefix>", "refused in TCP"),
	TEXT_OF("resolve-net", S, resolve_net, "<networks>",
	    "networks whose addresses are preferred"),
	READ("resolve-opts", S, read_resolve_opts, allow_dup_ip, "<list>",
	    "", "options of resolving"),
	READ("resolve-prefer", S, read_prefer, resolve_prefer,
	    "ipv4|ipv6", "ipv6", "family that is preferred"),
	TEXT_OF("resolvers", S, resolvers_name, "<name>",
	    "section that resolves its name at run time"),
	ROW("rise", INT, rise, 1, INT32_MAX, "<count>", "2",
	    "good checks that bring it up"),
	SET("send-proxy", set_send_proxy, 1, "PROXY header, version 1"),
	SET("send-proxy-v2", set_send_proxy, 2, "PROXY header, version 2"),
	SET("send-proxy-v2-ssl", set_send_proxy, 2,
	    "the same with facts of TLS"),
	SET("send-proxy-v2-ssl-cn", set_send_proxy, 2,
	    "the same with the name of the certificate"),
	IGNORED("shard", S, 1, NULL),
	ROW("slowstart", TIME, slowstart, 0, 0, "<time>", "0",
	    "how long its weight grows once it is up"),
	READ("socks4", S, read_addr, socks4, "<address:port>", "",
	    "connections go through this proxy"),
	READ("source", S, read_source, source, "<address> ...", "",
	    "address that connections come from"),
	IGNORED("strict-maxconn", S, 0, NULL),
	TEXT_OF("tcp-md5sig", S, md5sig, "<key>",
	    "segments are signed with this key"),
	ROW("tcp-ut", TIME, tcp_ut, 0, 0, "<time>", "",
	    "how long data may stay unacknowledged"),
	FLAG("tfo", S, tfo, 0, "TCP Fast Open"),
	TEXT_OF("track", S, track_name, "[<backend>/]<server>",
	    "takes the state of another server"),
	READ("weight", S, read_weight, weight, "<number>", "1",
	    "share of sessions, 0 to 256"),
	IGNORED("ws", S, 1, NULL),
	{ .name = NULL }
};

/* ---- lines ------------------------------------------------------------- */

struct lb_server_conf *
lb_keys_server_usual(struct lb_parse *p)
{
	struct lb_server_conf *s = lb_parse_get(p, sizeof *s);

	*s = (struct lb_server_conf){ .weight = 1, .inter = 2000000,
	    .fastinter = LB_UNSET, .downinter = LB_UNSET, .rise = 2,
	    .fall = 3, .agent_inter = LB_UNSET, .error_limit = 10,
	    .init_addr = { LB_INIT_ADDR_LAST, LB_INIT_ADDR_LIBC },
	    .resolve_prefer = AF_INET6 };
	s->tls = p->setup->global.server_tls;
	return s;
}

struct lb_server_conf *
lb_keys_server_copy(struct lb_parse *p, const struct lb_server_conf *from)
{
	struct lb_server_conf *s = lb_parse_get(p, sizeof *s);

	*s = *from;
	s->tlvs.room = s->tlvs.count;
	s->tls.certs.room = s->tls.certs.count;
	s->tls.cert_lists.room = s->tls.cert_lists.count;
	return s;
}

static int
read_options(struct lb_parse *p, const struct lb_words *w, unsigned at,
    unsigned in, struct lb_server_conf *to)
{
	while (at < w->count) {
		unsigned n;
		const struct lb_key *key = lb_key_find(lb_keys_server, w, at,
		    &n);
		void *object = to;
		int taken;

		if (strncmp(w->at[at], "set-proxy-v2-tlv-fmt(", 21) == 0) {
			if ((taken = read_tlv(p, w, at, to)) < 0)
				return -1;
			at += (unsigned)taken;
			continue;
		}
		if (key == NULL) {
			key = lb_key_find(lb_keys_tls, w, at, &n);
			object = &to->tls;
		}
		if (key == NULL || !(key->in & in)) {
			if (key != NULL && key->in & S)
				lb_parse_alert(p, "'%s' option is not "
				    "accepted in default-server sections.",
				    w->at[at]);
			else
				lb_key_refuse(p, w->at[at], in,
				    lb_keys_server, lb_keys_tls);
			return -1;
		}
		if (!lb_parse_belongs(p, key->name, key->ours))
			return -1;
		taken = lb_key_apply(p, key, w, at + n, false, object);
		if (taken < 0)
			return -1;
		at += n + (unsigned)taken;
	}
	return 0;
}

static int
read_address(struct lb_parse *p, const char *word, struct lb_server_conf *to)
{
	struct why why;

	if (lb_addresses_read(p->arena, text_of(word), LB_ADDRESS_MAY_OFFSET |
	    LB_ADDRESS_MAY_NAME | LB_ADDRESS_MAY_UNIX | LB_ADDRESS_MAY_FD,
	    &to->addr, &why) < 0) {
		lb_parse_alert(p, "%s", why.line);
		return -1;
	}
	if (to->addr.mptcp)
		lb_parse_warn(p, "MPTCP is not supported by this program; "
		    "'%s' uses TCP.", word);
	return 0;
}

static bool
name_is_good(struct lb_parse *p, const char *name, const char *kind)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && strchr("_-.:", *c) == NULL) {
			lb_parse_alert(p, "character '%c' is not permitted in "
			    "%s name '%s'.", *c, kind, name);
			return false;
		}
	return true;
}

/* Adds it to the proxy; the first of a name is the one in force. */
static void
add_server(struct lb_parse *p, struct lb_server_conf *s)
{
	const struct lb_server_conf *old = lb_finding_server(p->proxy, s->name);

	if (old != NULL) {
		p->subject = NULL;
		lb_parse_alert(p, "%s '%s', another server named '%s' was "
		    "already defined at line %u, please use distinct names.",
		    p->proxy->kind, p->proxy->name, s->name,
		    old->place.line);
	}
	arena_add(p->arena, &p->proxy->servers, s);
}

static void
begin_line(struct lb_parse *p, const char *subject)
{
	p->subject = subject;
	p->plain_place = true;
}

static void
end_line(struct lb_parse *p)
{
	p->subject = NULL;
	p->plain_place = false;
}

static bool
has_words(struct lb_parse *p, const struct lb_words *w, unsigned n,
    const char *what)
{
	if (w->count >= n)
		return true;
	lb_report_tell(p->report, LB_REPORT_ALERT, "config : [%s:%u] : '%s' "
	    "expects %s as arguments.", w->place.file, w->place.line,
	    w->at[0], what);
	return false;
}

/* "server NAME options" in a side file: of the server that is there. */
static void
add_options(struct lb_parse *p, const struct lb_words *w)
{
	struct lb_server_conf *s = lb_finding_server(p->proxy, w->at[1]);

	if (s == NULL)
		lb_parse_alert(p, "there is no such server in the main file.");
	else
		read_options(p, w, 2, LB_IN_SERVER, s);
}

void
lb_keys_server_line(struct lb_parse *p, const struct lb_words *w)
{
	struct lb_server_conf *s;

	if (!has_words(p, w, p->side ? 2 : 3, p->side ? "<name>" :
	    "<name> and <addr>[:<port>]"))
		return;
	begin_line(p, arena_print(p->arena, "'%s %s/%s'", w->at[0],
	    p->proxy->name, w->at[1]));
	if (p->side) {
		add_options(p, w);
		end_line(p);
		return;
	}
	s = lb_keys_server_copy(p, p->proxy->default_server);
	s->place = w->place;
	s->proxy = p->proxy;
	s->name = w->at[1];
	if (name_is_good(p, s->name, "server") && read_address(p, w->at[2],
	    s) == 0 && read_options(p, w, 3, LB_IN_SERVER, s) == 0)
		add_server(p, s);
	end_line(p);
}

/* What needs others that are looked for at start only. */
static bool
may_be_dynamic(struct lb_parse *p, const struct lb_words *w)
{
	static const char *const words[] = { "init-addr", "resolvers",
	    "resolve-net", "resolve-opts", "resolve-prefer", "cookie" };

	for (unsigned i = 3; i < w->count; i++)
		for (size_t n = 0; n < sizeof words / sizeof *words; n++)
			if (strcmp(w->at[i], words[n]) == 0) {
				lb_parse_alert(p, "'%s' option is not "
				    "accepted for dynamic server", words[n]);
				return false;
			}
	return true;
}

struct lb_server_conf *
lb_keys_server_dynamic(struct lb_parse *p, const struct lb_words *w)
{
	struct lb_server_conf *s = lb_keys_server_usual(p);

	begin_line(p, arena_print(p->arena, "'server %s/%s'",
	    p->proxy->name, w->at[1]));
	s->place = w->place;
	s->proxy = p->proxy;
	s->name = w->at[1];
	if (w->count < 3) {
		lb_parse_alert(p, "'server' expects <name> and "
		    "<addr>[:<port>] as arguments.");
		s = NULL;
	} else if (!name_is_good(p, s->name, "server") ||
	    !may_be_dynamic(p, w) || read_address(p, w->at[2], s) != 0 ||
	    read_options(p, w, 3, LB_IN_SERVER, s) != 0)
		s = NULL;
	end_line(p);
	return s;
}

/* "5" is 1 to 5, "3-7" is what it says. */
static bool
read_numbers(struct lb_parse *p, const char *word, unsigned *from,
    unsigned *to)
{
	char *end;
	long low = strtol(word, &end, 10), high = low;

	if (*end == '-' && end != word)
		high = strtol(end + 1, &end, 10);
	else
		low = 1;
	if (*end != '\0' || low < 1 || high < low ||
	    high - low >= TEMPLATES) {
		lb_parse_alert(p, "invalid number or range of servers '%s'",
		    word);
		return false;
	}
	*from = (unsigned)low;
	*to = (unsigned)high;
	return true;
}

void
lb_keys_server_template(struct lb_parse *p, const struct lb_words *w)
{
	struct lb_server_conf *model;
	unsigned from, to;

	if (!has_words(p, w, 4, "<prefix> <nb | range> <addr>[:<port>]"))
		return;
	begin_line(p, arena_print(p->arena, "'%s %s/%s'", w->at[0],
	    p->proxy->name, w->at[1]));
	model = lb_keys_server_copy(p, p->proxy->default_server);
	model->place = w->place;
	model->proxy = p->proxy;
	model->name = w->at[1];
	if (name_is_good(p, w->at[1], "server") &&
	    read_numbers(p, w->at[2], &from, &to) &&
	    read_address(p, w->at[3], model) == 0 &&
	    read_options(p, w, 4, LB_IN_SERVER, model) == 0) {
		for (unsigned i = from; i <= to; i++) {
			struct lb_server_conf *s = lb_keys_server_copy(p,
			    model);

			s->name = arena_print(p->arena, "%s%u", w->at[1],
			    i);
			s->template = i;
			if (s->id_given)
				s->id += i - from;
			add_server(p, s);
		}
	}
	end_line(p);
}

void
lb_keys_server_default(struct lb_parse *p, const struct lb_words *w)
{
	begin_line(p, arena_print(p->arena, "'default-server %s'",
	    p->proxy->name == NULL ? "" : p->proxy->name));
	read_options(p, w, 1, LB_IN_DEFAULT_SERVER, p->proxy->default_server);
	end_line(p);
}
