/* SPDX-License-Identifier: ISC */
/*
 * bag.h - bytes that grow, and PostgreSQL messages put into them, for the two
 * ends of a measurement. Owned by whoever embeds it; one thread.
 */
#ifndef WEIR_TEST_BENCH_BAG_H
#define WEIR_TEST_BENCH_BAG_H

#include <arpa/inet.h>
#include <stdint.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/text.h"

struct bag {
	char *at;
	size_t len, room;
};

static inline void
bag_add(struct bag *bag, const void *at, size_t len)
{
	if (len == 0)
		return;
	if (bag->len + len > bag->room) {
		bag->room = 2 * (bag->len + len);
		bag->at = mem_grow(bag->at, bag->room);
		NEED(bag->at != NULL);
	}
	memcpy(bag->at + bag->len, at, len);
	bag->len += len;
}

static inline void
bag_u32(struct bag *bag, uint32_t n)
{
	n = htonl(n);
	bag_add(bag, &n, sizeof n);
}

/* Type 0: a startup packet, which has none. */
static inline void
bag_message(struct bag *bag, char type, const void *body, size_t len)
{
	if (type != '\0')
		bag_add(bag, &type, 1);
	bag_u32(bag, (uint32_t)len + 4);
	bag_add(bag, body, len);
}

static inline void
bag_cut(struct bag *bag, size_t taken)
{
	bag->len -= taken;
	if (bag->len > 0)
		memmove(bag->at, bag->at + taken, bag->len);
}

static inline void
bag_drop(struct bag *bag)
{
	mem_drop(bag->at);
	*bag = (struct bag){ NULL, 0, 0 };
}

#endif
