/* SPDX-License-Identifier: ISC */
/*
 * parse.h - what all readers of lines share: the setup that is being made,
 * the section they are in, what is told, and what is owed to the end (names
 * of proxies, servers, tables that may stand further down). Lives as long as
 * one reading. One thread.
 */
#ifndef WEIR_BALANCER_PARSE_H
#define WEIR_BALANCER_PARSE_H

#include "balancer/report.h"
#include "balancer/settings.h"
#include "balancer/source.h"

/* A name whose object is looked for when all is read. */
struct lb_debt {
	struct lb_place place;
	enum lb_arg_kind kind;		/* FRONTEND, BACKEND, SERVER, TABLE,
					 * USERLIST */
	const char *name;		/* NULL, "": of the proxy itself */
	struct lb_proxy_conf *proxy;	/* the section that asks */
	const char *what;		/* "'stick'", for the message */
	const void **to;		/* gets the object */
};

/* What of a proxy has a meaning in HTTP only: bits of http_words. */
enum {
	LB_HTTP_LOG = 1 << 0, LB_HTTP_COOKIE = 1 << 1,
	LB_HTTP_REQUEST = 1 << 4, LB_HTTP_RESPONSE = 1 << 5,
	LB_HTTP_AFTER = 1 << 6, LB_HTTP_REDIRECT = 1 << 7,
	LB_HTTP_HASH = 1 << 8, LB_HTTP_COMPRESSION = 1 << 9,
	LB_HTTP_MONITOR = 1 << 10, LB_HTTP_UNIQUE_ID = 1 << 11
};

struct lb_parse {
	struct lb_setup *setup;
	struct arena *arena;
	struct lb_report *report;
	const struct lb_source *source;
	struct lb_place place;		/* of the line under way */

	/* The section under way; NULL, 0 where it is none of that kind. */
	const struct lb_section *section;
	struct lb_proxy_conf *proxy;	/* also a defaults section */
	struct lb_userlist_conf *userlist;
	struct lb_resolvers_conf *resolvers;
	struct lb_peers_conf *peers;
	struct lb_server_conf *peers_default;
	struct lb_bind_conf *peers_bind;	/* default-bind, bind */
	struct lb_block_conf *block;	/* of the section, where lines are
					 * kept */
	bool side;			/* in a side file: settings of ours */
	bool skip;			/* its lines were told to be ignored */
	bool own_steps;			/* check lines of its own were read */
	unsigned timed;			/* time-outs that were given, by bit */
	unsigned put_off;		/* LB_LATER_*: kinds of rules that were
					 * read, for warnings about order */
	/* In front of what is told of a line; NULL: "parsing" alone. */
	const char *subject;
	bool plain_place;		/* without "parsing" */

	struct lb_proxy_conf *defaults;	/* what proxies begin with now */
	struct lb_table_conf *table;	/* of the peers section's last line */
	ARENA_LIST(const struct lb_debt) debts;
};

/* "config : parsing [FILE:LINE] : TEXT", at the place of the line. */
void	lb_parse_alert(struct lb_parse *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	lb_parse_warn(struct lb_parse *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	lb_parse_alert_at(struct lb_parse *, const struct lb_place *,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void	lb_parse_warn_at(struct lb_parse *, const struct lb_place *,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * May the keyword stand in this file? One of ours in the main file is told
 * of, as the original would refuse it; one of its own in a side file is an
 * error (false).
 */
bool	lb_parse_belongs(struct lb_parse *, const char *name, bool ours);

/* A relative name of a file, from where default-path lets it begin. */
const char *lb_parse_path(struct lb_parse *, const char *);

char	*lb_parse_copy(struct lb_parse *, const char *);	/* NULL: NULL */
void	*lb_parse_get(struct lb_parse *, size_t);		/* zeroed */

/* to is set when all is read, or there is an alert. */
void	lb_parse_owe(struct lb_parse *, enum lb_arg_kind, const char *name,
	    const char *what, const void **to);

/*
 * Words for "did you mean 'x' maybe ?": call _start, _offer for each word
 * there is, then _best: NULL when none is close.
 */
struct lb_guess {
	const char *word, *best;
	unsigned distance;
};
void	lb_guess_start(struct lb_guess *, const char *word);
void	lb_guess_offer(struct lb_guess *, const char *candidate);
const char *lb_guess_best(const struct lb_guess *);

#endif
