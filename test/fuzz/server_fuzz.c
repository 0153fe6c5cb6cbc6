/* SPDX-License-Identifier: ISC */
/*
 * server_fuzz.c - what a server sends: while it logs us in, as answers to a
 * client that is linked to it, or to auth_query. The first byte: what secret
 * we have, how the bytes are cut, whether the login is over, TLS, what the
 * client asked. Whatever comes, the client hears whole messages.
 */
#include "pg/message.h"
#include "world.h"

#define INI(tls) "[databases]\nd = host=10.0.0.1\n[pgbouncer]\n"	\
	"auth_type = trust\nauth_file = u\npool_mode = transaction\n"	\
	"default_pool_size = 1\nmax_prepared_statements = 2\n"		\
	"server_tls_sslmode = " tls "\n"

static const char *const inis[] = { INI("disable"), INI("prefer"),
	INI("disable") "auth_type = plain\nauth_user = bob\n" };
static const char *const users[] = {
	"\"bob\" \"pencil\"\n",
	"\"bob\" \"md53858f62230ac3c915f300c664312c63f\"\n",
	"\"bob\" \"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPn"
	    "kdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQx"
	    "SrmfPwDl2dU=\"\n",
	"\"bob\" \"\"\n",
};

static const struct text startup = TEXT("\0\0\0\x2c\0\3\0\0user\0bob\0"
    "database\0d\0TimeZone\0Venus\0\0");
static const struct text unknown = TEXT("\0\0\0\x1d\0\3\0\0user\0who\0"
    "database\0d\0\0");
static const struct text password = TEXT("p\0\0\0\12guess\0");
static const struct text simple = TEXT("Q\0\0\0\15select 1\0"
    "Q\0\0\0\12BEGIN\0");
static const struct text extended = TEXT("P\0\0\0\15a\0one\0\0\0"
    "P\0\0\0\15b\0two\0\0\0P\0\0\0\17c\0three\0\0\0D\0\0\0\7Sa\0"
    "B\0\0\0\15\0b\0\0\0\0\0\0\0E\0\0\0\11\0\0\0\0\0C\0\0\0\7Sa\0"
    "S\0\0\0\4Q\0\0\0\11COPY\0");

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 3, 17, 100000 };
	struct conn *client, *server;
	struct text said;
	bool looks_up;
	uint8_t how;

	if (len < 1)
		return 0;
	how = data[0];
	looks_up = (how & 128) != 0;
	world_mute = true;
	world_start(inis[looks_up ? 2 : how >> 5 & 1], users[how & 3]);
	said = fuzz_text(data + 1, len - 1);
	client = world_client();
	world_say(client, looks_up ? unknown : startup);
	if (how & 16) {
		world_answer_all();
		if (!looks_up)
			world_say(client, how & 64 ? extended : simple);
	}
	server = world_dialed(0);
	if (server != NULL)
		world_say_in(server, said, steps[how >> 2 & 3]);
	world_say(client, looks_up ? password : how & 64 ? simple : extended);
	world_answer_all();
	world_pass(1000000);
	NEED(world_is_framed(world_heard(client)));
	world_end();
	return 0;
}
