/* SPDX-License-Identifier: ISC */
/*
 * stream.h - what a conn is made of; private to conn, tls and the engines.
 * The first 64 bytes are what a message touches; what few conns have stands
 * behind one pointer. A conn lives in the slab of the loop it was born on
 * and is known there by slot and generation; 'home' is where it lives now.
 * Owned by its home loop's thread.
 */
#ifndef WEIR_NET_STREAM_H
#define WEIR_NET_STREAM_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/buffer.h"
#include "base/slab.h"
#include "net/cork.h"
#include "net/engine.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/tlsio.h"

enum {
	STREAM_SCRATCH = 131072,	/* most bytes of one read, plain */
	STREAM_CIPHER = 46 * 1024,	/* TLS: with a half record kept inside
					   OpenSSL the plaintext still fits */
	STREAM_NESTS = 5	/* a data() in a conn_wake in a data() ... */
};

enum {
	CONN_CONNECTING = 1 << 0,	/* connect() has not ended */
	CONN_HANDSHAKE = 1 << 1,	/* TLS is being agreed */
	CONN_SECURE = 1 << 2,		/* bytes are TLS: rare->tls */
	CONN_READABLE = 1 << 3,		/* the engine has bytes, end or error */
	CONN_INSIDE = 1 << 4,		/* TLS has bytes not asked for yet */
	CONN_ENDED = 1 << 5,		/* FIN was seen, maybe behind data */
	CONN_EOF_TOLD = 1 << 6,
	CONN_HELD = 1 << 7,
	CONN_PUMPING = 1 << 8,		/* reading: on the stack */
	CONN_WOKEN = 1 << 9,		/* woken while it was read */
	CONN_QUEUED = 1 << 10,		/* on home->later */
	CONN_STASHED = 1 << 11,		/* rare->stash holds something */
	CONN_BROKEN = 1 << 12,		/* sending failed: no more of it */
	CONN_SHUT = 1 << 13,		/* FIN asked for */
	CONN_RESET = 1 << 14,		/* the close sends RST */
	CONN_FLUSHING = 1 << 15,	/* closed, but for its stash */
	CONN_READY_DUE = 1 << 16,	/* ready() to be told */
	CONN_FAILED = 1 << 17,		/* rare->reason to be told */
	CONN_NO_MEMORY = 1 << 18,	/* close_memory to be told */
	CONN_LEAVING = 1 << 19,		/* between conn_leave and conn_join */
	CONN_DEAD = 1 << 20,		/* waits for its burial */
	CONN_CARRIED = 1 << 21,		/* rare->carried: read on another loop */
	CONN_SPLICED = 1 << 22,		/* rare->outlet takes what comes */
	CONN_FRESH = 1 << 24		/* engine_event: just read empty */
};

struct close_reason;
struct conn_handler;
struct pipes;
struct splice;
struct tls;
struct wire;

struct rare {
	struct buffer stash;		/* what the peer did not take yet */
	struct tls *context;		/* what tls was begun with */
	struct tlsio *tls;
	struct buffer early;		/* TLS: sent before it was up */
	char *packed;			/* stash and early on the move */
	size_t packed_stash, packed_early;
	char *carried;			/* bytes read before the move, */
	size_t carried_len, carried_told;
	int carried_code;		/* and the error behind them */
	struct splice *outlet, *inlet;	/* bulk that leaves us, that comes */
	struct timer limit;		/* dialling; flushing before the end */
	const struct close_reason *reason;
	int code;			/* errno of the failure */
};

struct conn {
	struct home *home;
	const struct conn_handler *handler;
	void *owner;
	struct rare *rare;
	struct conn *next_later;
	int fd;
	uint32_t flags;
	uint32_t slot, generation;	/* in the slab of loop 'birth' */
	uint8_t cork;			/* 0: not corked */
	uint8_t birth;
	uint32_t doubt;			/* place among home->doubts, or 0 */
	union {
		struct event ev;
		struct {		/* while leaving, or without ev */
			void (*left)(struct conn *, void *);
			void *left_arg;
			struct wire *wire;	/* engine_uring's */
		};
	};
};

/* The streams of one loop; ended with it. */
struct home {
	struct loop *loop;
	const struct engine *engine;
	struct stock *stock;
	void *part;			/* the engine's, of this loop */
	void (*edge)(struct conn *, short what);	/* EV_ bits */
	/* Of pieces that were taken only so many bytes went; -1: errno. */
	void (*refused)(struct conn *, const struct iovec *, int count,
	    ssize_t went);
	void (*carry)(struct conn *, struct text received, int code);
	unsigned nest;			/* which scratch is free to use */
	char *scratch[STREAM_NESTS];	/* reads, then decrypted bytes */
	/* Of one call to the engine: a stack with such would be guarded. */
	struct text got;
	struct iovec piece;
	struct corks *corks;
	struct pipes *pipes;		/* net/splice's */
	struct tlsio_out cipher;	/* made, to be sent at once */
	struct conn *later, *later_last;
	struct loop_job job;
	struct slab *slab;
	uint32_t count, generation;
	size_t rares;
	struct conn **doubts;		/* engine_event's, from 1 on */
	uint32_t doubted, doubts_room;
	struct timer doubt;
	struct home *next_orphan;
};

#endif
