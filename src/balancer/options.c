/* SPDX-License-Identifier: ISC */
/* options.c - one row an option. At start. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "balancer/options.h"
#include "base/number.h"

enum kind { FLAG, TEXT_VALUE, NUMBER, ACT, FILES, PIDS, CONDITION, IGNORED,
	PREFIX };

static const struct row {
	const char *name;
	enum kind kind;
	size_t at;
	int value;
} rows[] = {
#define AT(field) offsetof(struct lb_options, field)
	{ "-f", FILES, 0, 0 }, { "-c", FLAG, AT(check), 0 },
	{ "-cc", CONDITION, 0, 0 }, { "-C", TEXT_VALUE, AT(directory), 0 },
	{ "-D", FLAG, AT(daemon), 0 }, { "-db", FLAG, AT(foreground), 0 },
	{ "-d", FLAG, AT(debug), 0 }, { "-W", FLAG, AT(master), 0 },
	{ "-Ws", FLAG, AT(notify), 0 },
	{ "-S", TEXT_VALUE, AT(master_socket), 0 },
	{ "-p", TEXT_VALUE, AT(pidfile), 0 },
	{ "-sf", PIDS, AT(finish), 0 }, { "-st", PIDS, AT(terminate), 0 },
	{ "-x", TEXT_VALUE, AT(take_from), 0 },
	{ "-q", FLAG, AT(quiet), 0 }, { "-V", FLAG, AT(verbose), 0 },
	{ "-n", NUMBER, AT(maxconn), 0 },
	{ "-N", NUMBER, AT(proxy_maxconn), 0 },
	{ "-m", NUMBER, AT(megabytes), 0 },
	{ "-L", TEXT_VALUE, AT(localpeer), 0 },
	{ "-v", ACT, 0, LB_OPTIONS_VERSION },
	{ "-vv", ACT, 0, LB_OPTIONS_BUILD },
	{ "-vq", ACT, 0, LB_OPTIONS_SHORT_VERSION },
	{ "-vqs", ACT, 0, LB_OPTIONS_SHORT_SEQUENCE },
	{ "-vqb", ACT, 0, LB_OPTIONS_BRANCH },
	{ "-4", FLAG, AT(ipv4_only), 0 },
	{ "-dr", FLAG, AT(names_may_fail), 0 },
	{ "-dW", FLAG, AT(warnings_fatal), 0 },
	{ "-dD", FLAG, AT(diagnose), 0 }, { "-dV", FLAG, AT(no_verify), 0 },
	{ "-dR", FLAG, AT(no_reuseport), 0 },
	{ "-dS", FLAG, AT(no_splice), 0 },
	{ "-dG", IGNORED, 0, 0 }, { "-dZ", IGNORED, 0, 0 },
	{ "-dF", IGNORED, 0, 0 }, { "-de", IGNORED, 0, 0 },
	{ "-dp", IGNORED, 0, 0 }, { "-dk", IGNORED, 0, 0 },
	{ "-dv", IGNORED, 0, 0 }, { "-dT", IGNORED, 0, 0 },
	{ "-dI", IGNORED, 0, 0 }, { "-dL", IGNORED, 0, 0 },
	{ "-dA", IGNORED, 0, 0 }, { "-dc", IGNORED, 0, 0 },
	{ "-dM", PREFIX, 0, 0 }, { "-dC", PREFIX, 0, 0 },
	{ "-dK", PREFIX, 0, 0 }, { "-dt", PREFIX, 0, 0 },
#undef AT
};

static const struct row *
find_row(const char *word)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, word) == 0)
			return &rows[i];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].kind == PREFIX &&
		    strncmp(rows[i].name, word, 3) == 0)
			return &rows[i];
	return NULL;
}

static int
add_file(struct lb_options *o, const char *file, struct why *why)
{
	if (o->file_count == LB_OPTIONS_MOST)
		return why_set(why, "too many configuration files");
	o->files[o->file_count++] = file;
	return 0;
}

/* Up to the next word that begins with '-'; there may be none. */
static int
take_pids(struct lb_options *o, char **argv, int argc, int at,
    struct why *why)
{
	int64_t pid;

	for (; at < argc && argv[at][0] != '-'; at++) {
		if (number_int(text_of(argv[at]), 10, 1, INT32_MAX, &pid,
		    NULL) < 0)
			return why_set(why, "not a process: '%s'", argv[at]);
		if (o->old_count < LB_OPTIONS_MOST)
			o->old[o->old_count++] = (pid_t)pid;
	}
	return at;
}

static int
take_value(struct lb_options *o, const struct row *row, const char *value,
    struct why *why)
{
	char *field = (char *)o + row->at;
	int64_t n;

	switch (row->kind) {
	case FILES:
		return add_file(o, value, why);
	case CONDITION:
		o->act = LB_OPTIONS_CONDITION;
		o->condition = value;
		return 0;
	case NUMBER:
		if (number_int(text_of(value), 10, 0, INT32_MAX, &n, NULL) < 0)
			return why_set(why, "not a number: '%s'", value);
		*(int *)(void *)field = (int)n;
		return 0;
	default:
		*(const char **)(void *)field = value;
		return 0;
	}
}

int
lb_options_read(struct lb_options *o, int argc, char **argv, struct why *why)
{
	const struct row *row;
	int i = 1;

	memset(o, 0, sizeof *o);
	o->called = argc > 0 ? argv[0] : "haproxy";
	while (i < argc && strcmp(argv[i], "--") != 0) {
		row = find_row(argv[i++]);
		if (row == NULL)
			return why_set(why, "%s", argv[i - 1]);
		switch (row->kind) {
		case FLAG:
			*((bool *)o + row->at) = true;
			break;
		case ACT:
			o->act = (enum lb_options_act)row->value;
			break;
		case PIDS:
			*((bool *)o + row->at) = true;
			i = take_pids(o, argv, argc, i, why);
			if (i < 0)
				return -1;
			break;
		case IGNORED:
		case PREFIX:
			break;
		default:
			if (i >= argc)
				return why_set(why, "%s", argv[i - 1]);
			if (take_value(o, row, argv[i++], why) < 0)
				return -1;
		}
	}
	for (i++; i < argc; i++)
		if (add_file(o, argv[i], why) < 0)
			return -1;
	return 0;
}
