/* SPDX-License-Identifier: ISC */
/*
 * ini.h - the dialect "[section] key = value" with %include. Pure: a named
 * text goes in, calls come out; who calls owns everything. Any thread.
 */
#ifndef WEIR_CONF_INI_H
#define WEIR_CONF_INI_H

#include "base/text.h"

enum { INI_LINE_MOST = 1024 * 1024 };

struct ini_place {
	const char *file;
	unsigned line;
};

/* Each call returns 0 to go on, -1 to end the reading. */
struct ini_reader {
	void *arg;
	int (*section)(void *arg, struct text name, const struct ini_place *);
	int (*pair)(void *arg, struct text key, struct text value,
	    const struct ini_place *);
	int (*include)(void *arg, struct text path, const struct ini_place *);
	/* A line that is none of the three; reading goes on behind it. */
	int (*broken)(void *arg, const struct ini_place *);
};

int	ini_read(const char *file, struct text, const struct ini_reader *);

#endif
