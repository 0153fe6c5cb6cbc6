/* SPDX-License-Identifier: ISC */
/* vip.c - the addresses of this machine, for a second. Loop 0. */
#include <sys/types.h>

#include <ifaddrs.h>

#include "base/address.h"
#include "base/clock.h"
#include "watch/vip.h"

enum { KEPT = 16, RULE = 80 };

static struct {
	char rule[RULE];
	int64_t asked;
	bool has;
} known[KEPT];

static bool
is_that(const struct sockaddr *sa, const struct address *wanted)
{
	if (sa == NULL || sa->sa_family != wanted->sa.sa_family)
		return false;
	if (sa->sa_family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)(const void *)sa)->
		    sin_addr, &wanted->in.sin_addr, 4) == 0;
	return sa->sa_family == AF_INET6 && memcmp(&((const struct
	    sockaddr_in6 *)(const void *)sa)->sin6_addr,
	    &wanted->in6.sin6_addr, 16) == 0;
}

static bool
look(const char *rule)
{
	struct ifaddrs *all, *a;
	struct address wanted;
	bool has = false;

	if (address_ip(text_of(rule + sizeof "vip:" - 1), 0, &wanted) < 0 ||
	    getifaddrs(&all) < 0)
		return false;
	for (a = all; a != NULL && !has; a = a->ifa_next)
		has = is_that(a->ifa_addr, &wanted);
	freeifaddrs(all);
	return has;
}

bool
wt_vip_active(const char *rule)
{
	int64_t now = clock_now();
	unsigned i;

	if (rule == NULL || rule[0] == '\0')
		return true;
	if (strlen(rule) >= RULE)
		return look(rule);
	for (i = 0; i + 1 < KEPT && known[i].rule[0] != '\0'; i++)
		if (strcmp(known[i].rule, rule) == 0)
			break;
	if (strcmp(known[i].rule, rule) == 0 &&
	    now - known[i].asked < CLOCK_SECOND)
		return known[i].has;
	memcpy(known[i].rule, rule, strlen(rule) + 1);
	known[i].asked = now;
	known[i].has = look(rule);
	return known[i].has;
}
