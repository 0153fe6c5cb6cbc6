/* SPDX-License-Identifier: ISC */
/* text_test.c - slices compared, trimmed and cut. */
#include <stdio.h>

#include "unit.h"

#include "exact.h"

START_TEST(compares)
{
	static const struct {
		struct text a;
		const char *b;
		bool same, nocase, begins, ends;
	} rows[] = {
		{ TEXT("abc"), "abc", true, true, true, true },
		{ TEXT("abc"), "ABC", false, true, false, false },
		{ TEXT("abc"), "ab", false, false, true, false },
		{ TEXT("abc"), "bc", false, false, false, true },
		{ TEXT("abc"), "abcd", false, false, false, false },
		{ TEXT("abc"), "", false, false, true, true },
		{ TEXT(""), "", true, true, true, true },
		{ TEXT(""), "a", false, false, false, false },
		{ TEXT_NONE, "", true, true, true, true },
		{ TEXT_NONE, "a", false, false, false, false },
		{ TEXT("a\0b"), "a", false, false, true, false },
		{ TEXT("[{"), "{[", false, false, false, false },
		{ TEXT("@"), "`", false, false, false, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text a = rows[i].a.at == NULL ? TEXT_NONE :
		    exact(rows[i].a);
		const char *b = rows[i].b;

		ck_assert_msg(text_is(a, b) == rows[i].same &&
		    text_is_nocase(a, b) == rows[i].nocase &&
		    text_begins(a, b) == rows[i].begins &&
		    text_ends(a, b) == rows[i].ends, "row %zu", i);
		ck_assert(text_same(a, text_of(b)) == rows[i].same);
		exact_drop(&a);
	}
}
END_TEST

START_TEST(orders_by_bytes)
{
	static const struct text ordered[] = {
		TEXT(""), TEXT("\0"), TEXT("A"), TEXT("a"), TEXT("a\0"),
		TEXT("aa"), TEXT("b"), TEXT("\x80"), TEXT("\xff"),
	};
	enum { N = sizeof ordered / sizeof ordered[0] };

	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++) {
			int c = text_compare(ordered[i], ordered[k]);

			ck_assert_msg((c < 0) == (i < k) &&
			    (c == 0) == (i == k), "%d %d", i, k);
		}
	ck_assert_int_eq(text_compare(TEXT_NONE, TEXT("")), 0);
}
END_TEST

START_TEST(trims)
{
	static const struct {
		struct text given;
		const char *left;
	} rows[] = {
		{ TEXT(""), "" }, { TEXT(" \t\n\v\f\r"), "" },
		{ TEXT("a"), "a" }, { TEXT("  a b\t"), "a b" },
		{ TEXT("\xa0" "a\x85"), "\xa0" "a\x85" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(rows[i].given);

		ck_assert(text_is(text_trim(t), rows[i].left));
		exact_drop(&t);
	}
	ck_assert_uint_eq(text_trim(TEXT_NONE).len, 0);
}
END_TEST

enum { PIECES = 128 };

/* The pieces, each in brackets. */
static void
print_pieces(struct text rest, bool (*cut)(struct text *, struct text *),
    char to[PIECES])
{
	struct text piece;
	size_t len = 0;

	*to = '\0';
	while (cut(&rest, &piece))
		len += (size_t)snprintf(to + len, PIECES - len, "[%.*s]",
		    TEXT_ARG(piece));
}

static bool
cut_word(struct text *rest, struct text *piece)
{
	return text_word(rest, ", ", piece);
}

static bool
cut_split(struct text *rest, struct text *piece)
{
	return text_split(rest, ',', piece);
}

START_TEST(cuts_words_and_pieces)
{
	static const struct {
		struct text given;
		const char *words, *pieces;
	} rows[] = {
		{ TEXT(""), "", "[]" },
		{ TEXT(","), "", "[][]" },
		{ TEXT(" , "), "", "[ ][ ]" },
		{ TEXT("a"), "[a]", "[a]" },
		{ TEXT("a,b"), "[a][b]", "[a][b]" },
		{ TEXT(", a,, b ,"), "[a][b]", "[][ a][][ b ][]" },
	};
	char seen[PIECES];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(rows[i].given);

		print_pieces(t, cut_word, seen);
		ck_assert_str_eq(seen, rows[i].words);
		print_pieces(t, cut_split, seen);
		ck_assert_str_eq(seen, rows[i].pieces);
		exact_drop(&t);
	}
	print_pieces(TEXT_NONE, cut_word, seen);
	ck_assert_str_eq(seen, "");
	print_pieces(TEXT_NONE, cut_split, seen);
	ck_assert_str_eq(seen, "");
}
END_TEST

/* A NUL is a byte like others, not a separator. */
START_TEST(keeps_nul_in_words)
{
	struct text rest = TEXT("a\0b c"), word;

	ck_assert(text_word(&rest, " ", &word));
	ck_assert(text_same(word, TEXT("a\0b")));
}
END_TEST

UNIT_MAIN("base/text", compares, orders_by_bytes, trims,
    cuts_words_and_pieces, keeps_nul_in_words)
