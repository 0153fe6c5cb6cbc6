/* SPDX-License-Identifier: ISC */
/*
 * key.h - one keyword, one row: where it may stand, what it takes, where
 * that goes, what this program does about it. A table ends with a row
 * without a name. Stock kinds store what they read at 'at' of the object of
 * the section; the rest has a reader of its own. Constant; any thread.
 */
#ifndef WEIR_BALANCER_KEY_H
#define WEIR_BALANCER_KEY_H

#include "balancer/parse.h"

enum lb_key_kind {
	LB_KEY_READ,		/* .read does all */
	LB_KEY_NOTHING,		/* words are not looked at */
	LB_KEY_FLAG,		/* bool: true; value 0: false */
	LB_KEY_BITS,		/* unsigned: .value is set; with "no" unset */
	LB_KEY_VALUE,		/* int or an enum: .value */
	LB_KEY_INT,		/* int; what is no number is 0, as there */
	LB_KEY_COUNT,		/* int, strictly, within the bounds */
	LB_KEY_TIME,		/* int64_t; bare: milliseconds */
	LB_KEY_SECONDS,		/* int64_t; bare: seconds */
	LB_KEY_SIZE,		/* unsigned: bytes */
	LB_KEY_TEXT		/* const char * */
};

/* Where a row may stand. */
enum {
	LB_IN_GLOBAL = 1 << 0, LB_IN_DEFAULTS = 1 << 1,
	LB_IN_FRONTEND = 1 << 2, LB_IN_LISTEN = 1 << 3,
	LB_IN_BACKEND = 1 << 4, LB_IN_PEERS = 1 << 5,
	LB_IN_RESOLVERS = 1 << 6, LB_IN_USERLIST = 1 << 7,
	LB_IN_BIND = 1 << 8, LB_IN_SOCKET = 1 << 9, LB_IN_SERVER = 1 << 10,
	LB_IN_DEFAULT_SERVER = 1 << 11
};
#define LB_IN_PROXIES	(LB_IN_DEFAULTS | LB_IN_FRONTEND | LB_IN_LISTEN | \
			LB_IN_BACKEND)

struct lb_key {
	const char *name;	/* its words, parted by a blank */
	unsigned in;		/* LB_IN_*, where it has an effect */
	enum lb_class class;
	enum lb_key_kind kind;
	size_t at;
	int64_t least, most;	/* INT, COUNT, TIME; both 0: no bounds */
	int value;
	bool may_no;		/* "no NAME" undoes it */
	/*
	 * w->at[at - 1] is the last word of the name; returns how many words
	 * were taken (of a line: all there are), -1: told.
	 */
	int (*read)(struct lb_parse *, const struct lb_key *,
	    const struct lb_words *w, unsigned at, void *object);
	int words;		/* behind the name, at most; -1: any */
	const char *args;	/* "<time>", for documents */
	const char *usual;	/* default, for documents */
	const char *advice;	/* what to write instead, or why not */
	bool ours;		/* the original would refuse it */
	const char *help;
};

/* The row whose words the line has from 'at' on; the longest; or NULL. */
const struct lb_key *lb_key_find(const struct lb_key *rows,
	    const struct lb_words *, unsigned at, unsigned *words);

/* The word behind the keyword; NULL: there is none, and that was told. */
const char *lb_key_value(struct lb_parse *, const struct lb_key *,
	    const struct lb_words *, unsigned at);
/* Tells of an option that neither table has there, and what is like it. */
void	lb_key_refuse(struct lb_parse *, const char *word, unsigned in,
	    const struct lb_key *rows, const struct lb_key *more);

/*
 * Does what the row says: store, warn or refuse. at: behind the name. no: the
 * line began with "no". Returns as .read does.
 */
int	lb_key_apply(struct lb_parse *, const struct lb_key *,
	    const struct lb_words *, unsigned at, bool no, void *object);

#endif
