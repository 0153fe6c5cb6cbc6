/* SPDX-License-Identifier: ISC */
/*
 * config.c - lines go to the section they stand in, sections are opened, and
 * all ends in one setup; see config.h.
 */
#include "balancer/config.h"
#include "balancer/finding.h"
#include "balancer/finish.h"
#include "balancer/key.h"
#include "balancer/keys.h"
#include "balancer/keys_bind.h"
#include "balancer/keys_global.h"
#include "balancer/keys_proxy.h"
#include "balancer/keys_section.h"
#include "balancer/keys_server.h"
#include "balancer/parse.h"
#include "balancer/reader.h"
#include "base/die.h"
#include "base/mem.h"

/* ---- opening sections -------------------------------------------------- */

static bool
name_is_good(struct lb_parse *p, const char *kind, const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && strchr("_-.:", *c) == NULL) {
			lb_parse_alert(p, "character '%c' is not permitted in "
			    "'%s' name '%s'.", *c, kind, name);
			return false;
		}
	return true;
}

static struct lb_proxy_conf *
find_defaults(const struct lb_setup *s, const char *name)
{
	struct lb_proxy_conf *found = NULL;

	for (unsigned i = 0; i < s->defaults.count; i++)
		if (s->defaults.at[i]->name != NULL &&
		    strcmp(s->defaults.at[i]->name, name) == 0)
			found = s->defaults.at[i];
	return found;
}

/* "from NAME" behind the name of a section; NULL: none, or told. */
static struct lb_proxy_conf *
read_from(struct lb_parse *p, const struct lb_words *w, unsigned at,
    bool *bad)
{
	struct lb_proxy_conf *d;

	*bad = false;
	if (at >= w->count || strcmp(w->at[at], "from") != 0)
		return NULL;
	d = at + 1 < w->count ? find_defaults(p->setup, w->at[at + 1]) : NULL;
	if (d != NULL)
		return d;
	*bad = true;
	lb_parse_alert(p, "defaults section '%s' not found for %s '%s'.",
	    at + 1 < w->count ? w->at[at + 1] : "", w->at[0], w->at[1]);
	return NULL;
}

/* The same name again: refused, unless one is only a frontend. */
static void
check_name(struct lb_parse *p, const struct lb_proxy_conf *x)
{
	for (unsigned i = 0; i < p->setup->proxies.count; i++) {
		const struct lb_proxy_conf *o = p->setup->proxies.at[i];

		if (o == x || strcmp(o->name, x->name) != 0)
			continue;
		if (o->is & x->is) {
			lb_parse_alert(p, "%s '%s' has the same name as %s "
			    "'%s' declared at %s:%u.", x->kind, x->name,
			    o->kind, o->name, o->place.file, o->place.line);
			return;
		}
		lb_parse_warn(p, "%s '%s' has the same name as %s '%s' "
		    "declared at %s:%u. This is no longer supported as of "
		    "3.3; give one of them another name.", x->kind, x->name,
		    o->kind, o->name, o->place.file, o->place.line);
		return;
	}
}

/* "listen NAME ADDRESS", as files of 1.5 have it. */
static void
bind_as_of_old(struct lb_parse *p, const struct lb_words *w, unsigned at)
{
	const char *words[] = { "bind", w->at[at], "" };
	const struct lb_words line = { w->place, 2, words };
	unsigned n;
	const struct lb_key *bind = lb_key_find(lb_keys_proxy, &line, 0, &n);

	lb_parse_warn(p, "please use the 'bind' keyword for listening "
	    "addresses. '%s' is read as such.", w->at[at]);
	lb_key_apply(p, bind, &line, 1, false, p->proxy);
	if (at + 1 < w->count)
		lb_parse_alert(p, "cannot handle unexpected argument '%s'.",
		    w->at[at + 1]);
}

