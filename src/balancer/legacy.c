/* SPDX-License-Identifier: ISC */
/*
 * legacy.c - one line for each object: a word for its kind, its name, then
 * numbers; the order is the version's. Stick tables are behind the line
 * "tables". Loop 0.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <inttypes.h>
#include <unistd.h>

#include "balancer/check.h"
#include "balancer/legacy.h"
#include "balancer/tables.h"
#include "balancer/world.h"
#include "base/mem.h"
#include "base/number.h"
#include "proc/worker.h"

enum { MOST = 512 * 1024 * 1024, PATIENCE = 10, WORDS = 64,
	HEAVIEST = 256 };

/* What an operator did by hand outlives the process; the rest is the file's. */
enum { BY_HAND = LB_ADMIN_FMAINT | LB_ADMIN_CMAINT | LB_ADMIN_FDRAIN };

/* ---- written ----------------------------------------------------------- */

static void
put_counts(FILE *to, const struct lb_counts *counts)
{
	for (int i = 0; i < LB_COUNTERS; i++)
		fprintf(to, " %" PRIu64, counts == NULL ? 0 :
		    lb_counts_sum(counts, (enum lb_counter)i));
	fputc('\n', to);
}

static void
put_server(FILE *to, const struct lb_server *s, int64_t now)
{
	char at[ADDRESS_TEXT];

	fprintf(to, "server %s %s %s %d %u %u %u %d %d %" PRId64 " %" PRId64
	    " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %" PRIu64 " %" PRIu64,
	    s->conf->proxy->name, s->conf->name, s->address.len == 0 ? "-" :
	    address_print(&s->address, at), (int)s->state, s->admin,
	    s->weight, s->first_weight, s->verdicts[0].health,
	    s->verdicts[1].health, now - s->changed, s->down_time,
	    s->down_count, s->sessions, s->chosen, s->served_most,
	    s->failed_checks, s->observed);
	put_counts(to, s->counts);
}

static void
put_proxy(FILE *to, struct lb_proxy *p, int64_t now)
{
	lb_proxy_lock(p);
	fprintf(to, "front %s %" PRIu64 " %" PRIu64 " %u", p->conf->name,
	    p->front_total, p->front_connections, p->front_most);
	put_counts(to, p->front);
	fprintf(to, "back %s %" PRIu64 " %" PRIu64 " %u %" PRIu64 " %" PRId64,
	    p->conf->name, p->total, p->chosen, p->most, p->down_count,
	    p->down_time);
	put_counts(to, p->back);
	for (unsigned i = 0; i < p->server_count; i++)
		if (!p->servers[i]->leaving)
			put_server(to, p->servers[i], now);
	lb_proxy_unlock(p);
}

void
lb_legacy_write(FILE *to)
{
	const struct lb_world *w = lb_world();
	int64_t now = loop_now(loop_here());

	fputs(LB_LEGACY_FIRST, to);
	fprintf(to, "process %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    "\n", w->connections, w->tls_connections, w->maxconn_reached,
	    w->reloads[LB_RELOAD_WORKER]);
	for (unsigned i = 0; i < w->count; i++)
		put_proxy(to, w->proxies[i], now);
	fputs("tables\n", to);
}

/* ---- read -------------------------------------------------------------- */

struct line {
	struct text at[WORDS];
	unsigned count, next;
};

static void
split(struct line *l, struct text t)
{
	l->count = l->next = 0;
	while (l->count < WORDS && text_word(&t, " ", &l->at[l->count]))
		l->count++;
}

static int64_t
number(struct line *l)
{
	int64_t n = 0;

	if (l->next < l->count)
		(void)number_int(l->at[l->next], 10, INT64_MIN, INT64_MAX, &n,
		    NULL);
	l->next++;
	return n;
}

static uint64_t
amount(struct line *l)
{
	int64_t n = number(l);

	return n < 0 ? 0 : (uint64_t)n;
}

static void
take_counts(struct line *l, struct lb_counts *counts)
{
	for (int i = 0; i < LB_COUNTERS && l->next < l->count; i++) {
		uint64_t n = amount(l);

		if (counts != NULL && n > 0)
			lb_counts_add(counts, (enum lb_counter)i, n);
	}
}

static struct lb_proxy *
find_proxy(struct text name, unsigned is)
{
	for (unsigned i = 0; i < lb_world()->count; i++)
		if ((lb_world()->proxies[i]->conf->is & is) != 0 &&
		    text_is(name, lb_world()->proxies[i]->conf->name))
			return lb_world()->proxies[i];
	return NULL;
}

static void
read_process(struct line *l)
{
	struct lb_world *w = lb_world();

	l->next = 1;
	w->connections += amount(l);
	w->tls_connections += amount(l);
	w->maxconn_reached += amount(l);
	/* A master counts by itself. */
	if (!worker_here())
		w->reloads[LB_RELOAD_WORKER] = amount(l) + 1;
}

static void
read_front(struct line *l)
{
	struct lb_proxy *p = find_proxy(l->at[1], LB_IS_FRONTEND);

	if (p == NULL)
		return;
	l->next = 2;
	p->front_total += amount(l);
	p->front_connections += amount(l);
	p->front_most = (unsigned)amount(l);
	take_counts(l, p->front);
}

