/* SPDX-License-Identifier: ISC */
/*
 * commands_server.c - what is said about one server: its state, weight,
 * address, checks, limits. Loop 0.
 */
#include <stdio.h>

#include "balancer/check.h"
#include "balancer/commands_rows.h"
#include "balancer/dynamic.h"
#include "balancer/names.h"
#include "balancer/targets.h"
#include "base/number.h"
#include "base/mem.h"

#define CLI		", changed from CLI"
#define BY_COMMAND	"by 'stats socket command'"

enum { WEIGHT_MOST = 256 };

/* One of "set server be/s WORD ..."; l->at[4] and on are its arguments. */
struct part {
	const char *word;
	void (*run)(struct talk *, struct lb_server *,
	    const struct command_line *);
};

struct choice {			/* one of the words that an argument may be */
	const char *word;
	unsigned set, clear;
};

static const struct choice *
find_choice(const struct choice *c, const char *word)
{
	for (; c->word != NULL; c++)
		if (strcmp(c->word, word) == 0)
			return c;
	return NULL;
}

/* ---- state ------------------------------------------------------------- */

static void
set_state(struct talk *t, struct lb_server *s, const struct command_line *l)
{
	static const struct choice rows[] = {
		{ "ready", 0, LB_ADMIN_FMAINT | LB_ADMIN_FDRAIN },
		{ "drain", LB_ADMIN_FDRAIN, LB_ADMIN_FMAINT },
		{ "maint", LB_ADMIN_FMAINT, LB_ADMIN_FDRAIN },
		{ NULL, 0, 0 }
	};
	const struct choice *c = find_choice(rows, l->at[4]);

	if (c == NULL)
		lb_talk_refuse(t, "'set server <srv> state' expects 'ready', "
		    "'drain' and 'maint'.");
	else
		lb_health_admin(s, c->set, c->clear, "");
}

static void
set_health(struct talk *t, struct lb_server *s, const struct command_line *l)
{
	static const struct choice rows[] = {
		{ "up", LB_SERVER_RUNNING, 0 },
		{ "stopping", LB_SERVER_STOPPING, 0 },
		{ "down", LB_SERVER_STOPPED, 0 },
		{ NULL, 0, 0 }
	};
	const struct choice *c = find_choice(rows, l->at[4]);

	if (s->track != NULL)
		lb_talk_refuse(t, "cannot change health on a tracking "
		    "server.");
	else if (c == NULL)
		lb_talk_refuse(t, "'set server <srv> health' expects 'up', "
		    "'stopping', or 'down'.");
	else
		lb_health_force(s, false, (enum lb_server_state)c->set, CLI);
}

static void
set_agent(struct talk *t, struct lb_server *s, const struct command_line *l)
{
	static const struct choice rows[] = {
		{ "up", LB_SERVER_RUNNING, 0 },
		{ "down", LB_SERVER_STOPPED, 0 },
		{ NULL, 0, 0 }
	};
	const struct choice *c = find_choice(rows, l->at[4]);

	if (s->checks[1] == NULL ||
	    !(s->checks[1]->state & LB_CHECK_ENABLED))
		lb_talk_refuse(t, "agent checks are not enabled on this "
		    "server.");
	else if (c == NULL)
		lb_talk_refuse(t, "'set server <srv> agent' expects 'up' or "
		    "'down'.");
	else
		lb_health_force(s, true, (enum lb_server_state)c->set, CLI);
}

/* ---- weight ------------------------------------------------------------ */

/* "20", "50%"; false: told. */
static bool
read_weight(struct talk *t, const struct lb_server *s, const char *word,
    unsigned *weight)
{
	struct text number = text_of(word);
	bool share = text_ends(number, "%");
	int64_t n;

	if (number.len == 0) {
		lb_talk_refuse(t, "Require <weight> or <weight%%>.");
		return false;
	}
	number.len -= share;
	if (number_int(number, 10, INT32_MIN, INT32_MAX, &n, NULL) < 0) {
		lb_talk_refuse(t, number.len > 0 && number.at[0] >= '0' &&
		    number.at[0] <= '9' ? "Trailing garbage in weight "
		    "string" : "Empty weight string empty or preceded by "
		    "garbage");
		return false;
	}
	if (share ? n < 0 : n < 0 || n > WEIGHT_MOST) {
		lb_talk_refuse(t, share ? "Relative weight must be positive." :
		    "Absolute weight can only be between 0 and 256 "
		    "inclusive.");
		return false;
	}
	if (share)
		n = n * s->first_weight / 100;
	*weight = n > WEIGHT_MOST ? WEIGHT_MOST : (unsigned)n;
	return true;
}

