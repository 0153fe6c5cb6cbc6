/* SPDX-License-Identifier: ISC */
/*
 * config_test.c - whole readings: good and bad files with their exact lines,
 * what a reload keeps, side files, SET and SHOW CONFIG. Files are a table in
 * memory.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "pooler/config.h"
#include "pooler/explain.h"
#include "pooler/hba.h"
#include "pooler/ident.h"
#include "pooler/keys.h"
#include "pooler/userlist.h"
#include "unit.h"

/* ---- files in memory */

static struct {
	const char *path, *content;
	int64_t changed;
} files[16];
static unsigned file_count, loads;

static void
put(const char *path, const char *content)
{
	unsigned i = 0;

	while (i < file_count && strcmp(files[i].path, path) != 0)
		i++;
	files[i].path = path;
	files[i].content = content;
	files[i].changed++;
	if (i == file_count)
		file_count++;
}

static int
find(const char *path)
{
	for (unsigned i = 0; i < file_count; i++)
		if (strcmp(files[i].path, path) == 0 &&
		    files[i].content != NULL)
			return (int)i;
	errno = ENOENT;
	return -1;
}

static int
load(const char *path, struct text *to, struct why *why)
{
	int i = find(path);

	loads++;
	if (i < 0)
		return why_set(why, "No such file or directory");
	to->at = mem_copy(text_of(files[i].content));
	to->len = strlen(files[i].content);
	return to->at == NULL ? why_set(why, "no memory") : 0;
}

static int
status(const char *path, struct stat *to)
{
	int i = find(path);

	memset(to, 0, sizeof *to);
	if (i < 0)
		return -1;
	to->st_ino = (ino_t)i;
	to->st_mtim.tv_sec = files[i].changed;
	return 0;
}

static void
reset(void)
{
	memset(files, 0, sizeof files);
	file_count = 0;
}

/* ---- readings */

static char told[16384];
static const char *const levels[] = {
	"FATAL", "ERROR", "WARNING", "LOG", "DEBUG", "NOISE"
};

static void
report(void *arg, enum log_level level, const char *line)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof told - used, "%s %s\n", levels[level],
	    line);
}

static struct pl_setup *
read_again(const struct pl_setup *previous, const struct pl_settings *now)
{
	const struct pl_config_source source = {
		.path = "f.ini", .now = now, .load = load, .status = status
	};
	struct why why = { "", "" };
	struct pl_setup *setup;

	told[0] = '\0';
	setup = pl_config_read(&source, previous, report, NULL, &why);
	if (setup == NULL)
		ck_assert_str_ne(why.line, "");
	else
		for (unsigned i = 0; i < setup->note_count; i++)
			report(NULL, setup->notes[i].level,
			    setup->notes[i].line);
	return setup;
}

static struct pl_setup *
read_it(const char *ini)
{
	put("f.ini", ini);
	return read_again(NULL, NULL);
}

/* A reload after the settings of 'before' were put in force. */
static struct pl_setup *
reload(struct pl_setup *before)
{
	return read_again(before, before->settings);
}

static const struct pl_database_row *
database(const struct pl_setup *setup, const char *name)
{
	const struct pl_database_row *row = pl_config_database(setup,
	    text_of(name));

	ck_assert_msg(row != NULL, "no database %s", name);
	ck_assert_str_eq(row->name, name);
	return row;
}

/* ---- bad files: every line, in order */

#define HEAD		"[pgbouncer]\n"
#define BAD(v, p, l)	"ERROR invalid value \"" v "\" for parameter " p \
			" in configuration (f.ini:" #l ")\n"
#define SYNTAX(l)	"ERROR syntax error in configuration (f.ini:" #l \
			"), stopping loading\n"
#define INCLUDE(l)	"ERROR error processing include file in " \
			"configuration (f.ini:" #l "), stopping loading\n"

