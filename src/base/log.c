/* SPDX-License-Identifier: ISC */
/* log.c - log lines, written directly. Any thread. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

int log_verbose;

int
log_open(const struct log_target *t, struct why *why)
{
	log_verbose = t->verbose;
	return 0;
}

void log_start(void) {}
void log_stop(void) {}
unsigned long log_lost(void) { return 0; }

void
log_line(enum log_level level, const char *prefix, const char *fmt, ...)
{
	static const char *const names[] = { "FATAL", "ERROR", "WARNING",
	    "LOG", "DEBUG", "NOISE" };
	char text[1024], stamp[64], zone[16];
	int64_t wall = clock_wall();
	time_t second = wall / CLOCK_SECOND;
	struct tm tm;
	va_list ap;

	if (!log_wants(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	localtime_r(&second, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
	strftime(zone, sizeof zone, "%Z", &tm);
	fprintf(stderr, "%s.%03d %s [%d] %s %s%s\n", stamp,
	    (int)(wall / 1000 % 1000), zone, (int)getpid(), names[level],
	    prefix, text);
}
