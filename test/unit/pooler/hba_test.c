/* SPDX-License-Identifier: ISC */
/* hba_test.c - rules: what they mean, and what is said of bad ones. */
#include <stdio.h>

#include "base/mem.h"
#include "pooler/hba.h"
#include "pooler/ident.h"
#include "unit.h"

static char told[4096];

static void
tell(void *arg, const char *line)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof told - used, "%s%s",
	    used > 0 ? " | " : "", line);
}

static const struct {
	const char *path, *content;
} files[] = {
	{ "/etc/names", "x y\n\"z z\", w # c\n +\n" },
	{ "/etc/good", "x y\n\"z z\", w # c\n @sub/more\n" },
	{ "/etc/sub/more", "all2 @deep\n" },
	{ "/etc/sub/deep", "bottom\n" },
	{ "/etc/loop", "@loop\n" },
	{ "/etc/everybody", "all\n" },
	{ "/abs/x", "fromabs" },
};

static int
load(const char *path, struct text *to, struct why *why)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (strcmp(path, files[i].path) != 0)
			continue;
		to->at = mem_copy(text_of(files[i].content));
		if (to->at == NULL)
			return why_set(why, "no memory");
		to->len = strlen(files[i].content);
		return 0;
	}
	return why_set(why, "No such file or directory");
}

static struct pl_hba *
read_it(const char *file)
{
	struct pl_ident *ident = pl_ident_read(TEXT("good os pg"), tell, NULL);
	const struct pl_hba_reader with = { "/etc/hba", ident, load, tell,
	    NULL };
	struct pl_hba *hba;

	told[0] = '\0';
	hba = pl_hba_read(text_of(file), &with);
	pl_ident_free(&ident);
	return hba;
}

#define COULD_NOT	" | could not parse hba config line 1"
#define LINE		"hba line 1: "

