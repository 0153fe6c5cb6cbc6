/* SPDX-License-Identifier: ISC */
/*
 * keys_test.c - a walk over all tables of keywords: each row is sound, what
 * is ignored with a warning warns, what is ignored in silence is silent, what
 * is refused is refused, and what a stock kind reads is in the setup.
 */
#include "balancer/converters.h"
#include "balancer/fetches.h"
#include "balancer/keys.h"
#include "balancer/keys_bind.h"
#include "balancer/keys_global.h"
#include "balancer/keys_proxy.h"
#include "balancer/keys_server.h"
#include "balancer/keys_tls.h"
#include "balancer/rules.h"
#include "rig.h"
#include "unit.h"

static const char *
value_of(const struct lb_key *k)
{
	static char number[32];

	switch (k->kind) {
	case LB_KEY_INT:
	case LB_KEY_COUNT:
		snprintf(number, sizeof number, "%lld",
		    (long long)(k->least + 7));
		return number;
	case LB_KEY_TIME:
	case LB_KEY_SECONDS:
		return "7s";
	case LB_KEY_SIZE:
		return "70000";
	case LB_KEY_TEXT:
		return "text";
	case LB_KEY_NOTHING:
		return k->words == 0 ? "" : "1";
	default:
		return "";
	}
}

/* Reads a setup with that row in a place where it may stand. */
static struct lb_setup *
read_row(const struct lb_keys_table *t, const struct lb_key *k)
{
	const char *value = value_of(k);
	char text[1024];

	if (k->in & LB_IN_GLOBAL && strcmp(t->name, "global") == 0)
		snprintf(text, sizeof text, "global\n %s %s\n" LISTEN,
		    k->name, value);
	else if (strcmp(t->name, "proxy") == 0)
		snprintf(text, sizeof text, "%s %s %s\n", k->in & LB_IN_LISTEN ?
		    LISTEN : k->in & LB_IN_FRONTEND ? "frontend l\n" TIMES :
		    "backend l\n" TIMES, k->name, value);
	else if (k->in & LB_IN_BIND)
		snprintf(text, sizeof text, "listen l\n" TIMES
		    " bind 127.0.0.1:1 %s %s\n", k->name, value);
	else if (k->in & LB_IN_SOCKET)
		snprintf(text, sizeof text, "global\n stats socket /x %s %s\n"
		    LISTEN, k->name, value);
	else if (k->in & LB_IN_SERVER)
		snprintf(text, sizeof text, LISTEN " server s 10.0.0.1:1 %s "
		    "%s\n", k->name, value);
	else
		return NULL;
	return read_text(text);
}

START_TEST(rows_are_sound)
{
	for (const struct lb_keys_table *t = lb_keys_tables; t->name != NULL;
	    t++)
		for (const struct lb_key *k = t->keys; k->name != NULL; k++) {
			ck_assert_msg(k->in != 0, "%s", k->name);
			ck_assert_msg((k->kind == LB_KEY_READ) ==
			    (k->read != NULL) || k->class == LB_CLASS_E, "%s",
			    k->name);
			ck_assert_msg(k->class == LB_CLASS_F ||
			    k->class == LB_CLASS_W ||
			    k->kind == LB_KEY_NOTHING || k->read != NULL,
			    "%s", k->name);
			/* What does nothing is of a class that says so. */
			ck_assert_msg(k->class != LB_CLASS_F ||
			    k->help == NULL ||
			    strcmp(k->help, "no effect") != 0, "%s", k->name);
			for (const struct lb_key *o = t->keys; o < k; o++)
				ck_assert_msg(strcmp(o->name, k->name) != 0,
				    "%s is there twice", k->name);
		}
}
END_TEST

START_TEST(ignored_ones_say_so)
{
	unsigned seen = 0;

	for (const struct lb_keys_table *t = lb_keys_tables; t->name != NULL;
	    t++)
		for (const struct lb_key *k = t->keys; k->name != NULL; k++) {
			struct lb_setup *s;

			if (k->class != LB_CLASS_W ||
			    k->kind == LB_KEY_READ)
				continue;
			s = read_row(t, k);
			ck_assert_msg(s != NULL && told.warnings == 1 &&
			    strstr(said, k->name) != NULL, "%s: %s", k->name,
			    said);
			lb_config_free(&s);
			seen++;
		}
	ck_assert_uint_gt(seen, 20);
}
END_TEST

START_TEST(silent_ones_are_silent)
{
	unsigned seen = 0;

	for (const struct lb_keys_table *t = lb_keys_tables; t->name != NULL;
	    t++)
		for (const struct lb_key *k = t->keys; k->name != NULL; k++) {
			struct lb_setup *s;

			if (k->class != LB_CLASS_S || k->kind !=
			    LB_KEY_NOTHING || k->in & (LB_IN_PEERS))
				continue;
			s = read_row(t, k);
			ck_assert_msg(s != NULL && said[0] == '\0', "%s: %s",
			    k->name, said);
			lb_config_free(&s);
			seen++;
		}
	ck_assert_uint_gt(seen, 100);
}
END_TEST

