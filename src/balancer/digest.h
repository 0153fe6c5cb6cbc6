/* SPDX-License-Identifier: ISC */
/*
 * digest.h - the small hashes of balancing and of the converters: sdbm,
 * djb2, wt6, crc32, crc32c, xxHash, and the avalanche over them. Pure; any
 * thread.
 */
#ifndef WEIR_BALANCER_DIGEST_H
#define WEIR_BALANCER_DIGEST_H

#include <stdint.h>

#include "base/text.h"

/* Of bytes, the same on every machine. */
uint32_t lb_digest_sdbm(struct text);
uint32_t lb_digest_djb2(struct text);
uint32_t lb_digest_wt6(struct text);
uint32_t lb_digest_crc32(struct text);
uint32_t lb_digest_crc32c(struct text);
uint32_t lb_digest_xxh32(struct text, uint32_t seed);
uint64_t lb_digest_xxh64(struct text, uint64_t seed);
uint32_t lb_digest_avalanche(uint32_t);		/* all bits on all bits */

#endif
