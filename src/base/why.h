/* SPDX-License-Identifier: ISC */
/*
 * why.h - one line of reason, carried up to whoever shows it; with the place
 * (file:line) where that is known. Lives on the caller's stack. Any thread.
 */
#ifndef WEIR_BASE_WHY_H
#define WEIR_BASE_WHY_H

struct why {
	char line[512];		/* the reason; empty: none was given */
	char place[256];	/* "FILE:LINE", or empty */
};

/* Both return -1, so that a failing function ends in "return why_set(...)". */
int	why_set(struct why *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
int	why_at(struct why *, const char *file, unsigned line,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* As why_set, with ": " and the system's text for errno behind it. */
int	why_errno(struct why *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#endif
