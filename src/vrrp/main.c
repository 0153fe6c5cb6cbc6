/* SPDX-License-Identifier: ISC */
/*
 * main.c - weir-vrrp: what its command line asks for. One
 * thread.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "vrrp/compare.h"
#include "vrrp/config.h"
#include "vrrp/explain.h"
#include "vrrp/keys.h"
#include "vrrp/options.h"
#include "vrrp/start.h"

/* ---- what is printed */

static void
tell_line(void *arg, enum vr_report_level level, const char *line)
{
	fprintf(arg, "%s\n", line);
}

static int
test(const struct vr_options *o)
{
	FILE *to = o->test_log == NULL ? stderr : fopen(o->test_log, "we");
	struct vr_report r = { .tell = tell_line, .arg = to };
	struct vr_config *c;

	if (to == NULL) {
		perror(o->test_log);
		return 1;
	}
	c = vr_config_read(o->file, o->all_config ? VR_CONFIG_ALL_INCLUDES :
	    0, vr_outside_host(o->id), &r);
	if (c != NULL && o->dump)
		vr_explain_peers(to, c);
	vr_config_free(&c);
	if (to != stderr && fclose(to) != 0)
		perror(o->test_log);
	return vr_report_status(&r);
}

static struct vr_config *
read_file(const char *path, const struct vr_options *o, unsigned flags)
{
	struct vr_report r = { .tell = tell_line, .arg = stderr };

	return vr_config_read(path, flags | (o->all_config ?
	    VR_CONFIG_ALL_INCLUDES : 0), flags & VR_CONFIG_ELSEWHERE ?
	    vr_outside_elsewhere(o->id) : vr_outside_host(o->id), &r);
}

static int
explain(const struct vr_options *o)
{
	struct vr_config *c = read_file(o->other == NULL ? o->file : o->other,
	    o, 0);

	if (c == NULL)
		return VR_EXIT_ERROR;
	vr_explain_config(stdout, c);
	vr_explain_peers(stdout, c);
	vr_config_free(&c);
	return 0;
}

static int
compare(const struct vr_options *o)
{
	struct vr_config *here = read_file(o->file, o, VR_CONFIG_ELSEWHERE);
	struct vr_config *there = here == NULL ? NULL : read_file(o->other, o,
	    VR_CONFIG_ELSEWHERE);
	unsigned broken = 1;

	if (there != NULL)
		broken = vr_compare_nodes(stdout, here, there);
	vr_config_free(&there);
	vr_config_free(&here);
	return broken > 0 ? 1 : 0;
}

static int
tell_signal(const char *name)
{
	int number = vr_options_signal(name);

	if (number < 0) {
		fprintf(stderr, "Unknown sigfunc %s\n", name);
		return 1;
	}
	printf("%d\n", number);
	return 0;
}

static int
list_settings(const char *form)
{
	struct text t = text_of(form);

	vr_keys_list(stdout, text_is(t, "md") ? VR_KEYS_MD :
	    text_is(t, "man") ? VR_KEYS_MAN : VR_KEYS_TABS);
	return 0;
}

int
main(int argc, char **argv)
{
	struct vr_options o;

	srandom((unsigned)time(NULL) ^ (unsigned)getpid());
	vr_options_read(argc, argv, &o);
	switch (o.act) {
	case VR_ACT_RUN:
		return vr_start(&o);
	case VR_ACT_STATUS:
		return vr_start_ask(&o);
	case VR_ACT_TEST:
		return test(&o);
	case VR_ACT_VERSION:
		vr_options_version(stderr);
		return 0;
	case VR_ACT_HELP:
		vr_options_help(stderr, o.called);
		return 0;
	case VR_ACT_EXPLAIN:
		return explain(&o);
	case VR_ACT_COMPARE:
		return compare(&o);
	case VR_ACT_SIGNUM:
		return tell_signal(o.signal);
	case VR_ACT_LIST_SETTINGS:
		return list_settings(o.form);
	default:
		return 1;
	}
}