static const struct {
	const char *ini, *told;
} bad[] = {
	{ "", "ERROR load_init_file: main section missing from config "
	    "file\n" },
	{ "[databases]\n", "ERROR load_init_file: main section missing from "
	    "config file\n" },
	{ "a = 1\n", "ERROR load_init_file: value without section: a\n"
	    BAD("1", "a", 1) },
	{ "[x]\na = 1\n" HEAD, "ERROR fill_defaults fail\n"
	    "ERROR invalid section \"x\" in configuration (f.ini:1)\n" },
	{ HEAD "[data\n", SYNTAX(2) },
	{ HEAD "foo\n", SYNTAX(2) },
	{ HEAD "= 3\n", SYNTAX(2) },
	{ HEAD "foo = 1\n", "ERROR unknown parameter: pgbouncer/foo\n"
	    BAD("1", "foo", 2) },
	{ HEAD "Listen_port = 1\n",
	    "ERROR unknown parameter: pgbouncer/Listen_port\n"
	    BAD("1", "Listen_port", 2) },
	{ HEAD "listen_port = 1h\n", BAD("1h", "listen_port", 2) },
	{ HEAD "\n\nlisten_port =\n\n\n", BAD("", "listen_port", 4) },
	{ HEAD "pool_mode = foo\n", BAD("foo", "pool_mode", 2) },
	{ HEAD "query_timeout = 1h\n", BAD("1h", "query_timeout", 2) },
	{ HEAD "query_timeout = -1\n", BAD("-1", "query_timeout", 2) },
	{ HEAD "syslog = yes\n", BAD("yes", "syslog", 2) },
	{ HEAD "stats_period = 0\n", BAD("0", "stats_period", 2) },
	{ HEAD "auth_dbname = pgbouncer\n",
	    "ERROR cannot use the reserved \"pgbouncer\" database as an "
	    "auth_dbname\n" BAD("pgbouncer", "auth_dbname", 2) },
	{ HEAD "[databases]\na = foo=1\n",
	    "ERROR unrecognized connection parameter: foo\n"
	    BAD("foo=1", "a", 3) },
	{ HEAD "[databases]\na = host\n",
	    "ERROR syntax error in connection string\n" BAD("host", "a", 3) },
	{ HEAD "[databases]\na = host=\n",
	    "ERROR syntax error in connection string\n" BAD("host=", "a", 3) },
	{ HEAD "[databases]\na = port=abc\n",
	    "ERROR invalid port: abc\n" BAD("port=abc", "a", 3) },
	{ HEAD "[databases]\na = port=70000\n",
	    "ERROR invalid port: 70000\n" BAD("port=70000", "a", 3) },
	{ HEAD "[databases]\na = pool_mode=foo\n",
	    "ERROR invalid pool mode: foo\n" BAD("pool_mode=foo", "a", 3) },
	{ HEAD "[databases]\na = load_balance_hosts=foo\n",
	    "ERROR invalid load_balance_hosts: foo\n"
	    BAD("load_balance_hosts=foo", "a", 3) },
	{ HEAD "[databases]\na = auth_dbname=pgbouncer\n",
	    "ERROR cannot use the reserved \"pgbouncer\" database as an "
	    "auth_dbname\n" BAD("auth_dbname=pgbouncer", "a", 3) },
	{ HEAD "[databases]\npgbouncer = host=a\n",
	    "ERROR database name \"pgbouncer\" is reserved\n"
	    BAD("host=a", "pgbouncer", 3) },
	{ HEAD "[databases]\n"
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234"
	    " = host=a\n", "WARNING too long db name: aaaaaaaaaabbbbbbbbbb"
	    "ccccccccccddddddddddeeeeeeeeeeffffffffff1234\n" BAD("host=a",
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234",
	    3) },
	{ HEAD "[databases]\na = password=geheim host=\n",	/* not shown */
	    "ERROR syntax error in connection string\n"
	    BAD("password=...", "a", 3) },
	{ HEAD "[users]\na = foo=1\n",
	    "ERROR unrecognized user parameter: foo\n" BAD("foo=1", "a", 3) },
	{ HEAD "[users]\na = pool_mode\n",
	    "ERROR syntax error in user settings\n" BAD("pool_mode", "a", 3) },
	{ HEAD "[users]\na = pool_mode=x\n",
	    "ERROR invalid pool mode: x\n" BAD("pool_mode=x", "a", 3) },
	{ HEAD "[peers]\n0 = host=a\n", "ERROR ids of peers must be a number "
	    "larger than 0 and at most 65536\n" BAD("host=a", "0", 3) },
	{ HEAD "[peers]\nx = host=a\n", "ERROR ids of peers must be a number "
	    "larger than 0 and at most 65536\n" BAD("host=a", "x", 3) },
	{ HEAD "[peers]\n70000 = host=a\n", "ERROR ids of peers must be a "
	    "number larger than 0 and at most 65536\n"
	    BAD("host=a", "70000", 3) },
	{ HEAD "[peers]\n7 = port=1\n", "ERROR host was not provided for peer "
	    "7\n" BAD("port=1", "7", 3) },
	{ HEAD "[peers]\n7 = host=a dbname=x\n",
	    "ERROR unrecognized connection parameter: dbname\n"
	    BAD("host=a dbname=x", "7", 3) },
	{ HEAD "%include nope\n", "ERROR could not load file \"nope\": No "
	    "such file or directory\n" INCLUDE(2) },
	{ HEAD "%include g.ini\n", "ERROR unknown parameter: pgbouncer/foo\n"
	    "ERROR invalid value \"1\" for parameter foo in configuration "
	    "(g.ini:2)\n" INCLUDE(2) },
	{ HEAD "%include f.ini\n", "ERROR include nesting level too deep "
	    "(f.ini:2), stopping loading\n" INCLUDE(2) INCLUDE(2) INCLUDE(2)
	    INCLUDE(2) INCLUDE(2) INCLUDE(2) INCLUDE(2) INCLUDE(2) INCLUDE(2)
	    INCLUDE(2) },
	/* Several at once; what stands in an unknown section is not judged. */
	{ HEAD "foo = 1\nlisten_port = x\nbar\n[x]\ny = 1\n[databases]\n"
	    "a = port=x\n", "ERROR unknown parameter: pgbouncer/foo\n"
	    BAD("1", "foo", 2) BAD("x", "listen_port", 3) SYNTAX(4)
	    "ERROR fill_defaults fail\n"
	    "ERROR invalid section \"x\" in configuration (f.ini:5)\n"
	    "ERROR invalid port: x\n" BAD("port=x", "a", 8) },
};

START_TEST(says_every_error)
{
	reset();
	put("g.ini", "\nfoo = 1\n");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_ptr_null(read_it(bad[i].ini));
		ck_assert_msg(strcmp(told, bad[i].told) == 0, "%s\nsaid\n%s",
		    bad[i].ini, told);
	}
}
END_TEST

