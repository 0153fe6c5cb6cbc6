/* SPDX-License-Identifier: ISC */
/*
 * conn.h - the stream: bytes in, bytes out, plain or TLS, on either engine.
 * Whoever holds it now hears of it through its handler; a stage hands it on
 * by conn_hand_to. A conn belongs to its home loop and only that thread may
 * call these; conn_leave/conn_join move it.
 *
 * Rules
 *  - A handler's callbacks are called from the loop, or from conn_wake; never
 *    from inside conn_send, conn_close or any other call made here.
 *  - data(): the slice is borrowed and all of it is taken: forward it in the
 *    call or copy what must be kept. It is not called again while the conn
 *    is held, or while may_read says no (bytes then stay in the kernel; what
 *    an engine or TLS has read already, it keeps, at most one read).
 *  - conn_close may be called from anywhere, once or more; no callback comes
 *    after it; the memory is buried at the end of the turn. What was sent
 *    before it and is not stashed still goes to the kernel, its FIN behind
 *    that; a stash is lost unless conn_close_flushed is used.
 *  - Errors of a send are told by closed() in a later turn, not by the send.
 */
#ifndef WEIR_NET_CONN_H
#define WEIR_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/text.h"
#include "net/close.h"
#include "net/loop.h"
#include "net/tls.h"

struct conn;

struct conn_handler {
	void (*ready)(struct conn *);		/* connected; TLS is up (again after conn_start_tls) */
	/*
	 * Optional: false leaves bytes unread; ask again by conn_wake. After
	 * a yes comes data(), with an empty slice when nothing was there
	 * after all (or no whole TLS record), or eof() or closed(). A conn
	 * that is refused and whose peer went away is told closed() at once,
	 * its bytes unread, unless the handler has eof(); see conn_ended.
	 */
	bool (*may_read)(struct conn *);
	void (*data)(struct conn *, struct text);
	void (*eof)(struct conn *);		/* optional: peer half-closed, all data delivered;
						   without it closed(close_eof) is called instead */
	void (*poured)(struct conn *, size_t);	/* so many bytes went on unseen; see conn_splice */
	void (*drained)(struct conn *);		/* nothing is stashed any more (only after it was) */
	void (*closed)(struct conn *, const struct close_reason *);	/* peer or network ended it;
						   the owner forgets it, no conn_close needed */
};

/* An accepted descriptor (non-blocking); NULL: no memory (fd is closed). */
struct conn *conn_accept(struct loop *, int fd, const struct conn_handler *, void *owner);
/*
 * Starts to connect; ready() or closed() follows, never from inside this
 * call. limit: us until connected (and TLS up); 0 none. NULL: no memory or
 * no descriptor, errno tells. tls: NULL plain, else handshake at once.
 */
struct conn *conn_dial(struct loop *, const struct address *, struct tls *,
	    const char *tls_name, int64_t limit, const struct conn_handler *, void *owner);

/*
 * The same with a socket of the caller's: bound to a source, with options of
 * its own. Non-blocking; closed when there is no memory (NULL). No limit.
 */
struct conn *conn_dial_by(struct loop *, int fd, const struct address *,
	    const struct conn_handler *, void *owner);

void	conn_hand_to(struct conn *, const struct conn_handler *, void *owner);
void	*conn_owner(const struct conn *);
struct loop *conn_loop(const struct conn *);
int	conn_fd(const struct conn *);		/* to look at: options, peer names */
/* Text of the last system or TLS error, for closed(); "" when none. */
const char *conn_error(const struct conn *);

/*
 * Sends what the peer takes, at once or, on an engine that collects, at the
 * latest when the turn ends; the rest is stashed (conn_full, then or with the
 * next send). The slice may die when the call returns.
 */
void	conn_send(struct conn *, struct text);
void	conn_send_copy(struct conn *, struct text);
/*
 * Between cork and uncork, sends are collected and go as one vector. The
 * slices must live until uncork: borrowed data() slices, constant text, and
 * conn_batch memory do. conn_send_copy copies into batch memory first. Corks
 * nest; conn_close sends what is corked.
 */
void	conn_cork(struct conn *);
void	conn_uncork(struct conn *);
char	*conn_batch(struct conn *, size_t len);	/* until uncork; len <= 64 KB; never NULL (dies) */
bool	conn_full(const struct conn *);		/* something is stashed: hold the source */
size_t	conn_stashed(const struct conn *);

/*
 * 'from' is bulk: from here on its bytes go to 'to' inside the kernel, told
 * by poured(), until it is bulk no more; then, and whenever that cannot be,
 * by data() again. Hold it while 'to' is full, as ever. Both plain, of one
 * loop, neither to be moved. False: not now.
 */
bool	conn_splice(struct conn *from, struct conn *to);

void	conn_hold(struct conn *);		/* no data() until resumed; idempotent */
void	conn_resume(struct conn *);		/* what waits is delivered soon (same turn) */
/*
 * may_read may say yes now: asks it and delivers what waits, inside this
 * call. May be called from another conn's callback (nesting is bounded; past
 * the bound it is delivered later in the same turn).
 */
void	conn_wake(struct conn *);
/* Has bytes waiting, as far as known without a system call. */
bool	conn_waiting(const struct conn *);
/* The peer has ended its side or is gone, though bytes may wait unread. */
bool	conn_ended(const struct conn *);
/* Of one that ended: no byte waits in front of its end. One system call. */
bool	conn_silent(struct conn *);

void	conn_shut(struct conn *);		/* half-close: FIN (close_notify) after the stash */
void	conn_close(struct conn *, const struct close_reason *);
/*
 * As conn_close, but the stash is sent first, for at most limit us (silent).
 * Also reads away what waits, lest a reset overtakes our last words.
 */
void	conn_close_flushed(struct conn *, const struct close_reason *, int64_t limit);
bool	conn_unread(struct conn *);		/* bytes wait that nobody took */
bool	conn_lost(struct conn *);		/* it was reset; told once */
void	conn_set_reset(struct conn *);		/* the close to come sends RST */

/*
 * A TLS handshake from here on (after SSLRequest's answer was sent). Any
 * byte the peer sent before that was delivered already or, if it stands
 * unread in the same slice, is the caller's to notice (R4: close). name:
 * host name for SNI and verify_name, client side. ready() or closed() follows.
 * 'first': bytes of the handshake that data() has delivered (direct TLS).
 */
void	conn_start_tls(struct conn *, struct tls *, const char *name, struct text first);

/*
 * Moving: after conn_leave no callback comes; left() is called when the conn
 * is free to go (not inside conn_leave): post it, then conn_join there. In
 * between only conn_join may be called. Neither while connecting or in a
 * TLS handshake.
 */
void	conn_leave(struct conn *, void (*left)(struct conn *, void *), void *arg);
void	conn_join(struct conn *, struct loop *);

/* User bytes of memory in conns of this loop; for SHOW and tests. */
size_t	conn_bytes(const struct loop *);
uint32_t conn_count(const struct loop *);

#endif
