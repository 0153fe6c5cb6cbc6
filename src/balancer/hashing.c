/* SPDX-License-Identifier: ISC */
/*
 * hashing.c - balance source, hash and rdp-cookie: what stands for a session,
 * as one number. On the session's loop.
 */
#include <arpa/inet.h>
#include <endian.h>

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

/* As bytes: addresses and numbers as they go over a network. */
static bool
find_bytes(struct lb_scene *scene, struct lb_value *v, uint64_t *room,
    struct text *bytes)
{
	switch (v->type) {
	case LB_TYPE_INT:
	case LB_TYPE_BOOL:
		*room = htobe64((uint64_t)v->number);
		*bytes = (struct text){ (const char *)room, sizeof *room };
		return true;
	case LB_TYPE_IPV4:
		*bytes = (struct text){ (const char *)v->ip, 4 };
		return true;
	case LB_TYPE_IPV6:
		*bytes = (struct text){ (const char *)v->ip, 16 };
		return true;
	default:
		if (!lb_casting_text(scene, v))
			return false;
		*bytes = v->text;
		return true;
	}
}

static bool
hash_value(struct lb_session *s, const struct lb_balance_conf *b,
    uint32_t *key)
{
	struct lb_scene *scene = lb_sampling_scene(s, s->backend);
	struct lb_value v;
	struct text bytes;
	uint64_t room;

	scene->final = true;
	if (!lb_sampling_get(scene, b->expr, &v))
		return false;
	if (b->hash_function == LB_HASH_NONE && lb_casting_number(&v)) {
		*key = (uint32_t)v.number;
		return true;
	}
	if (!find_bytes(scene, &v, &room, &bytes))
		return false;
	*key = digest(b, bytes);
	return true;
}

bool
lb_hashing_key(struct lb_session *s, uint32_t *key)
{
	const struct lb_balance_conf *b = &s->backend->conf->balance;

	if (b->algorithm == LB_ALGO_SOURCE) {
		if (s->src.family != AF_INET && s->src.family != AF_INET6)
			return false;
		*key = fold_address(&s->src);
	} else if (b->expr == NULL || !hash_value(s, b, key))
		return false;
	if (b->avalanche)
		*key = lb_digest_avalanche(*key);
	return true;
}