START_TEST(a_missing_file)
{
	reset();
	ck_assert_ptr_null(read_again(NULL, NULL));
	ck_assert_str_eq(told, "ERROR could not load file \"f.ini\": No such "
	    "file or directory\n");
}
END_TEST

START_TEST(errors_have_an_end)
{
	char ini[4000];
	unsigned lines = 0;

	reset();
	snprintf(ini, sizeof ini, HEAD "%0*d\n", 3000, 0);
	for (size_t i = sizeof HEAD; i < 3000; i += 3)
		ini[i] = '\n';
	ck_assert_ptr_null(read_it(ini));
	for (const char *at = told; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	ck_assert_uint_eq(lines, 101);
	ck_assert_ptr_nonnull(strstr(told,
	    "ERROR too many errors, stopping loading\n"));
}
END_TEST

/* ---- good files */

static const char sample[] =
    "; a file with something of everything\r\n"
    "[pgbouncer]\n"
    "listen_addr = *\n"
    "listen_port = 0x1F90\n"
    "unix_socket_mode = 0700\n"
    "pool_mode = TRANSACTION\n"
    "query_timeout = 1.5\n"
    "auth_type = scram-sha-256\n"
    "auth_file = users.txt\n"
    "admin_users = root, postgres\tadm\n"
    "server_tls_sslmode=verify-full\n"
    "verbose = 1\n"
    "[databases]\n"
    "one = host='h1, h2,' port=5433 dbname=uno user=u password='p''w' "
    "pool_size=7 min_pool_size=1 reserve_pool=3 max_db_connections=9 "
    "max_db_client_connections=0 server_lifetime=60 pool_mode=Statement "
    "load_balance_hosts=disable connect_query='select 1' "
    "client_encoding=UTF8 datestyle='ISO, YMD' timezone=UTC "
    "application_name=app auth_user=au auth_query='select $1' "
    "auth_dbname=ad\n"
    "two =\n"
    "'th ree' = host=/run\n"
    "* = host=other pool_size=0\n"
    "two = host=second\n"
    "[users]\n"
    "u = pool_mode=transaction pool_size=2 max_user_connections=5 "
    "max_user_client_connections=0 query_timeout=3 reserve_pool_size=1 "
    "idle_transaction_timeout=4 transaction_timeout=0 client_idle_timeout=6\n"
    "[peers]\n"
    "1 = host=p1\n"
    "2 = host=p3\n"
    "02 = host=p2 port=7000 pool_size=4\n";

START_TEST(reads_databases)
{
	struct pl_setup *setup;
	const struct pl_database_row *d;

	reset();
	put("users.txt", "\"u\" \"s\"\n");
	setup = read_it(sample);
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(setup->database_count, 3);
	d = database(setup, "one");
	ck_assert_str_eq(d->dbname, "uno");
	ck_assert_str_eq(d->host, "h1, h2,");
	ck_assert_uint_eq(d->host_count, 2);
	ck_assert_str_eq(d->hosts[0], "h1");
	ck_assert_str_eq(d->hosts[1], "h2");
	ck_assert_int_eq(d->port, 5433);
	ck_assert_str_eq(d->user, "u");
	ck_assert_str_eq(d->password, "p'w");
	ck_assert_int_eq(d->pool_size, 7);
	ck_assert_int_eq(d->min_pool_size, 1);
	ck_assert_int_eq(d->reserve_pool_size, 3);
	ck_assert_int_eq(d->max_db_connections, 9);
	ck_assert_int_eq(d->max_db_client_connections, PL_UNSET);
	ck_assert_int_eq(d->server_lifetime, 60000000);
	ck_assert_int_eq(d->pool_mode, PL_MODE_STATEMENT);
	ck_assert_int_eq(d->load_balance_hosts, PL_BALANCE_DISABLE);
	ck_assert_str_eq(d->connect_query, "select 1");
	ck_assert_str_eq(d->client_encoding, "UTF8");
	ck_assert_str_eq(d->datestyle, "ISO, YMD");
	ck_assert_str_eq(d->timezone, "UTC");
	ck_assert_str_eq(d->application_name, "app");
	ck_assert_str_eq(d->auth_user, "au");
	ck_assert_str_eq(d->auth_query, "select $1");
	ck_assert_str_eq(d->auth_dbname, "ad");
	d = database(setup, "two");		/* the last line counts */
	ck_assert_str_eq(d->host, "second");
	ck_assert_str_eq(d->dbname, "two");
	ck_assert_int_eq(d->port, 5432);
	ck_assert_ptr_null(d->user);
	ck_assert_ptr_null(d->password);
	ck_assert_int_eq(d->pool_size, PL_UNSET);
	ck_assert_int_eq(d->server_lifetime, PL_UNSET);
	ck_assert_int_eq(d->pool_mode, PL_MODE_UNSET);
	ck_assert_int_eq(d->queue_key, PL_QUEUE_BY_UNSET);
	ck_assert_str_eq(database(setup, "th ree")->hosts[0], "/run");
	ck_assert_ptr_null(pl_config_database(setup, TEXT("*")));
	ck_assert_ptr_null(pl_config_database(setup, TEXT("none")));
	ck_assert_str_eq(setup->fallback->name, "*");
	ck_assert_ptr_null(setup->fallback->dbname);
	ck_assert_int_eq(setup->fallback->pool_size, 0);
	pl_config_free(&setup);
	ck_assert_ptr_null(setup);
}
END_TEST

START_TEST(reads_users_peers_settings)
{
	struct pl_setup *setup;
	const struct pl_user_row *u;
	const struct pl_settings *s;

	reset();
	put("users.txt", "\"u\" \"s\"\n");
	setup = read_it(sample);
	u = setup->users;
	ck_assert_uint_eq(setup->user_count, 1);
	ck_assert_str_eq(u->name, "u");
	ck_assert_int_eq(u->pool_mode, PL_MODE_TRANSACTION);
	ck_assert_int_eq(u->pool_size, 2);
	ck_assert_int_eq(u->reserve_pool_size, 1);
	ck_assert_int_eq(u->max_user_connections, 5);
	ck_assert_int_eq(u->max_user_client_connections, PL_UNSET);
	ck_assert_int_eq(u->query_timeout, 3000000);
	ck_assert_int_eq(u->transaction_timeout, PL_UNSET);
	ck_assert_uint_eq(setup->peer_count, 2);
	ck_assert_int_eq(setup->peers[0].id, 1);
	ck_assert_int_eq(setup->peers[0].port, 6432);
	ck_assert_int_eq(setup->peers[0].pool_size, PL_UNSET);
	ck_assert_int_eq(setup->peers[1].port, 7000);
	ck_assert_str_eq(setup->peers[1].host, "p2");
	s = setup->settings;
	ck_assert_str_eq(s->listen_addr, "*");
	ck_assert_int_eq(s->listen_port, 8080);
	ck_assert_int_eq(s->unix_socket_mode, 0700);
	ck_assert_int_eq(s->pool_mode, PL_MODE_TRANSACTION);
	ck_assert_int_eq(s->query_timeout, 1500000);
	ck_assert_int_eq(s->auth_type, PL_AUTH_SCRAM);
	ck_assert_int_eq(s->server_tls_sslmode, PL_SSL_VERIFY_FULL);
	ck_assert_int_eq(s->verbose, 1);
	ck_assert_str_eq(s->conffile, "f.ini");
	ck_assert_ptr_null(s->auth_user);
	ck_assert_int_eq(s->max_packet_size, 2147483647);
	ck_assert(pl_settings_lists(s->admin_users, TEXT("adm")));
	ck_assert(pl_settings_lists(s->admin_users, TEXT("root")));
	ck_assert(!pl_settings_lists(s->admin_users, TEXT("post")));
	ck_assert(!pl_settings_lists(s->admin_users, TEXT("")));
	ck_assert_uint_eq(pl_userlist_count(setup->userlist), 1);
	pl_config_free(&setup);
}
END_TEST

START_TEST(sections_and_includes)
{
	struct pl_setup *setup;

	reset();
	put("g.ini", "max_client_conn = 7\n[databases]\na = host=x\n");
	setup = read_it(HEAD "listen_port=1\n%include g.ini\nb = host=y\n"
	    "[databases]\nc =\n" "[users]\n[databases]\n");
	ck_assert_str_eq(told, "");
	ck_assert_int_eq(setup->settings->max_client_conn, 7);
	ck_assert_int_eq(setup->settings->listen_port, 1);
	ck_assert_uint_eq(setup->database_count, 3);
	pl_config_free(&setup);
	/* A second [pgbouncer] wipes the first, but for what is unset. */
	setup = read_it(HEAD "max_client_conn=7\nauth_user=x\n[databases]\n"
	    HEAD "listen_port=2\n");
	ck_assert_int_eq(setup->settings->max_client_conn, 100);
	ck_assert_str_eq(setup->settings->auth_user, "x");
	ck_assert_int_eq(setup->settings->listen_port, 2);
	pl_config_free(&setup);
}
END_TEST

START_TEST(verbose_of_the_command_line)
{
	const struct pl_config_source source = {
		.path = "f.ini", .verbose = 2, .load = load, .status = status
	};
	struct why why;
	struct pl_setup *setup;

	reset();
	put("f.ini", HEAD);
	setup = pl_config_read(&source, NULL, NULL, NULL, &why);
	ck_assert_int_eq(setup->settings->verbose, 2);
	pl_config_free(&setup);
	put("f.ini", HEAD "verbose = 0\n");
	setup = pl_config_read(&source, NULL, NULL, NULL, &why);
	ck_assert_int_eq(setup->settings->verbose, 0);
	pl_config_free(&setup);
}
END_TEST

/* Where the distribution's package is installed and we may read its file. */
START_TEST(reads_the_file_of_the_package)
{
	static const char path[] = "/etc/pgbouncer/pgbouncer.ini";
	const struct pl_config_source source = { .path = path };
	struct why why = { "", "" };
	struct pl_setup *setup;

	if (access(path, R_OK) < 0)
		return;
	told[0] = '\0';
	setup = pl_config_read(&source, NULL, report, NULL, &why);
	ck_assert_msg(setup != NULL, "%s", told);
	ck_assert_uint_eq(setup->note_count, 0);
	ck_assert_int_eq(setup->settings->listen_port, 6432);
	ck_assert_str_eq(setup->settings->conffile, path);
	pl_config_free(&setup);
}
END_TEST

/* What is explained can be read again, and is explained the same. */
START_TEST(explains_itself)
{
	static char out[2][16384];
	const struct pl_config_source source = {
		.path = "f.ini", .origins = true, .load = load,
		.status = status
	};
	struct why why = { "", "" };
	struct text rest, line;
	const char *found = out[1];

	reset();
	put("users.txt", "\"u\" \"s\"\n");
	put("f.ini.weir", "[databases]\none = slow_query=0.25\n" HEAD
	    "threads = 2\n");
	put("f.ini", sample);
	for (int i = 0; i < 2; i++) {
		struct pl_setup *setup = pl_config_read(&source, NULL, report,
		    NULL, &why);
		FILE *f = fmemopen(out[i], sizeof out[i], "w");

		ck_assert_msg(setup != NULL, "%s", why.line);
		pl_explain_setup(f, setup);
		fclose(f);
		pl_config_free(&setup);
		put("f.ini.weir", NULL);
		put("f.ini", out[0]);
	}
	ck_assert_ptr_nonnull(strstr(out[0],
	    "; f.ini:4\nlisten_port = 8080\n"));
	ck_assert_ptr_nonnull(strstr(out[0],
	    "; default\nmax_client_conn = 100\n; default\n"));
	ck_assert_ptr_nonnull(strstr(out[0], "; auth_user is unset\n"));
	ck_assert_ptr_nonnull(strstr(out[0],
	    "; f.ini.weir:4\nthreads = 2\n"));
	ck_assert_ptr_nonnull(strstr(out[0], "; with a password, which is not "
	    "shown\n; f.ini:14, f.ini.weir:2\n'one' = dbname='uno' host='h1, "
	    "h2,' port='5433' user='u' auth_user='au' "));
	ck_assert_ptr_nonnull(strstr(out[0], " slow_query='0.25'"));
	ck_assert_ptr_null(strstr(out[0], "p'w"));
	/* The second differs in places and the password only. */
	rest = text_of(out[0]);
	while (text_split(&rest, '\n', &line)) {
		if (text_begins(line, ";"))
			continue;
		out[0][line.at + line.len - out[0]] = '\0';
		found = strstr(found, line.at);
		ck_assert_msg(found != NULL, "%s", line.at);
	}
}
END_TEST

/* ---- what is not built, and what is ours */

START_TEST(warns_of_what_is_unbuilt)
{
	struct pl_setup *setup;

	reset();
	setup = read_it(HEAD "auth_type = pam\njob_name = x\n"
	    "dns_zone_check_period = 5\n");
	ck_assert_str_eq(told, "WARNING parameter auth_type in configuration "
	    "(f.ini:2) is not supported by this version: logins are "
	    "refused\n");
	pl_config_free(&setup);
	put("f.ini.weir", HEAD "sql_prepare = 2\nslow_query = 0\n[databases]\n"
	    "a = fail_fast=1\nb = fail_fast=1\n");
	setup = read_it(HEAD "[databases]\na=\nb=\n");
	ck_assert_str_eq(told, "WARNING parameter sql_prepare in configuration "
	    "(f.ini.weir:2) is not supported by this version: SQL PREPARE "
	    "goes through as it is\nWARNING parameter fail_fast in "
	    "configuration (f.ini.weir:5)"
	    " is not supported by this version: such a login waits as "
	    "usual\n");
	ck_assert_int_eq(setup->settings->sql_prepare, 2);
	ck_assert_int_eq(database(setup, "b")->fail_fast, 1);
	pl_config_free(&setup);
}
END_TEST

START_TEST(one_notice_for_ours_in_the_main_file)
{
	struct pl_setup *setup, *again;

	reset();
	setup = read_it(HEAD "threads = 1\nserver_login_parallel = 2\n"
	    "[databases]\na = target_session_attrs=any\n"
	    "b = server_login_parallel=3\n");
	ck_assert_str_eq(told, "LOG PgBouncer would refuse f.ini for these "
	    "settings, which may stand in f.ini.weir: threads, "
	    "server_login_parallel, target_session_attrs\n");
	ck_assert_int_eq(database(setup, "b")->server_login_parallel, 3);
	again = reload(setup);
	ck_assert_str_eq(told, "");
	pl_config_free(&again);
	pl_config_free(&setup);
}
END_TEST

START_TEST(side_files_hold_only_ours)
{
	struct pl_setup *setup;

	reset();
	put("g.ini", "[databases]\na = host=x\n");
	put("g.ini.weir", "[databases]\na = server_login_parallel=9\n");
	put("f.ini.weir", HEAD "server_login_parallel = 5\n[databases]\n"
	    "* = server_login_parallel=6\n[users]\nu = slow_query=0\n");
	setup = read_it(HEAD "max_client_conn=9\n%include g.ini\n* =\n"
	    "[users]\nu =\n");
	ck_assert_str_eq(told, "WARNING parameter slow_query in configuration "
	    "(f.ini.weir:6) is not supported by this version: slow queries "
	    "are not logged\n");
	ck_assert_int_eq(setup->settings->server_login_parallel, 5);
	ck_assert_int_eq(setup->settings->max_client_conn, 9);
	ck_assert_int_eq(database(setup, "a")->server_login_parallel, 9);
	ck_assert_str_eq(database(setup, "a")->host, "x");
	ck_assert_int_eq(setup->fallback->server_login_parallel, 6);
	pl_config_free(&setup);

	reset();
	put("f.ini.weir", HEAD "listen_port = 5\nfoo = 1\n[databases]\n"
	    "a = host=b\nx = fail_fast=1\n[peers]\n1 = host=a\n");
	ck_assert_ptr_null(read_it(HEAD "[databases]\na =\n"));
#define SIDE(v, p, l)	"ERROR invalid value \"" v "\" for parameter " p \
			" in configuration (f.ini.weir:" #l ")\n"
	ck_assert_str_eq(told,
	    "ERROR listen_port belongs in the main file\n"
	    SIDE("5", "listen_port", 2)
	    "ERROR unknown parameter: pgbouncer/foo\n" SIDE("1", "foo", 3)
	    "ERROR host belongs in the main file\n" SIDE("host=b", "a", 5)
	    "ERROR x is not in the main file\n" SIDE("fail_fast=1", "x", 6)
	    "ERROR 1 is not in the main file\n" SIDE("host=a", "1", 8));
}
END_TEST

/* ---- reloads */

START_TEST(a_reload_keeps_what_it_must)
{
	struct pl_setup *one, *two;

	reset();
	one = read_it(HEAD "listen_port=1\nmax_client_conn=5\nauth_user=x\n"
	    "[users]\nu = pool_size=3\nv = pool_size=4\n"
	    "[databases]\na = user=f password=g\nb =\n");
	put("f.ini", HEAD "listen_port=2\n[users]\nv = pool_mode=session\n"
	    "[databases]\na =\n");
	two = reload(one);
	ck_assert_str_eq(told,
	    "WARNING losing forced user not supported, keeping old setting\n");
	/* Only read at start; line gone; unset by default. */
	ck_assert_int_eq(two->settings->listen_port, 1);
	ck_assert_int_eq(two->settings->max_client_conn, 100);
	ck_assert_str_eq(two->settings->auth_user, "x");
	ck_assert_uint_eq(two->user_count, 2);
	ck_assert_str_eq(two->users[0].name, "v");
	ck_assert_int_eq(two->users[0].pool_size, PL_UNSET);
	ck_assert_str_eq(two->users[1].name, "u");
	ck_assert_int_eq(two->users[1].pool_size, 3);
	ck_assert_uint_eq(two->database_count, 1);
	ck_assert_str_eq(two->databases[0].user, "f");
	ck_assert_str_eq(two->databases[0].password, "g");
	ck_assert(!pl_settings_moved(database(one, "a"), database(two, "a")));
	pl_config_free(&one);
	ck_assert_str_eq(two->users[1].name, "u");
	pl_config_free(&two);
}
END_TEST

START_TEST(a_value_not_changeable_is_not_even_read)
{
	struct pl_setup *one, *two;

	reset();
	one = read_it(HEAD);
	put("f.ini", HEAD "listen_port=abc\n");
	two = reload(one);
	ck_assert_ptr_nonnull(two);
	ck_assert_int_eq(two->settings->listen_port, 6432);
	pl_config_free(&one);
	pl_config_free(&two);
}
END_TEST

START_TEST(the_userlist_is_read_when_it_changed)
{
	struct pl_setup *one, *two, *three, *four;
	unsigned before;

	reset();
	put("u", "\"a\" \"b\"\n");
	one = read_it(HEAD "auth_file = u\n");
	before = loads;
	two = reload(one);
	ck_assert_uint_eq(loads - before, 1);		/* the ini alone */
	ck_assert_ptr_eq(two->userlist, one->userlist);
	pl_config_free(&one);
	ck_assert_ptr_nonnull(pl_userlist_find(two->userlist, TEXT("a")));
	put("u", "\"c\" \"d\"\n");
	three = reload(two);
	ck_assert_ptr_null(pl_userlist_find(three->userlist, TEXT("a")));
	ck_assert_ptr_nonnull(pl_userlist_find(three->userlist, TEXT("c")));
	put("f.ini", HEAD "auth_file = u\nauth_type = any\n");
	four = reload(three);
	ck_assert_uint_eq(pl_userlist_count(four->userlist), 0);
	pl_config_free(&two);
	pl_config_free(&three);
	pl_config_free(&four);
}
END_TEST

#define NEW_FAULT(file, what) "ERROR " file ": a fault that was not there " \
			"before, the " what " in force stay\n"

START_TEST(a_faulty_userlist)
{
	struct pl_setup *one, *two;

	reset();
	/* At start it is taken as far as it goes. */
	put("u", "\"a\" \"b\"\nx\n");
	one = read_it(HEAD "auth_file = u\n");
	ck_assert_str_eq(told, "ERROR broken auth file\n"
	    "ERROR auth_file is read up to u:2\n");
	ck_assert_uint_eq(pl_userlist_count(one->userlist), 1);
	/* The same fault at a reload is nothing new. */
	put("u", "\"c\" \"b\"\n\"d\" \"d\"\nx\n");
	two = reload(one);
	ck_assert_uint_eq(pl_userlist_count(two->userlist), 2);
	pl_config_free(&one);
	/* Another one is. */
	put("u", "y\n");
	ck_assert_ptr_null(reload(two));
	ck_assert_str_eq(told, "ERROR broken auth file\n"
	    "ERROR auth_file is read up to u:1\n"
	    NEW_FAULT("auth_file", "users"));
	put("u", NULL);
	ck_assert_ptr_null(reload(two));
	ck_assert_str_eq(told, "ERROR could not open auth_file u: No such "
	    "file or directory\n" NEW_FAULT("auth_file", "users"));
	pl_config_free(&two);
	/* Missing from the start: an error, and life goes on; reloads too. */
	one = read_it(HEAD "auth_file = u\n");
	ck_assert_str_eq(told, "ERROR could not open auth_file u: No such "
	    "file or directory\n");
	two = reload(one);
	ck_assert_ptr_nonnull(two);
	pl_config_free(&one);
	put("u", "\"a\" \"b\"\n");
	one = reload(two);
	ck_assert_uint_eq(pl_userlist_count(one->userlist), 1);
	pl_config_free(&one);
	pl_config_free(&two);
}
END_TEST

START_TEST(hba_and_ident)
{
	static const char ini[] = HEAD "auth_type = hba\n"
	    "auth_hba_file = hba\nauth_ident_file = ident\n";
	struct pl_hba_question q = { PL_HBA_LOCAL, NULL, TEXT("x"), TEXT("y"),
	    PL_REPLICATION_NONE };
	struct pl_setup *one, *two;

	reset();
	one = read_it(ini);
	ck_assert_str_eq(told, "ERROR could not open ident config file ident: "
	    "No such file or directory\nERROR could not open hba config file "
	    "hba: No such file or directory\n");
	ck_assert_ptr_null(pl_hba_match(one->hba, &q));
	put("ident", "m os y\n");
	put("hba", "local all all peer map=m\nfoo\n");
	ck_assert_ptr_null(reload(one));		/* a new fault */
	ck_assert_str_eq(told, "WARNING hba line 2: unknown type\n"
	    "WARNING could not parse hba config line 2\n"
	    NEW_FAULT("auth_hba_file", "rules"));
	put("hba", "local all all peer map=m\n");
	two = reload(one);
	ck_assert_str_eq(told, "");
	ck_assert_str_eq(pl_hba_match(two->hba, &q)->map, "m");
	ck_assert(pl_ident_allows(two->ident, TEXT("m"), TEXT("os"),
	    TEXT("y")));
	pl_config_free(&one);
	put("ident", "m os\n");
	ck_assert_ptr_null(reload(two));
	ck_assert_str_eq(told, "WARNING could not parse ident config line 1\n"
	    NEW_FAULT("auth_ident_file", "maps")
	    "WARNING hba line 1: Ident map m is not found in ident config "
	    "file\nWARNING could not parse hba config line 1\n"
	    NEW_FAULT("auth_hba_file", "rules"));
	put("f.ini", HEAD);			/* not needed any more */
	one = reload(two);
	ck_assert_str_eq(told, "");
	pl_config_free(&one);
	pl_config_free(&two);
}
END_TEST

START_TEST(what_moves_a_database)
{
	static const struct {
		const char *line;
		bool moved;
	} changes[] = {
		{ "host=h port=1 user=u dbname=d", false },
		{ "host=h port=1 user=u dbname=d password=x pool_size=3 "
		  "pool_mode=session server_lifetime=5 client_encoding=x",
		  false },
		{ "host=i port=1 user=u dbname=d", true },
		{ "port=1 user=u dbname=d", true },
		{ "host=h port=2 user=u dbname=d", true },
		{ "host=h port=1 user=v dbname=d", true },
		{ "host=h port=1 dbname=d", true },
		{ "host=h port=1 user=u dbname=e", true },
		{ "host=h port=1 user=u dbname=d connect_query=x", true },
		{ "host=h port=1 user=u dbname=d auth_query=x", true },
		{ "host=h port=1 user=u dbname=d auth_dbname=x", true },
		{ "host=h port=1 user=u dbname=d load_balance_hosts=disable",
		  true },
	};
	char ini[1024];

	reset();
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct pl_setup *setup;

		snprintf(ini, sizeof ini, HEAD "[databases]\na = %s\nb = %s\n"
		    "c = %s\n", changes[0].line, changes[i].line,
		    changes[i].line);
		setup = read_it(ini);
		/* c has b's line and, unlike them, maybe its own dbname. */
		ck_assert_int_eq(pl_settings_moved(database(setup, "a"),
		    database(setup, "b")), changes[i].moved);
		ck_assert_int_eq(pl_keys_same_database(database(setup, "a"),
		    database(setup, "b")), i == 0);
		ck_assert(pl_keys_same_database(database(setup, "b"),
		    database(setup, "c")));
		pl_config_free(&setup);
	}
}
END_TEST

