/* SPDX-License-Identifier: ISC */
/*
 * words.h - how numbers and times are said to people, and names made safe
 * to be shown. Pure; any thread.
 */
#ifndef WEIR_WATCH_WORDS_H
#define WEIR_WATCH_WORDS_H

#include <stdint.h>

#include "base/text.h"

enum { WT_WORDS = 64, WT_WORDS_NAME = 64 };

/* "1 min 32 s", "4 h", "2 d 3 h". */
const char *wt_words_span(int64_t usec, char to[WT_WORDS]);
/* "14:02:11" and "2026-01-31 14:02:11 UTC". */
const char *wt_words_clock(int64_t wall, char to[WT_WORDS]);
const char *wt_words_date(int64_t wall, char to[WT_WORDS]);
/* At most 64 bytes, control bytes as "?". */
const char *wt_words_name(struct text, char to[WT_WORDS_NAME + 4]);

#endif