START_TEST(refused_ones_are_refused)
{
	for (const struct lb_keys_table *t = lb_keys_tables; t->name != NULL;
	    t++)
		for (const struct lb_key *k = t->keys; k->name != NULL; k++) {
			struct lb_setup *s;

			if (k->class != LB_CLASS_E)
				continue;
			ck_assert_ptr_nonnull(k->advice);
			s = read_row(t, k);
			ck_assert_msg(s == NULL && strstr(said, k->advice) !=
			    NULL, "%s: %s", k->name, said);
		}
}
END_TEST

/* The object that a row of that table fills in. */
static const void *
object_of(const struct lb_setup *s, const struct lb_keys_table *t,
    const struct lb_key *k)
{
	const struct lb_proxy_conf *x = s->proxies.at[0];

	if (t->keys == lb_keys_global)
		return &s->global;
	if (t->keys == lb_keys_proxy)
		return x;
	if (t->keys == lb_keys_bind)
		return x->binds.at[0];
	if (t->keys == lb_keys_server)
		return x->servers.at[0];
	return k->in & LB_IN_BIND ? (const void *)&x->binds.at[0]->tls :
	    &x->servers.at[0]->tls;
}

static bool
has_effect(const struct lb_key *k, const void *object)
{
	const void *at = (const char *)object + k->at;

	switch (k->kind) {
	case LB_KEY_FLAG:
		return *(const bool *)at == (k->value == 0);
	case LB_KEY_BITS:
		return (*(const unsigned *)at & (unsigned)k->value) ==
		    (unsigned)k->value;
	case LB_KEY_INT:
	case LB_KEY_COUNT:
		return *(const int *)at == k->least + 7;
	case LB_KEY_TIME:
	case LB_KEY_SECONDS:
		return *(const int64_t *)at == 7000000;
	case LB_KEY_SIZE:
		return *(const unsigned *)at == 70000;
	case LB_KEY_TEXT:
		return strcmp(*(const char *const *)at, "text") == 0;
	default:
		return true;
	}
}

START_TEST(stock_kinds_are_stored)
{
	unsigned seen = 0;

	for (const struct lb_keys_table *t = lb_keys_tables; t->name != NULL;
	    t++)
		for (const struct lb_key *k = t->keys; k->name != NULL; k++) {
			struct lb_setup *s;

			/* These want more than one line. */
			if (k->class != LB_CLASS_F ||
			    k->kind == LB_KEY_READ ||
			    k->in & (LB_IN_PEERS | LB_IN_RESOLVERS) ||
			    strcmp(k->name, "track") == 0 ||
			    strcmp(k->name, "resolvers") == 0 ||
			    strcmp(k->name, "ssl") == 0 ||
			    strcmp(k->name, "redir") == 0 ||
			    strcmp(k->name, "agent-check") == 0 ||
			    strcmp(k->name, "minconn") == 0)
				continue;
			s = read_row(t, k);
			ck_assert_msg(s != NULL, "%s: %s", k->name, said);
			ck_assert_msg(has_effect(k, object_of(s, t, k)),
			    "%s has no effect", k->name);
			lb_config_free(&s);
			seen++;
		}
	ck_assert_uint_gt(seen, 120);
}
END_TEST

START_TEST(fetches_and_converters_are_sound)
{
	static const char kinds[] = "iutzsfbvTUV46ro?";

	for (const struct lb_fetch *f = lb_fetches; f->name != NULL; f++) {
		ck_assert_msg(f->from != 0, "%s", f->name);
		ck_assert_msg(strspn(f->args, kinds) == strlen(f->args), "%s",
		    f->name);
		ck_assert_ptr_eq(lb_fetches_find(text_of(f->name)), f);
	}
	for (const struct lb_converter *c = lb_converters; c->name != NULL;
	    c++) {
		ck_assert_msg(strspn(c->args, kinds) == strlen(c->args), "%s",
		    c->name);
		ck_assert_ptr_eq(lb_converters_find(text_of(c->name)), c);
		ck_assert_int_ne(c->in, LB_TYPE_SAME);
	}
}
END_TEST

START_TEST(actions_are_sound)
{
	for (const struct lb_action *a = lb_rules_actions; a->name != NULL;
	    a++) {
		ck_assert_msg(a->rulesets != 0, "%s", a->name);
		ck_assert_msg((a->class == LB_CLASS_F) ==
		    (a->act != LB_ACT_NOTHING), "%s", a->name);
	}
}
END_TEST

UNIT_MAIN("balancer/keys", rows_are_sound, ignored_ones_say_so,
    silent_ones_are_silent, refused_ones_are_refused, stock_kinds_are_stored,
    fetches_and_converters_are_sound, actions_are_sound)
