/* SPDX-License-Identifier: ISC */
/*
 * resolver_test.c - names against a small DNS server of our own on a thread:
 * cache, failures, lost addresses, zones, cancelling, other loops.
 */
#include "unit.h"

#include <netinet/in.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/thread.h"
#include "net/timer.h"

/* ---- the server: A, AAAA and SOA; everything else does not exist */

static struct {
	int fd;
	pthread_t thread;
	atomic_uint questions, serial, last;	/* last byte of a.example */
	atomic_bool silent;
	uint16_t port;
	char file[64];
} dns;

static size_t
put16(unsigned char *to, unsigned v)
{
	to[0] = (unsigned char)(v >> 8);
	to[1] = (unsigned char)v;
	return 2;
}

static size_t
put_record(unsigned char *to, unsigned type, const void *data, size_t len)
{
	size_t n = 0;

	n += put16(to + n, 0xc00c);		/* the name asked for */
	n += put16(to + n, type);
	n += put16(to + n, 1);
	n += put16(to + n, 0);
	n += put16(to + n, 300);		/* time to live */
	n += put16(to + n, (unsigned)len);
	memcpy(to + n, data, len);
	return n + len;
}

static void
read_name(const unsigned char *at, char *to)
{
	while (*at != 0) {
		memcpy(to, at + 1, *at);
		to += *at;
		*to++ = '.';
		at += *at + 1;
	}
	*to = '\0';
}

static size_t
put_soa(unsigned char *to)
{
	unsigned char data[22] = { 0, 0 };	/* two root names */
	unsigned serial = atomic_load(&dns.serial);

	put16(data + 2, serial >> 16);
	put16(data + 4, serial & 0xffff);
	return put_record(to, 6, data, sizeof data);
}

static size_t
make_answer(unsigned char *m, size_t len)
{
	char name[256];
	size_t end = 12 + strlen((char *)m + 12) + 1;
	unsigned type = (unsigned)(m[end] << 8 | m[end + 1]);
	unsigned char four[4] = { 127, 0, 0, 0 };
	unsigned char sixteen[16] = { 0xfd, [15] = 1 };
	unsigned count = 0;
	size_t n = end + 4;

	read_name(m + 12, name);
	put16(m + 2, 0x8180);
	put16(m + 8, 0);
	put16(m + 10, 0);			/* and no EDNS */
	if (strcmp(name, "a.example.") == 0 && type == 1) {
		four[3] = (unsigned char)atomic_load(&dns.last);
		n += put_record(m + n, 1, four, 4);
		count = 1;
	} else if (strcmp(name, "two.example.") == 0 && type == 1) {
		for (four[3] = 11; four[3] < 13; four[3]++)
			n += put_record(m + n, 1, four, 4);
		count = 2;
	} else if (strcmp(name, "two.example.") == 0 && type == 28) {
		n += put_record(m + n, 28, sixteen, 16);
		count = 1;
	} else if (strcmp(name, "example.") == 0 && type == 6) {
		n += put_soa(m + n);
		count = 1;
	} else if (strcmp(name, "a.example.") != 0)
		m[3] |= 3;			/* no such name */
	put16(m + 6, count);
	return n;
}

static void *
serve(void *arg)
{
	unsigned char m[1024];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n;

	while ((n = recvfrom(dns.fd, m, 512, 0, (struct sockaddr *)&from,
	    &len)) > 12) {
		atomic_fetch_add(&dns.questions, 1);
		if (!atomic_load(&dns.silent))
			sendto(dns.fd, m, make_answer(m, (size_t)n), 0,
			    (struct sockaddr *)&from, len);
		len = sizeof from;
	}
	return NULL;
}

static void
write_resolv_conf(const char *server)
{
	FILE *f = fopen(dns.file, "w");

	fprintf(f, "nameserver %s\noptions timeout:1\n", server);
	fclose(f);
}

static void
start_dns(void)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	socklen_t len = sizeof own;

	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	dns.fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(dns.fd, (struct sockaddr *)&own, sizeof own), 0);
	getsockname(dns.fd, (struct sockaddr *)&own, &len);
	snprintf(dns.file, sizeof dns.file, "/tmp/weir-resolv-XXXXXX");
	close(mkstemp(dns.file));
	dns.port = ntohs(own.sin_port);
	write_resolv_conf("127.0.0.1");
	atomic_store(&dns.last, 7);
	atomic_store(&dns.serial, 10);
	pthread_create(&dns.thread, NULL, serve, NULL);
}

static void
stop_dns(void)
{
	struct sockaddr_in own;
	socklen_t len = sizeof own;

	getsockname(dns.fd, (struct sockaddr *)&own, &len);
	sendto(dns.fd, "end", 3, 0, (struct sockaddr *)&own, len);
	pthread_join(dns.thread, NULL);
	close(dns.fd);
	unlink(dns.file);
}

/* ---- the frame: one loop that runs until the answers are in */

static struct loop *loop;
static struct resolver *resolver;
static unsigned answers;
static int code;
static unsigned count;
static struct address first, last;

