/* SPDX-License-Identifier: ISC */
/* hold.c - what a master has on the host, on and off and put back. */
#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "vrrp/address.h"
#include "vrrp/hold.h"
#include "vrrp/route.h"
#include "vrrp/rule.h"
#include "vrrp/say.h"

#define PATIENCE (10 * CLOCK_SECOND)

/* The same lists, whether an instance has them or the file itself. */
struct set {
	const struct vr_instance_conf *of;	/* NULL: static ones */
	struct vr_address_conf **lists[2];
	unsigned counts[2];
	struct vr_route_conf **routes;
	unsigned route_count;
	struct vr_rule_conf **rules;
	unsigned rule_count;
};

static struct set
set_of(const struct vr_instance_conf *of)
{
	return (struct set){
		.of = of,
		.lists = { of->addresses.at, of->excluded.at },
		.counts = { of->addresses.count, of->excluded.count },
		.routes = of->routes.at, .route_count = of->routes.count,
		.rules = of->rules.at, .rule_count = of->rules.count
	};
}

static struct set
set_of_statics(const struct vr_config *config)
{
	return (struct set){
		.lists = { config->addresses.at },
		.counts = { config->addresses.count },
		.routes = config->routes.at,
		.route_count = config->routes.count,
		.rules = config->rules.at, .rule_count = config->rules.count
	};
}

static unsigned
count_addresses(const struct set *s)
{
	return s->counts[0] + s->counts[1];
}

static const struct vr_address_conf *
address_at(const struct set *s, unsigned i)
{
	return i < s->counts[0] ? s->lists[0][i] :
	    s->lists[1][i - s->counts[0]];
}

static const char *
print_ip(const struct prefix *p, char to[INET6_ADDRSTRLEN])
{
	return inet_ntop(p->family, p->ip, to, INET6_ADDRSTRLEN);
}

/* ---- on and off */

static void
add_address(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_address_conf *a, const struct vr_instance_conf *of)
{
	unsigned index = vr_address_index(links, a, of);
	const char *dev = vr_address_dev(a, of);
	char ip[INET6_ADDRSTRLEN];

	if (index != 0)
		vr_address_add(nl, a, index);
	else
		vr_say_error("cannot add address %s: there is no interface "
		    "%s", print_ip(&a->ip, ip), dev == NULL ? "" : dev);
}

static void
drop_address(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_address_conf *a, const struct vr_instance_conf *of)
{
	unsigned index = vr_address_index(links, a, of);

	if (index != 0)
		vr_address_drop(nl, a, index);
}

static void
add_all(struct vr_netlink *nl, const struct vr_links *links,
    const struct set *s)
{
	for (unsigned i = 0; i < count_addresses(s); i++)
		add_address(nl, links, address_at(s, i), s->of);
	for (unsigned i = 0; i < s->route_count; i++)
		vr_route_add(nl, links, s->routes[i], s->of);
	for (unsigned i = 0; i < s->rule_count; i++)
		vr_rule_add(nl, s->rules[i]);
}

static void
drop_all(struct vr_netlink *nl, const struct vr_links *links,
    const struct set *s)
{
	for (unsigned i = 0; i < s->rule_count; i++)
		vr_rule_drop(nl, s->rules[i]);
	for (unsigned i = 0; i < s->route_count; i++)
		vr_route_drop(nl, links, s->routes[i], s->of);
	for (unsigned i = 0; i < count_addresses(s); i++)
		drop_address(nl, links, address_at(s, i), s->of);
}

void
vr_hold_take(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *of)
{
	struct set s = set_of(of);

	add_all(nl, links, &s);
}

void
vr_hold_leave(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *of)
{
	struct set s = set_of(of);

	drop_all(nl, links, &s);
}

static bool
is_there(const struct vr_links *links, const struct vr_address_conf *a,
    const struct vr_instance_conf *of)
{
	return vr_link_find(vr_links_by_name(links, vr_address_dev(a, of)),
	    &a->ip) != NULL;
}

