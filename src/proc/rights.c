/* SPDX-License-Identifier: ISC */
/* rights.c - user, limits, privileges. At start, by the only thread. */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "proc/rights.h"

bool
rights_root(void)
{
	return getuid() == 0 || geteuid() == 0;
}

/* No program that we might start could gain a capability again. */
static void
empty_bounding_set(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0;
	    cap++)
		;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int
refuse_user(const char *user, struct why *why)
{
	return why_errno(why, "failed to assume identity of user '%s'", user);
}

int
rights_become(const char *user, struct why *why)
{
	bool privileged = geteuid() == 0;
	struct passwd *pw = getpwnam(user);

	if (pw == NULL)
		return why_set(why, "could not find user '%s' to switch to",
		    user);
	if (privileged) {
		empty_bounding_set();
		if (initgroups(pw->pw_name, pw->pw_gid) < 0)
			return refuse_user(user, why);
	}
	if (setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0)
		return refuse_user(user, why);
	if (privileged && pw->pw_uid != 0 &&
	    (setuid(0) == 0 || seteuid(0) == 0))
		return why_set(why, "failed to assume identity of user '%s': "
		    "the way back to root is open", user);
	return 0;
}

static long
limit_number(rlim_t r)
{
	return r == RLIM_INFINITY ? -1 : (long)r;
}

void
rights_files(long wanted, struct rights_limits *l)
{
	struct rlimit r = { 0, 0 }, more;

	getrlimit(RLIMIT_NOFILE, &r);
	l->wanted = wanted;
	l->found = limit_number(r.rlim_cur);
	if (r.rlim_cur != RLIM_INFINITY && wanted > (long)r.rlim_cur) {
		more = r;
		more.rlim_cur = r.rlim_max == RLIM_INFINITY ||
		    wanted < (long)r.rlim_max ? (rlim_t)wanted : r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			r = more;
	}
	l->soft = limit_number(r.rlim_cur);
	l->hard = limit_number(r.rlim_max);
}

void
rights_harden(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
