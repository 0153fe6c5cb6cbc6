/* SPDX-License-Identifier: ISC */
/*
 * client_fuzz.c - what a logged-in client sends, to servers that answer as
 * PostgreSQL does. The first byte: pool mode, prepared statements, how the
 * bytes are cut. Whatever comes, servers hear whole messages of kinds that
 * clients may send; and who is not cut off has each question answered once.
 */
#include "pg/message.h"
#include "pooler/client.h"
#include "world.h"

#define INI(mode, prepared)						\
	"[databases]\nd = host=10.0.0.1\n[pgbouncer]\nauth_type = trust\n"	\
	"auth_file = u\npool_mode = " mode "\ndefault_pool_size = 2\n"	\
	"max_prepared_statements = " prepared "\nserver_check_delay = 5\n"

static const char *const inis[] = {
	INI("transaction", "2"), INI("transaction", "0"),
	INI("statement", "2"), INI("session", "2"),
};

static const struct text startup = TEXT("\0\0\0\x1d\0\3\0\0user\0bob\0"
    "database\0d\0\0");

/* Each Query, FunctionCall and Sync is answered by one ReadyForQuery. */
static void
check_answers(struct conn *client, struct text sent)
{
	struct text heard = world_heard(client);
	unsigned asked = world_count(sent, 'Q') + world_count(sent, 'F') +
	    world_count(sent, 'S');

	NEED(world_is_framed(heard));
	/* A Sync during COPY is not answered; that is told elsewhere. */
	if (world_count(heard, 'G') > 0 || !world_is_framed(sent))
		return;
	NEED(world_count(heard, 'Z') == asked + 1);
}

static void
check_servers(void)
{
	struct conn *s;

	for (unsigned i = 0; (s = world_dialed(i)) != NULL; i++) {
		struct text heard = world_heard(s);

		/* Packets without a type: SSLRequest, StartupMessage. */
		while (heard.len > 8 && heard.at[0] == '\0')
			heard = text_from(heard, message_u32_at(heard.at));
		NEED(heard.len <= 8 || world_is_framed(heard));
	}
}

static bool
is_waiting(struct conn *c)
{
	const struct pl_client *client;

	if (!world_open(c))
		return false;
	client = conn_owner(c);
	return client->state != PL_CLIENT_ACTIVE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 3, 17, 100000 };
	struct conn *client, *other;
	struct text sent;

	if (len < 1)
		return 0;
	world_start(inis[data[0] & 3], "\"bob\" \"x\"\n");
	sent = fuzz_text(data + 1, len - 1);
	client = world_client();
	other = world_client();
	world_say(client, startup);
	world_say(other, startup);
	world_answer_all();
	for (struct text rest = sent; rest.len > 0;) {
		size_t step = steps[data[0] >> 2 & 3];
		size_t n = step < rest.len ? step : rest.len;

		world_say(client, (struct text){ rest.at, n });
		if ((data[0] & 16) == 0)
			world_answer_all();
		rest = text_from(rest, n);
	}
	world_say(other, TEXT("Q\0\0\0\15select 1\0"));
	/* As long as it takes to dial again, where memory was short. */
	world_answer_all();
	for (int i = 0; i < 20 && is_waiting(client); i++) {
		world_pass(1000000);
		world_answer_all();
	}
	check_servers();
	if (world_open(client))
		check_answers(client, sent);
	world_end();
	return 0;
}
