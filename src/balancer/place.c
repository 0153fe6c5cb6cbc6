/* SPDX-License-Identifier: ISC */
/* place.c - compare, prepare, swap; see place.h. Loop 0. */
#include <stdio.h>
#include <unistd.h>

#include "balancer/check.h"
#include "balancer/checks.h"
#include "balancer/door.h"
#include "balancer/dynamic.h"
#include "balancer/health.h"
#include "balancer/outline.h"
#include "balancer/place.h"
#include "balancer/queue.h"
#include "balancer/renewal.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/secret.h"
#include "net/conn.h"
#include "net/timer.h"
#include "net/tour.h"
#include "stat/sheet.h"

enum { MOST = 256 * 1024 * 1024, FIELDS = 32, WORDS = 1024 };

/* A server that leaves, and what it was: it may come back. */
struct gone {
	struct gone *next;
	struct lb_server *server;
	char *who;
};

static struct gone *all_gone;
static struct loop *home;
static char *served;			/* the outline in force; NULL: none */
static unsigned usual_maxconn;
static struct timer burial;

/* ---- lines ------------------------------------------------------------- */

struct item {				/* a loose line */
	enum { GLOBAL, CERT, PROXY, SERVER } kind;
	struct text proxy, name, who, numbers, words;	/* CERT: name, who */
};

struct items {
	struct item *at;
	unsigned count;
};

static struct text
cut(struct text *line)
{
	struct text part = TEXT_NONE;

	(void)text_split(line, '\t', &part);
	return part;
}

static bool
read_item(struct text line, struct item *to)
{
	struct text word = cut(&line);

	*to = (struct item){ .kind = GLOBAL };
	if (text_is(word, "proxy")) {
		to->kind = PROXY;
		to->proxy = cut(&line);
	} else if (text_is(word, "server")) {
		to->kind = SERVER;
		to->proxy = cut(&line);
		to->name = cut(&line);
		to->who = cut(&line);
	} else if (text_is(word, "cert")) {
		to->kind = CERT;
		to->name = cut(&line);
		to->who = cut(&line);
	} else if (!text_is(word, "global"))
		return false;
	to->numbers = cut(&line);
	to->words = line;
	return true;
}

static unsigned
count_lines(struct text t)
{
	unsigned n = 0;

	for (size_t i = 0; i < t.len; i++)
		n += t.at[i] == '\n';
	return n;
}

static int
read_items(struct text t, struct items *to, struct why *why)
{
	struct text line;

	to->count = 0;
	to->at = mem_get((count_lines(t) + 1) * sizeof *to->at);
	if (to->at == NULL)
		return why_set(why, "out of memory");
	while (text_split(&t, '\n', &line))
		if (line.len > 0 && !read_item(line, &to->at[to->count++]))
			return why_set(why, "an outline of another kind");
	return 0;
}

/* ---- what must be the same --------------------------------------------- */

static bool
split(struct text all, struct text *fixed, struct text *loose)
{
	const char *at = memmem(all.at, all.len, "\n" LB_OUTLINE_LOOSE,
	    sizeof LB_OUTLINE_LOOSE);

	if (at == NULL)
		return false;
	*fixed = (struct text){ all.at, (size_t)(at - all.at) };
	*loose = text_from(all, (size_t)(at - all.at) +
	    sizeof LB_OUTLINE_LOOSE);
	return true;
}

/* Of a line no more than this: there may be a password in it. */
static int
tell_line(struct text section, struct text line, struct why *why)
{
	struct text first = TEXT_NONE, second = TEXT_NONE;

	(void)text_word(&line, " ", &first);
	(void)text_word(&line, " ", &second);
	return why_set(why, "'%.*s%s%.*s' in the section '%.*s'",
	    TEXT_ARG(first), second.len > 0 ? " " : "", TEXT_ARG(second),
	    TEXT_ARG(text_trim(section)));
}

static int
tell_difference(struct text section, struct text a, struct text b,
    struct why *why)
{
	struct text rest = b.len > 0 ? b : a, word = TEXT_NONE;

