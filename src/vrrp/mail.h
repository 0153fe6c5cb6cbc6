/* SPDX-License-Identifier: ISC */
/*
 * mail.h - one mail per change, to all of notification_email, by plain SMTP
 * with HELO. A small dialogue per mail on the turn's loop, at most 16 at a
 * time, the others in their order behind them; nothing waits. A server's name
 * is looked up with the first mail, and its addresses are tried in turn; a
 * server that says no is not asked again, as with the original. More than
 * 4096 mails are dropped with a line. The parent's; one thread.
 */
#ifndef WEIR_VRRP_MAIL_H
#define WEIR_VRRP_MAIL_H

#include "vrrp/settings.h"

struct vr_mail;

/* NULL: no server or nobody to write to; mail is off. */
struct vr_mail *vr_mail_open(const struct vr_global_conf *);
void	vr_mail_send(struct vr_mail *, const char *subject, const char *body);
unsigned vr_mail_busy(const struct vr_mail *);
/* What is under way goes on, and is freed with the last. */
void	vr_mail_close(struct vr_mail **);

/* The whole message behind DATA, dots doubled; mem_drop it. Pure. */
char	*vr_mail_text(const struct vr_global_conf *, const char *from,
	    const char *subject, const char *body, int64_t wall);
/* The answer's code when its last line is whole; 0: not yet; -1: none. Pure. */
int	vr_mail_answer(const char *text, size_t len);

#endif
