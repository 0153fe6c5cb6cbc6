/* SPDX-License-Identifier: ISC */
/* socks.c - requests and answers of SOCKS4. Pure. */
#include "balancer/socks.h"

enum { SOCKS4 = 4, TO_CONNECT = 1, IS_GRANTED = 90 };
static const char user[] = "HAProxy";	/* as the original says */

bool
lb_socks_ask(const struct address *a, char to[LB_SOCKS_REQUEST])
{
	uint16_t port = address_port(a);

	if (a->sa.sa_family != AF_INET)
		return false;
	to[0] = SOCKS4;
	to[1] = TO_CONNECT;
	to[2] = (char)(port >> 8);
	to[3] = (char)port;
	memcpy(to + 4, &a->in.sin_addr, 4);
	memcpy(to + 8, user, sizeof user);
	return true;
}

int
lb_socks_granted(struct text answer)
{
	if (answer.len >= 1 && answer.at[0] != 0)
		return -1;
	if (answer.len >= 2 && answer.at[1] != IS_GRANTED)
		return -1;
	return answer.len >= LB_SOCKS_ANSWER;
}
