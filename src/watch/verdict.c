/* SPDX-License-Identifier: ISC */
/* verdict.c - the table of answers; see verdict.h. Pure; loop 0. */
#include <stdio.h>

#include <jansson.h>

#include "base/clock.h"
#include "watch/verdict.h"

enum { USUAL_PAUSE = 30, MOST_PAUSE = 3600, MOST_BACKOFF = 60 };

static const struct {
	int from, to;
	enum wt_verdict verdict;
} rows[] = {
	{ 200, 299, WT_DELIVERED },
	{ 300, 399, WT_BAD_RECEIVER },
	{ 401, 401, WT_BAD_RECEIVER },
	{ 403, 404, WT_BAD_RECEIVER },
	{ 408, 408, WT_PASSING },
	{ 410, 410, WT_BAD_RECEIVER },
	{ 425, 425, WT_PASSING },
	{ 429, 429, WT_TOO_FAST },
	{ 400, 499, WT_BAD_MESSAGE },
	{ 500, 599, WT_PASSING },
};

/* The header, else JSON retry_after (seconds, maybe a fraction). */
static int64_t
pause_of(const struct wt_answer *a)
{
	int64_t pause = a->retry_after;
	json_t *all, *j;

	if (pause < 0) {
		all = json_loadb(a->body.at, a->body.len, 0, NULL);
		j = json_object_get(all, "retry_after");
		if (json_is_number(j) && json_number_value(j) >= 0 &&
		    json_number_value(j) < MOST_PAUSE)
			pause = (int64_t)(json_number_value(j) *
			    (double)CLOCK_SECOND);
		json_decref(all);
	}
	if (pause > MOST_PAUSE * CLOCK_SECOND)
		pause = MOST_PAUSE * CLOCK_SECOND;
	return pause;
}

enum wt_verdict
wt_verdict_of(const struct wt_answer *a, int64_t *pause)
{
	*pause = 0;
	if (a->failure != WT_ANSWERED)
		return WT_PASSING;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (a->status < rows[i].from || a->status > rows[i].to)
			continue;
		if (rows[i].verdict == WT_TOO_FAST) {
			*pause = pause_of(a);
			if (*pause < 0)
				*pause = USUAL_PAUSE * CLOCK_SECOND;
		} else if (rows[i].verdict == WT_PASSING &&
		    a->retry_after > 0)
			*pause = pause_of(a);
		return rows[i].verdict;
	}
	return WT_PASSING;
}

const char *
wt_verdict_reason(const struct wt_answer *a, char to[128])
{
	struct text body = text_trim(a->body);

	if (a->failure != WT_ANSWERED)
		snprintf(to, 128, "%s", a->reason);
	else
		snprintf(to, 128, "%d %.*s", a->status,
		    (int)(body.len > 80 ? 80 : body.len),
		    body.at == NULL ? "" : body.at);
	for (char *p = to; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	return to;
}

int64_t
wt_verdict_backoff(unsigned tries, unsigned chance)
{
	int64_t wait = tries >= 7 ? MOST_BACKOFF : (int64_t)1 <<
	    (tries == 0 ? 0 : tries - 1);

	if (wait > MOST_BACKOFF)
		wait = MOST_BACKOFF;
	return wait * CLOCK_SECOND * (80 + chance * 40 / 99) / 100;
}
