/* SPDX-License-Identifier: ISC */
/*
 * config_test.c - what whole configurations become: inheritance, defaults,
 * names that find their objects, what is told and what is refused.
 */
#include "base/mem.h"
#include "rig.h"
#include "unit.h"

static struct lb_setup *s;

static struct lb_proxy_conf *
proxy(const char *name)
{
	for (unsigned i = 0; i < s->proxies.count; i++)
		if (strcmp(s->proxies.at[i]->name, name) == 0)
			return s->proxies.at[i];
	ck_abort_msg("no proxy %s", name);
	return NULL;
}

static void
need(const char *config)
{
	s = read_text(config);
	ck_assert_msg(s != NULL, "%s", said);
}

START_TEST(reads_what_it_is_for)
{
	struct lb_server_conf *p2;

	need("global\n maxconn 4096\n stats socket /x mode 660 level admin\n"
	    "defaults\n mode tcp\n option tcplog\n retries 4\n" TIMES
	    "listen pg\n bind *:5432\n balance leastconn\n"
	    " default-server inter 2s fall 3 rise 2 maxconn 50\n"
	    " server p1 10.0.0.1:6432 check\n"
	    " server p2 10.0.0.2:6432 check weight 5 inter 3s backup\n"
	    "listen stats\n bind *:8404\n mode http\n stats enable\n"
	    " stats uri /s\n stats refresh 10\n");
	ck_assert_str_eq(said, "W config : log format ignored for proxy 'pg' "
	    "since it has no log address.\nW config : log format ignored for "
	    "proxy 'stats' since it has no log address.\n");
	ck_assert_int_eq(s->global.maxconn, 4096);
	ck_assert_int_eq(s->global.sockets.at[0]->level, LB_LEVEL_ADMIN);
	ck_assert_int_eq(s->global.sockets.at[0]->unixes.mode, 0660);
	ck_assert_uint_eq(s->listeners, 2);
	ck_assert_int_eq(proxy("pg")->balance.algorithm, LB_ALGO_LEASTCONN);
	ck_assert_int_eq(proxy("pg")->retries, 4);
	ck_assert_int_eq(proxy("pg")->timeout.client, 9000000);
	ck_assert_int_eq(proxy("pg")->timeout.queue, 9000000);
	ck_assert_int_eq(proxy("pg")->timeout.tunnel, LB_UNSET);
	ck_assert_uint_eq(proxy("pg")->id, 2);
	ck_assert_uint_eq(proxy("stats")->id, 3);
	ck_assert_int_eq(proxy("pg")->fullconn, 410);
	p2 = lb_config_server(proxy("pg"), "p2");
	ck_assert_ptr_nonnull(p2);
	ck_assert(p2->check && p2->backup && p2->proxy == proxy("pg"));
	ck_assert_int_eq(p2->weight, 5);
	ck_assert_int_eq(p2->maxconn, 50);
	ck_assert_int_eq(p2->inter, 3000000);
	ck_assert_int_eq(p2->fastinter, 3000000);
	ck_assert_int_eq(p2->rise, 2);
	ck_assert_int_eq(p2->fall, 3);
	ck_assert_uint_eq(p2->id, 2);
	ck_assert_uint_eq(address_port(&p2->address), 6432);
	ck_assert(proxy("stats")->answers && proxy("stats")->stats.on);
	ck_assert_int_eq(proxy("stats")->stats.refresh, 10000000);
	ck_assert_str_eq(proxy("stats")->stats.uri, "/s");
	lb_config_free(&s);
}
END_TEST

START_TEST(inherits_by_name_and_by_order)
{
	need("defaults a\n retries 7\n option redispatch\n" TIMES
	    "defaults b from a\n retries 8\n"
	    "defaults\n maxconn 5\n" TIMES
	    "listen x\n bind :1\nlisten y from b\n bind :2\n"
	    "listen z from a\n bind :3\n no option redispatch\n"
	    " no option dontlognull\n");
	ck_assert_int_eq(proxy("x")->maxconn, 5);
	ck_assert_int_eq(proxy("x")->retries, 3);
	ck_assert(!proxy("x")->redispatch);
	ck_assert_int_eq(proxy("y")->maxconn, 0);
	ck_assert_int_eq(proxy("y")->retries, 8);
	ck_assert(proxy("y")->redispatch);
	ck_assert_int_eq(proxy("z")->retries, 7);
	ck_assert(!proxy("z")->redispatch);
	ck_assert_str_eq(proxy("y")->defaults->name, "b");
	lb_config_free(&s);
}
END_TEST

