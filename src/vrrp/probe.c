/* SPDX-License-Identifier: ISC */
/* probe.c - ask, hear, judge; again when the interval is over. */
#include "base/clock.h"
#include "compat.h"
#include "vrrp/probe.h"
#include "vrrp/say.h"

static void
conclude(struct vr_probe *p, bool good)
{
	struct vr_track *t = &p->base;

	vr_chat_close(&p->chat);
	if (!vr_track_count_enter(t, good))
		return;
	vr_say_info("Track %s(%s) %s%s%s", t->ops->kind, t->name, good ?
	    "succeeded" : "failed (", good ? "" : t->last, good ? "" : ")");
	vr_track_tell(t);
}

static void
look(struct vr_probe *p, struct text all, bool ended)
{
	switch (p->judge(p, all, ended)) {
	case VR_PROBE_MORE:
		break;
	case VR_PROBE_GOOD:
		conclude(p, true);
		break;
	case VR_PROBE_BAD:
		conclude(p, false);
		break;
	}
}

static void
on_ready(void *arg)
{
	struct vr_probe *p = arg;

	p->heard = TEXT_NONE;
	if (p->ask != NULL)
		(void)vr_chat_send(p->chat, text_of(p->ask));
	look(p, TEXT_NONE, false);
}

static void
on_heard(void *arg, struct text all)
{
	struct vr_probe *p = arg;

	p->heard = all;
	look(p, all, false);
}

static void
on_ended(void *arg, const char *reason)
{
	struct vr_probe *p = arg;

	if (reason == NULL) {
		look(p, p->heard, true);
		return;
	}
	(void)strlcpy(p->base.last, reason, sizeof p->base.last);
	conclude(p, false);
}

static const struct vr_chat_handler handler = {
	.ready = on_ready, .heard = on_heard, .ended = on_ended
};

static void
on_tick(void *arg)
{
	struct vr_probe *p = arg;
	int64_t now = vr_turn_now();
	struct why why;

	p->due += p->interval;
	if (p->due <= now)
		p->due = now + p->interval;
	vr_turn_at(&p->timer, p->due);
	if (p->chat != NULL)
		return;			/* its limit ends it */
	p->heard = TEXT_NONE;
	p->chat = vr_chat_dial(&p->to, p->timeout, &handler, p, &why);
	if (p->chat == NULL) {
		(void)strlcpy(p->base.last, why.line, sizeof p->base.last);
		conclude(p, false);
	}
}

void
vr_probe_open(struct vr_probe *p, unsigned rise, unsigned fall)
{
	p->base.rise = rise > 0 ? rise : 1;
	p->base.fall = fall > 0 ? fall : 1;
	p->base.result = p->base.rise - 1;
	p->timer = (struct vr_turn_timer){ .fire = on_tick, .arg = p };
	p->due = vr_turn_now();
	vr_turn_at(&p->timer, p->due);
}

void
vr_probe_close(struct vr_probe *p)
{
	vr_turn_forget(&p->timer);
	vr_chat_close(&p->chat);
}
