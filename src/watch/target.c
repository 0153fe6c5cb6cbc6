/* SPDX-License-Identifier: ISC */
/* target.c - finding and keeping groups, sources, targets. Loop 0. */
#define HASH_NONFATAL_OOM 1
#include "watch/target.h"

#include "base/mem.h"

#undef uthash_malloc
#undef uthash_free
#define uthash_malloc(n)	mem_get(n)
#define uthash_free(p, n)	mem_drop(p)
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(t)	((t)->unhashed = true)

enum { WORDS_MOST = 64 };

struct wt_group *
wt_state_group(struct wt_state *s, struct text name)
{
	struct wt_group *g;

	TAILQ_FOREACH(g, &s->groups, link)
		if (text_is(name, g->name))
			return g;
	return NULL;
}

static const char *
group_name(const struct wt_source_row *row)
{
	return row->group != NULL && row->group[0] != '\0' ? row->group :
	    row->name;
}

static struct wt_group *
add_group(struct wt_state *s, const struct wt_source_row *row)
{
	struct wt_group *g = mem_zero(sizeof *g);

	if (g == NULL)
		return NULL;
	g->name = mem_copy(text_of(group_name(row)));
	if (g->name == NULL) {
		mem_drop(g);
		return NULL;
	}
	g->quorum = (enum wt_quorum)row->quorum;
	g->kind = (enum wt_source_kind)row->kind;
	TAILQ_INIT(&g->targets);
	TAILQ_INSERT_TAIL(&s->groups, g, link);
	return g;
}

static int
join_group(struct wt_state *s, struct wt_source *source, struct why *why)
{
	struct wt_group *g = wt_state_group(s,
	    text_of(group_name(source->row)));
	struct wt_source **more;

	if (g == NULL)
		g = add_group(s, source->row);
	if (g == NULL)
		return why_set(why, "out of memory");
	more = mem_grow(g->members, (g->count + 1) * sizeof *more);
	if (more == NULL)
		return why_set(why, "out of memory");
	g->members = more;
	source->group = g;
	source->member = g->count;
	g->members[g->count++] = source;
	return 0;
}

struct wt_state *
wt_state_new(const struct wt_config *c, struct why *why)
{
	struct wt_state *s = mem_zero(sizeof *s);

	if (s == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	TAILQ_INIT(&s->groups);
	s->queued = UINT64_MAX;
	s->sources = mem_zero((c->source_count + 1) * sizeof *s->sources);
	if (s->sources == NULL)
		why_set(why, "out of memory");
	for (unsigned i = 0; s->sources != NULL && i < c->source_count; i++) {
		s->sources[i].row = &c->sources[i];
		if (join_group(s, &s->sources[i], why) < 0) {
			wt_state_free(&s);
			return NULL;
		}
		s->source_count++;
	}
	if (s->sources == NULL)
		wt_state_free(&s);
	return s;
}

static void
free_group(struct wt_state *s, struct wt_group *g)
{
	struct wt_target *t;

	while ((t = TAILQ_FIRST(&g->targets)) != NULL)
		wt_target_free(s, &t);
	TAILQ_REMOVE(&s->groups, g, link);
	mem_drop(g->members);
	mem_drop(g->name);
	mem_drop(g);
}

void
wt_state_free(struct wt_state **state)
{
	struct wt_state *s = *state;
	struct wt_group *g;
	struct wt_word *w;

	if (s == NULL)
		return;
	while ((g = TAILQ_FIRST(&s->groups)) != NULL)
		free_group(s, g);
	while ((w = s->words) != NULL) {
		s->words = w->next;
		mem_drop(w);
	}
	map_free(&s->remembered, NULL);
	mem_drop(s->sources);
	mem_drop(s);
	*state = NULL;
}

const char *
wt_state_word(struct wt_state *s, struct text t)
{
	struct wt_word *w;

	if (t.len > WT_WORD)
		t.len = WT_WORD;
	for (w = s->words; w != NULL; w = w->next)
		if (text_is(t, w->text))
			return w->text;
	if (s->word_count >= WORDS_MOST)
		return "?";
	w = mem_get(sizeof *w + t.len + 1);
	if (w == NULL)
		return "?";
	memcpy(w->text, t.at, t.len);
	w->text[t.len] = '\0';
	w->next = s->words;
	s->words = w;
	s->word_count++;
	return w->text;
}

/* ---- targets */

static char *
form_key(struct text proxy, struct text server, char *to)
{
	memcpy(to, proxy.at, proxy.len);
	to[proxy.len] = '/';
	memcpy(to + proxy.len + 1, server.at, server.len);
	to[proxy.len + 1 + server.len] = '\0';
	return to;
}

struct wt_target *
wt_target_find(const struct wt_group *g, struct text proxy,
    struct text server)
{
	char key[2 * 512 + 2];
	struct wt_target *t;
	size_t len = proxy.len + 1 + server.len;

	if (len >= sizeof key)
		return NULL;
	form_key(proxy, server, key);
	HASH_FIND(hh, g->byname, key, len, t);
	return t;
}

struct wt_target *
wt_target_add(struct wt_state *s, struct wt_group *g, struct text proxy,
    struct text server)
{
	size_t fixed = sizeof(struct wt_target) +
	    g->count * sizeof(struct wt_view);
	struct wt_target *t = mem_zero(fixed + proxy.len + server.len + 2);

	if (t == NULL)
		return NULL;
	t->key = form_key(proxy, server, (char *)t + fixed);
	t->proxy_len = (uint16_t)proxy.len;
	t->group = g;
	t->master = -1;
	HASH_ADD_KEYPTR(hh, g->byname, t->key, proxy.len + server.len + 1, t);
	if (t->unhashed) {
		mem_drop(t);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&g->targets, t, link);
	s->target_count++;
	return t;
}

void
wt_target_free(struct wt_state *s, struct wt_target **t)
{
	HASH_DELETE(hh, (*t)->group->byname, *t);
	TAILQ_REMOVE(&(*t)->group->targets, *t, link);
	mem_drop((*t)->flap);
	mem_drop(*t);
	s->target_count--;
	*t = NULL;
}
