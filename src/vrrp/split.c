/* SPDX-License-Identifier: ISC */
/* split.c - who spoke since whom; see split.h. Pure. */
#include <string.h>

#include "vrrp/split.h"

enum { ADVERTS = 3 };			/* of silence end it */

static bool
is_same(const struct vr_ip *a, const struct vr_ip *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

static unsigned
find_sender(const struct vr_live *l, const struct vr_ip *from)
{
	unsigned i;

	for (i = 0; i < VR_LIVE_SENDERS && !is_same(&l->sender[i].from, from);
	    i++)
		;
	return i;
}

static void
forget(struct vr_live *l, unsigned i)
{
	for (; i + 1 < VR_LIVE_SENDERS; i++)
		l->sender[i] = l->sender[i + 1];
	if (i < VR_LIVE_SENDERS)
		memset(&l->sender[i], 0, sizeof l->sender[i]);
}

/* To the front; true: it was behind another that is master meanwhile. */
static bool
remember(struct vr_live *l, const struct vr_ip *from, int64_t now,
    int64_t patience)
{
	unsigned i = find_sender(l, from);
	bool again = i > 0 && i < VR_LIVE_SENDERS &&
	    now - l->sender[i].at <= patience;

	forget(l, i < VR_LIVE_SENDERS ? i : VR_LIVE_SENDERS - 1);
	memmove(&l->sender[1], &l->sender[0], (VR_LIVE_SENDERS - 1) *
	    sizeof l->sender[0]);
	l->sender[0].from = *from;
	l->sender[0].at = now;
	return again;
}

static unsigned
usual_number(const struct vr_live *l)
{
	return l->state == VR_STATE_MASTER || l->sender[0].at != 0 ? 1 : 0;
}

enum vr_split_news
vr_split_hear(struct vr_live *l, const struct vr_split_heard *h, int64_t now)
{
	int64_t patience = ADVERTS * h->interval;
	bool again, goes_on = l->masters_seen > 1;

	if (h->priority == 0) {
		forget(l, find_sender(l, &h->from));
		return VR_SPLIT_SAME;
	}
	again = remember(l, &h->from, now, patience);
	if (!goes_on)
		l->masters_seen = 1;
	if (l->state == VR_STATE_MASTER ? !h->rival : !again)
		return VR_SPLIT_SAME;
	if (goes_on) {
		l->counts.split_time += now - l->other_at;
	} else {
		l->masters_seen = 2;
		l->counts.split++;
	}
	l->other_at = now;
	l->split_end = now + patience;
	return goes_on ? VR_SPLIT_SAME : VR_SPLIT_BEGUN;
}

enum vr_split_news
vr_split_look(struct vr_live *l, int64_t now)
{
	if (l->split_end == 0 || now < l->split_end)
		return VR_SPLIT_SAME;
	l->split_end = 0;
	l->masters_seen = (uint8_t)usual_number(l);
	return VR_SPLIT_OVER;
}

void
vr_split_move(struct vr_live *l, int64_t now)
{
	if (l->masters_seen > 1)
		l->counts.split_time += now - l->other_at;
	l->split_end = 0;
	memset(l->sender, 0, sizeof l->sender);
	l->masters_seen = (uint8_t)usual_number(l);
}