/* One line each, and what is said of it; skipped unless 'kept'. */
static const struct {
	const char *line, *told;
} lines[] = {
	{ "local all all md5", "" },
	{ "   local\tall  all\ttrust  \r", "" },
	{ "# local all", "" },
	{ "host all all 127.0.0.1/32 md5 # c", "" },
	{ "host a , b c 10.0.0.0/8 trust", "" },
	{ "host \"all\" \"a\"\"b\" 10.0.0.0/8 trust", "" },
	{ "host all all 127.0.0.1 255.255.0.255 md5", "" },
	{ "host all all all md5", "" },
	{ "host all all ::1/128 scram-sha-256", "" },
	{ "host \"@names\" all 10.0.0.0/8 password", "" },
	{ "local all all peer map=good", "" },
	{ "foo all all md5", LINE "unknown type" COULD_NOT },
	{ "HOST all all 10.0.0.0/8 md5", LINE "unknown type" COULD_NOT },
	{ "hostgssenc all all 10.0.0.0/8 md5",
	    LINE "unknown type" COULD_NOT },
	{ "; x", LINE "unknown type" COULD_NOT },
	{ "local", "could not parse hba config line 1" },
	{ "local all", "could not parse hba config line 1" },
	{ "local all all", LINE "unsupported method: buf=all" COULD_NOT },
	{ "local all all MD5", LINE "unsupported method: buf=MD5" COULD_NOT },
	{ "local all all \"md5\"",
	    LINE "unsupported method: buf=md5" COULD_NOT },
	{ "local all all ident", LINE "unsupported method: buf=ident"
	    COULD_NOT },
	{ "local all all pam", LINE "unsupported method: buf=pam" COULD_NOT },
	{ "host all all 1.2.3.4/32 plain",
	    LINE "unsupported method: buf=plain" COULD_NOT },
	{ "local all all md5 x", LINE "unsupported parameters" COULD_NOT },
	{ "local all all md5 map=good",
	    LINE "unsupported parameters" COULD_NOT },
	{ "local all all peer x", LINE "unsupported parameters" COULD_NOT },
	{ "local all all peer map=good x",
	    LINE "unsupported parameters" COULD_NOT },
	{ "local all all peer map=bad", LINE
	    "Ident map bad is not found in ident config file" COULD_NOT },
	{ "hostssl all all 1.2.3.4/32 cert map=", LINE "Ident map map= is "
	    "malformed. It is not in map=value format." COULD_NOT },
	{ "local all all peer mapx", LINE "Ident map mapx is malformed. It is "
	    "not in map=value format." COULD_NOT },
	{ "host all all 127.0.0.1/33 md5", LINE "invalid mask" COULD_NOT },
	{ "host all all 127.0.0.1/-1 md5", LINE "invalid mask" COULD_NOT },
	{ "host all all 127.0.0.1/ md5", LINE "invalid mask" COULD_NOT },
	{ "host all all 127.0.0.1/8/8 md5", LINE "invalid mask" COULD_NOT },
	{ "host all all ::1/129 md5", LINE "invalid mask" COULD_NOT },
	{ "host all all 127.0.0.1 md5",
	    LINE "failed to parse mask: md5" COULD_NOT },
	{ "host all all 127.0.0.1 ::1 md5",
	    LINE "failed to parse mask: ::1" COULD_NOT },
	{ "host all all 127.0.0.1", LINE "did not find mask" COULD_NOT },
	{ "host all all foo md5",
	    LINE "failed to parse address - foo" COULD_NOT },
	{ "host all all samenet md5",
	    LINE "failed to parse address - samenet" COULD_NOT },
	{ "host all all 10.0.0/8 md5",
	    LINE "failed to parse address - 10.0.0" COULD_NOT },
	{ "host all all",
	    LINE "did not find address - 4 - 'all'" COULD_NOT },
	{ "host all all \"all\" md5",
	    LINE "did not find address - 0 - 'all'" COULD_NOT },
	{ "host all all 10.1.2.3/8 md5", "address does not match mask in "
	    "/etc/hba line #1: 10.1.2.3 / 255.0.0.0" },
	{ "host all all ::1 ffff:: md5", "address does not match mask in "
	    "/etc/hba line #1: ::1 / ffff::" },
	{ "host samerole all 10.0.0.0/8 md5",
	    "samerole is not supported" COULD_NOT },
	{ "host samegroup all 10.0.0.0/8 md5",
	    "samegroup is not supported" COULD_NOT },
	{ "host all +g 10.0.0.0/8 md5",
	    LINE "groups are not supported" COULD_NOT },
	{ "host all /x 10.0.0.0/8 md5",
	    LINE "regular expressions are not supported" COULD_NOT },
	{ "host a,,b c 10.0.0.0/8 md5", "could not parse hba config line 1" },
	{ "host \"al all 10.0.0.0/8 md5", "could not parse hba config line 1" },
	{ "host @nope all 10.0.0.0/8 md5", LINE "could not open /etc/nope: "
	    "No such file or directory" COULD_NOT },
	{ "host @names all 10.0.0.0/8 md5",
	    LINE "groups are not supported" COULD_NOT },
	{ "host @loop all 10.0.0.0/8 md5",
	    LINE "files nested too deep" COULD_NOT },
	{ "local all all ldap ldapserver=x",
	    LINE "ldap is not in this version: logins are refused" },
};

START_TEST(says_what_is_wrong)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct pl_hba *hba = read_it(lines[i].line);

		ck_assert_msg(strcmp(told, lines[i].told) == 0,
		    "%s\ngave %s", lines[i].line, told);
		ck_assert_int_eq(pl_hba_worse(hba, NULL),
		    strstr(told, "could not parse") != NULL);
		pl_hba_free(&hba);
	}
}
END_TEST

/* ---- questions: which line of the file answers */

