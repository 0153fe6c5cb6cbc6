/* SPDX-License-Identifier: ISC */
/*
 * track.h - one thing that is tracked: what it says now, and what that means
 * for a priority. The kinds (track_interface, _script, _file, _process, _unix,
 * _http) fill in a struct vr_track_ops; the table of all is tracks.c. On the
 * turn's loop of the parent; a tracker belongs to the struct vr_tracks that
 * made it. The arithmetic is pure. One thread.
 */
#ifndef WEIR_VRRP_TRACK_H
#define WEIR_VRRP_TRACK_H

#include "vrrp/launch.h"
#include "vrrp/link.h"
#include "vrrp/settings.h"
#include "vrrp/turn.h"

enum vr_track_state {
	VR_TRACK_INIT,			/* no result yet */
	VR_TRACK_UP, VR_TRACK_DOWN
};

/* Of all trackers of a configuration; the owner's is in tracks.c. */
struct vr_track_means;

struct vr_track {
	const struct vr_track_means *means;
	const struct vr_track_ops *ops;
	const char *name;
	const void *conf;		/* of its kind */
	enum vr_track_state state;
	bool idle;			/* disabled: it counts for nothing */
	bool busy;			/* it is being asked now */
	int64_t value;			/* file: the number in it */
	unsigned result, rise, fall;	/* counter; good from rise on */
	int64_t changed;		/* wall us of the last change; 0 */
	char last[128];			/* what it said last, for status */
	const struct vr_instance_conf *first;	/* who tracks it: the first, */
	unsigned users;				/* and how many do */
	struct vr_track *next;
};

/* What the trackers are given to work with. */
struct vr_track_means {
	const struct vr_config *config;
	struct vr_links *links;
	struct vr_launch *launch;
	/* Something changed: judge the instances again (vr_tracks_judge). */
	void (*changed)(void *arg, struct vr_track *);
	/* script_environment: name, state and priority of an instance. */
	void (*environment)(void *arg, const struct vr_instance_conf *,
	    const char **state, unsigned *priority);
	void *arg;
	bool ready;			/* changed() may be called */
	bool reload;			/* files are not made anew */
	/* The interface counts as up, delays considered. */
	bool (*link_up)(const struct vr_track_means *, const char *name);
};

struct vr_track_ops {			/* a kind */
	const char *kind;		/* "script", for status and metrics */
	size_t size;			/* of its record: begins with a vr_track */
	bool scaled;			/* weight times value: files */
	int (*open)(struct vr_track *, struct why *);
	void (*close)(struct vr_track *);
	/* Reload: the one of the same name before; optional. */
	void (*inherit)(struct vr_track *, const struct vr_track *old);
	/* Links have changed; optional. */
	void (*links)(struct vr_track *);
};

/* What one track_... line adds to an instance. */
struct vr_track_verdict {
	int64_t weight;			/* sum */
	bool down;			/* FAULT */
	bool waiting;			/* no result yet: neither up nor down */
	const char *by;			/* whose fault it is; NULL */
};

/* Pure: adds what a tracker in this state, weighed so, means. */
void	vr_track_weigh(struct vr_track_verdict *, const struct vr_track *,
	    struct vr_weight);
/* Pure: one result more. True: the state is another one now. */
bool	vr_track_count_enter(struct vr_track *, bool good);
/* Sets the state at once (kinds without rise and fall); tells changed(). */
void	vr_track_enter(struct vr_track *, enum vr_track_state);
void	vr_track_tell(struct vr_track *);
/* The state before it was made: of a reload. Kinds with counters. */
void	vr_track_inherit(struct vr_track *, const struct vr_track *old);

#endif
