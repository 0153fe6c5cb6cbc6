/* SPDX-License-Identifier: ISC */
/*
 * auth_peer.c - who the other end is, by what the kernel or the certificate
 * says: unix peer and TLS client certificate, both with an ident map. Loop 0.
 */
#include <pwd.h>

#include "net/tls.h"
#include "pooler/auth.h"
#include "pooler/ident.h"
#include "pooler/setup.h"

static bool
name_fits(const struct pl_proof *p, struct text other)
{
	if (p->map == NULL)
		return text_is(other, p->user);
	return pl_ident_allows(pl_setup_now()->ident, text_of(p->map), other,
	    text_of(p->user));
}

static enum pl_auth_verdict
begin_peer(struct pl_proof *p, struct message_writer *w)
{
	const struct endpoint *from = &p->client->peer;
	struct passwd pw, *found = NULL;
	char room[4096];
	int32_t uid;

	if (from->family != AF_UNIX || p->credential == NULL)
		return PL_AUTH_NO;
	memcpy(&uid, from->ip + 4, sizeof uid);
	if (uid < 0 || getpwuid_r((uid_t)uid, &pw, room, sizeof room,
	    &found) != 0 || found == NULL)
		return PL_AUTH_NO;
	return name_fits(p, text_of(found->pw_name)) ? PL_AUTH_YES :
	    PL_AUTH_NO;
}

const struct pl_auth pl_auth_peer = {
	.name = "peer", .refusal = "unix socket login rejected",
	.begin = begin_peer,
};

static enum pl_auth_verdict
begin_cert(struct pl_proof *p, struct message_writer *w)
{
	char name[256];

	if (p->credential == NULL || !tls_is_on(p->client->conn) ||
	    !tls_peer_has_cert(p->client->conn))
		return PL_AUTH_NO;
	if (p->map == NULL)
		return tls_peer_is(p->client->conn, text_of(p->user)) ?
		    PL_AUTH_YES : PL_AUTH_NO;
	tls_peer_name(p->client->conn, name, sizeof name);
	return name_fits(p, text_of(name)) ? PL_AUTH_YES : PL_AUTH_NO;
}

const struct pl_auth pl_auth_cert = {
	.name = "cert", .refusal = "certificate authentication failed",
	.begin = begin_cert,
};
