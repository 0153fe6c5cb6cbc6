/* SPDX-License-Identifier: ISC */
/*
 * balances_test.c - the order in which servers are chosen, as it was seen of
 * HAProxy 2.6; and who is chosen when some are down, full or drained.
 */
#include "base/mem.h"
#include "balancer/balances.h"
#include "unit.h"

enum { MOST = 8 };

static struct lb_proxy_conf proxy_conf;
static struct lb_server_conf confs[MOST];
static struct lb_server servers[MOST];
static struct lb_server *list[MOST], *usable[MOST];
static struct lb_proxy proxy;

/* What lb_proxy_recount does, without a world around it. */
static void
recount(void)
{
	proxy.usable_count = proxy.total_weight = 0;
	for (unsigned i = 0; i < proxy.server_count; i++) {
		lb_server_weigh(list[i], 0);
		if (!lb_server_usable(list[i]))
			continue;
		usable[proxy.usable_count++] = list[i];
		proxy.total_weight += list[i]->eweight;
	}
	if (proxy.balance->update != NULL)
		proxy.balance->update(&proxy);
}

static void
set_up(enum lb_algorithm a, const int *weights)
{
	mem_drop(proxy.map);
	memset(&proxy, 0, sizeof proxy);
	memset(servers, 0, sizeof servers);
	memset(confs, 0, sizeof confs);
	proxy.conf = &proxy_conf;
	proxy.balance = lb_balances_find(a);
	proxy.servers = list;
	proxy.usable = usable;
	for (unsigned i = 0; i < MOST && weights[i] >= 0; i++) {
		confs[i].proxy = &proxy_conf;
		confs[i].id = i + 1;
		servers[i].proxy = &proxy;
		servers[i].conf = &confs[i];
		servers[i].crowd = &proxy.sessions;
		servers[i].full = &proxy.fullconn;
		servers[i].state = LB_SERVER_RUNNING;
		servers[i].weight = (unsigned)weights[i];
		servers[i].address.len = 1;
		list[i] = &servers[i];
		proxy.server_count++;
	}
	recount();
}

static struct lb_server *
pick(uint32_t hash)
{
	const struct lb_ask ask = { .hashed = true, .hash = hash };

	return proxy.balance->pick(&proxy, &ask);
}

static void
load(struct lb_server *s, int more)
{
	s->served = (unsigned)((int)s->served + more);
	if (proxy.balance->load != NULL)
		proxy.balance->load(s);
}

/* One session after the other: each ends before the next comes. */
static const char *
sequence(int n)
{
	static char got[64];

	for (int i = 0; i < n; i++) {
		struct lb_server *s = pick(0);

		got[i] = s == NULL ? '-' : (char)('a' + (s - servers));
		if (s == NULL)
			continue;
		load(s, 1);
		load(s, -1);
	}
	got[n] = '\0';
	return got;
}

static const struct {
	enum lb_algorithm algorithm;
	int weights[MOST];
	const char *order;
} rows[] = {
	{ LB_ALGO_ROUNDROBIN, { 1, 1, 1, -1 }, "abcabcabc" },
	{ LB_ALGO_ROUNDROBIN, { 3, 2, 1, -1 }, "abacababacab" },
	{ LB_ALGO_ROUNDROBIN, { 1, 2, 3, -1 }, "cbcacbcbcacb" },
	{ LB_ALGO_ROUNDROBIN, { 5, 1, 1, -1 }, "aaabaacaaabaac" },
	{ LB_ALGO_ROUNDROBIN, { 4, 3, 2, 1, -1 }, "abacbadabcabacbadabc" },
	{ LB_ALGO_ROUNDROBIN, { 7, 5, 3, -1 }, "abacbaabcabaabcabacbaabcab" },
	{ LB_ALGO_ROUNDROBIN, { 10, 1, -1 }, "aaaaaaaaaabaaaaaaaaaab" },
	{ LB_ALGO_ROUNDROBIN, { 0, 1, 2, -1 }, "ccbccbccb" },
	{ LB_ALGO_STATIC_RR, { 3, 2, 1, -1 }, "aababcaababc" },
	{ LB_ALGO_STATIC_RR, { 1, 2, 3, -1 }, "acbcbcacbcbc" },
	{ LB_ALGO_STATIC_RR, { 4, 3, 2, 1, -1 }, "ababcabacdababcabacd" },
	{ LB_ALGO_STATIC_RR, { 100, 50, 30, -1 },
	    "aababcaaabacababacaababcaaabacab" },
	{ LB_ALGO_LEASTCONN, { 1, 1, 1, -1 }, "abcabcabc" },
	{ LB_ALGO_LEASTCONN, { 3, 2, 1, -1 }, "abcabcabc" },
	{ LB_ALGO_FIRST, { 1, 1, 1, -1 }, "aaaa" },
};

START_TEST(takes_turns)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		set_up(rows[i].algorithm, rows[i].weights);
		ck_assert_str_eq(sequence((int)strlen(rows[i].order)),
		    rows[i].order);
	}
}
END_TEST