static void
open_proxy(struct lb_parse *p, const struct lb_words *w, unsigned in)
{
	struct lb_proxy_conf *x, *from;
	unsigned at = 2;
	bool bad;

	if (w->count < 2 || *w->at[1] == '\0') {
		lb_parse_alert(p, "'%s' expects an <id> argument", w->at[0]);
		p->skip = true;
		return;
	}
	if (!name_is_good(p, w->at[0], w->at[1])) {
		p->skip = true;
		return;
	}
	from = read_from(p, w, at, &bad);
	if (from != NULL || bad)
		at += 2;
	if (at < w->count && in == LB_IN_BACKEND)
		lb_parse_alert(p, "cannot handle unexpected argument '%s'.",
		    w->at[at]);
	x = lb_keys_proxy_from(p, from != NULL ? from : p->defaults);
	if (from != NULL)
		from->used = true;
	else
		p->defaults->used = true;
	x->place = w->place;
	x->name = w->at[1];
	x->is = in == LB_IN_FRONTEND ? LB_IS_FRONTEND : in == LB_IN_BACKEND ?
	    LB_IS_BACKEND : LB_IS_FRONTEND | LB_IS_BACKEND;
	x->kind = in == LB_IN_LISTEN ? "proxy" : w->at[0];
	check_name(p, x);
	arena_add(p->arena, &p->setup->proxies, x);
	p->proxy = x;
	if (at < w->count && in != LB_IN_BACKEND)
		bind_as_of_old(p, w, at);
}

static void
open_defaults(struct lb_parse *p, const struct lb_words *w)
{
	struct lb_proxy_conf *x, *from;
	bool named = w->count > 1 && strcmp(w->at[1], "from") != 0, bad;
	unsigned at = 1 + named;

	if (named && !name_is_good(p, "defaults", w->at[1]))
		named = false;
	from = read_from(p, w, at, &bad);
	if (from != NULL || bad)
		at += 2;
	if (at < w->count)
		lb_parse_alert(p, "'defaults' only accepts a name and 'from "
		    "<name>' (got '%s').", w->at[at]);
	x = from != NULL ? lb_keys_proxy_from(p, from) :
	    lb_keys_proxy_usual(p);
	x->place = w->place;
	x->is = LB_IS_DEFAULTS;
	x->kind = "defaults";
	x->name = named ? w->at[1] : NULL;
	arena_add(p->arena, &p->setup->defaults, x);
	p->proxy = p->defaults = x;
}

/* A section with one name that may not be there twice. */
static const char *
open_named(struct lb_parse *p, const struct lb_words *w)
{
	if (w->count < 2 || *w->at[1] == '\0') {
		lb_parse_alert(p, "missing name for %s section.", w->at[0]);
		p->skip = true;
		return NULL;
	}
	if (!name_is_good(p, w->at[0], w->at[1])) {
		p->skip = true;
		return NULL;
	}
	if (w->count > 2) {
		lb_parse_alert(p, "'%s' cannot handle unexpected argument "
		    "'%s'.", w->at[0], w->at[2]);
	}
	return w->at[1];
}

static void
open_userlist(struct lb_parse *p, const struct lb_words *w)
{
	const char *name = open_named(p, w);
	struct lb_userlist_conf *l;

	if (name == NULL)
		return;
	for (unsigned i = 0; i < p->setup->userlists.count; i++)
		if (strcmp(p->setup->userlists.at[i]->name, name) == 0)
			lb_parse_warn(p, "ignoring duplicated userlist '%s'.",
			    name);
	l = lb_parse_get(p, sizeof *l);
	l->place = w->place;
	l->name = name;
	arena_add(p->arena, &p->setup->userlists, l);
	p->userlist = l;
}

static void
open_resolvers(struct lb_parse *p, const struct lb_words *w)
{
	const char *name = open_named(p, w);
	struct lb_resolvers_conf *r;

	if (name == NULL)
		return;
	for (unsigned i = 0; i < p->setup->resolvers.count; i++) {
		r = p->setup->resolvers.at[i];
		if (strcmp(r->name, name) == 0)
			lb_parse_alert(p, "resolvers '%s' has same name as "
			    "another resolvers (declared at %s:%u).", name,
			    r->place.file, r->place.line);
	}
	r = lb_keys_section_usual(p);
	r->place = w->place;
	r->name = name;
	arena_add(p->arena, &p->setup->resolvers, r);
	p->resolvers = r;
}

static void
open_peers(struct lb_parse *p, const struct lb_words *w)
{
	const char *name = open_named(p, w);
	struct lb_peers_conf *peers;

	if (name == NULL)
		return;
	for (unsigned i = 0; i < p->setup->peers.count; i++) {
		peers = p->setup->peers.at[i];
		if (strcmp(peers->name, name) == 0)
			lb_parse_alert(p, "peers section '%s' has the same "
			    "name as another peers section declared at "
			    "%s:%u.", name, peers->place.file,
			    peers->place.line);
	}
	peers = lb_parse_get(p, sizeof *peers);
	peers->place = w->place;
	peers->name = name;
	arena_add(p->arena, &p->setup->peers, peers);
	p->peers = peers;
	p->peers_bind = lb_parse_get(p, sizeof *p->peers_bind);
	lb_keys_bind_init(p, p->peers_bind);
}