static void
read_back(struct line *l)
{
	struct lb_proxy *p = find_proxy(l->at[1], LB_IS_BACKEND);

	if (p == NULL)
		return;
	lb_proxy_lock(p);
	l->next = 2;
	p->total += amount(l);
	p->chosen += amount(l);
	p->most = (unsigned)amount(l);
	p->down_count = amount(l);
	p->down_time = number(l);
	lb_proxy_unlock(p);
	take_counts(l, p->back);
}

static struct lb_server *
find_server(const struct line *l)
{
	struct lb_proxy *p = find_proxy(l->at[1], LB_IS_BACKEND);

	for (unsigned i = 0; p != NULL && i < p->server_count; i++)
		if (text_is(l->at[2], p->servers[i]->conf->name))
			return p->servers[i];
	return NULL;
}

/* The same name at another address is another server. */
static bool
is_same(const struct lb_server *s, struct text at)
{
	char buf[ADDRESS_TEXT];

	return s->address.len > 0 &&
	    text_is(at, address_print(&s->address, buf));
}

static void
set_health(struct lb_server *s, int which, int64_t health)
{
	struct lb_verdict *v = &s->verdicts[which];

	if (!s->checked[which] || health < 0)
		return;
	v->health = health < v->rise + v->fall ? (int)health :
	    v->rise + v->fall - 1;
}

static void
enter_with_trackers(struct lb_server *s, enum lb_server_state state,
    int64_t now)
{
	lb_server_enter(s, state, now);
	for (struct lb_server *t = s->trackers; t != NULL;
	    t = t->next_tracker) {
		enter_with_trackers(t, state, now);
		lb_proxy_recount(t->proxy, now);
	}
}

/* Up or down, and what was done to it by hand. */
static void
take_state(struct lb_server *s, struct line *l, int64_t now)
{
	int64_t state = number(l), age;
	unsigned admin = (unsigned)amount(l), weight = (unsigned)amount(l);
	bool same_weight = (unsigned)amount(l) == s->first_weight;
	bool idle = (admin & (LB_ADMIN_MAINT & ~(unsigned)BY_HAND)) != 0;

	set_health(s, 0, number(l));
	set_health(s, 1, number(l));
	age = number(l);
	if (same_weight && weight <= HEAVIEST)
		s->weight = weight;
	s->admin |= admin & BY_HAND;
	if ((s->admin & LB_ADMIN_MAINT) != 0)
		enter_with_trackers(s, LB_SERVER_STOPPED, now);
	else if (!idle && s->track == NULL && state == LB_SERVER_STOPPED &&
	    (s->checked[0] || s->checked[1]))
		enter_with_trackers(s, LB_SERVER_STOPPED, now);
	if (age > 0)
		s->changed = now - age;
}

static void
read_server(struct line *l)
{
	int64_t now = loop_now(loop_here());
	struct lb_server *s = l->count < 12 ? NULL : find_server(l);

	if (s == NULL || !is_same(s, l->at[3]))
		return;
	lb_proxy_lock(s->proxy);
	l->next = 4;
	take_state(s, l, now);
	s->down_time = number(l);
	s->down_count = amount(l);
	s->sessions = amount(l);
	s->chosen = amount(l);
	s->served_most = (unsigned)amount(l);
	s->failed_checks = amount(l);
	s->observed = amount(l);
	lb_proxy_recount(s->proxy, now);
	lb_proxy_unlock(s->proxy);
	take_counts(l, s->counts);
}

static const struct {
	const char *word;
	void (*read)(struct line *);
} kinds[] = {
	{ "process", read_process }, { "front", read_front },
	{ "back", read_back }, { "server", read_server },
};

static void
read_line(struct text t)
{
	struct line l;

	split(&l, t);
	if (l.count < 2)
		return;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (text_is(l.at[0], kinds[i].word))
			kinds[i].read(&l);
}

bool
lb_legacy_read(struct text t)
{
	struct text one;

	if (!text_begins(t, LB_LEGACY_FIRST))
		return false;
	while (text_split(&t, '\n', &one)) {
		if (text_is(one, "tables")) {
			lb_tables_import(t);
			break;
		}
		read_line(one);
	}
	return true;
}

/* ---- asked for --------------------------------------------------------- */

static int
read_all(int fd, char **bytes, size_t *len, struct why *why)
{
	size_t room = 64 * 1024;
	ssize_t got;

	*len = 0;
	*bytes = mem_get(room);
	while (*bytes != NULL && room <= MOST) {
		got = recv(fd, *bytes + *len, room - *len, 0);
		if (got <= 0)
			return got == 0 ? 0 : why_errno(why, "no answer");
		*len += (size_t)got;
		if (*len == room) {
			char *more = mem_grow(*bytes, room *= 2);

			if (more == NULL)
				break;
			*bytes = more;
		}
	}
	return why_set(why, "its answer is too long");
}

static int
fetch(int fd, char **bytes, struct why *why)
{
	const struct timeval limit = { PATIENCE, 0 };
	struct text ask = TEXT("_getstate\n");
	size_t len;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (send(fd, ask.at, ask.len, MSG_NOSIGNAL) != (ssize_t)ask.len)
		return why_errno(why, "cannot ask");
	if (read_all(fd, bytes, &len, why) < 0)
		return -1;
	return lb_legacy_read((struct text){ *bytes, len }) ? 0 :
	    why_set(why, "it is another program");
}

int
lb_legacy_fetch(int fd, struct why *why)
{
	char *bytes = NULL;
	int code = fetch(fd, &bytes, why);

	mem_drop(bytes);
	close(fd);
	return code;
}
