/* SPDX-License-Identifier: ISC */
/* resolution.c - asking name servers for what names stand for. Loop 0. */
#include <stdio.h>
#include <strings.h>

#include "balancer/resolution.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/nameserver.h"
#include "net/timer.h"

enum { MOST_RECORDS = 1024, PORT = 53 };

struct server {			/* a name server of a section */
	char *name;
	struct nameserver_options options;
	struct nameserver *live;	/* opened by the first question */
	struct lb_resolution_counts counts;
	char *full_name;		/* "section/name" */
};

struct lb_resolvers {
	struct lb_resolvers *next;
	const struct lb_resolvers_conf *conf;
	struct server *servers;
	unsigned count;
};

struct user {
	struct user *next;
	lb_resolution_heard *heard;	/* NULL: gone meanwhile */
	void *arg;
};

struct asking {			/* of one server for one name */
	struct task *task;
	struct server *server;
};

struct task {			/* a name, and how far asking for it is */
	struct lb_resolution r;		/* first: what users see */
	struct task *next;
	struct user *users;
	bool telling, dead;
	struct timer timer;
	bool running;
	int tries;			/* attempts left */
	uint16_t kind;			/* asked for now */
	uint64_t turn;			/* older answers come too late */
	unsigned pending;		/* servers that have not answered */
	unsigned asked;			/* questions that may still be told */
	enum lb_resolution_status bad;
	int64_t sent;
	struct asking *asking;
};

static struct loop *home;
static struct lb_resolvers *sections, **sections_end = &sections;
static struct task *tasks, **tasks_end = &tasks;
static struct answer_record *records;	/* of the answer being read */

static void attempt(struct task *);

/* ---- sections ---------------------------------------------------------- */

static void
add_server(struct lb_resolvers *s, const char *name, const struct address *a,
    bool tcp)
{
	struct server *n;
	size_t size = (s->count + 1) * sizeof *s->servers;

	if (a->sa.sa_family != AF_INET && a->sa.sa_family != AF_INET6)
		return;
	n = mem_grow(s->servers, size);
	if (n == NULL)
		return;
	s->servers = n;
	n += s->count++;
	memset(n, 0, sizeof *n);
	n->name = mem_copy(text_of(name));
	n->full_name = mem_print("%s/%s", s->conf->name, name);
	n->options = (struct nameserver_options){ .address = *a, .tcp = tcp,
	    .payload = s->conf->payload, .limit = s->conf->timeout_retry };
}

/* The servers of the system; each is named by its address. */
static void
read_system(struct lb_resolvers *s)
{
	struct text file, rest, line, word;
	struct address a;
	struct why why;
	char name[64];

	if (file_read("/etc/resolv.conf", 65536, &file, &why) < 0)
		return;
	rest = file;
	while (text_split(&rest, '\n', &line)) {
		if (!text_word(&line, " \t\r", &word) ||
		    !text_is(word, "nameserver") ||
		    !text_word(&line, " \t\r", &word) ||
		    address_ip(word, PORT, &a) < 0)
			continue;
		snprintf(name, sizeof name, "%.*s", TEXT_ARG(word));
		add_server(s, name, &a, false);
	}
	mem_drop((char *)(uintptr_t)file.at);
}

void
lb_resolution_read(const struct lb_setup *setup)
{
	for (unsigned i = 0; i < setup->resolvers.count; i++) {
		struct lb_resolvers *s = mem_need(sizeof *s);

		s->conf = setup->resolvers.at[i];
		for (unsigned n = 0; n < s->conf->servers.count; n++) {
			const struct lb_nameserver_conf *c =
			    s->conf->servers.at[n];
			struct address a = c->addr.sa;

			address_set_port(&a, c->addr.port_low);
			add_server(s, c->name, &a, c->tcp);
		}
		if (s->conf->parse_resolv_conf)
			read_system(s);
		*sections_end = s;
		sections_end = &s->next;
	}
}

static struct lb_resolvers *
find_section(const struct lb_resolvers_conf *conf)
{
	for (struct lb_resolvers *s = sections; s != NULL; s = s->next)
		if (s->conf == conf)
			return s;
	return NULL;
}

void
lb_resolution_each(void (*row)(void *, const char *, const char *,
    const struct lb_resolution_counts *), void *arg)
{
	for (const struct lb_resolvers *s = sections; s != NULL; s = s->next) {
		if (s->count == 0)
			row(arg, s->conf->name, NULL, NULL);
		for (unsigned i = 0; i < s->count; i++)
			row(arg, s->conf->name, s->servers[i].name,
			    &s->servers[i].counts);
	}
}

