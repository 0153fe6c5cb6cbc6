/* SPDX-License-Identifier: ISC */
/*
 * outline_test.c - what two setups must share for a reload in place, and
 * which of their differences are numbers of one object.
 */
#include "balancer/outline.h"
#include "base/mem.h"
#include "rig.h"
#include "unit.h"

#define BASE								\
	"global\n maxconnrate 5\ndefaults\n" TIMES			\
	" default-server inter 2s fall 4\n"				\
	"listen l\n bind 127.0.0.1:1\n option dontlognull\n"		\
	" server a 10.0.0.1:1 check weight 3\n server b 10.0.0.2:1\n"

static char *
outline_of(const char *config)
{
	struct lb_source_text text = { "c", text_of(config), false };
	struct lb_source source = source_of(&text);
	struct lb_files *none;
	struct lb_setup *s;
	struct why why;
	char *outline;

	told = (struct lb_report){ .tell = keep_text };
	said[0] = '\0';
	source.blocks = true;
	s = lb_config_read(&source, &told);
	ck_assert_msg(s != NULL, "%s", said);
	none = lb_files_read(NULL, 0, &why);
	outline = lb_outline_print(s, none);
	ck_assert_ptr_nonnull(outline);
	lb_files_free(&none);
	lb_config_free(&s);
	return outline;
}

static size_t
fixed_of(const char *outline)
{
	const char *at = strstr(outline, "\n" LB_OUTLINE_LOOSE);

	ck_assert_ptr_nonnull(at);
	return (size_t)(at - outline);
}

static bool
may_stay(const char *a, const char *b)
{
	char *x = outline_of(a), *y = outline_of(b);
	bool same = fixed_of(x) == fixed_of(y) &&
	    memcmp(x, y, fixed_of(x)) == 0;

	mem_drop(x);
	mem_drop(y);
	return same;
}

static bool
is_same(const char *a, const char *b)
{
	char *x = outline_of(a), *y = outline_of(b);
	bool same = strcmp(x, y) == 0;

	mem_drop(x);
	mem_drop(y);
	return same;
}

START_TEST(form_does_not_matter)
{
	ck_assert(is_same(BASE, BASE));
	ck_assert(is_same(BASE, "# x\n" BASE "\n \n"));
	ck_assert(is_same(LISTEN " server a 10.0.0.1:1 cookie 'a b'\n",
	    LISTEN " server  a\t10.0.0.1:1 cookie a\\ b # c\n"));
	/* Where a word stands does not matter to the server it makes. */
	ck_assert(is_same(LISTEN " default-server check\n"
	    " server a 10.0.0.1:1\n", LISTEN " server a 10.0.0.1:1 check\n"));
}
END_TEST

START_TEST(these_may_change)
{
	static const char *const lines[] = {
		" timeout client 3s\n", " no option dontlognull\n",
		" option nolinger\n", " retries 7\n", " maxconn 9\n",
		" fullconn 9\n", " option redispatch 2\n",
		" rate-limit sessions 9\n",
		" server c 10.0.0.3:1 send-proxy\n",
		" default-server weight 2\n",
		"global\n hard-stop-after 3s\n",
		"global\n spread-checks 3\n takeover_drain 9s\n",
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char config[1000];

		snprintf(config, sizeof config, "%s%s", BASE, lines[i]);
		ck_assert_msg(may_stay(BASE, config), "%s", lines[i]);
		/* A default that no server takes is no difference. */
		ck_assert_msg(is_same(BASE, config) == (strstr(lines[i],
		    "default-server") != NULL), "%s", lines[i]);
	}
}
END_TEST

START_TEST(these_take_another_worker)
{
	static const char *const lines[] = {
		" bind 127.0.0.1:2\n", " balance first\n", " option tcplog\n",
		" acl a src 10.0.0.0/8\n", " option transparent\n",
		" option tcp-check\n", " server-template t 2 10.0.0.9:1\n",
		" stick-table type ip size 10\n", "backend x\n",
		"global\n nosplice\n", "userlist u\n",
		"global\n log 127.0.0.1 local0\n",
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char config[1000];

		snprintf(config, sizeof config, "%s%s", BASE, lines[i]);
		ck_assert_msg(!may_stay(BASE, config), "%s", lines[i]);
	}
}
END_TEST

