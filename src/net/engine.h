/* SPDX-License-Identifier: ISC */
/*
 * engine.h - how bytes enter and leave a stream. Chosen when a loop is made;
 * net/conn drives it, nobody else knows it. An engine tells of what happened
 * through home->edge (net/stream.h) and is then asked with receive. All of it
 * on the conn's own loop.
 */
#ifndef WEIR_NET_ENGINE_H
#define WEIR_NET_ENGINE_H

#include <sys/types.h>
#include <sys/uio.h>

#include <stdbool.h>

#include "base/text.h"
#include "base/why.h"

struct conn;
struct loop;

enum engine_got {
	ENGINE_DATA, ENGINE_NOTHING, ENGINE_EOF, ENGINE_ERROR,
	ENGINE_POURED	/* never an engine's: net/conn's, of a splice */
};

struct engine {
	const char *name;
	/* In the loop's own thread; NULL with why: it does not work here. */
	void *(*open)(struct loop *, struct why *);
	void (*close)(void *part);
	void (*flush)(void *part);		/* the turn ends */

	int (*watch)(struct conn *);		/* -1: errno tells */
	void (*unwatch)(struct conn *);		/* no byte is told after it */
	/* After unwatch: nothing is under way; else an edge of 0 will tell. */
	bool (*quiet)(struct conn *);
	/* When quiet: forgets it; home->carry gets what it had received. */
	void (*part)(struct conn *);
	void (*drop)(struct conn *);		/* after unwatch: closes c->fd */
	/*
	 * The next bytes, at most 'most', borrowed until the next call on the
	 * same level of home->nest. Clears CONN_READABLE when nothing more is
	 * known to wait. ENGINE_ERROR: errno tells.
	 */
	enum engine_got (*receive)(struct conn *, size_t most, struct text *);
	bool (*holds)(struct conn *);		/* bytes it has received and not told */
	/* Past the engine (net/splice): may bytes be taken from c->fd itself? */
	bool (*direct)(struct conn *);
	void (*dry)(struct conn *);		/* none waited: an edge will tell */
	void (*await_room)(struct conn *);	/* c->fd was full: the same */
	void (*discard)(struct conn *);		/* what waits unread, best effort */
	int (*error)(struct conn *);		/* that waits behind unread bytes */
	/* Sending failed: is its end still to be told, by an edge? */
	bool (*ending)(struct conn *);
	/*
	 * How many bytes were taken; -1: errno tells, EAGAIN for none. What
	 * was taken may come back by home->refused, until settle or flush.
	 */
	ssize_t (*send)(struct conn *, const struct iovec *, int count);
	void (*settle)(struct conn *);
	void (*shut)(struct conn *);		/* FIN behind what was sent */
};

extern const struct engine engine_event;
extern const struct engine engine_uring;	/* where it was built */

#endif
