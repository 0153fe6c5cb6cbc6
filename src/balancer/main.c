/* SPDX-License-Identifier: ISC */
/*
 * main.c - weir-balancer: its command line, and what it answers without
 * serving anything. First thread.
 */
#include <sys/resource.h>
#include <sys/utsname.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "balancer/commands.h"
#include "balancer/condition.h"
#include "balancer/config.h"
#include "balancer/explain.h"
#include "balancer/files.h"
#include "balancer/keys.h"
#include "balancer/notices.h"
#include "balancer/options.h"
#include "balancer/outline.h"
#include "balancer/overseer.h"
#include "balancer/serve.h"
#include "base/mem.h"
#include "proc/master.h"


static struct lb_options options;
static struct lb_files *files;	/* the setup's places name them */
static bool began;		/* something was told */

/* ---- telling ----------------------------------------------------------- */

static void
print_line(const char *tag, const char *text)
{
	char line[4200];

	snprintf(line, sizeof line, "%-10s (%ld) : %s", tag, (long)getpid(),
	    text);
	fprintf(stderr, "%s\n", line);
	lb_notices_add(line);
}

/* The first line is preceded by who speaks. */
static void
begin(void)
{
	char path[1024], line[1100];
	ssize_t n;

	if (began)
		return;
	began = true;
	print_line("[NOTICE]", "haproxy version is " LB_CONDITION_VERSION);
	n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (n > 0) {
		path[n] = '\0';
		snprintf(line, sizeof line, "path to executable is %s", path);
		print_line("[NOTICE]", line);
	}
}

static void
tell(void *arg, enum lb_report_level level, const char *text)
{
	static const char *const tags[] = { "[DIAG]", "[NOTICE]",
	    "[WARNING]", "[ALERT]" };

	if (level == LB_REPORT_DIAG && !options.diagnostics)
		return;
	if (level != LB_REPORT_ALERT && options.quiet)
		return;
	if (level >= LB_REPORT_WARNING && !options.quiet)
		begin();
	print_line(tags[level], text);
}

/* ---- versions ---------------------------------------------------------- */

static void
print_version(FILE *to)
{
	struct utsname u;

	fprintf(to, "HAProxy version %s %s - https://haproxy.org/ "
	    "(Weir %s)\n", LB_CONDITION_VERSION, LB_CONDITION_RELEASED,
	    PACKAGE_VERSION);
	fprintf(to, "Status: young; what it does not carry out yet it says "
	    "at start.\n");
	fprintf(to, "Known bugs: see doc/differences.md\n");
	if (uname(&u) == 0)
		fprintf(to, "Running on: %s %s %s %s\n", u.sysname, u.release,
		    u.version, u.machine);
}

static void
print_build(void)
{
	printf("Build options :\n  TARGET  = linux-glibc\n\nFeature list :");
	for (const char *const *f = lb_condition_features; *f != NULL; f++)
		printf(" %s", *f);
	printf("\n\nBuilt with %s\n", OpenSSL_version(OPENSSL_VERSION));
	printf("\nAvailable polling systems :\n      epoll : pref=300,  test "
	    "result OK\nTotal: 1 (1 usable), will use epoll.\n");
	printf("\nAvailable services : prometheus-exporter\n");
}

static int
show_version(void)
{
	const char *letters = options.short_version;

	if (letters != NULL) {
		printf("%s\n", letters[strlen(letters) - 1] == 'b' ? "3.4" :
		    LB_CONDITION_VERSION);
		return 0;
	}
	print_version(stdout);
	if (options.version > 1)
		print_build();
	return 0;
}

/* ---- checking ---------------------------------------------------------- */

static int
evaluate(struct lb_report *report)
{
	struct lb_source source = { .count = 0 };
	struct lb_files *none;
	struct why why;
	int truth;

	none = lb_files_read(NULL, 0, &why);
	if (none == NULL)
		return 2;
	lb_files_source(none, &source);
	truth = lb_condition_holds(&source, text_of(options.condition), &why);
	lb_files_free(&none);
	if (truth < 0)
		lb_report_tell(report, LB_REPORT_ALERT, "config : Failed to "
		    "evaluate condition: %s", why.line);
	return truth < 0 ? 2 : truth ? 0 : 1;
}

