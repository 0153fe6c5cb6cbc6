/* SPDX-License-Identifier: ISC */
/*
 * secret_fuzz.c - stored secrets of every kind, and passwords: the first
 * line is the secret, the second what a client sends for it.
 */
#include "fuzz.h"
#include "pg/md5.h"
#include "pg/password.h"
#include "pg/scram.h"

/* A SCRAM secret that is printed and read again is the same. */
static void
print_again(const struct scram_secret *s, size_t len)
{
	struct scram_secret again;
	char *to = mem_get(len + 16);

	if (to == NULL)
		return;
	NEED(scram_secret_print(s, to, len + 16) == 0);
	NEED(scram_secret_parse(text_of(to), &again) == 0);
	NEED(again.iterations == s->iterations &&
	    text_same(again.salt, s->salt) &&
	    memcmp(again.stored, s->stored, SCRAM_KEY) == 0 &&
	    memcmp(again.server, s->server, SCRAM_KEY) == 0);
	mem_drop(to);
}

static void
prepare(struct text password)
{
	char *to = mem_get(password.len == 0 ? 1 : password.len);

	if (to != NULL)
		NEED(password_prepare(password, to) <= password.len);
	mem_drop(to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len), secret = rest, sent = rest;
	struct scram_secret s;
	char answer[MD5_TEXT + 1];

	text_split(&rest, '\n', &secret);
	text_split(&rest, '\n', &sent);
	if (scram_secret_parse(secret, &s) == 0)
		print_again(&s, secret.len);
	prepare(sent);
	md5_check(secret, TEXT("user"), "salt", sent);
	md5_check_password(secret, TEXT("user"), sent);
	NEED(md5_check_plain(secret, sent) == (secret.len > 0 &&
	    text_same(secret, sent)));
	if (md5_answer(secret, TEXT("user"), "salt", answer) == 0)
		NEED(md5_check(secret, TEXT("user"), "salt",
		    text_of(answer)) == (secret.len > 0));
	return 0;
}