/* ---- SET and SHOW */

START_TEST(sets_one_key)
{
	static const struct {
		const char *key, *value;
		bool good;
		const char *why, *shown;
	} sets[] = {
		{ "query_timeout", "1.5", true, "", "1.5" },
		{ "query_timeout", "1h", false, "", "0" },
		{ "pool_mode", "Transaction", true, "", "transaction" },
		{ "pool_mode", "x", false, "", "session" },
		{ "auth_user", "x", true, "", "x" },
		{ "listen_port", "4", true, "", "6432" },
		{ "listen_port", "x", true, "", "6432" },
		{ "conffile", "zz", true, "", "zz" },
		{ "auth_dbname", "pgbouncer", false, "cannot use the reserved "
		  "\"pgbouncer\" database as an auth_dbname", NULL },
		{ "server_login_parallel", "0", false, "", "4" },
	};
	const struct pl_settings *now = pl_config_usual("f"), *to;
	struct why why;
	char scratch[KEY_SHOW];

	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		const struct key *key = key_find(pl_keys_pgbouncer,
		    text_of(sets[i].key));

		to = pl_config_set(now, text_of(sets[i].key),
		    text_of(sets[i].value), &why);
		ck_assert_msg((to != NULL) == sets[i].good, "%s = %s",
		    sets[i].key, sets[i].value);
		if (to == NULL)
			ck_assert_str_eq(why.line, sets[i].why);
		ck_assert_pstr_eq(key_show(key, to == NULL ? now : to,
		    scratch), sets[i].shown);
		pl_config_free_settings(&to);
	}
	ck_assert_ptr_null(pl_config_set(now, TEXT("foo"), TEXT("1"), &why));
	ck_assert_str_eq(why.line, "unknown parameter: pgbouncer/foo");
	pl_config_free_settings(&now);
	ck_assert_ptr_null(now);
}
END_TEST