/* What texts may refer to, beside the user's own variables. */
static void
set_environment(const struct lb_source *source)
{
	char host[256] = "", *names = mem_copy(TEXT("")), *more;

	if (gethostname(host, sizeof host - 1) < 0)
		host[0] = '\0';
	for (unsigned i = 0; names != NULL && i < source->count; i++) {
		if (source->texts[i].side)
			continue;
		more = mem_print("%s%s%s", names, i == 0 ? "" : ";",
		    source->texts[i].name);
		mem_drop(names);
		names = more;
	}
	setenv("HAPROXY_CFGFILES", names == NULL ? "" : names, 1);
	mem_drop(names);
	setenv("HAPROXY_LOCALPEER", options.localpeer != NULL ?
	    options.localpeer : host, 1);
	setenv("HAPROXY_BRANCH", "3.4", 1);
	setenv("HAPROXY_STARTUP_VERSION", LB_CONDITION_VERSION, 1);
	setenv("HAPROXY_TCP_LOG_FMT", "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B "
	    "%ts %ac/%fc/%bc/%sc/%rc %sq/%bq", 1);
	setenv("HAPROXY_HTTP_LOG_FMT", "%ci:%cp [%tr] %ft %b/%s "
	    "%TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc "
	    "%sq/%bq %hr %hs %{+Q}r", 1);
}

static bool
refuses(struct lb_report *report, const struct lb_setup *setup)
{
	if (setup == NULL) {
		lb_report_tell(report, LB_REPORT_ALERT,
		    "config : Fatal errors found in configuration.");
		return true;
	}
	if (report->warnings == 0 ||
	    (!options.zero_warning && !setup->global.zero_warning))
		return false;
	lb_report_tell(report, LB_REPORT_ALERT, "config : Some warnings were "
	    "found and 'zero-warning' is set. Aborting.");
	return true;
}

/* The verdict, as the original words it. */
static int
conclude(struct lb_report *report, const struct lb_setup *setup)
{
	if (refuses(report, setup))
		return 1;
	if (setup->listeners == 0 && setup->global.sockets.count == 0) {
		if (!options.quiet)
			fprintf(stderr, "Configuration file has no error but "
			    "will not start (no listener) => exit(2).\n");
		return 2;
	}
	if (report->warnings > 0 && !options.quiet)
		fprintf(stderr, "Warnings were found.\n");
	if (!options.quiet)
		printf("Configuration file is valid\n");
	return 0;
}

/* -4: what libc finds, of that family alone. */
static int (*resolve_any)(void *, const char *, int, struct address *);

static int
resolve_ipv4(void *arg, const char *name, int family, struct address *to)
{
	return family == AF_INET6 ? -1 :
	    resolve_any(arg, name, AF_INET, to);
}

/* The files of the command line as a setup; NULL: refused, and told. */
static struct lb_setup *
read_setup(struct lb_report *report)
{
	struct lb_source source = {
		.names_may_fail = options.names_may_fail,
		.localpeer = options.localpeer,
		.blocks = !options.check
	};
	struct why why;

	files = lb_files_read(options.files, options.file_count, &why);
	if (files == NULL) {
		lb_report_tell(report, LB_REPORT_ALERT, "config : %s",
		    why.line);
		return NULL;
	}
	lb_files_source(files, &source);
	resolve_any = source.resolve;
	if (options.only_ipv4)
		source.resolve = resolve_ipv4;
	set_environment(&source);
	return lb_config_read(&source, report);
}

static int
check(struct lb_report *report)
{
	struct lb_setup *setup = read_setup(report);
	int code = conclude(report, setup);

	lb_config_free(&setup);
	return code;
}

static int
explain(struct lb_report *report)
{
	struct lb_setup *setup = read_setup(report);
	bool refused = refuses(report, setup);

	if (!refused)
		lb_explain_setup(stdout, setup);
	lb_config_free(&setup);
	return refused;
}

/* -dV, -4 */
static void
override_servers(const struct lb_proxy_conf *p)
{
	for (unsigned i = 0; i < p->servers.count; i++) {
		if (options.no_verify)
			p->servers.at[i]->tls.verify = LB_VERIFY_NONE;
		if (options.only_ipv4)
			p->servers.at[i]->resolve_prefer = AF_INET;
	}
}

