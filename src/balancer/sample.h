/* SPDX-License-Identifier: ISC */
/*
 * sample.h - what rules can ask for, as data: rows of fetches and converters
 * (fetches.c, converters.c), and an expression made of them as a setup holds
 * it. Immutable once made; belongs to the setup. Any thread.
 */
#ifndef WEIR_BALANCER_SAMPLE_H
#define WEIR_BALANCER_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct lb_proxy_conf;
struct lb_server_conf;
struct lb_table_conf;
struct lb_userlist_conf;
struct lb_regex;
struct lb_mapfile;

/* The type of a value; ANY only says what a converter takes or gives back. */
enum lb_type {
	LB_TYPE_ANY, LB_TYPE_SAME, LB_TYPE_BOOL, LB_TYPE_INT, LB_TYPE_ADDR,
	LB_TYPE_IPV4, LB_TYPE_IPV6, LB_TYPE_STR, LB_TYPE_BIN, LB_TYPE_METH
};

/* Where a fetch finds its value; an expression has the union of its own. */
enum {
	LB_FROM_INTERNAL = 1 << 0,	/* process, proxies, tables */
	LB_FROM_CLIENT = 1 << 1,	/* the accepted connection, its TLS */
	LB_FROM_SESSION = 1 << 2,	/* tracked counters, variables */
	LB_FROM_REQUEST = 1 << 3,	/* bytes that the client sent */
	LB_FROM_HTTP_REQUEST = 1 << 4,	/* their meaning as HTTP */
	LB_FROM_SERVER = 1 << 5,	/* the connection to the server */
	LB_FROM_RESPONSE = 1 << 6,	/* bytes that the server sent */
	LB_FROM_HTTP_RESPONSE = 1 << 7,
	LB_FROM_CHECK = 1 << 8,		/* only while a check runs */
	LB_FROM_CONSTANT = 1 << 9	/* there at any time, before any client */
};

enum lb_class {		/* of every row */
	LB_CLASS_F,		/* does what the original does */
	LB_CLASS_W,		/* accepted, ignored, with a warning */
	LB_CLASS_S,		/* accepted, ignored, in silence */
	LB_CLASS_E		/* refused */
};

/* One letter of a row's 'args' each; '?' before those that may be absent. */
enum lb_arg_kind {
	LB_ARG_NONE,
	LB_ARG_INT = 'i',	/* number */
	LB_ARG_UINT = 'u',	/* number, not negative */
	LB_ARG_TIME = 't',	/* number: microseconds */
	LB_ARG_SIZE = 'z',	/* number: bytes */
	LB_ARG_STR = 's',	/* text */
	LB_ARG_FRONTEND = 'f',	/* proxy; absent: the current one */
	LB_ARG_BACKEND = 'b',
	LB_ARG_SERVER = 'v',	/* server */
	LB_ARG_TABLE = 'T',	/* table */
	LB_ARG_USERLIST = 'U',	/* userlist */
	LB_ARG_VAR = 'V',	/* text: "scope.name", scope checked */
	LB_ARG_IPV4 = '4',	/* ip: 4 bytes; or a mask given as bits */
	LB_ARG_IPV6 = '6',	/* ip: 16 bytes, likewise */
	LB_ARG_REGEX = 'r',	/* text, not compiled here */
	LB_ARG_OPERAND = 'o'	/* number, or text "scope.name" of a variable */
};

struct lb_arg {
	enum lb_arg_kind kind;		/* NONE: was not given */
	const char *text;		/* as written, quotes removed */
	int64_t number;
	uint8_t ip[16];
	union {				/* resolved when all is read */
		const struct lb_proxy_conf *proxy;
		const struct lb_server_conf *server;
		const struct lb_table_conf *table;
		const struct lb_userlist_conf *userlist;
		const struct lb_regex *regex;	/* of regsub */
		const struct lb_mapfile *map;	/* of map_* */
	};
};

enum { LB_ARGS_MOST = 12 };

struct lb_fetch {
	const char *name;
	const char *args;	/* kinds, e.g. "ui?i" */
	enum lb_type type;	/* what it gives */
	unsigned from;		/* LB_FROM_* */
	enum lb_class class;
	bool suffixes;		/* an ACL may say NAME_beg, NAME_reg, ... */
	const char *help;
};

struct lb_converter {
	const char *name;
	const char *args;
	enum lb_type in, out;
	enum lb_class class;
	const char *help;
};

struct lb_conversion {			/* a converter in use */
	const struct lb_converter *converter;
	struct lb_arg args[LB_ARGS_MOST];
};

struct lb_expr {			/* fetch(args),conv(args),... */
	const char *text;		/* as written */
	const struct lb_fetch *fetch;
	struct lb_arg args[LB_ARGS_MOST];
	ARENA_LIST(struct lb_conversion) conversions;
	enum lb_type type;		/* of the result */
};

#endif
