/* SPDX-License-Identifier: ISC */
/* ident_test.c - maps of users: who may be whom, and bad lines. */
#include <stdio.h>

#include "pooler/ident.h"
#include "unit.h"

static char told[1024];

static void
tell(void *arg, const char *line)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof told - used, "%s\n", line);
}

static struct pl_ident *
read_it(const char *file)
{
	told[0] = '\0';
	return pl_ident_read(text_of(file), tell, NULL);
}

START_TEST(answers_by_map)
{
	struct pl_ident *ident = read_it("# c\n\n m  os  pg # x\n"
	    "m os other\r\nm \"o s\" all\nn root \"all\"\n");
	static const struct {
		const char *map, *os, *pg;
		bool allowed;
	} asked[] = {
		{ "m", "os", "pg", true },
		{ "m", "os", "other", true },
		{ "m", "os", "third", false },
		{ "m", "o s", "third", true },
		{ "m", "oS", "pg", false },
		{ "n", "os", "pg", false },
		{ "n", "root", "pg", false },	/* "all" in quotes: a name */
		{ "n", "root", "all", true },
		{ "", "os", "pg", false },
	};

	ck_assert_str_eq(told, "");
	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		ck_assert_msg(pl_ident_allows(ident, text_of(asked[i].map),
		    text_of(asked[i].os), text_of(asked[i].pg)) ==
		    asked[i].allowed, "%zu", i);
	ck_assert(pl_ident_has_map(ident, TEXT("n")));
	ck_assert(!pl_ident_has_map(ident, TEXT("os")));
	ck_assert(!pl_ident_has_map(NULL, TEXT("n")));
	ck_assert(!pl_ident_allows(NULL, TEXT("m"), TEXT("os"), TEXT("pg")));
	pl_ident_free(&ident);
}
END_TEST

START_TEST(skips_bad_lines)
{
	struct pl_ident *ident = read_it("m os\nm os pg x\nm , pg\n"
	    "m \"os pg\nm os pg\n");

	ck_assert_str_eq(told, "could not parse ident config line 1\n"
	    "ident line 2: unsupported parameters\n"
	    "could not parse ident config line 2\n"
	    "could not parse ident config line 3\n"
	    "could not parse ident config line 4\n");
	ck_assert(pl_ident_allows(ident, TEXT("m"), TEXT("os"), TEXT("pg")));
	pl_ident_free(&ident);
}
END_TEST

START_TEST(tells_new_faults_from_old)
{
	struct pl_ident *bad = read_it("m os\n"), *good = read_it("m os pg"),
	    *moved = read_it("m os pg\nm os\n"), *more = read_it("m os\nx\n");

	ck_assert(pl_ident_worse(bad, good));
	ck_assert(pl_ident_worse(bad, NULL));
	ck_assert(!pl_ident_worse(good, bad));
	ck_assert(!pl_ident_worse(good, NULL));
	ck_assert(!pl_ident_worse(moved, bad));
	ck_assert(pl_ident_worse(more, bad));
	pl_ident_free(&bad);
	pl_ident_free(&good);
	pl_ident_free(&moved);
	pl_ident_free(&more);
}
END_TEST

UNIT_MAIN("pooler/ident", answers_by_map, skips_bad_lines,
    tells_new_faults_from_old)
