/* SPDX-License-Identifier: ISC */
/* hashing.c - balance source, balance hash. On the session's loop. */
#include <arpa/inet.h>

#include "balancer/casting.h"
#include "balancer/digest.h"
#include "balancer/hashing.h"
#include "balancer/sampling.h"

/* Words of the address, as numbers, one over the other. */
static uint32_t
fold_address(const struct endpoint *e)
{
	unsigned words = e->family == AF_INET ? 1 : 4;
	uint32_t sum = 0, word;

	for (unsigned i = 0; i < words; i++) {
		memcpy(&word, e->ip + 4 * i, sizeof word);
		sum ^= ntohl(word);
	}
	return sum;
}

static uint32_t
digest(const struct lb_balance_conf *b, struct text t)
{
	switch (b->hash_function) {
	case LB_HASH_DJB2:
		return lb_digest_djb2(t);
	case LB_HASH_WT6:
		return lb_digest_wt6(t);
	case LB_HASH_CRC32:
		return lb_digest_crc32(t);
	case LB_HASH_SDBM:
	case LB_HASH_NONE:
		break;
	}
	return lb_digest_sdbm(t);
}

bool
lb_hashing_key(struct lb_session *s, uint32_t *key)
{
	const struct lb_balance_conf *b = &s->backend->conf->balance;
	struct lb_scene *scene;
	struct lb_value v;

	if (b->algorithm == LB_ALGO_SOURCE) {
		if (s->src.family != AF_INET && s->src.family != AF_INET6)
			return false;
		*key = fold_address(&s->src);
	} else {
		if (b->expr == NULL)
			return false;
		scene = lb_sampling_scene(s, s->backend);
		scene->final = true;
		if (!lb_sampling_get(scene, b->expr, &v))
			return false;
		if (v.type == LB_TYPE_INT || v.type == LB_TYPE_BOOL)
			*key = (uint32_t)v.number;
		else if (lb_casting_text(scene, &v))
			*key = digest(b, v.text);
		else
			return false;
	}
	if (b->avalanche || b->hash_type == LB_HASH_CONSISTENT)
		*key = lb_digest_avalanche(*key);
	return true;
}
