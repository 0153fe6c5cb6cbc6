/* SPDX-License-Identifier: ISC */
/* auths.c - the table of all methods of authentication. */
#include "pooler/auths.h"

static const struct pl_auth *const methods[] = {
	[PL_AUTH_ANY] = &pl_auth_trust,
	[PL_AUTH_TRUST] = &pl_auth_trust,
	[PL_AUTH_PLAIN] = &pl_auth_plain,
	[PL_AUTH_MD5] = &pl_auth_md5,
	[PL_AUTH_CERT] = &pl_auth_cert,
	[PL_AUTH_HBA] = &pl_auth_reject,	/* a rule names another */
	[PL_AUTH_LDAP] = &pl_auth_unbuilt,
	[PL_AUTH_PAM] = &pl_auth_unbuilt,
	[PL_AUTH_SCRAM] = &pl_auth_scram,
	[PL_AUTH_REJECT] = &pl_auth_reject,
	[PL_AUTH_PEER] = &pl_auth_peer,
};

const struct pl_auth *
pl_auths_find(enum pl_auth_type type, const struct pl_credential *c)
{
	if (type == PL_AUTH_MD5 && c != NULL && c->kind == PL_SECRET_SCRAM)
		return &pl_auth_scram;
	return methods[type];
}
