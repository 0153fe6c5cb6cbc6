/* SPDX-License-Identifier: ISC */
/* mail_test.c - what a letter looks like, and what a server answers. */
#include <string.h>

#include "base/mem.h"
#include "unit.h"
#include "vrrp/mail.h"

START_TEST(letter)
{
	char one[] = "a@x.org", two[] = "b@x.org";
	const char *to[] = { one, two };
	struct vr_global_conf g = { .router_id = "R" };
	char *text;

	g.mail.to.at = to;
	g.mail.to.count = 2;
	text = vr_mail_text(&g, "vip@x.org", "S", ".dot\nplain", 0);
	ck_assert_str_eq(text, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
	    "From: vip@x.org\r\nSubject: S\r\nX-Mailer: weir-vrrp\r\n"
	    "To: a@x.org, b@x.org\r\n\r\n..dot\r\nplain\r\n\r\n.\r\n");
	mem_drop(text);
}
END_TEST

START_TEST(answers)
{
	static const struct { const char *text; int code; } rows[] = {
		{ "", 0 }, { "250", 0 }, { "250 ok\r\n", 250 },
		{ "250\r\n", 250 }, { "220-first\r\n", 0 },
		{ "220-first\r\n220 second\r\n", 220 },
		{ "550 no\n", 550 }, { "hello\r\n", -1 }, { "2\r\n", -1 }
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_int_eq(vr_mail_answer(rows[i].text,
		    strlen(rows[i].text)), rows[i].code);
}
END_TEST

UNIT_MAIN("vrrp/mail", letter, answers)
