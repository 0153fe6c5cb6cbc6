/* SPDX-License-Identifier: ISC */
/*
 * tlsio_test.c - TLS without sockets: two ends, ciphertext carried in random
 * slices, with every version, and what happens when somebody cheats.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "certkit.h"

#include "base/mem.h"
#include "net/tls.h"
#include "net/tlsio.h"

static struct certkit kit;
static uint64_t seed = 42;

static uint64_t
next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static struct tls *
make_tls(bool server, int version)
{
	char cert[128], key[128];
	struct tls_options o = {
		.server = server,
		.ca_file = kit.ca,
		.cert_file = certkit_path(&kit, "localhost.crt", cert),
		.key_file = certkit_path(&kit, "localhost.key", key),
		.verify = TLS_VERIFY_REQUIRED,
		.verify_name = true,
		.min_version = version,
		.max_version = version,
	};
	struct why why = { "", "" };
	struct tls *t = tls_new(&o, &why);

	ck_assert_msg(t != NULL, "%s", why.line);
	return t;
}

struct end {
	struct tlsio *io;
	struct tlsio_out out;		/* on its way to the other */
	size_t taken;			/* of out */
	bool up;
	char plain[50000];
	size_t got;
	enum tlsio_end state;
};

/* Carries one slice from one end to the other, which works on it. */
static void
carry(struct end *from, struct end *to, size_t most)
{
	size_t len = from->out.len - from->taken, n;
	bool more;

	if (len == 0 && to->out.len > to->taken)
		return;
	if (len > most)
		len = 1 + next_random() % most;
	tlsio_feed(to->io, (struct text){ from->out.at + from->taken, len });
	from->taken += len;
	if (!to->up) {
		to->state = tlsio_handshake(to->io, &to->out);
		to->up = to->state == TLSIO_OK;
	}
	do {
		if (to->up) {
			to->state = tlsio_read(to->io, to->plain + to->got,
			    sizeof to->plain - to->got, &n, &to->out);
			to->got += n;
		}
		ck_assert_int_eq(tlsio_keep(to->io, &more), 0);
	} while (more && to->up && to->state == TLSIO_OK &&
	    to->got < sizeof to->plain);
	if (from->taken == from->out.len)
		from->taken = from->out.len = 0;
}

static void
begin_pair(struct end *client, struct end *server, struct tls *ct,
    struct tls *st, const char *name)
{
	memset(client, 0, sizeof *client);
	memset(server, 0, sizeof *server);
	client->io = tls_begin(ct, name);
	server->io = tls_begin(st, NULL);
	ck_assert(client->io != NULL && server->io != NULL);
	client->state = tlsio_handshake(client->io, &client->out);
	ck_assert_int_eq(client->state, TLSIO_MORE);
}

static void
end_pair(struct end *client, struct end *server)
{
	tlsio_free(&client->io);
	tlsio_free(&server->io);
	mem_drop(client->out.at);
	mem_drop(server->out.at);
}

static void
shake_hands(struct end *client, struct end *server, size_t most)
{
	for (int i = 0; i < 20000 && !(client->up && server->up); i++) {
		carry(client, server, most);
		carry(server, client, most);
		ck_assert_int_ne(client->state, TLSIO_FAILED);
		ck_assert_int_ne(server->state, TLSIO_FAILED);
	}
	ck_assert(client->up && server->up);
}

enum { LOAD = 40000 };

/* In pieces of random length, now and then several in one vector. */
static void
write_load(struct end *e, const char *load)
{
	struct iovec piece[5];
	size_t at = 0;

	while (at < LOAD) {
		int count = 1 + (int)(next_random() % 5);

		for (int i = 0; i < count; i++) {
			size_t n = 1 + next_random() % 9000;

			if (n > LOAD - at)
				n = LOAD - at;
			piece[i].iov_base = (void *)(uintptr_t)(load + at);
			piece[i].iov_len = n;
			at += n;
		}
		ck_assert_int_eq(tlsio_write(e->io, piece, count, &e->out),
		    0);
	}
}

