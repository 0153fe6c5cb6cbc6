/* SPDX-License-Identifier: ISC */
/*
 * memory.h - what is known, kept across a restart: the old loop's file of
 * "name:STATE" lines, the rest in FILE.ext beside it, and FILE.lock that one
 * watcher holds. The two texts are pure; loading and saving are files.
 * Loop 0.
 */
#ifndef WEIR_WATCH_MEMORY_H
#define WEIR_WATCH_MEMORY_H

#include "watch/change.h"

struct wt_memory;

enum wt_lock { WT_LOCKED, WT_LOCK_HELD, WT_LOCK_REFUSED };

/* Texts into a fresh state. ext may be empty. False: main is not ours. */
bool	wt_memory_read(struct wt_state *, struct text main, struct text ext,
	    const struct wt_now *);
/* A state into texts, mem_drop() both; -1: no memory. */
int	wt_memory_print(const struct wt_state *, const struct wt_now *,
	    char **main, char **ext);

/* NULL: no memory. Nothing is touched. */
struct wt_memory *wt_memory_new(const char *path);
void	wt_memory_free(struct wt_memory **);	/* lets the lock go */
/* WT_LOCK_REFUSED: why says what is wrong with the lock file. */
enum wt_lock wt_memory_lock(struct wt_memory *, struct why *);
/* From the files; a file that is not ours is kept as .bad. */
void	wt_memory_load(struct wt_memory *, struct wt_state *,
	    const struct wt_now *);
/* Only what differs is written. -1: why; it is tried again the next time. */
int	wt_memory_save(struct wt_memory *, const struct wt_state *,
	    const struct wt_now *, struct why *);
unsigned long wt_memory_failures(const struct wt_memory *);

#endif
