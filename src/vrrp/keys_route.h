/* SPDX-License-Identifier: ISC */
/*
 * keys_route.h - lines of virtual_routes, static_routes, virtual_rules,
 * static_rules, in the words of iproute2. One thread.
 */
#ifndef WEIR_VRRP_KEYS_ROUTE_H
#define WEIR_VRRP_KEYS_ROUTE_H

#include "vrrp/parse.h"

/* The statement as a route, a rule; NULL: skipped, and said why. */
struct vr_route_conf *vr_keys_route_read(struct vr_parse *, bool is_static);
struct vr_rule_conf *vr_keys_route_rule(struct vr_parse *, bool is_static);

#endif
