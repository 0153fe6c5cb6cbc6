/* SPDX-License-Identifier: ISC */
/* config_test.c - settings, their errors, their places. */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "unit.h"
#include "watch/config.h"
#include "watch/silence.h"

static struct wt_given given;

static const char *
refusal(const char *text)
{
	static char line[800];
	struct why why;
	struct wt_config *c = wt_config_parse("w.conf", text_of(text), &given,
	    &why);

	if (c != NULL) {
		wt_config_free(&c);
		return "";
	}
	snprintf(line, sizeof line, "%s: %s", why.place, why.line);
	return line;
}

START_TEST(an_empty_file_is_allowed)
{
	struct why why;
	struct wt_config *c = wt_config_parse("f", TEXT(""), &given, &why);

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(c->set.interval, 10 * CLOCK_SECOND);
	ck_assert_int_eq(c->set.repeat, 4 * 3600 * CLOCK_SECOND);
	ck_assert_uint_eq(c->source_count, 1);
	ck_assert_str_eq(c->sources[0].url,
	    "http://127.0.0.1:8404/stats;csv");
	ck_assert_str_eq(c->sources[0].name, "127.0.0.1:8404");
	wt_config_free(&c);
}
END_TEST

START_TEST(reads_all_sections)
{
	struct why why;
	struct wt_config *c = wt_config_parse("f", TEXT(
	    "; comment\n[watcher]\ninterval = 30\ngroup_wait = 500ms\n"
	    "[source lb1]\nurl = http://10.0.0.11:8404/stats;csv\n"
	    "include = pgb*/*, x/y\nexclude = */spare*\n"
	    "[source lb2]\nurl = unix:/run/h.sock\n"
	    "[receiver ops]\ntype = log\nevents = down,up\n"
	    "[silence w]\nmatch = pgb*\nweekly = Sun 22:00-24:00 UTC\n"),
	    &given, &why);

	ck_assert_msg(c != NULL, "%s", why.line);
	ck_assert_int_eq(c->set.interval, 30 * CLOCK_SECOND);
	ck_assert_int_eq(c->set.group_wait, CLOCK_SECOND / 2);
	ck_assert_uint_eq(c->source_count, 2);
	ck_assert(wt_config_fits(&c->sources[0].in, "pgbs/a", "a"));
	ck_assert(wt_config_fits(&c->sources[0].in, "x/y", "y"));
	ck_assert(!wt_config_fits(&c->sources[0].in, "x/z", "z"));
	ck_assert(wt_config_fits(&c->sources[0].out, "p/spare1", "spare1"));
	ck_assert_int_eq(c->silences[0].last, 24 * 3600);
	wt_config_free(&c);
}
END_TEST

