/* SPDX-License-Identifier: ISC */
/*
 * commands_show.c - what is told of the process and of its servers. Long
 * lists remember where they are and go on in the next turn. Loop 0.
 */
#include <stdio.h>
#include <time.h>

#include "balancer/columns.h"
#include "balancer/commands_rows.h"
#include "balancer/condition.h"
#include "balancer/console.h"
#include "balancer/facts.h"
#include "balancer/info.h"
#include "balancer/resolution.h"
#include "balancer/state.h"
#include "balancer/targets.h"
#include "base/clock.h"
#include "base/mem.h"
#include "stat/json.h"

/* Without it the environment is not to be had by all means. */
extern char **environ;

enum { STAT_ROWS = 8 };		/* between two looks at the clock */

/* ---- show info --------------------------------------------------------- */

enum info_form { INFO_PLAIN, INFO_TYPED, INFO_JSON };

struct info_ask {
	struct talk *talk;
	enum info_form form;
	bool help;
	struct lb_info info;
	unsigned pos;
};

static const char *const kinds[] = {
	[LB_INFO_U32] = "u32", [LB_INFO_U64] = "u64", [LB_INFO_STR] = "str",
};

static void
put_info_json(struct sheet *to, const struct info_ask *a,
    const struct lb_info_row *r, const char *value)
{
	sheet_print(to, "%s{\"field\":{\"pos\":%u,\"name\":\"%s\"},"
	    "\"processNum\":1,\"tags\":", a->pos == 0 ? "[" : ",", a->pos,
	    r->name);
	json_tags(to, r->tags);
	sheet_print(to, ",\"value\":{\"type\":\"%s\",\"value\":",
	    kinds[r->kind]);
	if (r->kind == LB_INFO_STR)
		json_text(to, text_of(value));
	else
		sheet_text(to, value);
	sheet_text(to, "}}");
}

static void
put_info(struct sheet *to, const struct info_ask *a,
    const struct lb_info_row *r, const char *value)
{
	if (a->form == INFO_JSON) {
		put_info_json(to, a, r, value);
		return;
	}
	if (a->form == INFO_TYPED)
		sheet_print(to, "%u.%s.1:%s:%s:%s", a->pos, r->name, r->tags,
		    kinds[r->kind], value);
	else
		sheet_print(to, "%s: %s", r->name, value);
	if (a->help)
		sheet_print(to, ":\"%s\"", r->help);
	sheet_text(to, "\n");
}

static void
on_info_facts(const struct lb_facts *f, unsigned count, void *arg)
{
	struct info_ask *a = arg;
	struct talk *t = a->talk;
	struct sheet *to = lb_talk_answer(t);
	uint64_t memory = 0;
	const char *value;
	char buf[24];

	for (unsigned i = 0; i < count; i++)
		memory += f[i].conn_bytes + f[i].buffer_bytes;
	lb_info_take(&a->info, memory);
	for (const struct lb_info_row *r = lb_info_rows; r->name != NULL;
	    r++, a->pos++) {
		value = lb_info_value(&a->info, r, buf);
		if (value != NULL)
			put_info(to, a, r, value);
	}
	if (a->form == INFO_JSON)
		sheet_text(to, "]\n");
	mem_drop(a);
	lb_talk_resume(t);
}