static void
exchange(int version, struct tls *ct, struct tls *st)
{
	static struct end client, server;
	static char up[LOAD], down[LOAD];
	size_t most = 1 + next_random() % 700;

	for (size_t i = 0; i < LOAD; i++) {
		up[i] = (char)next_random();
		down[i] = (char)next_random();
	}
	begin_pair(&client, &server, ct, st, "localhost");
	shake_hands(&client, &server, most);
	write_load(&client, up);
	write_load(&server, down);
	for (int i = 0; i < 400000 && (client.got < LOAD ||
	    server.got < LOAD); i++) {
		carry(&client, &server, most);
		carry(&server, &client, most);
	}
	ck_assert_uint_eq(client.got, LOAD);
	ck_assert_uint_eq(server.got, LOAD);
	ck_assert_int_eq(memcmp(client.plain, down, LOAD), 0);
	ck_assert_int_eq(memcmp(server.plain, up, LOAD), 0);
	tlsio_shut(client.io, &client.out);
	while (client.out.len > client.taken)
		carry(&client, &server, 700);
	ck_assert_int_eq(server.state, TLSIO_CLOSED);
	end_pair(&client, &server);
}

static const char *const names[] = { "localhost", "other", NULL };

static void
begin(void)
{
	certkit_init(&kit);
	certkit_make(&kit, "localhost", "localhost", "DNS:localhost");
}

START_TEST(slices_of_any_length)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	begin();
	for (int v = 0; v < 2; v++) {
		struct tls *ct = make_tls(false, versions[v]);
		struct tls *st = make_tls(true, versions[v]);

		for (int i = 0; i < 40; i++)
			exchange(versions[v], ct, st);
		tls_drop(&ct);
		tls_drop(&st);
	}
	certkit_fini(&kit, names);
}
END_TEST

/* A read that is full leaves the rest as ciphertext for the next. */
START_TEST(what_is_not_read_is_kept)
{
	static struct end client, server;
	struct iovec piece = { .iov_len = 30000 };
	struct tls *ct, *st;
	size_t n, total = 0;
	char *load;
	bool more;

	begin();
	ct = make_tls(false, TLS1_3_VERSION);
	st = make_tls(true, TLS1_3_VERSION);
	begin_pair(&client, &server, ct, st, "localhost");
	shake_hands(&client, &server, 100000);
	load = malloc(30000);
	memset(load, 'x', 30000);
	piece.iov_base = load;
	ck_assert_int_eq(tlsio_write(client.io, &piece, 1, &client.out), 0);
	tlsio_feed(server.io, (struct text){ client.out.at,
	    client.out.len });
	do {
		ck_assert_int_ne(tlsio_read(server.io, server.plain, 1000, &n,
		    &server.out), TLSIO_FAILED);
		total += n;
		ck_assert_int_eq(tlsio_keep(server.io, &more), 0);
		/* What was fed is ours again. */
		memset(client.out.at, 0, client.out.len);
	} while (more);
	ck_assert_uint_eq(total, 30000);
	free(load);
	end_pair(&client, &server);
	tls_drop(&ct);
	tls_drop(&st);
	certkit_fini(&kit, names);
}
END_TEST

START_TEST(small_pieces_share_a_record)
{
	static struct end client, server;
	struct iovec piece[40];
	struct tls *ct, *st;
	size_t plain = 0;

	begin();
	ct = make_tls(false, TLS1_3_VERSION);
	st = make_tls(true, TLS1_3_VERSION);
	begin_pair(&client, &server, ct, st, "localhost");
	shake_hands(&client, &server, 100000);
	for (int i = 0; i < 40; i++) {
		piece[i] = (struct iovec){ (void *)(uintptr_t)"0123456789",
		    10 };
		plain += 10;
	}
	client.out.len = 0;
	ck_assert_int_eq(tlsio_write(client.io, piece, 40, &client.out), 0);
	ck_assert_uint_eq(client.out.len, plain + 5 + 1 + 16);
	end_pair(&client, &server);
	tls_drop(&ct);
	tls_drop(&st);
	certkit_fini(&kit, names);
}
END_TEST

START_TEST(a_wrong_name_is_refused)
{
	static struct end client, server;
	struct tls *ct, *st;

	begin();
	ct = make_tls(false, 0);
	st = make_tls(true, 0);
	begin_pair(&client, &server, ct, st, "db.example");
	for (int i = 0; i < 20 && client.state != TLSIO_FAILED; i++) {
		carry(&client, &server, 100000);
		carry(&server, &client, 100000);
	}
	ck_assert_int_eq(client.state, TLSIO_FAILED);
	ck_assert_str_eq(tlsio_error(client.io),
	    "certificate verify failed: hostname mismatch");
	end_pair(&client, &server);
	tls_drop(&ct);
	tls_drop(&st);
	certkit_fini(&kit, names);
}
END_TEST