START_TEST(errors_have_their_place)
{
	static const struct { const char *text, *error; } rows[] = {
		{ "[watcher]\ninterval = 0\n", "w.conf:2: interval = 0: "
		    "expected a time such as 10s, 5m or 4h, from 1s to 1h" },
		{ "[watcher]\n\nintervall = 3\n", "w.conf:3: unknown setting "
		    "intervall: expected one of weir-watch --list-settings" },
		{ "interval = 3\n", "w.conf:1: interval: expected a section "
		    "such as [watcher] before the first setting" },
		{ "[watch]\n", "w.conf:1: unknown section [watch]: expected "
		    "[watcher], [source NAME], [receiver NAME] or "
		    "[silence NAME]" },
		{ "[source]\n", "w.conf:1: section [source]: expected "
		    "[source NAME], a name of 1 to 64 bytes" },
		{ "[watcher]\nhello\n", "w.conf:2: syntax error: expected "
		    "[SECTION], NAME = VALUE, %include FILE or a comment" },
		{ "[source a]\nurl=http://x/\n[source a]\n",
		    "w.conf:3: section [source a] stands twice" },
		{ "[receiver a]\ntype = pager\n", "w.conf:2: type = pager: "
		    "expected one of slack, mattermost, discord, webhook, "
		    "pagerduty, alertmanager, log" },
		{ "[watcher]\nstandby = maybe\n", "w.conf:2: standby = maybe: "
		    "expected one of no, yes, off, on, 0, 1" },
		{ "[source a]\nurl = ftp://x/\n", "w.conf: [source a] url: "
		    "expected http://, https://, unix:/PATH or "
		    "http+unix:/PATH:/URI" },
		{ "[receiver a]\nevents = down,never\nurl=http://x/\n",
		    "w.conf: [receiver a] events: never: expected kinds such "
		    "as down, up, backend_down, or usual, all" },
		{ "[receiver a]\ntype = slack\n", "w.conf: [receiver a] url: "
		    "expected http:// or https://" },
		{ "[silence a]\nmatch = x\n", "w.conf: [silence a]: expected "
		    "from and to such as 2026-01-31 02:00 UTC, in that "
		    "order" },
		{ "[silence a]\nmatch = x\nweekly = Son 02:00-04:00\n",
		    "w.conf: [silence a] weekly: expected a time such as "
		    "Sun 02:00-04:00 UTC, without from and to" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_str_eq(refusal(rows[i].text), rows[i].error);
}
END_TEST

START_TEST(urls_as_they_are_asked)
{
	static const struct { const char *url, *asked; } rows[] = {
		{ "http://h:8404", "http://h:8404/stats;csv;norefresh" },
		{ "http://h:8404/", "http://h:8404/stats;csv;norefresh" },
		{ "http://h/stats", "http://h/stats;csv;norefresh" },
		{ "http://h/stats/", "http://h/stats/;csv;norefresh" },
		{ "http://h/stats;csv", "http://h/stats;csv" },
		{ "http://h/stats/;csv", "http://h/stats/;csv" },
		{ "http://h/haproxy?stats;csv", "http://h/haproxy?stats;csv" },
		{ "http://h/x?csv", "http://h/x?csv" },
		{ "https://u:p@h", "https://u:p@h/stats;csv;norefresh" },
	};
	char *url;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		url = wt_config_page_url(rows[i].url);
		ck_assert_str_eq(url, rows[i].asked);
		mem_drop(url);
	}
	ck_assert(text_is(wt_config_host(TEXT("http://u:p@h:1/x;y")), "h:1"));
	ck_assert(text_is(wt_config_host(TEXT("https://h")), "h"));
}
END_TEST

START_TEST(silences_have_their_hours)
{
	/* 2026-02-01 was a Sunday. */
	const int64_t sunday = 1769904000 * CLOCK_SECOND;
	const int64_t hour = 3600 * CLOCK_SECOND;
	struct why why;
	struct wt_config *c = wt_config_parse("f", TEXT(
	    "[silence a]\nmatch = x\nweekly = Sun 02:00-04:00 UTC\n"
	    "[silence b]\nmatch = x\nweekly = Sat 23:00-01:00\n"
	    "[silence c]\nmatch = x\nfrom = 2026-02-01 02:00 UTC\n"
	    "to = 2026-02-01 03:00 UTC\n"), &given, &why);

	ck_assert_ptr_nonnull(c);
	ck_assert(!wt_silence_row_holds(&c->silences[0], sunday + hour));
	ck_assert(wt_silence_row_holds(&c->silences[0], sunday + 2 * hour));
	ck_assert(!wt_silence_row_holds(&c->silences[0], sunday + 4 * hour));
	ck_assert(wt_silence_row_holds(&c->silences[1], sunday));
	ck_assert(wt_silence_row_holds(&c->silences[1], sunday - hour / 2));
	ck_assert(!wt_silence_row_holds(&c->silences[1], sunday + hour));
	ck_assert(wt_silence_row_holds(&c->silences[2], sunday + 2 * hour));
	ck_assert(!wt_silence_row_holds(&c->silences[2], sunday + 3 * hour));
	wt_config_free(&c);
}
END_TEST

START_TEST(the_old_loops_place)
{
	struct wt_given env = { .env_urls = "http://a:1, http://b:2/stats",
	    .env_slack = "http://hook/x", .interval = "30",
	    .state_file = "/tmp/x" };
	struct why why;
	struct wt_config *c = wt_config_read(&env, &why);

	ck_assert_msg(c != NULL, "%s", why.line);
	ck_assert(c->old_place);
	ck_assert_uint_eq(c->source_count, 2);
	ck_assert_str_eq(c->sources[1].name, "b:2");
	ck_assert_uint_eq(c->receiver_count, 1);
	ck_assert_str_eq(c->receivers[0].hint, "Run: docker start %s");
	ck_assert_str_eq(c->set.state_file, "/tmp/x");
	ck_assert_str_eq(c->set.outbox_dir, "/tmp/x.outbox");
	ck_assert_int_eq(c->set.interval, 30 * CLOCK_SECOND);
	wt_config_free(&c);
	env.state_file = NULL;
	c = wt_config_read(&env, &why);
	ck_assert_str_eq(c->set.state_file, "/tmp/pgbouncer_states.txt");
	wt_config_free(&c);
	env.interval = "soon";
	ck_assert_ptr_null(wt_config_read(&env, &why));
	ck_assert_ptr_nonnull(strstr(why.line, "interval soon: expected"));
}
END_TEST

UNIT_MAIN("watch/config", an_empty_file_is_allowed, reads_all_sections,
    errors_have_their_place, urls_as_they_are_asked,
    silences_have_their_hours, the_old_loops_place)
