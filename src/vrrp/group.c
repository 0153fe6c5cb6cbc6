/* SPDX-License-Identifier: ISC */
/* group.c - what holds for all members of a sync group. Pure. */
#include "vrrp/group.h"

bool
vr_group_wants_master(const struct vr_group *g)
{
	for (unsigned i = 0; i < g->count; i++) {
		const struct vr_live *l = g->members[i];

		if (l->state != VR_STATE_MASTER &&
		    (l->state != VR_STATE_BACKUP ||
		    l->wanted != VR_STATE_MASTER))
			return false;
	}
	return g->count > 0;
}

uint32_t
vr_group_faults(const struct vr_group *g)
{
	uint32_t all = 0;

	for (unsigned i = 0; i < g->count; i++)
		all |= g->members[i]->faults;
	return all;
}

bool
vr_group_settled(const struct vr_group *g, enum vr_state *state)
{
	for (unsigned i = 1; i < g->count; i++)
		if (g->members[i]->state != g->members[0]->state)
			return false;
	if (g->count == 0)
		return false;
	*state = g->members[0]->state;
	return true;
}