static void
run_info(struct talk *t, const struct command_line *l)
{
	struct info_ask *a = mem_zero(sizeof *a);

	if (a == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	a->talk = t;
	for (unsigned i = 2; i < l->count; i++) {
		if (strcmp(l->at[i], "typed") == 0)
			a->form = INFO_TYPED;
		else if (strcmp(l->at[i], "json") == 0)
			a->form = INFO_JSON;
		else if (strcmp(l->at[i], "desc") == 0)
			a->help = true;
	}
	lb_talk_wait(t);
	lb_facts_take(lb_talk_home(t), on_info_facts, a);
}

static void
run_version(struct talk *t, const struct command_line *l)
{
	lb_talk_tell(t, LB_LOG_INFO, "%s", LB_CONDITION_VERSION);
}

/* ---- show stat --------------------------------------------------------- */

static bool
stat_on(struct talk *t, void *state)
{
	while (lb_talk_has_room(t))
		if (!lb_columns_step(state, lb_talk_answer(t), STAT_ROWS))
			return false;
	return true;
}

static void
run_stat(struct talk *t, const struct command_line *l)
{
	struct lb_columns *c = mem_get(sizeof *c);
	struct text words[COMMAND_WORDS];

	if (c == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	for (unsigned i = 2; i < l->count; i++)
		words[i - 2] = text_of(l->at[i]);
	lb_columns_init(c);
	c->rows.legends = lb_talk_level(t) >= LB_LEVEL_OPERATOR;
	if (lb_columns_ask(c, words, l->count - 2) < 0) {
		lb_talk_refuse(t, "No such proxy.");
		mem_drop(c);
		return;
	}
	lb_talk_more(t, stat_on, c, mem_drop);
}

static void
run_schema(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, text_of(json_schema));
}

/* ---- lists of servers -------------------------------------------------- */

/* A walk over servers; what is gone meanwhile is passed over. */
struct walk {
	const struct lb_proxy *only;	/* NULL: all */
	unsigned proxy, server;
	unsigned last;			/* id of the one shown last; 0: none */
	void (*put)(struct sheet *, const struct lb_server *, int64_t now);
};

/* Where the walk stands in a proxy, if servers before it were deleted. */
static unsigned
find_place(const struct walk *w, const struct lb_proxy *p)
{
	unsigned at = w->server < p->server_count ? w->server :
	    p->server_count;

	if (w->last == 0)
		return 0;
	for (unsigned i = at; i > 0; i--)
		if (p->servers[i - 1]->conf->id == w->last)
			return i;
	return at;
}

static bool
walk_on(struct talk *t, void *state)
{
	struct walk *w = state;
	int64_t now = clock_now();

	for (; w->proxy < lb_world()->count; w->proxy++) {
		struct lb_proxy *p = lb_world()->proxies[w->proxy];

		if (!(p->conf->is & LB_IS_BACKEND) || p->conf->disabled ||
		    (w->only != NULL && p != w->only))
			continue;
		w->server = find_place(w, p);
		while (w->server < p->server_count) {
			const struct lb_server *s = p->servers[w->server];

			if (!lb_talk_has_room(t))
				return true;
			lb_proxy_lock(p);
			w->put(lb_talk_answer(t), s, now);
			lb_proxy_unlock(p);
			w->last = s->conf->id;
			w->server++;
		}
		w->server = w->last = 0;
	}
	return false;
}

static void
list_servers(struct talk *t, const char *backend,
    void (*head)(struct sheet *),
    void (*put)(struct sheet *, const struct lb_server *, int64_t))
{
	struct lb_proxy *only = NULL;
	struct walk *w;

	if (backend[0] != '\0') {
		only = lb_targets_find(backend, LB_IS_BACKEND);
		if (only == NULL) {
			lb_talk_refuse(t, "Can't find backend.");
			return;
		}
	}
	w = mem_zero(sizeof *w);
	if (w == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	w->only = only;
	w->put = put;
	head(lb_talk_answer(t));
	lb_talk_more(t, walk_on, w, mem_drop);
}

static void
run_servers_state(struct talk *t, const struct command_line *l)
{
	list_servers(t, l->at[3], lb_state_head, lb_state_line);
}

static void
head_conn(struct sheet *to)
{
	sheet_print(to, "# bkname/svname bkid/svid addr port - purge_delay "
	    "served used_cur used_max need_est idle_sess unsafe_nb safe_nb "
	    "idle_lim idle_cur idle_per_thr[%u]\n", loop_count());
}

/* Servers keep no idle connections here: what is used is what there is. */
static void
put_conn(struct sheet *to, const struct lb_server *s, int64_t now)
{
	struct endpoint e = address_endpoint(&s->address);
	char addr[ADDRESS_TEXT];

	sheet_print(to, "%s/%s %u/%u %s %u - 5000 %u %u %u %u 0 0 0 -1 0",
	    s->conf->proxy->name, s->conf->name, s->conf->proxy->id,
	    s->conf->id, s->address.len == 0 ? "-" : endpoint_ip(&e, addr),
	    address_port(&s->address), s->served, s->served, s->served_most,
	    s->served_most);
	for (unsigned i = 0; i < loop_count(); i++)
		sheet_text(to, " 0");
	sheet_text(to, "\n");
}

static void
run_servers_conn(struct talk *t, const struct command_line *l)
{
	list_servers(t, l->at[3], head_conn, put_conn);
}

static void
run_backend(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, TEXT("# name\n"));
	for (unsigned i = 0; i < lb_world()->count; i++) {
		const struct lb_proxy_conf *c = lb_world()->proxies[i]->conf;

		if (c->is & LB_IS_BACKEND)
			lb_talk_print(t, "%s\n", c->name);
	}
}

/* ---- name servers ------------------------------------------------------ */

struct resolvers_ask {
	struct talk *talk;
	const char *only;		/* "": all */
	char last[128];			/* the section under way */
	bool found;
};

static void
put_resolver(void *arg, const char *section, const char *server,
    const struct lb_resolution_counts *c)
{
	struct resolvers_ask *a = arg;

	if (a->only[0] != '\0' && strcmp(a->only, section) != 0)
		return;
	a->found = true;
	if (strcmp(a->last, section) != 0)
		lb_talk_print(a->talk, "Resolvers section %s\n", section);
	snprintf(a->last, sizeof a->last, "%s", section);
	if (server == NULL)
		return;
	lb_talk_print(a->talk, " nameserver %s:\n", server);
	const struct {
		const char *name;
		uint64_t n;
	} rows[] = {
		{ "sent:       ", c->sent }, { "snd_error:  ", c->send_errors },
		{ "valid:      ", c->valid }, { "update:     ", c->update },
		{ "cname:      ", 0 }, { "cname_error:", 0 },
		{ "any_err:    ", 0 }, { "nx:         ", c->nx },
		{ "timeout:    ", c->timeout }, { "refused:    ", c->refused },
		{ "other:      ", c->other }, { "invalid:    ", c->invalid },
		{ "too_big:    ", 0 }, { "truncated:  ", 0 },
		{ "outdated:   ", c->outdated },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		lb_talk_print(a->talk, "  %s %llu\n", rows[i].name,
		    (unsigned long long)rows[i].n);
}

static void
run_resolvers(struct talk *t, const struct command_line *l)
{
	struct resolvers_ask a = { .talk = t, .only = l->at[2] };

	lb_resolution_each(put_resolver, &a);
	if (!a.found && a.only[0] != '\0')
		lb_talk_refuse(t, "Can't find that resolvers section");
}

/* ---- the console itself ------------------------------------------------ */

static const char *const levels[] = {
	[LB_LEVEL_USER] = "user", [LB_LEVEL_OPERATOR] = "operator",
	[LB_LEVEL_ADMIN] = "admin",
};

static void
put_socket(struct talk *t, const struct lb_bind_conf *b)
{
	const struct lb_address *a = &b->addr;
	char text[ADDRESS_TEXT];

	switch (a->kind) {
	case LB_ADDRESS_UNIX:
		lb_talk_print(t, "unix@%s", a->sa.un.sun_path);
		break;
	case LB_ADDRESS_ABSTRACT:
		lb_talk_print(t, "abns@%s", a->name);
		break;
	case LB_ADDRESS_FD:
		lb_talk_print(t, "fd@%d", a->fd);
		break;
	case LB_ADDRESS_SOCKPAIR:
		lb_talk_print(t, "sockpair@%d", a->fd);
		break;
	case LB_ADDRESS_IP:
		lb_talk_print(t, "%s@%s", a->sa.sa.sa_family == AF_INET6 ?
		    "ipv6" : "ipv4", address_print(&a->sa, text));
		break;
	case LB_ADDRESS_NONE:
	case LB_ADDRESS_NAME:
		lb_talk_put(t, TEXT("unknown"));
		break;
	}
	lb_talk_print(t, " %s all\n", levels[b->level]);
}

static void
run_sockets(struct talk *t, const struct command_line *l)
{
	const struct lb_bind_conf *b;

	lb_talk_put(t, TEXT("# socket lvl processes\n"));
	for (unsigned i = 0; lb_console_fd(i, &b) >= 0; i++)
		put_socket(t, b);
}

static void
run_level(struct talk *t, const struct command_line *l)
{
	lb_talk_tell(t, LB_LOG_INFO, "%s", levels[lb_talk_level(t)]);
}

/* ---- surroundings ------------------------------------------------------ */

static void
run_env(struct talk *t, const struct command_line *l)
{
	size_t len = strlen(l->at[2]);
	bool any = false;

	for (char **e = environ; e != NULL && *e != NULL; e++) {
		if (len > 0 && (strncmp(*e, l->at[2], len) != 0 ||
		    (*e)[len] != '='))
			continue;
		lb_talk_put(t, text_of(*e));
		lb_talk_put(t, TEXT("\n"));
		any = true;
	}
	if (len > 0 && !any)
		lb_talk_refuse(t, "Variable not found");
}

/* Nothing is captured: what is forwarded is not looked into. */
static void
run_errors(struct talk *t, const struct command_line *l)
{
	int64_t now = clock_wall();
	time_t seconds = (time_t)(now / CLOCK_SECOND);
	char date[40];
	struct tm tm;

	if (l->at[2][0] != '\0' && lb_targets_find(l->at[2],
	    LB_IS_FRONTEND | LB_IS_BACKEND) == NULL) {
		lb_talk_refuse(t, "No such proxy.");
		return;
	}
	localtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%d/%b/%Y:%H:%M:%S", &tm);
	lb_talk_print(t, "Total events captured on [%s.%03d] : 0\n", date,
	    (int)(now % CLOCK_SECOND / CLOCK_MS));
}

const struct command lb_commands_show[] = {
	{ "show backend", NULL, "list backends in the current running config",
	    LB_LEVEL_USER, run_backend },
	{ "show cli level", NULL, "display the level of the current CLI "
	    "session", LB_LEVEL_USER, run_level },
	{ "show cli sockets", NULL, "dump list of cli sockets",
	    LB_LEVEL_USER, run_sockets },
	{ "show env", "[var]", "dump environment variables known to the "
	    "process", LB_LEVEL_OPERATOR, run_env },
	{ "show errors", "[<px>] [request|response]", "report last request "
	    "and/or response errors for each proxy", LB_LEVEL_OPERATOR,
	    run_errors },
	{ "show info", "[desc|json|typed|float]*", "report information about "
	    "the running process", LB_LEVEL_USER, run_info },
	{ "show resolvers", "[id]", "dumps counters from all resolvers "
	    "section and associated name servers", LB_LEVEL_USER,
	    run_resolvers },
	{ "show schema json", NULL, "report schema used for stats",
	    LB_LEVEL_USER, run_schema },
	{ "show servers conn", "[<backend>]", "dump server connections "
	    "status (all or for a single backend)", LB_LEVEL_USER,
	    run_servers_conn },
	{ "show servers state", "[<backend>]", "dump volatile server "
	    "information (all or for a single backend)", LB_LEVEL_USER,
	    run_servers_state },
	{ "show stat", "[desc|json|no-maint|typed|up]*", "report counters "
	    "for each proxy and server", LB_LEVEL_USER, run_stat },
	{ "show version", NULL, "show version of the current process",
	    LB_LEVEL_USER, run_version },
	{ NULL, NULL, NULL, 0, NULL }
};
