/* SPDX-License-Identifier: ISC */
/*
 * check_mysql.c - option mysql-check: the greeting, and with a user a login
 * that quits at once. Loop 0.
 */
#include <stdio.h>
#include <string.h>

#include "balancer/check_kinds.h"

enum { HEAD = 4 };

static size_t
body_len(struct text t)
{
	const unsigned char *b = (const unsigned char *)t.at;

	return b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16;
}

/* One whole packet at the front; its body. */
static bool
take_packet(struct text t, struct text *body)
{
	if (t.len < HEAD || t.len < HEAD + body_len(t))
		return false;
	*body = (struct text){ t.at + HEAD, body_len(t) };
	return true;
}

static void
tell_error(struct lb_check *c, struct text body)
{
	const unsigned char *b = (const unsigned char *)body.at;
	char text[LB_CHECK_TEXT];
	size_t skip = body.len > 9 && b[3] == '#' ? 9 : 3;

	if (body.len < 3) {
		lb_check_end(c, LB_CHECK_L7RSP, -1, "short error packet");
		return;
	}
	body = text_from(body, skip < body.len ? skip : body.len);
	snprintf(text, sizeof text, "%.*s", TEXT_ARG(body));
	lb_check_end(c, LB_CHECK_L7STS, b[1] | b[2] << 8, text);
}

static size_t
put_login(char *to, const char *user, bool old)
{
	static const char caps41[32] = { 0x00, (char)0x82, 0, 0, 0,
	    (char)0x80, 0, 1, 0x21 };
	static const char caps[] = { 0x00, (char)0x80, 0, 0, 1 };
	size_t head = old ? sizeof caps : sizeof caps41;
	size_t user_len = strlen(user);
	size_t len = head + user_len + 2;

	to[0] = (char)len;
	to[1] = to[2] = 0;
	to[3] = 1;
	memcpy(to + HEAD, old ? caps : caps41, head);
	memcpy(to + HEAD + head, user, user_len);
	memset(to + HEAD + head + user_len, 0, 2);
	return HEAD + len;
}

static void
log_in(struct lb_check *c)
{
	static const char quit[] = { 1, 0, 0, 0, 1 };
	const struct lb_check_conf *conf = &c->server->proxy->conf->check;
	char packet[300];
	size_t len;

	len = put_login(packet, conf->user, conf->mysql == LB_MYSQL_PRE_41);
	memcpy(packet + len, quit, sizeof quit);
	lb_check_say(c, (struct text){ packet, len + sizeof quit });
}

/* Protocol 10, then the version, ended by a zero. */
static void
greet(struct lb_check *c, struct text body)
{
	char version[LB_CHECK_TEXT];

	if (body.len < 2 || body.at[0] < 9) {
		lb_check_end(c, LB_CHECK_L7RSP, -1, "invalid greeting");
		return;
	}
	if (c->server->proxy->conf->check.user == NULL) {
		snprintf(version, sizeof version, "%.*s", (int)strnlen(
		    body.at + 1, body.len - 1), body.at + 1);
		lb_check_end(c, LB_CHECK_L7OK, 0, version);
		return;
	}
	snprintf(c->text, sizeof c->text, "%.*s", (int)strnlen(body.at + 1,
	    body.len - 1), body.at + 1);
	c->step = 1;
	log_in(c);
}

#define SILENT	"TCPCHK got an empty response at step "

static void
begin(struct lb_check *c)
{
	c->step = 0;
}

static void
look(struct lb_check *c, struct text t, bool ended)
{
	char version[LB_CHECK_TEXT];
	struct text body;
	bool error;

	if (!take_packet(t, &body)) {
		if (ended)
			lb_check_end(c, LB_CHECK_L7RSP, 0, t.len > 0 ||
			    c->step > 0 ? "" : c->server->proxy->conf->check.
			    user != NULL ? SILENT "3" : SILENT "2");
		return;
	}
	error = body.len > 0 && (unsigned char)body.at[0] == 0xff;
	if (error)
		tell_error(c, body);
	else if (c->step == 0) {
		size_t all = body.len + HEAD;

		greet(c, body);
		if (c->state & LB_CHECK_INPROGRESS)
			lb_check_eat(c, all);
	} else {
		snprintf(version, sizeof version, "%s", c->text);
		lb_check_end(c, LB_CHECK_L7OK, 0, version);
	}
}

static void
describe(const struct lb_check *c, char *to, size_t room)
{
	snprintf(to, room, " at step %u of tcp-check (expect custom function)",
	    c->step == 0 ? 2 : 4);
}

const struct lb_check_variant lb_check_mysql = {
	.name = "mysql", .begin = begin, .look = look, .describe = describe,
};
