/* SPDX-License-Identifier: ISC */
/*
 * data.h - the text of keepalived.data: everything there is, line by line, in
 * the words that monitoring scripts look for. Pure; one thread.
 */
#ifndef WEIR_VRRP_DATA_H
#define WEIR_VRRP_DATA_H

#include "stat/sheet.h"
#include "vrrp/view.h"

void	vr_data_put(struct sheet *, const struct vr_view *);
/* A route and a rule as the dumps have them. */
void	vr_data_route(struct sheet *, const struct vr_route_conf *);
void	vr_data_rule(struct sheet *, const struct vr_rule_conf *);

#endif
