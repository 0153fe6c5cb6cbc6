/* SPDX-License-Identifier: ISC */
/* hello_test.c - ClientHellos made by OpenSSL, whole and cut anywhere. */
#include <openssl/ssl.h>

#include "balancer/hello.h"
#include "unit.h"

/* What a client would send first. */
static size_t
make_hello(const char *sni, int most, char *to, size_t room)
{
	SSL_CTX *x = SSL_CTX_new(TLS_client_method());
	SSL *ssl;
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	int len;

	SSL_CTX_set_max_proto_version(x, most);
	ssl = SSL_new(x);
	SSL_set_bio(ssl, in, out);
	if (sni != NULL)
		SSL_set_tlsext_host_name(ssl, sni);
	SSL_set_alpn_protos(ssl, (const unsigned char *)"\2h2", 3);
	SSL_set_connect_state(ssl);
	SSL_do_handshake(ssl);
	len = BIO_read(out, to, (int)room);
	SSL_free(ssl);
	SSL_CTX_free(x);
	return (size_t)len;
}

START_TEST(reads_names)
{
	char hello[4096];
	struct lb_hello_facts f;
	size_t len = make_hello("db.example.org", TLS1_3_VERSION, hello,
	    sizeof hello);

	ck_assert_int_eq(lb_hello_read((struct text){ hello, len }, &f),
	    LB_HELLO_WHOLE);
	ck_assert_uint_eq(f.type, 1);
	ck_assert(text_is(f.sni, "db.example.org"));
	ck_assert_uint_eq(f.version, 0x0304);
	ck_assert(text_is(f.alpn, "\2h2"));
	for (size_t n = 0; n < len; n++)
		ck_assert_int_eq(lb_hello_read((struct text){ hello, n }, &f),
		    LB_HELLO_SHORT);
}
END_TEST

START_TEST(needs_no_name)
{
	char hello[4096];
	struct lb_hello_facts f;
	size_t len = make_hello(NULL, TLS1_2_VERSION, hello, sizeof hello);

	ck_assert_int_eq(lb_hello_read((struct text){ hello, len }, &f),
	    LB_HELLO_WHOLE);
	ck_assert_uint_eq(f.sni.len, 0);
	ck_assert_uint_eq(f.version, 0x0303);
}
END_TEST

START_TEST(survives_damage)
{
	char hello[4096], broken[4096];
	struct lb_hello_facts f;
	size_t len = make_hello("db.example.org", TLS1_3_VERSION, hello,
	    sizeof hello);

	srandom(3);
	for (int i = 0; i < 20000; i++) {
		memcpy(broken, hello, len);
		for (int n = 0; n < 4; n++)
			broken[9 + (size_t)random() % (len - 9)] =
			    (char)random();
		lb_hello_read((struct text){ broken, len }, &f);
		if (f.sni.len > 0)
			ck_assert(f.sni.at >= broken &&
			    f.sni.at + f.sni.len <= broken + len);
	}
	ck_assert_int_eq(lb_hello_read(TEXT("GET / HTTP/1.0"), &f),
	    LB_HELLO_NONE);
}
END_TEST

static bool
has_number(struct text list, unsigned high, unsigned low)
{
	for (size_t i = 0; i + 1 < list.len; i += 2)
		if ((unsigned char)list.at[i] == high &&
		    (unsigned char)list.at[i + 1] == low)
			return true;
	return false;
}

START_TEST(reads_lists)
{
	char hello[4096], groups[64];
	struct lb_hello_facts f;
	size_t len = make_hello(NULL, TLS1_3_VERSION, hello, sizeof hello);
	struct text shared = { groups, 0 };

	ck_assert_int_eq(lb_hello_read((struct text){ hello, len }, &f),
	    LB_HELLO_WHOLE);
	ck_assert(f.has_curves && f.has_tickets && !f.has_ticket);
	ck_assert_msg(has_number(f.ciphers, 0x13, 0x01), "AES-128-GCM");
	ck_assert_msg(has_number(f.groups, 0, 0x1d), "X25519");
	ck_assert_msg(has_number(f.sigalgs, 8, 4), "RSA-PSS, SHA-256");
	shared.len = lb_hello_groups(f.shares, groups, sizeof groups);
	ck_assert_uint_gt(shared.len, 0);
	ck_assert_uint_lt(shared.len, f.shares.len);
	for (size_t i = 0; i < shared.len; i += 2)
		ck_assert(has_number(f.groups, (unsigned char)groups[i],
		    (unsigned char)groups[i + 1]));
	ck_assert_uint_eq(lb_hello_groups(f.shares, groups, 1), 0);
}
END_TEST

UNIT_MAIN("balancer/hello", reads_names, needs_no_name, reads_lists,
    survives_damage)
