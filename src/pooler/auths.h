/* SPDX-License-Identifier: ISC */
/* auths.h - the table of all methods of authentication. Any thread. */
#ifndef WEIR_POOLER_AUTHS_H
#define WEIR_POOLER_AUTHS_H

#include "pooler/auth.h"
#include "pooler/settings.h"

/* The method for this type and this kind of secret (md5 becomes SCRAM). */
const struct pl_auth *pl_auths_find(enum pl_auth_type, const struct pl_credential *);

#endif
