/* SPDX-License-Identifier: ISC */
/*
 * md5.h - passwords that are compared: cleartext, and md5 with its stored
 * form "md5" + hex(md5(password user)) and its answer to a salt "md5" +
 * hex(md5(hex salt)). Comparing takes the same time wherever the difference
 * is. An empty secret matches nothing. A stored text that is no md5 secret
 * is taken for a password: the caller has looked for SCRAM secrets before.
 * Pure; any thread.
 */
#ifndef WEIR_PG_MD5_H
#define WEIR_PG_MD5_H

#include "base/text.h"

enum { MD5_TEXT = 35 };			/* "md5" and 32 hex digits, no NUL */

/* "md5" and 32 lower-case hex digits: a stored secret, not a password. */
bool	md5_is_secret(struct text);

/* All give 0, or -1 when the library refuses md5 (FIPS). NUL-ended. */
int	md5_secret(struct text password, struct text user,
	    char to[MD5_TEXT + 1]);
/* stored: plain or md5 secret. */
int	md5_answer(struct text stored, struct text user, const char salt[4],
	    char to[MD5_TEXT + 1]);

/* Does the client's answer to the salt fit the stored secret? */
bool	md5_check(struct text stored, struct text user, const char salt[4],
	    struct text answer);
/* Does a cleartext password fit a stored md5 secret? */
bool	md5_check_password(struct text stored, struct text user,
	    struct text password);
/* Does it fit a stored cleartext one? (By digests, so of any length.) */
bool	md5_check_plain(struct text stored, struct text password);

#endif
