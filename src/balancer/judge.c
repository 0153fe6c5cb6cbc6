/* SPDX-License-Identifier: ISC */
/*
 * judge.c - tests, conditions, rules. A test that lacks bytes makes the whole
 * wait while more may come, and is false when none will. On the session's
 * loop.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include "balancer/acl.h"
#include "balancer/casting.h"
#include "balancer/fates.h"
#include "balancer/judge.h"
#include "balancer/lookup.h"
#include "balancer/matching.h"
#include "balancer/record.h"
#include "balancer/rule.h"
#include "balancer/tables.h"
#include "balancer/tracking.h"
#include "balancer/variables.h"
#include "balancer/world.h"
#include "net/conn.h"

/* ---- one test ---------------------------------------------------------- */

static bool
match(const struct lb_test *t, const struct lb_value *v)
{
	if (t->match == LB_MATCH_FOUND)
		return true;
	if (t->match == LB_MATCH_BOOL)
		return v->number != 0;
	for (unsigned i = 0; i < t->patterns.count; i++)
		if (lb_matching_hits(t->patterns.at[i], t->match, t->nocase,
		    v))
			return true;
	return false;
}

/* ---- conditions -------------------------------------------------------- */

/* Any of the values that there may be. */
static bool
test_values(struct lb_scene *c, const struct lb_test *t)
{
	bool found = false;
	struct lb_value v;

	c->waits = false;
	c->more = true;
	for (c->nth = 0; c->more && !found; c->nth++) {
		c->more = false;
		c->used = 0;
		found = lb_sampling_get(c, t->expr, &v) &&
		    lb_matching_prepare(c, t->match, &v) && match(t, &v);
	}
	c->nth = 0;
	return found;
}

/* 1, 0, -1: cannot be told yet. */
static int
test_acl(struct lb_scene *c, const struct lb_acl *a)
{
	bool waits = false;

	for (unsigned i = 0; i < a->tests.count; i++) {
		if (test_values(c, a->tests.at[i]))
			return 1;
		waits = waits || c->waits;
	}
	return waits ? -1 : 0;
}

static int
test_chain(struct lb_scene *c, const struct lb_chain *chain)
{
	int outcome = 1;

	for (unsigned i = 0; i < chain->terms.count && outcome != 0; i++) {
		const struct lb_term *t = chain->terms.at[i];
		int one = test_acl(c, t->acl);

		if (one >= 0 && t->negated)
			one = !one;
		if (one == 0 || one < outcome)
			outcome = one;
	}
	return outcome;
}

int
lb_judge_cond(struct lb_scene *c, const struct lb_cond *cond)
{
	int outcome = 0, one;

	if (cond == NULL)
		return 1;
	for (unsigned i = 0; i < cond->chains.count && outcome != 1; i++) {
		one = test_chain(c, cond->chains.at[i]);
		if (one != 0)
			outcome = one;
	}
	if (outcome < 0)
		return -1;
	return cond->unless ? !outcome : outcome;
}

/* ---- what rules do ----------------------------------------------------- */

/* The rule's number, or what its expression gives. */
static bool
number_of(struct lb_scene *c, const struct lb_rule *r, int64_t *n)
{
	struct lb_value v;

	*n = r->number;
	if (r->expr == NULL)
		return true;
	if (!lb_sampling_get(c, r->expr, &v) || !lb_casting_number(&v))
		return false;
	*n = v.number;
	return true;
}

static void
set_address(struct lb_scene *c, const struct lb_rule *r, struct endpoint *e,
    uint32_t flag)
{
	struct lb_value v;

	if (!lb_sampling_get(c, r->expr, &v) || !lb_casting_address(&v))
		return;
	e->family = v.type == LB_TYPE_IPV4 ? AF_INET : AF_INET6;
	memcpy(e->ip, v.ip, sizeof e->ip);
	c->session->flags |= flag;
}

static void
set_port(struct lb_scene *c, const struct lb_rule *r, struct endpoint *e,
    uint32_t flag)
{
	int64_t n;

	if (!number_of(c, r, &n))
		return;
	e->port = (uint16_t)n;
	c->session->flags |= flag;
}

static void
set_option(struct lb_scene *c, const struct lb_rule *r, int level, int name)
{
	int64_t n;
	int value;

	if (c->session->client == NULL || !number_of(c, r, &n))
		return;
	value = (int)n;
	(void)setsockopt(conn_fd(c->session->client), level, name, &value,
	    sizeof value);
}