/* In a side file sections are opened again, never made. */
static void
reopen(struct lb_parse *p, const struct lb_section *s,
    const struct lb_words *w)
{
	const char *name = w->count > 1 ? w->at[1] : "";

	if (s->in == LB_IN_GLOBAL)
		return;
	if (s->in == LB_IN_DEFAULTS)
		p->proxy = find_defaults(p->setup, name);
	else if (s->in & LB_IN_PROXIES)
		for (unsigned i = 0; i < p->setup->proxies.count; i++) {
			struct lb_proxy_conf *x = p->setup->proxies.at[i];
			unsigned is = s->in == LB_IN_FRONTEND ?
			    LB_IS_FRONTEND : s->in == LB_IN_BACKEND ?
			    LB_IS_BACKEND : LB_IS_FRONTEND | LB_IS_BACKEND;

			if (strcmp(x->name, name) == 0 && x->is == is)
				p->proxy = x;
		}
	if (p->proxy != NULL)
		return;
	p->skip = true;
	lb_parse_alert(p, "there is no section '%s %s' in the main file; a "
	    "side file adds to sections that are there.", w->at[0], name);
}

/* ---- lines that are kept ----------------------------------------------- */

static struct lb_block_conf *
find_block(const struct lb_parse *p, const void *object)
{
	for (unsigned i = 0; i < p->setup->blocks.count; i++)
		if (p->setup->blocks.at[i]->object == object)
			return p->setup->blocks.at[i];
	return NULL;
}

static const void *
object_under_way(const struct lb_parse *p)
{
	return p->section->in == LB_IN_GLOBAL ? &p->setup->global :
	    p->proxy != NULL ? (const void *)p->proxy :
	    p->userlist != NULL ? (const void *)p->userlist :
	    p->resolvers != NULL ? (const void *)p->resolvers : p->peers;
}

static void
keep_section(struct lb_parse *p, const struct lb_words *w)
{
	const void *object = object_under_way(p);
	struct lb_block_conf *b;

	p->block = NULL;
	if (!p->source->blocks || p->skip || object == NULL)
		return;
	b = find_block(p, object);
	if (b == NULL) {
		b = lb_parse_get(p, sizeof *b);
		b->object = object;
		b->head = *w;
		if (p->proxy != NULL && p->proxy->defaults != NULL)
			b->from = find_block(p, p->proxy->defaults);
		arena_add(p->arena, &p->setup->blocks, b);
	}
	p->block = b;
}

static void
keep_line(struct lb_parse *p, const struct lb_words *w)
{
	struct lb_words *kept;

	if (p->block == NULL)
		return;
	kept = lb_parse_get(p, sizeof *kept);
	*kept = *w;
	arena_add(p->arena, &p->block->lines, kept);
}

static void
open_section(struct lb_parse *p, const struct lb_section *s,
    const struct lb_words *w)
{
	p->section = s;
	p->skip = false;
	p->own_steps = false;
	p->put_off = 0;
	p->timed = 0;
	p->proxy = NULL;
	p->userlist = NULL;
	p->resolvers = NULL;
	p->peers = NULL;
	if (p->side) {
		reopen(p, s, w);
		return;
	}
	switch (s->in) {
	case LB_IN_GLOBAL:
		if (w->count > 1)
			lb_parse_alert(p, "'global' cannot handle unexpected "
			    "argument '%s'.", w->at[1]);
		if (p->setup->global.place.file == NULL)
			p->setup->global.place = w->place;
		return;
	case LB_IN_DEFAULTS:
		open_defaults(p, w);
		return;
	case LB_IN_FRONTEND:
	case LB_IN_LISTEN:
	case LB_IN_BACKEND:
		open_proxy(p, w, s->in);
		return;
	case LB_IN_USERLIST:
		open_userlist(p, w);
		return;
	case LB_IN_RESOLVERS:
		open_resolvers(p, w);
		return;
	case LB_IN_PEERS:
		open_peers(p, w);
		return;
	}
	p->skip = true;
	if (s->class == LB_CLASS_E)
		lb_parse_alert(p, "section '%s' is not supported by this "
		    "program: %s", s->name, s->advice);
	else
		lb_parse_warn(p, "'%s' is not supported by this program and "
		    "is ignored.%s%s", s->name, s->advice == NULL ? "" : " ",
		    s->advice == NULL ? "" : s->advice);
}