static void
change_weight(struct talk *t, struct lb_server *s, const char *word)
{
	unsigned weight;

	if (!read_weight(t, s, word, &weight))
		return;
	if (s->proxy->balance->fixed && weight != 0 &&
	    weight != s->first_weight)
		lb_talk_refuse(t, "Backend is using a static LB algorithm "
		    "and only accepts weights '0%%' and '100%%'.");
	else
		lb_health_weigh(s, weight);
}

static void
set_weight(struct talk *t, struct lb_server *s, const struct command_line *l)
{
	change_weight(t, s, l->at[4]);
}

/* "set weight be/s N": the older form. */
static void
run_set_weight(struct talk *t, const struct command_line *l)
{
	struct lb_server *s = lb_targets_server(t, l->at[2]);

	if (s != NULL)
		change_weight(t, s, l->at[3]);
}

static void
run_get_weight(struct talk *t, const struct command_line *l)
{
	const struct lb_server *s = lb_targets_server(t, l->at[2]);

	if (s != NULL)
		lb_talk_print(t, "%u (initial %u)\n", s->weight,
		    s->first_weight);
}

/* ---- address ----------------------------------------------------------- */

/* "80", "+5", "-5"; false: it is none. */
static bool
read_port(const char *word, enum lb_port_kind *kind, uint16_t *port)
{
	struct text t = text_of(word);
	int64_t n;

	*kind = text_begins(t, "+") ? LB_PORT_PLUS :
	    text_begins(t, "-") ? LB_PORT_MINUS : LB_PORT_FIXED;
	if (*kind != LB_PORT_FIXED)
		t = text_from(t, 1);
	if (t.len == 0 || t.at[0] < '0' || t.at[0] > '9' ||
	    number_int(t, 10, 0, 65535, &n, NULL) < 0)
		return false;
	*port = (uint16_t)n;
	return true;
}

static void
print_port(const struct lb_server *s, char *to, size_t room)
{
	const char *sign = s->port_kind == LB_PORT_PLUS ? "+" :
	    s->port_kind == LB_PORT_MINUS ? "-" : "";

	snprintf(to, room, "%s%u", sign, s->port_kind == LB_PORT_PLUS ||
	    s->port_kind == LB_PORT_MINUS ? s->port_offset :
	    address_port(&s->address));
}

/* What is asked for, as it is to be; false: told. */
struct move {
	struct address to;
	enum lb_port_kind kind;
	uint16_t offset;
};

static bool
read_move(struct talk *t, const struct lb_server *s, const char *addr,
    const char *port, struct move *m)
{
	uint16_t number;

	m->kind = s->port_kind;
	m->offset = s->port_offset;
	if (address_ip(text_of(addr), address_port(&s->address), &m->to) < 0) {
		lb_talk_refuse(t, "Invalid addr '%s' " BY_COMMAND, addr);
		return false;
	}
	if (port == NULL)
		return true;
	if (!read_port(port, &m->kind, &number)) {
		lb_talk_refuse(t, "problem converting port '%s' to an int "
		    BY_COMMAND, port);
		return false;
	}
	m->offset = number;
	if (m->kind == LB_PORT_FIXED)
		address_set_port(&m->to, number);
	else if (s->checks[0] != NULL && s->checks[0]->port == 0) {
		lb_talk_refuse(t, "can't switch from fixed port to port map "
		    "because it is incompatible with current check port "
		    "parameter " BY_COMMAND);
		return false;
	}
	return true;
}

static void
tell_move(struct talk *t, const char *ip, const char *port,
    const char *new_ip, const char *new_port)
{
	bool ip_same = strcmp(ip, new_ip) == 0;
	bool port_same = strcmp(port, new_port) == 0;
	char line[600] = "";
	int n = 0;

	if (!ip_same)
		n = snprintf(line, sizeof line, "IP changed from '%s' to "
		    "'%s'", ip, new_ip);
	if (!port_same)
		snprintf(line + n, sizeof line - (size_t)n, "%sport changed "
		    "from '%s' to '%s'", n > 0 ? ", " : "", port, new_port);
	if (ip_same && port_same)
		lb_talk_tell(t, LB_LOG_INFO, "nothing changed");
	else
		lb_talk_tell(t, LB_LOG_INFO, "%s " BY_COMMAND, line);
}