START_TEST(an_address_is_checked_as_such)
{
	static struct end client, server;
	struct tls *ct, *st;
	char from[128], to[128];

	begin();
	certkit_make(&kit, "other", "whatever", "IP:127.0.0.1");
	for (int i = 0; i < 2; i++)
		rename(certkit_path(&kit, i == 0 ? "other.crt" : "other.key",
		    from), certkit_path(&kit, i == 0 ? "localhost.crt" :
		    "localhost.key", to));
	ct = make_tls(false, 0);
	st = make_tls(true, 0);
	begin_pair(&client, &server, ct, st, "127.0.0.1");
	shake_hands(&client, &server, 100000);
	end_pair(&client, &server);
	begin_pair(&client, &server, ct, st, "127.0.0.2");
	for (int i = 0; i < 20 && client.state != TLSIO_FAILED; i++) {
		carry(&client, &server, 100000);
		carry(&server, &client, 100000);
	}
	ck_assert_str_eq(tlsio_error(client.io),
	    "certificate verify failed: IP address mismatch");
	end_pair(&client, &server);
	tls_drop(&ct);
	tls_drop(&st);
	certkit_fini(&kit, names);
}
END_TEST

START_TEST(a_changed_byte_is_noticed)
{
	static struct end client, server;
	struct iovec piece = { (void *)(uintptr_t)"secret", 6 };
	struct tls *ct, *st;
	size_t n;

	begin();
	ct = make_tls(false, 0);
	st = make_tls(true, 0);
	begin_pair(&client, &server, ct, st, "localhost");
	shake_hands(&client, &server, 100000);
	ck_assert_int_eq(tlsio_write(client.io, &piece, 1, &client.out), 0);
	client.out.at[client.out.len - 3] ^= 1;
	tlsio_feed(server.io, (struct text){ client.out.at,
	    client.out.len });
	ck_assert_int_eq(tlsio_read(server.io, server.plain, 100, &n,
	    &server.out), TLSIO_FAILED);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_ne(tlsio_error(server.io)[0], '\0');
	ck_assert_uint_gt(server.out.len, 0);		/* the alert */
	ck_assert_int_eq(tlsio_write(server.io, &piece, 1, &server.out), -1);
	end_pair(&client, &server);
	tls_drop(&ct);
	tls_drop(&st);
	certkit_fini(&kit, names);
}
END_TEST

/* ---- contexts */

START_TEST(bad_files_are_told)
{
	struct tls_options o = { .server = true,
	    .cert_file = "/nonexistent/x.crt" };
	char cert[128], key[128];
	struct why why;

	begin();
	certkit_make(&kit, "other", "other", NULL);
	ck_assert_ptr_null(tls_new(&o, &why));
	ck_assert_str_eq(why.line, "failed to load certificate file "
	    "\"/nonexistent/x.crt\": No such file or directory");
	o.cert_file = certkit_path(&kit, "localhost.crt", cert);
	o.key_file = "/nonexistent/x.key";
	ck_assert_ptr_null(tls_new(&o, &why));
	ck_assert_str_eq(why.line, "failed to load private key file "
	    "\"/nonexistent/x.key\": No such file or directory");
	o.key_file = certkit_path(&kit, "other.key", key);
	ck_assert_ptr_null(tls_new(&o, &why));
	ck_assert_ptr_nonnull(strstr(why.line, "key values mismatch"));
	o.key_file = certkit_path(&kit, "localhost.key", key);
	o.ca_file = "/nonexistent/ca";
	ck_assert_ptr_null(tls_new(&o, &why));
	ck_assert_str_eq(why.line, "failed to load CA file "
	    "\"/nonexistent/ca\": No such file or directory");
	o.ca_file = kit.ca;
	o.ciphers = "NONSENSE";
	ck_assert_ptr_null(tls_new(&o, &why));
	ck_assert_ptr_nonnull(strstr(why.line, "NONSENSE"));
	certkit_fini(&kit, names);
}
END_TEST

UNIT_MAIN("net/tlsio", slices_of_any_length, what_is_not_read_is_kept,
    small_pieces_share_a_record, a_wrong_name_is_refused,
    an_address_is_checked_as_such, a_changed_byte_is_noticed,
    bad_files_are_told)
