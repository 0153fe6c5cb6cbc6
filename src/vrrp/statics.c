/* SPDX-License-Identifier: ISC */
/* statics.c - a flag for each static route and rule that a group tracks. */
#include <linux/rtnetlink.h>

#include <libmnl/libmnl.h>

#include "base/mem.h"
#include "vrrp/address.h"
#include "vrrp/route.h"
#include "vrrp/rule.h"
#include "vrrp/statics.h"

struct vr_statics {
	const struct vr_config *config;
	bool *routes, *rules;		/* gone; in the file's order */
};

struct vr_statics *
vr_statics_new(const struct vr_config *config)
{
	struct vr_statics *s = mem_zero(sizeof *s);

	if (s == NULL)
		return NULL;
	s->config = config;
	s->routes = mem_zero(config->routes.count + 1);
	s->rules = mem_zero(config->rules.count + 1);
	if (s->routes == NULL || s->rules == NULL)
		vr_statics_free(&s);
	return s;
}

void
vr_statics_free(struct vr_statics **sp)
{
	struct vr_statics *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	mem_drop(s->routes);
	mem_drop(s->rules);
	mem_drop(s);
}

bool
vr_statics_hear(struct vr_statics *s, const struct nlmsghdr *h)
{
	const struct vr_config *c = s->config;
	bool gone = h->nlmsg_type == RTM_DELROUTE ||
	    h->nlmsg_type == RTM_DELRULE, known = false;

	for (unsigned i = 0; i < c->routes.count; i++)
		if (c->routes.at[i]->group != NULL &&
		    vr_route_is(c->routes.at[i], h, true)) {
			s->routes[i] = gone;
			known = true;
		}
	for (unsigned i = 0; i < c->rules.count; i++)
		if (c->rules.at[i]->group != NULL &&
		    vr_rule_is(c->rules.at[i], h, true)) {
			s->rules[i] = gone;
			known = true;
		}
	return known;
}

static bool
has_member(const struct vr_track_group *g, const struct vr_instance_conf *c)
{
	for (unsigned i = 0; g != NULL && i < g->members.count; i++)
		if (g->members.at[i] == c)
			return true;
	return false;
}

static bool
is_there(const struct vr_links *links, const struct vr_address_conf *a)
{
	return vr_link_find(vr_links_by_name(links, vr_address_dev(a, NULL)),
	    &a->ip) != NULL;
}

const char *
vr_statics_missing(const struct vr_statics *s, const struct vr_links *links,
    const struct vr_instance_conf *of)
{
	const struct vr_config *c = s->config;

	for (unsigned i = 0; i < c->addresses.count; i++)
		if (has_member(c->addresses.at[i]->group, of) &&
		    !is_there(links, c->addresses.at[i]))
			return c->addresses.at[i]->group->name;
	for (unsigned i = 0; i < c->routes.count; i++)
		if (s->routes[i] && has_member(c->routes.at[i]->group, of))
			return c->routes.at[i]->group->name;
	for (unsigned i = 0; i < c->rules.count; i++)
		if (s->rules[i] && has_member(c->rules.at[i]->group, of))
			return c->rules.at[i]->group->name;
	return NULL;
}
