/* SPDX-License-Identifier: ISC */
/* digest.c - small hashes. Pure. */
#include "balancer/digest.h"

uint32_t
lb_digest_sdbm(struct text t)
{
	uint32_t h = 0;

	for (size_t i = 0; i < t.len; i++)
		h = (unsigned char)t.at[i] + (h << 6) + (h << 16) - h;
	return h;
}

uint32_t
lb_digest_djb2(struct text t)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < t.len; i++)
		h = (h << 5) + h + (unsigned char)t.at[i];
	return h;
}

/* Weighted by position: each byte turns the sum by six bits. */
uint32_t
lb_digest_wt6(struct text t)
{
	uint32_t h = 0;

	for (size_t i = 0; i < t.len; i++)
		h = (h * 6 + 11) ^ (unsigned char)t.at[i];
	return lb_digest_avalanche(h);
}

uint32_t
lb_digest_crc32(struct text t)
{
	uint32_t h = UINT32_MAX;

	for (size_t i = 0; i < t.len; i++) {
		h ^= (unsigned char)t.at[i];
		for (int bit = 0; bit < 8; bit++)
			h = (h >> 1) ^ (h & 1 ? 0xedb88320u : 0);
	}
	return ~h;
}

uint32_t
lb_digest_avalanche(uint32_t a)
{
	a = (a ^ (a >> 16)) * 0x7feb352du;
	a = (a ^ (a >> 15)) * 0x846ca68bu;
	return a ^ (a >> 16);
}
