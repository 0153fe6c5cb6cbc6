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

static uint32_t
divide(struct text t, uint32_t polynomial)
{
	uint32_t h = UINT32_MAX;

	for (size_t i = 0; i < t.len; i++) {
		h ^= (unsigned char)t.at[i];
		for (int bit = 0; bit < 8; bit++)
			h = (h >> 1) ^ (h & 1 ? polynomial : 0);
	}
	return ~h;
}

uint32_t
lb_digest_crc32(struct text t)
{
	return divide(t, 0xedb88320u);
}

uint32_t
lb_digest_crc32c(struct text t)
{
	return divide(t, 0x82f63b78u);
}

/* ---- xxHash, by its published description ------------------------------ */

static const uint32_t P32[5] = { 2654435761u, 2246822519u, 3266489917u,
    668265263u, 374761393u };
static const uint64_t P64[5] = { 11400714785074694791u,
    14029467366897019727u, 1609587929392839161u, 9650029242287828579u,
    2870177450012600261u };

static uint32_t
turn32(uint32_t x, int bits)
{
	return x << bits | x >> (32 - bits);
}

static uint64_t
turn64(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* Little endian, whatever we are. */
static uint64_t
word(struct text t, size_t at, unsigned bytes)
{
	uint64_t sum = 0;

	while (bytes-- > 0)
		sum = sum << 8 | (unsigned char)t.at[at + bytes];
	return sum;
}

uint32_t
lb_digest_xxh32(struct text t, uint32_t seed)
{
	uint32_t lanes[4] = { seed + P32[0] + P32[1], seed + P32[1], seed,
	    seed - P32[0] }, h = seed + P32[4];
	size_t at = 0;

	for (; at + 16 <= t.len; at += 16)
		for (unsigned i = 0; i < 4; i++)
			lanes[i] = turn32(lanes[i] + P32[1] *
			    (uint32_t)word(t, at + 4 * i, 4), 13) * P32[0];
	if (t.len >= 16)
		h = turn32(lanes[0], 1) + turn32(lanes[1], 7) +
		    turn32(lanes[2], 12) + turn32(lanes[3], 18);
	h += (uint32_t)t.len;
	for (; at + 4 <= t.len; at += 4)
		h = turn32(h + (uint32_t)word(t, at, 4) * P32[2], 17) *
		    P32[3];
	for (; at < t.len; at++)
		h = turn32(h + (unsigned char)t.at[at] * P32[4], 11) * P32[0];
	h = (h ^ h >> 15) * P32[1];
	h = (h ^ h >> 13) * P32[2];
	return h ^ h >> 16;
}

static uint64_t
mix64(uint64_t lane, uint64_t input)
{
	return turn64(lane + input * P64[1], 31) * P64[0];
}

uint64_t
lb_digest_xxh64(struct text t, uint64_t seed)
{
	static const int turns[4] = { 1, 7, 12, 18 };
	uint64_t lanes[4] = { seed + P64[0] + P64[1], seed + P64[1], seed,
	    seed - P64[0] }, h = seed + P64[4];
	size_t at = 0;

	for (; at + 32 <= t.len; at += 32)
		for (unsigned i = 0; i < 4; i++)
			lanes[i] = mix64(lanes[i], word(t, at + 8 * i, 8));
	if (t.len >= 32) {
		h = 0;
		for (unsigned i = 0; i < 4; i++)
			h += turn64(lanes[i], turns[i]);
		for (unsigned i = 0; i < 4; i++)
			h = (h ^ mix64(0, lanes[i])) * P64[0] + P64[3];
	}
	h += t.len;
	for (; at + 8 <= t.len; at += 8)
		h = turn64(h ^ mix64(0, word(t, at, 8)), 27) * P64[0] +
		    P64[3];
	for (; at + 4 <= t.len; at += 4)
		h = turn64(h ^ word(t, at, 4) * P64[0], 23) * P64[1] + P64[2];
	for (; at < t.len; at++)
		h = turn64(h ^ (unsigned char)t.at[at] * P64[4], 11) * P64[0];
	h = (h ^ h >> 33) * P64[1];
	h = (h ^ h >> 29) * P64[2];
	return h ^ h >> 32;
}

/*
 * Bob Jenkins' integer hash of six shifts (burtleburtle.net/bob/hash/
 * integer.html, public domain), then a factor that brings the lowest two bits
 * to the top: what black-box tests against HAProxy agree with.
 */
uint32_t
lb_digest_avalanche(uint32_t a)
{
	a = (a + 0x7ed55d16u) + (a << 12);
	a = (a ^ 0xc761c23cu) ^ (a >> 19);
	a = (a + 0x165667b1u) + (a << 5);
	a = (a + 0xd3a2646cu) ^ (a << 9);
	a = (a + 0xfd7046c5u) + (a << 3);
	a = (a ^ 0xb55a4f09u) ^ (a >> 16);
	return a * 0xc0000001u;
}
