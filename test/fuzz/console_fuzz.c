/* SPDX-License-Identifier: ISC */
/*
 * console_fuzz.c - what a client of the console sends: an admin when the
 * first byte is even, else one who may only look. There is a client at work
 * and one in line beside it.
 */
#include "pg/message.h"
#include "world.h"

static const char ini[] = "[databases]\nd = host=10.0.0.1\ne = host=10.0.0.2\n"
    "[users]\nbob = pool_mode=session\n[peers]\n1 = host=10.0.0.3\n"
    "[pgbouncer]\nauth_type = trust\nauth_file = u\npool_mode = transaction\n"
    "default_pool_size = 1\nadmin_users = root\nstats_users = guest\n";

static const struct text admin = TEXT("\0\0\0\x26\0\3\0\0user\0root\0"
    "database\0pgbouncer\0\0");
static const struct text guest = TEXT("\0\0\0\x27\0\3\0\0user\0guest\0"
    "database\0pgbouncer\0\0");
static const struct text worker = TEXT("\0\0\0\x1d\0\3\0\0user\0bob\0"
    "database\0d\0\0");

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 3, 17, 100000 };
	struct conn *console, *first, *second;

	if (len < 1)
		return 0;
	world_start(ini,
	    "\"root\" \"\"\n\"guest\" \"\"\n\"bob\" \"x\"\n");
	first = world_client();
	second = world_client();
	console = world_client();
	world_say(first, worker);
	world_answer_all();
	world_say(first, TEXT("Q\0\0\0\12BEGIN\0"));
	world_say(second, worker);
	world_say(second, TEXT("Q\0\0\0\12BEGIN\0"));
	world_answer_all();
	world_say(console, data[0] % 2 == 0 ? admin : guest);
	world_say_in(console, fuzz_text(data + 1, len - 1),
	    steps[data[0] >> 1 & 3]);
	world_answer_all();
	world_pass(1000000);
	NEED(world_is_framed(world_heard(console)));
	/* Those who may only look change nothing. */
	if (data[0] % 2 == 1 && !fuzz_short_of_memory())
		NEED(world_open(first) && world_open(second));
	world_end();
	return 0;
}