/* ---- lines ------------------------------------------------------------- */

static void
refuse_word(struct lb_parse *p, const char *word)
{
	struct lb_guess g;

	lb_guess_start(&g, word);
	for (const struct lb_key *k = p->section->keys; k->name != NULL; k++) {
		struct text rest = text_of(k->name), first;

		if (text_word(&rest, " ", &first))
			lb_guess_offer(&g, arena_copy(p->arena, first));
	}
	if (lb_guess_best(&g) == NULL)
		lb_parse_alert(p, "unknown keyword '%s' in '%s' section",
		    word, p->section->name);
	else
		lb_parse_alert(p, "unknown keyword '%s' in '%s' section; did "
		    "you mean '%s' maybe ?", word, p->section->name,
		    lb_guess_best(&g));
}

/* What the rows of the section under way fill in. */
static void *
object_of(struct lb_parse *p)
{
	switch (p->section->in) {
	case LB_IN_GLOBAL:
		return &p->setup->global;
	case LB_IN_USERLIST:
		return p->userlist;
	case LB_IN_RESOLVERS:
		return p->resolvers;
	case LB_IN_PEERS:
		return p->peers;
	default:
		return p->proxy;
	}
}

/* A keyword of proxies in one that cannot have it. */
static void
tell_misplaced(struct lb_parse *p, const struct lb_key *key)
{
	const struct lb_proxy_conf *x = p->proxy;

	if (x->is == LB_IS_DEFAULTS)
		lb_parse_alert(p, "'%s' not allowed in 'defaults' section.",
		    key->name);
	else if (strstr(key->name, "server") == key->name ||
	    strcmp(key->name, "default-server") == 0)
		lb_parse_alert(p, "'%s' not allowed because %s '%s' has no "
		    "backend capability.", key->name, x->kind, x->name);
	else if (strcmp(key->name, "option tcplog") == 0 ||
	    strcmp(key->name, "option httplog") == 0)
		lb_parse_warn(p, "%s '%s' : '%s' directive is ignored in "
		    "backends.", x->kind, x->name, key->name);
	else if (strncmp(key->name, "timeout ", 8) == 0)
		lb_parse_warn(p, "'%s' will be ignored because %s '%s' has no "
		    "%s capability", key->name, x->kind, x->name,
		    x->is & LB_IS_FRONTEND ? "backend" : "frontend");
	else
		lb_parse_warn(p, "'%s' ignored because %s '%s' has no %s "
		    "capability.", key->name, x->kind, x->name,
		    x->is & LB_IS_FRONTEND ? "backend" : "frontend");
}

/* "no log", "no option x", "default option x". */
static bool
read_negation(struct lb_parse *p, const struct lb_words *w)
{
	const struct lb_key *key;
	unsigned n;

	if (p->proxy != NULL && w->count == 2 &&
	    strcmp(w->at[1], "log") == 0 && w->at[0][0] == 'n') {
		memset(&p->proxy->logs, 0, sizeof p->proxy->logs);
		return true;
	}
	if (p->section->in == LB_IN_GLOBAL && w->count == 2 &&
	    strcmp(w->at[1], "log") == 0 && w->at[0][0] == 'n') {
		memset(&p->setup->global.logs, 0,
		    sizeof p->setup->global.logs);
		return true;
	}
	key = lb_key_find(p->section->keys, w, 1, &n);
	if (key == NULL || !key->may_no) {
		lb_parse_alert(p, "negation/default currently supported only "
		    "for options, log, and busy-polling.");
		return true;
	}
	if (!(key->in & p->section->in)) {
		tell_misplaced(p, key);
		return true;
	}
	if (key->kind == LB_KEY_BITS || key->kind == LB_KEY_FLAG)
		lb_key_apply(p, key, w, 1 + n, true, object_of(p));
	else if (strcmp(key->name, "option redispatch") == 0)
		p->proxy->redispatch = false;
	else if (strncmp(key->name, "option ", 7) == 0 &&
	    key->kind == LB_KEY_READ && p->proxy != NULL &&
	    key->class == LB_CLASS_F)
		p->proxy->check.kind = LB_CHECK_CONNECT;
	else if (key->kind == LB_KEY_READ && p->proxy != NULL)
		p->proxy->http_words &= ~(unsigned)key->value;
	return true;
}

