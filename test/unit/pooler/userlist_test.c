/* SPDX-License-Identifier: ISC */
/* userlist_test.c - auth_file: forms, faults, kinds of secrets. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pooler/userlist.h"
#include "unit.h"

#define SCRAM "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"		\
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:"			\
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define A127								\
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *file;
	const char *users;		/* "name=secret;" each */
	const char *why, *place;
} cases[] = {
	{ "", "", "", "" },
	{ "\"u\" \"p\"\n\"v\" \"q\"", "u=p;v=q;", "", "" },
	{ "\"u\" \"p\" junk\n\"v\" \"q\"junk\n", "u=p;v=q;", "", "" },
	{ "  \"u\"\t\"p\"\r\n\r\n\"v\" \"\"\r\n", "u=p;v=;", "", "" },
	{ "; c\n  ; d\n\"u\" \"p\"\n", "u=p;", "", "" },
	{ "\"a\"\"b\" \"c\"\"\"\n", "a\"b=c\";", "", "" },
	{ "\"u\" \"1\"\n\"v\" \"2\"\n\"u\" \"3\"\n", "u=3;v=2;", "", "" },
	{ "\"u\"x\"p\"\n\"v\" y \"q\"\n", "u=p;v=q;", "", "" },
	{ "\"u\" \"p\"\n# c\n\"v\" \"q\"\n", "u=p;", "broken auth file",
	    "F:2" },
	{ "u \"p\"", "", "broken auth file", "F:1" },
	{ "\"u\" p\n", "", "broken auth file", "F:1" },
	{ "\"u\"\n\"v\" \"q\"\n", "", "broken auth file", "F:1" },
	{ "\"u\n", "", "broken auth file", "F:1" },
	{ "\"u\" \"p\n\" \"\n", "", "broken auth file", "F:1" },
	{ "\"u\"\"p\"\n", "", "broken auth file", "F:1" },
	{ "\"" A127 "\" \"p\"", A127 "=p;", "", "" },
	{ "\n\"" A127 "a\" \"p\"", "", "username too long in auth file",
	    "F:2" },
};

static void
print(const struct pl_userlist *list, char *to, size_t room)
{
	to[0] = '\0';
	for (unsigned i = 0; i < pl_userlist_count(list); i++) {
		const struct pl_userlist_entry *e = pl_userlist_at(list, i);

		ck_assert_uint_eq(strlen(e->name.at), e->name.len);
		ck_assert_uint_eq(strlen(e->secret.at), e->secret.len);
		ck_assert_ptr_eq(pl_userlist_find(list, e->name), e);
		snprintf(to + strlen(to), room - strlen(to), "%s=%s;",
		    e->name.at, e->secret.at);
	}
	ck_assert_ptr_null(pl_userlist_at(list, pl_userlist_count(list)));
}

START_TEST(reads_lines)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct why why;
		char users[512];
		struct pl_userlist *list = pl_userlist_read("F",
		    text_of(cases[i].file), &why);

		print(list, users, sizeof users);
		ck_assert_str_eq(users, cases[i].users);
		ck_assert_str_eq(why.line, cases[i].why);
		ck_assert_str_eq(why.place, cases[i].place);
		pl_userlist_free(&list);
		ck_assert_ptr_null(list);
	}
}
END_TEST

START_TEST(secrets_have_a_limit)
{
	char file[2200];
	struct why why;
	struct pl_userlist *list;

	for (int len = 2047; len <= 2048; len++) {
		snprintf(file, sizeof file, "\"u\" \"%0*d\"\n", len, 0);
		list = pl_userlist_read("F", text_of(file), &why);
		ck_assert_str_eq(why.line, len == 2047 ? "" :
		    "password too long in auth file");
		ck_assert_uint_eq(pl_userlist_count(list), len == 2047);
		pl_userlist_free(&list);
	}
}
END_TEST