static void
set_addr(struct talk *t, struct lb_server *s, const struct command_line *l)
{
	bool has_port = strcmp(l->at[5], "port") == 0;
	char ip[2][ADDRESS_TEXT], port[2][16];
	struct endpoint e;
	struct move m;

	if (l->at[4][0] == '\0') {
		lb_talk_refuse(t, "set server <b>/<s> addr requires an "
		    "address and optionally a port.");
		return;
	}
	if (!read_move(t, s, l->at[4], has_port ? l->at[6] : NULL, &m))
		return;
	e = address_endpoint(&s->address);
	endpoint_ip(&e, ip[0]);
	print_port(s, port[0], sizeof *port);
	lb_health_move(s, &m.to, m.kind, m.offset);
	e = address_endpoint(&s->address);
	endpoint_ip(&e, ip[1]);
	print_port(s, port[1], sizeof *port);
	tell_move(t, ip[0], port[0], ip[1], port[1]);
}

static void
set_fqdn(struct talk *t, struct lb_server *s, const struct command_line *l)
{
	struct why why = { "", "" };
	char said[600] = "";

	if (l->at[4][0] == '\0')
		lb_talk_refuse(t, "set server <b>/<s> fqdn requires a FQDN.");
	else if (lb_names_set(s, l->at[4], "'stats socket command'", said,
	    sizeof said, &why) < 0)
		lb_talk_refuse(t, "%s", why.line);
	else
		lb_talk_tell(t, LB_LOG_INFO, "%s", said);
}

/* ---- checks and agents ------------------------------------------------- */

/* The check whose target is to change; NULL: told. */
static struct lb_check *
find_check(struct talk *t, struct lb_server *s, bool agent)
{
	struct lb_check *c = s->checks[agent];

	if (c != NULL && (c->state & LB_CHECK_ENABLED))
		return c;
	lb_talk_refuse(t, "%s checks are not enabled on this server",
	    agent ? "agent" : "health");
	return NULL;
}

static bool
read_target_port(struct talk *t, const char *word, uint16_t *port)
{
	int64_t n;

	if (number_int(text_of(word), 10, INT32_MIN, INT32_MAX, &n, NULL) < 0)
		lb_talk_refuse(t, "provided port is not an integer");
	else if (n < 0 || n > 65535)
		lb_talk_refuse(t, "provided port is invalid");
	else {
		*port = (uint16_t)n;
		return true;
	}
	return false;
}

static void
set_target(struct talk *t, struct lb_server *s, const struct command_line *l,
    bool agent)
{
	struct lb_check *c;
	struct address to;
	uint16_t port = 0;

	if (l->at[4][0] == '\0') {
		lb_talk_refuse(t, "set server <b>/<s> %s requires an address "
		    "and optionally a port.", l->at[3]);
		return;
	}
	if ((c = find_check(t, s, agent)) == NULL)
		return;
	if (address_ip(text_of(l->at[4]), 0, &to) < 0) {
		lb_talk_refuse(t, "invalid addr '%s'", l->at[4]);
		return;
	}
	if (strcmp(l->at[5], "port") == 0) {
		if (!read_target_port(t, l->at[6], &port))
			return;
		c->port = port;
	}
	c->addr = to;
}

static void
set_check_addr(struct talk *t, struct lb_server *s,
    const struct command_line *l)
{
	set_target(t, s, l, false);
}

static void
set_agent_addr(struct talk *t, struct lb_server *s,
    const struct command_line *l)
{
	set_target(t, s, l, true);
}

static void
set_target_port(struct talk *t, struct lb_server *s,
    const struct command_line *l, bool agent)
{
	struct lb_check *c;
	uint16_t port;

	if (l->at[4][0] == '\0')
		lb_talk_refuse(t, "set server <b>/<s> %s requires a port.",
		    l->at[3]);
	else if ((c = find_check(t, s, agent)) != NULL &&
	    read_target_port(t, l->at[4], &port))
		c->port = port;
}

