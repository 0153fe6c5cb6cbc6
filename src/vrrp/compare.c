/* SPDX-License-Identifier: ISC */
/* compare.c - before and after, one node and the other; see compare.h. One thread. */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "vrrp/compare.h"
#include "vrrp/explain.h"

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_ip(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && (a->family == 0 || (a->bits ==
	    b->bits && memcmp(a->ip, b->ip, sizeof a->ip) == 0));
}

bool
vr_compare_same_router(const struct vr_instance_conf *a,
    const struct vr_instance_conf *b)
{
	return a->vrid == b->vrid && a->family == b->family &&
	    a->unicast == b->unicast && a->vmac.on == b->vmac.on && same_text(a->interface,
	    b->interface) && (a->unicast ? same_ip(&a->source, &b->source) :
	    same_ip(&a->group_address, &b->group_address));
}

/* ---- a reload */

/* Routers by what makes them one, and by their name besides. */
struct routers {
	struct arena *arena;
	struct names named, first;
};

static struct text
identify(struct arena *arena, const struct vr_instance_conf *i,
    const char *name)
{
	const struct prefix *ip = i->unicast ? &i->source : &i->group_address;

	return text_of(arena_print(arena, "%u %u %d %d %s %s %s %s", i->vrid,
	    i->family, i->unicast, i->vmac.on, i->interface == NULL ? "*" :
	    i->interface, ip->family == 0 ? "*" : vr_explain_ip(arena, ip),
	    name == NULL ? "" : "named", name == NULL ? "" : name));
}

static void
list_routers(struct routers *r, const struct vr_config *c)
{
	for (unsigned i = 0; i < c->instances.count; i++) {
		struct vr_instance_conf *x = c->instances.at[i];

		names_keep(&r->named, r->arena, identify(r->arena, x,
		    x->name), x);
		names_keep(&r->first, r->arena, identify(r->arena, x, NULL),
		    x);
	}
}

/* That of the same name, where there are several. */
static const struct vr_instance_conf *
find_router(struct routers *r, const struct vr_instance_conf *like)
{
	const struct vr_instance_conf *found = names_find(&r->named,
	    identify(r->arena, like, like->name));

	return found != NULL ? found : names_find(&r->first,
	    identify(r->arena, like, NULL));
}

static bool
same_script(const struct vr_script_conf *a, const struct vr_script_conf *b)
{
	return same_text(a->program->text, b->program->text) &&
	    a->program->uid == b->program->uid && a->program->gid ==
	    b->program->gid && same_text(a->program->disabled,
	    b->program->disabled) && a->interval == b->interval &&
	    a->timeout == b->timeout && a->rise == b->rise &&
	    a->fall == b->fall;
}

static bool
same_targets(const struct vr_track_list *a, const struct vr_track_list *b)
{
	for (unsigned i = 0; i < a->count && i < b->count; i++)
		if (a->at[i]->kind == VR_TRACK_SCRIPT && b->at[i]->kind ==
		    VR_TRACK_SCRIPT && !same_script(a->at[i]->script,
		    b->at[i]->script))
			return false;
	return a->count == b->count;
}

static bool
same_instance(struct arena *arena, const struct vr_instance_conf *a,
    const struct vr_instance_conf *b)
{
	return strcmp(vr_explain_instance(arena, a), vr_explain_instance(arena,
	    b)) == 0 && same_targets(&a->tracks, &b->tracks) &&
	    (a->group == NULL) == (b->group == NULL) &&
	    (a->group == NULL || same_text(a->group->name, b->group->name));
}

struct visitor {
	void (*visit)(void *arg, enum vr_compare_kind,
	    const struct vr_instance_conf *, const struct vr_instance_conf *);
	void *arg;
};

static void
visit_all(struct arena *arena, const struct vr_config *before,
    const struct vr_config *after, const struct visitor *v)
{
	struct routers old = { .arena = arena }, new = { .arena = arena };

	list_routers(&old, before);
	list_routers(&new, after);
	for (unsigned i = 0; i < after->instances.count; i++) {
		const struct vr_instance_conf *now = after->instances.at[i];
		const struct vr_instance_conf *was = find_router(&old, now);

		v->visit(v->arg, was == NULL ? VR_COMPARE_ADDED :
		    same_instance(arena, was, now) ? VR_COMPARE_SAME :
		    VR_COMPARE_CHANGED, was, now);
	}
	for (unsigned i = 0; i < before->instances.count; i++)
		if (find_router(&new, before->instances.at[i]) == NULL)
			v->visit(v->arg, VR_COMPARE_REMOVED,
			    before->instances.at[i], NULL);
}

