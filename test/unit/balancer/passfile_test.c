/* SPDX-License-Identifier: ISC */
/* passfile_test.c - which password a text has for whom; which files are read. */
#include <sys/stat.h>

#include <stdio.h>
#include <unistd.h>

#include "balancer/passfile.h"
#include "base/secret.h"
#include "unit.h"

static const struct {
	const char *text, *password;	/* NULL: none */
} rows[] = {
	{ "", NULL },
	{ "\n", NULL },
	{ "alone", "alone" },
	{ "alone\n", "alone" },
	{ "alone\r\n", "alone" },
	{ "#al:on\\e", "#al:on\\e" },
	{ "db1:5432:app:me:pw", "pw" },
	{ "10.0.0.1:5432:app:me:pw\n", "pw" },
	{ "db1:5432:app:me:p\\:w\\\\x:y\n", "p:w\\x:y" },
	{ "db1:5432:app:me:pw\r\n", "pw" },
	{ "db1:5432:app:me:\n", "" },
	{ "*:*:*:*:any", "any" },
	{ "#*:*:*:*:no\n*:*:*:*:any", "any" },
	{ "db2:5432:app:me:no\ndb1:5433:app:me:no\ndb1:5432:ap:me:no\n"
	    "db1:5432:app:mee:no\n\nshort:line\ndb1:5432:*:me:pw\n*:*:*:*:no",
	    "pw" },
	{ "d\\b1:5432:a\\pp:me:pw", "pw" },
	{ "db1\\:5432:app:me:x:pw", NULL },
	{ "db1:5432:app:me\\", "db1:5432:app:me\\" },
	{ "db1:5432:app:me:pw\\", "pw\\" },
	{ "db1:5432:appl:me:no\nalone\n", NULL },
	{ ":5432:app:me:no", NULL },
};

static const struct lb_passfile_who who = { .host = "db1",
    .address = "10.0.0.1", .port = "5432", .database = "app", .user = "me" };

START_TEST(matches)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = lb_passfile_match(text_of(rows[i].text), &who);

		if (rows[i].password == NULL)
			ck_assert_msg(got == NULL, "row %zu: %s", i, got);
		else
			ck_assert_msg(got != NULL && strcmp(got,
			    rows[i].password) == 0, "row %zu: %s", i, got);
		secret_drop(got);
	}
	ck_assert_uint_eq(secret_lent(), 0);
}
END_TEST

START_TEST(has_no_host_name)
{
	struct lb_passfile_who nameless = who;
	char *got;

	nameless.host = NULL;
	got = lb_passfile_match(TEXT("db1:*:*:*:no\n:*:*:*:no\n"
	    "10.0.0.1:*:*:*:pw\n"), &nameless);
	ck_assert_str_eq(got, "pw");
	secret_drop(got);
}
END_TEST

START_TEST(reads_a_private_file)
{
	char path[] = "/tmp/weir-passfile-XXXXXX";
	int fd = mkstemp(path);
	struct why why;
	char *got;

	ck_assert_int_eq(write(fd, "one\n", 4), 4);
	ck_assert_int_eq(fchmod(fd, 0640), 0);
	ck_assert_int_eq(lb_passfile_load(path, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.line, "0600"));
	ck_assert_ptr_null(lb_passfile_find(path, &who));
	ck_assert_int_eq(fchmod(fd, 0600), 0);
	ck_assert_int_eq(lb_passfile_load(path, &why), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(lb_passfile_load(path, &why), 0);
	got = lb_passfile_find(path, &who);
	ck_assert_str_eq(got, "one");
	secret_drop(got);
	ck_assert_ptr_null(lb_passfile_find(NULL, &who));
	lb_passfile_fini();
	ck_assert_int_eq(lb_passfile_load(path, &why), -1);
	ck_assert_uint_eq(secret_lent(), 0);
	close(fd);
}
END_TEST

UNIT_MAIN("balancer/passfile", matches, has_no_host_name,
    reads_a_private_file)
