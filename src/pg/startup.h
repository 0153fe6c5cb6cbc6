/* SPDX-License-Identifier: ISC */
/*
 * startup.h - the first packet of a client, which has no type byte: what it
 * asks for, and the parameters of a StartupMessage. Everything is borrowed
 * from the packet. Pure; any thread.
 */
#ifndef WEIR_PG_STARTUP_H
#define WEIR_PG_STARTUP_H

#include <stdint.h>

#include "base/text.h"
#include "base/why.h"
#include "pg/message.h"

enum {
	STARTUP_MOST = 10000,		/* bytes of a packet, PostgreSQL's limit */
	STARTUP_HEAD = 8,		/* length and code */
	STARTUP_TLS_BYTE = 0x16		/* a first byte that begins a TLS record */
};

enum startup_kind {
	STARTUP_PLAIN,			/* StartupMessage 3.x */
	STARTUP_SSL,			/* SSLRequest */
	STARTUP_GSS,			/* GSSENCRequest */
	STARTUP_CANCEL,			/* CancelRequest with its 8-byte key */
	STARTUP_CANCEL_BAD,		/* one of another length: close, silently */
	STARTUP_BAD			/* refused; why holds the client's text */
};

struct startup {
	enum startup_kind kind;
	uint16_t minor;			/* PLAIN: of protocol 3.minor */
	char key[8];			/* CANCEL */
	struct text params;		/* PLAIN: for startup_next */
};

/*
 * How long the packet at the start of a slice is, itself and all.
 * MESSAGE_MORE: fewer than eight bytes so far. MESSAGE_BAD: a length that
 * cannot be (below 8, above STARTUP_MOST): why is the client's text
 * ("bad packet header: 'HEX'"); nothing is to be buffered for it.
 * The caller looks for STARTUP_TLS_BYTE first.
 */
enum message_state startup_peek(struct text slice, uint32_t *size,
	    struct why *);

/*
 * One whole packet (as long as startup_peek said). Every parameter is
 * checked to be a pair, so that the walk below cannot fail. The texts of why:
 *   "old V2 protocol not supported"
 *   "bad packet header: 'HEX'"			(an unknown code)
 *   "invalid startup packet layout: expected terminator as last byte"
 *			(also for a name without a value, and for bytes behind
 *			the terminator)
 */
struct startup startup_parse(struct text packet, struct why *);

/* The next parameter; starts with rest = startup.params. False at the end. */
bool	startup_next(struct text *rest, struct text *name, struct text *value);

/* Protocol extensions: to be listed in NegotiateProtocolVersion. */
static inline bool
startup_is_extension(struct text name)
{
	return text_begins(name, "_pq_.");
}

/*
 * Words of the parameter "options": "-c name=value", "-cname=value" or
 * "--name=value", white space between them, a backslash takes the next
 * character as it is. The unescaped texts live in scratch, which has at
 * least options.len bytes and stays as long as the texts are used.
 * startup_option gives 1 (a pair), 0 (the end) or -1: refused, with why
 *   "unsupported options startup parameter: only '-c config=val' and
 *    '--config=val' are allowed"		(one line)
 */
struct startup_options {
	struct text rest;
	char *scratch;
};

static inline struct startup_options
startup_options(struct text options, char *scratch)
{
	return (struct startup_options){ options, scratch };
}

int	startup_option(struct startup_options *, struct text *name,
	    struct text *value, struct why *);

#endif
