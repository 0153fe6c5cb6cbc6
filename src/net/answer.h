/* SPDX-License-Identifier: ISC */
/*
 * answer.h - what a DNS message answers: addresses and services, with the
 * addresses that were sent along. Pure; any thread.
 */
#ifndef WEIR_NET_ANSWER_H
#define WEIR_NET_ANSWER_H

#include "base/address.h"

enum { ANSWER_A = 1, ANSWER_CNAME = 5, ANSWER_AAAA = 28, ANSWER_SRV = 33 };
enum { ANSWER_NX = 3, ANSWER_REFUSED = 5 };	/* of the codes */
enum { ANSWER_NAME = 256 };

struct answer_record {
	uint16_t kind;			/* A, AAAA, SRV */
	bool along;			/* of the additional section */
	char owner[ANSWER_NAME];	/* lower case, no dot at its end */
	struct address address;		/* port 0 */
	/* SRV. */
	char target[ANSWER_NAME];
	uint16_t priority, weight, port;
};

/*
 * The records of the question's name, over its aliases, and all that were
 * sent along; 'most' at most. The message's code (0: none was bad); -1: it
 * is malformed.
 */
int	answer_read(const uint8_t *message, size_t len,
	    struct answer_record *to, unsigned most, unsigned *n);

#endif