void
vr_hold_clean(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *of)
{
	struct set s = set_of(of);
	char ip[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < s.rule_count; i++)
		vr_rule_drop(nl, s.rules[i]);
	for (unsigned i = 0; i < s.route_count; i++)
		vr_route_drop(nl, links, s.routes[i], of);
	for (unsigned i = 0; i < count_addresses(&s); i++) {
		const struct vr_address_conf *a = address_at(&s, i);

		if (links != NULL && !is_there(links, a, of))
			continue;
		if (links != NULL)
			vr_say_info("(%s) removing address %s, left on %s",
			    of->name, print_ip(&a->ip, ip),
			    vr_address_dev(a, of));
		drop_address(nl, links, a, of);
	}
}

/* ---- a reload */

static bool
is_same_net(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && (a->family == 0 ||
	    (a->bits == b->bits && memcmp(a->ip, b->ip,
	    a->family == AF_INET ? 4 : 16) == 0));
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What the kernel knows an address by, and what it never changes on one. */
static bool
is_same_address(const struct vr_address_conf *a, const char *a_dev,
    const struct vr_address_conf *b, const char *b_dev)
{
	return is_same_net(&a->ip, &b->ip) && is_same_net(&a->peer,
	    &b->peer) && is_same_text(a_dev, b_dev) &&
	    is_same_text(a->label, b->label) && a->scope == b->scope &&
	    is_same_net(&a->broadcast, &b->broadcast);
}

static const struct vr_address_conf *
find_address(const struct set *s, const struct vr_address_conf *like,
    const struct vr_instance_conf *of)
{
	const char *dev = vr_address_dev(like, of);

	for (unsigned i = 0; i < count_addresses(s); i++) {
		const struct vr_address_conf *a = address_at(s, i);

		if (is_same_address(a, vr_address_dev(a, s->of), like, dev))
			return a;
	}
	return NULL;
}

static bool
is_same_dress(const struct vr_address_conf *a,
    const struct vr_address_conf *b)
{
	return a->home == b->home && a->mngtmpaddr == b->mngtmpaddr &&
	    a->noprefixroute == b->noprefixroute &&
	    a->preferred_lft == b->preferred_lft;
}

/* Routes and rules without a device of their own move with the instance. */
static bool
is_same_home(const struct set *a, const struct set *b)
{
	return a->of == NULL || b->of == NULL ||
	    (is_same_text(a->of->interface, b->of->interface) &&
	    a->of->vmac.on == b->of->vmac.on &&
	    is_same_text(a->of->vmac.name, b->of->vmac.name));
}

static bool
has_route(const struct set *s, const struct vr_route_conf *like)
{
	for (unsigned i = 0; i < s->route_count; i++)
		if (strcmp(s->routes[i]->text, like->text) == 0)
			return true;
	return false;
}

static bool
has_rule(const struct set *s, const struct vr_rule_conf *like)
{
	for (unsigned i = 0; i < s->rule_count; i++)
		if (s->rules[i]->family == like->family &&
		    strcmp(s->rules[i]->text, like->text) == 0)
			return true;
	return false;
}

static void
change(struct vr_netlink *nl, const struct vr_links *links,
    const struct set *old, const struct set *now)
{
	bool moved = !is_same_home(old, now);
	const struct vr_address_conf *a, *was;

	for (unsigned i = 0; i < old->rule_count; i++)
		if (!has_rule(now, old->rules[i]))
			vr_rule_drop(nl, old->rules[i]);
	for (unsigned i = 0; i < old->route_count; i++)
		if (moved || !has_route(now, old->routes[i]))
			vr_route_drop(nl, links, old->routes[i], old->of);
	for (unsigned i = 0; i < count_addresses(old); i++) {
		a = address_at(old, i);
		if (find_address(now, a, old->of) == NULL)
			drop_address(nl, links, a, old->of);
	}
	for (unsigned i = 0; i < count_addresses(now); i++) {
		a = address_at(now, i);
		was = find_address(old, a, now->of);
		if (was == NULL || !is_same_dress(was, a))
			add_address(nl, links, a, now->of);
	}
	for (unsigned i = 0; i < now->route_count; i++)
		if (moved || !has_route(old, now->routes[i]))
			vr_route_add(nl, links, now->routes[i], now->of);
	for (unsigned i = 0; i < now->rule_count; i++)
		if (!has_rule(old, now->rules[i]))
			vr_rule_add(nl, now->rules[i]);
}

void
vr_hold_change(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *old, const struct vr_instance_conf *now)
{
	struct set was = set_of(old), is = set_of(now);

	change(nl, links, &was, &is);
}

/* ---- put back */

/* The third within the patience: somebody means it. */
static bool
is_too_often(struct vr_hold_losses *losses, int64_t now)
{
	bool often = losses->at[0] != 0 && now - losses->at[0] < PATIENCE;

	losses->at[0] = often ? 0 : losses->at[1];
	losses->at[1] = often ? 0 : now;
	losses->restored += !often;
	return often;
}

static void
tell_loss(const struct vr_instance_conf *of, const struct vr_address_conf *a,
    bool given_up)
{
	char ip[INET6_ADDRSTRLEN];

	vr_say_info("(%s) Netlink reflector reports IP %s removed from %s%s",
	    of->name, print_ip(&a->ip, ip), vr_address_dev(a, of), given_up ?
	    ", the third time within 10 seconds: giving up" : ", put back");
}

enum vr_hold_lost
vr_hold_look(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *of, struct vr_hold_losses *losses,
    int64_t now, const struct vr_address_conf **missing, unsigned most,
    unsigned *count)
{
	struct set s = set_of(of);
	bool asked = false, often = false;

	*count = 0;
	for (unsigned i = 0; i < count_addresses(&s); i++) {
		const struct vr_address_conf *a = address_at(&s, i);
		const struct vr_link *l = vr_links_by_name(links,
		    vr_address_dev(a, of));

		if (a->no_track || !vr_link_is_up(l) ||
		    vr_link_find(l, &a->ip) != NULL)
			continue;
		often = asked ? often : is_too_often(losses, now);
		asked = true;
		tell_loss(of, a, often);
		if (often)
			return VR_HOLD_GIVEN_UP;
		vr_address_add(nl, a, l->index);
		if (*count < most)
			missing[(*count)++] = a;
	}
	/* Routes that came from the address went with it. */
	for (unsigned i = 0; asked && i < s.route_count; i++)
		vr_route_add(nl, links, s.routes[i], of);
	return asked ? VR_HOLD_RESTORED : VR_HOLD_WHOLE;
}

static bool
is_of(const struct set *s, const struct nlmsghdr *h,
    const struct vr_route_conf **route, const struct vr_rule_conf **rule)
{
	*route = NULL;
	*rule = NULL;
	for (unsigned i = 0; i < s->route_count && *route == NULL; i++)
		if (!s->routes[i]->no_track && vr_route_is(s->routes[i], h,
		    false))
			*route = s->routes[i];
	for (unsigned i = 0; i < s->rule_count && *rule == NULL; i++)
		if (!s->rules[i]->no_track && vr_rule_is(s->rules[i], h,
		    false))
			*rule = s->rules[i];
	return *route != NULL || *rule != NULL;
}

enum vr_hold_lost
vr_hold_heard(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *of, struct vr_hold_losses *losses,
    int64_t now, const struct nlmsghdr *h)
{
	struct set s = set_of(of);
	const struct vr_route_conf *route;
	const struct vr_rule_conf *rule;
	bool often;

	if (!is_of(&s, h, &route, &rule) || (of->interface != NULL &&
	    !vr_link_is_up(vr_links_by_name(links, of->interface))))
		return VR_HOLD_WHOLE;
	often = is_too_often(losses, now);
	vr_say_info("(%s) %s %s was deleted%s", of->name, route != NULL ?
	    "route" : "rule", route != NULL ? route->text : rule->text,
	    often ? " for the third time within 10 seconds: giving up" :
	    ", put back");
	if (often)
		return VR_HOLD_GIVEN_UP;
	if (route != NULL)
		vr_route_add(nl, links, route, of);
	else
		vr_rule_add(nl, rule);
	return VR_HOLD_RESTORED;
}

/* ---- static ones */

void
vr_hold_statics(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_config *config)
{
	struct set s = set_of_statics(config);

	add_all(nl, links, &s);
}

void
vr_hold_end_statics(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_config *config)
{
	struct set s = set_of_statics(config);

	drop_all(nl, links, &s);
}

void
vr_hold_change_statics(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_config *old, const struct vr_config *now)
{
	struct set was = set_of_statics(old), is = set_of_statics(now);

	change(nl, links, &was, &is);
}
