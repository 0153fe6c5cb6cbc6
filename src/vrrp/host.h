/* SPDX-License-Identifier: ISC */
/*
 * host.h - what the instances mean for this host: their addresses, routes
 * and rules, announcements, trackers, notifications; and back, what the host
 * means for them (links, source addresses, faults, weights). The parent's,
 * with rights. A part per instance, found by its slot on the board. One
 * thread, on the turn's loop.
 */
#ifndef WEIR_VRRP_HOST_H
#define WEIR_VRRP_HOST_H

#include "vrrp/instance.h"
#include "vrrp/view.h"

struct vr_host_wishes {			/* of the command line */
	bool keep;			/* -V: addresses stay at exit */
	bool tell_addresses;		/* -a */
};

/* What the host asks of the parent. */
struct vr_host_asks {
	void (*look)(void);		/* records changed: tell the child */
	void (*rewire)(void);		/* interfaces came: a child with new
					 * sockets is needed */
};

/*
 * Start: reads the links, makes VMACs, takes away what a crash left behind,
 * opens the sockets, starts trackers, fills in the records. -1: why.
 */
int	vr_host_open(struct vr_config *, struct vr_live_board *,
	    const struct vr_host_wishes *, const struct vr_host_asks *,
	    struct why *);
/* The cast for the next child; borrowed. */
struct vr_cast *vr_host_cast(void);
/*
 * A descriptor that the guard keeps: the kernel takes 10 ms and more for the
 * last close of a packet socket, and nobody hears of the parent's death before
 * all its own are closed.
 */
int	vr_host_slow_close(void);
/* Takes the child's events from the board and acts. */
void	vr_host_act(void);
/*
 * After a sleep: who was silent for longer than the peers wait must not say
 * anything about its addresses either, until the child has decided.
 */
void	vr_host_wake(void);
/*
 * No child leads: adverts of masters leave from here when they are due, also
 * in the midst of a change. Says when the next one is; 0: there is none.
 */
void	vr_host_alone(bool);
int64_t	vr_host_speak(void);
/* Sends what was collected: requests, then announcements. */
void	vr_host_flush(void);
/* Sockets for the interfaces as they are now. True: they are others. */
bool	vr_host_rewire(void);
/* No child is left: good-bye of all masters; addresses go, or are kept. */
void	vr_host_resign(bool keep);
/*
 * Reload, while no child runs: takes the new configuration, gives up what
 * it has no more. The old one is freed. -1: why, all is as before.
 */
int	vr_host_change(struct vr_config *, struct why *);
/* Trackers and scripts ready for a coming vr_host_change. */
void	vr_host_close(void);		/* exit: VMACs, statics, settings */

void	vr_host_view(struct vr_view *);
void	vr_host_zero_counts(void);
unsigned vr_host_busy(void);		/* scripts that have not ended */
void	vr_host_once(const struct vr_program *, int64_t limit,
	    void (*done)(void *), void *arg);

/* The guard, after the parent's death, in its own process. */
void	vr_host_bury(struct vr_cast *, bool keep);

#endif
