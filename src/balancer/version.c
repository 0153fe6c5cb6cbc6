/* SPDX-License-Identifier: ISC */
/* version.c - versions and usage. At start. */
#include <sys/utsname.h>

#include <stdio.h>

#include "balancer/condition.h"
#include "balancer/version.h"

static void
print_first(FILE *to)
{
	fprintf(to, "HAProxy version " LB_CONDITION_VERSION " 2026/11/22 - "
	    "https://weir.example/ (Weir " PACKAGE_VERSION ")\n");
}

static void
print_system(FILE *to)
{
	struct utsname u;

	fprintf(to, "Status: a stand-in by Weir.\n"
	    "Known bugs: see the issues of Weir.\n");
	if (uname(&u) == 0)
		fprintf(to, "Running on: %s %s %s %s\n", u.sysname,
		    u.release, u.version, u.machine);
}

static void
print_build(FILE *to)
{
	fprintf(to, "Build options :\n  TARGET  = linux-glibc\n\n"
	    "Feature list :");
	for (const char *const *f = lb_condition_features; *f != NULL; f++)
		fprintf(to, " %s", *f);
	fprintf(to, "\n\nAvailable polling systems :\n"
	    "      epoll : pref=300,  test result OK\n"
	    "Total: 1 (1 usable), will use epoll.\n\n"
	    "Available services : prometheus-exporter\n");
}

int
lb_version_show(const struct lb_options *o)
{
	switch (o->act) {
	case LB_OPTIONS_SHORT_VERSION:
	case LB_OPTIONS_SHORT_SEQUENCE:
		printf("%s\n", LB_CONDITION_VERSION);
		break;
	case LB_OPTIONS_BRANCH:
		printf("3.4\n");
		break;
	default:
		print_first(stdout);
		print_system(stdout);
		if (o->act == LB_OPTIONS_BUILD)
			print_build(stdout);
	}
	return 0;
}

int
lb_version_usage(const struct lb_options *o)
{
	print_first(stderr);
	print_system(stderr);
	fprintf(stderr, "Usage : %s [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n "
	    "<maxconn> ] [ -N <maxpconn> ]\n        [ -p <pidfile> ] [ -m "
	    "<max megs> ] [ -C <dir> ] [-- <cfgfile>*]\n", o->called);
	return 1;
}
