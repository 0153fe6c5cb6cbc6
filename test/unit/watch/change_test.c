/* SPDX-License-Identifier: ISC */
/* change_test.c - from pages to events, by a made-up clock. */
#include <malloc.h>

#include "rig.h"

static void
begin(struct rig *r, const char *settings)
{
	rig_init(r, settings);
	rig_see(r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_silent(r);
}

START_TEST(tells_down_and_up_once)
{
	struct rig r;

	begin(&r, "");
	rig_see(&r, "pgb1", "UP", "pgb2", "DOWN", "pgb3", "UP");
	rig_hears(&r, "down: pgb2 is DOWN");
	rig_silent(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "DOWN", "pgb3", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "up: pgb2 is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

/* Every word of the status table: from UP to it and back, and from DOWN. */
START_TEST(knows_every_word)
{
	static const struct { const char *word, *from_up, *back, *from_down; }
	    rows[] = {
		{ "UP", "", "", "up: a is back UP" },
		{ "UP 1/3", "", "", "up: a is back UP" },
		{ "UP 2/3", "", "", "up: a is back UP" },
		{ "UP -1/3", "", "", "up: a is back UP" },
		{ "DOWN", "down: a is DOWN", "up: a is back UP", "" },
		{ "DOWN 1/2", "down: a is DOWN", "up: a is back UP", "" },
		{ "DOWN (agent)", "down: a is DOWN", "up: a is back UP", "" },
		{ "MAINT", "maint: a is in maintenance",
		    "maint_end: a is out of maintenance, UP",
		    "maint: a is DOWN, now in maintenance" },
		{ "MAINT (via px/b)", "maint: a is in maintenance",
		    "maint_end: a is out of maintenance, UP",
		    "maint: a is DOWN, now in maintenance" },
		{ "MAINT (resolution)", "down: a is DOWN",
		    "up: a is back UP", "" },
		{ "DRAIN", "drain: a is draining",
		    "drain_end: a drains no longer",
		    "up: a is back, draining" },
		{ "DRAIN 1/2", "drain: a is draining",
		    "drain_end: a drains no longer",
		    "up: a is back, draining" },
		{ "DRAIN (agent)", "drain: a is draining",
		    "drain_end: a drains no longer",
		    "up: a is back, draining" },
		{ "NOLB", "", "", "up: a is back UP, soft stop" },
		{ "NOLB 1/2", "", "", "up: a is back UP, soft stop" },
		{ "no check", "", "", "up: a is back UP" },
		{ "SOMETHING NEW", "", "", "up: a is back UP" },
	};
	struct rig r;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rig_init(&r, "");
		rig_see(&r, "a", "UP", "b", "UP", "c", "UP");
		rig_see(&r, "a", rows[i].word, "b", "UP", "c", "UP");
		rig_hears(&r, rows[i].from_up);
		rig_see(&r, "a", "UP", "b", "UP", "c", "UP");
		rig_hears(&r, rows[i].back);
		rig_see(&r, "a", "DOWN", "b", "UP", "c", "UP");
		rig_hears(&r, "down: a is DOWN");
		rig_see(&r, "a", rows[i].word, "b", "UP", "c", "UP");
		rig_hears(&r, rows[i].from_down);
		rig_silent(&r);
		rig_fini(&r);
	}
}
END_TEST

START_TEST(does_not_rely_on_steps_between)
{
	struct rig r;

	begin(&r, "");
	rig_see(&r, "pgb1", "UP 2/3", "pgb2", "UP", "pgb3", "UP");
	rig_see(&r, "pgb1", "UP 1/3", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_see(&r, "pgb1", "DOWN 1/2", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "up: pgb1 is back UP");
	rig_fini(&r);
}
END_TEST

START_TEST(warns_of_steps_where_asked_to)
{
	struct rig r;

	begin(&r, "warn_transitional = yes\n");
	rig_see(&r, "pgb1", "UP 2/3", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "going: pgb1 is UP 2/3: a check failed");
	rig_see(&r, "pgb1", "UP 1/3", "pgb2", "UP", "pgb3", "UP");
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	r.quiet = true;
	rig_see(&r, "pgb1", "UP 2/3", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(tells_what_stands_at_the_start)
{
	struct rig r;

	rig_init(&r, "");
	rig_see(&r, "pgb1", "UP", "pgb2", "DOWN");
	rig_hears(&r, "down: at start: pgb2 is DOWN");
	rig_silent(&r);
	rig_fini(&r);
	rig_init(&r, "initial_alert = no\n");
	rig_see(&r, "pgb1", "UP", "pgb2", "DOWN");
	rig_silent(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "UP");
	rig_hears(&r, "up: pgb2 is back UP");
	rig_fini(&r);
}
END_TEST

START_TEST(tells_what_changed_while_it_was_away)
{
	struct rig r;

	begin(&r, "");
	rig_restart(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "DOWN", "pgb3", "UP");
	rig_hears(&r, "down: pgb2 is DOWN");
	rig_restart(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "DOWN", "pgb3", "UP");
	rig_silent(&r);
	rig_restart(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "up: pgb2 is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(sees_what_hides_in_the_counters)
{
	struct rig r;

	rig_init(&r, "");
	rig_rows_of(&r, 0, 10 * SECOND, "px,a,UP,2,3,500,40,1,\n"
	    "px,b,UP,2,0,500,0,1,\n");
	rig_rows_of(&r, 0, 10 * SECOND, "px,a,UP,2,4,2,43,1,\n"
	    "px,b,UP,2,0,510,0,1,\n");
	rig_hears(&r, "blip: a was DOWN for 3 s and is UP again");
	/* Going back is a restart of the balancer. */
	rig_rows_of(&r, 0, 10 * SECOND, "px,a,UP,2,0,3,0,1,\n"
	    "px,b,UP,2,0,3,0,1,\n");
	rig_rows_of(&r, 0, 10 * SECOND, "px,a,UP,2,1,2,5,1,\n"
	    "px,b,UP,2,0,13,0,1,\n");
	rig_hears(&r, "blip: a was DOWN for 5 s and is UP again");
	/* A change older than the last sample is another counter's. */
	rig_rows_of(&r, 0, 10 * SECOND, "px,a,UP,2,7,900,50,1,\n"
	    "px,b,UP,2,0,23,0,1,\n");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(counters_mean_nothing_behind_a_move)
{
	struct rig r;
	const char *front = "px,FRONTEND,OPEN,0,,,,,\n";

	(void)front;
	rig_init(&r, "");
	rig_rows_of(&r, 0, 10 * SECOND, "px,a,UP,2,3,500,40,1,\n");
	r.state->sources[0].rebase = true;
	rig_rows_of(&r, 0, 10 * SECOND, "px,a,UP,2,9,2,99,1,\n");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(believes_what_is_confirmed)
{
	struct rig r;

	begin(&r, "confirm = 3\n");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_fini(&r);
}
END_TEST

START_TEST(a_silent_source_hides_its_targets)
{
	struct rig r;

	begin(&r, "");
	rig_fail(&r, 0, "connection refused");
	rig_fail(&r, 0, "connection refused");
	rig_silent(&r);
	rig_fail(&r, 0, "connection refused");
	rig_hears(&r, "source_down: balancer lb1 does not answer");
	for (int i = 0; i < 100; i++)
		rig_fail(&r, 0, "connection refused");
	rig_silent(&r);
	rig_restart(&r);
	rig_fail(&r, 0, "connection refused");
	rig_silent(&r);
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "source_up: lb1 is back: it answers again");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

static const char two[] =
    "[source lb1]\nurl = http://127.0.0.1:1/\ngroup = pg\n%s"
    "[source lb2]\nurl = http://127.0.0.1:2/\ngroup = pg\n";

static void
begin_two(struct rig *r, const char *setting)
{
	char text[512];
	const char *at = strstr(two, "%s");

	snprintf(text, sizeof text, "%.*s%s%s", (int)(at - two), two, setting,
	    at + 2);
	rig_init(r, text);
	rig_see_of(r, 0, "a", "UP", "b", "UP", "c", "UP", NULL);
	rig_see_of(r, 1, "a", "UP", "b", "UP", "c", "UP", NULL);
	rig_silent(r);
}

START_TEST(a_group_makes_one_event)
{
	struct rig r;

	begin_two(&r, "");
	rig_see_of(&r, 0, "a", "DOWN", "b", "UP", "c", "UP", NULL);
	rig_hears(&r, "down: a is DOWN (seen by lb1)");
	rig_see_of(&r, 1, "a", "DOWN", "b", "UP", "c", "UP", NULL);
	rig_silent(&r);
	rig_see_of(&r, 0, "a", "UP", "b", "UP", "c", "UP", NULL);
	rig_silent(&r);
	rig_see_of(&r, 1, "a", "UP", "b", "UP", "c", "UP", NULL);
	rig_hears(&r, "up: a is back UP (seen by lb1 and lb2)");
	rig_fini(&r);
	begin_two(&r, "quorum = all\n");
	rig_see_of(&r, 0, "a", "DOWN", "b", "UP", "c", "UP", NULL);
	rig_silent(&r);
	rig_see_of(&r, 1, "a", "DOWN", "b", "UP", "c", "UP", NULL);
	rig_hears(&r, "down: a is DOWN (seen by lb1 and lb2)");
	rig_see_of(&r, 1, "a", "UP", "b", "UP", "c", "UP", NULL);
	rig_hears(&r, "up: a is back UP (seen by lb2)");
	rig_fini(&r);
}
END_TEST

START_TEST(a_group_that_is_gone_is_one_event)
{
	struct rig r;

	begin_two(&r, "");
	for (int i = 0; i < 4; i++) {
		rig_fail(&r, 0, "refused");
		rig_fail(&r, 1, "refused");
	}
	rig_hears(&r, "source_down: no source of group pg answers: lb1, lb2");
	rig_silent(&r);
	rig_see_of(&r, 0, "a", "UP", "b", "UP", "c", "UP", NULL);
	rig_hears(&r, "source_up: lb1 is back: it answers again");
	rig_fini(&r);
	begin_two(&r, "");
	for (int i = 0; i < 5; i++) {
		rig_fail(&r, 1, "refused");
		rig_see_of(&r, 0, "a", "UP", "b", "UP", "c", "UP", NULL);
	}
	rig_hears(&r, "source_down: balancer lb2 does not answer");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(tells_who_is_gone_and_who_is_new)
{
	struct rig r;

	begin(&r, "");
	rig_see(&r, "pgb1", "UP", "pgb2", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "UP");
	rig_hears(&r, "removed: pgb3 is gone from the statistics "
	    "(last known: UP)");
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb4", "DOWN");
	rig_hears(&r, "added: pgb4 is new: DOWN");
	rig_hears(&r, "down: pgb4 is DOWN");
	/* All at once: another configuration, one message. */
	rig_see(&r, "x1", "UP", "x2", "UP");
	rig_see(&r, "x1", "UP", "x2", "UP");
	rig_hears(&r, "added: x1 is new: UP");
	rig_hears(&r, "added: x2 is new: UP");
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(strstr(rig_next(&r), "removed: pgb"));
	rig_silent(&r);
	rig_rows_of(&r, 0, 10 * SECOND, "px,FRONTEND,OPEN,0,,,,,\n");
	rig_rows_of(&r, 0, 10 * SECOND, "px,FRONTEND,OPEN,0,,,,,\n");
	rig_hears(&r, "removed: all 2 servers of lb1 are gone from its "
	    "statistics");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(tells_the_last_server)
{
	struct rig r;

	begin(&r, "");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "DOWN", "pgb3", "UP");
	rig_hears(&r, "down: pgb2 is DOWN");
	rig_hears(&r, "last_server: pgb3 is the last server of px that is "
	    "up");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "DOWN", "pgb3", "DOWN");
	rig_hears(&r, "down: pgb3 is DOWN");
	rig_silent(&r);
	rig_see(&r, "pgb1", "DOWN", "pgb2", "DOWN", "pgb3", "UP");
	rig_hears(&r, "up: pgb3 is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(flapping_is_told_once)
{
	struct rig r;
	unsigned told = 0;

	begin(&r, "repeat = 0\n");
	for (int i = 0; i < 50; i++)
		rig_see(&r, "pgb1", i % 2 ? "UP" : "DOWN", "pgb2", "UP",
		    "pgb3", "UP");
	while (rig_next(&r)[0] != '\0')
		told++;
	ck_assert_int_eq(told, 5);	/* four changes, one flapping */
	for (int i = 0; i < 61; i++)
		rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "flapping_end: pgb1 is steady again: UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_fini(&r);
}
END_TEST

START_TEST(flapping_outlives_a_restart)
{
	struct rig r;

	begin(&r, "repeat = 0\n");
	for (int i = 0; i < 6; i++) {
		rig_see(&r, "pgb1", i % 2 ? "UP" : "DOWN", "pgb2", "UP",
		    "pgb3", "UP");
		rig_restart(&r);
	}
	for (int i = 0; i < 4; i++)
		rig_next(&r);
	rig_hears(&r, "flapping: pgb1 is flapping: 5 changes in 10 min; "
	    "silent until it is steady");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(a_silence_keeps_it_for_later)
{
	struct rig r;

	begin(&r, "");
	r.quiet = true;
	rig_see(&r, "pgb1", "DOWN", "pgb2", "DOWN", "pgb3", "UP");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_restart(&r);
	r.quiet = false;
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_silent(&r);
	r.quiet = true;
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	r.quiet = false;
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "up: pgb1 is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(a_standing_problem_is_told_again)
{
	struct rig r;

	begin(&r, "repeat = 1h\n");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	for (int i = 0; i < 359; i++)
		rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is still DOWN, for 1 h");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(maintenance_then_down_is_critical)
{
	struct rig r;

	begin(&r, "");
	rig_see(&r, "pgb1", "MAINT", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "maint: pgb1 is in maintenance");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_see(&r, "pgb1", "MAINT", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "maint: pgb1 is DOWN, now in maintenance");
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "up: pgb1 is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(a_clock_that_jumps_makes_no_event)
{
	struct rig r;

	begin(&r, "");
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	r.now.wall -= 3600 * SECOND;
	for (int i = 0; i < 10; i++)
		rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_restart(&r);
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	r.now.wall += 7 * 3600 * SECOND;
	for (int i = 0; i < 10; i++)
		rig_see(&r, "pgb1", "DOWN", "pgb2", "UP", "pgb3", "UP");
	rig_silent(&r);
	rig_see(&r, "pgb1", "UP", "pgb2", "UP", "pgb3", "UP");
	rig_hears(&r, "up: pgb1 is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(backends_are_watched_when_asked_for)
{
	struct rig r;

	rig_init(&r, "[source lb1]\nurl = http://127.0.0.1:1/\n"
	    "backends = yes\n");
	rig_rows_of(&r, 0, SECOND, "px,a,UP,2,0,5,0,7,\n"
	    "px,BACKEND,UP,1,0,5,0,7,\n");
	rig_rows_of(&r, 0, SECOND, "px,a,DOWN,2,0,5,0,7,\n"
	    "px,BACKEND,DOWN,1,0,5,0,7,\n");
	rig_hears(&r, "down: a is DOWN");
	rig_hears(&r, "backend_down: px is DOWN");
	rig_rows_of(&r, 0, SECOND, "px,a,UP,2,0,5,0,7,\n"
	    "px,BACKEND,UP,1,0,5,0,7,\n");
	rig_hears(&r, "up: a is back UP");
	rig_hears(&r, "backend_up: px is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(a_vip_of_vrrp_moves)
{
	struct rig r;

	rig_init(&r, "[source lb1]\nurl = http://127.0.0.1:1/\nkind = vrrp\n"
	    "group = v\n[source lb2]\nurl = http://127.0.0.1:2/\n"
	    "kind = vrrp\ngroup = v\n");
	rig_see_of(&r, 0, "VI_1", "MASTER", NULL);
	rig_see_of(&r, 1, "VI_1", "BACKUP", NULL);
	rig_silent(&r);
	/* Seen between the two polls: no split. */
	rig_see_of(&r, 1, "VI_1", "MASTER", NULL);
	rig_silent(&r);
	rig_see_of(&r, 0, "VI_1", "BACKUP", NULL);
	rig_hears(&r, "vip_moved: VIP moved from lb1 to lb2");
	rig_see_of(&r, 0, "VI_1", "FAULT", NULL);
	rig_hears(&r, "down: VI_1 is in FAULT on lb1");
	rig_see_of(&r, 0, "VI_1", "BACKUP", NULL);
	rig_hears(&r, "up: lb1 is back: VI_1 is BACKUP");
	for (int i = 0; i < 3; i++) {
		rig_see_of(&r, 0, "VI_1", "MASTER", NULL);
		rig_see_of(&r, 1, "VI_1", "MASTER", NULL);
	}
	rig_hears(&r, "split: VI_1 has two masters");
	rig_silent(&r);
	rig_see_of(&r, 1, "VI_1", "BACKUP", NULL);
	rig_hears(&r, "split_end: VI_1 has one master again");
	rig_hears(&r, "vip_moved: VIP moved from lb2 to lb1");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

START_TEST(takes_the_old_loops_file)
{
	struct rig r;

	rig_init(&r, "");
	ck_assert(wt_memory_read(r.state, TEXT("pgb1:UP\npgb2:DOWN\n"),
	    TEXT(""), &r.now));
	rig_see(&r, "pgb1", "DOWN", "pgb2", "UP");
	rig_hears(&r, "down: pgb1 is DOWN");
	rig_hears(&r, "up: pgb2 is back UP");
	rig_silent(&r);
	rig_fini(&r);
}
END_TEST

/* A tenth of them where a sanitizer makes each ten times as long. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { POLLS = 100000 };
#else
enum { POLLS = 1000000 };
#endif

/* 10^6 polls, a change now and then: what is told is right, nothing grows. */
START_TEST(a_million_polls)
{
	static const char page[] = HEAD "px,a,UP,2,0,5,0,7,\n"
	    "px,b,UP,2,0,5,0,7,\npx,c,UP,2,0,5,0,7,\n";
	static const char down[] = HEAD "px,a,DOWN,2,0,5,0,7,\n"
	    "px,b,UP,2,0,5,0,7,\npx,c,UP,2,0,5,0,7,\n";
	static const struct wt_answerer nobody = { .node = "" };
	size_t before = 0, after;
	struct wt_page p;
	struct rig r;
	struct why why;

	rig_init(&r, "repeat = 0\n");
	for (int i = 0; i < POLLS; i++) {
		bool bad = i / 500 % 2 == 1;
		struct wt_change c;

		r.now.mono += 10 * SECOND;
		r.now.wall += 10 * SECOND;
		c = rig_change(&r);
		if (i % 7 == 6 && i % 500 > 10) {
			wt_change_failed(&c, &r.state->sources[0], "torn");
			continue;
		}
		ck_assert_int_eq(wt_page_read(&p, bad ? text_of(down) :
		    text_of(page), &why), 0);
		wt_change_page(&c, &r.state->sources[0], &p, &nobody);
		wt_page_fini(&p);
		if (i == 10000)
			before = mallinfo2().uordblks;
	}
	after = mallinfo2().uordblks;
	/* The state changes every 500 polls: each is told, none else. */
	ck_assert_uint_eq(r.count, POLLS / 500 - 1);
	ck_assert_msg(after <= before + 4096, "%zu became %zu", before,
	    after);
	rig_fini(&r);
}
END_TEST

UNIT_MAIN("watch/change", tells_down_and_up_once, knows_every_word,
    does_not_rely_on_steps_between, warns_of_steps_where_asked_to,
    tells_what_stands_at_the_start,
    tells_what_changed_while_it_was_away, sees_what_hides_in_the_counters,
    counters_mean_nothing_behind_a_move, believes_what_is_confirmed,
    a_silent_source_hides_its_targets, a_group_makes_one_event,
    a_group_that_is_gone_is_one_event, tells_who_is_gone_and_who_is_new,
    tells_the_last_server, flapping_is_told_once,
    flapping_outlives_a_restart, a_silence_keeps_it_for_later,
    a_standing_problem_is_told_again, maintenance_then_down_is_critical,
    a_clock_that_jumps_makes_no_event, backends_are_watched_when_asked_for,
    a_vip_of_vrrp_moves, takes_the_old_loops_file, a_million_polls)