	(void)text_word(&rest, " ", &word);
	if (text_is(word, "program"))
		return why_set(why, "the program, or a library of it, "
		    "is another one");
	if (text_is(word, "file")) {
		(void)text_word(&rest, " ", &word);
		return why_set(why, "the file %.*s has changed",
		    TEXT_ARG(word));
	}
	if (text_is(word, "log"))
		return why_set(why, "the address of a log has changed");
	if (text_is(word, "section"))
		return why_set(why, "the section '%.*s' has come, gone or "
		    "moved", TEXT_ARG(text_trim(rest)));
	return tell_line(section, rest, why);
}

static int
compare_fixed(struct text old, struct text new, struct why *why)
{
	struct text section = TEXT_NONE, a, b;

	if (old.len == new.len && memcmp(old.at, new.at, old.len) == 0)
		return 0;
	do {
		a = b = TEXT_NONE;
		(void)text_split(&old, '\n', &a);
		(void)text_split(&new, '\n', &b);
		if (text_begins(b, "section "))
			section = text_from(b, 8);
	} while (text_same(a, b) && (old.len > 0 || new.len > 0));
	return tell_difference(section, a, b, why);
}

/* ---- the plan ---------------------------------------------------------- */

struct change {				/* of numbers */
	const struct lb_outline_field *fields;
	struct lb_proxy *proxy;		/* of PROXY, SERVER */
	struct lb_server *server;	/* of SERVER */
	void *conf;
	int64_t old[FIELDS], new[FIELDS];
};

struct order {				/* of a proxy's servers */
	struct lb_proxy *proxy;
	struct lb_server **servers, **usable;
	unsigned count;
	bool same;			/* as it is now: nothing to do */
};

struct plan {
	struct items old, new;
	struct change *changes;
	struct order *orders;
	struct lb_server **joining, **returning;
	struct gone **leaving;
	struct text pems;		/* that came along */
	struct lb_renewal *renewals;
	struct sheet need;		/* certificates that did not come */
	unsigned change_count, order_count, join_count, return_count,
	    leave_count;
	int64_t now;
	struct why *why;
};

static int
no_memory(struct plan *p)
{
	return why_set(p->why, "out of memory");
}

/* What the setup says of it: nobody else writes there. */
static void *
conf_of(const void *const *conf)
{
	void *to;

	memcpy(&to, conf, sizeof to);
	return to;
}

static int
read_numbers(struct text t, const struct lb_outline_field *f, int64_t *to)
{
	struct text word;
	unsigned n = 0;

	for (; f->name != NULL; f++, n++)
		if (n == FIELDS || !text_word(&t, " ", &word) ||
		    number_int(word, 10, INT64_MIN, INT64_MAX, &to[n],
		    NULL) < 0)
			return -1;
	return t.len > 0 && text_word(&t, " ", &word) ? -1 : 0;
}

static int
plan_change(struct plan *p, const struct change *what, struct text old,
    struct text new)
{
	struct change *c = &p->changes[p->change_count];

	if (text_same(old, new))
		return 0;
	*c = *what;
	if (read_numbers(old, c->fields, c->old) < 0 ||
	    read_numbers(new, c->fields, c->new) < 0)
		return why_set(p->why, "an outline of another kind");
	p->change_count++;
	return 0;
}

/* ---- servers of a proxy ------------------------------------------------ */

struct range {				/* items of one proxy's servers */
	const struct item *at;
	unsigned count, hint;
};

static struct range
servers_of(const struct items *all, unsigned proxy)
{
	struct range r = { &all->at[proxy + 1], 0, 0 };

	while (proxy + 1 + r.count < all->count &&
	    r.at[r.count].kind == SERVER)
		r.count++;
	return r;
}

/* Most often the one behind that which was found last. */
static const struct item *
find_item(struct range *r, struct text name)
{
	for (unsigned i = 0; i < r->count; i++) {
		unsigned at = (r->hint + i) % r->count;

		if (!text_same(r->at[at].name, name))
			continue;
		r->hint = at + 1;
		return &r->at[at];
	}
	return NULL;
}

static struct lb_server *
find_running(const struct lb_proxy *p, struct text name, unsigned hint)
{
	for (unsigned i = 0; i < p->server_count; i++) {
		struct lb_server *s =
		    p->servers[(hint + i) % p->server_count];

		if (text_is(name, s->conf->name))
			return s;
	}
	return NULL;
}

static bool
is_used(const struct plan *p, const struct lb_proxy *proxy, unsigned id)
{
	for (unsigned i = 0; i < proxy->server_count; i++)
		if (proxy->servers[i]->conf->id == id)
			return true;
	for (unsigned i = 0; i < p->join_count; i++)
		if (p->joining[i]->proxy == proxy &&
		    p->joining[i]->conf->id == id)
			return true;
	return false;
}