static void
set_tos(struct lb_scene *c, const struct lb_rule *r)
{
	set_option(c, r, IPPROTO_IP, IP_TOS);
	set_option(c, r, IPPROTO_IPV6, IPV6_TCLASS);
}

static void
set_priority(struct lb_scene *c, const struct lb_rule *r, bool class)
{
	int64_t n;

	if (!number_of(c, r, &n))
		return;
	if (class)
		c->session->waiter.priority_class = (int32_t)n;
	else
		c->session->waiter.offset = n * 1000;
}

static void
set_retries(struct lb_scene *c, const struct lb_rule *r)
{
	int64_t n;

	if (number_of(c, r, &n) && n >= 0)
		c->session->tries_left = (uint8_t)(n > 100 ? 100 : n);
}

/* False: what is tracked cannot be told yet. */
static bool
track(struct lb_scene *c, const struct lb_rule *r)
{
	struct lb_table *t = lb_tables_find(r->table);
	struct lb_value v;
	struct text key;

	c->waits = false;
	if (t == NULL || lb_tracking_find(c->session, r->slot) != NULL)
		return true;
	if (lb_sampling_get(c, r->expr, &v) &&
	    lb_tracking_key(c, t, &v, &key))
		lb_tracking_start(c->session, r->slot, t, key);
	return !c->waits;
}

static void
change_tracked(struct lb_scene *c, const struct lb_rule *r)
{
	const struct lb_track *t = lb_tracking_find(c->session, r->slot);
	int64_t now = loop_now(loop_here()), n;

	if (t == NULL)
		return;
	if (r->action->act == LB_ACT_INC_GPC)
		lb_tracking_count(t, r->index, 1, now, NULL);
	else if (number_of(c, r, &n) && r->action->act == LB_ACT_ADD_GPC)
		lb_tracking_count(t, r->index, n, now, NULL);
	else if (r->action->act == LB_ACT_SET_GPT && number_of(c, r, &n))
		lb_tracking_tag(t, r->index, (uint64_t)n, now);
}

/* The scene is the loop's only one: it is what it was when we return. */
static void
print_format(struct lb_scene *c, const struct lb_format *f, char *to,
    size_t room)
{
	const struct lb_proxy *proxy = c->proxy;
	struct text request = c->request, response = c->response;
	bool final = c->final, expects_proxy = c->expects_proxy;

	lb_record_format(c->session, NULL, f, to, room);
	c->proxy = proxy;
	c->request = request;
	c->response = response;
	c->final = final;
	c->expects_proxy = expects_proxy;
}

static void
set_variable(struct lb_scene *c, const struct lb_rule *r)
{
	char text[4096];
	struct lb_value v;

	if (r->action->act == LB_ACT_SET_VAR) {
		if (lb_sampling_get(c, r->expr, &v))
			lb_variables_set(c, r->name, &v,
			    lb_variables_when(r->text));
		return;
	}
	print_format(c, r->format, text, sizeof text);
	memset(&v, 0, sizeof v);
	v.type = LB_TYPE_STR;
	v.text = text_of(text);
	lb_variables_set(c, r->name, &v, lb_variables_when(r->text));
}

static void
capture(struct lb_scene *c, const struct lb_rule *r)
{
	struct lb_value v;

	if (!lb_sampling_get(c, r->expr, &v) || !lb_casting_text(c, &v))
		v.text = TEXT_NONE;
	if (strcmp(r->text, "len") == 0 && v.text.len > (size_t)r->number)
		v.text.len = (size_t)r->number;
	lb_fates_capture(c->session, v.text);
}

static void
set_server_option(struct lb_scene *c, const struct lb_rule *r)
{
	struct lb_fates *f = lb_fates_get(c->session);
	int64_t n;

	if (f == NULL || !number_of(c, r, &n))
		return;
	*(r->action->act == LB_ACT_SET_SERVER_MARK ? &f->mark : &f->tos) =
	    (int)n;
}

