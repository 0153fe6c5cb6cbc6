/* SPDX-License-Identifier: ISC */
/* keys_bind.c - options of listeners, one row each; see keys_bind.h. */
#include <stddef.h>
#include <stdlib.h>

#include "balancer/addresses.h"
#include "balancer/keys_bind.h"
#include "balancer/keys_tls.h"
#include "balancer/value.h"

#define AT(field)	offsetof(struct lb_bind_conf, field)
#define B	LB_IN_BIND
#define K	LB_IN_SOCKET

static int
read_mode(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_bind_conf *to = object;
	const char *word = at < w->count ? w->at[at] : "";
	char *end;
	long mode = strtol(word, &end, 8);

	if (*word == '\0' || *end != '\0' || mode < 0 || mode > 07777) {
		lb_parse_alert(p, "'mode' : missing or invalid mode '%s' "
		    "(octal integer expected)", word);
		return -1;
	}
	to->unixes.mode = (int)mode;
	return 1;
}

/* user, group, uid, gid: kept as a name, or as "#123". */
static int
read_owner(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	const char *word = lb_key_value(p, key, w, at),
	    **to = (const char **)((char *)object + key->at);
	bool group = key->name[0] == 'g';
	int64_t n;

	if (word == NULL)
		return -1;
	if (strlen(key->name) == 3) {
		if (!lb_value_loose(word, &n))
			lb_parse_warn(p, "'%s' : string '%s' is not a "
			    "number.", key->name, word);
		*to = arena_print(p->arena, "#%d", (int)n);
		return 1;
	}
	if (p->source->account != NULL &&
	    p->source->account(p->source->arg, word, group) < 0) {
		lb_parse_alert(p, "'%s' : unknown %s name '%s'", key->name,
		    key->name, word);
		return -1;
	}
	*to = word;
	return 1;
}

static int
read_level(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	static const char *const names[] = { "user", "operator", "admin" };
	const char *word = at < w->count ? w->at[at] : "";
	struct lb_bind_conf *to = object;

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(word, names[i]) == 0) {
			to->level = (enum lb_level)i;
			return 1;
		}
	lb_parse_alert(p, "'level' only supports 'user', 'operator', and "
	    "'admin' (got '%s')", word);
	return -1;
}

static int
read_severity(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	static const char *const names[] = { "none", "number", "string" };
	const char *word = at < w->count ? w->at[at] : "";
	struct lb_bind_conf *to = object;

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(word, names[i]) == 0) {
			to->severity = i;
			return 1;
		}
	lb_parse_alert(p, "'severity-output' only supports 'none', 'number', "
	    "and 'string' (got '%s')", word);
	return -1;
}

static int
read_expose(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_bind_conf *to = object;

	if (at < w->count && strcmp(w->at[at], "listeners") == 0) {
		to->expose_fd = true;
		return 1;
	}
	lb_parse_alert(p, "'expose-fd' only supports 'listeners' (got '%s')",
	    at < w->count ? w->at[at] : "");
	return -1;
}

static int
read_id(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, void *object)
{
	struct lb_bind_conf *to = object;
	int64_t n;

	if (at >= w->count || lb_value_number(w->at[at], 1, INT32_MAX, &n,
	    NULL) < 0) {
		lb_parse_alert(p, "'id' : custom id has to be > 0");
		return -1;
	}
	to->id = (unsigned)n;
	return 1;
}

#define ROW(name, in, kind, field, words, args, usual, help)		\
	{ name, in, LB_CLASS_F, LB_KEY_##kind, AT(field), 0, 0, 0,	\
	  false, NULL, words, args, usual, NULL, false, help }
#define READ(name, in, read, args, usual, help)				\
	{ name, in, LB_CLASS_F, LB_KEY_READ, 0, 0, 0, 0, false, read,	\
	  1, args, usual, NULL, false, help }
#define OWNER(name, field, help)					\
	{ name, B | K, LB_CLASS_F, LB_KEY_READ, AT(unixes.field), 0, 0,	\
	  0, false, read_owner, 1, "<name>", "", NULL, false, help }
