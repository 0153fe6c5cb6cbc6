/* SPDX-License-Identifier: ISC */
/*
 * judge.h - conditions and rules applied to a session: what its sections say
 * about it, where it goes. On the session's loop.
 */
#ifndef WEIR_BALANCER_JUDGE_H
#define WEIR_BALANCER_JUDGE_H

#include "balancer/sampling.h"

enum lb_sentence {
	LB_SENTENCE_GO,		/* no rule was against it */
	LB_SENTENCE_WAIT,	/* more bytes are needed */
	LB_SENTENCE_REJECT,	/* as the ruleset does it */
	LB_SENTENCE_CLOSE,	/* in order */
	LB_SENTENCE_DROP,	/* without a word to the client */
	LB_SENTENCE_ANSWER	/* as scene->rule says */
};

/* At start: whom to call when a rule that waited has been told. */
void	lb_judge_init(void (*again)(struct lb_session *));
/* 1, 0; -1: not yet. */
int	lb_judge_cond(struct lb_scene *, const struct lb_cond *);
enum lb_sentence lb_judge_rules(struct lb_scene *, enum lb_ruleset);
enum lb_sentence lb_judge_list(struct lb_scene *,
	    const struct lb_rule *const *, unsigned count);
/* By use_backend and default_backend; NULL: none. */
struct lb_proxy *lb_judge_backend(struct lb_scene *);
/* By use-server; NULL: none. */
struct lb_server *lb_judge_server(struct lb_scene *);

#endif
