/* SPDX-License-Identifier: ISC */
/*
 * auth_scram.c - SCRAM-SHA-256 towards clients. Unknown users, and those
 * whose secret cannot serve, play the same exchange to its end. Loop 0.
 */
#include <stdio.h>

#include <openssl/rand.h>

#include "base/log.h"
#include "base/secret.h"
#include "pooler/auth.h"

static bool
make_key(uint8_t key[SCRAM_KEY])
{
	static uint8_t process_key[SCRAM_KEY];
	static bool made;

	if (!made && RAND_bytes(process_key, sizeof process_key) != 1)
		return false;
	made = true;
	memcpy(key, process_key, SCRAM_KEY);
	return true;
}

/* A SCRAM secret from a plain password, once; kept until that changes. */
static bool
build_secret(struct pl_credential *c)
{
	uint32_t rounds = (uint32_t)pl_settings()->scram_iterations;
	struct scram_secret secret;
	char salt[SCRAM_SALT_TEXT], line[256];
	struct text salt_text = { salt, sizeof salt };
	struct scram_keys keys;
	bool good;

	if (c->built != NULL)
		return true;
	good = scram_salt(salt) == 0 && scram_derive(text_of(c->secret),
	    salt_text, rounds, &keys) == 0;
	if (good) {
		secret = scram_secret_of(&keys, salt_text, rounds);
		good = scram_secret_print(&secret, line, sizeof line) == 0;
	}
	if (good)
		c->built = secret_copy(text_of(line));
	secret_wipe(&keys, sizeof keys);
	secret_wipe(line, sizeof line);
	return c->built != NULL;
}

/* The secret to play with; a mock where none can fit. */
static bool
find_secret(struct pl_proof *p, struct scram_secret *to,
    char room[SCRAM_SALT_TEXT])
{
	struct pl_credential *c = p->credential;
	uint8_t key[SCRAM_KEY];

	if (c != NULL && c->secret != NULL && !c->impossible) {
		if (c->kind == PL_SECRET_SCRAM)
			return scram_secret_parse(text_of(c->secret), to) ==
			    0;
		if (c->kind == PL_SECRET_PLAIN)
			return build_secret(c) && scram_secret_parse(
			    text_of(c->built), to) == 0;
		if (c->kind == PL_SECRET_MD5)
			pl_client_log(p->client, LOG_LEVEL_ERROR, "SCRAM "
			    "authentication failed: user has MD5 secret");
	}
	return make_key(key) && scram_secret_mock(text_of(p->user), key,
	    (uint32_t)pl_settings()->scram_iterations, room, to) == 0;
}

static enum pl_auth_verdict
begin(struct pl_proof *p, struct message_writer *w)
{
	struct scram_secret secret;
	char room[SCRAM_SALT_TEXT], nonce[SCRAM_NONCE_TEXT];

	if (!find_secret(p, &secret, room) || scram_nonce(nonce) < 0)
		return PL_AUTH_NO;
	p->scram = scram_server_new(&secret, (struct text){ nonce,
	    sizeof nonce });
	if (p->scram == NULL)
		return PL_AUTH_NO;
	message_add_auth_sasl(w);
	return PL_AUTH_MORE;
}

/* The first answer names the mechanism, the second is the proof. */
static int
play(struct pl_proof *p, struct text body, struct text *answer,
    struct why *why, bool *final)
{
	struct text mechanism, data;
	bool first = p->salt[0] == 0;

	*final = !first;
	if (!first)
		return scram_server_final(p->scram, body, answer, why);
	p->salt[0] = 1;
	if (scram_initial_parse(body, &mechanism, &data) < 0)
		return why_set(why, "malformed SASLInitialResponse");
	if (!text_is(mechanism, SCRAM_MECHANISM)) {
		p->refusal = "client selected an invalid SASL "
		    "authentication mechanism";
		return why_set(why, "%s", p->refusal);
	}
	return scram_server_first(p->scram, data, answer, why);
}

static void
keep_keys(struct pl_proof *p)
{
	struct pl_credential *c = p->credential;
	struct scram_keys keys;

	if (c->kind != PL_SECRET_SCRAM ||
	    scram_server_keys(p->scram, &keys) < 0)
		return;
	memcpy(c->client_key, keys.client, sizeof c->client_key);
	memcpy(c->server_key, keys.server, sizeof c->server_key);
	c->has_keys = true;
	secret_wipe(&keys, sizeof keys);
}

static enum pl_auth_verdict
answer(struct pl_proof *p, struct text body, struct message_writer *w)
{
	struct text out;
	struct why why;
	bool final;

	if (play(p, body, &out, &why, &final) < 0) {
		pl_client_log(p->client, LOG_LEVEL_ERROR,
		    "%s", final && p->credential == NULL ?
		    "password authentication failed" : why.line);
		return PL_AUTH_NO;
	}
	if (!final) {
		message_add_auth_sasl_continue(w, out);
		return PL_AUTH_MORE;
	}
	message_add_auth_sasl_final(w, out);
	keep_keys(p);
	return PL_AUTH_YES;
}

const struct pl_auth pl_auth_scram = {
	.name = "scram-sha-256", .refusal = "SASL authentication failed",
	.begin = begin, .answer = answer,
};
