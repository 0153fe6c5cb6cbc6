/* SPDX-License-Identifier: ISC */
/* class.c - the table of status words; see class.h. Pure; any thread. */
#include "watch/class.h"

static const struct {
	const char *word;
	enum wt_class class;
} words[] = {
	{ "UP", WT_CLASS_UP }, { "DOWN", WT_CLASS_DOWN },
	{ "MAINT", WT_CLASS_MAINT }, { "DRAIN", WT_CLASS_DRAIN },
	{ "NOLB", WT_CLASS_NOLB }, { "no", WT_CLASS_NOCHECK },
	{ "OPEN", WT_CLASS_UP }, { "FULL", WT_CLASS_FULL },
	{ "STOP", WT_CLASS_DOWN }, { "PAUSED", WT_CLASS_DOWN },
	/* Weir's pooler and VRRP, as gauge.c writes them */
	{ "WAIT", WT_CLASS_WAIT },
	{ "MASTER", WT_CLASS_UP }, { "BACKUP", WT_CLASS_UP },
	{ "INIT", WT_CLASS_UNKNOWN }, { "FAULT", WT_CLASS_DOWN },
};

static const struct {
	const char *name, *word;
} classes[WT_CLASSES] = {
	[WT_CLASS_NONE] = { "none", "" },
	[WT_CLASS_UP] = { "up", "UP" },
	[WT_CLASS_NOLB] = { "nolb", "NOLB" },
	[WT_CLASS_NOCHECK] = { "no_check", "UP" },
	[WT_CLASS_FULL] = { "full", "UP" },
	[WT_CLASS_WAIT] = { "waiting", "UP" },
	[WT_CLASS_UNKNOWN] = { "unknown", "UP" },
	[WT_CLASS_DRAIN] = { "drain", "DRAIN" },
	[WT_CLASS_MAINT] = { "maint", "MAINT" },
	[WT_CLASS_DOWN] = { "down", "DOWN" },
};

static struct text
first_word(struct text t)
{
	struct text word = TEXT_NONE;

	text_word(&t, " ", &word);
	return word;
}

static int
find_word(struct text status)
{
	struct text first = first_word(status);

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (text_is(first, words[i].word))
			return (int)i;
	return -1;
}

enum wt_class
wt_class_of(struct text status)
{
	int found = find_word(status);

	if (found < 0 || (text_begins(status, "no") &&
	    !text_is(status, "no check")))
		return WT_CLASS_UNKNOWN;
	/* A name that does not resolve is nobody's doing. */
	if (text_begins(status, "MAINT (resolution)"))
		return WT_CLASS_DOWN;
	return words[found].class;
}

bool
wt_class_is_strange(struct text status)
{
	return wt_class_of(status) == WT_CLASS_UNKNOWN &&
	    find_word(status) < 0;
}

bool
wt_class_is_going(struct text status)
{
	return text_begins(status, "UP ") || text_begins(status, "NOLB ");
}

const char *
wt_class_name(enum wt_class c)
{
	return classes[c].name;
}

enum wt_class
wt_class_named(struct text name)
{
	for (int c = 0; c < WT_CLASSES; c++)
		if (text_is(name, classes[c].name))
			return (enum wt_class)c;
	return WT_CLASS_NONE;
}

const char *
wt_class_word(enum wt_class c)
{
	return classes[c].word;
}
