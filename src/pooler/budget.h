/* SPDX-License-Identifier: ISC */
/*
 * budget.h - a limit that several pools share: servers of a database
 * (max_db_connections) or of a user (max_user_connections). Pure. One per
 * database and per user, owned by it.
 *
 * A pool asks before it opens a server. Refused, it stands in the budget's
 * line, ordered by how long its first client has waited; whoever gives a
 * permit back looks who is to try next. A pool's first client
 * changes without the line being told, but only to one that came later: so
 * whoever finds the first place out of date puts it where it belongs and
 * looks again.
 */
#ifndef WEIR_POOLER_BUDGET_H
#define WEIR_POOLER_BUDGET_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

struct pl_budget_place {	/* a pool's place in one budget's line */
	TAILQ_ENTRY(pl_budget_place) link;
	int64_t since;		/* arrival of the pool's first waiter */
	bool waiting;
};

struct pl_budget {
	int most;		/* 0: no limit */
	int taken;
	int coming;		/* permits of servers that were told to go */
	TAILQ_HEAD(pl_budget_line, pl_budget_place) line;	/* longest wait first */
};

void	pl_budget_init(struct pl_budget *);
/* True: one permit is taken. False: place stands in line (since updated). */
bool	pl_budget_take(struct pl_budget *, int most, struct pl_budget_place *, int64_t since);
/* Would there be one? Takes nothing, changes no line. */
bool	pl_budget_has(const struct pl_budget *, int most);
void	pl_budget_give(struct pl_budget *);
/* The longest wait in line, as far as told; NULL: nobody. */
static inline struct pl_budget_place *
pl_budget_first(const struct pl_budget *b)
{
	return TAILQ_FIRST(&b->line);
}
/* To its place in line by since, also when it stands there already. */
void	pl_budget_stand(struct pl_budget *, struct pl_budget_place *, int64_t since);
void	pl_budget_leave(struct pl_budget *, struct pl_budget_place *);

#endif