static void
set_check_port(struct talk *t, struct lb_server *s,
    const struct command_line *l)
{
	set_target_port(t, s, l, false);
}

static void
set_agent_port(struct talk *t, struct lb_server *s,
    const struct command_line *l)
{
	set_target_port(t, s, l, true);
}

static void
set_agent_send(struct talk *t, struct lb_server *s,
    const struct command_line *l)
{
	struct lb_check *c = s->checks[1];
	char *words;

	if (c == NULL || !(c->state & LB_CHECK_ENABLED)) {
		lb_talk_refuse(t, "agent checks are not enabled on this "
		    "server.");
		return;
	}
	words = mem_copy(text_of(l->at[4]));
	if (words == NULL) {
		lb_talk_refuse(t, "cannot allocate memory for new string.");
		return;
	}
	mem_drop(c->own_send);
	c->send = c->own_send = words;
}

/* ---- TLS --------------------------------------------------------------- */

static void
set_ssl(struct talk *t, struct lb_server *s, const struct command_line *l)
{
	static const struct choice rows[] = {
		{ "on", true, 0 }, { "off", false, 0 }, { NULL, 0, 0 }
	};
	const struct choice *c = find_choice(rows, l->at[4]);

	if (s->tls == NULL)
		lb_talk_refuse(t, "'set server <srv> ssl' cannot be set.  "
		    "default-server should define ssl settings");
	else if (c == NULL)
		lb_talk_refuse(t, "'set server <srv> ssl' expects 'on' or "
		    "'off'.");
	else {
		atomic_store(&s->secure, c->set != 0);
		lb_talk_tell(t, LB_LOG_NOTICE, "server ssl setting updated");
	}
}

/* ---- all of "set server" ----------------------------------------------- */

static const struct part parts[] = {
	{ "addr", set_addr }, { "agent", set_agent },
	{ "agent-addr", set_agent_addr }, { "agent-port", set_agent_port },
	{ "agent-send", set_agent_send }, { "check-addr", set_check_addr },
	{ "check-port", set_check_port }, { "fqdn", set_fqdn },
	{ "health", set_health }, { "ssl", set_ssl }, { "state", set_state },
	{ "weight", set_weight },
};

static void
run_set_server(struct talk *t, const struct command_line *l)
{
	struct lb_server *s = lb_targets_server(t, l->at[2]);

	if (s == NULL)
		return;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].word, l->at[3]) == 0) {
			parts[i].run(t, s, l);
			return;
		}
	lb_talk_refuse(t, "usage: set server <backend>/<server> addr | agent "
	    "| agent-addr | agent-port | agent-send | check-addr | "
	    "check-port | fqdn | health | ssl | state | weight");
}

/* ---- enable and disable ------------------------------------------------ */

static void
run_enable_server(struct talk *t, const struct command_line *l)
{
	struct lb_server *s = lb_targets_server(t, l->at[2]);

	if (s != NULL)
		lb_health_admin(s, 0, LB_ADMIN_FMAINT, "");
}

static void
run_disable_server(struct talk *t, const struct command_line *l)
{
	struct lb_server *s = lb_targets_server(t, l->at[2]);

	if (s != NULL)
		lb_health_admin(s, LB_ADMIN_FMAINT, 0, "");
}

static void
switch_check(struct talk *t, const struct command_line *l, bool agent,
    bool on)
{
	struct lb_server *s = lb_targets_server(t, l->at[2]);

	if (s == NULL)
		return;
	if (s->checks[agent] != NULL)
		lb_check_enable(s->checks[agent], on);
	else if (on)
		lb_talk_refuse(t, "%s was not configured on this server, "
		    "cannot enable.", agent ? "Agent" : "Health check");
}

static void
run_enable_health(struct talk *t, const struct command_line *l)
{
	switch_check(t, l, false, true);
}

static void
run_disable_health(struct talk *t, const struct command_line *l)
{
	switch_check(t, l, false, false);
}

static void
run_enable_agent(struct talk *t, const struct command_line *l)
{
	switch_check(t, l, true, true);
}

static void
run_disable_agent(struct talk *t, const struct command_line *l)
{
	switch_check(t, l, true, false);
}

/* ---- coming and going -------------------------------------------------- */

