/* SPDX-License-Identifier: ISC */
/* round.c - a question to several loops, and its answers. Loop 0. */
#include <stdio.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "net/loop.h"
#include "pooler/round.h"

enum { LIMIT = CLOCK_SECOND };

static uint64_t
bit(unsigned loop)
{
	return (uint64_t)1 << loop;
}

uint64_t
pl_round_all(void)
{
	unsigned n = loop_count();

	NEED(n <= PL_ROUND_LOOPS);
	if (n <= 1)
		return 1;
	return n == PL_ROUND_LOOPS ? UINT64_MAX : bit(n) - 1;
}

uint64_t
pl_round_others(void)
{
	return pl_round_all() & ~bit(0);
}

unsigned
pl_round_here(void)
{
	return loop_here() == NULL ? 0 : loop_number(loop_here());
}

const char *
pl_round_print(uint64_t loops, char to[PL_ROUND_TEXT])
{
	size_t len = 0;

	to[0] = '\0';
	for (unsigned n = 0; n < PL_ROUND_LOOPS; n++)
		if (loops & bit(n))
			len += (size_t)snprintf(to + len, PL_ROUND_TEXT - len,
			    " %u", n);
	return to;
}

/* All are home. */
static void
finish(struct pl_round *r)
{
	if (r->forgotten)
		r->drop(r);
	else if (!r->late)
		r->done(r);
}

static void
on_limit(void *arg)
{
	struct pl_round *r = arg;
	char text[PL_ROUND_TEXT];

	r->late = true;
	if (r->forgotten)
		return;
	log_warning("no answer within a second from loop%s",
	    pl_round_print(r->away, text));
	r->done(r);
}

static void
on_answer(void *arg)
{
	const struct pl_round_note *note = arg;
	struct pl_round *r = note->round;

	r->away &= ~bit(note->loop);
	if (r->away == 0)
		timer_stop(&r->limit);
	if (r->heard != NULL)
		r->heard(r, note->loop);
	if (r->away == 0)
		finish(r);
}

static void
on_asked(void *arg)
{
	struct pl_round_note *note = arg;

	note->round->visit(note->round);
	loop_post(loop_at(0), on_answer, note);
}

/* All that have a loop to be asked on. */
static void
ask_others(struct pl_round *r, uint64_t loops)
{
	r->away = loops;
	timer_init(&r->limit, loop_here(), on_limit, r);
	timer_after(&r->limit, LIMIT);
	for (unsigned n = 1; n < PL_ROUND_LOOPS; n++)
		if (loops & bit(n)) {
			r->notes[n] = (struct pl_round_note){ r, n };
			loop_post(loop_at(n), on_asked, &r->notes[n]);
		}
}

void
pl_round_begin(struct pl_round *r, uint64_t loops)
{
	NEED(r->away == 0 && !r->forgotten);
	r->late = false;
	if (loops & ~bit(0))
		ask_others(r, loops & ~bit(0));
	if (loops & bit(0)) {
		r->visit(r);
		if (r->heard != NULL)
			r->heard(r, 0);
	}
	if (r->away == 0)
		finish(r);
}

void
pl_round_forget(struct pl_round *r)
{
	r->forgotten = true;
	if (r->away == 0)
		r->drop(r);
}
