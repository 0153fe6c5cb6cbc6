/* SPDX-License-Identifier: ISC */
/*
 * engine.h - how bytes enter and leave a stream. One engine per process,
 * chosen when the first loop is made; net/conn drives it, nobody else knows
 * it. An engine tells of what happened through home->edge (net/stream.h) and
 * is then asked with receive. All of it on the conn's own loop.
 */
#ifndef WEIR_NET_ENGINE_H
#define WEIR_NET_ENGINE_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>

#include "base/text.h"
#include "base/why.h"

struct conn;
struct home;

enum engine_got { ENGINE_DATA, ENGINE_NOTHING, ENGINE_EOF, ENGINE_ERROR };

struct engine {
	const char *name;
	bool (*works)(struct why *);		/* on this kernel */
	int (*watch)(struct conn *);		/* -1: errno tells */
	void (*unwatch)(struct conn *);		/* no edge after it */
	/*
	 * The next bytes, at most 'most', borrowed until the next call on the
	 * same level of home->nest. Clears CONN_READABLE when nothing more is
	 * known to wait. ENGINE_ERROR: errno tells.
	 */
	enum engine_got (*receive)(struct conn *, size_t most, struct text *);
	/* How many bytes were taken; -1: errno tells, EAGAIN for none. */
	ssize_t (*send)(struct conn *, const struct iovec *, int count);
	void (*shut)(struct conn *);		/* FIN behind what was sent */
};

extern const struct engine engine_event;

#endif