START_TEST(lists_of_defaults_are_not_shared)
{
	need("defaults\n log 127.0.0.1 local0\n" TIMES
	    "listen a\n bind :1\n log 127.0.0.2 local1\n"
	    "listen b\n bind :2\n log 127.0.0.3 local2\n"
	    "listen c\n bind :3\n no log\nlisten d\n bind :4\n");
	ck_assert_uint_eq(proxy("a")->logs.count, 2);
	ck_assert_uint_eq(proxy("b")->logs.count, 2);
	ck_assert_int_eq(proxy("a")->logs.at[1]->facility, 17);
	ck_assert_int_eq(proxy("b")->logs.at[1]->facility, 18);
	ck_assert_uint_eq(proxy("c")->logs.count, 0);
	ck_assert_uint_eq(proxy("d")->logs.count, 1);
	lb_config_free(&s);
}
END_TEST

START_TEST(own_check_lines_replace_those_of_defaults)
{
	need("defaults\n option tcp-check\n tcp-check send a\n"
	    " tcp-check expect string b\n" TIMES
	    "listen a\n bind :1\n server s 10.0.0.1:1 check\n"
	    "listen b\n bind :2\n tcp-check connect port 9\n"
	    " server s 10.0.0.1:1 check\n");
	ck_assert_uint_eq(proxy("a")->check.steps.count, 2);
	ck_assert_int_eq(proxy("a")->check.steps.at[0]->kind, LB_STEP_SEND);
	ck_assert_uint_eq(proxy("b")->check.steps.count, 1);
	ck_assert_uint_eq(proxy("b")->check.steps.at[0]->connect.port, 9);
	lb_config_free(&s);
}
END_TEST

START_TEST(names_find_their_objects)
{
	const struct lb_rule *track;
	const struct lb_test *up;

	need("frontend f\n bind :1\n" TIMES
	    " use_backend b if { nbsrv(b) lt 1 }\n default_backend c\n"
	    " tcp-request connection track-sc0 src table b\n"
	    " acl up srv_is_up(b/s2)\n tcp-request content reject if !up\n"
	    "backend b\n" TIMES " stick-table type ip size 1k store "
	    "conn_rate(10s)\n stick on src\n"
	    " server s1 10.0.0.1:1 check\n server s2 10.0.0.2:1 track s1\n"
	    " use-server s2 if { src 10.0.0.0/8 }\n"
	    "backend c\n" TIMES " server s1 10.0.0.1:1 track b/s1\n");
	ck_assert_ptr_eq(proxy("f")->switches.at[0]->to, proxy("b"));
	ck_assert_ptr_eq(proxy("f")->switches.at[0]->cond->chains.at[0]->
	    terms.at[0]->acl->tests.at[0]->expr->args[0].proxy, proxy("b"));
	ck_assert_ptr_eq(proxy("f")->default_backend->to, proxy("c"));
	track = proxy("f")->rules[LB_RULES_CONNECTION].at[0];
	ck_assert_int_eq(track->action->act, LB_ACT_TRACK);
	ck_assert_ptr_eq(track->table, proxy("b")->table);
	up = proxy("f")->acls.at[0]->tests.at[0];
	ck_assert_ptr_eq(up->expr->args[0].server, proxy("b")->servers.at[1]);
	ck_assert_ptr_eq(proxy("b")->servers.at[1]->track,
	    proxy("b")->servers.at[0]);
	ck_assert_ptr_eq(proxy("c")->servers.at[0]->track,
	    proxy("b")->servers.at[0]);
	ck_assert_ptr_eq(proxy("b")->sticks.at[0]->table, proxy("b")->table);
	ck_assert_ptr_eq(proxy("b")->use_servers.at[0]->to,
	    proxy("b")->servers.at[1]);
	ck_assert_int_eq(proxy("b")->table->period[LB_STORE_CONN_RATE],
	    10000000);
	ck_assert(proxy("b")->table->stores & 1u << LB_STORE_SERVER_ID);
	ck_assert_uint_eq(s->tables.count, 1);
	lb_config_free(&s);
}
END_TEST

