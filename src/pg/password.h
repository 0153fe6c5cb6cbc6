/* SPDX-License-Identifier: ISC */
/*
 * password.h - the form in which a password enters SCRAM (SASLprep, RFC
 * 4013, as PostgreSQL applies it). Pure; any thread.
 *
 * ASCII and what is not valid UTF-8 stay the bytes they are. Of other texts
 * the non-ASCII spaces become a blank and characters "mapped to nothing"
 * (RFC 3454 B.1) go; a text of which nothing is left stays as it was.
 * Left out is the normalisation (NFKC), which needs tables as large as this
 * whole floor: a stored cleartext password with a compatibility character
 * (a ligature, a full-width letter, a superscript) is not matched by a client
 * that normalises. A stored SCRAM secret is, with any password.
 */
#ifndef WEIR_PG_PASSWORD_H
#define WEIR_PG_PASSWORD_H

#include "base/text.h"

/* Writes at most password.len bytes to 'to'; returns how many. */
size_t	password_prepare(struct text password, char *to);

#endif
