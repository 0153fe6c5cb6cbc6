/* SPDX-License-Identifier: ISC */
/*
 * check.h - looking after one server: when to look, the connection it is
 * done over, and what came of it. What is said over the connection is a
 * variant (checks.c). All of it on loop 0.
 */
#ifndef WEIR_BALANCER_CHECK_H
#define WEIR_BALANCER_CHECK_H

#include "balancer/deadline.h"
#include "balancer/health.h"
#include "net/conn.h"

enum lb_check_status {		/* numbers as in "show servers state" */
	LB_CHECK_UNK, LB_CHECK_INI, LB_CHECK_START, LB_CHECK_CHECKED,
	LB_CHECK_HANA, LB_CHECK_SOCKERR, LB_CHECK_L4OK, LB_CHECK_L4TOUT,
	LB_CHECK_L4CON, LB_CHECK_L6OK, LB_CHECK_L6TOUT, LB_CHECK_L6RSP,
	LB_CHECK_L7TOUT, LB_CHECK_L7RSP, LB_CHECK_L57DATA, LB_CHECK_L7OK,
	LB_CHECK_L7OKC, LB_CHECK_L7STS, LB_CHECK_PROCERR, LB_CHECK_PROCTOUT,
	LB_CHECK_PROCOK, LB_CHECK_STATUSES
};

struct lb_check_status_row {
	const char *word, *text;	/* L4OK, Layer4 check passed */
	enum lb_result result;
	bool has_code;			/* check_code is shown */
};
extern const struct lb_check_status_row lb_check_rows[LB_CHECK_STATUSES];

enum {				/* as in "show servers state" */
	LB_CHECK_INPROGRESS = 1 << 0, LB_CHECK_CONFIGURED = 1 << 1,
	LB_CHECK_ENABLED = 1 << 2, LB_CHECK_PAUSED = 1 << 3,
	LB_CHECK_AGENT = 1 << 4
};

struct lb_check;
struct lb_variable;

struct lb_check_way {		/* how one connection is made */
	struct address to;		/* len 0: where the server's go */
	uint16_t port;			/* 0: likewise */
	struct tls *tls;		/* NULL: plain; held */
	const char *sni;
	int proxy;			/* PROXY header: 0, 1, 2 */
	bool socks;			/* through the server's SOCKS proxy */
	bool linger;			/* ends with FIN instead of a reset */
};

struct lb_check_variant {	/* what is said once it is connected */
	const char *name;
	/* NULL: as usual. Changes how the first connection is made. */
	void (*open)(struct lb_check *, struct lb_check_way *);
	/*
	 * Instead of a connection: starts it; ends it because its time is
	 * over; stops it early, without an end.
	 */
	void (*run)(struct lb_check *);
	void (*expire)(struct lb_check *);
	void (*stop)(struct lb_check *);
	/* NULL: connected (TLS up) is enough. */
	void (*begin)(struct lb_check *);
	/*
	 * All that came so far; ends it, eats from the front by
	 * lb_check_eat, or waits. ended: no more will come.
	 */
	void (*look)(struct lb_check *, struct text all, bool ended);
	/* Who ends without a word: at which step that is told; 0: by look. */
	unsigned silent_step;
	enum lb_check_status silent;
	/* Room for the text of a time-out at this step; NULL: none. */
	void (*describe)(const struct lb_check *, char *to, size_t room);
	/* Which time-out it is, once connected; NULL: of layer 7. */
	enum lb_check_status (*late)(const struct lb_check *);
};

enum { LB_CHECK_TEXT = 256 };

struct lb_check {
	struct lb_server *server;
	struct lb_check *next;
	const struct lb_check_variant *variant;
	unsigned state;			/* LB_CHECK_* */
	bool agent;
	bool hurry;			/* the next one at fastinter */
	struct lb_pace pace;
	int64_t connect_limit, answer_limit;	/* us; 0: none */
	/* Where to, when it is not the server's. */
	struct address addr;		/* len 0: the server's */
	uint16_t port;			/* 0: the server's */
	struct tls *tls;		/* NULL: plain */
	const char *sni;
	const char *send;		/* an agent's; NULL: nothing */
	char *own_send;			/* set at run time: send is it */
	int proxy;			/* PROXY header: 0, 1, 2 */
	bool socks;			/* check-via-socks4 */

	/* The last result. */
	enum lb_check_status status;
	int code;			/* -1: none */
	char text[LB_CHECK_TEXT];	/* last_chk */
	int64_t duration;		/* us; -1: none */

	/* The next, or the one under way. */
	struct lb_mark mark;
	struct conn *conn;		/* NULL: none */
	struct lb_check_way way;	/* how it was made */
	bool asks;			/* the SOCKS proxy, and waits */
	uint64_t program;		/* that runs; 0: none */
	int64_t began;
	bool connected;
	bool ended;			/* no more bytes will come */
	char *got;			/* what came so far */
	size_t got_len;
	struct lb_variable *variables;	/* of the one under way */
	void *own;			/* the variant's, while it runs */
	unsigned step;			/* the variant's own */
	unsigned part;
};

/* Called before anything else; once. */
void	lb_check_init(struct loop *);
void	lb_check_fini(void);

/* Makes and keeps it; dies: start only. */
struct lb_check *lb_check_new(struct lb_server *, bool agent,
	    const struct lb_check_variant *);
void	lb_check_free(struct lb_check **);	/* of a server that goes */
/* The numbers of its configuration are others: from the next one on. */
void	lb_check_tune(struct lb_check *);
void	lb_check_start_all(void);	/* plans the first run of each */
void	lb_check_soon(struct lb_check *);	/* now, unless one runs */
void	lb_check_enable(struct lb_check *, bool on);
unsigned lb_check_count(void);
struct lb_check *lb_check_first(void);	/* the list of all, by next */

/* Real traffic that failed or went well: observe, on-error. */
void	lb_check_observe(struct lb_server *, bool good);

/* For variants. */
void	lb_check_say(struct lb_check *, struct text);
void	lb_check_eat(struct lb_check *, size_t);
/* code -1, text NULL: none. Ends the one under way. */
void	lb_check_end(struct lb_check *, enum lb_check_status, int code,
	    const char *text);
/* As the server line has it; the caller has its tls. */
struct lb_check_way lb_check_usual_way(const struct lb_check *);
/* The present connection goes; dials anew (scripts). Takes way's tls. */
void	lb_check_redial(struct lb_check *, const struct lb_check_way *way);

#endif