START_TEST(reads_conditions)
{
	const struct lb_cond *c;

	need("listen l\n bind :1\n" TIMES " acl a src 10.0.0.0/8\n"
	    " acl a src 192.168.0.0/255.255.0.0 ::1\n"
	    " acl n dst_port 85:86 gt 80 lt 90\n"
	    " tcp-request content accept unless a !n or { src -n 1.2.3.4 }"
	    " || ! TRUE\n");
	c = proxy("l")->rules[LB_RULES_CONTENT].at[0]->cond;
	ck_assert(c->unless);
	ck_assert_uint_eq(c->chains.count, 3);
	ck_assert_uint_eq(c->chains.at[0]->terms.count, 2);
	ck_assert(!c->chains.at[0]->terms.at[0]->negated);
	ck_assert(c->chains.at[0]->terms.at[1]->negated);
	ck_assert_uint_eq(c->chains.at[0]->terms.at[0]->acl->tests.count, 2);
	ck_assert_uint_eq(c->chains.at[0]->terms.at[0]->acl->tests.at[1]->
	    patterns.at[0]->prefix.bits, 16);
	ck_assert(c->chains.at[2]->terms.at[0]->negated);
	ck_assert_int_eq(c->from, LB_FROM_CLIENT | LB_FROM_CONSTANT);
	{
		const struct lb_test *t =
		    proxy("l")->acls.at[1]->tests.at[0];

		ck_assert_uint_eq(t->patterns.count, 3);
		ck_assert_int_eq(t->patterns.at[0]->least, 85);
		ck_assert(t->patterns.at[1]->has_least &&
		    !t->patterns.at[1]->has_most);
		ck_assert_int_eq(t->patterns.at[1]->least, 81);
		ck_assert_int_eq(t->patterns.at[2]->most, 89);
	}
	lb_config_free(&s);
}
END_TEST

START_TEST(unrolls_templates)
{
	need("resolvers r\n nameserver n 127.0.0.1:53\n"
	    LISTEN " server-template w 2-4 unknown.x:80 resolvers r "
	    "init-addr none check\n server-template v 2 known:81\n");
	ck_assert_uint_eq(proxy("l")->servers.count, 5);
	ck_assert_str_eq(proxy("l")->servers.at[0]->name, "w2");
	ck_assert_uint_eq(proxy("l")->servers.at[2]->template, 4);
	ck_assert_ptr_eq(proxy("l")->servers.at[0]->resolvers,
	    s->resolvers.at[0]);
	ck_assert_uint_eq(proxy("l")->servers.at[0]->address.len, 0);
	ck_assert_uint_eq(address_port(&proxy("l")->servers.at[4]->address),
	    81);
	lb_config_free(&s);
}
END_TEST

START_TEST(reads_check_scripts)
{
	const struct lb_step *t;

	need(LISTEN " option httpchk GET /x\n"
	    " http-check send hdr Host h body b\n"
	    " http-check expect ! status 200,300-399\n"
	    " server s 10.0.0.1:1 check port 8008\n"
	    "listen m\n bind :2\n" TIMES " option tcp-check\n"
	    " tcp-check connect linger port 5\n"
	    " tcp-check send-binary 0000000804d2162f comment c\n"
	    " tcp-check expect min-recv 1 rstring S|N\n"
	    " server s 10.0.0.1:1 check\n");
	ck_assert_str_eq(proxy("l")->check.method, "GET");
	ck_assert_str_eq(proxy("l")->check.uri, "/x");
	t = proxy("l")->check.steps.at[1];
	ck_assert(t->expect.negated && t->expect.span_count == 2);
	ck_assert_int_eq(t->expect.spans[1].most, 399);
	ck_assert_uint_eq(proxy("l")->servers.at[0]->check_port, 8008);
	ck_assert_int_eq(proxy("m")->check.kind, LB_CHECK_TCP);
	t = proxy("m")->check.steps.at[1];
	ck_assert_uint_eq(t->send.data.len, 8);
	ck_assert_int_eq(t->send.data.at[4], 4);
	ck_assert_str_eq(t->comment, "c");
	t = proxy("m")->check.steps.at[2];
	ck_assert_int_eq(t->expect.least_bytes, 1);
	ck_assert_int_eq(t->expect.what, LB_EXPECT_RSTRING);
	lb_config_free(&s);
}
END_TEST

START_TEST(reads_formats)
{
	const struct lb_format *f;

	need(LISTEN " log 127.0.0.1 local0\n"
	    " log-format \"%{+Q}o %ci [%{-Q}[src,ipmask(24)]] 9%%\"\n"
	    " server s 10.0.0.1:1\n");
	f = proxy("l")->log_format;
	ck_assert_int_eq(proxy("l")->log_kind, LB_LOGS_FORMAT);
	ck_assert_uint_eq(f->count, 6);
	ck_assert_str_eq(f->parts[0].text, " ");
	ck_assert_str_eq(f->parts[1].alias->name, "ci");
	ck_assert_uint_eq(f->parts[1].flags, LB_PART_QUOTED);
	ck_assert_str_eq(f->parts[3].expr->text, "src,ipmask(24)");
	ck_assert_uint_eq(f->parts[3].flags, 0);
	ck_assert_str_eq(f->parts[5].text, "%");
	lb_config_free(&s);
}
END_TEST

