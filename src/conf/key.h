/* SPDX-License-Identifier: ISC */
/*
 * key.h - rows of settings: what a setting is called, what it takes, where
 * it is stored, what it is when nobody says. Parser, dump and documents walk
 * the same rows; a table ends with a row without a name. The object that is
 * filled belongs to the caller; its texts belong to it. Pure; any thread.
 */
#ifndef WEIR_CONF_KEY_H
#define WEIR_CONF_KEY_H

#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "base/why.h"

enum key_kind {
	KEY_INT,		/* int; C notation of the base */
	KEY_UINT,		/* unsigned, likewise */
	KEY_SECONDS,		/* int64_t microseconds; fractions allowed */
	KEY_SPAN,		/* the same as "10s", "250ms", "4h"; see number_span */
	KEY_WORD,		/* int: one of .words, case ignored */
	KEY_TEXT,		/* const char *; NULL is unset, "" is empty */
	KEY_SECRET,		/* the same, in base/secret's memory */
	KEY_LOOSE,		/* int as C's atoi(): 0 for what is none, -1
				 * (unset) for what is negative */
	KEY_LOOSE_SECONDS	/* int64_t microseconds, whole seconds so */
};

enum key_when { KEY_AT_START, KEY_ANY_TIME };	/* when it can be changed */

struct key_word {
	const char *word;	/* NULL ends the list */
	int value;
	const char *unbuilt;	/* why it does nothing in this version */
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t at;		/* offset in the object */
	const char *usual;	/* default; NULL: unset, and kept by a reload */
	const struct key_word *words;
	int64_t least, most;	/* equal: whatever the kind holds */
	enum key_when when;
	bool positive;		/* 0 means unset too */
	bool alias;		/* another name of a row's field */
	bool ours;		/* unknown to the program we stand in for */
	const char *refusal;	/* reason line in front of the bad value */
	const char *unbuilt;	/* why it does nothing in this version */
	const char *help;
};

enum { KEY_SHOW = 64 };		/* room for any number */

const struct key *key_find(const struct key *rows, struct text name);

/*
 * Checks and stores. -1 leaves the object as it was; the reason is empty
 * where the row has no words of its own for a bad value.
 */
int	key_set(const struct key *, void *object, struct text value,
	    struct why *);
/* The default of one row; unset is NULL, or 0 for numbers. */
int	key_set_usual(const struct key *, void *object);
/* Fills a zeroed object with all defaults; -1: no memory. */
int	key_fill(const struct key *rows, void *object);
/* A deep copy into a zeroed object; -1: no memory, clear it then. */
int	key_copy(const struct key *rows, void *to, const void *from);
void	key_clear(const struct key *rows, void *object); /* frees texts */

bool	key_same(const struct key *, const void *one, const void *other);
bool	key_is_usual(const struct key *, const void *object);
/* Why the value that is set does nothing in this version, or NULL. */
const char *key_unbuilt(const struct key *, const void *object);

/* As text; NULL: unset. Numbers are written to scratch. */
const char *key_show(const struct key *, const void *object,
	    char scratch[KEY_SHOW]);
/* The same as the file takes it: times are exact, numbers decimal. */
const char *key_write(const struct key *, const void *object,
	    char scratch[KEY_SHOW]);
/* What a value must be: "a time from 1s to 1h"; returns its argument. */
enum { KEY_EXPECTS = 256 };
const char *key_expects(const struct key *, char to[KEY_EXPECTS]);
const char *key_word_of(const struct key_word *, int value);	/* or NULL */

enum key_form { KEY_FORM_TABS, KEY_FORM_MD, KEY_FORM_MAN };

/* name, where, type, default, reload, help: one row each. */
void	key_list(FILE *, enum key_form, const struct key *rows,
	    const char *where);

#endif
