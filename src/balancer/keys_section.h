/* SPDX-License-Identifier: ISC */
/*
 * keys_section.h - keywords of resolvers, userlist and peers sections.
 * Constant; any thread.
 */
#ifndef WEIR_BALANCER_KEYS_SECTION_H
#define WEIR_BALANCER_KEYS_SECTION_H

#include "balancer/key.h"

extern const struct lb_key lb_keys_section_resolvers[];
extern const struct lb_key lb_keys_section_userlist[];
extern const struct lb_key lb_keys_section_peers[];

struct lb_resolvers_conf *lb_keys_section_usual(struct lb_parse *);

#endif