START_TEST(tells_all_errors_in_one_run)
{
	s = read_text("foo\nglobal\n bar\ndefaults\n timeout client x\n"
	    "listen l\n bind\n server\n");
	ck_assert_ptr_null(s);
	ck_assert_uint_eq(told.alerts, 6);
	ck_assert_ptr_nonnull(strstr(said, "[c:1]"));
	ck_assert_ptr_nonnull(strstr(said, "[c:3]"));
	ck_assert_ptr_nonnull(strstr(said, "[c:5]"));
	ck_assert_ptr_nonnull(strstr(said, "[c:7]"));
	ck_assert_ptr_nonnull(strstr(said, "[c:8]"));
	ck_assert_ptr_nonnull(strstr(said, "Error(s) found in configuration "
	    "file : c"));
}
END_TEST

START_TEST(says_what_was_meant)
{
	s = read_text("listen l\n timeot client 3s\n optoin tcplog\n"
	    " option tcplogg\n server s 10.0.0.1:1 chek\n bind :1 nme x\n");
	ck_assert_ptr_null(s);
	ck_assert_ptr_nonnull(strstr(said, "did you mean 'timeout' maybe ?"));
	ck_assert_ptr_nonnull(strstr(said, "did you mean 'option' maybe ?"));
	ck_assert_ptr_nonnull(strstr(said, "did you mean 'tcplog' maybe ?"));
	ck_assert_ptr_nonnull(strstr(said, "did you mean 'check' maybe ?"));
	ck_assert_ptr_nonnull(strstr(said, "did you mean 'name' maybe ?"));
}
END_TEST

START_TEST(is_kinder_than_the_original)
{
	need("global\n nbproc 1\ndefaults\n" TIMES "frontend a\n bind :1\n"
	    " default_backend a\nbackend a\n server s 10.0.0.1:1\n"
	    " # no newline");
	ck_assert_uint_eq(told.warnings, 3);
	ck_assert_ptr_nonnull(strstr(said, "nbproc"));
	ck_assert_ptr_nonnull(strstr(said, "same name"));
	ck_assert_ptr_nonnull(strstr(said, "Missing LF"));
	lb_config_free(&s);
	s = read_text("listen l :1\n contimeout 3\n redispatch\n");
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_nonnull(strstr(said, "Use 'timeout connect'"));
	ck_assert_int_eq(s->proxies.at[0]->timeout.connect, 3000);
	ck_assert(s->proxies.at[0]->redispatch);
	ck_assert_uint_eq(s->proxies.at[0]->binds.count, 1);
	lb_config_free(&s);
}
END_TEST

START_TEST(refuses_to_forward_http)
{
	s = read_text("frontend f\n mode http\n bind :1\n" TIMES
	    " default_backend b\nbackend b\n mode http\n" TIMES
	    " server s 10.0.0.1:1\n");
	ck_assert_ptr_null(s);
	ck_assert_ptr_nonnull(strstr(said, "[c:1] : 'mode http' proxy 'f' "
	    "forwards HTTP requests, which this program does not do"));
	need("frontend f\n mode http\n bind :1\n" TIMES
	    " http-request return status 200\nbackend checks\n mode http\n"
	    TIMES " server s 10.0.0.1:1 check\n");
	ck_assert(proxy("f")->answers);
	lb_config_free(&s);
}
END_TEST

START_TEST(resolves_names)
{
	need(LISTEN " server a known.x:1\n server b known.x:2 init-addr "
	    "none\n server c unknown.x:3 init-addr last,libc,none\n"
	    " server d unknown.x:4 init-addr libc,10.9.9.9\n");
	ck_assert_uint_eq(address_port(&proxy("l")->servers.at[0]->address),
	    1);
	ck_assert_uint_eq(proxy("l")->servers.at[1]->address.len, 0);
	ck_assert_uint_eq(proxy("l")->servers.at[2]->address.len, 0);
	ck_assert_uint_eq(address_port(&proxy("l")->servers.at[3]->address),
	    4);
	lb_config_free(&s);
	s = read_text(LISTEN " server c unknown.x:3\n");
	ck_assert_ptr_null(s);
	ck_assert_ptr_nonnull(strstr(said, "[c:6] : 'server l/c' : could not "
	    "resolve address 'unknown.x'."));
	ck_assert_ptr_nonnull(strstr(said, "Failed to initialize server(s) "
	    "addr."));
}
END_TEST