/* ---- who hears --------------------------------------------------------- */

static void
bury(void *arg)
{
	struct task *t = arg;

	mem_drop(t->r.name);
	mem_drop(t->r.items);
	mem_drop(t->asking);
	mem_drop(t);
}

static void
end_task(struct task *t)
{
	t->dead = true;
	t->turn++;
	timer_stop(&t->timer);
	for (struct task **at = &tasks; *at != NULL; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			if (tasks_end == &t->next)
				tasks_end = at;
			break;
		}
}

static struct task *graveyard;		/* late answers still look at these */

static void
bury_late(struct task *t)
{
	if (t->asked > 0)
		return;
	for (struct task **at = &graveyard; *at != NULL; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			loop_retire(home, t, bury);
			return;
		}
}

static void
drop_gone(struct task *t)
{
	for (struct user **at = &t->users, *u; (u = *at) != NULL;)
		if (u->heard == NULL) {
			*at = u->next;
			mem_drop(u);
		} else
			at = &u->next;
	if (t->users != NULL || t->dead)
		return;
	end_task(t);
	t->next = graveyard;
	graveyard = t;
	bury_late(t);
}

static void
tell(struct task *t)
{
	bool first = true;

	t->telling = true;
	for (struct user *u = t->users; u != NULL; u = u->next) {
		if (u->heard != NULL)
			u->heard(u->arg, &t->r, first);
		first = false;
	}
	t->telling = false;
	drop_gone(t);
}

/* ---- what an answer holds ---------------------------------------------- */

static bool
is_same(const struct lb_item *a, const struct lb_item *b, uint16_t kind)
{
	if (kind == ANSWER_SRV)
		return a->port == b->port && strcmp(a->target, b->target) == 0;
	return address_same(&a->address, &b->address);
}

static bool
has_item(const struct lb_item *list, unsigned n, const struct lb_item *i,
    uint16_t kind)
{
	for (unsigned k = 0; k < n; k++)
		if (is_same(&list[k], i, kind))
			return true;
	return false;
}

static void
add_along(struct lb_item *item, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (records[i].along && (records[i].kind == ANSWER_A ||
		    records[i].kind == ANSWER_AAAA) &&
		    strcmp(records[i].owner, item->target) == 0) {
			item->address = records[i].address;
			return;
		}
}

static unsigned
copy_items(const struct task *t, struct lb_item *to, unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct answer_record *a = &records[i];
		struct lb_item *item = &to[count];

		if (a->along || a->kind != t->kind)
			continue;
		memset(item, 0, sizeof *item);
		item->seen = loop_now(home);
		if (a->kind == ANSWER_SRV) {
			memcpy(item->target, a->target, sizeof item->target);
			item->port = a->port;
			item->weight = a->weight;
			add_along(item, n);
		} else
			item->address = a->address;
		if (!has_item(to, count, item, t->r.kind))
			count++;
	}
	return count;
}

/* What was not seen again is kept for a while (hold obsolete). */
static void
take_items(struct task *t, unsigned n)
{
	int64_t keep = t->r.section->conf->hold_obsolete;
	struct lb_item *all = mem_get((n + t->r.count) * sizeof *all);
	unsigned fresh;

	if (all == NULL)
		return;
	fresh = n = copy_items(t, all, n);
	for (unsigned i = 0; i < t->r.count; i++)
		if (t->r.items[i].seen + keep > loop_now(home) &&
		    !has_item(all, fresh, &t->r.items[i], t->r.kind))
			all[n++] = t->r.items[i];
	mem_drop(t->r.items);
	t->r.items = all;
	t->r.count = n;
}

/* ---- asking ------------------------------------------------------------ */

/* A good answer is asked for again before it is no longer good. */
static int64_t
find_pause(const struct task *t)
{
	const struct lb_resolvers_conf *c = t->r.section->conf;

	return t->r.status == LB_RESOLUTION_VALID && c->hold_valid > 0 &&
	    c->hold_valid < c->timeout_resolve ? c->hold_valid :
	    c->timeout_resolve;
}

static void
conclude(struct task *t, enum lb_resolution_status status)
{
	t->running = false;
	t->turn++;
	t->r.status = status;
	timer_after(&t->timer, find_pause(t));
	tell(t);
}

