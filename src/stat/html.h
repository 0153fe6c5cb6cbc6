/* SPDX-License-Identifier: ISC */
/*
 * html.h - texts and numbers as HTML has them. Pure; any thread.
 */
#ifndef WEIR_STAT_HTML_H
#define WEIR_STAT_HTML_H

#include "stat/sheet.h"

/* Safe between tags and in quoted attributes. */
void	html_text(struct sheet *, struct text);
/* In groups of three digits, which are no characters of it. */
void	html_count(struct sheet *, uint64_t);
/* "28s", "3m20s", "2h5m", "4d3h"; the larger two units. */
void	html_age(struct sheet *, uint64_t seconds);

#endif
