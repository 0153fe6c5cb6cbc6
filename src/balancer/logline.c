/* SPDX-License-Identifier: ISC */
/* logline.c - log lines; see logline.h. */
#include <stdlib.h>

#include "balancer/addresses.h"
#include "balancer/logline.h"
#include "balancer/value.h"

static const char *const facilities[] = { "kern", "user", "mail", "daemon",
    "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp", "ntp",
    "audit", "alert", "cron2", "local0", "local1", "local2", "local3",
    "local4", "local5", "local6", "local7", NULL };
static const char *const levels[] = { "emerg", "alert", "crit", "err",
    "warning", "notice", "info", "debug", NULL };
static const char *const forms[] = { "rfc3164", "rfc5424", "raw", "short",
    "timed", "iso", "local", "priority", NULL };

static int
find(const char *const *names, const char *word)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	return -1;
}

static int
refuse(struct lb_parse *p, const char *what, const char *word)
{
	lb_parse_alert(p, "log : %s '%s'", what, word);
	return -1;
}

static int
read_target(struct lb_parse *p, const char *word, struct lb_log_conf *to)
{
	struct why why;

	if (strcmp(word, "global") == 0) {
		to->target = LB_LOG_GLOBAL;
		return 0;
	}
	if (strcmp(word, "stdout") == 0 || strcmp(word, "stderr") == 0) {
		to->target = word[3] == 'o' ? LB_LOG_STDOUT : LB_LOG_STDERR;
		to->fd = word[3] == 'o' ? 1 : 2;
		return 0;
	}
	if (strncmp(word, "ring@", 5) == 0 || strncmp(word, "backend@", 8) ==
	    0 || strncmp(word, "tcp", 3) == 0) {
		lb_parse_warn(p, "log : target '%s' is not supported by this "
		    "program and is ignored; write an address for UDP or a "
		    "path.", word);
		to->target = LB_LOG_NOWHERE;
		return 0;
	}
	if (lb_addresses_read(p->arena, text_of(word), LB_ADDRESS_MAY_FD |
	    LB_ADDRESS_MAY_DATAGRAM | LB_ADDRESS_MAY_NAME |
	    LB_ADDRESS_MAY_UNIX, &to->addr, &why) < 0) {
		lb_parse_alert(p, "log : %s", why.line);
		return -1;
	}
	if (to->addr.kind == LB_ADDRESS_FD) {
		to->target = LB_LOG_FD;
		to->fd = to->addr.fd;
		return 0;
	}
	if (to->addr.port_kind == LB_PORT_NONE) {
		to->addr.port_low = to->addr.port_high = 514;
		address_set_port(&to->addr.sa, 514);
	}
	return 0;
}

/* "1-3,5:9": which lines of each nine. */
static int
read_sample(struct lb_parse *p, const char *word, struct lb_log_conf *to)
{
	const char *colon = strrchr(word, ':');
	struct text rest, one;
	unsigned count = 1;
	char *end;
	long size;

	if (colon == NULL)
		return refuse(p, "Missing sample size in", word);
	size = strtol(colon + 1, &end, 10);
	if (*end != '\0' || size <= 0 || size > INT32_MAX)
		return refuse(p, "invalid sample size in", word);
	rest = (struct text){ word, (size_t)(colon - word) };
	for (size_t i = 0; i < rest.len; i++)
		count += rest.at[i] == ',';
	to->samples = lb_parse_get(p, count * sizeof *to->samples);
	to->sample_size = (unsigned)size;
	while (text_split(&rest, ',', &one)) {
		struct lb_span *s = &to->samples[to->sample_count++];
		char *copy = arena_copy(p->arena, one);

		s->least = s->most = (int)strtol(copy, &end, 10);
		if (*end == '-')
			s->most = (int)strtol(end + 1, &end, 10);
		if (one.len == 0 || *end != '\0' || s->least < 1 ||
		    s->most < s->least || s->most > size)
			return refuse(p, "invalid sample range in", word);
	}
	return 0;
}

static int
read_option(struct lb_parse *p, const char *name, const char *word,
    struct lb_log_conf *to)
{
	int64_t n;
	int form;

	if (strcmp(name, "len") == 0) {
		if (lb_value_number(word, 80, 65535, &n, NULL) < 0)
			return refuse(p, "invalid log length, must be between "
			    "80 and 65535:", word);
		to->length = (unsigned)n;
		return 0;
	}
	if (strcmp(name, "sample") == 0)
		return read_sample(p, word, to);
	if (strcmp(name, "profile") == 0)
		return 0;
	form = find(forms, word);
	if (form < 0)
		return refuse(p, "unknown log format", word);
	to->form = (enum lb_log_form)form;
	return 0;
}

static int
read_levels(struct lb_parse *p, const struct lb_words *w, unsigned at,
    struct lb_log_conf *to)
{
	int *const level[] = { &to->max_level, &to->min_level };

	for (unsigned i = 0; i < 2 && at < w->count; i++, at++) {
		*level[i] = find(levels, w->at[at]);
		if (*level[i] < 0)
			return refuse(p, "unknown optional log level",
			    w->at[at]);
	}
	return at == w->count ? 0 : refuse(p, "cannot handle unexpected "
	    "argument", w->at[at]);
}

const struct lb_log_conf *
lb_logline_read(struct lb_parse *p, const struct lb_words *w, unsigned at)
{
	static const char *const options[] = { "format", "len", "profile",
	    "sample", NULL };
	struct lb_log_conf *to = lb_parse_get(p, sizeof *to);

	*to = (struct lb_log_conf){ .place = w->place, .length = 1024,
	    .max_level = 7, .fd = -1 };
	if (at >= w->count)
		goto incomplete;
	if (read_target(p, w->at[at], to) < 0)
		return NULL;
	at++;
	if (to->target == LB_LOG_GLOBAL && at == w->count)
		return to;
	while (at < w->count && find(options, w->at[at]) >= 0) {
		if (at + 1 >= w->count)
			goto incomplete;
		if (read_option(p, w->at[at], w->at[at + 1], to) < 0)
			return NULL;
		at += 2;
	}
	if (at >= w->count)
		goto incomplete;
	to->facility = find(facilities, w->at[at]);
	if (to->facility < 0) {
		refuse(p, "unknown log facility", w->at[at]);
		return NULL;
	}
	return read_levels(p, w, at + 1, to) < 0 ? NULL : to;
incomplete:
	lb_parse_alert(p, "log : expects <address> and <facility>  as "
	    "arguments");
	return NULL;
}
