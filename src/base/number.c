/* SPDX-License-Identifier: ISC */
/* number.c - strict readers of numbers. Pure; any thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/number.h"

int
number_int(struct text t, int base, int64_t least, int64_t most, int64_t *to,
    struct why *why)
{
	char copy[72], *end;
	long long n;

	if (t.len == 0 || t.len >= sizeof copy)
		return why_set(why, "not a number: %.*s", TEXT_ARG(t));
	memcpy(copy, t.at, t.len);
	copy[t.len] = '\0';
	errno = 0;
	n = strtoll(copy, &end, base);
	if (end != copy + t.len || text_is_space(copy[0]))
		return why_set(why, "not a number: %s", copy);
	if (errno == ERANGE || n < least || n > most)
		return why_set(why, "number out of range (%" PRId64
		    " to %" PRId64 "): %s", least, most, copy);
	*to = n;
	return 0;
}

int
number_seconds(struct text t, int64_t *usec, struct why *why)
{
	int64_t whole = 0, part = 0, unit = 100000;
	size_t i = 0, digits = 0;

	for (; i < t.len && t.at[i] >= '0' && t.at[i] <= '9'; i++, digits++) {
		if (whole > INT64_MAX / 10000000 / 10)
			return why_set(why, "too many seconds: %.*s",
			    TEXT_ARG(t));
		whole = whole * 10 + (t.at[i] - '0');
	}
	if (i < t.len && t.at[i] == '.')
		for (i++; i < t.len && t.at[i] >= '0' && t.at[i] <= '9';
		    i++, digits++, unit /= 10)
			part += (t.at[i] - '0') * unit;
	if (i != t.len || digits == 0)
		return why_set(why, "not a number of seconds: %.*s",
		    TEXT_ARG(t));
	*usec = whole * 1000000 + part;
	return 0;
}

int
number_span(struct text t, int64_t *usec, struct why *why)
{
	static const struct { const char *name; int64_t usec; } units[] = {
		{ "ms", 1000 }, { "s", 1000000 }, { "m", 60 * 1000000LL },
		{ "h", 3600 * 1000000LL }, { "d", 86400 * 1000000LL },
	};
	struct text digits = t;
	int64_t unit = 1000000, n;

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (text_ends(t, units[i].name)) {
			unit = units[i].usec;
			digits.len = t.len - strlen(units[i].name);
			break;
		}
	if (digits.len == 0 || digits.at[0] < '0' || digits.at[0] > '9' ||
	    number_int(digits, 10, 0, INT64_MAX / unit, &n, NULL) < 0)
		return why_set(why, "not a time: %.*s", TEXT_ARG(t));
	*usec = n * unit;
	return 0;
}
