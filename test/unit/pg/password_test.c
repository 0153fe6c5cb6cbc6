/* SPDX-License-Identifier: ISC */
/* password_test.c - what SASLprep changes, and what it leaves. */
#include "unit.h"

#include "exact.h"
#include "pg/password.h"

START_TEST(prepares)
{
	static const struct {
		const char *given, *made;
	} rows[] = {
		{ "pencil", "pencil" }, { "a b\t", "a b\t" }, { "", "" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "I\xc2\xadX", "IX" },			/* soft hyphen */
		{ "a\xc2\xa0" "b", "a b" },		/* no-break space */
		{ "a\xe2\x80\x83" "b", "a b" },		/* em space */
		{ "a\xe3\x80\x80" "b", "a b" },
		{ "a\xe2\x80\x8b" "b", "a b" },		/* both tables */
		{ "a\xe2\x80\x8d" "b", "ab" },		/* joiner */
		{ "\xef\xbb\xbf" "a", "a" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xc2\xad", "\xc2\xad" },		/* nothing left */
		/* not valid UTF-8: the bytes as they are */
		{ "\xc2\xa0\xff", "\xc2\xa0\xff" },
		{ "\xc2\xa0\xc2", "\xc2\xa0\xc2" },
		{ "\xc2\xa0\x80", "\xc2\xa0\x80" },
		{ "\xc2\xa0\xc0\xa0", "\xc2\xa0\xc0\xa0" },
		{ "\xc2\xa0\xe0\x80\xa0", "\xc2\xa0\xe0\x80\xa0" },
		{ "\xc2\xa0\xed\xa0\x80", "\xc2\xa0\xed\xa0\x80" },
		{ "\xc2\xa0\xf4\x90\x80\x80", "\xc2\xa0\xf4\x90\x80\x80" },
		{ "\xc2\xa0\xf8\x88\x80\x80\x80",
		    "\xc2\xa0\xf8\x88\x80\x80\x80" },
		{ "\xc2\xa0\xe2\x80", "\xc2\xa0\xe2\x80" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(text_of(rows[i].given));
		struct text room = exact(t);
		size_t len;

		len = password_prepare(t, (char *)(uintptr_t)room.at);
		ck_assert_msg(text_is((struct text){ room.at, len },
		    rows[i].made), "row %zu", i);
		exact_drop(&t);
		exact_drop(&room);
	}
}
END_TEST

UNIT_MAIN("pg/password", prepares)
