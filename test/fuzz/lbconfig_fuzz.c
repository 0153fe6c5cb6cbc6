/* SPDX-License-Identifier: ISC */
/*
 * lbconfig_fuzz.c - whole configurations of the balancer: the bytes in front
 * of the first form feed are one file, those behind it a second one (a side
 * file, when all are odd in number) and each file that is asked for. Names that begin with a letter up to m are known.
 */
#include "balancer/config.h"
#include "balancer/rule.h"
#include "fuzz.h"

static struct text other;

static int
fetch(void *arg, const char *path, struct text *to, struct why *why)
{
	*to = other;
	return path[0] == '/' ? 0 : path[0] == '.' ? 1 :
	    why_set(why, "no such file");
}

static int
resolve(void *arg, const char *name, int family, struct address *to)
{
	if (name[0] > 'm')
		return -1;
	return address_ip(family == AF_INET6 ? TEXT("::1") :
	    TEXT("127.0.0.1"), 0, to);
}

static const char *
get_variable(void *arg, const char *name)
{
	return name[0] == 'L' ? "a b" : NULL;
}

static long
account(void *arg, const char *name, bool group)
{
	return name[0] == 'r' ? 0 : -1;
}

static void
tell(void *arg, enum lb_report_level level, const char *text)
{
	fuzz_touch(text_of(text));
}

/* What the header promises of servers. */
static void
check_servers(const struct lb_proxy_conf *x)
{
	for (unsigned i = 0; i < x->servers.count; i++) {
		const struct lb_server_conf *s = x->servers.at[i];

		NEED(s->name != NULL && s->proxy == x && s->id > 0);
		NEED(s->weight >= 0 && s->weight <= 256);
		NEED(x->disabled || (s->fastinter >= 0 &&
		    s->downinter >= 0 && s->agent_inter >= 0));
		NEED(s->rise > 0 && s->fall > 0);
		NEED(x->disabled || s->track_name == NULL ||
		    s->track != NULL);
	}
}

static void
check_proxy(const struct lb_proxy_conf *x)
{
	NEED(x->name != NULL && x->id > 0 && x->kind != NULL);
	NEED(x->is != 0 && !(x->is & LB_IS_DEFAULTS));
	if (!x->disabled && x->default_backend != NULL &&
	    x->is & LB_IS_FRONTEND)
		NEED(x->default_backend->to != NULL);
	for (unsigned i = 0; i < x->switches.count; i++)
		NEED(x->disabled || x->switches.at[i]->to != NULL ||
		    x->switches.at[i]->format != NULL);
	for (unsigned i = 0; i < x->sticks.count; i++)
		NEED(x->sticks.at[i]->table != NULL);
	for (unsigned i = 0; i < LB_RULESETS; i++)
		for (unsigned k = 0; k < x->rules[i].count; k++)
			NEED(x->rules[i].at[k]->action != NULL);
	check_servers(x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len), first = TEXT_NONE;
	struct lb_report report = { .tell = tell };
	struct lb_source_text texts[2];
	struct lb_source source = { .texts = texts, .fetch = fetch,
	    .resolve = resolve, .getenv = get_variable, .account = account };
	struct lb_setup *setup;

	other = TEXT_NONE;
	if (text_split(&rest, '\f', &first))
		other = rest;
	texts[0] = (struct lb_source_text){ "one", first, false };
	texts[1] = (struct lb_source_text){ "two", other,
	    len % 2 == 1 };
	source.count = other.at == NULL ? 1 : 2;
	setup = lb_config_read(&source, &report);
	NEED((setup == NULL) == (report.alerts > 0));
	if (setup == NULL)
		return 0;
	for (unsigned i = 0; i < setup->proxies.count; i++)
		check_proxy(setup->proxies.at[i]);
	lb_config_free(&setup);
	NEED(setup == NULL);
	return 0;
}
