/* SPDX-License-Identifier: ISC */
/*
 * table.h - a stick table: entries by key, what each keeps, how long it
 * lives. Shared by all loops under the table's own short lock, which every
 * call here takes and lets go (but for those of a walk). Keys are bytes in
 * the table's own form: 4 or 16 of an address, 4 of a number (most
 * significant first), a text without its end. Time is passed in.
 */
#ifndef WEIR_BALANCER_TABLE_H
#define WEIR_BALANCER_TABLE_H

#include "balancer/settings.h"

struct lb_table;
struct lb_entry;

/* Dies: start only. The conf stays its owner's. */
struct lb_table *lb_table_new(const struct lb_table_conf *);
void	lb_table_free(struct lb_table **);
const struct lb_table_conf *lb_table_conf(const struct lb_table *);
unsigned lb_table_used(struct lb_table *);
void	lb_table_expire(struct lb_table *, int64_t now);

/* What is done with an entry that is looked for. */
enum lb_table_how {
	LB_TABLE_LOOK,		/* it must be there */
	LB_TABLE_TOUCH,		/* the same, and its life begins anew */
	LB_TABLE_MAKE		/* made when it is not there; touched */
};

/*
 * Held until dropped: it stays in the table. NULL: it is not there, or the
 * table is full of what may not go.
 */
struct lb_entry *lb_table_hold(struct lb_table *, struct text key,
	    enum lb_table_how, int64_t now);
void	lb_table_drop(struct lb_table *, struct lb_entry *, bool touch,
	    int64_t now);
/* False: it is not there, or in use (*in_use). */
bool	lb_table_remove(struct lb_table *, struct text key, bool *in_use);

/* Of held entries; false: the table does not keep that. */
bool	lb_table_read(struct lb_table *, const struct lb_entry *,
	    enum lb_store, unsigned element, int64_t now, uint64_t *);
/* Adds (n may be negative, down to 0); value: what came out, or NULL. */
bool	lb_table_add(struct lb_table *, struct lb_entry *, enum lb_store,
	    unsigned element, int64_t n, int64_t now, uint64_t *value);
bool	lb_table_set(struct lb_table *, struct lb_entry *, enum lb_store,
	    unsigned element, uint64_t value, int64_t now);
void	lb_table_set_server(struct lb_table *, struct lb_entry *, unsigned id,
	    const char *key);
/* The server's key, "" when none; and its id, 0 when none. */
unsigned lb_table_server(struct lb_table *, const struct lb_entry *,
	    char *key, size_t room);

/* How many hold it; in how many us it goes. */
unsigned lb_table_trackers(const struct lb_entry *);
int64_t	lb_table_left(struct lb_table *, const struct lb_entry *, int64_t now);

/*
 * Some buckets of entries at a time, from *at (0) on; false: that was the
 * last. Inside visit only the calls below may be made.
 */
bool	lb_table_walk(struct lb_table *, unsigned *at, unsigned buckets,
	    void (*visit)(struct lb_table *, struct lb_entry *, void *arg),
	    void *arg);
/* All at once, the oldest first. */
void	lb_table_each(struct lb_table *, void (*visit)(struct lb_table *,
	    struct lb_entry *, void *arg), void *arg);
struct text lb_table_key(const struct lb_entry *);
bool	lb_table_peek(const struct lb_table *, const struct lb_entry *,
	    enum lb_store, unsigned element, int64_t now, uint64_t *);
const char *lb_table_peek_key(const struct lb_entry *);	/* server_key or NULL */
int64_t	lb_table_peek_left(const struct lb_table *, const struct lb_entry *,
	    int64_t now);
/* Goes, unless it is held. */
void	lb_table_forget(struct lb_table *, struct lb_entry *);

/* For a successor: the three numbers a rate is made of. */
struct lb_period { uint64_t began, now, before; };	/* ms; counts */
bool	lb_table_peek_rate(const struct lb_table *, const struct lb_entry *,
	    enum lb_store, unsigned element, struct lb_period *);
void	lb_table_set_rate(struct lb_table *, struct lb_entry *, enum lb_store,
	    unsigned element, const struct lb_period *);
/* Its life ends at that time. */
void	lb_table_set_end(struct lb_table *, struct lb_entry *, int64_t at);

#endif
