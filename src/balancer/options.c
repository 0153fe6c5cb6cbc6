/* SPDX-License-Identifier: ISC */
/* options.c - rows of options and the walk over argv; see options.h. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "balancer/options.h"
#include "base/mem.h"

enum kind { FLAG, TEXT, NUMBER, FILES, PIDS, SAY, EXPLAIN, NOTHING };

static const struct row {
	const char *name;		/* a * at its end: what begins so */
	enum kind kind;
	size_t at;
	const char *arg, *help;
} rows[] = {
#define AT(field)	offsetof(struct lb_options, field)
	{ "f", FILES, 0, "<file|directory>", "a configuration file, or a "
	    "directory of *.cfg" },
	{ "c", FLAG, AT(check), NULL, "check the files and exit" },
	{ "cc", TEXT, AT(condition), "<condition>",
	    "evaluate a condition and exit" },
	{ "v", SAY, 1, NULL, "show the version" },
	{ "vv", SAY, 2, NULL, "show the version and what is built in" },
	{ "vq*", TEXT, 0, NULL, NULL },
	{ "V", FLAG, AT(verbose), NULL, "verbose" },
	{ "q", FLAG, AT(quiet), NULL, "quiet" },
	{ "C", TEXT, AT(directory), "<directory>",
	    "go there before files are read" },
	{ "D", FLAG, AT(daemon), NULL, "go to the background" },
	{ "db", FLAG, AT(foreground), NULL, "one process, in the "
	    "foreground" },
	{ "d", FLAG, AT(debug), NULL, "the same" },
	{ "W", FLAG, AT(master), NULL, "a master, which keeps a worker" },
	{ "Ws", FLAG, AT(notify), NULL, "the same in the foreground, for a "
	    "service manager" },
	{ "S", TEXT, AT(master_socket), "<bind>[,<option>...]",
	    "the master's runtime socket" },
	{ "p", TEXT, AT(pidfile), "<file>", "write our number there" },
	{ "sf", PIDS, 0, "[<pid>...]", "these are to finish when we serve" },
	{ "st", PIDS, 1, "[<pid>...]", "these are to end when we serve" },
	{ "x", TEXT, AT(take_from), "<socket>", "take the listening sockets "
	    "from there" },
	{ "n", NUMBER, AT(maxconn), "<number>", "connections of the "
	    "process" },
	{ "N", NUMBER, AT(proxy_maxconn), "<number>", "connections of a "
	    "frontend" },
	{ "m", NUMBER, AT(memory), "<MB>", "memory it may use" },
	{ "L", TEXT, AT(localpeer), "<name>", "name of this peer" },
	{ "4", FLAG, AT(only_ipv4), NULL, "names become IPv4 addresses "
	    "only" },
	{ "dr", FLAG, AT(names_may_fail), NULL,
	    "names of servers may be unknown" },
	{ "dW", FLAG, AT(zero_warning), NULL, "a warning is an error" },
	{ "dD", FLAG, AT(diagnostics), NULL, "show .diag texts" },
	{ "dV", FLAG, AT(no_verify), NULL, "certificates of servers are "
	    "not verified" },
	{ "dS", FLAG, AT(no_splice), NULL, "bytes are copied" },
	{ "dR", FLAG, AT(no_reuseport), NULL, "no other process beside us "
	    "on a port" },
	{ "dG", NOTHING, 0, NULL, NULL }, { "dZ", NOTHING, 0, NULL, NULL },
	{ "dF", NOTHING, 0, NULL, NULL }, { "de", NOTHING, 0, NULL, NULL },
	{ "dp", NOTHING, 0, NULL, NULL }, { "dk", NOTHING, 0, NULL, NULL },
	{ "dv", NOTHING, 0, NULL, NULL }, { "dT", NOTHING, 0, NULL, NULL },
	{ "dI", NOTHING, 0, NULL, NULL }, { "dM*", NOTHING, 0, NULL, NULL },
	{ "dL", NOTHING, 0, NULL, NULL }, { "dA*", NOTHING, 0, NULL, NULL },
	{ "dC*", NOTHING, 0, NULL, NULL }, { "dK*", NOTHING, 0, NULL, NULL },
	{ "dt*", NOTHING, 0, NULL, NULL }, { "dc", NOTHING, 0, NULL, NULL },
	{ "-list-settings", TEXT, 0, "[=md|=man]",
	    "print all keywords and exit" },
	{ "-list-commands", TEXT, 0, "[=man]",
	    "print the runtime socket's commands and exit" },
	{ "-explain", EXPLAIN, 0, "<file>...", "print what the files mean, "
	    "with defaults, and exit" },
};

struct walk {
	struct lb_options *to;
	char **at, **end;
	struct why *why;
};

