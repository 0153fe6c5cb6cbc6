/* SPDX-License-Identifier: ISC */
/*
 * balance_leastconn.c - to whom has the least sessions for his weight; equals
 * take turns: who changed last stands last. Pure, under the proxy's lock.
 */
#include "balancer/balance.h"

/*
 * Of a server: key is its load, turn when it came to that load, score its
 * weight then, 0 for who is out.
 */

static uint64_t
load_of(const struct lb_server *s)
{
	uint64_t load = s->served + s->queue.count;

	return load == 0 || s->eweight == 0 ? 0 :
	    (load + 1) * 4096 / s->eweight;
}

static void
note_load(struct lb_server *s)
{
	uint64_t key = load_of(s);

	if (key == s->key)
		return;
	s->key = key;
	s->turn = ++s->proxy->turn;
}

/* A full one is taken while its own line has room. */
static bool
has_room(const struct lb_server *s)
{
	return s->maxconn == 0 || s->served + s->queue.count <
	    lb_server_limit(s) + (unsigned)s->conf->maxqueue;
}

static struct lb_server *
pick(struct lb_proxy *p, const struct lb_ask *ask)
{
	struct lb_server *best = NULL, *avoided = NULL;

	for (unsigned i = 0; i < p->usable_count; i++) {
		struct lb_server *s = p->usable[i];

		if (!has_room(s))
			continue;
		if (s == ask->not) {
			avoided = s;
			continue;
		}
		if (best == NULL || s->key < best->key ||
		    (s->key == best->key && s->turn < best->turn))
			best = s;
	}
	return best != NULL ? best : avoided;
}

/* Who comes (back), or has another weight, stands behind those there. */
static void
update(struct lb_proxy *p)
{
	for (unsigned i = 0; i < p->server_count; i++) {
		struct lb_server *s = p->servers[i];
		int64_t weight = lb_server_usable(s) ? s->eweight : 0;

		s->key = load_of(s);
		if (weight > 0 && s->score != weight)
			s->turn = ++p->turn;
		s->score = weight;
	}
}

const struct lb_balance lb_balance_leastconn = {
	.name = "leastconn", .turns = true, .update = update,
	.load = note_load, .pick = pick,
};
