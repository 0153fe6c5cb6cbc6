/* SPDX-License-Identifier: ISC */
/*
 * braces.h - the dialect of nested blocks, "word args { ... }": one statement
 * a line, comments # and !, lines for one node (@id), definitions ($NAME),
 * sequences (~SEQ, ~LST), include. A named text goes in, statements come out
 * one by one, each with its place; files and variables are asked of a host.
 * Every expansion is bounded. All that is given out lies in the arena. Pure;
 * one thread.
 */
#ifndef WEIR_CONF_BRACES_H
#define WEIR_CONF_BRACES_H

#include "base/arena.h"
#include "base/why.h"

enum {
	BRACES_DEPTH_MOST = 64,		/* definitions inside definitions */
	BRACES_FILES_MOST = 1024,	/* files of one reading */
	BRACES_NEST_MOST = 16,		/* files inside files */
	BRACES_LINES_MOST = 100 * 1000,	/* after all expansions */
	BRACES_BYTES_MOST = 16 * 1024 * 1024
};

struct braces_place {
	const char *file;
	unsigned line;			/* from 1; 0: the whole file */
};

enum braces_kind { BRACES_WORDS, BRACES_OPEN, BRACES_CLOSE, BRACES_END };

struct braces_item {
	enum braces_kind kind;
	struct braces_place place;
	unsigned count;			/* WORDS: at least 1 */
	const char **words;		/* quotes are gone; words[count] NULL */
	const char *rest;		/* behind the first word, as written */
	bool extra;			/* CLOSE of nothing */
};

/* How bad a complaint is. */
enum braces_level {
	BRACES_NOTE,			/* a file that may be missing is */
	BRACES_ERROR,			/* reading goes on behind it */
	BRACES_MISSING			/* a file that must be there is not */
};

struct braces_host {
	void *arg;
	const char *id;			/* of @ lines; NULL: "" */
	/* The whole file in the arena; 1: it is not there, -1: no access. */
	int (*fetch)(void *arg, struct arena *, const char *path,
	    struct text *, struct why *);
	/* Paths that match the pattern, sorted. */
	unsigned (*match)(void *arg, struct arena *, const char *pattern,
	    const char ***paths);
	const char *(*variable)(void *arg, const char *name);	/* or NULL */
	unsigned (*random)(void *arg);
	void (*complain)(void *arg, enum braces_level,
	    const struct braces_place *, const char *text);
	/* Each file that is read; may be NULL. */
	void (*reading)(void *arg, const char *path);
};

struct braces;

struct braces *braces_new(struct arena *, const struct braces_host *,
	    const char *file, struct text);
/* What is missing is an error: -e, include_check. Bits of these. */
enum {
	BRACES_READABLE = 1 << 0, BRACES_MATCH = 1 << 1,
	BRACES_WILDCARD = 1 << 2, BRACES_BRACE = 1 << 3,
	BRACES_ALL = 15
};
void	braces_check_includes(struct braces *, unsigned bits);

/* The next item; END for ever when nothing is left. */
const struct braces_item *braces_next(struct braces *);
/* Gives the item out again. One at a time. */
void	braces_back(struct braces *);
/* Blocks still open (at the end: how many } are missing). */
unsigned braces_depth(const struct braces *);

/*
 * Words of commands. The next one of *rest: bare, or of pieces in quotes
 * that join; escapes as in a shell's $'...'. NULL: none is left.
 */
char	*braces_piece(struct arena *, const char **rest);
/* A command at its blanks; '...' and "..." keep theirs. NULL behind it. */
const char **braces_command(struct arena *, const char *text,
	    unsigned *count);

#endif