#define IGNORED(name, in, class, words)					\
	{ name, in, LB_CLASS_##class, LB_KEY_NOTHING, 0, 0, 0, 0,	\
	  false, NULL, words, words ? "<value>" : "", "", NULL, false,	\
	  "no effect" }

const struct lb_key lb_keys_bind[] = {
	IGNORED("accept-netscaler-cip", B, W, 1),
	ROW("accept-proxy", B, FLAG, accept_proxy, 0, "", "off",
	    "a PROXY header must come first"),
	ROW("backlog", B | K, COUNT, backlog, 1, "<number>", "maxconn",
	    "connections that the kernel holds"),
	IGNORED("cc", B, S, 1),
	ROW("defer-accept", B, FLAG, defer_accept, 0, "", "off",
	    "connections are seen when their first bytes are there"),
	READ("expose-fd", K | B, read_expose, "listeners", "",
	    "listening sockets may be asked for"),
	OWNER("gid", group, "group of the unix socket, by number"),
	OWNER("group", group, "group of the unix socket"),
	IGNORED("guid-prefix", B, S, 1),
	READ("id", B | K, read_id, "<number>", "", "number in statistics"),
	IGNORED("idle-ping", B, S, 1),
	ROW("interface", B, TEXT, interface, 1, "<name>", "",
	    "only packets of this interface"),
	IGNORED("label", B, S, 1),
	READ("level", B | K, read_level, "user|operator|admin", "operator",
	    "what commands may do"),
	ROW("maxconn", B | K, COUNT, maxconn, 1, "<number>", "0",
	    "connections of this listener"),
	READ("mode", B | K, read_mode, "<octal>", "",
	    "permissions of the unix socket"),
	ROW("mss", B, COUNT, mss, 1, "<bytes>", "", "largest segment"),
	ROW("name", B | K, TEXT, name, 1, "<name>", "",
	    "name in statistics"),
	ROW("namespace", B, TEXT, namespace, 1, "<name>", "",
	    "network namespace"),
	IGNORED("nbconn", B, S, 1),
	IGNORED("nice", B | K, W, 1),
	IGNORED("no-quic-ack-delay", B, S, 0),
	IGNORED("process", B | K, S, 1),
	IGNORED("proto", B, S, 1),
	IGNORED("quic-cc-algo", B, S, 1),
	IGNORED("quic-force-retry", B, S, 0),
	IGNORED("quic-socket", B, S, 1),
	READ("severity-output", B | K, read_severity, "none|number|string",
	    "none", "a level in front of each answer"),
	IGNORED("shards", B, S, 1),
	ROW("tcp-md5sig", B, TEXT, md5sig, 1, "<key>", "",
	    "signatures of segments"),
	ROW("tcp-ut", B, TIME, tcp_ut, 1, "<time>", "",
	    "how long data may stay unacknowledged"),
	ROW("tfo", B, FLAG, tfo, 0, "", "off", "TCP Fast Open"),
	IGNORED("thread", B | K, S, 1),
	IGNORED("tls-tickets", B, S, 0),
	ROW("transparent", B, FLAG, transparent, 0, "", "off",
	    "addresses that are not ours"),
	OWNER("uid", user, "owner of the unix socket, by number"),
	OWNER("user", user, "owner of the unix socket"),
	ROW("v4v6", B, FLAG, v4v6, 0, "", "off", "IPv4 as well"),
	ROW("v6only", B, FLAG, v6only, 0, "", "off", "no IPv4"),
	{ .name = NULL }
};

void
lb_keys_bind_init(struct lb_parse *p, struct lb_bind_conf *to)
{
	const struct lb_global_conf *g = &p->setup->global;

	*to = (struct lb_bind_conf){ .place = p->place,
	    .level = LB_LEVEL_OPERATOR, .unixes = g->unix_bind };
}