static const char rules[] =
    "local  all        root               trust\n"		/* 1 */
    "local  sameuser   all                peer map=good\n"	/* 2 */
    "host   a,b        u,\"all\"          10.0.0.0/8 md5\n"	/* 3 */
    "hostssl all       tls                0.0.0.0/0 cert\n"	/* 4 */
    "hostnossl all     tls                0.0.0.0/0 reject\n"	/* 5 */
    "host   replication rep               all scram-sha-256\n"	/* 6 */
    "host   all        six                fd00::/8 trust\n"	/* 7 */
    "host   @good      @good              1.2.3.4 255.0.255.0 md5\n" /* 8 */
    "host   \"replication\" all           all password\n"	/* 9 */
    "host   c          @/abs/x            all trust\n"		/* 10 */
    "host   d          @everybody         all trust\n"		/* 11 */
    "hostssl e         ldap               all ldap a=\"b c\" d # e\n"; /* 12 */

static const struct {
	enum pl_hba_link link;
	const char *from, *database, *user;
	enum pl_replication replication;
	unsigned line;			/* 0: none */
} asked[] = {
	{ PL_HBA_LOCAL, NULL, "x", "root", 0, 1 },
	{ PL_HBA_PLAIN, "127.0.0.1", "x", "root", 0, 0 },
	{ PL_HBA_LOCAL, NULL, "x", "x", 0, 2 },
	{ PL_HBA_LOCAL, NULL, "x", "y", 0, 0 },
	{ PL_HBA_PLAIN, "10.255.0.1", "b", "u", 0, 3 },
	{ PL_HBA_TLS, "10.255.0.1", "a", "all", 0, 3 },
	{ PL_HBA_PLAIN, "10.255.0.1", "b", "v", 0, 0 },
	{ PL_HBA_PLAIN, "11.0.0.1", "b", "u", 0, 0 },
	{ PL_HBA_PLAIN, "a00::", "b", "u", 0, 0 },	/* no IPv4 */
	{ PL_HBA_TLS, "9.9.9.9", "z", "tls", 0, 4 },
	{ PL_HBA_PLAIN, "9.9.9.9", "z", "tls", 0, 5 },
	{ PL_HBA_TLS, "::1", "z", "tls", 0, 0 },
	{ PL_HBA_PLAIN, "::1", "z", "rep", PL_REPLICATION_PHYSICAL, 6 },
	{ PL_HBA_PLAIN, "::1", "z", "rep", 0, 0 },
	{ PL_HBA_PLAIN, "::1", "a", "tls", PL_REPLICATION_PHYSICAL, 0 },
	{ PL_HBA_TLS, "9.9.9.9", "z", "tls", PL_REPLICATION_LOGICAL, 4 },
	{ PL_HBA_TLS, "9.9.9.9", "z", "tls", PL_REPLICATION_PHYSICAL, 0 },
	{ PL_HBA_PLAIN, "fd12::1", "z", "six", 0, 7 },
	{ PL_HBA_PLAIN, "fe12::1", "z", "six", 0, 0 },
	{ PL_HBA_PLAIN, "1.9.3.9", "z z", "w", 0, 0 },
	{ PL_HBA_PLAIN, "1.9.3.9", "all2", "bottom", 0, 0 },
	{ PL_HBA_PLAIN, "1.9.4.9", "x", "y", 0, 0 },
	{ PL_HBA_PLAIN, "1.9.3.9", "x", "z", 0, 0 },
	{ PL_HBA_PLAIN, "7.7.7.7", "replication", "q", 0, 9 },
	{ PL_HBA_PLAIN, "7.7.7.7", "replication", "q",
	    PL_REPLICATION_PHYSICAL, 0 },
	{ PL_HBA_PLAIN, "7.7.7.7", "c", "fromabs", 0, 10 },
	{ PL_HBA_PLAIN, "7.7.7.7", "d", "anybody", 0, 11 },
	{ PL_HBA_TLS, "7.7.7.7", "e", "ldap", 0, 12 },
};

