/* SPDX-License-Identifier: ISC */
/* verdict.c - rise and fall. Pure. */
#include "balancer/verdict.h"

void
lb_verdict_start(struct lb_verdict *v, int rise, int fall)
{
	v->rise = rise;
	v->fall = fall;
	v->health = rise;
}

static enum lb_ruling
take_success(struct lb_verdict *v, bool up, bool stopping, bool conditional)
{
	if (v->health < v->rise + v->fall - 1)
		v->health++;
	if (v->health < v->rise)
		return LB_RULING_NONE;
	v->health = v->rise + v->fall - 1;
	if (conditional)
		return up && stopping ? LB_RULING_NONE : LB_RULING_STOPPING;
	return up && !stopping ? LB_RULING_NONE : LB_RULING_UP;
}

static enum lb_ruling
take_failure(struct lb_verdict *v, bool up)
{
	if (v->health > 0)
		v->health--;
	if (v->health >= v->rise)
		return LB_RULING_NONE;
	v->health = 0;
	return up ? LB_RULING_DOWN : LB_RULING_NONE;
}

enum lb_ruling
lb_verdict_take(struct lb_verdict *v, enum lb_result r, bool up, bool stopping)
{
	switch (r) {
	case LB_RESULT_PASSED:
		return take_success(v, up, stopping, false);
	case LB_RESULT_CONDITIONAL:
		return take_success(v, up, stopping, true);
	case LB_RESULT_FAILED:
		return take_failure(v, up);
	case LB_RESULT_UNKNOWN:
	case LB_RESULT_NEUTRAL:
		break;
	}
	return LB_RULING_NONE;
}

bool
lb_verdict_full(const struct lb_verdict *v)
{
	return v->health == v->rise + v->fall - 1;
}

bool
lb_verdict_up(const struct lb_verdict *v)
{
	return v->health >= v->rise;
}

void
lb_verdict_share(const struct lb_verdict *v, int *h, int *n)
{
	bool up = lb_verdict_up(v);

	*h = up ? v->health - v->rise + 1 : v->health;
	*n = up ? v->fall : v->rise;
}

int64_t
lb_verdict_wait(const struct lb_verdict *v, const struct lb_pace *p,
    bool stopped, bool hurry)
{
	if (lb_verdict_full(v) && !hurry)
		return p->usual;
	if (stopped && v->health == 0)
		return p->down;
	return p->fast;
}

int64_t
lb_verdict_jitter(int64_t wait, int percent, uint32_t chance)
{
	int64_t reach = wait * percent / 100;

	return wait - reach + (int64_t)
	    (((uint64_t)(2 * reach) * chance) >> 32);
}