/* Running servers keep their numbers: stick tables know them by those. */
static int
choose_id(struct plan *p, struct lb_server *s)
{
	struct lb_server_conf *conf =
	    conf_of((const void *const *)(const void *)&s->conf);

	if (conf->id_given && is_used(p, s->proxy, conf->id))
		return why_set(p->why, "the id of the server '%s/%s' is "
		    "still in use", s->proxy->conf->name, conf->name);
	while (!conf->id_given && is_used(p, s->proxy, conf->id))
		conf->id++;
	return 0;
}

/* The words of a line as they stand there: escaped, parted by blanks. */
static unsigned
unescape(char *text, const char **to)
{
	unsigned count = 0, code;
	char *out = text;

	while (*text != '\0' && count < WORDS) {
		to[count++] = out;
		while (*text != ' ' && *text != '\0') {
			if (text[0] == '"' && text[1] == '"')
				text += 2;
			else if (text[0] == '\\' && text[1] == 'x' &&
			    sscanf(text + 2, "%2x", &code) == 1) {
				*out++ = (char)code;
				text += 4;
			} else {
				text += *text == '\\';
				*out++ = *text++;
			}
		}
		while (*text == ' ')
			text++;
		*out++ = '\0';
	}
	return count;
}

static struct lb_server *
make_server(struct plan *p, struct lb_proxy *proxy, const struct item *n)
{
	const char **at = mem_zero((WORDS + 3) * sizeof *at);
	char *name = mem_copy(n->name), *text = mem_copy(n->words);
	struct lb_words w = { { "reload", 0 }, 2, at };
	struct lb_server *s = NULL;

	if (at == NULL || name == NULL || text == NULL)
		no_memory(p);
	else {
		at[0] = "server";
		at[1] = name;
		w.count += unescape(text, at + 2);
		at[w.count] = "";
		s = lb_dynamic_make(proxy, &w, p->why);
	}
	mem_drop(at);
	mem_drop(name);
	mem_drop(text);
	return s;
}

/* As the master has read them, with all that other lines add. */
static bool
has_numbers(const struct lb_server *s, struct text numbers)
{
	int64_t wanted[FIELDS];

	if (read_numbers(numbers, lb_outline_server, wanted) < 0)
		return false;
	for (unsigned i = 0; lb_outline_server[i].name != NULL; i++)
		if (lb_outline_load(&lb_outline_server[i], s->conf) !=
		    wanted[i])
			return false;
	return true;
}

static struct lb_server *
plan_joining(struct plan *p, struct lb_proxy *proxy, const struct item *n)
{
	struct lb_server *s;

	if (text_begins(n->words, "!")) {
		why_set(p->why, "the new server '%.*s/%.*s': %.*s",
		    TEXT_ARG(n->proxy), TEXT_ARG(n->name),
		    TEXT_ARG(text_from(n->words, 1)));
		return NULL;
	}
	s = make_server(p, proxy, n);
	if (s == NULL)
		return NULL;
	if (!lb_outline_is(s->conf, n->who)) {
		why_set(p->why, "the new server '%.*s/%.*s' is of a kind "
		    "that is made at start", TEXT_ARG(n->proxy),
		    TEXT_ARG(n->name));
		lb_dynamic_drop(s);
		return NULL;
	}
	if (!has_numbers(s, n->numbers)) {
		why_set(p->why, "the new server '%.*s/%.*s' has settings "
		    "that are made at start", TEXT_ARG(n->proxy),
		    TEXT_ARG(n->name));
		lb_dynamic_drop(s);
		return NULL;
	}
	if (choose_id(p, s) < 0) {
		lb_dynamic_drop(s);
		return NULL;
	}
	p->joining[p->join_count++] = s;
	return s;
}

/* One that is in both files must be there, and be the same. */
static int
plan_staying(struct plan *p, struct lb_server *s, const struct item *old,
    const struct item *new)
{
	struct change c = { .fields = lb_outline_server, .server = s };

	if (s == NULL || s->leaving)
		return why_set(p->why, "the server '%.*s/%.*s' is in the "
		    "file, and was deleted by hand", TEXT_ARG(new->proxy),
		    TEXT_ARG(new->name));
	if (!text_same(old->who, new->who))
		return why_set(p->why, "the server '%.*s/%.*s' is another "
		    "one", TEXT_ARG(new->proxy), TEXT_ARG(new->name));
	c.proxy = s->proxy;
	c.conf = conf_of((const void *const *)(const void *)&s->conf);
	return plan_change(p, &c, old->numbers, new->numbers);
}

