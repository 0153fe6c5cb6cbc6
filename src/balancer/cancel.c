/* SPDX-License-Identifier: ISC */
/* cancel.c - a CancelRequest, and whom it is for; see cancel.h. */
#include "balancer/cancel.h"

enum { HEAD = 8, WHOLE = 16 };

/* Its length, and the code 80877102 in the place of a version. */
static const char head[HEAD] = { 0, 0, 0, WHOLE, 0x04, (char)0xd2, 0x16,
	0x2e };

enum lb_cancel
lb_cancel_read(struct text t, unsigned *peer)
{
	size_t n = t.len < HEAD ? t.len : HEAD;
	const unsigned char *key;

	if (n > 0 && memcmp(t.at, head, n) != 0)
		return LB_CANCEL_NONE;
	if (t.len < WHOLE)
		return LB_CANCEL_MORE;
	key = (const unsigned char *)t.at + HEAD;
	*peer = key[1] | (unsigned)key[2] << 8;
	return LB_CANCEL_IS;
}

struct lb_server *
lb_cancel_server(struct lb_proxy *p, unsigned peer)
{
	struct lb_server *found = NULL;

	if (peer == 0)
		return NULL;
	lb_proxy_lock(p);
	for (unsigned i = 0; i < p->server_count && found == NULL; i++)
		if (p->servers[i]->conf->peer_id == peer &&
		    lb_server_reachable(p->servers[i]))
			found = p->servers[i];
	lb_proxy_unlock(p);
	return found;
}
