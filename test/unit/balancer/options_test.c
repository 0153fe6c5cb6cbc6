/* SPDX-License-Identifier: ISC */
/* options_test.c - what is taken, what a next life is told. */
#include "balancer/options.h"
#include "unit.h"

#define READ(o, ...)							\
	read_them(o, (const char *[]){ "x", __VA_ARGS__, NULL })

/* Options point into what they were read from for as long as they live. */
static int
read_them(struct lb_options *o, const char **given)
{
	static const char *argv[32];
	struct why why;
	int argc = 0;

	for (; given[argc] != NULL; argc++) {
		ck_assert_int_lt(argc, 31);
		argv[argc] = given[argc];
	}
	argv[argc] = NULL;
	return lb_options_read(o, argc, (char **)(uintptr_t)argv, &why);
}

static void
check_kept(const struct lb_options *o, const char *const *want)
{
	unsigned n = 0;

	for (; want[n] != NULL; n++) {
		ck_assert_uint_lt(n, o->kept_count);
		ck_assert_str_eq(o->kept[n], want[n]);
	}
	ck_assert_uint_eq(o->kept_count, n);
}

START_TEST(next_life_is_told_the_same)
{
	static const char *const want[] = { "-W", "-f", "a", "-S", "-x", "--",
	    "-sf", "b", NULL };
	struct lb_options o;

	ck_assert_int_eq(READ(&o, "-W", "-sf", "1", "2", "-f", "a", "-x",
	    "sock", "-S", "-x", "--", "-sf", "b"), 0);
	check_kept(&o, want);
	ck_assert(o.master && !o.notify && !o.old_stop);
	ck_assert_uint_eq(o.old_count, 2);
	ck_assert_str_eq(o.old[1], "2");
	ck_assert_str_eq(o.take_from, "sock");
	ck_assert_str_eq(o.master_socket, "-x");
	ck_assert_uint_eq(o.file_count, 3);
	ck_assert_str_eq(o.files[2], "b");
	lb_options_free(&o);
}
END_TEST

START_TEST(list_of_pids_may_be_empty)
{
	struct lb_options o;

	ck_assert_int_eq(READ(&o, "-f", "a", "-st"), 0);
	ck_assert(o.old_stop);
	ck_assert_uint_eq(o.old_count, 0);
	lb_options_free(&o);
	ck_assert_int_eq(READ(&o, "-Ws", "-f", "a", "-sf", "-D"), 0);
	ck_assert(o.master && o.notify && o.daemon);
	lb_options_free(&o);
}
END_TEST

START_TEST(values_are_wanted)
{
	static const char *const lines[] = { "-f", "-S", "-x", "-p", "-n",
	    "-Wx", "a", "-", "-dX" };
	struct lb_options o;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		ck_assert_int_eq(READ(&o, lines[i]), -1);
		lb_options_free(&o);
	}
	ck_assert_int_eq(READ(&o, "-n", "many"), -1);
	lb_options_free(&o);
}
END_TEST

UNIT_MAIN("balancer/options", next_life_is_told_the_same,
    list_of_pids_may_be_empty, values_are_wanted)
