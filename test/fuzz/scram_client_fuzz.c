/* SPDX-License-Identifier: ISC */
/*
 * scram_client_fuzz.c - what a server may send in a SCRAM exchange: the list
 * of mechanisms, server-first and server-final, separated by line feeds.
 */
#include "fuzz.h"
#include "pg/scram.h"

#define NONCE "rOprNGfwEbeRWgbNEkqO"

/* The real count would take its time; the fuzzer needs none of that. */
static void
derive(const struct scram_client *c, struct scram_keys *keys)
{
	uint32_t rounds = scram_client_iterations(c);
	struct scram_derive *d;

	NEED(rounds >= 1 && rounds <= SCRAM_ITERATIONS_MOST);
	d = scram_derive_new(TEXT("pencil"), scram_client_salt(c),
	    rounds < 3 ? rounds : 3);
	if (d == NULL)
		return;
	while (!scram_derive_step(d, 1))
		;
	scram_derive_keys(d, keys);
	scram_derive_free(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len), list, first, final, message;
	struct scram_client *c = scram_client_new(TEXT(NONCE));
	struct scram_keys keys = { .client = { 0 } };
	struct why why = { .line = "" };

	if (c == NULL)
		return 0;
	if (text_split(&rest, '\n', &list))
		scram_offered(list);
	if (text_split(&rest, '\n', &first) &&
	    scram_client_challenge(c, first, &why) == 0) {
		NEED(why.line[0] == '\0' && scram_client_salt(c).len > 0);
		derive(c, &keys);
		if (scram_client_final(c, &keys, &message) == 0 &&
		    text_split(&rest, '\n', &final))
			scram_client_verify(c, final, &why);
	}
	NEED(scram_client_verify(c, TEXT("v="), &why) < 0);
	scram_client_free(&c);
	return 0;
}
