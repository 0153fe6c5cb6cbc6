/* SPDX-License-Identifier: ISC */
/*
 * parse.h - how a block of a keepalived.conf is read by a table of rows: what
 * every keyword's reader needs (its words, its object, numbers with the
 * reason when refused) and the loop over a block. One reading, one struct
 * vr_parse, on the stack of config.c. One thread.
 */
#ifndef WEIR_VRRP_PARSE_H
#define WEIR_VRRP_PARSE_H

#include "base/names.h"
#include "conf/braces.h"
#include "vrrp/outside.h"
#include "vrrp/report.h"
#include "vrrp/settings.h"

enum vr_kind {
	VR_KIND_FLAG,		/* bool: true; further words do not matter */
	VR_KIND_OFF,		/* bool: false */
	VR_KIND_BOOL,		/* bool: bare, or on, off, true, false, ... */
	VR_KIND_UINT,		/* unsigned */
	VR_KIND_U8,		/* uint8_t */
	VR_KIND_INT,		/* int */
	VR_KIND_BYTES,		/* int64_t */
	VR_KIND_TIME,		/* int64_t microseconds; seconds, fractions */
	VR_KIND_SECONDS,	/* the same, whole seconds */
	VR_KIND_TEXT,		/* const char * */
	VR_KIND_OWN,		/* its row's read() */
	VR_KIND_BLOCK,		/* rows inside, same object */
	VR_KIND_NONE		/* class W: accepted, does nothing */
};

struct vr_parse;

struct vr_key {
	const char *name;		/* NULL ends a table */
	enum vr_kind kind;
	size_t at;			/* offset in the object */
	int64_t least, most;		/* of numbers; microseconds of times */
	size_t from;			/* 1 + offset in the global settings
					 * of what holds when it is not given */
	const char *usual;		/* default, as the file would say it */
	/* Lines; {n} is the object's name, {k} the keyword, {v} the value. */
	const char *refusal;		/* behind the reason of a number */
	const char *zero;		/* for 0, where it becomes 'least' */
	const char *absent;		/* no value; NULL: the reading ends */
	void (*read)(struct vr_parse *);
	const struct vr_key *block;
	const char *instead;		/* deprecated: the new word */
	bool ours;			/* keepalived does not know it */
	bool opens;			/* a block a side file may open too */
	bool refused;			/* class E: known, and not done */
	bool idle;			/* class W, as VR_KIND_NONE: its reader
					 * says so */
	const char *help;		/* class W: why it does nothing */
};

/* Where a row was given, the last time. */
struct vr_given {
	struct vr_given *next;
	const struct vr_key *key;
	struct vr_place at;
};

/* An object that is being filled. */
struct vr_draft {
	void *object;
	const char *name;
	const struct vr_key *rows;
	uint64_t given[3];		/* which rows of it were there */
	struct vr_given *where;		/* one each of them */
	struct names tracked;		/* what its track_... blocks name */
};

struct vr_instance_draft {
	struct vr_draft draft;
	struct vr_instance_conf *conf;
	bool unicast_word;		/* some unicast keyword was there */
	bool family_given, version_given, native_ipv6;
	bool removed;
	bool use_ipvlan;
	bool auth_given, auth_ah, password_given;
	bool source_given;
	const char *hmac;
	struct names addresses;		/* those that are there */
	bool kept;			/* it is among the instances */
};

struct vr_group_draft {
	struct vr_draft draft;
	struct vr_group_conf *conf;
	struct vr_track_group *tracks;	/* or this one */
	ARENA_LIST(const char) members;
};

/* What a track_... block may name. */
struct vr_known {
	const void *what;
	const struct vr_place *place;
	const struct vr_weight *weight;
	bool *used;
};

/* A tracker that was asked for before it was there. */
struct vr_late {
	struct vr_place place;
	enum vr_track_kind kind;
	const char *owner, *word, *name;
};