static struct nameserver *
open_server(struct server *s)
{
	struct why why;

	if (s->live == NULL)
		s->live = nameserver_open(home, &s->options, &why);
	return s->live;
}

static void on_told(void *, uint64_t, enum nameserver_end, const uint8_t *,
    size_t);

static void
ask_all(struct task *t)
{
	struct lb_resolvers *s = t->r.section;
	uint64_t turn = ++t->turn;

	t->pending = s->count;
	t->bad = LB_RESOLUTION_NONE;
	t->sent = loop_now(home);
	/* One may answer at once; then the others are not asked any more. */
	for (unsigned i = 0; i < s->count && t->turn == turn; i++) {
		struct nameserver *n = open_server(&s->servers[i]);

		s->servers[i].counts.sent++;
		t->asked++;
		if (n == NULL)
			on_told(&t->asking[i], turn, NAMESERVER_UNREACHABLE,
			    NULL, 0);
		else
			nameserver_ask(n, t->r.name, t->kind, on_told,
			    &t->asking[i], turn);
	}
}

/* Nobody had anything good to say. */
static void
go_on(struct task *t)
{
	int64_t wait = t->sent + t->r.section->conf->timeout_retry -
	    loop_now(home);

	if (t->bad != LB_RESOLUTION_TIMEOUT && t->kind == t->r.kind &&
	    t->kind != ANSWER_SRV && !t->r.section->conf->only_ipv4) {
		t->kind = t->kind == ANSWER_A ? ANSWER_AAAA : ANSWER_A;
		ask_all(t);
	} else if (t->tries > 0)
		timer_after(&t->timer, wait > 0 ? wait : 0);
	else
		conclude(t, t->bad);
}

static void
attempt(struct task *t)
{
	t->tries--;
	t->kind = t->r.kind;
	ask_all(t);
}

static void
on_timer(void *arg)
{
	struct task *t = arg;

	if (!t->running)
		t->tries = t->r.section->conf->retries;
	t->running = true;
	attempt(t);
}

static enum lb_resolution_status
judge(const struct task *t, struct lb_resolution_counts *c, int code,
    unsigned n)
{
	bool any = false;

	for (unsigned i = 0; i < n; i++)
		any = any || (!records[i].along && records[i].kind == t->kind);
	if (code < 0)
		c->invalid++;
	else if (code == ANSWER_NX)
		c->nx++;
	else if (code == ANSWER_REFUSED)
		c->refused++;
	else if (code != 0 || !any)
		c->other++;
	else {
		c->valid++;
		return LB_RESOLUTION_VALID;
	}
	return code == ANSWER_NX ? LB_RESOLUTION_NX :
	    code == ANSWER_REFUSED ? LB_RESOLUTION_REFUSED :
	    LB_RESOLUTION_OTHER;
}

static enum lb_resolution_status
read_answer(const struct task *t, struct lb_resolution_counts *c,
    enum nameserver_end end, const uint8_t *message, size_t len, unsigned *n)
{
	int code;

	*n = 0;
	switch (end) {
	case NAMESERVER_SILENT:
		c->timeout++;
		return LB_RESOLUTION_TIMEOUT;
	case NAMESERVER_UNREACHABLE:
		c->send_errors++;
		return LB_RESOLUTION_TIMEOUT;
	case NAMESERVER_ANSWERED:
		break;
	}
	code = answer_read(message, len, records, MOST_RECORDS, n);
	return judge(t, c, code, *n);
}

static void
on_told(void *arg, uint64_t turn, enum nameserver_end end,
    const uint8_t *message, size_t len)
{
	struct asking *a = arg;
	struct task *t = a->task;
	struct lb_resolution_counts *c = &a->server->counts;
	enum lb_resolution_status status;
	unsigned n;

	t->asked--;
	if (t->dead)
		bury_late(t);
	if (turn != t->turn) {
		c->outdated += end == NAMESERVER_ANSWERED;
		c->timeout += end == NAMESERVER_SILENT;
		return;
	}
	status = read_answer(t, c, end, message, len, &n);
	if (status == LB_RESOLUTION_VALID) {
		t->r.last_valid = loop_now(home);
		t->r.by = c;
		t->r.by_name = a->server->full_name;
		take_items(t, n);
		conclude(t, status);
		return;
	}
	if (t->bad == LB_RESOLUTION_NONE || status != LB_RESOLUTION_TIMEOUT)
		t->bad = status;
	if (--t->pending == 0)
		go_on(t);
}

