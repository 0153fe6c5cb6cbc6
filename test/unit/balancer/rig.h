/* SPDX-License-Identifier: ISC */
/*
 * rig.h - a configuration of a test, read from a text: what was told is
 * collected, no file and no name is there unless the test says so. One
 * thread.
 */
#ifndef WEIR_TEST_BALANCER_RIG_H
#define WEIR_TEST_BALANCER_RIG_H

#include <stdio.h>

#include "balancer/acl.h"
#include "balancer/config.h"
#include "balancer/rule.h"
#include "balancer/script.h"

static struct lb_report told;
static char said[65536];		/* all texts, a line each */

static inline void
keep_text(void *arg, enum lb_report_level level, const char *text)
{
	static const char *const tags[] = { "D ", "N ", "W ", "A " };
	size_t len = strlen(said);

	snprintf(said + len, sizeof said - len, "%s%s\n", tags[level], text);
}

static inline int
know_some_names(void *arg, const char *name, int family, struct address *to)
{
	if (strncmp(name, "known", 5) != 0)
		return -1;
	return address_ip(TEXT("10.1.1.1"), 0, to);
}

static inline struct lb_source
source_of(const struct lb_source_text *text)
{
	return (struct lb_source){ .texts = text, .count = 1,
	    .resolve = know_some_names };
}

static inline struct lb_setup *
read_text(const char *config)
{
	struct lb_source_text text = { "c", text_of(config), false };
	struct lb_source source = source_of(&text);

	told = (struct lb_report){ .tell = keep_text };
	said[0] = '\0';
	return lb_config_read(&source, &told);
}

#define TIMES	" timeout client 9s\n timeout server 9s\n timeout connect 9s\n"
#define LISTEN	"listen l\n bind 127.0.0.1:1\n" TIMES

#endif
