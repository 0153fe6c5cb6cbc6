/* SPDX-License-Identifier: ISC */
/*
 * auth_password.c - methods that need no exchange, and those where the
 * client sends its password in clear or as an md5 answer. Loop 0.
 */
#include <openssl/rand.h>

#include "base/secret.h"
#include "pg/md5.h"
#include "pooler/auth.h"

static enum pl_auth_verdict
begin_trust(struct pl_proof *p, struct message_writer *w)
{
	return p->credential != NULL ? PL_AUTH_YES : PL_AUTH_NO;
}

const struct pl_auth pl_auth_trust = {
	.name = "trust", .refusal = "\"trust\" authentication failed",
	.begin = begin_trust,
};

static enum pl_auth_verdict
begin_reject(struct pl_proof *p, struct message_writer *w)
{
	return PL_AUTH_NO;
}

const struct pl_auth pl_auth_reject = {
	.name = "reject", .refusal = "login rejected",
	.begin = begin_reject,
};

const struct pl_auth pl_auth_unbuilt = {
	.name = "unbuilt", .refusal = "bouncer config error",
	.begin = begin_reject,
};

/* The string of a PasswordMessage, without its NUL; false: malformed. */
static bool
read_password(struct text body, struct text *password)
{
	struct message_reader r = message_reader(body);

	return message_read_string(&r, password) && message_at_end(&r);
}

static enum pl_auth_verdict
begin_plain(struct pl_proof *p, struct message_writer *w)
{
	message_add_auth_cleartext(w);
	return PL_AUTH_MORE;
}

static bool
password_fits(const struct pl_credential *c, const char *user,
    struct text password)
{
	struct text secret;

	if (c == NULL || c->secret == NULL || c->impossible)
		return false;
	secret = text_of(c->secret);
	switch (c->kind) {
	case PL_SECRET_PLAIN:
		return md5_check_plain(secret, password);
	case PL_SECRET_MD5:
		return md5_check_password(secret, text_of(user), password);
	case PL_SECRET_SCRAM:
		return scram_check_password(secret, password);
	default:
		return false;
	}
}

static enum pl_auth_verdict
answer_plain(struct pl_proof *p, struct text body, struct message_writer *w)
{
	struct text password;

	if (!read_password(body, &password))
		return PL_AUTH_NO;
	if (password.len == 0) {
		p->refusal = "empty password returned by client";
		return PL_AUTH_NO;
	}
	return password_fits(p->credential, p->user, password) ?
	    PL_AUTH_YES : PL_AUTH_NO;
}

const struct pl_auth pl_auth_plain = {
	.name = "plain", .refusal = "password authentication failed",
	.begin = begin_plain, .answer = answer_plain,
};

static enum pl_auth_verdict
begin_md5(struct pl_proof *p, struct message_writer *w)
{
	if (RAND_bytes((unsigned char *)p->salt, sizeof p->salt) != 1)
		return PL_AUTH_NO;
	message_add_auth_md5(w, p->salt);
	return PL_AUTH_MORE;
}

static enum pl_auth_verdict
answer_md5(struct pl_proof *p, struct text body, struct message_writer *w)
{
	const struct pl_credential *c = p->credential;
	struct text answer;

	if (!read_password(body, &answer) || c == NULL || c->secret == NULL ||
	    c->impossible || c->kind == PL_SECRET_SCRAM)
		return PL_AUTH_NO;
	return md5_check(text_of(c->secret), text_of(p->user), p->salt,
	    answer) ? PL_AUTH_YES : PL_AUTH_NO;
}

const struct pl_auth pl_auth_md5 = {
	.name = "md5", .refusal = "password authentication failed",
	.begin = begin_md5, .answer = answer_md5,
};
