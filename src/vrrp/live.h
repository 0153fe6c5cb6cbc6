/* SPDX-License-Identifier: ISC */
/*
 * live.h - what the instances are doing now, in memory that the parent and
 * the child share, so that whoever is left when one dies knows it all. One
 * page set, made by the parent before any fork; slots keep their number over
 * reloads. Who writes what stands beside each part: one thread of one process.
 * No pointer is in it.
 */
#ifndef WEIR_VRRP_LIVE_H
#define WEIR_VRRP_LIVE_H

#include <netinet/in.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum vr_state {			/* the numbers are those of the JSON file */
	VR_STATE_INIT, VR_STATE_BACKUP, VR_STATE_MASTER, VR_STATE_FAULT
};

enum {
	VR_LIVE_SLOTS = 4096, VR_LIVE_GROUPS = 1024, VR_LIVE_EVENTS = 8192,
	VR_LIVE_LATE = 7,		/* buckets: VR_VIEW_LATE bounds and more */
	VR_LIVE_SENDERS = 4		/* masters that are remembered */
};

struct vr_ip {			/* of the family that the instance has */
	uint8_t len;		/* 4, 16; 0: none */
	uint8_t at[16];
};

/* Why an instance is in FAULT; written by the parent, several at once. */
enum vr_fault {
	VR_FAULT_LINK = 1 << 0,		/* interface down or absent */
	VR_FAULT_SOURCE = 1 << 1,	/* no address of the family on it */
	VR_FAULT_TRACK = 1 << 2,	/* a tracker without weight is down */
	VR_FAULT_CONFIG = 1 << 3,	/* what the file says cannot work */
	VR_FAULT_WAIT = 1 << 4,		/* a tracker has no result yet */
	VR_FAULT_DELETED = 1 << 5	/* an address was taken too often */
};

struct vr_live_counts {		/* one row of the statistics file each */
	uint64_t advert_received, advert_sent;
	uint64_t become_master, release_master;
	uint64_t length, ttl, type, interval, address_list;
	uint64_t auth_type, auth_mismatch, auth_failure;
	uint64_t zero_received, zero_sent;
	/* Ours: */
	uint64_t version, checksum, cast, stranger, late;
	uint64_t split;			/* times with more than one master */
	int64_t split_time;		/* us of them */
};

struct vr_live {
	/* The parent's. */
	bool used;
	uint32_t faults;		/* enum vr_fault */
	int32_t weight;			/* sum of the trackers */
	struct vr_ip source;		/* adverts leave from it */
	uint32_t ifindex;		/* that they leave from */
	bool holds;			/* the addresses are on this host */
	/* The child's. */
	enum vr_state state, wanted;
	uint8_t priority;		/* effective */
	uint8_t master_priority;
	struct vr_ip master;
	int64_t advert_at, down_at, preempt_at;	/* timers; 0: not running */
	int64_t last_sent;		/* monotonic us; 0: never */
	int64_t last_change;		/* wall us */
	int64_t master_interval;	/* us; v3: learned */
	/* Two owners of the addresses: when the other was heard, its pace or
	 * ours; adverts of ours since, and when it had time enough to see
	 * them. */
	int64_t duel_heard, duel_interval, duel_end;
	uint8_t duel_adverts;
	uint8_t lowered;		/* said instead of our own; 0: not; 255:
					 * an owner that gave way says 254 */
	uint16_t ip_id;
	uint8_t masters_seen;		/* 2: split */
	int64_t other_at;		/* the split showed last; 0: never */
	int64_t split_end;		/* when it is over; 0: there is none */
	struct {			/* of good adverts, the last first */
		struct vr_ip from;
		int64_t at;
	} sender[VR_LIVE_SENDERS];
	struct vr_live_counts counts;
};

/* What the parent must do because of the child's decision, in order. */
enum vr_live_act {
	VR_ACT_STATE,		/* entered 'state': addresses, notify, mail */
	VR_ACT_BURST,		/* a lower master was heard: announce again */
	VR_ACT_PRIORITY,	/* effective priority changed */
	VR_ACT_GROUP		/* 'slot' is a group's number */
};

struct vr_live_event {
	uint8_t act, state, priority;
	uint16_t slot;
};

struct vr_live_board {
	struct vr_live slot[VR_LIVE_SLOTS];
	uint8_t group_state[VR_LIVE_GROUPS];	/* as was last told; child's */
	/* The child adds at head, the parent takes at tail. */
	_Atomic uint32_t head, tail;
	struct vr_live_event event[VR_LIVE_EVENTS];
	/* Parent to child: leave with priority 0, or leave all as it is. */
	_Atomic bool stop, retire;
	_Atomic int32_t child;		/* its pid, for the guard; 0: none */
	/* A new child is ready; it leads when the parent has heard of that,
	 * and sends no more adverts itself. Pids; 0: none. */
	_Atomic int32_t ready, leads;
	/* The child's timers: how many were how late (view.h has the bounds). */
	uint64_t late[VR_LIVE_LATE];
	int64_t late_sum;		/* us */
	_Atomic uint32_t slow;		/* later than min_auto_priority_delay */
};

#endif
