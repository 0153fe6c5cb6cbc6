/* SPDX-License-Identifier: ISC */
/*
 * login_fuzz.c - all that a stranger may send. The first byte: how logins
 * are checked, how the bytes are cut. Nobody knows the secrets, so nobody
 * may come in, but where none is asked for.
 */
#include <openssl/rand.h>
#include <stdio.h>

#include "base/secret.h"
#include "pg/message.h"
#include "pooler/client.h"
#include "world.h"

#define INI(type) "[databases]\nd = host=10.0.0.1 user=eve\n"		\
	"* = host=10.0.0.2\n[pgbouncer]\nauth_type = " type "\n"	\
	"auth_file = u\nauth_hba_file = h\nmax_client_conn = 10\n"	\
	"ignore_startup_parameters = extra_float_digits\n"		\
	"admin_users = bob\nclient_tls_sslmode = "

static const struct {
	const char *ini;
	bool open;			/* no secret is asked for */
} rows[] = {
	{ INI("scram-sha-256") "disable\n", false },
	{ INI("md5") "disable\n", false },
	{ INI("plain") "disable\n", false },
	{ INI("cert") "require\nclient_tls_ca_file = x\n"
	    "client_tls_key_file = x\nclient_tls_cert_file = x\n", false },
	{ INI("trust") "disable\n", true },
	{ INI("any") "disable\n", true },
	{ INI("scram-sha-256") "allow\nclient_tls_key_file = x\n"
	    "client_tls_cert_file = x\n", false },
	{ INI("md5") "disable\nauth_user = bob\n", false },
};

/* bob: plain, eve: md5, joe: SCRAM, nil: empty; fresh ones each process. */
static const char *
secret_users(void)
{
	static char users[512];
	unsigned char r[48];
	char hex[2 * sizeof r + 1];

	if (users[0] != '\0')
		return users;
	NEED(RAND_bytes(r, sizeof r) == 1);
	for (size_t i = 0; i < sizeof r; i++)
		snprintf(hex + 2 * i, 3, "%02x", r[i]);
	snprintf(users, sizeof users, "\"bob\" \"%.32s\"\n"
	    "\"eve\" \"md5%.32s\"\n\"joe\" \"SCRAM-SHA-256$4096:%.4s$%.43s=:"
	    "%.43s=\"\n\"nil\" \"\"\n", hex, hex + 32, hex + 64,
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	return users;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 3, 17, 100000 };
	struct conn *client;
	const struct pl_client *c;
	bool open;

	if (len < 1)
		return 0;
	open = rows[data[0] & 7].open;
	world_mute = true;
	world_start(rows[data[0] & 7].ini, secret_users());
	client = world_client();
	world_say_in(client, fuzz_text(data + 1, len - 1),
	    steps[data[0] >> 3 & 3]);
	world_answer_all();
	if (world_open(client)) {
		c = conn_owner(client);
		NEED(open || !c->welcomed);
	}
	/* A login that lingers is ended in time. */
	world_pass(61000000);
	world_pass(61000000);
	if (world_open(client)) {
		c = conn_owner(client);
		NEED(c->welcomed);
	}
	world_end();
	return 0;
}
