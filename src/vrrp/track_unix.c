/* SPDX-License-Identifier: ISC */
/*
 * track_unix.c - a unix socket that can be connected to, and says what is
 * expected of it. On the turn's loop.
 */
#include <fnmatch.h>
#include <stdio.h>

#include "base/mem.h"
#include "compat.h"
#include "vrrp/probe.h"
#include "vrrp/track_kinds.h"

/* The pattern holds for the answer, with or without its last line's end. */
static bool
is_expected(const char *pattern, struct text all)
{
	char *answer = mem_copy(text_trim(all));
	bool is = answer != NULL && fnmatch(pattern, answer, 0) == 0;

	mem_drop(answer);
	return is;
}

static enum vr_probe_verdict
judge(struct vr_probe *p, struct text all, bool ended)
{
	const struct vr_unix_conf *conf = p->base.conf;

	(void)strlcpy(p->base.last, "connected", sizeof p->base.last);
	if (conf->expect == NULL)
		return VR_PROBE_GOOD;
	if (all.len > 0 && is_expected(conf->expect, all)) {
		snprintf(p->base.last, sizeof p->base.last,
		    "answered as expected");
		return VR_PROBE_GOOD;
	}
	if (!ended)
		return VR_PROBE_MORE;
	snprintf(p->base.last, sizeof p->base.last, "answered %.*s",
	    (int)(all.len < 64 ? all.len : 64), all.at == NULL ? "nothing" :
	    all.at);
	return VR_PROBE_BAD;
}

static int
open_unix(struct vr_track *t, struct why *why)
{
	struct vr_probe *p = (struct vr_probe *)t;
	const struct vr_unix_conf *conf = t->conf;

	if (address_unix(text_of(conf->path), &p->to, why) == -1)
		return -1;
	p->ask = conf->send;
	p->interval = conf->interval;
	p->timeout = conf->timeout;
	p->judge = judge;
	vr_probe_open(p, conf->rise, conf->fall);
	return 0;
}

static void
close_unix(struct vr_track *t)
{
	vr_probe_close((struct vr_probe *)t);
}

const struct vr_track_ops vr_track_unix = {
	.kind = "unix", .size = sizeof(struct vr_probe),
	.open = open_unix, .close = close_unix, .inherit = vr_track_inherit
};