static const struct gone *
find_gone(const struct lb_server *s)
{
	const struct gone *g = all_gone;

	while (g != NULL && g->server != s)
		g = g->next;
	return g;
}

/* One that was removed, still has sessions, and is in the file again. */
static int
plan_returning(struct plan *p, struct lb_server *s, const struct item *new)
{
	const struct gone *g = find_gone(s);
	struct change *c = &p->changes[p->change_count];

	if (g == NULL || !text_is(new->who, g->who))
		return why_set(p->why, "the server '%.*s/%.*s' was removed, "
		    "still has sessions, and comes back as another one",
		    TEXT_ARG(new->proxy), TEXT_ARG(new->name));
	*c = (struct change){ .fields = lb_outline_server, .server = s,
	    .proxy = s->proxy,
	    .conf = conf_of((const void *const *)(const void *)&s->conf) };
	if (read_numbers(new->numbers, c->fields, c->new) < 0)
		return why_set(p->why, "an outline of another kind");
	for (unsigned n = 0; c->fields[n].name != NULL; n++)
		c->old[n] = lb_outline_load(&c->fields[n], c->conf);
	p->change_count++;
	p->returning[p->return_count++] = s;
	return 0;
}

/* The server of one line of the new file; NULL: why. */
static struct lb_server *
plan_server(struct plan *p, struct lb_proxy *proxy, struct range *old,
    const struct item *new, unsigned hint)
{
	const struct item *o = find_item(old, new->name);
	struct lb_server *s = find_running(proxy, new->name, hint);

	if (o != NULL)
		return plan_staying(p, s, o, new) < 0 ? NULL : s;
	if (s == NULL)
		return plan_joining(p, proxy, new);
	if (s->leaving)
		return plan_returning(p, s, new) < 0 ? NULL : s;
	why_set(p->why, "the server '%.*s/%.*s' was added by hand",
	    TEXT_ARG(new->proxy), TEXT_ARG(new->name));
	return NULL;
}

static bool
stays(const struct order *o, const struct lb_server *s)
{
	/* Those of the new file have their place in it for a mark. */
	return s->number < o->proxy->server_count &&
	    o->usable[s->number] == s;
}

/* old: its line in the file that is served; NULL: added by hand. */
static int
plan_gone(struct plan *p, struct lb_server *s, const struct item *old)
{
	struct gone *g;

	if (!lb_dynamic_may_go(s))
		return why_set(p->why, "the server '%s/%s' is gone, and "
		    "others need it", s->proxy->conf->name, s->conf->name);
	g = p->leaving[p->leave_count] = mem_zero(sizeof *g);
	if (g == NULL)
		return no_memory(p);
	p->leave_count++;
	g->server = s;
	g->who = mem_copy(old == NULL ? TEXT("") : old->who);
	return g->who != NULL ? 0 : no_memory(p);
}

/* Who is in no line any more goes, when its sessions have ended. */
static int
plan_leaving(struct plan *p, struct order *o, struct range *old)
{
	for (unsigned i = 0; i < o->proxy->server_count; i++) {
		struct lb_server *s = o->proxy->servers[i];

		if (stays(o, s))
			continue;
		if (!s->leaving && plan_gone(p, s, find_item(old,
		    text_of(s->conf->name))) < 0)
			return -1;
		o->servers[o->count++] = s;
	}
	return 0;
}

static bool
is_same(const struct order *o)
{
	return o->count == o->proxy->server_count && memcmp(o->servers,
	    o->proxy->servers, o->count * sizeof *o->servers) == 0;
}