/* Without memory they are not told. */
void
vr_compare_instances(const struct vr_config *before,
    const struct vr_config *after, void (*visit)(void *arg,
    enum vr_compare_kind, const struct vr_instance_conf *,
    const struct vr_instance_conf *), void *arg)
{
	const struct visitor v = { visit, arg };
	struct arena *arena = arena_new(), *dead = arena;
	jmp_buf escape;

	if (arena == NULL)
		return;
	arena_escape(arena, &escape);
	if (setjmp(escape) == 0)
		visit_all(arena, before, after, &v);
	arena_free(&dead);
}

static const char *
find_new_error(struct arena *arena, const struct vr_config *before,
    const struct vr_config *after)
{
	struct names known = { .count = 0 };

	for (unsigned i = 0; i < before->errors.count; i++)
		names_put(&known, arena, text_of(before->errors.at[i]),
		    arena);
	for (unsigned i = 0; i < after->errors.count; i++)
		if (names_find(&known, text_of(after->errors.at[i])) == NULL)
			return after->errors.at[i];
	return NULL;
}

const char *
vr_compare_new_error(const struct vr_config *before,
    const struct vr_config *after)
{
	struct arena *arena = arena_new(), *dead = arena;
	const char *volatile found = "out of memory";
	jmp_buf escape;

	if (arena == NULL)
		return found;
	arena_escape(arena, &escape);
	if (setjmp(escape) == 0)
		found = find_new_error(arena, before, after);
	arena_free(&dead);
	return found;
}

unsigned
vr_compare_fixed(const struct vr_config *before,
    const struct vr_config *after, void (*visit)(void *arg,
    const char *name), void *arg)
{
	const struct vr_global_conf *a = &before->global, *b = &after->global;
	const struct { const char *name; bool same; } rows[] = {
		{ "instance", same_text(a->instance, b->instance) },
		{ "net_namespace", same_text(a->namespace, b->namespace) },
		{ "nftables table", same_text(a->nftables, b->nftables) },
		{ "disable_local_igmp", a->disable_local_igmp ==
		    b->disable_local_igmp },
	};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!rows[i].same) {
			visit(arg, rows[i].name);
			n++;
		}
	return n;
}

/* ---- two nodes */

struct pair {
	FILE *to;
	const struct vr_instance_conf *one, *other;
	struct arena *arena;
	unsigned broken;
};

static void
differ(struct pair *p, bool breaks, const char *what, const char *one,
    const char *other)
{
	fprintf(p->to, "VRID %u (%s, %s): %s: %s here, %s there%s\n",
	    p->one->vrid, p->one->name, p->other->name, what, one, other,
	    breaks ? " - the pair cannot work" : "");
	p->broken += breaks;
}

static const char *
number(struct pair *p, unsigned n)
{
	return arena_print(p->arena, "%u", n);
}

static const char *
addresses(struct pair *p, const struct vr_instance_conf *i)
{
	const char *all = "";

	for (unsigned n = 0; n < i->addresses.count; n++)
		all = arena_print(p->arena, "%s%s%s", all, n == 0 ? "" : " ",
		    vr_explain_ip(p->arena, &i->addresses.at[n]->ip));
	return all[0] == '\0' ? "none" : all;
}

static bool
has_address(const struct vr_instance_conf *i, const struct prefix *ip)
{
	for (unsigned n = 0; n < i->addresses.count; n++)
		if (memcmp(i->addresses.at[n]->ip.ip, ip->ip,
		    sizeof ip->ip) == 0)
			return true;
	return false;
}

static void
compare_addresses(struct pair *p)
{
	const struct vr_instance_conf *a = p->one, *b = p->other;
	bool same = a->addresses.count == b->addresses.count;
	bool order = false;

	for (unsigned n = 0; same && n < a->addresses.count; n++) {
		same = has_address(b, &a->addresses.at[n]->ip);
		order |= same && memcmp(a->addresses.at[n]->ip.ip,
		    b->addresses.at[n]->ip.ip,
		    sizeof a->addresses.at[n]->ip.ip) != 0;
	}
	if (!same)
		differ(p, true, "virtual_ipaddress", addresses(p, a),
		    addresses(p, b));
	else if (order)
		differ(p, false, "order of virtual_ipaddress",
		    addresses(p, a), addresses(p, b));
}

static void
compare_auth(struct pair *p)
{
	const struct vr_instance_conf *a = p->one, *b = p->other;

	if (a->auth != b->auth)
		differ(p, true, "authentication", a->auth == VR_AUTH_PASS ?
		    "PASS" : "none", b->auth == VR_AUTH_PASS ? "PASS" :
		    "none");
	else if (a->auth == VR_AUTH_PASS && memcmp(a->password, b->password,
	    sizeof a->password) != 0)
		differ(p, true, "auth_pass", "one", "another");
}

