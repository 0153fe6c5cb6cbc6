/* SPDX-License-Identifier: ISC */
/* check_binary.c - ldap-check and ssl-hello-chk: one question. Loop 0. */
#include <stdio.h>

#include "balancer/check_kinds.h"

/* ---- LDAP: an anonymous bind ------------------------------------------- */

static void
begin_ldap(struct lb_check *c)
{
	static const char bind[] = { 0x30, 0x0c, 0x02, 0x01, 0x01, 0x60, 0x07,
	    0x02, 0x01, 0x03, 0x04, 0x00, (char)0x80, 0x00 };

	lb_check_say(c, (struct text){ bind, sizeof bind });
}

/* SEQUENCE, message id 1, bindResponse, result code 0. */
static void
look_ldap(struct lb_check *c, struct text t, bool ended)
{
	const unsigned char *b = (const unsigned char *)t.at;
	size_t at;

	if (t.len < 14) {
		if (ended)
			lb_check_end(c, LB_CHECK_L7RSP, -1,
			    "Not LDAPv3 protocol");
		return;
	}
	/* The length may be long: its first byte tells how many follow. */
	at = b[1] & 0x80 ? 2 + (b[1] & 0x7fu) : 2;
	if (b[0] != 0x30 || at + 6 > t.len || b[at] != 2 || b[at + 1] != 1 ||
	    b[at + 2] != 1 || b[at + 3] != 0x61) {
		lb_check_end(c, LB_CHECK_L7RSP, -1, "Not LDAPv3 protocol");
		return;
	}
	at += 4;
	at += b[at] & 0x80 ? 1 + (b[at] & 0x7fu) : 1;
	if (at + 3 > t.len || b[at] != 0x0a || b[at + 1] != 1)
		lb_check_end(c, LB_CHECK_L7RSP, -1, "Not LDAPv3 protocol");
	else if (b[at + 2] != 0)
		lb_check_end(c, LB_CHECK_L7STS, b[at + 2],
		    "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9");
	else
		lb_check_end(c, LB_CHECK_L7OK, 0, "Success");
}

const struct lb_check_variant lb_check_ldap = {
	.name = "ldap", .begin = begin_ldap, .look = look_ldap,
	.silent_step = 2, .silent = LB_CHECK_L7RSP,
};

/* ---- SSLv3 hello ------------------------------------------------------- */

static void
begin_hello(struct lb_check *c)
{
	static const char hello[] = {
		0x16, 0x03, 0x00, 0x00, 0x33,		/* record, 51 bytes */
		0x01, 0x00, 0x00, 0x2f, 0x03, 0x00,	/* hello, 47; SSLv3 */
		'w', 'e', 'i', 'r', ' ', 'c', 'h', 'e', 'c', 'k', 's', ' ',
		't', 'h', 'a', 't', ' ', 'T', 'L', 'S', ' ', 'i', 's', ' ',
		's', 'p', 'o', 'k', 'e', 'n', ' ', '!',	/* 32 "random" */
		0x00,					/* no session */
		0x00, 0x08,				/* four suites */
		0x00, 0x35, 0x00, 0x2f, 0x00, 0x0a, 0x00, 0x05,
		0x01, 0x00				/* no compression */
	};

	_Static_assert(sizeof hello == 56, "lengths in the hello are wrong");
	lb_check_say(c, (struct text){ hello, sizeof hello });
}

static void
look_hello(struct lb_check *c, struct text t, bool ended)
{
	if (t.len == 0 && !ended)
		return;
	if (t.len > 0 && (t.at[0] == 0x15 || t.at[0] == 0x16))
		lb_check_end(c, LB_CHECK_L6OK, -1, NULL);
	else
		lb_check_end(c, LB_CHECK_L6RSP, -1, NULL);
}

const struct lb_check_variant lb_check_hello = {
	.name = "ssl-hello", .begin = begin_hello, .look = look_hello,
	.silent_step = 2, .silent = LB_CHECK_L6RSP,
};
