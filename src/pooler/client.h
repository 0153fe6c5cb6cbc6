/* SPDX-License-Identifier: ISC */
/*
 * client.h - the end that faces an application: state, lists, counters.
 * Made when a connection is accepted, lives on that loop. While it logs in
 * its stage keeps more behind 'login'.
 */
#ifndef WEIR_POOLER_CLIENT_H
#define WEIR_POOLER_CLIENT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/buffer.h"
#include "net/conn.h"
#include "pooler/ledger.h"
#include "pooler/states.h"

struct pl_cancel;
struct pl_console;
struct pl_database;
struct pl_login;
struct pl_lookup;
struct pl_names;
struct pl_pool;
struct pl_server;
struct pl_shard;
struct pl_user;
struct pl_values;

extern const char *const pl_client_state_names[PL_CLIENT_STATES];

struct pl_client {
	/* hot: one transaction touches only these */
	struct conn *conn;
	struct pl_server *server;	/* linked; NULL */
	struct pl_pool *pool;
	struct pl_shard *shard;		/* the pool's on this loop; NULL without a pool */
	struct pl_values *values;	/* what it expects of its server */
	struct pl_names *names;		/* its prepared statements; NULL: none */
	uint32_t body;			/* bytes of the current message still to come */
	uint8_t state;			/* enum pl_client_state */
	bool dropping;			/* the rest of the current message is not forwarded */
	bool welcomed, admin;
	bool fresh;			/* linked, but nothing was forwarded yet */
	bool skipping;			/* after an error: all up to Sync is dropped */
	bool deallocating;		/* DEALLOCATE ALL may be on its way */
	bool told_wait;			/* the NOTICE of query_wait_notify was sent */
	uint8_t mode;			/* enum pl_pool_mode, at the last link */
	uint8_t replication;		/* enum pl_replication */
	bool looks_up;			/* borrows a server of the auth_query pool */
	bool counted;			/* in its database's and user's clients */
	bool doomed;			/* to be closed where it arrives */
	uint32_t need;			/* bytes that 'pending' must have to go on */
	int64_t query_start, xact_start;	/* us; 0: none */
	int64_t request_time;		/* last message from it */

	/* in a line, in a list */
	struct pl_turn turn;
	TAILQ_ENTRY(pl_client) link;	/* its pool's list of its state, or pl_client_logins */
	struct buffer pending;		/* read but not yet forwarded */

	/* cold */
	int64_t connect_time;		/* monotonic */
	struct endpoint peer;
	uint32_t slot;			/* in the slab of all */
	uint32_t place;			/* among the residents of its loop */
	uint32_t born;			/* its pool's era when it came to it */
	uint16_t dealt;			/* 1 + the loop it was dealt to; 0: none yet */
	uint64_t id;			/* shown, never used again */
	uint8_t key[8];			/* its cancel key */
	struct pl_user *user;		/* whom it logged in as; NULL before */
	const char *claimed;		/* the name it gave, while logging in; for the log */
	struct pl_database *database;	/* NULL before it is known */
	struct pl_login *login;		/* the login stage's own; NULL after it */
	struct pl_lookup *lookup;	/* auth_query under way; else NULL */
	struct pl_client_extra *extra;	/* rare things; NULL for most */
};

/* Of few clients: replication options, console state, cancel target. */
struct pl_client_extra {
	char *replication_options;
	struct pl_console *console;	/* the console's own */
	struct pl_cancel *cancel;	/* a cancel request's own; cancel.c */
};

/* Whose turn in the ledger it is. */
static inline struct pl_client *
pl_client_of(struct pl_turn *turn)
{
	return (struct pl_client *)(void *)((char *)turn -
	    offsetof(struct pl_client, turn));
}

/* The same of a message from the client. */
static inline bool
pl_client_midway(const struct pl_client *c)
{
	return c->body > 0 && !c->dropping;
}

extern struct pl_client_list pl_client_logins;		/* all of PL_CLIENT_LOGIN without a pool */
unsigned pl_client_count(void);			/* every accepted connection */
unsigned pl_client_room(void);			/* slots held, for SHOW LISTS and MEM */
/* This loop's, by number: 0 .. pl_client_slots(); NULL where none lives. */
uint32_t pl_client_slots(void);
struct pl_client *pl_client_at(uint32_t place);

/* In LOGIN, in its loop's lists; NULL: no memory. */
struct pl_client *pl_client_new(struct loop *, const struct endpoint *peer);
void	pl_client_enter(struct pl_client *, enum pl_client_state);
void	pl_client_set_pool(struct pl_client *, struct pl_pool *);	/* while in LOGIN */
/* Between loops: out of this loop's lists, into this loop's lists. */
void	pl_client_leave(struct pl_client *);
void	pl_client_join(struct pl_client *);
static inline bool
pl_client_travels(const struct pl_client *c)
{
	return c->shard == NULL && c->pool != NULL;
}
/* Of this loop; NULL: none. key: its cancel key. */
struct pl_client *pl_client_by_id(uint64_t id);
struct pl_client *pl_client_by_key(const uint8_t key[8]);

/*
 * Ends it: FATAL to the client when tell is set (SQLSTATE 08P01 unless
 * another is given), one log line "closing because: ...", the server dealt
 * with as pl_downstream_abandon() says. Harmless on one that is GONE.
 */
void	pl_client_close(struct pl_client *, bool tell, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	pl_client_close_code(struct pl_client *, const char *sqlstate, const char *text);
void	pl_client_fini(void);		/* none is left */
/* As pl_client_close, without any log line (balancer checks). */
void	pl_client_close_silent(struct pl_client *);
/* Set by main: what becomes of the server of a client that goes away. */
extern void (*pl_client_leaves_server)(struct pl_client *, struct pl_server *);
/* Set by main: is its server in the middle of a message to it? */
extern bool (*pl_client_midway_server)(const struct pl_server *);
/* Set by main: it is GONE now; what it asked for ends. */
extern void (*pl_client_gone)(struct pl_client *);
/* Set by main: its record came home to loop 0, and is freed now. */
extern void (*pl_client_home)(struct pl_client *);
/* Set by main: frees what the login stage keeps behind 'login'. */
extern void (*pl_client_login_free)(struct pl_client *);
/* Set by the console: frees what it keeps behind 'extra'. */
extern void (*pl_client_console_free)(struct pl_client *);

/* "C-0x5566...: db/user@127.0.0.1:5000 ", for log_line; returns buf. */
enum { PL_PREFIX = 320 };
const char *pl_client_prefix(const struct pl_client *, char buf[PL_PREFIX]);
#define pl_client_log(c, level, ...)					\
	do {								\
		char prefix_[PL_PREFIX];				\
									\
		if (log_wants(level))					\
			log_line(level, pl_client_prefix(c, prefix_),	\
			    __VA_ARGS__);				\
	} while (0)

#endif
