/* SPDX-License-Identifier: ISC */
/* notices.c - lines of the start. First thread; fixed room, nothing to free. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "balancer/notices.h"

static char text[64 * 1024];
static atomic_bool closed;

void
lb_notices_add(const char *line)
{
	size_t len;

	if (atomic_load(&closed))
		return;
	len = strlen(text);
	/* Whole lines only. */
	if (len + strlen(line) + 2 <= sizeof text)
		snprintf(text + len, sizeof text - len, "%s\n", line);
}

void
lb_notices_close(void)
{
	atomic_store(&closed, true);
}

const char *
lb_notices_text(void)
{
	return text;
}