static int
add_file(struct walk *w, const char *path)
{
	struct lb_options *o = w->to;
	const char **more = mem_grow(o->files,
	    (o->file_count + 1) * sizeof *more);

	if (more == NULL)
		return why_set(w->why, "out of memory");
	o->files = more;
	o->files[o->file_count++] = path;
	return 0;
}

static bool
fits(const struct row *r, const char *name)
{
	size_t len = strlen(r->name);

	return r->name[len - 1] == '*' ?
	    strncmp(r->name, name, len - 1) == 0 : strcmp(r->name, name) == 0;
}

/* The next argument, or nothing: then the usage is shown. */
static char *
value(struct walk *w)
{
	return w->at < w->end ? *w->at++ : NULL;
}

static int
take_number(struct walk *w, int *to)
{
	const char *word = value(w);
	char *end;
	long n;

	if (word == NULL)
		return -1;
	n = strtol(word, &end, 10);
	if (*end != '\0' || *word == '\0' || n < 0 || n > INT32_MAX)
		return why_set(w->why, "not a number: %s", word);
	*to = (int)n;
	return 0;
}

static int
take(struct walk *w, const struct row *r, const char *name)
{
	char *word;
	void *to = (char *)w->to + r->at;

	switch (r->kind) {
	case FLAG:
		*(bool *)to = true;
		return 0;
	case NOTHING:
		return 0;
	case SAY:
		w->to->version = (unsigned)r->at;
		return 0;
	case NUMBER:
		return take_number(w, to);
	case PIDS:
		w->to->old_stop = r->at != 0;
		w->to->old = w->at;
		while (w->at < w->end && (*w->at)[0] != '-') {
			w->at++;
			w->to->old_count++;
		}
		return 0;
	case EXPLAIN:
		w->to->explain = true;
		while (w->at < w->end && (*w->at)[0] != '-')
			if (add_file(w, *w->at++) < 0)
				return -1;
		return 0;
	case FILES:
		word = value(w);
		return word == NULL ? -1 : add_file(w, word);
	case TEXT:
		if (r->at == 0) {
			w->to->short_version = name;
			return 0;
		}
		word = value(w);
		*(const char **)to = word;
		return word == NULL ? -1 : 0;
	}
	return -1;
}

/* "-list-settings", "-list-settings=md": the form, or NULL: not this. */
static const char *
form_of(const char *name, const char *option)
{
	size_t len = strlen(option);

	if (strncmp(name, option, len) != 0 ||
	    (name[len] != '\0' && name[len] != '='))
		return NULL;
	return name + len + (name[len] == '=');
}

static int
read_option(struct walk *w, const char *name)
{
	const char *settings = form_of(name, "-list-settings"),
	    *commands = form_of(name, "-list-commands");

	if (settings != NULL || commands != NULL) {
		w->to->list_settings = settings;
		w->to->list_commands = commands;
		return 0;
	}
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (fits(&rows[i], name))
			return take(w, &rows[i], name);
	return -1;
}

/* What a next life of the process is to be told again. */
static void
keep(struct walk *w, char **from)
{
	static const char *const once[] = { "-sf", "-st", "-x" };

	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		if (strcmp(*from, once[i]) == 0)
			return;
	while (from < w->at)
		w->to->kept[w->to->kept_count++] = *from++;
}

int
lb_options_read(struct lb_options *to, int argc, char **argv,
    struct why *why)
{
	struct walk w = { to, argv + 1, argv + argc, why };

	memset(to, 0, sizeof *to);
	why->line[0] = '\0';
	to->kept = mem_need(((size_t)argc + 1) * sizeof *to->kept);
	while (w.at < w.end) {
		char **from = w.at;
		const char *word = *w.at++;

		if (word[0] != '-' || word[1] == '\0')
			return -1;
		if (strcmp(word, "--") == 0) {
			while (w.at < w.end)
				if (add_file(&w, *w.at++) < 0)
					return -1;
			keep(&w, from);
			break;
		}
		if (read_option(&w, word + 1) < 0)
			return -1;
		keep(&w, from);
	}
	to->master |= to->notify;
	return 0;
}

void
lb_options_free(struct lb_options *o)
{
	mem_drop(o->files);
	mem_drop(o->kept);
	o->files = NULL;
	o->kept = NULL;
	o->file_count = 0;
}

void
lb_options_usage(FILE *to, const char *called)
{
	fprintf(to, "Usage : %s [-f <file|directory>]... [option]... "
	    "[-- <file>...]\n", called);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *arg = rows[i].arg == NULL ? "" : rows[i].arg;

		if (rows[i].help != NULL)
			fprintf(to, "        -%s%s%s  %s\n", rows[i].name,
			    *arg == '\0' || *arg == '[' ? "" : " ", arg,
			    rows[i].help);
	}
}
