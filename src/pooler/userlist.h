/* SPDX-License-Identifier: ISC */
/*
 * userlist.h - auth_file as data: names and their secrets. Immutable after
 * reading; owned by the setup (or shared with the next one when the file did
 * not change). Secrets are in base/secret's memory. Any thread.
 */
#ifndef WEIR_POOLER_USERLIST_H
#define WEIR_POOLER_USERLIST_H

#include "base/text.h"
#include "base/why.h"

struct pl_userlist;

enum pl_secret_kind {
	PL_SECRET_EMPTY,	/* never matches */
	PL_SECRET_PLAIN,
	PL_SECRET_MD5,		/* "md5" + 32 lower-case hex digits */
	PL_SECRET_SCRAM		/* SCRAM-SHA-256$iter:salt$stored:server */
};

struct pl_userlist_entry {
	struct text name;
	struct text secret;		/* NUL behind both */
	enum pl_secret_kind kind;
};

/* What kind of secret this is, wherever it comes from. Pure. */
enum pl_secret_kind pl_userlist_kind(struct text secret);

/*
 * Reads until the first malformed line; why then says what is wrong and
 * where, and is empty otherwise. NULL only for lack of memory.
 */
struct pl_userlist *pl_userlist_read(const char *path, struct text,
	    struct why *);
/* Has the one a malformed line that was not there before (NULL: none was)? */
bool	pl_userlist_worse(const struct pl_userlist *,
	    const struct pl_userlist *before);
/* One more owner (loop 0 only); each calls pl_userlist_free. */
struct pl_userlist *pl_userlist_share(const struct pl_userlist *);
const struct pl_userlist_entry *pl_userlist_find(const struct pl_userlist *,
	    struct text name);
unsigned pl_userlist_count(const struct pl_userlist *);
const struct pl_userlist_entry *pl_userlist_at(const struct pl_userlist *,
	    unsigned i);		/* in the order of the file */
void	pl_userlist_free(struct pl_userlist **);

#endif