static int
plan_order(struct plan *p, struct lb_proxy *proxy, struct range old,
    const struct range *new)
{
	struct order *o = &p->orders[p->order_count++];
	size_t room = proxy->server_count + new->count + 2;

	*o = (struct order){ .proxy = proxy };
	o->servers = mem_zero(room * sizeof *o->servers);
	o->usable = mem_zero(room * sizeof *o->usable);
	if (o->servers == NULL || o->usable == NULL)
		return no_memory(p);
	for (unsigned i = 0; i < new->count; i++) {
		unsigned joined = p->join_count;
		struct lb_server *s = plan_server(p, proxy, &old,
		    &new->at[i], i);

		if (s == NULL)
			return -1;
		o->servers[o->count++] = s;
		if (p->join_count == joined)
			o->usable[s->number] = s;
	}
	if (plan_leaving(p, o, &old) < 0)
		return -1;
	o->same = is_same(o);
	return 0;
}

/* ---- proxies ----------------------------------------------------------- */

static struct lb_proxy *
find_proxy(const struct item *i, unsigned number)
{
	struct lb_proxy *p = number < lb_world()->count ?
	    lb_world()->proxies[number] : NULL;

	return p != NULL && text_is(i->proxy, p->conf->name) ? p : NULL;
}

static int
plan_proxy(struct plan *p, struct lb_proxy *proxy, unsigned old, unsigned new)
{
	struct change c = { .fields = lb_outline_proxy, .proxy = proxy,
	    .conf = conf_of((const void *const *)(const void *)
	    &proxy->conf) };
	struct range before = servers_of(&p->old, old);
	struct range after = servers_of(&p->new, new);

	if (plan_change(p, &c, p->old.at[old].numbers,
	    p->new.at[new].numbers) < 0)
		return -1;
	return plan_order(p, proxy, before, &after);
}

/* The number of the next line of a proxy; the count: there is none. */
static unsigned
next_proxy(const struct items *all, unsigned from)
{
	while (from < all->count && all->at[from].kind != PROXY)
		from++;
	return from;
}

static int
plan_global(struct plan *p)
{
	struct lb_setup *setup = conf_of(
	    (const void *const *)(const void *)&lb_world()->setup);
	struct change c = { .fields = lb_outline_global,
	    .conf = &setup->global };

	if (p->old.count == 0 || p->new.count == 0 ||
	    p->old.at[0].kind != GLOBAL || p->new.at[0].kind != GLOBAL)
		return why_set(p->why, "an outline of another kind");
	return plan_change(p, &c, p->old.at[0].numbers,
	    p->new.at[0].numbers);
}

/* "PATH LENGTH\n" and so many bytes, for each. */
static bool
find_pem(struct text all, struct text path, struct text *pem)
{
	struct text head;
	int64_t len;

	while (text_split(&all, '\n', &head) && head.len > 0) {
		size_t at = head.len;

		while (at > 0 && head.at[at - 1] != ' ')
			at--;
		if (at == 0 || number_int(text_from(head, at), 10, 0,
		    (int64_t)all.len, &len, NULL) < 0)
			return false;
		head.len = at - 1;
		*pem = (struct text){ all.at, (size_t)len };
		if (text_same(head, path))
			return true;
		all = text_from(all, (size_t)len);
	}
	return false;
}

static int
plan_cert(struct plan *p, const struct item *old, const struct item *new)
{
	struct text pem;

	if (!text_same(old->name, new->name))
		return why_set(p->why, "there are other certificates");
	if (text_same(old->who, new->who))
		return 0;
	if (find_pem(p->pems, new->name, &pem))
		return lb_renewal_add(&p->renewals, new->name, pem, p->why);
	sheet_slice(&p->need, new->name);
	sheet_char(&p->need, '\n');
	return 0;
}

/* The same files in the same order; each that has changed is needed. */
static int
plan_certs(struct plan *p)
{
	unsigned n = 1;

	for (; n < p->old.count && p->old.at[n].kind == CERT; n++)
		if (n >= p->new.count || p->new.at[n].kind != CERT)
			return why_set(p->why, "there are other "
			    "certificates");
		else if (plan_cert(p, &p->old.at[n], &p->new.at[n]) < 0)
			return -1;
	return n < p->new.count && p->new.at[n].kind == CERT ?
	    why_set(p->why, "there are other certificates") : 0;
}

static int
plan_all(struct plan *p)
{
	unsigned old = next_proxy(&p->old, 0), new = next_proxy(&p->new, 0);

	if (plan_global(p) < 0 || plan_certs(p) < 0)
		return -1;
	for (unsigned n = 0; old < p->old.count && new < p->new.count; n++) {
		struct lb_proxy *proxy = find_proxy(&p->new.at[new], n);

		if (proxy == NULL || !text_same(p->old.at[old].proxy,
		    p->new.at[new].proxy))
			return why_set(p->why, "proxies are others");
		if (plan_proxy(p, proxy, old, new) < 0)
			return -1;
		old = next_proxy(&p->old, old + 1);
		new = next_proxy(&p->new, new + 1);
	}
	return old == p->old.count && new == p->new.count ? 0 :
	    why_set(p->why, "proxies are others");
}

