/* SPDX-License-Identifier: ISC */
/*
 * election.c - the table of the election, and what fills in its events. An
 * event that has no row in a state changes nothing. Pure.
 */
#include "base/clock.h"
#include "base/die.h"
#include "vrrp/election.h"

enum { DUEL_ADVERTS = 2 };	/* ours, that another owner may see */

enum arm {			/* what happens to the timers */
	KEEP,
	DOWN,			/* the whole master-down time */
	SKEW,			/* the master said good-bye */
	PACE,			/* next advert in one interval */
	NONE
};

struct row {
	bool known;
	enum vr_state next;
	enum arm arm;
	unsigned acts;
};

#define INIT VR_STATE_INIT
#define BACKUP VR_STATE_BACKUP
#define MASTER VR_STATE_MASTER
#define FAULT VR_STATE_FAULT
#define TAKE (VR_DO_ADVERT | VR_DO_HOLD | VR_DO_TELL)
#define LEAVE (VR_DO_LET_GO | VR_DO_TELL)

static const struct row table[FAULT + 1][VR_ELECTION_EVENTS] = {
	[INIT] = {
		[VR_ON_START] = { true, BACKUP, DOWN, LEAVE },
		[VR_ON_FAULT] = { true, FAULT, NONE, LEAVE },
		[VR_ON_GROUP_BACKUP] = { true, BACKUP, DOWN, LEAVE },
	},
	[BACKUP] = {
		[VR_ON_FAULT] = { true, FAULT, NONE, LEAVE },
		[VR_ON_DOWN_TIMER] = { true, MASTER, PACE, TAKE },
		[VR_ON_ZERO] = { true, BACKUP, SKEW, 0 },
		[VR_ON_ACCEPT] = { true, BACKUP, DOWN, 0 },
		[VR_ON_HIGHER] = { true, BACKUP, DOWN, 0 },
		[VR_ON_PATIENT] = { true, BACKUP, DOWN, 0 },
		[VR_ON_LOWER] = { true, BACKUP, KEEP, 0 },
		[VR_ON_GROUP_MASTER] = { true, MASTER, PACE, TAKE },
		[VR_ON_STOP] = { true, INIT, NONE, VR_DO_TELL },
	},
	[MASTER] = {
		[VR_ON_FAULT] = { true, FAULT, NONE, VR_DO_ZERO | LEAVE },
		[VR_ON_ADVERT_TIMER] = { true, MASTER, PACE, VR_DO_ADVERT },
		[VR_ON_ZERO] = { true, MASTER, PACE, VR_DO_ADVERT },
		[VR_ON_LOWER] = { true, MASTER, PACE, VR_DO_ADVERT |
		    VR_DO_BURST },
		[VR_ON_HIGHER] = { true, BACKUP, DOWN, LEAVE },
		[VR_ON_SAME] = { true, MASTER, KEEP, 0 },
		[VR_ON_GROUP_BACKUP] = { true, BACKUP, DOWN, LEAVE },
		[VR_ON_LATE] = { true, BACKUP, DOWN, LEAVE },
		[VR_ON_STOP] = { true, INIT, NONE, VR_DO_ZERO | LEAVE },
	},
	[FAULT] = {
		[VR_ON_CLEAR] = { true, BACKUP, DOWN, VR_DO_TELL },
		[VR_ON_STOP] = { true, INIT, NONE, VR_DO_TELL },
	},
};

static const char *const names[] = {
	[INIT] = "INIT", [BACKUP] = "BACKUP", [MASTER] = "MASTER",
	[FAULT] = "FAULT",
};

const char *
vr_election_state_name(enum vr_state state)
{
	return (unsigned)state <= FAULT ? names[state] : "?";
}

/* ---- times */

/* v2: ours. v3: what the master says, as long as there was one. */
static int64_t
master_interval(const struct vr_election_rules *r, const struct vr_live *l)
{
	return r->version == 3 && l->master_interval != 0 ?
	    l->master_interval : r->interval;
}

int64_t
vr_election_skew(const struct vr_election_rules *r, const struct vr_live *l)
{
	int64_t interval = r->version == 3 ? master_interval(r, l) :
	    CLOCK_SECOND;

	return (256 - l->priority) * interval / 256;
}

int64_t
vr_election_down(const struct vr_election_rules *r, const struct vr_live *l)
{
	return r->down_adverts * master_interval(r, l) +
	    vr_election_skew(r, l);
}

