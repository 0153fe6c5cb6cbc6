/* SPDX-License-Identifier: ISC */
/*
 * silence.h - planned work: what is not told, and until when. Those of the
 * configuration, and those made at run time, one file each in a directory
 * beside the state ("pattern TAB end TAB reason"). Loop 0, and the command
 * line.
 */
#ifndef WEIR_WATCH_SILENCE_H
#define WEIR_WATCH_SILENCE_H

#include <stdio.h>

#include "watch/config.h"

struct wt_silences;

/* dir: of the files; need not exist. NULL: no memory. */
struct wt_silences *wt_silence_new(const struct wt_config *,
	    const char *dir);
void	wt_silence_free(struct wt_silences **);
/* Looks at the directory again, when it has changed. */
void	wt_silence_refresh(struct wt_silences *, int64_t wall);
bool	wt_silence_has(const struct wt_silences *, const char *key,
	    const char *server, int64_t wall);
unsigned wt_silence_count(const struct wt_silences *, int64_t wall);

/* Is it in force at this time? */
bool	wt_silence_row_holds(const struct wt_silence_row *, int64_t wall);

/* The commands; -1: why. */
int	wt_silence_add(const char *dir, const char *pattern, int64_t until,
	    const char *reason, struct why *);
int	wt_silence_remove(const char *dir, const char *pattern, struct why *);
int	wt_silence_list(const char *dir, FILE *, int64_t wall, struct why *);

#endif
