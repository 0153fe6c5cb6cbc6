/* SPDX-License-Identifier: ISC */
/*
 * resolver.c - what names meant, for how long, and who waits to hear it.
 * The cache lives on the resolver's loop. A question is kept in a list of
 * the thread that asked, where it can be cancelled while it travels.
 */
#include <ares.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/dns.h"
#include "net/resolver.h"
#include "net/timer.h"

struct hosts {			/* an answer; counted, for callbacks hold it */
	unsigned users, count;
	struct address at[];
};

struct question {
	/* of the thread that asked */
	struct question *next;
	void (*answer)(void *, const struct resolver_answer *);
	void *arg;			/* answer NULL: cancelled */
	/* of whoever has it now */
	struct resolver *resolver;
	struct loop *home;
	struct question *next_waiting;
	int code;
	struct hosts *hosts;
	char name[];
};

struct zone {
	struct resolver *resolver;
	char *name;
	uint32_t serial;
	bool known;			/* serial is */
	unsigned hosts;
};

struct entry {			/* a name */
	struct resolver *resolver;
	char *name;
	struct zone *zone;		/* NULL: no dot in the name */
	bool asking;
	bool known;			/* code and until are */
	int code;
	int64_t until;
	struct hosts *hosts;		/* the last good answer; NULL: none */
	struct question *waiting, *last_waiting;
};

struct resolver {
	struct loop *loop;
	struct dns *dns;
	int64_t keep, keep_failure, zone_check;
	struct map *entries, *zones;
	struct timer poll;
	unsigned next_zone;		/* of the round under way */
	unsigned pending;		/* questions that wait */
	void (*lost)(const char *, const struct address *, void *);
	void *lost_arg;
	void (*changed)(const char *, uint32_t, uint32_t, void *);
	void *changed_arg;
};

static _Thread_local struct question *asked;

static void look_up(struct entry *);

/* ---- answers */

static struct hosts *
make_hosts(const struct address *a, unsigned count)
{
	struct hosts *h = mem_get(sizeof *h + count * sizeof h->at[0]);

	if (h == NULL)
		return NULL;
	h->users = 1;
	h->count = count;
	if (count > 0)
		memcpy(h->at, a, count * sizeof *a);
	return h;
}

static void
drop_hosts(struct hosts *h)
{
	if (h != NULL && --h->users == 0)
		mem_drop(h);
}

static bool
has_address(const struct hosts *h, const struct address *a)
{
	for (unsigned i = 0; i < h->count; i++)
		if (address_same(&h->at[i], a))
			return true;
	return false;
}

/* ---- questions */

static void
unlink_question(struct question *q)
{
	for (struct question **at = &asked; *at != NULL; at = &(*at)->next)
		if (*at == q) {
			*at = q->next;
			return;
		}
}

/* On the loop that asked. */
static void
tell(struct question *q, int code, const struct hosts *h)
{
	const struct resolver_answer answer = { code,
	    code == 0 && h != NULL ? h->count : 0,
	    code == 0 && h != NULL ? h->at : NULL };

	unlink_question(q);
	if (q->answer != NULL)
		q->answer(q->arg, &answer);
	mem_drop(q);
}

static void
on_answer_home(void *arg)
{
	struct question *q = arg;
	struct hosts *h = q->hosts;

	tell(q, q->code, h);
	drop_hosts(h);
}

static void
send_home(struct question *q, int code, const struct hosts *h)
{
	if (q->home == q->resolver->loop) {
		tell(q, code, h);
		return;
	}
	/* The count is this loop's: what travels is a copy. */
	q->code = code;
	q->hosts = code == 0 ? make_hosts(h->at, h->count) : NULL;
	if (code == 0 && q->hosts == NULL)
		q->code = ARES_ENOMEM;
	(void)loop_offer(q->home, on_answer_home, q);
}

static void
answer_all(struct entry *e)
{
	struct question *q = e->waiting, *next;
	struct hosts *h = e->hosts;
	int code = e->code;

	/* Who is told may ask again, at once. */
	e->waiting = e->last_waiting = NULL;
	if (h != NULL)
		h->users++;
	for (; q != NULL; q = next) {
		next = q->next_waiting;
		q->resolver->pending--;
		send_home(q, code, h);
	}
	drop_hosts(h);
}

/* ---- names */

static void
tell_lost(struct entry *e, const struct hosts *old, const struct hosts *fresh)
{
	struct resolver *r = e->resolver;

	if (old == NULL || r->lost == NULL)
		return;
	for (unsigned i = 0; i < old->count; i++)
		if (!has_address(fresh, &old->at[i]))
			r->lost(e->name, &old->at[i], r->lost_arg);
}