/* What the command line says in the place of the files. */
static void
override(struct lb_setup *setup)
{
	struct lb_global_conf *g = &setup->global;
	struct rlimit most = { (rlim_t)options.memory << 20,
	    (rlim_t)options.memory << 20 };
	char *names = mem_copy(TEXT("")), *more;

	g->nosplice |= options.no_splice;
	g->noreuseport |= options.no_reuseport;
	for (unsigned i = 0; i < setup->proxies.count; i++)
		override_servers(setup->proxies.at[i]);
	for (unsigned i = 0; i < setup->resolvers.count; i++)
		setup->resolvers.at[i]->only_ipv4 = options.only_ipv4;
	if (options.memory > 0)
		(void)setrlimit(RLIMIT_AS, &most);
	for (unsigned i = 0; names != NULL && i < g->sockets.count; i++) {
		more = mem_print("%s%s%s%s", names, i == 0 ? "" : ";",
		    g->sockets.at[i]->addr.kind == LB_ADDRESS_UNIX &&
		    g->sockets.at[i]->addr.text[0] == '/' ? "unix@" : "",
		    g->sockets.at[i]->addr.text);
		mem_drop(names);
		names = more;
	}
	if (names != NULL)
		setenv("HAPROXY_CLI", names, 1);
	mem_drop(names);
}

static bool
has_master(const struct lb_setup *setup)
{
	bool asked = master_here()->again || options.master ||
	    (setup != NULL && setup->global.master);

	if (!asked || options.foreground || options.debug)
		return false;
	setenv("HAPROXY_MWORKER", "1", 1);
	return true;
}

static int
serve(struct lb_report *report, const char *called)
{
	struct lb_setup *setup = read_setup(report);
	struct lb_before before = { -1, -1, NULL };

	if (refuses(report, setup))
		lb_config_free(&setup);
	else
		override(setup);
	if (has_master(setup))
		return lb_overseer_serve(setup, setup == NULL ? NULL :
		    lb_outline_print(setup, files), &options, called);
	if (options.master_socket != NULL)
		lb_report_tell(report, LB_REPORT_WARNING, "config : a master "
		    "CLI socket was defined, but master-worker mode (-W) is "
		    "not enabled.");
	return setup == NULL ? 1 : lb_serve(setup, &options, called, before);
}

static int
list_settings(const char *form)
{
	lb_keys_list(stdout, strcmp(form, "md") == 0 ? KEY_FORM_MD :
	    strcmp(form, "man") == 0 ? KEY_FORM_MAN : KEY_FORM_TABS);
	return 0;
}

static int
list_commands(const char *form)
{
	lb_commands_list(stdout, strcmp(form, "man") == 0);
	return 0;
}

static int
usage(const char *called, const struct why *why)
{
	print_version(stderr);
	if (why->line[0] != '\0')
		fprintf(stderr, "%s: %s\n", called, why->line);
	lb_options_usage(stderr, called);
	return 1;
}

static int
run(const char *called)
{
	struct lb_report report = { .tell = tell };
	struct why why = { "", "" };

	if (options.version > 0 || options.short_version != NULL)
		return show_version();
	if (options.list_settings != NULL)
		return list_settings(options.list_settings);
	if (options.list_commands != NULL)
		return list_commands(options.list_commands);
	if (options.condition != NULL)
		return evaluate(&report);
	if (options.directory != NULL && chdir(options.directory) < 0) {
		lb_report_tell(&report, LB_REPORT_ALERT, "Could not change to "
		    "directory %s : %m", options.directory);
		return 1;
	}
	if (options.file_count == 0)
		return usage(called, &why);
	if (options.explain)
		return explain(&report);
	return options.check ? check(&report) : serve(&report, called);
}

int
main(int argc, char **argv)
{
	struct why why;
	int code;

	master_begin(environ);
	if (lb_options_read(&options, argc, argv, &why) < 0)
		code = usage(argv[0], &why);
	else
		code = run(argv[0]);
	lb_files_free(&files);
	lb_options_free(&options);
	return code;
}