static void
compare_kind(struct pair *p)
{
	const struct vr_instance_conf *a = p->one, *b = p->other;

	if (a->unicast != b->unicast)
		differ(p, true, "kind", a->unicast ? "unicast" : "multicast",
		    b->unicast ? "unicast" : "multicast");
	else if (!a->unicast && !same_ip(&a->group_address,
	    &b->group_address))
		differ(p, true, "multicast group", vr_explain_ip(p->arena,
		    &a->group_address), vr_explain_ip(p->arena,
		    &b->group_address));
}

/* A source that is said must be a peer of the other. */
static void
compare_peers(struct pair *p, const struct vr_instance_conf *a,
    const struct vr_instance_conf *b)
{
	bool known = a->source.family == 0 || !a->unicast || !b->unicast;

	for (unsigned n = 0; !known && n < b->peers.count; n++)
		known = same_ip(&a->source, &b->peers.at[n]->ip);
	if (!known)
		differ(p, true, a == p->one ? "unicast_peer of the other "
		    "node" : "unicast_peer of this node", "the source",
		    arena_print(p->arena, "%s is missing",
		    vr_explain_ip(p->arena, &a->source)));
}

static void
compare_pair(struct pair *p)
{
	const struct vr_instance_conf *a = p->one, *b = p->other;

	if (a->version != b->version)
		differ(p, true, "version", number(p, a->version),
		    number(p, b->version));
	if (a->advert_int != b->advert_int)
		differ(p, a->version == 2, "advert_int", arena_print(p->arena,
		    "%.6g s", (double)a->advert_int / 1e6),
		    arena_print(p->arena, "%.6g s", (double)b->advert_int /
		    1e6));
	compare_auth(p);
	compare_kind(p);
	compare_peers(p, a, b);
	compare_peers(p, b, a);
	compare_addresses(p);
	if (a->v3_checksum_as_v2 != b->v3_checksum_as_v2 && a->version == 3)
		differ(p, true, "v3_checksum_as_v2", a->v3_checksum_as_v2 ?
		    "on" : "off", b->v3_checksum_as_v2 ? "on" : "off");
	if (a->priority == b->priority)
		differ(p, false, "equal priorities, the higher address wins",
		    number(p, a->priority), number(p, b->priority));
	if (a->nopreempt != b->nopreempt)
		differ(p, false, "preemption", a->nopreempt ? "nopreempt" :
		    "preempt", b->nopreempt ? "nopreempt" : "preempt");
}

/* ---- who is whose peer: VRID and family, of several the one of that name */

struct peers {
	struct names named;
	const struct vr_instance_conf *first[256][2];
};

static bool
is_six(const struct vr_instance_conf *i)
{
	return i->family == AF_INET6;
}

static struct text
name_peer(struct arena *arena, const struct vr_instance_conf *i)
{
	return text_of(arena_print(arena, "%u %u %s", i->vrid, i->family,
	    i->name));
}

static void
list_peers(struct peers *p, const struct vr_config *c)
{
	for (unsigned i = c->instances.count; i > 0; i--) {
		struct vr_instance_conf *x = c->instances.at[i - 1];

		names_put(&p->named, c->arena, name_peer(c->arena, x), x);
		p->first[x->vrid][is_six(x)] = x;
	}
}

static const struct vr_instance_conf *
find_peer(const struct peers *p, struct arena *arena,
    const struct vr_instance_conf *like)
{
	const struct vr_instance_conf *found = names_find(&p->named,
	    name_peer(arena, like));

	return found != NULL ? found : p->first[like->vrid][is_six(like)];
}

static unsigned
tell_alone(FILE *to, const struct vr_config *c, const struct peers *others,
    const char *where)
{
	unsigned alone = 0;

	for (unsigned i = 0; i < c->instances.count; i++)
		if (find_peer(others, c->arena, c->instances.at[i]) == NULL) {
			fprintf(to, "VRID %u (%s): only %s\n",
			    c->instances.at[i]->vrid,
			    c->instances.at[i]->name, where);
			alone++;
		}
	return alone;
}

unsigned
vr_compare_nodes(FILE *to, const struct vr_config *one,
    const struct vr_config *other)
{
	struct pair p = { .to = to, .arena = one->arena };
	struct peers ours = { .named = { .count = 0 } };
	struct peers theirs = { .named = { .count = 0 } };
	unsigned alone;

	list_peers(&ours, one);
	list_peers(&theirs, other);
	alone = tell_alone(to, one, &theirs, "here") +
	    tell_alone(to, other, &ours, "there");
	for (unsigned i = 0; i < one->instances.count; i++) {
		p.one = one->instances.at[i];
		p.other = find_peer(&theirs, one->arena, p.one);
		if (p.other != NULL)
			compare_pair(&p);
	}
	return p.broken + alone;
}