static void
on_told(void *arg, int code, const struct address *a, unsigned count)
{
	struct entry *e = arg;
	struct resolver *r = e->resolver;
	struct hosts *fresh = code == 0 ? make_hosts(a, count) : NULL;
	struct hosts *old = e->hosts;

	if (code == 0 && fresh == NULL)
		code = ARES_ENOMEM;
	e->asking = false;
	e->known = true;
	e->code = code;
	e->until = loop_now(r->loop) + (code == 0 ? r->keep :
	    r->keep_failure);
	if (fresh != NULL) {
		/* A failure keeps the addresses, to know what is lost later. */
		e->hosts = fresh;
		tell_lost(e, old, fresh);
		drop_hosts(old);
	}
	answer_all(e);
}

static void
look_up(struct entry *e)
{
	if (e->asking)
		return;
	e->asking = true;
	dns_ask(e->resolver->dns, e->name, on_told, e);
}

static struct zone *
need_zone(struct resolver *r, const char *name)
{
	const char *dot = strchr(name, '.');
	struct zone *z;

	if (dot == NULL || dot[1] == '\0')
		return NULL;
	z = map_find(r->zones, text_of(dot + 1));
	if (z != NULL)
		return z;
	z = mem_zero(sizeof *z);
	if (z == NULL)
		return NULL;
	z->resolver = r;
	z->name = mem_copy(text_of(dot + 1));
	if (z->name == NULL || map_put(&r->zones, text_of(dot + 1), z) < 0) {
		mem_drop(z->name);
		mem_drop(z);
		return NULL;
	}
	return z;
}

static struct entry *
need_entry(struct resolver *r, const char *name)
{
	struct entry *e = map_find(r->entries, text_of(name));

	if (e != NULL)
		return e;
	e = mem_zero(sizeof *e);
	if (e == NULL)
		return NULL;
	e->resolver = r;
	e->name = mem_copy(text_of(name));
	if (e->name == NULL || map_put(&r->entries, text_of(name), e) < 0) {
		mem_drop(e->name);
		mem_drop(e);
		return NULL;
	}
	e->zone = need_zone(r, name);
	if (e->zone != NULL)
		e->zone->hosts++;
	return e;
}

/* On the resolver's loop. */
static void
take_question(void *arg)
{
	struct question *q = arg;
	struct resolver *r = q->resolver;
	struct entry *e = need_entry(r, q->name);

	if (e == NULL) {
		send_home(q, ARES_ENOMEM, NULL);
		return;
	}
	if (!e->asking && e->known && loop_now(r->loop) < e->until) {
		struct hosts *h = e->hosts;

		if (h != NULL)
			h->users++;
		send_home(q, e->code, h);
		drop_hosts(h);
		return;
	}
	q->next_waiting = NULL;
	if (e->waiting == NULL)
		e->waiting = q;
	else
		e->last_waiting->next_waiting = q;
	e->last_waiting = q;
	r->pending++;
	look_up(e);
}

void
resolver_ask(struct resolver *r, const char *name,
    void (*answer)(void *, const struct resolver_answer *), void *arg)
{
	const struct resolver_answer none = { ARES_ENOMEM, 0, NULL };
	size_t len = strlen(name) + 1;
	struct question *q = mem_get(sizeof *q + len);

	if (q == NULL) {
		answer(arg, &none);
		return;
	}
	*q = (struct question){ asked, answer, arg, r, loop_here(), NULL, 0,
	    NULL };
	memcpy(q->name, name, len);
	asked = q;
	if (loop_here() == r->loop)
		take_question(q);
	else
		loop_post(r->loop, take_question, q);
}

void
resolver_cancel(struct resolver *r, void *arg)
{
	for (struct question *q = asked; q != NULL; q = q->next)
		if (q->resolver == r && q->arg == arg)
			q->answer = NULL;
}

/* ---- zones: one after another, then a rest */

struct nth {
	unsigned left;
	struct zone *zone;
};

static void
find_nth(struct text key, void *value, void *arg)
{
	struct nth *n = arg;

	if (n->left-- == 0)
		n->zone = value;
}

static void poll_next(struct resolver *);

static void
look_up_zone(struct text key, void *value, void *arg)
{
	struct entry *e = value;

	if (e->zone == arg)
		look_up(e);
}

static void
on_serial(void *arg, int code, uint32_t serial)
{
	struct zone *z = arg;
	struct resolver *r = z->resolver;
	uint32_t old = z->serial;
	bool rose = z->known && (int32_t)(serial - old) > 0;

	if (code == 0) {
		z->serial = serial;
		z->known = true;
	}
	if (code == 0 && rose) {
		if (r->changed != NULL)
			r->changed(z->name, old, serial, r->changed_arg);
		map_each(r->entries, look_up_zone, z);
	}
	poll_next(r);
}

