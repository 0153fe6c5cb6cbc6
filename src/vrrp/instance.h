/* SPDX-License-Identifier: ISC */
/*
 * instance.h - one virtual router as a process of ours has it: what the file
 * says in the form that election and packets want, its live record, its
 * socket. The cast is all of them. Built by the parent before it forks, so
 * child and guard find it in their memory; never changed afterwards but for
 * what is marked. One thread each.
 */
#ifndef WEIR_VRRP_INSTANCE_H
#define WEIR_VRRP_INSTANCE_H

#include "vrrp/election.h"
#include "vrrp/group.h"
#include "vrrp/packet.h"
#include "vrrp/settings.h"
#include "vrrp/wire.h"

struct vr_told {			/* log lines of one kind */
	int64_t since;			/* a second that began then; 0: none */
	unsigned lines;			/* in it */
};

struct vr_instance {
	const struct vr_instance_conf *conf;
	unsigned slot;
	struct vr_live *live;
	struct vr_election_rules rules;
	struct vr_packet_form form;
	struct vr_wire *wire;		/* NULL: its interface is not there */
	struct vr_group *group;		/* NULL: none */
	/* The child's. */
	struct vr_instance *same;	/* next with its VRID on its wire */
	uint32_t told;			/* verdicts that were logged */
	struct vr_told peers, masters;	/* about their adverts, who it is */
	int64_t burst_at;		/* last announcement against a peer */
	int64_t burst_due;		/* one more, behind the peer's own */
	int64_t lower_at;		/* a lower master was heard; 0: never */
};

struct vr_cast {
	const struct vr_config *config;
	struct vr_live_board *board;
	struct vr_instance *at;
	unsigned count;
	struct vr_group *groups;
	unsigned group_count;
	int up, down;			/* eventfds: child to parent, and back */
};

/* slots[i]: that of the i-th instance of the file. NULL: no memory. */
struct vr_cast *vr_instance_cast(const struct vr_config *,
	    struct vr_live_board *, const unsigned *slots);
void	vr_instance_dismiss(struct vr_cast **);
/* Where its adverts come and go by; false: not by an interface. */
void	vr_instance_wire_key(const struct vr_instance *, unsigned index,
	    struct vr_wire_key *);

/* One advert to the group or to each peer; collected in the wires' queue. */
void	vr_instance_send(struct vr_instance *, uint8_t priority);
/* Parent and guard, when no child is left: good-bye of all masters. */
void	vr_instance_resign(struct vr_cast *);

#endif
