/* SPDX-License-Identifier: ISC */
/* options_test.c - the command line in the ways people write it. One thread. */
#include <signal.h>
#include <string.h>

#include "unit.h"
#include "vrrp/options.h"

static struct vr_options o;

static void
read_line(const char *line)
{
	static char text[512];
	char *argv[32], *at = text;
	int argc = 0;

	snprintf(text, sizeof text, "/usr/sbin/keepalived %s", line);
	for (char *word; (word = strsep(&at, " ")) != NULL;)
		if (word[0] != '\0')
			argv[argc++] = word;
	argv[argc] = NULL;
	vr_options_read(argc, argv, &o);
}

START_TEST(reads_short_and_long)
{
	read_line("");
	ck_assert_int_eq(o.act, VR_ACT_RUN);
	ck_assert_str_eq(o.file, "/etc/keepalived/keepalived.conf");
	ck_assert_str_eq(o.called, "keepalived");
	read_line("-lnDf x.conf -p /a --vrrp_pid=/b -S 3 -i id");
	ck_assert(o.log_console && o.no_fork && o.log_detail);
	ck_assert_str_eq(o.file, "x.conf");
	ck_assert_str_eq(o.pid_file, "/a");
	ck_assert_str_eq(o.vrrp_pid_file, "/b");
	ck_assert_str_eq(o.log_facility, "local3");
	ck_assert_str_eq(o.id, "id");
	read_line("--use-file y --dont-fork -g/tmp/l -u 077 -P -B -x");
	ck_assert(o.log_file_on && o.umask == 077);
	ck_assert_str_eq(o.log_file, "/tmp/l");
	read_line("--log-file=/l");
	ck_assert_str_eq(o.log_file, "/l");
	read_line("-g");
	ck_assert_str_eq(o.log_file, "/tmp/keepalived.log");
}
END_TEST

START_TEST(reads_acts)
{
	read_line("-t -f x");
	ck_assert_int_eq(o.act, VR_ACT_TEST);
	ck_assert_ptr_null(o.test_log);
	read_line("--config-test=/l");
	ck_assert_str_eq(o.test_log, "/l");
	read_line("-v");
	ck_assert_int_eq(o.act, VR_ACT_VERSION);
	read_line("--signum=DATA");
	ck_assert_int_eq(o.act, VR_ACT_SIGNUM);
	ck_assert_int_eq(vr_options_signal(o.signal), SIGUSR1);
	ck_assert_int_eq(vr_options_signal("JSON"), SIGRTMIN + 2);
	ck_assert_int_eq(vr_options_signal("FOO"), -1);
	read_line("--compare y -f x");
	ck_assert_int_eq(o.act, VR_ACT_COMPARE);
	ck_assert_str_eq(o.other, "y");
	read_line("--explain y");
	ck_assert_str_eq(o.other, "y");
	read_line("--status --json VI_1");
	ck_assert(o.act == VR_ACT_STATUS && o.json);
	ck_assert_str_eq(o.instance, "VI_1");
}
END_TEST

START_TEST(refuses)
{
	static const char *const lines[] = { "--foo", "-C", "-T", "x",
		"-S local9", "-u x", "-f" };

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		read_line(lines[i]);
		ck_assert_msg(o.act == VR_ACT_REFUSED, "%s", lines[i]);
	}
}
END_TEST

UNIT_MAIN("vrrp/options", reads_short_and_long, reads_acts, refuses)