/* Those that change something and go on. */
static bool
carry_out(struct lb_scene *c, const struct lb_rule *r)
{
	struct lb_session *s = c->session;

	switch (r->action->act) {
	case LB_ACT_SET_SRC:
		set_address(c, r, &s->src, LB_FLOW_TOLD_SRC);
		break;
	case LB_ACT_SET_SRC_PORT:
		set_port(c, r, &s->src, LB_FLOW_TOLD_SRC);
		break;
	case LB_ACT_SET_DST:
		set_address(c, r, &s->dst, LB_FLOW_TOLD_DST);
		break;
	case LB_ACT_SET_DST_PORT:
		set_port(c, r, &s->dst, LB_FLOW_TOLD_DST);
		break;
	case LB_ACT_SET_MARK:
		set_option(c, r, SOL_SOCKET, SO_MARK);
		break;
	case LB_ACT_SET_TOS:
		set_tos(c, r);
		break;
	case LB_ACT_SET_PRIORITY_CLASS:
		set_priority(c, r, true);
		break;
	case LB_ACT_SET_PRIORITY_OFFSET:
		set_priority(c, r, false);
		break;
	case LB_ACT_SET_LOG_LEVEL:
		if (r->number < 0)
			s->flags |= LB_FLOW_SILENT;
		else
			s->log_level = (int8_t)r->number;
		break;
	case LB_ACT_SET_RETRIES:
		set_retries(c, r);
		break;
	case LB_ACT_EXPECT_PROXY:
		c->expects_proxy = true;
		break;
	case LB_ACT_INC_GPC:
	case LB_ACT_ADD_GPC:
	case LB_ACT_SET_GPT:
		change_tracked(c, r);
		break;
	case LB_ACT_SET_VAR:
	case LB_ACT_SET_VAR_FORMAT:
		set_variable(c, r);
		break;
	case LB_ACT_UNSET_VAR:
		lb_variables_unset(c, r->name);
		break;
	case LB_ACT_CAPTURE:
		capture(c, r);
		break;
	case LB_ACT_SET_SERVER_MARK:
	case LB_ACT_SET_SERVER_TOS:
		set_server_option(c, r);
		break;
	default:
		break;
	}
	return true;
}

/* True: the rule ends the evaluation by *sentence. */
static bool
is_final(const struct lb_rule *r, enum lb_sentence *sentence)
{
	switch (r->action->act) {
	case LB_ACT_ACCEPT:
		*sentence = LB_SENTENCE_GO;
		return true;
	case LB_ACT_REJECT:
		*sentence = LB_SENTENCE_REJECT;
		return true;
	case LB_ACT_CLOSE:
		*sentence = LB_SENTENCE_CLOSE;
		return true;
	case LB_ACT_SILENT_DROP:
		*sentence = LB_SENTENCE_DROP;
		return true;
	case LB_ACT_AUTH:
	case LB_ACT_RETURN:
	case LB_ACT_REDIRECT:
	case LB_ACT_TARPIT:
	case LB_ACT_METRICS:
		*sentence = LB_SENTENCE_ANSWER;
		return true;
	default:
		return false;
	}
}

/* ---- names that are asked for ------------------------------------------- */

enum { NAME_MOST = 255 };

static void (*judge_again)(struct lb_session *);

void
lb_judge_init(void (*again)(struct lb_session *))
{
	judge_again = again;
}

static void
on_told(void *arg, const struct address *a)
{
	struct lb_session *s = arg;
	struct endpoint *found = &s->fates->found;

	s->fates->lookup = NULL;
	if (a != NULL && a->sa.sa_family == AF_INET) {
		found->family = AF_INET;
		memcpy(found->ip, &a->in.sin_addr, 4);
	} else if (a != NULL && a->sa.sa_family == AF_INET6) {
		found->family = AF_INET6;
		memcpy(found->ip, &a->in6.sin6_addr, 16);
	}
	judge_again(s);
}

static void
ask_for_name(struct lb_scene *c, const struct lb_rule *r, struct lb_fates *f)
{
	struct lb_value v;

	f->asking = r;
	f->found.family = 0;
	if (lb_sampling_get(c, r->expr, &v) && lb_casting_text(c, &v) &&
	    v.text.len > 0 && v.text.len <= NAME_MOST)
		f->lookup = lb_lookup_begin(r->resolvers, v.text,
		    r->number != 0, on_told, c->session);
}

