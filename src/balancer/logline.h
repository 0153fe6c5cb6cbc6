/* SPDX-License-Identifier: ISC */
/*
 * logline.h - reads "log <target> [len L] [format F] [sample R:S] <facility>
 * [max [min]]". What is read belongs to the setup. One thread.
 */
#ifndef WEIR_BALANCER_LOGLINE_H
#define WEIR_BALANCER_LOGLINE_H

#include "balancer/parse.h"

/* The words from at on, behind "log"; NULL: told. */
const struct lb_log_conf *lb_logline_read(struct lb_parse *,
	    const struct lb_words *, unsigned at);

#endif
