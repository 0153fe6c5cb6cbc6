/* SPDX-License-Identifier: ISC */
/*
 * talk.h - one operator's connection to a runtime socket: lines in, answers
 * out. A long answer is made in slices, a turn of the loop each, and only as
 * fast as it is read. Whoever runs a command may also wait for other loops.
 * Loop 0.
 */
#ifndef WEIR_BALANCER_TALK_H
#define WEIR_BALANCER_TALK_H

#include "balancer/logs.h"
#include "balancer/settings.h"
#include "conf/command.h"
#include "net/loop.h"
#include "stat/sheet.h"

struct conn;

struct lb_talk_host {		/* who has it; constant */
	/* Carries out one command: what it says is the answer. */
	void (*run)(struct talk *, const struct command_line *);
	void (*ended)(void);	/* one is gone; may be NULL */
	/* What a prompt reads; may be NULL: "> ". */
	const char *(*prompt)(const struct talk *);
};

/*
 * Takes an accepted descriptor; door: the line it came in by. limit: us
 * without a word from the other side; 0: any time. NULL: no memory.
 */
struct talk *lb_talk_begin(struct loop *, int fd,
	    const struct lb_bind_conf *door, int64_t limit,
	    const struct lb_talk_host *);
void	lb_talk_end_all(void);		/* at once; what is unsent is lost */

/* ---- for commands ------------------------------------------------------ */

enum lb_level lb_talk_level(const struct talk *);
void	lb_talk_lower(struct talk *, enum lb_level);	/* never raises */
const struct lb_bind_conf *lb_talk_door(const struct talk *);
struct conn *lb_talk_conn(struct talk *);	/* NULL: it is gone */
struct loop *lb_talk_home(const struct talk *);
/* The connection goes its own way, the talk is over; NULL: it is gone. */
struct conn *lb_talk_release(struct talk *);
/* A number of the host's, of this talk; 0 at first. */
long	lb_talk_mark(const struct talk *);
void	lb_talk_set_mark(struct talk *, long);

/* Data, as it stands; lines end in '\n'. */
struct sheet *lb_talk_answer(struct talk *);
void	lb_talk_put(struct talk *, struct text);
void	lb_talk_print(struct talk *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* A message of one line, without its '\n'; shows its severity if asked to. */
void	lb_talk_tell(struct talk *, enum lb_log_level, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* The same as an error. */
void	lb_talk_refuse(struct talk *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * The answer goes on: more() is called turn by turn, adds to the answer
 * while lb_talk_has_room() and says whether there is still more. drop (may
 * be NULL) frees the state, also when the connection ends before.
 */
void	lb_talk_more(struct talk *, bool (*more)(struct talk *, void *state),
	    void *state, void (*drop)(void *state));
bool	lb_talk_has_room(const struct talk *);
/*
 * The answer waits, for other loops or for time: each wait needs one
 * lb_talk_resume on loop 0, whatever becomes of the connection meanwhile.
 */
void	lb_talk_wait(struct talk *);
void	lb_talk_resume(struct talk *);

enum lb_talk_mode { LB_TALK_ONCE, LB_TALK_GOES_ON, LB_TALK_PROMPTS };
void	lb_talk_set_mode(struct talk *, enum lb_talk_mode);
enum lb_talk_mode lb_talk_mode(const struct talk *);
bool	lb_talk_experiments(const struct talk *);	/* are allowed */
void	lb_talk_set_experiments(struct talk *, bool);
void	lb_talk_set_timed(struct talk *);	/* prompts tell the time */
void	lb_talk_set_severity(struct talk *, int);	/* LB_SEVERITY_* */
void	lb_talk_set_limit(struct talk *, int64_t);	/* us */
void	lb_talk_quit(struct talk *);	/* when all is said */
void	lb_talk_hush(struct talk *);	/* this command has no answer at all */

#endif