/* "be/n1" is cut in two; the rest are words of a server line. */
static void
run_add(struct talk *t, const struct command_line *l)
{
	const char *words[COMMAND_WORDS + 2] = { "server" };
	struct lb_words w = { { "CLI", 0 }, 1, words };
	char backend[256];
	struct why why = { "", "" };
	struct lb_proxy *p;
	struct lb_server *s;

	if (!lb_targets_cut(t, l->at[2], backend, &words[1]))
		return;
	for (w.count = 2; w.count < l->count - 1; w.count++)
		words[w.count] = l->at[w.count + 1];
	words[w.count] = "";
	p = lb_targets_find(backend, LB_IS_BACKEND);
	if (p == NULL)
		lb_talk_refuse(t, "No such backend.");
	else if (p->balance->fixed || p->balance->hash)
		lb_talk_refuse(t, "backend '%s' uses a non dynamic load "
		    "balancing method", p->conf->name);
	else if (lb_proxy_server(p, words[1]) != NULL)
		lb_talk_refuse(t, "Already exists a server with the same "
		    "name in backend.");
	else if ((s = lb_dynamic_add(p, &w, &why)) == NULL)
		lb_talk_refuse(t, "%s", why.line);
	else
		lb_talk_tell(t, LB_LOG_INFO, "New server registered.");
}

static void
run_del(struct talk *t, const struct command_line *l)
{
	struct lb_server *s = lb_targets_server(t, l->at[2]);
	struct why why = { "", "" };

	if (s == NULL)
		return;
	if (lb_dynamic_remove(s, &why) < 0)
		lb_talk_refuse(t, "%s", why.line);
	else
		lb_talk_tell(t, LB_LOG_INFO, "Server deleted.");
}

/* ---- limit ------------------------------------------------------------- */

static void
run_set_maxconn(struct talk *t, const struct command_line *l)
{
	struct lb_server *s = lb_targets_server(t, l->at[3]);
	int64_t n;

	if (s == NULL)
		return;
	if (l->at[4][0] == '\0')
		lb_talk_refuse(t, "Require <maxconn>.");
	else if (number_int(text_of(l->at[4]), 10, 0, INT32_MAX, &n,
	    NULL) == 0)
		lb_health_limit(s, (unsigned)n);
	else if (l->at[4][0] >= '0' && l->at[4][0] <= '9')
		lb_talk_refuse(t, "Trailing garbage in maxconn string");
	else
		lb_talk_refuse(t, "maxconn string empty or preceded by "
		    "garbage");
}

const struct command lb_commands_server[] = {
	{ "add server", "<bk>/<srv>", "create a new server", LB_LEVEL_ADMIN,
	    run_add },
	{ "del server", "<bk>/<srv>", "remove a server", LB_LEVEL_ADMIN,
	    run_del },
	{ "set server", "<bk>/<srv> [opts]", "change a server's state, "
	    "weight, address or ssl", LB_LEVEL_ADMIN, run_set_server },
	{ "set weight", "<bk>/<srv>  (DEPRECATED)", "change a server's weight "
	    "(use 'set server' instead)", LB_LEVEL_ADMIN, run_set_weight },
	{ "get weight", "<bk>/<srv>", "report a server's current weight",
	    LB_LEVEL_USER, run_get_weight },
	{ "set maxconn server", "<bk>/<srv>", "change a server's maxconn "
	    "setting", LB_LEVEL_ADMIN, run_set_maxconn },
	{ "enable server", " (DEPRECATED)", "enable a disabled server (use "
	    "'set server' instead)", LB_LEVEL_ADMIN, run_enable_server },
	{ "disable server", "(DEPRECATED)", "disable a server for "
	    "maintenance (use 'set server' instead)", LB_LEVEL_ADMIN,
	    run_disable_server },
	{ "enable health", NULL, "enable health checks", LB_LEVEL_ADMIN,
	    run_enable_health },
	{ "disable health", NULL, "disable health checks", LB_LEVEL_ADMIN,
	    run_disable_health },
	{ "enable agent", NULL, "enable agent checks", LB_LEVEL_ADMIN,
	    run_enable_agent },
	{ "disable agent", NULL, "disable agent checks", LB_LEVEL_ADMIN,
	    run_disable_agent },
	{ NULL, NULL, NULL, 0, NULL }
};
