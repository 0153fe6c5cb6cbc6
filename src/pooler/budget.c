/* SPDX-License-Identifier: ISC */
/*
 * budget.c - a limit that several pools share, and whose turn it is. Pure;
 * owned by its database or user.
 */
#include <stddef.h>

#include "base/die.h"
#include "pooler/budget.h"

void
pl_budget_init(struct pl_budget *b)
{
	*b = (struct pl_budget){ .most = 0 };
	TAILQ_INIT(&b->line);
}

bool
pl_budget_has(const struct pl_budget *b, int most)
{
	return most == 0 || b->taken < most;
}

void
pl_budget_leave(struct pl_budget *b, struct pl_budget_place *place)
{
	if (!place->waiting)
		return;
	TAILQ_REMOVE(&b->line, place, link);
	place->waiting = false;
}

/* Behind everyone who has waited as long or longer. */
void
pl_budget_stand(struct pl_budget *b, struct pl_budget_place *place,
    int64_t since)
{
	struct pl_budget_place *before;

	pl_budget_leave(b, place);
	place->since = since;
	place->waiting = true;
	before = TAILQ_LAST(&b->line, pl_budget_line);
	while (before != NULL && before->since > since)
		before = TAILQ_PREV(before, pl_budget_line, link);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&b->line, place, link);
	else
		TAILQ_INSERT_AFTER(&b->line, before, place, link);
}

/*
 * Whoever asks while a permit is free gets it, also past the line: that is
 * so only when the limit was raised or the one whose turn it was could not
 * use the permit, and then it must not lie about.
 */
bool
pl_budget_take(struct pl_budget *b, int most, struct pl_budget_place *place,
    int64_t since)
{
	b->most = most;
	if (!pl_budget_has(b, most)) {
		pl_budget_stand(b, place, since);
		return false;
	}
	pl_budget_leave(b, place);
	b->taken++;
	return true;
}

void
pl_budget_give(struct pl_budget *b)
{
	NEED(b->taken > 0);
	b->taken--;
}