/* ---- users ------------------------------------------------------------- */

static struct task *
new_task(struct lb_resolvers *s, const char *name, uint16_t kind)
{
	struct task *t = mem_zero(sizeof *t);

	if (records == NULL)
		records = mem_get(MOST_RECORDS * sizeof *records);
	if (t == NULL || records == NULL) {
		mem_drop(t);
		return NULL;
	}
	t->r.name = mem_copy(text_of(name));
	t->asking = mem_zero((s->count + 1) * sizeof *t->asking);
	if (t->r.name == NULL || t->asking == NULL) {
		bury(t);
		return NULL;
	}
	for (unsigned i = 0; i < s->count; i++)
		t->asking[i] = (struct asking){ t, &s->servers[i] };
	t->r.section = s;
	t->r.kind = kind;
	t->r.last_valid = loop_now(home);
	timer_init(&t->timer, home, on_timer, t);
	if (s->count > 0)
		timer_after(&t->timer, 0);
	*tasks_end = t;
	tasks_end = &t->next;
	return t;
}

static struct task *
find_task(const struct lb_resolvers *s, const char *name, uint16_t kind)
{
	for (struct task *t = tasks; t != NULL; t = t->next)
		if (t->r.section == s && t->r.kind == kind &&
		    strcasecmp(t->r.name, name) == 0)
			return t;
	return NULL;
}

struct lb_resolution *
lb_resolution_want(const struct lb_resolvers_conf *conf, const char *name,
    uint16_t kind, lb_resolution_heard *heard, void *arg)
{
	struct lb_resolvers *s = find_section(conf);
	struct user *u = mem_zero(sizeof *u), **at;
	struct task *t = s == NULL ? NULL : find_task(s, name, kind);

	if (t == NULL && s != NULL && u != NULL)
		t = new_task(s, name, kind);
	if (t == NULL || u == NULL) {
		mem_drop(u);
		return NULL;
	}
	u->heard = heard;
	u->arg = arg;
	for (at = &t->users; *at != NULL; at = &(*at)->next)
		;
	*at = u;
	return &t->r;
}

void
lb_resolution_leave(struct lb_resolution *r, void *arg)
{
	struct task *t = (struct task *)r;

	for (struct user *u = t->users; u != NULL; u = u->next)
		if (u->arg == arg)
			u->heard = NULL;
	if (!t->telling)
		drop_gone(t);
}

bool
lb_resolution_is_over(const struct lb_resolution *r)
{
	const struct lb_resolvers_conf *c = r->section->conf;
	int64_t hold = c->hold_other;

	switch (r->status) {
	case LB_RESOLUTION_NONE:
	case LB_RESOLUTION_VALID:
		return false;
	case LB_RESOLUTION_NX:
		hold = c->hold_nx;
		break;
	case LB_RESOLUTION_TIMEOUT:
		hold = c->hold_timeout;
		break;
	case LB_RESOLUTION_REFUSED:
		hold = c->hold_refused;
		break;
	case LB_RESOLUTION_OTHER:
		break;
	}
	return loop_now(home) >= r->last_valid + hold;
}

const struct lb_resolvers_conf *
lb_resolution_conf(const struct lb_resolution *r)
{
	return r->section->conf;
}

/* ---- life -------------------------------------------------------------- */

void
lb_resolution_init(struct loop *loop)
{
	home = loop;
}

static void
drop_users(struct task *t)
{
	for (struct user *u = t->users, *next; u != NULL; u = next) {
		next = u->next;
		mem_drop(u);
	}
	t->users = NULL;
}

static void
close_section(struct lb_resolvers *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		nameserver_close(&s->servers[i].live);
		mem_drop(s->servers[i].name);
		mem_drop(s->servers[i].full_name);
	}
	mem_drop(s->servers);
	mem_drop(s);
}

void
lb_resolution_fini(void)
{
	struct lb_resolvers *s;
	struct task *t;

	while ((t = tasks) != NULL) {
		drop_users(t);
		drop_gone(t);
	}
	while ((s = sections) != NULL) {
		sections = s->next;
		close_section(s);
	}
	while ((t = graveyard) != NULL) {
		graveyard = t->next;
		bury(t);
	}
	sections_end = &sections;
	mem_drop(records);
	records = NULL;
}
