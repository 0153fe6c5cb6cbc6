/* SPDX-License-Identifier: ISC */
/*
 * target.h - what is watched: groups of sources that show the same servers,
 * and the targets seen through them. A source without a group is alone in
 * one of its own name. One wt_state owns all. It knows no file, no socket
 * and no clock; loop 0.
 */
#ifndef WEIR_WATCH_TARGET_H
#define WEIR_WATCH_TARGET_H

#include <sys/queue.h>

#include <uthash.h>

#include "base/map.h"
#include "watch/class.h"
#include "watch/config.h"

enum { WT_FLAPS = 16, WT_WORD = 48, WT_NODE = 64 };

struct wt_view {		/* what one source says of a target */
	const char *word;	/* raw status; NULL: never seen */
	uint32_t row;		/* in the page at hand, + 1; 0: none */
	uint32_t chkdown, downtime, lastchg, scur;
	uint8_t class, missed;	/* missed: whole pages in a row */
	bool counted;		/* the counters can be compared */
	int64_t at;		/* monotonic: the last sample */
};

struct wt_target {
	UT_hash_handle hh;
	TAILQ_ENTRY(wt_target) link;
	struct wt_group *group;
	uint8_t type;			/* enum wt_row_type */
	uint8_t class;			/* of the group, confirmed */
	uint8_t seen, seen_polls;	/* class that waits for its proof */
	uint8_t told;			/* class that people know */
	uint8_t flaps;
	bool owes_up;			/* its DOWN was told, its end not yet */
	bool flapping, last_told;
	bool fell;			/* stopped serving in this turn */
	bool known;			/* came after the first page */
	bool unhashed;			/* no memory to find it by */
	int8_t master;			/* VRRP: member, -1: none */
	uint8_t split;			/* VRRP: told so */
	int64_t since, since_wall;	/* of the class */
	int64_t told_at, down_at;	/* monotonic */
	int64_t *flap;			/* times of the last changes */
	unsigned order;
	uint16_t proxy_len;
	char *key;			/* "proxy/server" */
	struct wt_view view[];		/* one a member of the group */
};

TAILQ_HEAD(wt_targets, wt_target);

struct wt_source {
	const struct wt_source_row *row;
	struct wt_group *group;
	unsigned member;		/* place in the group */
	unsigned failed;		/* polls in a row */
	bool stale, told_down, answered, rebase;
	char node[WT_NODE];	/* who answers; "" unknown */
	uint64_t uptime, stot;		/* to see that they go back */
	uint64_t pid;
	int64_t last_good, last_good_wall, since, since_wall;
	char reason[256];		/* of the last failure */
};

struct wt_group {
	TAILQ_ENTRY(wt_group) link;
	char *name;
	struct wt_source **members;
	unsigned count;
	enum wt_quorum quorum;
	enum wt_source_kind kind;
	struct wt_target *byname;	/* hash */
	struct wt_targets targets;	/* in the order of the page */
	bool told_gone;			/* all members are unreachable */
	bool whole;			/* had a whole page */
};

struct wt_word {
	struct wt_word *next;
	char text[];
};

struct wt_state {
	TAILQ_HEAD(, wt_group) groups;
	struct wt_source *sources;
	unsigned source_count, target_count;
	struct map *remembered;		/* name -> class, of the old loop */
	uint64_t queued;		/* outbox record the state knows of;
					 * UINT64_MAX: it is not known */
	struct wt_word *words;
	unsigned word_count;
	bool strange_logged;
};

/* Groups and sources as the configuration has them; NULL: why. */
struct wt_state *wt_state_new(const struct wt_config *, struct why *);
void	wt_state_free(struct wt_state **);
/* NULL: none. */
struct wt_group *wt_state_group(struct wt_state *, struct text name);
/* One copy of each status word; bounded: later ones are "?". */
const char *wt_state_word(struct wt_state *, struct text);

struct wt_target *wt_target_find(const struct wt_group *, struct text proxy,
	    struct text server);	/* NULL: none */
/* NULL: no memory. */
struct wt_target *wt_target_add(struct wt_state *, struct wt_group *,
	    struct text proxy, struct text server);
void	wt_target_free(struct wt_state *, struct wt_target **);

static inline const char *
wt_target_server(const struct wt_target *t)
{
	return t->key + t->proxy_len + 1;
}

static inline struct text
wt_target_proxy(const struct wt_target *t)
{
	return (struct text){ t->key, t->proxy_len };
}

/* What the source says of it. */
static inline struct wt_view *
wt_target_view(struct wt_target *t, const struct wt_source *s)
{
	return &t->view[s->member];
}

/* Does the member have a say: has it seen the target in its last page? */
static inline bool
wt_target_counts(const struct wt_target *t, unsigned member)
{
	const struct wt_view *v = &t->view[member];

	return v->word != NULL && v->missed == 0 &&
	    !t->group->members[member]->stale;
}

/* Of the same proxy? */
static inline bool
wt_target_beside(const struct wt_target *a, const struct wt_target *b)
{
	return text_same(wt_target_proxy(a), wt_target_proxy(b));
}

#endif