/* A peer may have priority 254, and takes over after little skew. */
int64_t
vr_election_patience(const struct vr_election_rules *r)
{
	return r->down_adverts * r->interval;
}

/* ---- events */

static bool
is_higher(const struct vr_live *l, const struct vr_election_advert *a)
{
	return a->priority > l->priority ||
	    (a->priority == l->priority && a->order > 0);
}

static void
remember_master(const struct vr_election_rules *r, struct vr_live *l,
    const struct vr_election_advert *a)
{
	l->master = a->from;
	l->master_priority = a->priority;
	if (r->version == 3)
		l->master_interval = a->interval;
}

/* The first lower advert starts the delay; a master that we accept ends it. */
static bool
is_patient(const struct vr_election_rules *r, struct vr_live *l, int64_t now)
{
	if (r->preempt_delay == 0)
		return false;
	if (l->preempt_at == 0)
		l->preempt_at = now + r->preempt_delay;
	return now < l->preempt_at;
}

static enum vr_election_event
hear_as_backup(const struct vr_election_rules *r, struct vr_live *l,
    const struct vr_election_advert *a, int64_t now)
{
	if (a->priority == 0)
		return VR_ON_ZERO;
	if (a->priority >= l->priority) {
		l->preempt_at = 0;
		remember_master(r, l, a);
		return VR_ON_ACCEPT;
	}
	if (r->nopreempt) {
		remember_master(r, l, a);
		return VR_ON_ACCEPT;
	}
	if (is_patient(r, l, now)) {
		remember_master(r, l, a);
		return VR_ON_PATIENT;
	}
	return VR_ON_LOWER;
}

/* ---- two owners of the addresses, both with priority 255 */

/* Who has the lower address gives way; had it time enough to see ours? */
static bool
is_stubborn(const struct vr_election_rules *r, struct vr_live *l,
    const struct vr_election_advert *a, int64_t now)
{
	l->duel_interval = r->version == 3 && a->interval > r->interval ?
	    a->interval : r->interval;
	if (l->duel_heard == 0 || now - l->duel_heard >
	    r->down_adverts * l->duel_interval) {
		l->duel_adverts = 0;
		l->duel_end = 0;
	}
	l->duel_heard = now;
	return l->duel_end != 0 && now >= l->duel_end;
}

static enum vr_election_event
hear_owner(const struct vr_election_rules *r, struct vr_live *l,
    const struct vr_election_advert *a, int64_t now)
{
	if (a->order == 0)
		return VR_ON_SAME;
	if (a->order < 0 && !is_stubborn(r, l, a, now))
		return VR_ON_LOWER;
	l->lowered = VR_ELECTION_OWNER;
	l->priority = vr_election_weigh(r, l);
	remember_master(r, l, a);
	return VR_ON_HIGHER;
}

static void
count_in_duel(struct vr_live *l, int64_t now)
{
	if (l->duel_heard != 0 && l->duel_end == 0 &&
	    ++l->duel_adverts >= DUEL_ADVERTS)
		l->duel_end = now + l->duel_interval + l->duel_interval / 5;
}

/* It stands for its addresses again as soon as nobody else does. */
static void
end_duel(const struct vr_election_rules *r, struct vr_live *l)
{
	if (l->state != BACKUP && l->lowered != 0) {
		l->lowered = 0;
		l->priority = vr_election_weigh(r, l);
	}
	l->duel_heard = l->duel_end = 0;
}

enum vr_election_event
vr_election_hear(const struct vr_election_rules *r, struct vr_live *l,
    const struct vr_election_advert *a, int64_t now)
{
	if (l->state == BACKUP)
		return hear_as_backup(r, l, a, now);
	if (a->priority == 0)
		return VR_ON_ZERO;
	if (a->priority == VR_ELECTION_OWNER && l->state == MASTER &&
	    l->priority == VR_ELECTION_OWNER)
		return hear_owner(r, l, a, now);
	if (a->priority == l->priority && a->order == 0)
		return VR_ON_SAME;
	if (!is_higher(l, a))
		return VR_ON_LOWER;
	if (l->state == MASTER)
		remember_master(r, l, a);
	return VR_ON_HIGHER;
}

/* ---- moves */

