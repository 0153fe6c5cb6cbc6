/* SPDX-License-Identifier: ISC */
/* base64_test.c - RFC 4648's vectors, and what is none. */
#include "unit.h"

#include "exact.h"
#include "pg/base64.h"

START_TEST(follows_the_vectors)
{
	static const struct {
		struct text bytes, text;
	} rows[] = {
		{ TEXT(""), TEXT("") }, { TEXT("f"), TEXT("Zg==") },
		{ TEXT("fo"), TEXT("Zm8=") }, { TEXT("foo"), TEXT("Zm9v") },
		{ TEXT("foob"), TEXT("Zm9vYg==") },
		{ TEXT("fooba"), TEXT("Zm9vYmE=") },
		{ TEXT("foobar"), TEXT("Zm9vYmFy") },
		{ TEXT("\xff\xff\xfe\0\x10\x83"), TEXT("///+ABCD") },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[16], bytes[16];
		size_t len;

		len = base64_write(rows[i].bytes.at, rows[i].bytes.len, text);
		ck_assert(text_same((struct text){ text, len },
		    rows[i].text));
		ck_assert_uint_eq(len, BASE64_TEXT(rows[i].bytes.len));
		ck_assert(base64_read(rows[i].text, bytes, &len));
		ck_assert(text_same((struct text){ bytes, len },
		    rows[i].bytes));
	}
}
END_TEST

START_TEST(refuses_all_else)
{
	static const char *const rows[] = {
		"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg=v",
		"Zm9v=", "Zm9vZ", " Zm9", "Zm9\n", "Zm9-", "Zm9_", "Zm9*",
		"Zh==", "Zm9=", "Zg==Zg==", "Zm8=Zm8=", "\xc3\xa9" "ab",
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(text_of(rows[i]));
		char bytes[16];
		size_t len;

		ck_assert_msg(!base64_read(t, bytes, &len), "%s", rows[i]);
		exact_drop(&t);
	}
}
END_TEST

START_TEST(goes_there_and_back)
{
	unsigned char bytes[256], back[256];
	char text[BASE64_TEXT(256)];
	size_t len;

	for (size_t n = 0; n < sizeof bytes; n++) {
		bytes[n] = (unsigned char)(n * 7);
		len = base64_write(bytes, n, text);
		ck_assert(base64_read((struct text){ text, len }, back, &len));
		ck_assert_uint_eq(len, n);
		ck_assert_mem_eq(bytes, back, n);
	}
}
END_TEST

UNIT_MAIN("pg/base64", follows_the_vectors, refuses_all_else,
    goes_there_and_back)
