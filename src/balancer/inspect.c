/* SPDX-License-Identifier: ISC */
/* inspect.c - tcp-response rules carried out. On the session's loop. */
#include "balancer/door.h"
#include "balancer/fates.h"
#include "balancer/inspect.h"
#include "balancer/judge.h"
#include "balancer/pipe.h"
#include "balancer/reasons.h"
#include "balancer/world.h"
#include "base/mem.h"

static void (*end_session)(struct lb_session *, const struct lb_end *);
static void (*on_passed)(struct lb_session *);

void
lb_inspect_init(void (*end)(struct lb_session *, const struct lb_end *),
    void (*passed)(struct lb_session *))
{
	end_session = end;
	on_passed = passed;
}

static struct text
held_answer(const struct lb_session *s)
{
	const struct lb_hold *h = s->fates == NULL ? NULL : s->fates->answer;

	return h == NULL ? TEXT_NONE : (struct text){ h->at, h->len };
}

static void
refuse(struct lb_session *s)
{
	lb_counts_add(s->front->front, LB_COUNT_DRESP, 1);
	lb_counts_add(s->backend->back, LB_COUNT_DRESP, 1);
	if (s->server != NULL)
		lb_counts_add(s->server->counts, LB_COUNT_DRESP, 1);
	lb_counts_add(s->door->counts, LB_COUNT_DRESP, 1);
	end_session(s, &lb_end_rule);
}

int
lb_inspect_keep(struct lb_session *s, struct text t)
{
	struct lb_fates *f = lb_fates_get(s);
	uint32_t len, need;
	struct lb_hold *h;

	if (f == NULL)
		return -1;
	len = f->answer == NULL ? 0 : f->answer->len;
	need = len + (uint32_t)t.len;
	h = f->answer;
	if (h == NULL || h->room < need) {
		h = mem_grow(h, sizeof *h + need);
		if (h == NULL)
			return -1;
		h->room = need;
		h->len = len;
		f->answer = h;
	}
	memcpy(h->at + len, t.at, t.len);
	h->len = need;
	return 0;
}

/* What was held goes its way, and all that comes behind it. */
void
lb_inspect_release(struct lb_session *s)
{
	struct lb_hold *h = s->fates == NULL ? NULL : s->fates->answer;

	if (h == NULL)
		return;
	s->fates->answer = NULL;
	lb_pipe_answer(s, (struct text){ h->at, h->len });
	mem_drop(h);
}

static void
let_through(struct lb_session *s)
{
	s->flags &= ~(uint32_t)LB_FLOW_INSPECTS;
	on_passed(s);
	lb_pipe_answer(s, TEXT_NONE);
	lb_inspect_release(s);
}

static bool
is_final(const struct lb_session *s)
{
	return s->backend->conf->response_delay <= 0 ||
	    (s->flags & LB_FLOW_SERVER_EOF) ||
	    held_answer(s).len >= lb_world()->setup->global.bufsize;
}

/* False: it waits, or has ended. */
static bool
judge(struct lb_session *s, bool final)
{
	struct lb_scene *c = lb_sampling_scene(s, s->backend);
	enum lb_sentence sentence;

	c->response = held_answer(s);
	c->final = final;
	sentence = lb_judge_rules(c, LB_RULES_RESPONSE);
	if (sentence == LB_SENTENCE_GO)
		return true;
	if (sentence == LB_SENTENCE_CLOSE) {	/* what it said still counts */
		let_through(s);
		end_session(s, &lb_end_normal);
	} else if (sentence != LB_SENTENCE_WAIT)
		refuse(s);
	return false;
}

/* ---- the server while it is judged ------------------------------------- */

static void
on_data(struct conn *c, struct text t)
{
	struct lb_session *s = conn_owner(c);

	if (t.len > 0 && lb_inspect_keep(s, t) < 0)
		end_session(s, &lb_end_resource);
	else if (judge(s, is_final(s)))
		let_through(s);
}

static void
on_eof(struct conn *c)
{
	struct lb_session *s = conn_owner(c);

	if (!judge(s, true))
		return;
	let_through(s);
	lb_pipe_answer_ended(s);
}

static void
on_closed(struct conn *c, const struct close_reason *why)
{
	struct lb_session *s = conn_owner(c);

	s->server_conn = NULL;
	end_session(s, why == &close_memory ? &lb_end_resource :
	    &lb_end_server);
}

static const struct conn_handler inspect_handler = {
	.data = on_data,
	.eof = on_eof,
	.closed = on_closed,
};

void
lb_inspect_start(struct lb_session *s)
{
	s->flags |= LB_FLOW_INSPECTS;
	conn_hand_to(s->server_conn, &inspect_handler, s);
	if (judge(s, is_final(s)))
		let_through(s);
}

void
lb_inspect_late(struct lb_session *s)
{
	if (judge(s, true))
		let_through(s);
}
