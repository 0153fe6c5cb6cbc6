/* SPDX-License-Identifier: ISC */
/*
 * peers.h - cancel keys, and which pooler of a group a key belongs to. Pure:
 * the peers are the rows of [peers]; who carries a request is cancel.c. Any
 * thread.
 *
 * A key is eight bytes: byte 0 below 0x80; with peer_id set, bytes 1 and 2
 * are its low and high byte and the two low bits of byte 7 count the hops
 * that a request may still make (3 in keys given to clients). The rest is
 * random. Groups of old and new executables agree on this.
 */
#ifndef WEIR_POOLER_PEERS_H
#define WEIR_POOLER_PEERS_H

#include <stdint.h>

#include "pooler/settings.h"

enum { PL_PEERS_KEY = 8 };

/* Makes eight random bytes a key of this pooler (own: its peer_id, 0: none). */
void	pl_peers_shape(uint8_t key[PL_PEERS_KEY], int own);

enum pl_peers_verdict {
	PL_PEERS_OURS,		/* compare key with those of our clients */
	PL_PEERS_FORWARD,	/* send key to peer */
	PL_PEERS_EXHAUSTED,	/* it has been sent on too often */
	PL_PEERS_UNKNOWN	/* no such peer */
};

struct pl_peers_answer {
	enum pl_peers_verdict verdict;
	const struct pl_peer_row *peer;	/* FORWARD; else NULL */
	uint8_t key[PL_PEERS_KEY];	/* to be compared, to be sent on */
	const char *reason;		/* why it ends here; NULL: it does not */
};

/* Whose is the key of a CancelRequest? */
struct pl_peers_answer pl_peers_ask(const uint8_t key[PL_PEERS_KEY], int own,
	    const struct pl_peer_row *peers, unsigned count);
const struct pl_peer_row *pl_peers_find(const struct pl_peer_row *peers,
	    unsigned count, int id);	/* NULL: no such peer */

#endif
