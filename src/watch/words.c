/* SPDX-License-Identifier: ISC */
/* words.c - numbers and times for people. Pure; any thread. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "watch/words.h"

const char *
wt_words_span(int64_t usec, char to[WT_WORDS])
{
	static const struct { const char *name; int64_t seconds; } units[] = {
		{ "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 },
	};
	int64_t s = (usec < 0 ? 0 : usec + CLOCK_SECOND / 2) / CLOCK_SECOND;
	int i = 0, len;

	while (i < 3 && s < units[i].seconds)
		i++;
	len = snprintf(to, WT_WORDS, "%" PRId64 " %s", s / units[i].seconds,
	    units[i].name);
	s %= units[i].seconds;
	if (i < 3 && s / units[i + 1].seconds > 0)
		snprintf(to + len, (size_t)(WT_WORDS - len), " %" PRId64 " %s",
		    s / units[i + 1].seconds, units[i + 1].name);
	return to;
}

const char *
wt_words_clock(int64_t wall, char to[WT_WORDS])
{
	time_t second = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;

	if (gmtime_r(&second, &tm) == NULL ||
	    strftime(to, WT_WORDS, "%H:%M:%S", &tm) == 0)
		snprintf(to, WT_WORDS, "?");
	return to;
}

const char *
wt_words_date(int64_t wall, char to[WT_WORDS])
{
	time_t second = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;

	if (gmtime_r(&second, &tm) == NULL ||
	    strftime(to, WT_WORDS, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(to, WT_WORDS, "?");
	return to;
}

const char *
wt_words_name(struct text t, char to[WT_WORDS_NAME + 4])
{
	size_t len = t.len > WT_WORDS_NAME ? WT_WORDS_NAME : t.len;

	/* Not in the middle of a character of several bytes. */
	while (len < t.len && len > 0 && (t.at[len] & 0xc0) == 0x80)
		len--;
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)t.at[i] < ' ' || t.at[i] == 0x7f ? '?' :
		    t.at[i];
	memcpy(to + len, len < t.len ? "..." : "", len < t.len ? 4 : 1);
	return to;
}
