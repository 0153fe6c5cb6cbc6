/* SPDX-License-Identifier: ISC */
/* track.c - results become a state, states become a sum. */
#include "base/clock.h"
#include "base/text.h"
#include "compat.h"
#include "vrrp/track.h"

enum { HEAVIEST = 253 };

static void
add_fault(struct vr_track_verdict *v, const struct vr_track *t)
{
	v->down = true;
	v->by = t->name;
}

/* A file: its number times the weight; without a weight any number faults. */
static void
weigh_value(struct vr_track_verdict *v, const struct vr_track *t,
    struct vr_weight w)
{
	int64_t product = t->value;

	if (w.value == 0) {
		if ((t->value != 0) != w.reverse)
			add_fault(v, t);
		return;
	}
	if (product > 100000)
		product = 100000;
	if (product < -100000)
		product = -100000;
	product *= w.reverse ? -w.value : w.value;
	if (product < -HEAVIEST)
		add_fault(v, t);
	else
		v->weight += product > HEAVIEST ? HEAVIEST : product;
}

void
vr_track_weigh(struct vr_track_verdict *v, const struct vr_track *t,
    struct vr_weight w)
{
	bool up = t->state == VR_TRACK_UP;

	if (t->idle)
		return;
	if (t->ops->scaled)
		weigh_value(v, t, w);
	else if (t->state == VR_TRACK_INIT)
		v->waiting |= w.value == 0;
	else if (w.value == 0 && up == w.reverse)
		add_fault(v, t);
	else if (w.value != 0 && up == (w.value > 0))
		v->weight += w.reverse ? -w.value : w.value;
}

static bool
enter(struct vr_track *t, enum vr_track_state state)
{
	if (t->state == state)
		return false;
	t->state = state;
	t->changed = clock_wall();
	return true;
}

bool
vr_track_count_enter(struct vr_track *t, bool good)
{
	if (good && t->result + 1 < t->rise)
		t->result++;
	else if (good)
		t->result = t->rise + t->fall - 1;
	else if (t->result > t->rise)
		t->result--;
	else
		t->result = 0;
	if (t->state == VR_TRACK_INIT || good == (t->state != VR_TRACK_UP))
		return enter(t, t->result >= t->rise ? VR_TRACK_UP :
		    VR_TRACK_DOWN);
	return false;
}

void
vr_track_tell(struct vr_track *t)
{
	if (t->means->ready)
		t->means->changed(t->means->arg, t);
}

void
vr_track_enter(struct vr_track *t, enum vr_track_state state)
{
	if (enter(t, state))
		vr_track_tell(t);
}

void
vr_track_inherit(struct vr_track *t, const struct vr_track *old)
{
	unsigned most = t->rise + t->fall - 1;

	t->result = old->state == VR_TRACK_UP ? most : old->state ==
	    VR_TRACK_DOWN && old->result < t->rise ? old->result : t->result;
	if (old->state == VR_TRACK_UP && old->result < old->rise + old->fall -
	    1 && t->fall == old->fall && t->rise == old->rise)
		t->result = old->result;
	(void)enter(t, old->state);
	t->value = old->value;
	t->changed = old->changed;
	(void)strlcpy(t->last, old->last, sizeof t->last);
}