static int
make_room(struct plan *p)
{
	size_t servers = 1;

	for (unsigned i = 0; i < lb_world()->count; i++)
		servers += lb_world()->proxies[i]->server_count;
	p->changes = mem_zero((p->new.count + 1) * sizeof *p->changes);
	p->orders = mem_zero((lb_world()->count + 1) * sizeof *p->orders);
	p->joining = mem_zero((p->new.count + 1) * sizeof *p->joining);
	p->returning = mem_zero((p->new.count + 1) * sizeof *p->returning);
	p->leaving = mem_zero(servers * sizeof *p->leaving);
	return p->returning != NULL && p->changes != NULL && p->orders != NULL &&
	    p->joining != NULL && p->leaving != NULL ? 0 : no_memory(p);
}

static int
make_plan(struct plan *p, struct text old, struct text new)
{
	struct text fixed, loose, new_fixed, new_loose;

	if (!split(old, &fixed, &loose) ||
	    !split(new, &new_fixed, &new_loose))
		return why_set(p->why, "an outline of another kind");
	if (compare_fixed(fixed, new_fixed, p->why) < 0 ||
	    read_items(loose, &p->old, p->why) < 0 ||
	    read_items(new_loose, &p->new, p->why) < 0 || make_room(p) < 0)
		return -1;
	return plan_all(p);
}

static void
drop_gone(struct gone *g)
{
	mem_drop(g->who);
	mem_drop(g);
}

/* failed: what was made for it goes as well. */
static void
drop_plan(struct plan *p, bool failed)
{
	for (unsigned i = 0; failed && i < p->leave_count; i++)
		drop_gone(p->leaving[i]);
	for (unsigned i = 0; failed && i < p->join_count; i++)
		lb_dynamic_drop(p->joining[i]);
	for (unsigned i = 0; i < p->order_count; i++) {
		mem_drop(p->orders[i].servers);
		mem_drop(p->orders[i].usable);
	}
	lb_renewal_free(&p->renewals);
	sheet_fini(&p->need);
	mem_drop(p->old.at);
	mem_drop(p->new.at);
	mem_drop(p->changes);
	mem_drop(p->orders);
	mem_drop(p->joining);
	mem_drop(p->returning);
	mem_drop(p->leaving);
}

/* ---- servers that go --------------------------------------------------- */

static void
forget_gone(const struct lb_server *s)
{
	struct gone **at = &all_gone, *g;

	while ((g = *at) != NULL && g->server != s)
		at = &g->next;
	if (g == NULL)
		return;
	*at = g->next;
	drop_gone(g);
}

static unsigned
bury_some(struct lb_proxy *p)
{
	unsigned left = 0;
	struct why why;

	for (unsigned i = p->server_count; i-- > 0; ) {
		struct lb_server *s = p->servers[i];

		if (!s->leaving)
			continue;
		if (!lb_dynamic_is_free(s) || lb_dynamic_remove(s, &why) < 0)
			left++;
		else
			forget_gone(s);
	}
	return left;
}

static void
bury_all(void)
{
	unsigned left = 0;

	for (unsigned i = 0; all_gone != NULL && i < lb_world()->count; i++)
		left += bury_some(lb_world()->proxies[i]);
	if (left > 0)
		timer_after(&burial, CLOCK_SECOND);
}

static void
on_burial(void *arg)
{
	bury_all();
}

/* ---- carried out ------------------------------------------------------- */

/* All loops stand still; all was made before. */
static void
swap(void *arg)
{
	struct plan *p = arg;

	lb_renewal_use(p->renewals);
	for (unsigned i = 0; i < p->change_count; i++) {
		const struct change *c = &p->changes[i];

		for (unsigned n = 0; c->fields[n].name != NULL; n++)
			if (c->old[n] != c->new[n])
				lb_outline_store(&c->fields[n], c->conf,
				    c->new[n]);
	}
	for (unsigned i = 0; i < p->leave_count; i++)
		p->leaving[i]->server->leaving = true;
	for (unsigned i = 0; i < p->return_count; i++)
		p->returning[i]->leaving = false;
	for (unsigned i = 0; i < p->order_count; i++) {
		struct order *o = &p->orders[i];

		if (!o->same)
			lb_proxy_arrange(o->proxy, &o->servers, &o->usable,
			    o->count, p->now);
	}
}