static void
arm_timers(const struct vr_election_rules *r, struct vr_live *l, enum arm arm,
    int64_t now)
{
	switch (arm) {
	case KEEP:
		return;
	case DOWN:
		l->down_at = now + vr_election_down(r, l);
		l->advert_at = 0;
		return;
	case SKEW:
		l->down_at = now + vr_election_skew(r, l);
		l->advert_at = 0;
		return;
	case PACE:
		l->advert_at = now + r->interval;
		l->down_at = l->preempt_at = 0;
		return;
	case NONE:
		l->advert_at = l->down_at = l->preempt_at = 0;
	}
}

/* The advert timer keeps its beat when it is a little late; it never
 * catches up with a burst. */
static void
keep_beat(const struct vr_election_rules *r, struct vr_live *l, int64_t was,
    int64_t now)
{
	if (was != 0 && was <= now && now - was < r->interval)
		l->advert_at = was + r->interval;
}

static void
count_move(struct vr_live *l, enum vr_state from, enum vr_state to)
{
	if (from == to)
		return;
	if (to == MASTER)
		l->counts.become_master++;
	else if (from == MASTER)
		l->counts.release_master++;
}

static bool
starts_as_master(const struct vr_election_rules *r,
    enum vr_election_event event)
{
	return r->base == VR_ELECTION_OWNER && r->start_master &&
	    (event == VR_ON_START || event == VR_ON_CLEAR);
}

static unsigned
filter_acts(const struct vr_election_rules *r, enum vr_election_event event,
    enum vr_state from, unsigned acts)
{
	if (from != MASTER)
		return acts;
	if (event == VR_ON_HIGHER && r->higher_advert)
		acts |= VR_DO_ADVERT;
	return acts;
}

/* Who does not answer does not start his own interval anew either. */
static struct row
find_row(const struct vr_election_rules *r, enum vr_state from,
    enum vr_election_event event)
{
	struct row row = table[from][event];

	if (from == MASTER && event == VR_ON_LOWER && r->lower_no_advert) {
		row.arm = KEEP;
		row.acts &= ~(unsigned)VR_DO_ADVERT;
	}
	return row;
}

unsigned
vr_election_enter(const struct vr_election_rules *r, struct vr_live *l,
    enum vr_election_event event, bool grouped, int64_t now)
{
	enum vr_state from = l->state;
	int64_t was = l->advert_at;
	struct row row;

	NEED((unsigned)from <= FAULT && event < VR_ELECTION_EVENTS);
	row = find_row(r, from, event);
	if (!row.known)
		return 0;
	if (starts_as_master(r, event) && !grouped)
		row = (struct row){ true, MASTER, PACE, TAKE };
	if (grouped && event == VR_ON_DOWN_TIMER && from == BACKUP) {
		/* The others may not be ready: ask again in a while. */
		arm_timers(r, l, DOWN, now);
		return VR_DO_WANT;
	}
	if (from == MASTER && row.next == BACKUP && event != VR_ON_HIGHER)
		l->master_interval = 0;
	if (row.next == MASTER && from != MASTER)
		l->master_interval = 0;
	l->state = row.next;
	arm_timers(r, l, row.arm, now);
	if (event == VR_ON_ADVERT_TIMER)
		keep_beat(r, l, was, now);
	if (event == VR_ON_LATE && r->late_priority != 0) {
		l->lowered = r->late_priority;
		l->priority = vr_election_weigh(r, l);
	}
	if (from != row.next)
		end_duel(r, l);
	else if (row.acts & VR_DO_ADVERT)
		count_in_duel(l, now);
	count_move(l, from, row.next);
	return filter_acts(r, event, from, row.acts);
}

/* ---- priority */

uint8_t
vr_election_weigh(const struct vr_election_rules *r, struct vr_live *l)
{
	if (l->lowered == VR_ELECTION_OWNER && r->base != VR_ELECTION_OWNER)
		l->lowered = 0;
	if (l->lowered == VR_ELECTION_OWNER)
		return VR_ELECTION_OWNER - 1;
	return l->lowered != 0 ? l->lowered : vr_election_priority(r->base,
	    l->weight);
}

uint8_t
vr_election_priority(uint8_t base, int64_t weight)
{
	int64_t sum = base + weight;

	if (base == VR_ELECTION_OWNER)
		return base;
	return sum < 1 ? 1 : sum > 254 ? 254 : (uint8_t)sum;
}
