/* SPDX-License-Identifier: ISC */
/*
 * rule.h - what a rule does and when: rows of actions (rules.c) and the rules
 * of a section. Immutable once made; belong to the setup. Any thread.
 */
#ifndef WEIR_BALANCER_RULE_H
#define WEIR_BALANCER_RULE_H

#include "balancer/acl.h"
#include "balancer/logformat.h"
#include "balancer/settings.h"

enum lb_act {
	LB_ACT_ACCEPT,		/* final; "allow" of http */
	LB_ACT_REJECT,		/* final; "deny" of http: number is the status */
	LB_ACT_CLOSE,		/* final */
	LB_ACT_SILENT_DROP,	/* final */
	LB_ACT_EXPECT_PROXY,
	LB_ACT_TRACK,		/* slot, expr, table (NULL: own) */
	LB_ACT_INC_GPC,		/* slot, index */
	LB_ACT_ADD_GPC,		/* slot, index, number or expr */
	LB_ACT_SET_GPT,		/* slot, index, number or expr */
	LB_ACT_SET_SRC, LB_ACT_SET_SRC_PORT,	/* expr */
	LB_ACT_SET_DST, LB_ACT_SET_DST_PORT,	/* expr */
	LB_ACT_SET_MARK, LB_ACT_SET_TOS,	/* number or expr; client side */
	LB_ACT_SET_SERVER_MARK, LB_ACT_SET_SERVER_TOS,
	LB_ACT_SET_VAR,		/* name, expr; conditions in 'index' */
	LB_ACT_SET_VAR_FORMAT,	/* name, format */
	LB_ACT_UNSET_VAR,	/* name */
	LB_ACT_CAPTURE,		/* expr, number: bytes */
	LB_ACT_SET_PRIORITY_CLASS, LB_ACT_SET_PRIORITY_OFFSET,	/* expr */
	LB_ACT_SET_LOG_LEVEL,	/* number: 0 emerg to 7 debug, -1 silent */
	LB_ACT_SET_NICE,	/* number */
	LB_ACT_SET_RETRIES,	/* number or expr */
	LB_ACT_DO_RESOLVE,	/* name: variable; text, resolvers: the
				 * section; expr; number: IPv4 first */
	LB_ACT_AUTH,		/* http: text: realm or NULL */
	LB_ACT_RETURN,		/* http: number, answer */
	LB_ACT_REDIRECT,	/* http: number, text: kind, format */
	LB_ACT_TARPIT,		/* http: number */
	LB_ACT_METRICS,		/* http: use-service prometheus-exporter */
	LB_ACT_NOTHING		/* accepted and without effect (class S, W) */
};

struct lb_rule;

struct lb_action {
	const char *name;	/* "x*": a number behind it, "x(*)": more */
	unsigned rulesets;	/* 1 << enum lb_ruleset */
	enum lb_class class;
	enum lb_act act;
	const char *args;	/* for documents */
	/* The words behind the name; -1: told. NULL: there are none. */
	int (*read)(struct lb_parse *, const struct lb_words *, unsigned *at,
	    struct lb_rule *);
	const char *help;
};

struct lb_answer {		/* of return, deny, tarpit, redirect */
	const char *type;			/* content-type, or NULL */
	const struct lb_format *body;		/* NULL: none, or raw */
	const char *raw;			/* text as written, or NULL */
	size_t raw_len;
	unsigned header_count;
	const char **header_names;
	const struct lb_format **header_values;
};

struct lb_rule {
	struct lb_place place;
	const struct lb_action *action;
	const struct lb_cond *cond;		/* NULL: always */
	unsigned slot;				/* of sc0, sc1, ... */
	unsigned index;				/* of gpc(i), gpt(i) */
	int64_t number;
	const char *name, *text;
	const struct lb_expr *expr;
	const struct lb_format *format;
	const struct lb_table_conf *table;
	const struct lb_resolvers_conf *resolvers;
	const struct lb_answer *answer;
};

#endif