static struct lb_setup *
read_with_side(const char *config, const char *side)
{
	struct lb_source_text texts[] = {
		{ "c", text_of(config), false },
		{ "c.weir", text_of(side), true }
	};
	struct lb_source source = source_of(texts);

	source.count = 2;
	told = (struct lb_report){ .tell = keep_text };
	said[0] = '\0';
	return lb_config_read(&source, &told);
}

START_TEST(reads_settings_of_ours)
{
	static const char main_file[] = LISTEN " server a 10.0.0.1:1\n";

	s = read_with_side(main_file, "global\n engine event\n"
	    "listen l\n timeout session 1h\n server a peer-id 3\n");
	ck_assert_msg(s != NULL && said[0] == '\0', "%s", said);
	ck_assert_int_eq(s->global.engine, LB_ENGINE_EVENT);
	ck_assert_int_eq(proxy("l")->timeout.session, INT64_C(3600000000));
	ck_assert_uint_eq(proxy("l")->servers.at[0]->peer_id, 3);
	lb_config_free(&s);
	need(LISTEN " timeout session 1h\n server a 10.0.0.1:1 peer-id 3\n");
	ck_assert_ptr_nonnull(strstr(said, "N config : parsing [c:6] : "
	    "'timeout session' is a setting of this program alone"));
	ck_assert_ptr_nonnull(strstr(said, "[c:7] : 'peer-id' is"));
	lb_config_free(&s);
}
END_TEST

START_TEST(keeps_side_files_to_ours)
{
	static const char main_file[] = LISTEN " server a 10.0.0.1:1\n";
	static const char *const bad[] = {
		"global\n maxconn 3\n", "listen l\n bind :3\n",
		"listen l\n server a weight 3\n",
		"listen l\n server b peer-id 3\n", "listen x\n",
		"backend l\n", "defaults d\n", "resolvers r\n",
		"listen l\n no option tcplog\n",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		s = read_with_side(main_file, bad[i]);
		ck_assert_msg(s == NULL && strstr(said, "[c.weir:") != NULL,
		    "%s: %s", bad[i], said);
	}
}
END_TEST

static char asked[256];

static int
note_path(void *arg, const char *path, struct text *to, struct why *why)
{
	snprintf(asked, sizeof asked, "%s", path);
	*to = TEXT("10.0.0.1\n");
	return 0;
}

START_TEST(begins_names_of_files_where_it_is_told)
{
	static const struct {
		const char *file, *global, *name, *path;
	} rows[] = {
		{ "/etc/c", "", "x", "x" },
		{ "/etc/c", "default-path config", "x", "/etc/x" },
		{ "/etc/c", "default-path config", "/x", "/x" },
		{ "c", "default-path config", "x", "./x" },
		{ "/etc/c", "default-path parent", "x", "/etc/../x" },
		{ "/etc/c", "default-path origin /o", "x", "/o/x" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char config[512];
		struct lb_source_text text = { rows[i].file, TEXT_NONE,
		    false };
		struct lb_source source = source_of(&text);

		snprintf(config, sizeof config, "global\n %s\n" LISTEN
		    " acl a src -f %s\n", rows[i].global, rows[i].name);
		text.text = text_of(config);
		source.fetch = note_path;
		told = (struct lb_report){ .tell = keep_text };
		said[0] = '\0';
		s = lb_config_read(&source, &told);
		ck_assert_msg(s != NULL, "%s", said);
		ck_assert_str_eq(asked, rows[i].path);
		lb_config_free(&s);
	}
}
END_TEST

START_TEST(frees_all_when_memory_ends)
{
	static const char config[] = "global\n log 127.0.0.1 local0\n"
	    LISTEN " acl a src 10.0.0.0/8\n server s 10.0.0.1:1 check id 4\n"
	    " server t 10.0.0.2:1\n tcp-request content accept if a\n";

	for (unsigned long n = 1; n < 20; n++) {
		mem_fail_at(n);
		s = read_text(config);
		mem_fail_at(0);
		if (s == NULL)
			ck_assert_ptr_nonnull(strstr(said, "out of memory"));
		lb_config_free(&s);
	}
	need(config);
	lb_config_free(&s);
}
END_TEST

UNIT_MAIN("balancer/config", reads_what_it_is_for,
    inherits_by_name_and_by_order, lists_of_defaults_are_not_shared,
    own_check_lines_replace_those_of_defaults, names_find_their_objects,
    reads_conditions, unrolls_templates, reads_check_scripts, reads_formats,
    tells_all_errors_in_one_run, says_what_was_meant,
    is_kinder_than_the_original, refuses_to_forward_http, resolves_names,
    begins_names_of_files_where_it_is_told, reads_settings_of_ours,
    keeps_side_files_to_ours,
    frees_all_when_memory_ends)