static void
read_keyword(struct lb_parse *p, const struct lb_words *w)
{
	const struct lb_key *key;
	unsigned n;

	if (!p->side && (strcmp(w->at[0], "no") == 0 ||
	    strcmp(w->at[0], "default") == 0)) {
		read_negation(p, w);
		return;
	}
	key = lb_key_find(p->section->keys, w, 0, &n);
	if (key == NULL) {
		refuse_word(p, w->at[0]);
		return;
	}
	if (!(key->in & p->section->in)) {
		tell_misplaced(p, key);
		return;
	}
	if (p->side && strcmp(key->name, "server") == 0)
		lb_keys_server_line(p, w);
	else if (lb_parse_belongs(p, key->name, key->ours))
		lb_key_apply(p, key, w, n, false, object_of(p));
}

static void
on_line(void *arg, const struct lb_words *w)
{
	struct lb_parse *p = arg;
	const struct lb_section *s = lb_keys_section(w->at[0]);

	p->place = w->place;
	/* Words of sections are words of others, too: "default_backend". */
	if (s != NULL) {
		open_section(p, s, w);
		keep_section(p, w);
	} else if (p->section == NULL)
		lb_report_tell(p->report, LB_REPORT_ALERT, "config : parsing "
		    "[%s:%u]: unknown keyword '%s' out of section.",
		    w->place.file, w->place.line, w->at[0]);
	else if (!p->skip) {
		keep_line(p, w);
		read_keyword(p, w);
	}
}

/* ---- the whole --------------------------------------------------------- */

static void
read_texts(struct lb_parse *p, struct lb_reader *r)
{
	const struct lb_source *source = p->source;

	for (unsigned i = 0; i < source->count; i++) {
		unsigned before = p->report->alerts;

		p->section = NULL;
		p->side = source->texts[i].side;
		lb_reader_read(r, &source->texts[i]);
		if (p->report->alerts > before)
			lb_report_tell(p->report, LB_REPORT_ALERT, "config : "
			    "Error(s) found in configuration file : %s",
			    source->texts[i].name);
	}
}

/* What may jump out when memory ends; all it holds is in the arena. */
static void
read_all(struct lb_parse *p)
{
	struct lb_reader r = { .arena = p->arena, .report = p->report,
	    .source = p->source, .arg = p, .line = on_line };

	p->setup = arena_get(p->arena, sizeof *p->setup);
	p->setup->arena = p->arena;
	lb_keys_global_init(&p->setup->global);
	p->setup->global.localpeer = p->source->localpeer;
	p->defaults = lb_keys_proxy_usual(p);
	p->defaults->is = LB_IS_DEFAULTS;
	p->defaults->kind = "defaults";
	read_texts(p, &r);
	if (p->report->alerts == 0)
		lb_finish_all(p);
}

struct lb_setup *
lb_config_read(const struct lb_source *source, struct lb_report *report)
{
	struct lb_parse *p = mem_zero(sizeof *p);
	struct arena *arena = p == NULL ? NULL : arena_new();
	struct lb_setup *setup;
	jmp_buf full;

	if (arena == NULL || setjmp(full) != 0) {
		lb_report_tell(report, LB_REPORT_ALERT,
		    "config : out of memory");
		if (p != NULL)
			arena_free(&p->arena);
		mem_drop(p);
		return NULL;
	}
	p->arena = arena;
	p->source = source;
	p->report = report;
	arena_escape(arena, &full);
	read_all(p);
	arena_escape(arena, NULL);
	setup = p->setup;
	if (report->alerts > 0) {
		setup = NULL;
		arena_free(&p->arena);
	}
	mem_drop(p);
	return setup;
}

void
lb_config_free(struct lb_setup **setup)
{
	struct arena *arena;

	if (*setup == NULL)
		return;
	arena = (*setup)->arena;
	arena_free(&arena);
	*setup = NULL;
}

/* ---- finding ----------------------------------------------------------- */

struct lb_proxy_conf *
lb_config_frontend(const struct lb_setup *s, const char *name)
{
	return lb_finding_proxy(s, LB_IS_FRONTEND, name);
}

struct lb_proxy_conf *
lb_config_backend(const struct lb_setup *s, const char *name)
{
	return lb_finding_proxy(s, LB_IS_BACKEND, name);
}

struct lb_server_conf *
lb_config_server(const struct lb_proxy_conf *x, const char *name)
{
	for (unsigned i = 0; i < x->servers.count; i++)
		if (strcmp(x->servers.at[i]->name, name) == 0)
			return x->servers.at[i];
	return NULL;
}