/* Sessions that stay: 3:2:1 in the end, in this order. */
START_TEST(spreads_held_load)
{
	char got[16] = "";

	set_up(LB_ALGO_LEASTCONN, (const int[MOST]){ 3, 2, 1, -1 });
	for (int i = 0; i < 12; i++) {
		struct lb_server *s = pick(0);

		load(s, 1);
		got[i] = (char)('a' + (s - servers));
	}
	ck_assert_str_eq(got, "abcabaabacba");
}
END_TEST

START_TEST(fills_the_first)
{
	char got[8] = "";

	set_up(LB_ALGO_FIRST, (const int[MOST]){ 1, 1, 1, -1 });
	for (int i = 0; i < 3; i++)
		servers[i].maxconn = 2;
	for (int i = 0; i < 7; i++) {
		struct lb_server *s = pick(0);

		got[i] = s == NULL ? '-' : (char)('a' + (s - servers));
		if (s != NULL)
			load(s, 1);
	}
	ck_assert_str_eq(got, "aabbcc-");
}
END_TEST

/* The address as a number, modulo the weights. */
START_TEST(hashes_a_source)
{
	set_up(LB_ALGO_SOURCE, (const int[MOST]){ 1, 1, 1, -1 });
	ck_assert_ptr_eq(pick(0x7f000001), &servers[2]);
	ck_assert_ptr_eq(pick(0x7f000002), &servers[0]);
	ck_assert_ptr_eq(pick(0x7f000003), &servers[1]);
}
END_TEST

START_TEST(leaves_out_who_cannot)
{
	set_up(LB_ALGO_ROUNDROBIN, (const int[MOST]){ 1, 1, 1, -1 });
	lb_server_enter(&servers[1], LB_SERVER_STOPPED, 0);
	recount();
	ck_assert_str_eq(sequence(4), "acac");
	servers[2].admin = LB_ADMIN_FDRAIN;
	recount();
	ck_assert_str_eq(sequence(3), "aaa");
	ck_assert(lb_server_reachable(&servers[2]));
	servers[0].admin = LB_ADMIN_FMAINT;
	recount();
	ck_assert_uint_eq(proxy.usable_count, 0);
	ck_assert(!lb_server_reachable(&servers[0]));
}
END_TEST

START_TEST(moves_little_on_a_ring)
{
	struct lb_server *before[1000];
	unsigned moved = 0, theirs = 0;

	set_up(LB_ALGO_HASH, (const int[MOST]){ 1, 1, 1, 1, -1 });
	proxy_conf.balance.hash_type = LB_HASH_CONSISTENT;
	for (uint32_t i = 0; i < 1000; i++)
		before[i] = pick(i * 2654435761u);
	lb_server_enter(&servers[1], LB_SERVER_STOPPED, 0);
	recount();
	for (uint32_t i = 0; i < 1000; i++) {
		theirs += before[i] == &servers[1];
		moved += pick(i * 2654435761u) != before[i];
	}
	proxy_conf.balance.hash_type = LB_HASH_MAP;
	ck_assert_uint_eq(moved, theirs);
	ck_assert_uint_gt(theirs, 50);
}
END_TEST

START_TEST(starts_slowly)
{
	set_up(LB_ALGO_ROUNDROBIN, (const int[MOST]){ 10, 10, -1 });
	confs[0].slowstart = 10 * 1000000;
	servers[0].maxconn = 100;
	lb_server_enter(&servers[0], LB_SERVER_STARTING, 1000000);
	lb_server_weigh(&servers[0], 1000000);
	ck_assert_uint_eq(lb_server_throttle(&servers[0], 1000000), 1);
	ck_assert_uint_eq(servers[0].eweight, 1);
	lb_server_weigh(&servers[0], 6000000);
	ck_assert_uint_eq(lb_server_throttle(&servers[0], 6000000), 51);
	ck_assert_uint_eq(lb_server_limit(&servers[0]), 50);
	lb_server_weigh(&servers[0], 11000000);
	ck_assert_int_eq(servers[0].state, LB_SERVER_RUNNING);
	ck_assert_uint_eq(servers[0].eweight, 160);
}
END_TEST

START_TEST(limits_by_load)
{
	set_up(LB_ALGO_ROUNDROBIN, (const int[MOST]){ 1, -1 });
	servers[0].maxconn = 100;
	confs[0].minconn = 10;
	proxy.fullconn = 1000;
	ck_assert_uint_eq(lb_server_limit(&servers[0]), 10);
	proxy.sessions = 500;
	ck_assert_uint_eq(lb_server_limit(&servers[0]), 50);
	proxy.sessions = 2000;
	ck_assert_uint_eq(lb_server_limit(&servers[0]), 100);
	proxy.fullconn = 0;
}
END_TEST

UNIT_MAIN("balancer/balances", takes_turns, spreads_held_load,
    fills_the_first, hashes_a_source, leaves_out_who_cannot,
    moves_little_on_a_ring, starts_slowly, limits_by_load)
