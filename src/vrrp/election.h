/* SPDX-License-Identifier: ISC */
/*
 * election.h - who is master: state x event -> state and actions, the RFCs as
 * a table, with what the original adds (nopreempt, preempt_delay, owners).
 * Pure: knows no socket, time is passed in. Whoever carries it out does the
 * actions in the order of their bits.
 */
#ifndef WEIR_VRRP_ELECTION_H
#define WEIR_VRRP_ELECTION_H

#include "vrrp/live.h"

enum { VR_ELECTION_OWNER = 255 };

struct vr_election_rules {	/* of the file; fixed between reloads */
	uint8_t version;
	uint8_t base;			/* configured priority */
	bool start_master;		/* state MASTER */
	bool nopreempt;
	bool lower_no_advert, higher_advert;
	uint8_t late_priority;		/* after VR_ON_LATE; 0: as before */
	unsigned down_adverts;
	int64_t interval, preempt_delay;	/* us */
};

enum vr_election_event {
	VR_ON_START,		/* nothing stands in the way */
	VR_ON_FAULT, VR_ON_CLEAR,
	VR_ON_DOWN_TIMER, VR_ON_ADVERT_TIMER,
	VR_ON_ZERO,		/* an advert with priority 0 */
	VR_ON_LOWER, VR_ON_HIGHER,	/* by priority, then address */
	VR_ON_SAME,		/* equal priority from our own address */
	VR_ON_ACCEPT,		/* BACKUP: the master that we wait upon */
	VR_ON_PATIENT,		/* BACKUP: a lower one, in preempt_delay */
	VR_ON_GROUP_MASTER, VR_ON_GROUP_BACKUP,	/* drawn along */
	VR_ON_LATE,		/* woke later than the peers wait */
	VR_ON_STOP,
	VR_ELECTION_EVENTS
};

enum vr_election_do {		/* in this order */
	VR_DO_ADVERT = 1 << 0,
	VR_DO_ZERO = 1 << 1,
	VR_DO_HOLD = 1 << 2,		/* addresses on, announce */
	VR_DO_LET_GO = 1 << 3,		/* addresses off */
	VR_DO_BURST = 1 << 4,		/* announce again */
	VR_DO_TELL = 1 << 5,		/* the state is another */
	VR_DO_WANT = 1 << 6		/* MASTER, when the group agrees */
};

struct vr_election_advert {	/* what was heard */
	uint8_t priority;
	int64_t interval;		/* us; v3 */
	struct vr_ip from;
	int order;		/* sender's address against ours: <0, 0, >0 */
};

int64_t	vr_election_skew(const struct vr_election_rules *,
	    const struct vr_live *);
int64_t	vr_election_down(const struct vr_election_rules *,
	    const struct vr_live *);
/* The longest that any peer with our settings waits for us. */
int64_t	vr_election_patience(const struct vr_election_rules *);

/* What an advert means here and now. */
enum vr_election_event vr_election_hear(const struct vr_election_rules *,
	    struct vr_live *, const struct vr_election_advert *, int64_t now);
/*
 * Moves: state and timers in the live record are set, the actions returned.
 * 'grouped': BACKUP's timer only gives VR_DO_WANT; VR_ON_GROUP_MASTER moves.
 */
unsigned vr_election_enter(const struct vr_election_rules *, struct vr_live *,
	    enum vr_election_event, bool grouped, int64_t now);

/* configured + the sum of the trackers, 1 to 254; an owner's never changes. */
uint8_t	vr_election_priority(uint8_t base, int64_t weight);
/* What holds now: an owner that gave way to another stays below it. */
uint8_t	vr_election_weigh(const struct vr_election_rules *, struct vr_live *);

const char *vr_election_state_name(enum vr_state);	/* "MASTER" */

#endif
