/* SPDX-License-Identifier: ISC */
/* rights_test.c - another user, no way back, limits raised. */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "proc/rights.h"
#include "unit.h"

/* Runs in a child, since nothing here can be taken back. */
static int
in_child(int (*run)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(run());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(an_unknown_user_is_refused)
{
	struct why why;

	ck_assert_int_eq(rights_become("weir-nobody-of-this-name", &why), -1);
	ck_assert_str_eq(why.line, "could not find user "
	    "'weir-nobody-of-this-name' to switch to");
}
END_TEST

static int
become_nobody(void)
{
	struct passwd *pw = getpwnam("nobody");
	uid_t uid = pw->pw_uid;
	gid_t groups[64];
	struct why why;

	if (rights_become("nobody", &why) < 0)
		return 1;
	for (int n = getgroups(64, groups); n > 0; n--)
		if (groups[n - 1] == 0)
			return 7;
	if (getuid() != uid || geteuid() != uid || rights_root())
		return 2;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 3;
	if (prctl(PR_CAPBSET_READ, 7, 0, 0, 0) != 0)
		return 4;
	/* Who has no rights may name himself, and nobody else. */
	if (rights_become("nobody", &why) < 0)
		return 5;
	if (rights_become("root", &why) == 0 || strcmp(why.line,
	    "failed to assume identity of user 'root': "
	    "Operation not permitted") != 0)
		return 6;
	return 0;
}

START_TEST(root_becomes_another_for_good)
{
	if (geteuid() != 0)
		return;		/* only root can */
	ck_assert(rights_root());
	ck_assert_int_eq(in_child(become_nobody), 0);
}
END_TEST

static int
raise_files(void)
{
	struct rlimit r;
	struct rights_limits l;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &r);
	rights_files(50, &l);
	if (l.found != 64 || l.soft != 64 || l.wanted != 50)
		return 1;
	rights_files(100, &l);
	getrlimit(RLIMIT_NOFILE, &r);
	if (l.found != 64 || l.soft != 100 || r.rlim_cur != 100)
		return 2;
	r.rlim_max = 200;
	setrlimit(RLIMIT_NOFILE, &r);
	rights_files(1000, &l);
	getrlimit(RLIMIT_NOFILE, &r);
	return l.soft == 200 && l.hard == 200 && r.rlim_cur == 200 ? 0 : 3;
}

START_TEST(limits_rise_as_far_as_they_may)
{
	ck_assert_int_eq(in_child(raise_files), 0);
}
END_TEST

static int
harden(void)
{
	struct rlimit r;

	rights_harden();
	getrlimit(RLIMIT_CORE, &r);
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && r.rlim_cur == 0 ? 0 : 1;
}

START_TEST(hardened_leaves_no_core)
{
	ck_assert_int_eq(in_child(harden), 0);
}
END_TEST

UNIT_MAIN("proc/rights", an_unknown_user_is_refused,
    root_becomes_another_for_good, limits_rise_as_far_as_they_may,
    hardened_leaves_no_core)
