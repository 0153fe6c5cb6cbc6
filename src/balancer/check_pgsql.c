/* SPDX-License-Identifier: ISC */
/*
 * check_pgsql.c - option pgsql-check: a startup packet for a user, and what
 * the server says to it. Loop 0.
 */
#include <stdio.h>

#include "balancer/check_kinds.h"

static void
put_u32(char *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(n >> (24 - 8 * i));
}

static uint32_t
get_u32(const char *at)
{
	const unsigned char *b = (const unsigned char *)at;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static void
begin(struct lb_check *c)
{
	const char *user = c->server->proxy->conf->check.user;
	char packet[600];
	int len = snprintf(packet + 8, sizeof packet - 10, "user%c%.500s", 0,
	    user);
	size_t all = 8 + (size_t)len + 2;

	put_u32(packet, (uint32_t)all);
	put_u32(packet + 4, 0x00030000);
	packet[all - 2] = packet[all - 1] = '\0';
	lb_check_say(c, (struct text){ packet, all });
}

/* Fields of an ErrorResponse: their texts, without the letters. */
static void
tell_error(struct lb_check *c, struct text fields)
{
	char text[LB_CHECK_TEXT] = "";

	if (fields.len > 1)
		snprintf(text, sizeof text, "%.*s", (int)(fields.len - 1),
		    fields.at + 1);
	lb_check_end(c, LB_CHECK_L7RSP, -1, text);
}

static void
look(struct lb_check *c, struct text t, bool ended)
{
	if (t.len >= 5 && t.at[0] == 'E') {
		uint32_t len = get_u32(t.at + 1);

		if (t.len >= len + 1 || ended)
			tell_error(c, text_from(t, 5));
		return;
	}
	if (t.len >= 9 && t.at[0] == 'R')
		lb_check_end(c, LB_CHECK_L7OK, 0, "PostgreSQL server is ok");
	else if (t.len > 0 && t.at[0] != 'R' && t.at[0] != 'E')
		lb_check_end(c, LB_CHECK_L7STS, 0,
		    "PostgreSQL unknown error");
	else if (ended)
		lb_check_end(c, LB_CHECK_L7STS, 0,
		    "PostgreSQL unknown error");
}

const struct lb_check_variant lb_check_pgsql = {
	.name = "pgsql", .begin = begin, .look = look,
	.silent_step = 3, .silent = LB_CHECK_L7RSP,
};
