/* SPDX-License-Identifier: ISC */
/*
 * keys_section.c - keywords of the small sections, one row each; see
 * keys_section.h.
 */
#include <stddef.h>

#include "balancer/addresses.h"
#include "balancer/keys_bind.h"
#include "balancer/keys_proxy.h"
#include "balancer/keys_section.h"
#include "balancer/keys_server.h"
#include "balancer/logline.h"
#include "balancer/value.h"

#define READER(name)							\
static int								\
name(struct lb_parse *p, const struct lb_key *key,			\
    const struct lb_words *w, unsigned at, void *object)

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

/* ---- resolvers --------------------------------------------------------- */

struct lb_resolvers_conf *
lb_keys_section_usual(struct lb_parse *p)
{
	struct lb_resolvers_conf *r = lb_parse_get(p, sizeof *r);
	const int64_t half_minute = 30000000;

	*r = (struct lb_resolvers_conf){ .place = p->place,
	    .hold_nx = half_minute, .hold_other = half_minute,
	    .hold_refused = half_minute, .hold_timeout = half_minute,
	    .retries = 3, .timeout_resolve = 1000000,
	    .timeout_retry = 1000000, .payload = 512 };
	return r;
}

READER(read_nameserver)
{
	struct lb_resolvers_conf *r = object;
	struct lb_nameserver_conf *n = lb_parse_get(p, sizeof *n);
	struct text addr = text_of(word_at(w, at + 1));
	struct why why;

	if (w->count - at < 2) {
		lb_parse_alert(p, "'nameserver' expects <name> and "
		    "<addr>[:<port>] as arguments.");
		return -1;
	}
	n->place = w->place;
	n->name = w->at[at];
	for (unsigned i = 0; i < r->servers.count; i++)
		if (strcmp(r->servers.at[i]->name, n->name) == 0) {
			lb_parse_alert(p, "nameserver '%s' is already defined "
			    "at %s:%u.", n->name,
			    r->servers.at[i]->place.file,
			    r->servers.at[i]->place.line);
			return -1;
		}
	n->tcp = text_begins(addr, "tcp");
	if (lb_addresses_read(p->arena, addr, LB_ADDRESS_MAY_DATAGRAM,
	    &n->addr, &why) < 0) {
		lb_parse_alert(p, "'nameserver' : %s", why.line);
		return -1;
	}
	if (n->addr.port_kind == LB_PORT_NONE) {
		lb_parse_alert(p, "'nameserver' : missing port specification "
		    "in '%s'", w->at[at + 1]);
		return -1;
	}
	arena_add(p->arena, &r->servers, n);
	return all(w, at);
}

READER(read_hold)
{
	static const struct {
		const char *name;
		size_t at;
	} rows[] = {
#define HOLD(field) { #field, offsetof(struct lb_resolvers_conf, hold_##field) }
		HOLD(nx), HOLD(obsolete), HOLD(other), HOLD(refused),
		HOLD(timeout), HOLD(valid),
	};
	struct why why;
	int64_t t;

	if (w->count - at < 2) {
		lb_parse_alert(p, "'hold' expects an <event> and a <time> as "
		    "arguments.");
		return -1;
	}
	if (lb_value_time(w->at[at + 1], 1000, &t, &why) < 0) {
		lb_parse_alert(p, "%s in argument to <hold>", why.line);
		return -1;
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, w->at[at]) == 0) {
			*(int64_t *)((char *)object + rows[i].at) = t;
			return all(w, at);
		}
	lb_parse_alert(p, "'hold' unknown <event>: '%s', expects 'nx', "
	    "'timeout', 'refused', 'valid', 'obsolete' or 'other'.",
	    w->at[at]);
	return -1;
}

READER(read_payload)
{
	struct lb_resolvers_conf *r = object;
	int64_t n;

	if (at >= w->count || !lb_value_loose(w->at[at], &n) || n < 12 ||
	    n > 65535) {
		lb_parse_alert(p, "'accepted_payload_size' must be between "
		    "12 and 65535.");
		return -1;
	}
	r->payload = (unsigned)n;
	return all(w, at);
}

READER(read_resolver_timeout)
{
	struct lb_resolvers_conf *r = object;
	const char *word = word_at(w, at);
	struct why why;
	int64_t t;

	if (strcmp(word, "resolve") != 0 && strcmp(word, "retry") != 0) {
		lb_parse_alert(p, "'timeout' expects 'retry' or 'resolve' and "
		    "<time> as arguments (got '%s').", word);
		return -1;
	}
	if (lb_value_time(word_at(w, at + 1), 1000, &t, &why) < 0) {
		lb_parse_alert(p, "%s in argument to <timeout %s>", why.line,
		    word);
		return -1;
	}
	*(word[3] == 'o' ? &r->timeout_resolve : &r->timeout_retry) = t;
	return all(w, at);
}