static bool
differs(const struct change *c, size_t at)
{
	for (unsigned n = 0; c->fields[n].name != NULL; n++)
		if (c->fields[n].at == at)
			return c->old[n] != c->new[n];
	return false;
}

/* What was set by hand counts until the file says something else. */
static void
tune_server(const struct change *c)
{
	struct lb_server *s = c->server;

	if (differs(c, offsetof(struct lb_server_conf, weight))) {
		s->first_weight = (unsigned)s->conf->weight;
		lb_health_weigh(s, s->first_weight);
	}
	if (differs(c, offsetof(struct lb_server_conf, maxconn)))
		lb_health_limit(s, (unsigned)s->conf->maxconn);
	for (unsigned i = 0; i < 2; i++)
		if (s->checks[i] != NULL)
			lb_check_tune(s->checks[i]);
}

static void
tune_proxy(const struct change *c)
{
	struct lb_proxy *p = c->proxy;
	unsigned usual = usual_maxconn > 0 ? usual_maxconn :
	    lb_world()->maxconn;

	if (differs(c, offsetof(struct lb_proxy_conf, maxconn)))
		p->maxconn = p->conf->maxconn > 0 ?
		    (unsigned)p->conf->maxconn : usual;
	/* Options may change who is usable. */
	lb_proxy_lock(p);
	lb_proxy_recount(p, loop_now(home));
	lb_proxy_unlock(p);
	for (unsigned i = 0; i < p->server_count; i++)
		for (unsigned n = 0; n < 2; n++)
			if (p->servers[i]->checks[n] != NULL)
				lb_check_tune(p->servers[i]->checks[n]);
}

/* What nobody gave follows from the frontends' maxconn. */
static void
tune_fullconn(struct lb_proxy *p)
{
	lb_proxy_lock(p);
	p->fullconn = p->conf->fullconn > 0 ? (unsigned)p->conf->fullconn :
	    lb_world_fullconn(p);
	lb_proxy_unlock(p);
}

static void
tune_global(const struct change *c)
{
	const struct lb_global_conf *g = c->conf;
	struct lb_world *w = lb_world();

	if (differs(c, offsetof(struct lb_global_conf, maxconnrate)))
		w->connection_limit = (unsigned)g->maxconnrate;
	if (differs(c, offsetof(struct lb_global_conf, maxsessrate)))
		w->session_limit = (unsigned)g->maxsessrate;
	if (differs(c, offsetof(struct lb_global_conf, maxsslrate)))
		w->tls_limit = (unsigned)g->maxsslrate;
}

static void
follow_up(struct plan *p)
{
	for (unsigned i = 0; i < p->change_count; i++) {
		const struct change *c = &p->changes[i];

		if (c->server != NULL)
			tune_server(c);
		else if (c->proxy != NULL)
			tune_proxy(c);
		else
			tune_global(c);
	}
	for (unsigned i = 0; p->change_count > 0 && i < lb_world()->count;
	    i++)
		tune_fullconn(lb_world()->proxies[i]);
	for (unsigned i = 0; i < p->join_count; i++) {
		struct lb_server *s = p->joining[i];

		if (!s->proxy->conf->disabled)
			lb_checks_add(s);
		for (unsigned n = 0; n < 2; n++)
			if (s->checks[n] != NULL)
				lb_check_soon(s->checks[n]);
	}
	for (unsigned i = 0; i < p->leave_count; i++) {
		struct gone *g = p->leaving[i];

		g->next = all_gone;
		all_gone = g;
		lb_health_admin(g->server, LB_ADMIN_FMAINT, 0,
		    ", not in the configuration any more");
	}
	for (unsigned i = 0; i < p->return_count; i++) {
		forget_gone(p->returning[i]);
		lb_health_admin(p->returning[i], 0, LB_ADMIN_FMAINT,
		    ", in the configuration again");
	}
	/* Who waits may go to the new ones. */
	for (unsigned i = 0; i < lb_world()->count; i++)
		lb_queue_serve(lb_world()->proxies[i], p->now);
	lb_door_look();
}

