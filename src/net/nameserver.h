/* SPDX-License-Identifier: ISC */
/*
 * nameserver.h - one name server that is asked single questions, by UDP
 * (TCP when an answer is too long) or by TCP alone. Nothing is remembered
 * and nothing asked twice. One loop's thread.
 */
#ifndef WEIR_NET_NAMESERVER_H
#define WEIR_NET_NAMESERVER_H

#include "net/answer.h"
#include "net/loop.h"

struct nameserver;

struct nameserver_options {
	struct address address;
	bool tcp;
	unsigned payload;		/* bytes of an answer by UDP */
	int64_t limit;			/* us until a question is given up */
};

enum nameserver_end {
	NAMESERVER_ANSWERED,		/* whatever it said */
	NAMESERVER_SILENT,		/* the limit passed */
	NAMESERVER_UNREACHABLE		/* the system refused to send */
};

typedef void nameserver_told(void *arg, uint64_t token, enum nameserver_end,
	    const uint8_t *message, size_t len);

struct nameserver *nameserver_open(struct loop *,
	    const struct nameserver_options *, struct why *);
/*
 * told() is called once, later or inside this call: with the message, which
 * is borrowed, or without. Never after nameserver_close().
 */
void	nameserver_ask(struct nameserver *, const char *name, uint16_t kind,
	    nameserver_told *told, void *arg, uint64_t token);
void	nameserver_close(struct nameserver **);

#endif
