/* SPDX-License-Identifier: ISC */
/*
 * commands_test.c - every row of both tables with both roles, and what each
 * command answers when there is little to work on.
 */
#include <stdio.h>

#include "base/mem.h"
#include "pooler/commands.h"
#include "pooler/config.h"
#include "unit.h"

static struct pl_reply reply;
static int reloads, shutdowns;
static int reload_outcome;
static enum pl_shutdown shutdown_how;

static int
on_reload(struct why *why)
{
	reloads++;
	return reload_outcome == 0 ? 0 : why_set(why, "broken");
}

static void
on_shutdown(enum pl_shutdown how)
{
	shutdowns++;
	shutdown_how = how;
}

static void
start(void)
{
	static struct pl_database_row row = { .name = "app", .dbname = "app" };
	static struct pl_database_row admin_row = { .name = "pgbouncer",
	    .dbname = "pgbouncer" };

	pl_settings_swap(pl_config_usual("x.ini"));
	pl_control_reload = on_reload;
	pl_control_shutdown = on_shutdown;
	pl_database_new(TEXT("app"), &row);
	pl_database_admin = pl_database_new(TEXT("pgbouncer"), &admin_row);
	pl_database_admin->admin = true;
}

static const char *
say_as(bool admin, const char *text)
{
	enum pl_order_fault fault;
	struct pl_order o;

	mem_drop(reply.detail);
	fault = pl_order_parse(text_of(text), false, &o);
	if (fault == PL_ORDER_FINE)
		pl_commands_run(&o, admin, &reply);
	else
		pl_commands_refuse(fault, text_of(text), &reply);
	return reply.act == PL_REPLY_ERROR ? reply.why.line : reply.tag;
}

static const char *
say(const char *text)
{
	return say_as(true, text);
}

/* A line that has the row's form. */
static void
spell(const struct pl_command *row, char line[100])
{
	static const char *const behind[] = {
		[PL_FORM_BARE] = "", [PL_FORM_DATABASE] = " nodb",
		[PL_FORM_ANY_DATABASE] = "", [PL_FORM_CLIENT] = " 1",
		[PL_FORM_SHOW] = " VERSION", [PL_FORM_SHUTDOWN] = "",
		[PL_FORM_SET] = " verbose=1",
		[PL_FORM_SET_PARAMETER] = " timezone=x",
	};

	snprintf(line, 100, "%s%s", row->word, behind[row->form]);
}

START_TEST(asks_for_rights_first)
{
	static const char needed[] = "admin access needed";
	char line[100];
	unsigned open = 0;

	start();
	for (unsigned i = 0; i < pl_command_count; i++) {
		spell(&pl_commands[i], line);
		if (pl_commands[i].level == PL_LEVEL_ADMIN)
			ck_assert_str_eq(say_as(false, line), needed);
		else {
			ck_assert_str_ne(say_as(false, line), needed);
			open++;
		}
	}
	/* SHOW, SELECT, and SET of what cannot be set. */
	ck_assert_uint_eq(open, 3);
	ck_assert_int_eq(reloads + shutdowns, 0);
	ck_assert_int_eq(pl_activity, PL_RUNNING);
	for (unsigned i = 0; i < pl_object_count; i++) {
		bool fds = strcmp(pl_objects[i].name, "FDS") == 0;

		snprintf(line, sizeof line, "SHOW %s", pl_objects[i].name);
		ck_assert_str_eq(say_as(false, line), fds ? needed : "SHOW");
		ck_assert_str_eq(say_as(true, line), "SHOW");
	}
	ck_assert_str_eq(say_as(false, "PAUSE nodb"), needed);
	ck_assert_str_eq(say_as(false, "DISABLE"), needed);
}
END_TEST

START_TEST(shows)
{
	start();
	say("select version");
	ck_assert_int_eq(reply.act, PL_REPLY_ROWS);
	ck_assert_str_eq(reply.object->view->columns[0].name, "version");
	say("show DateStyle");
	ck_assert_str_eq(reply.object->view->columns[0].name, "datestyle");
	ck_assert_str_eq(say("SHOW"), "invalid command 'SHOW', use SHOW HELP;");
	ck_assert_str_eq(say("SHOW FOO;"),
	    "invalid command 'SHOW FOO;', use SHOW HELP;");
	ck_assert_str_eq(say(""), "invalid command '', use SHOW HELP;");
	ck_assert_str_eq(say("aaaaaaaaaaaaaaaaaaaa"), "bad arguments");
	ck_assert_str_eq(reply.code, "08P01");
}
END_TEST

START_TEST(helps)
{
	start();
	ck_assert_str_eq(say("SHOW HELP"), "SHOW");
	ck_assert_int_eq(reply.act, PL_REPLY_DONE);
	ck_assert_str_eq(reply.notice, "Console usage");
	ck_assert_ptr_eq(strstr(reply.detail, "\n\tSHOW HELP|CONFIG|"
	    "DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION\n"
	    "\tSHOW PEERS|PEER_POOLS\n"
	    "\tSHOW FDS|SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE\n"
	    "\tSHOW DNS_HOSTS|DNS_ZONES\n"
	    "\tSHOW STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS\n"), reply.detail);
	ck_assert_ptr_nonnull(strstr(reply.detail,
	    "\n\tSET key = arg\n\tRELOAD\n\tPAUSE [<db>]\n"));
	ck_assert_ptr_null(strstr(reply.detail, "TIMEZONE"));
}
END_TEST