static void
poll_next(struct resolver *r)
{
	struct nth n = { r->next_zone++, NULL };

	if (r->zone_check <= 0)
		return;
	map_each(r->zones, find_nth, &n);
	if (n.zone == NULL) {
		r->next_zone = 0;
		timer_after(&r->poll, r->zone_check);
		return;
	}
	dns_ask_serial(r->dns, n.zone->name, on_serial, n.zone);
}

static void
on_poll(void *arg)
{
	poll_next(arg);
}

/* ---- open, change, close */

void
resolver_set(struct resolver *r, const struct resolver_options *o)
{
	bool was_polling = r->zone_check > 0;

	r->keep = o->keep;
	r->keep_failure = o->keep_failure;
	r->zone_check = o->zone_check;
	if (r->zone_check <= 0)
		timer_stop(&r->poll);
	else if (!was_polling || timer_running(&r->poll))
		timer_after(&r->poll, r->zone_check);
	dns_use(r->dns, o->resolv_conf);
}

struct resolver *
resolver_new(struct loop *l, const struct resolver_options *o,
    struct why *why)
{
	struct resolver *r = mem_zero(sizeof *r);

	if (r == NULL) {
		why_set(why, "no memory for a resolver");
		return NULL;
	}
	r->loop = l;
	r->dns = dns_open(l, o->resolv_conf, o->port, why);
	if (r->dns == NULL) {
		mem_drop(r);
		return NULL;
	}
	timer_init(&r->poll, l, on_poll, r);
	resolver_set(r, o);
	return r;
}

static void
free_entry(void *value)
{
	struct entry *e = value;
	struct question *q = e->waiting, *next;

	for (; q != NULL; q = next) {
		next = q->next_waiting;
		/* Others' stand in their own thread's list: left to them. */
		if (q->home == e->resolver->loop) {
			unlink_question(q);
			mem_drop(q);
		}
	}
	drop_hosts(e->hosts);
	mem_drop(e->name);
	mem_drop(e);
}

static void
free_zone(void *value)
{
	struct zone *z = value;

	mem_drop(z->name);
	mem_drop(z);
}

static void
bury_resolver(void *arg)
{
	struct resolver *r = arg;

	map_free(&r->entries, free_entry);
	map_free(&r->zones, free_zone);
	mem_drop(r);
}

void
resolver_free(struct resolver **rp)
{
	struct resolver *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	NEED(loop_here() == r->loop);
	timer_stop(&r->poll);
	dns_close(&r->dns);
	loop_retire(r->loop, r, bury_resolver);
}

void
resolver_set_lost(struct resolver *r,
    void (*lost)(const char *, const struct address *, void *), void *arg)
{
	r->lost = lost;
	r->lost_arg = arg;
}

void
resolver_set_zone_changed(struct resolver *r,
    void (*changed)(const char *, uint32_t, uint32_t, void *), void *arg)
{
	r->changed = changed;
	r->changed_arg = arg;
}

/* ---- what SHOW shows */

struct showing {
	struct resolver *resolver;
	void (*row)(void *, const struct resolver_row *);
	void (*zone)(void *, const struct resolver_zone *);
	void *arg;
};

static void
show_entry(struct text key, void *value, void *arg)
{
	const struct entry *e = value;
	const struct showing *s = arg;
	struct resolver_row row = { e->name, 0, 0, NULL };

	if (e->known)
		row.ttl = e->until - loop_now(s->resolver->loop);
	if (row.ttl < 0)
		row.ttl = 0;
	if (e->known && e->code == 0) {
		row.count = e->hosts->count;
		row.addresses = e->hosts->at;
	}
	s->row(s->arg, &row);
}

static void
show_zone(struct text key, void *value, void *arg)
{
	const struct zone *z = value;
	const struct showing *s = arg;
	const struct resolver_zone row = { z->name, z->serial, z->hosts };

	s->zone(s->arg, &row);
}

void
resolver_each(struct resolver *r,
    void (*row)(void *, const struct resolver_row *), void *arg)
{
	struct showing s = { r, row, NULL, arg };

	map_each(r->entries, show_entry, &s);
}

void
resolver_each_zone(struct resolver *r,
    void (*row)(void *, const struct resolver_zone *), void *arg)
{
	struct showing s = { r, NULL, row, arg };

	map_each(r->zones, show_zone, &s);
}

void
resolver_count(const struct resolver *r, unsigned *names, unsigned *zones,
    unsigned *queries, unsigned *pending)
{
	*names = (unsigned)map_count(r->entries);
	*zones = (unsigned)map_count(r->zones);
	*queries = dns_asking(r->dns);
	*pending = r->pending;
}

const char *
resolver_version(void)
{
	static _Thread_local char text[32];

	snprintf(text, sizeof text, "c-ares %s", ares_version(NULL));
	return text;
}
