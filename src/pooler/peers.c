/* SPDX-License-Identifier: ISC */
/* peers.c - cancel keys and whose they are. Pure. Any thread. */
#include "pooler/peers.h"

enum {
	ID_LOW = 1, ID_HIGH = 2, HOPS = 7,	/* bytes of a key */
	HOPS_MASK = 3
};

void
pl_peers_shape(uint8_t key[PL_PEERS_KEY], int own)
{
	key[0] &= 0x7f;
	if (own == 0)
		return;
	key[ID_LOW] = (uint8_t)own;
	key[ID_HIGH] = (uint8_t)(own >> 8);
	key[HOPS] |= HOPS_MASK;
}

const struct pl_peer_row *
pl_peers_find(const struct pl_peer_row *peers, unsigned count, int id)
{
	for (unsigned i = 0; i < count; i++)
		if (peers[i].id == id)
			return &peers[i];
	return NULL;
}

struct pl_peers_answer
pl_peers_ask(const uint8_t key[PL_PEERS_KEY], int own,
    const struct pl_peer_row *peers, unsigned count)
{
	struct pl_peers_answer a = { .verdict = PL_PEERS_OURS };
	int id = key[ID_LOW] | key[ID_HIGH] << 8;

	memcpy(a.key, key, PL_PEERS_KEY);
	if (own == 0)
		return a;
	if (id == own) {
		/* It may have come by way of others: as it was given out. */
		a.key[HOPS] |= HOPS_MASK;
		return a;
	}
	if ((key[HOPS] & HOPS_MASK) == 0) {
		a.verdict = PL_PEERS_EXHAUSTED;
		a.reason = "failed to forward cancel request because its TTL "
		    "was exhausted";
		return a;
	}
	a.peer = pl_peers_find(peers, count, id);
	if (a.peer == NULL) {
		a.verdict = PL_PEERS_UNKNOWN;
		a.reason = "could not find peer to forward request to";
		return a;
	}
	a.verdict = PL_PEERS_FORWARD;
	a.key[HOPS]--;
	return a;
}