START_TEST(pauses_and_resumes)
{
	start();
	ck_assert_str_eq(say("RESUME"), "pooler is not paused/suspended");
	ck_assert_str_eq(say("PAUSE"), "PAUSE");
	ck_assert_int_eq(reply.act, PL_REPLY_DONE);
	ck_assert_str_eq(say("PAUSE"), "already suspended/paused");
	ck_assert_str_eq(say("PAUSE app"), "already suspended/paused");
	ck_assert_str_eq(say("SUSPEND"), "already suspended/paused");
	ck_assert_str_eq(say("RESUME"), "RESUME");
	ck_assert_str_eq(say("PAUSE nodb"), "no such database: nodb");
	ck_assert_str_eq(say("PAUSE pgbouncer"),
	    "cannot pause admin db: pgbouncer");
	ck_assert_str_eq(say("PAUSE \"app\""), "PAUSE");
	ck_assert_str_eq(say("PAUSE app"), "PAUSE");
	ck_assert_str_eq(say("SUSPEND"),
	    "cannot suspend with paused databases");
	ck_assert_str_eq(say("RESUME app"), "RESUME");
	ck_assert_str_eq(say("RESUME app"), "database app is not paused");
	ck_assert_str_eq(say("RESUME nodb"), "no such database: nodb");
	ck_assert_str_eq(say("SUSPEND"), "SUSPEND");
	ck_assert_int_eq(pl_activity, PL_SUSPENDED);
	ck_assert_str_eq(say("RESUME"), "RESUME");
	pl_leaving = PL_WAIT_CLIENTS;
	ck_assert_str_eq(say("RESUME"), "pooler is shutting down");
}
END_TEST

START_TEST(refuses_the_console_itself)
{
	start();
	ck_assert_str_eq(say("DISABLE pgbouncer"),
	    "cannot disable admin db: pgbouncer");
	ck_assert_str_eq(say("ENABLE pgbouncer"),
	    "cannot disable admin db: pgbouncer");
	ck_assert_str_eq(say("KILL pgbouncer"),
	    "cannot kill admin db: pgbouncer");
	ck_assert_str_eq(say("RECONNECT pgbouncer"),
	    "cannot reconnect admin db: pgbouncer");
	ck_assert_str_eq(say("WAIT_CLOSE pgbouncer"),
	    "cannot wait in admin db: pgbouncer");
}
END_TEST

START_TEST(disables_and_kills)
{
	struct pl_database *app;

	start();
	app = pl_database_find(TEXT("app"));
	ck_assert_str_eq(say("DISABLE"), "a database is required");
	ck_assert_str_eq(say("DISABLE app"), "DISABLE");
	ck_assert(app->disabled);
	ck_assert_str_eq(say("ENABLE app"), "ENABLE");
	ck_assert(!app->disabled);
	ck_assert_str_eq(say("KILL app"), "KILL");
	ck_assert(app->paused);
	ck_assert_str_eq(say("KILL_CLIENT"),
	    "invalid client pointer supplied");
	ck_assert_str_eq(say("KILL_CLIENT 0x7f"),
	    "invalid client pointer supplied");
	ck_assert_str_eq(say("KILL_CLIENT 12"), "client not found");
}
END_TEST

START_TEST(sets)
{
	start();
	ck_assert_str_eq(say("SET default_pool_size = 21"),
	    "SET default_pool_size=21");
	ck_assert_int_eq(pl_settings()->default_pool_size, 21);
	ck_assert_str_eq(say("SET listen_port=1"), "SET listen_port=1");
	ck_assert_int_eq(pl_settings()->listen_port, 6432);
	ck_assert_str_eq(say("SET default_pool_size=abc"), "SET failed");
	ck_assert_str_eq(say("SET foo=1"), "SET failed");
	ck_assert_int_eq(pl_settings()->default_pool_size, 21);
	ck_assert_str_eq(say("SET foo"),
	    "invalid command 'SET foo', use SHOW HELP;");
	ck_assert_str_eq(say("SET TimeZone TO 'UTC'"), "SET");
	ck_assert_str_eq(reply.notice, "SET ignored");
}
END_TEST

START_TEST(reloads_and_ends)
{
	start();
	ck_assert_str_eq(say("RELOAD"), "RELOAD");
	reload_outcome = -1;
	ck_assert_str_eq(say("RELOAD"),
	    "RELOAD failed, see logs for additional details");
	ck_assert_str_eq(reply.code, "F0000");
	ck_assert_int_eq(reloads, 2);
	say("SHUTDOWN");
	ck_assert_int_eq(reply.act, PL_REPLY_END);
	ck_assert_int_eq(shutdown_how, PL_SHUTDOWN_NOW);
	ck_assert_str_eq(say("shutdown wait_for_servers"), "SHUTDOWN");
	ck_assert_int_eq(shutdown_how, PL_SHUTDOWN_SERVERS);
	ck_assert_str_eq(say("SHUTDOWN WAIT_FOR_CLIENTS;"), "SHUTDOWN");
	ck_assert_int_eq(shutdown_how, PL_SHUTDOWN_CLIENTS);
	ck_assert_str_eq(say("SHUTDOWN now"),
	    "invalid command 'SHUTDOWN now', use SHOW HELP;");
	ck_assert_int_eq(shutdowns, 3);
}
END_TEST

UNIT_MAIN("pooler/commands", asks_for_rights_first, shows, helps,
    pauses_and_resumes, refuses_the_console_itself, disables_and_kills, sets,
    reloads_and_ends)
