/* SPDX-License-Identifier: ISC */
/* desk_test.c - a helper driven without a loop: nobody is forgotten. */
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "proc/desk.h"
#include "unit.h"

enum { AT_ONCE = 4, MANY = 20 };

static const char *const say[] = { "/bin/sh", "-c", "echo $0", NULL };
static const char *const stay[] = { "/bin/sleep", "60", NULL };
static const struct runner_command table[] = {
	{ .argv = say, .collects = true }, { .argv = stay },
};

static struct desk desk;
static char heard[1024];
static unsigned ended[RUNNER_LOST + 1];

static void
on_done(void *arg, const struct runner_result *got)
{
	ended[got->end]++;
	if (got->output.len < sizeof heard - strlen(heard))
		strncat(heard, got->output.at == NULL ? "" : got->output.at,
		    got->output.len);
}

static void
begin(void)
{
	struct why why;

	heard[0] = '\0';
	memset(ended, 0, sizeof ended);
	desk_init(&desk, table, 2, AT_ONCE);
	ck_assert_int_eq(desk_fork(&desk, &why), 0);
}

static uint64_t
add(unsigned command, const char *arg, uint64_t key)
{
	const char *const args[] = { arg, NULL };
	struct why why;
	uint64_t run = desk_add(&desk, &(struct runner_job){
	    .command = command, .args = arg == NULL ? NULL : args,
	    .key = key, .done = on_done }, &why);

	ck_assert_uint_ne(run, 0);
	return run;
}

/* Until nobody is left, or the helper is. */
static void
serve(void)
{
	struct pollfd p = { .events = POLLIN };
	enum desk_heard h = DESK_HEARD;

	while (desk.known > 0 && h != DESK_LOST) {
		ck_assert(desk_start(&desk));
		p.fd = desk.sock;
		ck_assert_int_eq(poll(&p, 1, 10000), 1);
		h = desk_hear(&desk);
	}
}

START_TEST(all_have_their_turn)
{
	begin();
	for (unsigned i = 0; i < MANY; i++)
		add(0, "x", 0);
	ck_assert(desk_start(&desk));
	ck_assert_uint_eq(desk.busy, AT_ONCE);
	serve();
	ck_assert_uint_eq(ended[RUNNER_EXITED], MANY);
	ck_assert_uint_eq(strlen(heard), 2 * MANY);
	desk_fini(&desk);
}
END_TEST

START_TEST(one_key_keeps_its_order)
{
	begin();
	add(0, "a", 7);
	add(0, "b", 7);
	add(0, "c", 7);
	ck_assert(desk_start(&desk));
	ck_assert_uint_eq(desk.busy, 1);
	serve();
	ck_assert_str_eq(heard, "a\nb\nc\n");
	desk_fini(&desk);
}
END_TEST

START_TEST(what_is_taken_back_is_not_told)
{
	uint64_t runs, waits;

	begin();
	runs = add(1, NULL, 9);
	waits = add(0, "never", 9);
	ck_assert(desk_start(&desk));
	desk_cancel(&desk, waits);
	ck_assert_uint_eq(desk.known, 1);
	desk_cancel(&desk, runs);
	serve();
	ck_assert_uint_eq(ended[RUNNER_KILLED] + ended[RUNNER_EXITED], 0);
	ck_assert_str_eq(heard, "");
	desk_fini(&desk);
}
END_TEST

START_TEST(a_dead_helper_is_told_of)
{
	struct why why;

	begin();
	add(1, NULL, 3);
	add(0, "after", 3);
	ck_assert(desk_start(&desk));
	kill(desk.pid, SIGKILL);
	serve();
	desk_bury_helper(&desk);
	ck_assert_int_eq(desk.pid, -1);
	while (desk_tell_lost(&desk))
		;
	ck_assert_uint_eq(ended[RUNNER_LOST], 1);
	ck_assert_int_eq(desk_fork(&desk, &why), 0);
	serve();
	ck_assert_str_eq(heard, "after\n");
	desk_fini(&desk);
}
END_TEST

UNIT_MAIN("proc/desk", all_have_their_turn, one_key_keeps_its_order,
    what_is_taken_back_is_not_told, a_dead_helper_is_told_of)