int
lb_keys_bind_options(struct lb_parse *p, const struct lb_words *w,
    unsigned at, unsigned in, struct lb_bind_conf *to)
{
	while (at < w->count) {
		unsigned n;
		const struct lb_key *key = lb_key_find(lb_keys_bind, w, at,
		    &n);
		void *object = to;
		int taken;

		if (key == NULL || !(key->in & in)) {
			key = lb_key_find(lb_keys_tls, w, at, &n);
			object = &to->tls;
		}
		if (key == NULL || !(key->in & (in | LB_IN_BIND))) {
			lb_key_refuse(p, w->at[at], in | LB_IN_BIND,
			    lb_keys_bind, lb_keys_tls);
			return -1;
		}
		taken = lb_key_apply(p, key, w, at + n, false, object);
		if (taken < 0)
			return -1;
		at += n + (unsigned)taken;
	}
	return 0;
}

int
lb_keys_bind_unix(struct lb_parse *p, const struct lb_words *w, unsigned at)
{
	static const char *const names[] = { "gid", "group", "mode", "uid",
	    "user" };
	struct lb_global_conf *g = &p->setup->global;
	struct lb_bind_conf b = { .unixes = g->unix_bind };

	for (; at < w->count; at += 2) {
		const struct lb_key *key;
		unsigned n;
		bool known = false;

		if (strcmp(w->at[at], "prefix") == 0 && at + 1 < w->count) {
			g->unix_prefix = w->at[at + 1];
			continue;
		}
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			known |= strcmp(names[i], w->at[at]) == 0;
		if (!known || at + 1 >= w->count) {
			lb_parse_alert(p, "'unix-bind' only supports the "
			    "'prefix', 'mode', 'uid', 'gid', 'user' and "
			    "'group' options.");
			return -1;
		}
		key = lb_key_find(lb_keys_bind, w, at, &n);
		if (lb_key_apply(p, key, w, at + 1, false, &b) < 0)
			return -1;
	}
	g->unix_bind = b.unixes;
	return 0;
}

/* unix-bind's prefix goes in front of paths. */
static struct text
with_prefix(struct lb_parse *p, struct text t)
{
	const char *prefix = p->setup->global.unix_prefix;

	if (prefix == NULL || t.len == 0 || (t.at[0] != '/' &&
	    !text_begins(t, "unix@")))
		return t;
	if (t.at[0] != '/')
		t = text_from(t, strlen("unix@"));
	return text_of(arena_print(p->arena, "unix@%s%.*s", prefix,
	    TEXT_ARG(t)));
}

/* A name stands for its first address, as it is now. */
static int
resolve(struct lb_parse *p, struct lb_bind_conf *b)
{
	const struct lb_source *source = p->source;

	if (b->addr.kind != LB_ADDRESS_NAME || source->resolve == NULL)
		return 0;
	if (source->resolve(source->arg, b->addr.name, b->addr.family,
	    &b->addr.sa) < 0) {
		lb_parse_alert(p, "'bind' : invalid address: '%s' in '%s'",
		    b->addr.name, b->addr.text);
		return -1;
	}
	address_set_port(&b->addr.sa, b->addr.port_low);
	b->addr.kind = LB_ADDRESS_IP;
	return 0;
}

int
lb_keys_bind_addresses(struct lb_parse *p, const char *list,
    const struct lb_bind_conf *model,
    void (*add)(struct lb_parse *, struct lb_bind_conf *))
{
	struct text rest = text_of(list), one;
	struct why why;

	while (text_split(&rest, ',', &one)) {
		struct lb_bind_conf *b = lb_parse_get(p, sizeof *b);

		*b = *model;
		if (lb_addresses_read(p->arena, with_prefix(p, one),
		    LB_ADDRESS_MAY_RANGE | LB_ADDRESS_NEEDS_PORT |
		    LB_ADDRESS_MAY_FD | LB_ADDRESS_MAY_NAME |
		    LB_ADDRESS_MAY_UNIX, &b->addr, &why) < 0) {
			lb_parse_alert(p, "'bind' : %s", why.line);
			return -1;
		}
		if (b->addr.mptcp)
			lb_parse_warn(p, "'bind' : MPTCP is not supported by "
			    "this program; '%s' uses TCP.", b->addr.text);
		if (resolve(p, b) < 0)
			return -1;
		add(p, b);
	}
	return 0;
}
