/* SPDX-License-Identifier: ISC */
/*
 * scram_server_fuzz.c - what a client may send in a SCRAM exchange: bodies of
 * SASLInitialResponse and SASLResponse, separated by two line feeds.
 */
#include "fuzz.h"
#include "pg/scram.h"

#define SECRET "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkd" \
	"i4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPw" \
	"Dl2dU="
#define NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

static struct text
cut_message(struct text *rest)
{
	struct text message = *rest;

	for (size_t i = 0; i + 1 < rest->len; i++)
		if (rest->at[i] == '\n' && rest->at[i + 1] == '\n') {
			message.len = i;
			*rest = text_from(*rest, i + 2);
			return message;
		}
	*rest = TEXT_NONE;
	return message;
}

/* The mock secret must never be matched, the other one only by its keys. */
static void
play(const struct scram_secret *secret, struct text rest)
{
	struct scram_server *s = scram_server_new(secret, TEXT(NONCE));
	struct text initial = cut_message(&rest), mechanism, data, answer;
	struct scram_keys keys;
	struct why why = { .line = "" };
	bool in;

	if (s == NULL)
		return;
	if (scram_initial_parse(initial, &mechanism, &data) < 0)
		data = initial;
	in = scram_server_first(s, data, &answer, &why) == 0 &&
	    scram_server_final(s, cut_message(&rest), &answer, &why) == 0;
	NEED(in == (why.line[0] == '\0'));
	NEED(in == (scram_server_keys(s, &keys) == 0));
	NEED(!in || !secret->never);
	NEED(scram_server_final(s, rest, &answer, NULL) < 0);
	scram_server_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const uint8_t key[SCRAM_KEY] = { 7 };
	struct text t = fuzz_text(bytes, len);
	char salt[SCRAM_SALT_TEXT];
	struct scram_secret secret;

	NEED(scram_secret_parse(TEXT(SECRET), &secret) == 0);
	play(&secret, t);
	if (scram_secret_mock(TEXT("nobody"), key, 4096, salt, &secret) == 0)
		play(&secret, t);
	return 0;
}
