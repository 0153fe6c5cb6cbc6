/* SPDX-License-Identifier: ISC */
/*
 * file.h - read a whole file; write one aside, sync it and rename it into
 * place, so that readers see the old or the new text and never half of one.
 * Blocking: for start, reload and small files. Any thread.
 */
#ifndef WEIR_BASE_FILE_H
#define WEIR_BASE_FILE_H

#include "base/text.h"
#include "base/why.h"

/*
 * The whole file, NUL behind it, in *to (the caller's, mem_drop to.at);
 * at most 'most' bytes. why->line is the system's text alone ("No such file
 * or directory"), so that callers put their own words in front.
 */
int	file_read(const char *path, size_t most, struct text *to, struct why *);
int	file_write_aside(const char *path, unsigned mode, struct text,
	    struct why *);

#endif