static void
begin(int64_t keep, int64_t keep_failure, int64_t zone_check)
{
	struct resolver_options o = { dns.file, keep, keep_failure,
	    zone_check, 0 };
	struct why why;

	start_dns();
	o.port = dns.port;
	loop = loop_new(&why);
	ck_assert_msg(loop != NULL, "%s", why.line);
	resolver = resolver_new(loop, &o, &why);
	ck_assert_msg(resolver != NULL, "%s", why.line);
	answers = 0;
}

static void
end(void)
{
	resolver_free(&resolver);
	loop_free(&loop);
	stop_dns();
}

static void
on_answer(void *arg, const struct resolver_answer *a)
{
	answers++;
	code = a->code;
	count = a->count;
	if (count > 0) {
		first = a->addresses[0];
		last = a->addresses[count - 1];
	}
	*(unsigned *)arg += 1;
	loop_stop(loop_here());
}

static void
on_pause_over(void *arg)
{
	loop_stop(loop_here());
}

static void
run_for(int64_t usec)
{
	struct timer t;

	timer_init(&t, loop, on_pause_over, NULL);
	timer_after(&t, usec);
	loop_run(loop);
	timer_stop(&t);
}

static void
ask(const char *name)
{
	unsigned told = 0;

	resolver_ask(resolver, name, on_answer, &told);
	loop_run(loop);		/* a stop that was asked for before counts */
	ck_assert_uint_eq(told, 1);
}