START_TEST(shows_98_rows)
{
	const struct pl_settings *now = pl_config_usual("f.ini");
	struct pl_config_line line;
	char last[64] = "";
	unsigned n, seen = 0;
	static const struct {
		const char *key, *value, *usual;
		bool changeable;
	} some[] = {
		{ "admin_users", "", "", true },
		{ "auth_file", NULL, NULL, true },
		{ "auth_type", "md5", "md5", true },
		{ "autodb_idle_timeout", "3600", "3600", true },
		{ "conffile", "f.ini", NULL, true },
		{ "job_name", "pgbouncer", "pgbouncer", false },
		{ "listen_port", "6432", "6432", false },
		{ "max_packet_size", "2147483647", "2147483647", true },
		{ "server_check_query", "<empty>", "<empty>", true },
		{ "unix_socket_mode", "511", "0777", false },
		{ "user", NULL, NULL, false },
		{ "verbose", "0", NULL, true },
	};

	for (n = 0; pl_config_show(now, n, &line); n++) {
		ck_assert_str_lt(last, line.key);
		snprintf(last, sizeof last, "%s", line.key);
		for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
			if (strcmp(some[i].key, line.key) != 0)
				continue;
			seen++;
			ck_assert_pstr_eq(line.value, some[i].value);
			ck_assert_pstr_eq(line.usual, some[i].usual);
			ck_assert_int_eq(line.changeable, some[i].changeable);
		}
	}
	ck_assert_uint_eq(n, 98);
	ck_assert_uint_eq(seen, sizeof some / sizeof some[0]);
	pl_config_free_settings(&now);
}
END_TEST

