/* SPDX-License-Identifier: ISC */
/*
 * hba.h - auth_hba_file as data: an ordered list of rules and a pure
 * question to it. Immutable after reading; owned by the setup. Any thread.
 */
#ifndef WEIR_POOLER_HBA_H
#define WEIR_POOLER_HBA_H

#include "base/address.h"
#include "pooler/settings.h"

struct pl_hba;

enum pl_hba_link { PL_HBA_LOCAL, PL_HBA_PLAIN, PL_HBA_TLS };
enum pl_replication {
	PL_REPLICATION_NONE, PL_REPLICATION_PHYSICAL, PL_REPLICATION_LOGICAL
};

struct pl_hba_question {
	enum pl_hba_link link;
	const struct endpoint *from;	/* not asked for PL_HBA_LOCAL */
	struct text database, user;
	enum pl_replication replication;
};

struct pl_hba_answer {
	enum pl_auth_type method;
	const char *map;		/* ident map, or NULL */
	const char *options;		/* ldap: rest of line, or NULL */
	unsigned line;			/* of the rule, for the log */
};

/* The first rule that fits; NULL: none. */
const struct pl_hba_answer *pl_hba_match(const struct pl_hba *,
	    const struct pl_hba_question *);

/* What reading needs besides the text. */
struct pl_hba_reader {
	const char *path;		/* of the file, for messages */
	const struct pl_ident *ident;	/* maps that rules may name, or NULL */
	/* For @file: as file_read(). */
	int (*load)(const char *path, struct text *, struct why *);
	void (*tell)(void *arg, const char *line);	/* what is wrong */
	void *arg;
};

/* Bad lines are told and skipped. NULL only for lack of memory. */
struct pl_hba *pl_hba_read(struct text, const struct pl_hba_reader *);
/* Has the one a bad line that was not there before (NULL: none was)? */
bool	pl_hba_worse(const struct pl_hba *, const struct pl_hba *before);
void	pl_hba_free(struct pl_hba **);

#endif
