/* SPDX-License-Identifier: ISC */
/*
 * auth.h - what a method of authentication is: it may send a challenge, then
 * judges the client's answers. One object per login, made by the login
 * stage; the user, its secret and the exchange in it never change (R15).
 * On the client's loop.
 */
#ifndef WEIR_POOLER_AUTH_H
#define WEIR_POOLER_AUTH_H

#include "pg/message.h"
#include "pg/scram.h"
#include "pooler/client.h"
#include "pooler/user.h"

enum pl_auth_verdict { PL_AUTH_MORE, PL_AUTH_YES, PL_AUTH_NO };

struct pl_auth;

struct pl_proof {		/* one login under proof */
	const struct pl_auth *auth;
	struct pl_client *client;
	struct pl_credential *credential;	/* NULL: there is no such user */
	const char *user;		/* the name the client gave */
	const char *map;		/* ident map of the HBA rule, or NULL */
	char salt[4];			/* md5 */
	struct scram_server *scram;
	const char *refusal;		/* in place of the method's own; or NULL */
};

struct pl_auth {
	const char *name;
	const char *refusal;		/* what the client hears after NO */
	enum pl_auth_verdict (*begin)(struct pl_proof *, struct message_writer *);
	/* body of a password message; NULL: the method asks nothing. */
	enum pl_auth_verdict (*answer)(struct pl_proof *, struct text body, struct message_writer *);
};

extern const struct pl_auth pl_auth_trust, pl_auth_reject, pl_auth_plain,
    pl_auth_md5, pl_auth_scram, pl_auth_cert, pl_auth_peer, pl_auth_unbuilt;

#endif