#define RESOLVERS(name_, read_, words_, args_, help_)			\
	{ .name = name_, .in = LB_IN_RESOLVERS, .kind = LB_KEY_READ,	\
	  .read = read_, .words = words_, .args = args_, .help = help_ }

const struct lb_key lb_keys_section_resolvers[] = {
	RESOLVERS("accepted_payload_size", read_payload, 1, "<bytes>",
	    "size of an answer at most"),
	RESOLVERS("hold", read_hold, 2, "<event> <time>",
	    "how long a state is kept"),
	RESOLVERS("nameserver", read_nameserver, 2, "<name> <address:port>",
	    "whom to ask"),
	{ .name = "parse-resolv-conf", .in = LB_IN_RESOLVERS,
	    .kind = LB_KEY_FLAG, .words = 0,
	    .at = offsetof(struct lb_resolvers_conf, parse_resolv_conf),
	    .args = "", .help = "the servers of /etc/resolv.conf, too" },
	{ .name = "resolve_retries", .in = LB_IN_RESOLVERS,
	    .kind = LB_KEY_INT, .words = 1,
	    .at = offsetof(struct lb_resolvers_conf, retries),
	    .args = "<number>", .usual = "3", .help = "attempts" },
	RESOLVERS("timeout", read_resolver_timeout, 2,
	    "resolve|retry <time>", "pause between questions"),
	{ .name = NULL }
};

/* ---- userlist ---------------------------------------------------------- */

static struct lb_user_conf *
find_user(struct lb_userlist_conf *list, struct text name)
{
	for (unsigned i = 0; i < list->users.count; i++)
		if (text_is(name, list->users.at[i]->name))
			return list->users.at[i];
	return NULL;
}

static void
add_groups(struct lb_parse *p, struct lb_user_conf *u, struct text names)
{
	struct text one;

	while (text_split(&names, ',', &one))
		if (one.len > 0)
			arena_add(p->arena, &u->groups,
			    arena_copy(p->arena, one));
}

READER(read_user)
{
	struct lb_userlist_conf *list = object;
	struct lb_user_conf *u = lb_parse_get(p, sizeof *u);

	if (at >= w->count) {
		lb_parse_alert(p, "'user' expects <name> as arguments.");
		return -1;
	}
	u->name = w->at[at];
	if (find_user(list, text_of(u->name)) != NULL) {
		lb_parse_warn(p, "ignoring duplicated user '%s' in userlist "
		    "'%s'.", u->name, list->name);
		return all(w, at);
	}
	for (at++; at < w->count; at += 2) {
		const char *word = w->at[at], *arg = word_at(w, at + 1);

		if (strcmp(word, "groups") == 0) {
			add_groups(p, u, text_of(arg));
		} else if (strcmp(word, "password") == 0 ||
		    strcmp(word, "insecure-password") == 0) {
			u->password = arg;
			u->plain = word[0] == 'i';
		} else {
			lb_parse_alert(p, "'user' only supports 'password', "
			    "'insecure-password' and 'groups' options.");
			return -1;
		}
	}
	arena_add(p->arena, &list->users, u);
	return 0;
}

/* "group g users a,b": the users may stand further down; see finish.c. */
READER(read_group)
{
	struct lb_userlist_conf *list = object;
	const char *name = word_at(w, at);
	struct text names, one;

	if (*name == '\0') {
		lb_parse_alert(p, "'group' expects <name> as arguments.");
		return -1;
	}
	arena_add(p->arena, &list->groups, name);
	if (at + 1 >= w->count)
		return all(w, at);
	if (strcmp(w->at[at + 1], "users") != 0) {
		lb_parse_alert(p, "'group' only supports 'users' option.");
		return -1;
	}
	names = text_of(word_at(w, at + 2));
	while (text_split(&names, ',', &one)) {
		struct lb_member_conf *m;

		if (one.len == 0)
			continue;
		m = lb_parse_get(p, sizeof *m);
		m->place = w->place;
		m->group = name;
		m->user = arena_copy(p->arena, one);
		arena_add(p->arena, &list->members, m);
	}
	return all(w, at);
}

#define USERLIST(name_, read_, args_, help_)				\
	{ .name = name_, .in = LB_IN_USERLIST, .kind = LB_KEY_READ,	\
	  .read = read_, .words = -1, .args = args_, .help = help_ }