START_TEST(names_become_addresses)
{
	char text[ADDRESS_TEXT];

	begin(CLOCK_SECOND, CLOCK_SECOND, 0);
	ask("a.example");
	ck_assert_int_eq(code, 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(address_print(&first, text), "127.0.0.7:0");
	ask("two.example");
	ck_assert_int_eq(code, 0);
	ck_assert_uint_eq(count, 3);
	ask("none.example");
	ck_assert_int_ne(code, 0);
	ck_assert_uint_eq(count, 0);
	end();
}
END_TEST

START_TEST(hosts_file_is_honoured)
{
	begin(CLOCK_SECOND, CLOCK_SECOND, 0);
	ask("localhost");
	ck_assert_int_eq(code, 0);
	ck_assert_uint_ge(count, 1);
	ck_assert_uint_eq(atomic_load(&dns.questions), 0);
	end();
}
END_TEST

START_TEST(answers_and_failures_are_kept)
{
	unsigned before;

	begin(200 * CLOCK_MS, 200 * CLOCK_MS, 0);
	ask("a.example");
	ask("none.example");
	before = atomic_load(&dns.questions);
	ask("a.example");
	ck_assert_int_eq(code, 0);
	ask("none.example");
	ck_assert_int_ne(code, 0);
	ck_assert_uint_eq(atomic_load(&dns.questions), before);
	run_for(300 * CLOCK_MS);
	ask("a.example");
	ck_assert_uint_gt(atomic_load(&dns.questions), before);
	before = atomic_load(&dns.questions);
	ask("none.example");
	ck_assert_uint_gt(atomic_load(&dns.questions), before);
	end();
}
END_TEST

START_TEST(one_question_for_many_askers)
{
	unsigned told[10] = { 0 };

	begin(CLOCK_SECOND, CLOCK_SECOND, 0);
	for (int i = 0; i < 10; i++)
		resolver_ask(resolver, "a.example", on_answer, &told[i]);
	resolver_cancel(resolver, &told[3]);
	loop_run(loop);
	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(told[i], i != 3);
	ck_assert_uint_eq(atomic_load(&dns.questions), 2);	/* A, AAAA */
	end();
}
END_TEST

static unsigned losses;

static void
on_lost(const char *name, const struct address *a, void *arg)
{
	char text[ADDRESS_TEXT];

	ck_assert_str_eq(name, "a.example");
	ck_assert_str_eq(address_print(a, text), "127.0.0.7:0");
	ck_assert_ptr_eq(arg, &losses);
	losses++;
}

START_TEST(a_lost_address_is_told)
{
	losses = 0;
	begin(50 * CLOCK_MS, CLOCK_SECOND, 0);
	resolver_set_lost(resolver, on_lost, &losses);
	ask("a.example");
	run_for(100 * CLOCK_MS);
	ask("a.example");
	ck_assert_uint_eq(losses, 0);
	atomic_store(&dns.last, 8);
	run_for(100 * CLOCK_MS);
	ask("a.example");
	ck_assert_uint_eq(losses, 1);
	end();
}
END_TEST

static uint32_t old_serial, fresh_serial;

static void
on_zone(const char *zone, uint32_t old, uint32_t fresh, void *arg)
{
	ck_assert_str_eq(zone, "example");
	old_serial = old;
	fresh_serial = fresh;
}

static void
on_zone_row(void *arg, const struct resolver_zone *z)
{
	ck_assert_str_eq(z->name, "example");
	ck_assert_uint_eq(z->hosts, 2);
	*(uint32_t *)arg = z->serial;
}

START_TEST(a_risen_serial_asks_again)
{
	uint32_t serial = 0;

	losses = 0;
	begin(3600 * CLOCK_SECOND, CLOCK_SECOND, 50 * CLOCK_MS);
	resolver_set_lost(resolver, on_lost, &losses);
	resolver_set_zone_changed(resolver, on_zone, NULL);
	ask("a.example");
	ask("none.example");
	run_for(200 * CLOCK_MS);
	resolver_each_zone(resolver, on_zone_row, &serial);
	ck_assert_uint_eq(serial, 10);
	ck_assert_uint_eq(losses, 0);
	atomic_store(&dns.last, 9);
	atomic_store(&dns.serial, 11);
	run_for(300 * CLOCK_MS);
	ck_assert_uint_eq(old_serial, 10);
	ck_assert_uint_eq(fresh_serial, 11);
	ck_assert_uint_eq(losses, 1);
	ask("a.example");
	ck_assert_int_eq(((const uint8_t *)&first.in.sin_addr)[3], 9);
	end();
}
END_TEST

static void
on_row(void *arg, const struct resolver_row *row)
{
	unsigned *rows = arg;

	++*rows;
	if (strcmp(row->name, "a.example") == 0) {
		ck_assert_uint_eq(row->count, 1);
		ck_assert_int_gt(row->ttl, 9 * CLOCK_SECOND);
		ck_assert_int_le(row->ttl, 10 * CLOCK_SECOND);
	} else {
		ck_assert_str_eq(row->name, "none.example");
		ck_assert_uint_eq(row->count, 0);
	}
}

START_TEST(rows_and_counts)
{
	unsigned rows = 0, names, zones, queries, pending, told = 0;

	begin(10 * CLOCK_SECOND, CLOCK_SECOND, 0);
	ask("a.example");
	ask("none.example");
	resolver_each(resolver, on_row, &rows);
	ck_assert_uint_eq(rows, 2);
	resolver_ask(resolver, "two.example", on_answer, &told);
	resolver_count(resolver, &names, &zones, &queries, &pending);
	ck_assert_uint_eq(names, 3);
	ck_assert_uint_eq(zones, 1);
	ck_assert_uint_eq(queries, 1);
	ck_assert_uint_eq(pending, 1);
	loop_run(loop);
	resolver_count(resolver, &names, &zones, &queries, &pending);
	ck_assert_uint_eq(queries + pending, 0);
	ck_assert_int_eq(strncmp(resolver_version(), "c-ares 1.", 9), 0);
	end();
}
END_TEST

START_TEST(a_changed_file_is_noticed)
{
	begin(0, 0, 0);
	write_resolv_conf("127.99.98.97");	/* nobody there */
	ask("a.example");
	ck_assert_int_ne(code, 0);
	write_resolv_conf("127.0.0.1");
	ask("a.example");
	ck_assert_int_eq(code, 0);
	end();
}
END_TEST

START_TEST(freed_while_asking)
{
	unsigned told = 0;

	begin(CLOCK_SECOND, CLOCK_SECOND, 0);
	atomic_store(&dns.silent, true);
	resolver_ask(resolver, "a.example", on_answer, &told);
	run_for(20 * CLOCK_MS);
	end();
	ck_assert_uint_eq(told, 0);
	atomic_store(&dns.silent, false);
}
END_TEST

static atomic_uint far_answers;

static void
on_far_answer(void *arg, const struct resolver_answer *a)
{
	ck_assert_ptr_eq(arg, loop_here());
	ck_assert_int_eq(a->code, 0);
	ck_assert_uint_eq(a->count, 3);
	if (atomic_fetch_add(&far_answers, 1) + 1 == 3)
		loop_post(loop_at(0), on_pause_over, NULL);
}

static void
ask_from_far(void *arg)
{
	resolver_ask(resolver, "two.example", on_far_answer, loop_here());
	/* One that travels already can still be called off. */
	resolver_ask(resolver, "two.example", on_far_answer, arg);
	resolver_cancel(resolver, arg);
}

START_TEST(other_loops_may_ask)
{
	struct resolver_options o = { dns.file, CLOCK_SECOND,
	    CLOCK_SECOND, 0, 0 };
	struct why why;

	start_dns();
	o.port = dns.port;
	ck_assert_int_eq(thread_start(4, NULL, &why), 0);
	loop = loop_at(0);
	resolver = resolver_new(loop, &o, &why);
	for (unsigned i = 1; i < 4; i++)
		loop_post(loop_at(i), ask_from_far, &why);
	loop_run(loop);
	ck_assert_uint_eq(atomic_load(&far_answers), 3);
	thread_stop();
	end();
}
END_TEST

UNIT_MAIN("net/resolver", names_become_addresses, hosts_file_is_honoured,
    answers_and_failures_are_kept, one_question_for_many_askers,
    a_lost_address_is_told, a_risen_serial_asks_again, rows_and_counts,
    a_changed_file_is_noticed, freed_while_asking, other_loops_may_ask)
