/* SPDX-License-Identifier: ISC */
/*
 * world.h - the pooler without a network: the streams, loops and timers of
 * src/net played in memory, on a clock that only world_pass moves. The
 * pooler's own files run on it unchanged; a fuzz target plays the peers.
 *
 *	world_start("[databases]...", "\"bob\" \"secret\"\n");
 *	c = world_client();			a client connects
 *	world_say(c, bytes);			it sends, in one slice
 *	s = world_dialed(0);			a server that was dialled
 *	world_answer(s);			which answers like PostgreSQL
 *	world_end();				all go home; nothing is left
 */
#ifndef WEIR_TEST_WORLD_H
#define WEIR_TEST_WORLD_H

#include "fuzz.h"
#include "net/conn.h"

/* Reads a configuration and puts it in force. */
void	world_start(const char *ini, const char *userlist);
/* Closes everything and checks that the pooler holds nothing any more. */
void	world_end(void);

struct conn *world_client(void);
/* The i-th server dialled since world_start that is still open; or NULL. */
struct conn *world_dialed(unsigned i);

/* The peer sends. Ends with a turn of the loop, as all of these. */
void	world_say(struct conn *, struct text);
/* In slices of so many bytes. */
void	world_say_in(struct conn *, struct text, size_t step);
void	world_hang_up(struct conn *);		/* the peer is gone */
void	world_clog(struct conn *, bool full);	/* it takes nothing, or all again */
void	world_pass(int64_t usec);		/* time goes by; the janitor looks */
bool	world_open(const struct conn *);	/* not closed by the pooler */

/* What the pooler has sent to it so far; all of it, borrowed. */
struct text world_heard(const struct conn *);
/* Messages one behind the other; the last may lack some of its body. */
bool	world_is_framed(struct text);
/* How many whole messages of this type stand in it. */
unsigned world_count(struct text, char type);

/* A server of the usual kind reads what it was sent and answers. */
void	world_answer(struct conn *);
void	world_answer_all(void);
/* It leaves auth_query alone: the target answers that. */
extern bool world_mute;
/* What else it does is in the texts it is asked: see run_statement. */

#endif