const struct lb_key lb_keys_section_userlist[] = {
	USERLIST("group", read_group, "<name> [users <user>,...]",
	    "a group and who is in it"),
	USERLIST("user", read_user, "<name> [password|insecure-password "
	    "<text>] [groups <group>,...]", "a user"),
	{ .name = NULL }
};

/* ---- peers ------------------------------------------------------------- */

READER(read_peer)
{
	struct lb_peers_conf *peers = object;
	struct lb_peer_conf *peer = lb_parse_get(p, sizeof *peer);
	struct lb_server_conf *options;
	struct why why;

	if (at >= w->count) {
		lb_parse_alert(p, "'%s' expects <name> and <addr>[:<port>] as "
		    "arguments.", key->name);
		return -1;
	}
	peer->place = w->place;
	peer->name = w->at[at];
	options = lb_keys_server_usual(p);
	options->name = peer->name;
	if (at + 1 < w->count && lb_addresses_read(p->arena,
	    text_of(w->at[at + 1]), LB_ADDRESS_MAY_NAME |
	    LB_ADDRESS_MAY_UNIX | LB_ADDRESS_NEEDS_PORT, &peer->addr,
	    &why) < 0) {
		lb_parse_alert(p, "'%s %s' : %s", key->name, peer->name,
		    why.line);
		return -1;
	}
	arena_add(p->arena, &peers->peers, peer);
	return all(w, at);
}

static void
add_bind(struct lb_parse *p, struct lb_bind_conf *b)
{
	arena_add(p->arena, &p->peers->binds, b);
}

READER(read_bind)
{
	struct lb_bind_conf model = *p->peers_bind;
	bool usual = key->value;

	if (!usual && at >= w->count) {
		lb_parse_alert(p, "'bind' expects an address.");
		return -1;
	}
	model.place = w->place;
	if (lb_keys_bind_options(p, w, at + !usual, LB_IN_BIND, &model) < 0)
		return -1;
	if (usual)
		*p->peers_bind = model;
	else if (lb_keys_bind_addresses(p, w->at[at], &model, add_bind) < 0)
		return -1;
	return all(w, at);
}

READER(read_table)
{
	struct lb_peers_conf *peers = object;
	struct lb_table_conf *t = lb_parse_get(p, sizeof *t);

	if (at >= w->count) {
		lb_parse_alert(p, "'table' expects a name.");
		return -1;
	}
	t->name = arena_print(p->arena, "%s/%s", peers->name, w->at[at]);
	if (lb_keys_proxy_table(p, w, at + 1, t) < 0)
		return -1;
	arena_add(p->arena, &peers->tables, t);
	arena_add(p->arena, &p->setup->tables, t);
	return all(w, at);
}

READER(read_log)
{
	return lb_logline_read(p, w, at) == NULL ? -1 : all(w, at);
}

#define PEERS(name_, read_, value_, args_, help_)			\
	{ .name = name_, .in = LB_IN_PEERS, .kind = LB_KEY_READ,	\
	  .read = read_, .value = value_, .words = -1, .args = args_,	\
	  .help = help_ }
#define IGNORED(name_)							\
	{ .name = name_, .in = LB_IN_PEERS, .class = LB_CLASS_S,	\
	  .kind = LB_KEY_NOTHING, .words = -1, .args = "...",		\
	  .help = "no effect" }

const struct lb_key lb_keys_section_peers[] = {
	PEERS("bind", read_bind, 0, "<address> [options]",
	    "where peers connect to"),
	PEERS("default-bind", read_bind, 1, "[options]",
	    "options of the bind line"),
	IGNORED("default-server"),
	{ .name = "disabled", .in = LB_IN_PEERS, .kind = LB_KEY_FLAG,
	    .at = offsetof(struct lb_peers_conf, disabled), .args = "",
	    .help = "the section does not exist" },
	{ .name = "enabled", .in = LB_IN_PEERS, .kind = LB_KEY_FLAG,
	    .value = 1, .at = offsetof(struct lb_peers_conf, disabled),
	    .args = "", .help = "the section exists" },
	PEERS("log", read_log, 0, "<target> ...", "where log lines go"),
	PEERS("peer", read_peer, 0, "<name> <address:port> [options]",
	    "a peer"),
	PEERS("server", read_peer, 0, "<name> [<address:port>] [options]",
	    "a peer"),
	IGNORED("shards"),
	PEERS("table", read_table, 0, "<name> type <t> size <n> [options]",
	    "a table of its own"),
	{ .name = NULL }
};