struct vr_parse {
	struct arena *arena;
	struct vr_config *config;
	struct vr_report *report;
	const struct vr_outside *outside;
	struct braces *in;
	bool side;			/* the side file is being read */
	bool stopped;			/* a value was missing */
	/* The statement being read. */
	struct vr_place place;
	unsigned count;
	const char **words;
	const char *rest;
	const struct vr_key *key;
	struct vr_draft *draft;		/* the object it belongs to */
	/* What is settled at the end. */
	struct vr_draft global;
	struct vr_instance_draft *instance;	/* being read; or NULL */
	struct vr_group_draft *group;
	const struct vr_program *script_user;	/* of the vrrp_script */
	bool script_user_failed;
	enum vr_track_kind track_kind;	/* of the track_... block */
	struct vr_track_list *track_list;
	bool is_static;			/* of the static_... block */
	ARENA_LIST(struct vr_instance_draft) instances;
	ARENA_LIST(struct vr_group_draft) groups;
	ARENA_LIST(struct vr_group_draft) track_groups;
	ARENA_LIST(struct vr_late) lates;
	/* The same by name; the first of a name, of trackers the last. */
	struct names instance_names, group_names, track_group_names;
	struct names garp_interfaces;
	struct names trackers[VR_TRACKS];
	bool interface_missing;
	bool no_host;			/* of another node: nothing is looked up */
	bool lvs_told, bfd_told;
	bool seeded;			/* ${_RANDOM} goes on from here */
	unsigned seed;
	unsigned rules_unordered;	/* rules without a preference */
	unsigned scripts;		/* programs that would run */
	bool edge_scripts;		/* at start and end */
	/* Who runs scripts that name nobody. */
	bool user_known, user_failed;
	uid_t uid;
	gid_t gid;
	const char *user;
};

/* ---- saying things, at the place of the statement */

void	vr_parse_error(struct vr_parse *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	vr_parse_note(struct vr_parse *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The line of a row, {n}, {k} and {v} put in. */
void	vr_parse_refuse(struct vr_parse *, const char *line,
	    const char *value);

/* ---- words */

/* Word n, or NULL. */
const char *vr_parse_word(const struct vr_parse *, unsigned n);
/* The same, and the reading ends when it is not there (status 2). */
const char *vr_parse_need(struct vr_parse *, unsigned n);
const char *vr_parse_copy(struct vr_parse *, const char *);
struct vr_place vr_parse_place(const struct vr_parse *);

/* Each says why when it returns false. */
bool	vr_parse_number(struct vr_parse *, const char *, int64_t least,
	    int64_t most, int64_t *);
bool	vr_parse_seconds(struct vr_parse *, const char *, int64_t least,
	    int64_t most, int64_t *);
bool	vr_parse_onoff(const char *, bool *);	/* says nothing */
/* "IP" or "IP/BITS"; says nothing. */
bool	vr_parse_ip(const char *, struct prefix *);
bool	vr_parse_is_multicast(const struct prefix *);
/* Does it exist, or may it come later? Notes that one is missing if not. */
bool	vr_parse_interface(struct vr_parse *, const char *);
/* The number that iproute2's list has for a name; -1: none. */
long	vr_parse_named(struct vr_parse *, const char *list, const char *name);

/* ---- blocks */

/* Defaults of all rows into a zeroed object. */
void	vr_parse_usual(struct vr_parse *, const struct vr_key *,
	    void *object);
bool	vr_parse_given(const struct vr_draft *, const char *row);
/* Where it was; NULL: nowhere. */
const struct vr_place *vr_parse_where(const struct vr_draft *,
	    const struct vr_key *);
/* Statements up to the }, by the rows, into the draft. */
void	vr_parse_block(struct vr_parse *, const struct vr_key *,
	    struct vr_draft *);
/* Lines of a block without keywords, one call each. */
unsigned vr_parse_lines(struct vr_parse *, void (*line)(struct vr_parse *));
/* Everything up to the }, unread. */
void	vr_parse_skip(struct vr_parse *);
/* All statements of the file, by the rows of the top level. */
void	vr_parse_file(struct vr_parse *, const struct vr_key *);

/* Takes what 'from' says for each row that was not given. */
void	vr_parse_inherit(struct vr_draft *, const struct vr_global_conf *);

#endif
