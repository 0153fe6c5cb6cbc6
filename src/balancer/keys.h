/* SPDX-License-Identifier: ISC */
/*
 * keys.h - every keyword of every section: the table of all tables, the kinds
 * of sections, and what --list-settings prints. Constant; any thread.
 */
#ifndef WEIR_BALANCER_KEYS_H
#define WEIR_BALANCER_KEYS_H

#include <stdio.h>

#include "balancer/key.h"
#include "conf/key.h"

/* One kind of section. */
struct lb_section {
	const char *name;		/* "frontend" */
	unsigned in;			/* LB_IN_* of its rows; 0: ignored */
	const struct lb_key *keys;	/* NULL: its lines are skipped */
	enum lb_class class;		/* of the section itself */
	const char *advice;
};

extern const struct lb_section lb_keys_sections[];  /* ends: a NULL name */

/* By its name; NULL: it is no section. */
const struct lb_section *lb_keys_section(const char *name);
/* The row of a line; no: it begins with "no" or "default". NULL: none. */
const struct lb_key *lb_keys_line(const struct lb_section *,
	    const struct lb_words *, bool *no);
/* A byte of a word as a file must have it; how many bytes that are. */
unsigned lb_keys_escape(char, char to[5]);

/* A table with where its rows may stand, for those who walk them all. */
struct lb_keys_table {
	const char *name;		/* "global", "server" */
	const struct lb_key *keys;
};
extern const struct lb_keys_table lb_keys_tables[];

/* --list-settings */
void	lb_keys_list(FILE *, enum key_form);

#endif