START_TEST(tells_kinds_apart)
{
	static const struct {
		const char *secret;
		enum pl_secret_kind kind;
	} kinds[] = {
		{ "", PL_SECRET_EMPTY },
		{ "x", PL_SECRET_PLAIN },
		{ "md50123456789abcdef0123456789abcdef", PL_SECRET_MD5 },
		{ "md50123456789ABCDEF0123456789abcdef", PL_SECRET_PLAIN },
		{ "md50123456789abcdef0123456789abcde", PL_SECRET_PLAIN },
		{ "md50123456789abcdef0123456789abcdef0", PL_SECRET_PLAIN },
		{ SCRAM, PL_SECRET_SCRAM },
		{ SCRAM "x", PL_SECRET_PLAIN },
		{ "SCRAM-SHA-256$x", PL_SECRET_PLAIN },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		ck_assert_int_eq(pl_userlist_kind(text_of(kinds[i].secret)),
		    kinds[i].kind);
	ck_assert_int_eq(pl_userlist_kind(
	    TEXT("md5\0" "123456789abcdef0123456789abcdef")), PL_SECRET_PLAIN);
}
END_TEST

START_TEST(a_nul_breaks_the_line)
{
	struct why why;
	struct pl_userlist *list = pl_userlist_read("F",
	    TEXT("\"u\" \"a\"\n\"v\0w\" \"b\"\n"), &why);

	ck_assert_str_eq(why.place, "F:2");
	ck_assert_uint_eq(pl_userlist_count(list), 1);
	pl_userlist_free(&list);
}
END_TEST

START_TEST(tells_new_faults_from_old)
{
	struct why why;
	struct pl_userlist *good = pl_userlist_read("F",
	    TEXT("\"u\" \"a\"\n"), &why);
	struct pl_userlist *bad = pl_userlist_read("F",
	    TEXT("\"u\" \"a\"\nx\n"), &why);
	struct pl_userlist *same = pl_userlist_read("F",
	    TEXT("\n\n x \n"), &why);
	struct pl_userlist *other = pl_userlist_read("F", TEXT("y"), &why);

	ck_assert(!pl_userlist_worse(good, NULL));
	ck_assert(!pl_userlist_worse(good, bad));
	ck_assert(pl_userlist_worse(bad, NULL));
	ck_assert(pl_userlist_worse(bad, good));
	ck_assert(!pl_userlist_worse(same, bad));
	ck_assert(pl_userlist_worse(other, bad));
	pl_userlist_free(&good);
	pl_userlist_free(&bad);
	pl_userlist_free(&same);
	pl_userlist_free(&other);
}
END_TEST

START_TEST(is_shared_by_owners)
{
	struct why why;
	struct pl_userlist *one = pl_userlist_read("F",
	    TEXT("\"u\" \"a\"\n"), &why);
	struct pl_userlist *two = pl_userlist_share(one);

	pl_userlist_free(&one);
	ck_assert_ptr_nonnull(pl_userlist_find(two, TEXT("u")));
	ck_assert_ptr_null(pl_userlist_find(two, TEXT("v")));
	pl_userlist_free(&two);
}
END_TEST

START_TEST(holds_many)
{
	enum { N = 5000 };
	char *file = malloc(N * 40);
	size_t used = 0;
	struct why why;
	struct pl_userlist *list;

	for (int i = 0; i < N; i++)
		used += (size_t)snprintf(file + used, 40,
		    "\"user%d\" \"secret%d\"\n", i, i);
	list = pl_userlist_read("F", text_of(file), &why);
	ck_assert_uint_eq(pl_userlist_count(list), N);
	ck_assert_str_eq(pl_userlist_find(list, TEXT("user4321"))->secret.at,
	    "secret4321");
	pl_userlist_free(&list);
	free(file);
}
END_TEST

START_TEST(survives_no_memory)
{
	struct why why;
	struct pl_userlist *list = NULL;

	for (unsigned long n = 1; list == NULL; n++) {
		mem_fail_at(n);
		list = pl_userlist_read("F", TEXT("\"u\" \"a\"\n\"v\" \"b\""),
		    &why);
		mem_fail_at(0);
		ck_assert_uint_lt(n, 20);
	}
	ck_assert_uint_eq(pl_userlist_count(list), 2);
	pl_userlist_free(&list);
}
END_TEST

UNIT_MAIN("pooler/userlist", reads_lines, secrets_have_a_limit,
    tells_kinds_apart, a_nul_breaks_the_line, tells_new_faults_from_old,
    is_shared_by_owners, holds_many, survives_no_memory)
