/* SPDX-License-Identifier: ISC */
/*
 * class.h - the words of the status column and what they mean. Pure; any
 * thread.
 */
#ifndef WEIR_WATCH_CLASS_H
#define WEIR_WATCH_CLASS_H

#include "base/text.h"

enum wt_class {
	WT_CLASS_NONE,		/* nothing is known yet */
	WT_CLASS_UP, WT_CLASS_NOLB, WT_CLASS_NOCHECK, WT_CLASS_FULL,
	WT_CLASS_WAIT, WT_CLASS_UNKNOWN,
	WT_CLASS_DRAIN, WT_CLASS_MAINT, WT_CLASS_DOWN,
	WT_CLASSES
};

/* By its first word, but for the kinds of MAINT. */
enum wt_class wt_class_of(struct text status);
/* Is it a word that the table does not know? */
bool	wt_class_is_strange(struct text status);
/* "UP 1/3": it serves, but a check failed. */
bool	wt_class_is_going(struct text status);

/* "up", "down": for labels and JSON. */
const char *wt_class_name(enum wt_class);
enum wt_class wt_class_named(struct text name);
/* "UP", "DOWN", "MAINT": the old loop's words. */
const char *wt_class_word(enum wt_class);

/* It serves, or may do so. */
static inline bool
wt_class_serves(enum wt_class c)
{
	return c != WT_CLASS_NONE && c < WT_CLASS_MAINT;
}

#endif