static int
carry_out(struct plan *p)
{
	p->now = loop_now(home);
	if (tour_still(home, swap, p) < 0)
		return why_set(p->why, "a thread is busy");
	follow_up(p);
	return 0;
}

/* How it ended, in words; true: it is done. */
static bool
reload(struct text new, struct text pems, char *said, size_t room)
{
	struct why why = { "", "" };
	struct plan p = { .why = &why, .pems = pems };
	int code = -1;

	bury_all();
	if (served == NULL)
		why_set(&why, "what is served is not known");
	else if (lb_world()->stopping)
		why_set(&why, "it is stopping");
	else if (make_plan(&p, text_of(served), new) == 0 &&
	    p.need.len == 0)
		code = carry_out(&p);
	if (code == 0)
		snprintf(said, room, LB_PLACE_DONE "servers: %u new, %u gone; "
		    "other settings in %u places%s", p.join_count +
		    p.return_count, p.leave_count, p.change_count,
		    p.renewals != NULL ? "; certificates" : "");
	else if (why.line[0] == '\0')
		snprintf(said, room, LB_PLACE_NEED "%.*s",
		    TEXT_ARG(sheet_all(&p.need)));
	else
		snprintf(said, room, "%s", why.line);
	drop_plan(&p, code < 0);
	return code == 0;
}

/* ---- the master's connection ------------------------------------------- */

struct asking {
	struct sheet came;
};

/* There may be keys in it. */
static void
drop_asking(struct asking *a)
{
	if (a->came.at != NULL)
		secret_wipe(a->came.at, a->came.room);
	sheet_fini(&a->came);
	mem_drop(a);
}

/* The outline, and what stands behind it. */
static struct text
cut_pems(struct text *all)
{
	const char *at = memmem(all->at, all->len, "\n" LB_PLACE_PEM,
	    sizeof LB_PLACE_PEM);
	struct text pems;

	if (at == NULL)
		return TEXT_NONE;
	pems = text_from(*all, (size_t)(at - all->at) + sizeof LB_PLACE_PEM);
	all->len = (size_t)(at + 1 - all->at);
	return pems;
}

static void
answer(struct conn *c, struct asking *a)
{
	struct text outline = sheet_all(&a->came);
	struct text pems = cut_pems(&outline);
	char *said = mem_zero(LB_PLACE_ANSWER);

	if (said != NULL && reload(outline, pems, said,
	    LB_PLACE_ANSWER)) {
		/* Without it the next reload takes another worker. */
		mem_drop(served);
		served = mem_copy(outline);
		timer_after(&burial, 1);
	}
	conn_send_copy(c, text_of(said));
	conn_close_flushed(c, &close_eof, CLOCK_SECOND);
	mem_drop(said);
	drop_asking(a);
}

static void
on_data(struct conn *c, struct text t)
{
	struct asking *a = conn_owner(c);

	if (a->came.len + t.len <= MOST)
		sheet_slice(&a->came, t);
	else
		a->came.spoiled = true;
}

static void
on_eof(struct conn *c)
{
	struct asking *a = conn_owner(c);

	if (!a->came.spoiled && a->came.len > 0) {
		answer(c, a);
		return;
	}
	conn_close(c, &close_memory);
	drop_asking(a);
}

static void
on_closed(struct conn *c, const struct close_reason *reason)
{
	drop_asking(conn_owner(c));
}

static void
on_ready(struct conn *c)
{
}

static const struct conn_handler handler = {
	.ready = on_ready, .data = on_data, .eof = on_eof,
	.closed = on_closed,
};

void
lb_place_take(int fd)
{
	struct asking *a = mem_zero(sizeof *a);

	if (a == NULL) {
		close(fd);
		return;
	}
	if (conn_accept(home, fd, &handler, a) == NULL)
		drop_asking(a);
}

void
lb_place_init(struct loop *loop, char *outline, unsigned maxconn)
{
	home = loop;
	served = outline;
	usual_maxconn = maxconn;
	timer_init(&burial, loop, on_burial, NULL);
}

void
lb_place_fini(void)
{
	if (home != NULL)
		timer_stop(&burial);
	while (all_gone != NULL)
		forget_gone(all_gone->server);
	mem_drop(served);
	served = NULL;
	home = NULL;
}
