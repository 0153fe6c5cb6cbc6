/* SPDX-License-Identifier: ISC */
/*
 * script.h - the steps of tcp-check and http-check dialogues: as data, and
 * how they are read. What is read belongs to the setup and is immutable.
 * Any thread.
 */
#ifndef WEIR_BALANCER_SCRIPT_H
#define WEIR_BALANCER_SCRIPT_H

#include "balancer/acl.h"
#include "balancer/logformat.h"
#include "balancer/settings.h"

enum lb_step_kind {
	LB_STEP_CONNECT, LB_STEP_SEND, LB_STEP_EXPECT, LB_STEP_COMMENT,
	LB_STEP_SET_VAR, LB_STEP_SET_VAR_FORMAT, LB_STEP_UNSET_VAR
};

enum lb_expect {
	LB_EXPECT_STRING, LB_EXPECT_RSTRING, LB_EXPECT_BINARY,
	LB_EXPECT_RBINARY, LB_EXPECT_STRING_FORMAT, LB_EXPECT_BINARY_FORMAT,
	LB_EXPECT_STATUS, LB_EXPECT_RSTATUS, LB_EXPECT_HEADER,
	LB_EXPECT_FULL_HEADER
};

struct lb_step {
	struct lb_place place;
	enum lb_step_kind kind;
	bool http;			/* a line of http-check */
	const char *comment;		/* or NULL */
	union {
		struct {
			bool usual;		/* "default": the server's */
			uint16_t port;		/* 0: the server's */
			const struct lb_expr *port_expr;
			const struct lb_address *addr;	/* NULL: server's */
			bool ssl, send_proxy, linger, socks4;
			const char *sni, *alpn, *proto;	/* or NULL */
		} connect;
		struct {			/* tcp: one of both */
			struct text data;
			const struct lb_format *format;
			bool binary;		/* format gives hex */
			/* http; what was not said is NULL */
			const char *method, *uri, *version, *body;
			const struct lb_format *uri_format, *body_format;
			unsigned header_count;
			const char **header_names;
			const struct lb_format **header_values;
		} send;
		struct {
			enum lb_expect what;
			bool negated;
			int least_bytes;	/* min-recv; -1: none */
			struct text pattern;
			const struct lb_format *format;
			unsigned span_count;	/* STATUS */
			struct lb_span *spans;
			const char *ok_status, *error_status, *tout_status;
			const struct lb_format *on_success, *on_error;
			const struct lb_expr *status_code;
			/* HEADER, FULL_HEADER: how the name and value match */
			enum lb_match name_match, value_match;
			bool has_value;
			const struct lb_format *name_format, *value_format;
		} expect;
		struct {
			const char *name, *when;	/* when: or NULL */
			const struct lb_expr *expr;
			const struct lb_format *format;
		} var;
	};
};

/* It may stand before the connect that opens the script. */
static inline bool
lb_script_is_aside(const struct lb_step *s)
{
	return s->kind != LB_STEP_CONNECT && s->kind != LB_STEP_SEND &&
	    s->kind != LB_STEP_EXPECT;
}

/* The words behind tcp-check or http-check; NULL: told. */
struct lb_step *lb_script_read(struct lb_parse *, const struct lb_words *,
	    bool http);

#endif