/* False: it is not told yet; then the rules go on from this one. */
static bool
resolve(struct lb_scene *c, const struct lb_rule *r)
{
	struct lb_fates *f = lb_fates_get(c->session);
	struct lb_value v;

	if (f == NULL || (f->asking != r && c->final))
		return true;
	if (f->asking != r)
		ask_for_name(c, r, f);
	if (f->lookup != NULL && !c->final)
		return false;
	lb_lookup_leave(&f->lookup);
	f->asking = NULL;
	if (f->found.family != 0) {
		v.type = f->found.family == AF_INET ? LB_TYPE_IPV4 :
		    LB_TYPE_IPV6;
		memcpy(v.ip, f->found.ip, sizeof v.ip);
		lb_variables_set(c, r->name, &v, 0);
	}
	return true;
}

/* Where the rules go on: behind those that have had their effect. */
static unsigned
find_first(const struct lb_scene *c, const struct lb_rule *const *rules,
    unsigned count)
{
	const struct lb_fates *f = c->session == NULL ? NULL :
	    c->session->fates;

	for (unsigned i = 0; f != NULL && f->asking != NULL && i < count; i++)
		if (rules[i] == f->asking)
			return i;
	return 0;
}

static bool
was_met(const struct lb_scene *c, const struct lb_rule *r)
{
	return r->action->act == LB_ACT_DO_RESOLVE && c->session != NULL &&
	    c->session->fates != NULL && c->session->fates->asking == r;
}

enum lb_sentence
lb_judge_list(struct lb_scene *c, const struct lb_rule *const *rules,
    unsigned count)
{
	enum lb_sentence sentence;
	int holds;

	for (unsigned i = find_first(c, rules, count); i < count; i++) {
		const struct lb_rule *r = rules[i];

		holds = was_met(c, r) ? 1 : lb_judge_cond(c, r->cond);
		if (holds < 0)
			return LB_SENTENCE_WAIT;
		if (holds == 0)
			continue;
		c->rule = r;
		if (is_final(r, &sentence))
			return sentence;
		c->used = 0;
		if (!(r->action->act == LB_ACT_TRACK ? track(c, r) :
		    r->action->act == LB_ACT_DO_RESOLVE ? resolve(c, r) :
		    carry_out(c, r)))
			return LB_SENTENCE_WAIT;
	}
	c->rule = NULL;
	return LB_SENTENCE_GO;
}

enum lb_sentence
lb_judge_rules(struct lb_scene *c, enum lb_ruleset which)
{
	const struct lb_proxy_conf *p = c->proxy->conf;

	return lb_judge_list(c,
	    (const struct lb_rule *const *)p->rules[which].at,
	    p->rules[which].count);
}

/* ---- where to ---------------------------------------------------------- */

static const char *
print_name(struct lb_scene *c, const struct lb_format *f, char *to,
    size_t room)
{
	print_format(c, f, to, room);
	return to;
}

static struct lb_proxy *
follow(struct lb_scene *c, const struct lb_switch_conf *s)
{
	char name[256];

	if (s->to != NULL)
		return lb_world_proxy(s->to);
	return s->format == NULL ? NULL :
	    lb_world_backend(print_name(c, s->format, name, sizeof name));
}

struct lb_proxy *
lb_judge_backend(struct lb_scene *c)
{
	const struct lb_proxy_conf *p = c->proxy->conf;
	struct lb_proxy *to = NULL;

	for (unsigned i = 0; i < p->switches.count && to == NULL; i++)
		if (lb_judge_cond(c, p->switches.at[i]->cond) == 1)
			to = follow(c, p->switches.at[i]);
	if (to == NULL && p->default_backend != NULL)
		to = follow(c, p->default_backend);
	return to;
}

static bool
can_serve(struct lb_server *s)
{
	bool yes;

	if (s == NULL)
		return false;
	lb_proxy_lock(s->proxy);
	yes = lb_server_reachable(s);
	lb_proxy_unlock(s->proxy);
	return yes;
}

struct lb_server *
lb_judge_server(struct lb_scene *c)
{
	const struct lb_proxy_conf *p = c->proxy->conf;
	struct lb_server *to;
	char name[256];

	for (unsigned i = 0; i < p->use_servers.count; i++) {
		const struct lb_use_server_conf *u = p->use_servers.at[i];

		if (lb_judge_cond(c, u->cond) != 1)
			continue;
		to = u->to != NULL ? lb_world_server(u->to) :
		    lb_proxy_server(c->proxy, print_name(c, u->format, name,
		    sizeof name));
		if (can_serve(to))
			return to;
	}
	return NULL;
}
