/* SPDX-License-Identifier: ISC */
/*
 * fetch_answer.h - fetches of an HTTP answer: the one that a check received.
 * For the table in sampling.c; constant. Loop 0.
 */
#ifndef WEIR_BALANCER_FETCH_ANSWER_H
#define WEIR_BALANCER_FETCH_ANSWER_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_fetch_answer_rows[];

#endif