START_TEST(first_match_answers)
{
	struct pl_hba *hba = read_it(rules);

	ck_assert_str_eq(told, "address does not match mask in /etc/hba line "
	    "#8: 1.2.3.4 / 255.0.255.0 | hba line 12: ldap is not in this "
	    "version: logins are refused");
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
		struct address a;
		struct endpoint from = { 0 };
		struct pl_hba_question q = { asked[i].link, &from,
		    text_of(asked[i].database), text_of(asked[i].user),
		    asked[i].replication };
		const struct pl_hba_answer *answer;

		if (asked[i].from != NULL) {
			ck_assert_int_eq(address_ip(text_of(asked[i].from),
			    5432, &a), 0);
			from = address_endpoint(&a);
		} else
			q.from = NULL;
		answer = pl_hba_match(hba, &q);
		ck_assert_msg((answer == NULL ? 0 : answer->line) ==
		    asked[i].line, "question %zu: line %u", i,
		    answer == NULL ? 0 : answer->line);
	}
	pl_hba_free(&hba);
}
END_TEST

START_TEST(answers_hold_method_and_options)
{
	struct pl_hba *hba = read_it(rules);
	struct endpoint from = { AF_INET, 1, { 7, 7, 7, 7 } };
	struct pl_hba_question q = { PL_HBA_LOCAL, NULL, TEXT("x"), TEXT("x"),
	    PL_REPLICATION_NONE };
	const struct pl_hba_answer *answer = pl_hba_match(hba, &q);

	ck_assert_int_eq(answer->method, PL_AUTH_PEER);
	ck_assert_str_eq(answer->map, "good");
	ck_assert_ptr_null(answer->options);
	q = (struct pl_hba_question){ PL_HBA_TLS, &from, TEXT("e"),
	    TEXT("ldap"), PL_REPLICATION_NONE };
	answer = pl_hba_match(hba, &q);
	ck_assert_int_eq(answer->method, PL_AUTH_LDAP);
	ck_assert_str_eq(answer->options, "a=\"b c\" d # e");
	q.database = TEXT("replication");
	ck_assert_int_eq(pl_hba_match(hba, &q)->method, PL_AUTH_PLAIN);
	ck_assert_ptr_null(pl_hba_match(NULL, &q));
	pl_hba_free(&hba);
}
END_TEST

START_TEST(tells_new_faults_from_old)
{
	struct pl_hba *good = read_it("local all all md5\n"),
	    *bad = read_it("local all all foo\nlocal all all md5\n"),
	    *moved = read_it("\nlocal x x md5\nlocal all all foo\n"),
	    *more = read_it("local all all foo\nlocal all all bar\n");

	ck_assert(!pl_hba_worse(good, bad));
	ck_assert(pl_hba_worse(bad, good));
	ck_assert(!pl_hba_worse(moved, bad));
	ck_assert(pl_hba_worse(more, bad));
	ck_assert(!pl_hba_worse(bad, more));
	pl_hba_free(&good);
	pl_hba_free(&bad);
	pl_hba_free(&moved);
	pl_hba_free(&more);
}
END_TEST

START_TEST(survives_no_memory)
{
	const struct pl_hba_reader with = { "/etc/hba", NULL, load, tell,
	    NULL };
	struct pl_hba *hba = NULL;
	unsigned long n;

	for (n = 1;; n++) {
		told[0] = '\0';
		mem_fail_at(n);
		hba = pl_hba_read(TEXT("local all all md5\n"
		    "host @good @good 10.0.0.0/8 md5\nx\n"), &with);
		mem_fail_at(0);
		if (hba != NULL && strstr(told, "no memory") == NULL)
			break;
		pl_hba_free(&hba);
		ck_assert_uint_lt(n, 200);
	}
	ck_assert_uint_gt(n, 20);
	pl_hba_free(&hba);
}
END_TEST

UNIT_MAIN("pooler/hba", says_what_is_wrong, first_match_answers,
    answers_hold_method_and_options, tells_new_faults_from_old,
    survives_no_memory)
