/* SPDX-License-Identifier: ISC */
/*
 * track_script.c - a program run every interval says whether all is well. On
 * the turn's loop; the program itself is run by the helper.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "vrrp/say.h"
#include "vrrp/track_kinds.h"

#define GRACE (2 * CLOCK_SECOND)	/* from TERM to KILL */

struct script {
	struct vr_track base;
	struct vr_turn_timer timer;
	uint64_t run;			/* under way; 0: none */
	int64_t due;
	int status;			/* the last one; -1: none yet */
	bool skipping;			/* told that it still runs */
};

static void
print_end(const struct runner_result *r, char *to, size_t size)
{
	switch (r->end) {
	case RUNNER_EXITED:
		snprintf(to, size, "exited with status %d", r->code);
		break;
	case RUNNER_KILLED:
		snprintf(to, size, "due to signal %d", r->code);
		break;
	case RUNNER_TIMED_OUT:
		snprintf(to, size, "timed_out");
		break;
	case RUNNER_FAILED:
		snprintf(to, size, "could not be run: %s",
		    strerror(r->code));
		break;
	case RUNNER_LOST:
		snprintf(to, size, "was lost with the helper");
		break;
	}
}

/* Its own words, once per change: what stood in no log before. */
static void
tell_output(const struct vr_track *t, struct text output)
{
	struct text line;

	if (text_word(&output, "\r\n", &line) && line.len > 0)
		vr_say_info("VRRP_Script(%s) says: %.*s", t->name,
		    (int)(line.len < 200 ? line.len : 200), line.at);
}

static void
tell_change(const struct vr_track *t, const struct runner_result *r)
{
	if (t->state == VR_TRACK_UP)
		vr_say_info("VRRP_Script(%s) succeeded", t->name);
	else if (r->end == RUNNER_TIMED_OUT)
		vr_say_info("VRRP_Script(%s) timed_out", t->name);
	else
		vr_say_info("VRRP_Script(%s) failed (%s)", t->name, t->last);
	if (t->state != VR_TRACK_UP)
		tell_output(t, r->output);
}

static void
on_done(void *arg, const struct runner_result *r)
{
	struct script *s = arg;
	struct vr_track *t = &s->base;
	int status = r->end == RUNNER_EXITED ? r->code : -2;

	s->run = 0;
	t->busy = false;
	s->skipping = false;
	print_end(r, t->last, sizeof t->last);
	if (r->end == RUNNER_LOST)
		return;
	if (r->end == RUNNER_EXITED && s->status >= 0 && status != s->status)
		vr_say_info("Script `%s` now returning %d", t->name, status);
	s->status = status;
	if (vr_track_count_enter(t, status == 0)) {
		tell_change(t, r);
		vr_track_tell(t);
	}
}

static void
start(struct script *s)
{
	const struct vr_track *t = &s->base;
	const struct vr_script_conf *conf = t->conf;
	char name[300], state[64], priority[64];
	const char *env[] = { name, state, priority, NULL };
	struct vr_launch_job job = { .program = conf->program,
		.limit = conf->timeout, .grace = GRACE, .done = on_done,
		.arg = s };
	const char *word = "";
	unsigned number = 0;
	struct why why;

	if (t->means->config->global.script_environment && t->first != NULL) {
		t->means->environment(t->means->arg, t->first, &word,
		    &number);
		snprintf(name, sizeof name, "VRRP_INSTANCE=%s",
		    t->first->name);
		snprintf(state, sizeof state, "VRRP_STATE=%s", word);
		snprintf(priority, sizeof priority, "VRRP_PRIORITY=%u",
		    number);
		job.env = env;
	}
	s->run = vr_launch_run(t->means->launch, &job, &why);
	s->base.busy = s->run != 0;
	if (s->run == 0)
		vr_say_error("VRRP_Script(%s) cannot be run: %s", t->name,
		    why.line);
}

static void
on_tick(void *arg)
{
	struct script *s = arg;
	const struct vr_script_conf *conf = s->base.conf;
	int64_t now = vr_turn_now();

	if (s->run == 0)
		start(s);
	else if (!s->skipping) {
		vr_say_info("Track script %s is already running, expect idle "
		    "- skipping run", s->base.name);
		s->skipping = true;
	}
	s->due += conf->interval;
	if (s->due <= now)
		s->due = now + conf->interval;
	vr_turn_at(&s->timer, s->due);
}

static int
open_script(struct vr_track *t, struct why *why)
{
	struct script *s = (struct script *)t;
	const struct vr_script_conf *conf = t->conf;

	t->rise = conf->rise > 0 ? conf->rise : 1;
	t->fall = conf->fall > 0 ? conf->fall : 1;
	t->result = t->rise - 1;
	s->status = -1;
	s->timer = (struct vr_turn_timer){ .fire = on_tick, .arg = s };
	if (conf->program == NULL || conf->program->disabled != NULL) {
		/* As if nobody tracked it: never a fault, never a weight. */
		snprintf(t->last, sizeof t->last, "disabled: %s",
		    conf->program == NULL ? "no script" :
		    conf->program->disabled);
		t->idle = true;
		return 0;
	}
	if (conf->init_fail) {
		t->result = 0;
		vr_track_enter(t, VR_TRACK_DOWN);
	}
	s->due = vr_turn_now();
	vr_turn_at(&s->timer, s->due);
	return 0;
}

static void
close_script(struct vr_track *t)
{
	struct script *s = (struct script *)t;

	if (s->run != 0)
		vr_launch_cancel(t->means->launch, s->run);
	vr_turn_forget(&s->timer);
}

static void
inherit(struct vr_track *t, const struct vr_track *old)
{
	struct script *s = (struct script *)t;
	const struct script *was = (const struct script *)old;

	if (t->idle || old->idle || old->state == VR_TRACK_INIT)
		return;
	vr_track_inherit(t, old);
	s->status = was->status;
	if (was->due > vr_turn_now() && was->due < s->due + ((const struct
	    vr_script_conf *)t->conf)->interval) {
		s->due = was->due;
		vr_turn_at(&s->timer, s->due);
	}
}

const struct vr_track_ops vr_track_script = {
	.kind = "script", .size = sizeof(struct script),
	.open = open_script, .close = close_script, .inherit = inherit
};
