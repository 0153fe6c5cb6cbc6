/* SPDX-License-Identifier: ISC */
/* load.c - files, directories, names, environment for the reader. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "balancer/condition.h"
#include "balancer/load.h"
#include "balancer/logs.h"
#include "base/file.h"
#include "base/mem.h"

enum { FILE_MOST = 64 << 20 };

struct fetched {		/* kept until the reading is over */
	struct fetched *next;
	char *bytes;
};

struct load {
	const struct lb_options *options;
	struct lb_source_text *texts;
	unsigned count, room;
	struct fetched *kept;
	struct lb_report report;
	bool notices;			/* the two in front were given */
};

/* ---- what is told ------------------------------------------------------ */

/* The first warning or alert is preceded by who we are. */
static void
introduce(struct load *l)
{
	char path[1024], line[1100];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

	if (l->notices || l->options->quiet)
		return;
	l->notices = true;
	lb_logs_say(LB_LOG_NOTICE, "haproxy version is "
	    LB_CONDITION_VERSION);
	path[len > 0 ? len : 0] = '\0';
	snprintf(line, sizeof line, "path to executable is %s", path);
	lb_logs_say(LB_LOG_NOTICE, line);
}

static void
tell(void *arg, enum lb_report_level level, const char *text)
{
	struct load *l = arg;

	if (level == LB_REPORT_DIAG && !l->options->diagnose)
		return;
	if (l->options->quiet && level != LB_REPORT_ALERT)
		return;
	if (level >= LB_REPORT_WARNING)
		introduce(l);
	lb_logs_say(level == LB_REPORT_ALERT ? LB_LOG_ALERT :
	    level == LB_REPORT_WARNING ? LB_LOG_WARNING : LB_LOG_NOTICE,
	    text);
}

/* ---- texts ------------------------------------------------------------- */

static char *
keep(struct load *l, struct text t)
{
	struct fetched *f = mem_need(sizeof *f);

	f->bytes = (char *)(uintptr_t)t.at;
	f->next = l->kept;
	l->kept = f;
	return f->bytes;
}

static int
add_file(struct load *l, const char *name)
{
	struct why why = { "", "" };
	struct text t;

	if (file_read(name, FILE_MOST, &t, &why) < 0) {
		lb_report_tell(&l->report, LB_REPORT_ALERT, "config : Cannot "
		    "open configuration file/directory %s : %s", name,
		    why.line);
		return -1;
	}
	keep(l, t);
	if (l->count == l->room) {
		l->room = l->room == 0 ? 16 : l->room * 2;
		l->texts = mem_grow(l->texts, l->room * sizeof *l->texts);
		if (l->texts == NULL)
			return -1;
	}
	l->texts[l->count++] = (struct lb_source_text){
	    keep(l, (struct text){ mem_copy(text_of(name)), 0 }), t };
	return 0;
}

static int
is_configuration(const struct dirent *e)
{
	return e->d_name[0] != '.' && text_ends(text_of(e->d_name), ".cfg");
}

static int
compare_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
add_directory(struct load *l, const char *name)
{
	struct dirent **found;
	int n = scandir(name, &found, is_configuration, compare_bytes);
	int outcome = 0;
	char path[4096];
	struct stat st;

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", name, found[i]->d_name);
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    add_file(l, path) < 0)
			outcome = -1;
		mem_drop(found[i]);
	}
	if (n >= 0)
		mem_drop(found);
	return outcome;
}

static int
add_all(struct load *l)
{
	struct stat st;
	int outcome = 0;

	for (unsigned i = 0; i < l->options->file_count; i++) {
		const char *name = l->options->files[i];
		bool dir = stat(name, &st) == 0 && S_ISDIR(st.st_mode);

		if ((dir ? add_directory(l, name) : add_file(l, name)) < 0)
			outcome = -1;
	}
	return outcome;
}

/* ---- what the reader asks for ------------------------------------------ */

static int
fetch(void *arg, const char *path, struct text *t, struct why *why)
{
	if (file_read(path, FILE_MOST, t, why) < 0)
		return -1;
	keep(arg, *t);
	return 0;
}

static int
resolve(void *arg, const char *name, int family, struct address *to)
{
	struct addrinfo hints = { .ai_family = family,
	    .ai_socktype = SOCK_STREAM }, *found;

	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return -1;
	memset(to, 0, sizeof *to);
	to->len = found->ai_addrlen;
	memcpy(&to->sa, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

static const char *
ask_environment(void *arg, const char *name)
{
	return getenv(name);
}

static void
set_environment(void *arg, const char *name, const char *value)
{
	if (value == NULL)
		unsetenv(name);
	else
		setenv(name, value, 1);
}

static long
find_account(void *arg, const char *name, bool group)
{
	struct passwd *pw;
	struct group *gr;

	if (group) {
		gr = getgrnam(name);
		return gr == NULL ? -1 : (long)gr->gr_gid;
	}
	pw = getpwnam(name);
	return pw == NULL ? -1 : (long)pw->pw_uid;
}

static struct lb_source
make_source(struct load *l)
{
	return (struct lb_source){
		.texts = l->texts,
		.count = l->count,
		.arg = l,
		.fetch = fetch,
		.resolve = resolve,
		.getenv = ask_environment,
		.setenv = set_environment,
		.account = find_account,
		.names_may_fail = l->options->names_may_fail,
		.localpeer = l->options->localpeer,
	};
}

static void
drop_kept(struct load *l)
{
	for (struct fetched *f; (f = l->kept) != NULL; ) {
		l->kept = f->next;
		mem_drop(f->bytes);
		mem_drop(f);
	}
	mem_drop(l->texts);
}

static void
tell_refused(struct load *l)
{
	for (unsigned i = 0; i < l->count; i++)
		lb_report_tell(&l->report, LB_REPORT_ALERT, "config : "
		    "Error(s) found in configuration file : %s",
		    l->texts[i].name);
	lb_report_tell(&l->report, LB_REPORT_ALERT,
	    "config : Fatal errors found in configuration.");
}

struct lb_setup *
lb_load(const struct lb_options *o, unsigned *warnings)
{
	struct load l = { .options = o };
	struct lb_setup *setup = NULL;
	struct lb_source source;

	l.report = (struct lb_report){ .tell = tell, .arg = &l };
	if (add_all(&l) == 0) {
		source = make_source(&l);
		setup = lb_config_read(&source, &l.report);
		if (setup == NULL)
			tell_refused(&l);
	}
	*warnings = l.report.warnings;
	drop_kept(&l);
	return setup;
}

int
lb_load_condition(const struct lb_options *o)
{
	struct load l = { .options = o };
	struct lb_source source = make_source(&l);
	struct why why = { "", "" };
	int holds = lb_condition_holds(&source, text_of(o->condition), &why);

	if (holds < 0)
		lb_logs_say(LB_LOG_ALERT, why.line);
	return holds < 0 ? 2 : !holds;
}
