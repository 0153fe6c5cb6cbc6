/* SPDX-License-Identifier: ISC */
/* parse.c - telling, owing and guessing for all readers; see parse.h. */
#include <stdarg.h>
#include <stdio.h>

#include "balancer/parse.h"

enum { LINE = 2048, GUESSED = 40, CLOSE = 3 };

static void
tell(struct lb_parse *p, enum lb_report_level level,
    const struct lb_place *place, const char *fmt, va_list ap)
{
	char line[LINE];

	vsnprintf(line, sizeof line, fmt, ap);
	if (place->file == NULL)
		lb_report_tell(p->report, level, "config : %s", line);
	else if (p->subject != NULL && place == &p->place)
		lb_report_tell(p->report, level, "config : %s[%s:%u] : %s : "
		    "%s", p->plain_place ? "" : "parsing ", place->file,
		    place->line, p->subject, line);
	else
		lb_report_tell(p->report, level, "config : parsing [%s:%u] : "
		    "%s", place->file, place->line, line);
}

void
lb_parse_alert(struct lb_parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(p, LB_REPORT_ALERT, &p->place, fmt, ap);
	va_end(ap);
}

void
lb_parse_warn(struct lb_parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(p, LB_REPORT_WARNING, &p->place, fmt, ap);
	va_end(ap);
}

void
lb_parse_alert_at(struct lb_parse *p, const struct lb_place *place,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(p, LB_REPORT_ALERT, place, fmt, ap);
	va_end(ap);
}

void
lb_parse_warn_at(struct lb_parse *p, const struct lb_place *place,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(p, LB_REPORT_WARNING, place, fmt, ap);
	va_end(ap);
}

bool
lb_parse_belongs(struct lb_parse *p, const char *name, bool ours)
{
	if (p->side && !ours)
		lb_parse_alert(p, "'%s' belongs into the main file; a side "
		    "file holds settings of this program alone.", name);
	else if (ours && !p->side)
		lb_report_tell(p->report, LB_REPORT_NOTICE, "config : parsing "
		    "[%s:%u] : '%s' is a setting of this program alone, which "
		    "the original refuses; it may stand in %s.weir.",
		    p->place.file, p->place.line, name, p->place.file);
	return ours || !p->side;
}

const char *
lb_parse_path(struct lb_parse *p, const char *path)
{
	const struct lb_global_conf *g = &p->setup->global;
	const char *file = p->place.file == NULL ? "" : p->place.file,
	    *slash = strrchr(file, '/');
	struct text folder = slash == NULL ? TEXT(".") :
	    slash == file ? TEXT("/") :
	    (struct text){ file, (size_t)(slash - file) };

	if (path[0] == '/' || path[0] == '@')
		return path;
	switch (g->default_path) {
	case LB_PATH_CONFIG:
		return arena_print(p->arena, "%.*s/%s", TEXT_ARG(folder),
		    path);
	case LB_PATH_PARENT:
		return arena_print(p->arena, "%.*s/../%s",
		    TEXT_ARG(folder), path);
	case LB_PATH_ORIGIN:
		return arena_print(p->arena, "%s/%s", g->default_origin,
		    path);
	case LB_PATH_CURRENT:
		break;
	}
	return path;
}

char *
lb_parse_copy(struct lb_parse *p, const char *s)
{
	return s == NULL ? NULL : arena_copy(p->arena, text_of(s));
}

void *
lb_parse_get(struct lb_parse *p, size_t len)
{
	return arena_get(p->arena, len);
}

void
lb_parse_owe(struct lb_parse *p, enum lb_arg_kind kind, const char *name,
    const char *what, const void **to)
{
	struct lb_debt *d = lb_parse_get(p, sizeof *d);

	*d = (struct lb_debt){ p->place, kind, name, p->proxy, what, to };
	arena_add(p->arena, &p->debts, d);
}

/* ---- guesses ----------------------------------------------------------- */

/* Letters that must be changed, added, dropped or swapped. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned rows[3][GUESSED + 1], *before = rows[0], *last = rows[1],
	    *now = rows[2];
	size_t la = strlen(a), lb = strlen(b);

	if (la > GUESSED || lb > GUESSED)
		return GUESSED;
	for (unsigned j = 0; j <= lb; j++)
		last[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned *spare = before;

		now[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

void
lb_guess_start(struct lb_guess *g, const char *word)
{
	*g = (struct lb_guess){ word, NULL, GUESSED };
}

void
lb_guess_offer(struct lb_guess *g, const char *candidate)
{
	size_t a = strlen(g->word), b = strlen(candidate);
	unsigned d;

	if (a > b + CLOSE || b > a + CLOSE)
		return;
	d = distance(g->word, candidate);
	if (d < g->distance) {
		g->distance = d;
		g->best = candidate;
	}
}

const char *
lb_guess_best(const struct lb_guess *g)
{
	size_t len = strlen(g->word);

	return g->distance <= (len < 3 ? 1 : len < 6 ? 2 : CLOSE) ?
	    g->best : NULL;
}