/* The line of a server: what stands between two tabs. */
static struct text
part_of(const char *outline, const char *name, unsigned part)
{
	struct text rest, piece = TEXT_NONE;
	const char *at = strstr(outline, name);

	ck_assert_ptr_nonnull(at);
	rest = (struct text){ at, strcspn(at, "\n") };
	for (unsigned i = 0; i <= part; i++)
		ck_assert(text_split(&rest, '\t', &piece));
	return piece;
}

#define SERVER_A	"server\tl\ta\t"
enum { WHO = 3, NUMBERS = 4, LINE = 5 };

static bool
is_same_part(const char *a, const char *b, unsigned part)
{
	char *x = outline_of(a), *y = outline_of(b);
	bool same = text_same(part_of(x, SERVER_A, part),
	    part_of(y, SERVER_A, part));

	mem_drop(x);
	mem_drop(y);
	return same;
}

START_TEST(who_a_server_is)
{
	static const struct {
		const char *options;
		bool same;
	} rows[] = {
		{ "weight 3", true }, { "inter 5s rise 9 maxconn 4", true },
		{ "check", false }, { "backup", false },
		{ "send-proxy", false }, { "port 7", false },
		{ "source 10.0.0.9", false }, { "disabled", false },
		{ "on-marked-down shutdown-sessions", false },
	};
	const char *plain = LISTEN " server a 10.0.0.1:1\n";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char config[300];

		snprintf(config, sizeof config, LISTEN " server a "
		    "10.0.0.1:1 %s\n", rows[i].options);
		ck_assert_msg(is_same_part(plain, config, WHO) ==
		    rows[i].same, "%s", rows[i].options);
		if (rows[i].same)
			ck_assert(!is_same_part(plain, config, NUMBERS));
	}
	ck_assert(!is_same_part(plain, LISTEN " server a 10.0.0.2:1\n", WHO));
	ck_assert(!is_same_part(plain, LISTEN " server a known:1\n", WHO));
}
END_TEST

START_TEST(words_that_make_it)
{
	char *o = outline_of("defaults\n default-server inter 3s\n"
	    "listen l\n bind :1\n default-server check\n"
	    " server a 10.0.0.1:1 cookie x source 10.0.0.2\n"
	    " default-server backup\n" TIMES);

	/* A cookie belongs to servers of the start. */
	ck_assert(text_begins(part_of(o, SERVER_A, LINE), "!"));
	mem_drop(o);
	o = outline_of("defaults\n default-server inter 3s\n"
	    "listen l\n bind :1\n default-server check\n"
	    " server a 10.0.0.1:1 source 10.0.0.2\n"
	    " default-server backup\n" TIMES);
	ck_assert(text_is(part_of(o, SERVER_A, LINE), "10.0.0.1:1 inter 3s "
	    "check source 10.0.0.2 "));
	mem_drop(o);
}
END_TEST

START_TEST(numbers_go_and_come)
{
	struct lb_server_conf s = { .weight = 7, .inter = 3000000 };

	for (const struct lb_outline_field *f = lb_outline_server;
	    f->name != NULL; f++) {
		struct lb_server_conf t = s;
		int64_t was = lb_outline_load(f, &s);

		lb_outline_store(f, &t, was + 1);
		ck_assert_int_eq(lb_outline_load(f, &t), was + 1);
		lb_outline_store(f, &t, was);
		ck_assert_mem_eq(&s, &t, sizeof s);
	}
}
END_TEST

UNIT_MAIN("balancer/outline", form_does_not_matter, these_may_change,
    these_take_another_worker, who_a_server_is, words_that_make_it,
    numbers_go_and_come)