START_TEST(settings_are_taken_and_swapped)
{
	struct pl_setup *setup;
	const struct pl_settings *taken, *old;

	reset();
	setup = read_it(HEAD "max_client_conn=3\n");
	taken = pl_config_take_settings(setup);
	ck_assert_ptr_null(setup->settings);
	pl_config_free(&setup);
	old = pl_settings_swap(taken);
	ck_assert_ptr_null(old);
	ck_assert_int_eq(pl_settings()->max_client_conn, 3);
	old = pl_settings_swap(NULL);
	ck_assert_ptr_eq(old, taken);
	pl_config_free_settings(&old);
}
END_TEST

/* ---- every truncation, every failing allocation */

START_TEST(survives_every_truncation)
{
	char cut[sizeof sample];
	unsigned good = 0;

	reset();
	put("users.txt", "\"u\" \"s\"\n");
	for (size_t len = 0; len < sizeof sample; len++) {
		struct pl_setup *setup;

		memcpy(cut, sample, len);
		cut[len] = '\0';
		setup = read_it(cut);
		good += setup != NULL;
		pl_config_free(&setup);
	}
	ck_assert_uint_gt(good, 100);
	ck_assert_uint_lt(good, sizeof sample - 100);
}
END_TEST

START_TEST(survives_no_memory)
{
	struct pl_setup *setup, *again;
	unsigned refused = 0;

	reset();
	put("users.txt", "\"u\" \"s\"\nx\n");
	put("hba", "local all all md5\nfoo\n");
	put("ident", "m os x\n");
	put("f.ini.weir", HEAD "slow_query=1\n");
	setup = read_it(sample);
	for (unsigned long n = 1; n < 2000; n++) {
		mem_fail_at(n);
		again = read_again(n % 2 == 0 ? setup : NULL,
		    n % 2 == 0 ? setup->settings : NULL);
		mem_fail_at(0);
		refused += again == NULL;
		pl_config_free(&again);
	}
	ck_assert_uint_gt(refused, 50);
	ck_assert_uint_lt(refused, 1900);
	pl_config_free(&setup);
}
END_TEST

UNIT_MAIN("pooler/config", says_every_error, a_missing_file,
    errors_have_an_end, reads_databases, reads_users_peers_settings,
    sections_and_includes, verbose_of_the_command_line,
    reads_the_file_of_the_package, explains_itself,
    warns_of_what_is_unbuilt, one_notice_for_ours_in_the_main_file,
    side_files_hold_only_ours, a_reload_keeps_what_it_must,
    a_value_not_changeable_is_not_even_read,
    the_userlist_is_read_when_it_changed, a_faulty_userlist, hba_and_ident,
    what_moves_a_database, sets_one_key, shows_98_rows,
    settings_are_taken_and_swapped, survives_every_truncation,
    survives_no_memory)
