/* SPDX-License-Identifier: ISC */
/* value.c - strict readers of values with units. Pure; see value.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/value.h"
#include "base/number.h"

#define TIME_MOST	(INT64_C(2147483647) * 1000)

static const struct unit {
	const char *name;
	int64_t usec;
} units[] = {
	{ "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 },
	{ "h", INT64_C(3600000000) }, { "d", INT64_C(86400000000) },
};

/* The digits at the start; false when there is none. Huge numbers stay so. */
static bool
take_digits(const char **s, int64_t *n)
{
	const char *from = *s;

	*n = 0;
	for (; **s >= '0' && **s <= '9'; (*s)++)
		*n = *n > INT64_MAX / 100 ? INT64_MAX / 10 :
		    *n * 10 + (**s - '0');
	return *s > from;
}

static int
unexpected(struct why *why, char c)
{
	if (c == '\0')
		return why_set(why, "missing value");
	return why_set(why, "unexpected character '%c'", c);
}

int
lb_value_time(const char *s, int64_t unit, int64_t *to, struct why *why)
{
	const char *bad;
	int64_t n;

	if (!take_digits(&s, &n))
		return unexpected(why, *s);
	bad = s;
	for (size_t i = 0; *s != '\0' && i < sizeof units / sizeof *units;
	    i++)
		if (strcmp(s, units[i].name) == 0) {
			unit = units[i].usec;
			s += strlen(s);
		}
	if (*s != '\0')
		return unexpected(why, *bad);
	if (n > TIME_MOST / unit)
		return why_set(why, "timer overflow (maximum value is "
		    "2147483647 ms or ~24.8 days)");
	*to = n * unit;
	return 0;
}

int
lb_value_size(const char *s, int64_t *to, struct why *why)
{
	static const char letters[] = "kmg";
	const char *letter;
	int64_t n;

	if (!take_digits(&s, &n))
		return unexpected(why, *s);
	letter = *s == '\0' ? NULL : strchr(letters,
	    *s >= 'A' && *s <= 'Z' ? *s + 32 : *s);
	if (*s != '\0' && (letter == NULL || s[1] != '\0'))
		return unexpected(why, letter == NULL ? *s : s[1]);
	for (ptrdiff_t i = letter == NULL ? -1 : letter - letters; i >= 0; i--)
		n = n > INT64_MAX / 1024 ? INT64_MAX : n * 1024;
	*to = n;
	return 0;
}

int
lb_value_number(const char *s, int64_t least, int64_t most, int64_t *to,
    struct why *why)
{
	return number_int(text_of(s), 10, least, most, to, why);
}

bool
lb_value_loose(const char *s, int64_t *to)
{
	char *end;

	errno = 0;
	*to = strtoll(s, &end, 10);
	return *s != '\0' && *end == '\0' && errno == 0;
}
