/* SPDX-License-Identifier: ISC */
/* compare.c - before and after, one node and the other; see compare.h. One thread. */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

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

static const struct vr_instance_conf *
find_router(const struct vr_config *c, const struct vr_instance_conf *like)
{
	const struct vr_instance_conf *found = NULL;

	for (unsigned i = 0; i < c->instances.count; i++) {
		const struct vr_instance_conf *x = c->instances.at[i];

		if (!vr_compare_same_router(x, like))
			continue;
		if (strcmp(x->name, like->name) == 0)
			return x;
		if (found == NULL)
			found = x;
	}
	return found;
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
same_explained(struct arena *arena, const struct vr_instance_conf *a,
    const struct vr_instance_conf *b)
{
	return strcmp(vr_explain_instance(arena, a), vr_explain_instance(arena,
	    b)) == 0 && same_targets(&a->tracks, &b->tracks) &&
	    (a->group == NULL) == (b->group == NULL) &&
	    (a->group == NULL || same_text(a->group->name, b->group->name));
}

/* Without memory it counts as changed. */
static bool
same_instance(const struct vr_instance_conf *a,
    const struct vr_instance_conf *b)
{
	struct arena *arena = arena_new(), *dead = arena;
	volatile bool same = false;
	jmp_buf escape;

	if (arena == NULL)
		return false;
	arena_escape(arena, &escape);
	if (setjmp(escape) == 0)
		same = same_explained(arena, a, b);
	arena_free(&dead);
	return same;
}

void
vr_compare_instances(const struct vr_config *before,
    const struct vr_config *after, void (*visit)(void *arg,
    enum vr_compare_kind, const struct vr_instance_conf *,
    const struct vr_instance_conf *), void *arg)
{
	for (unsigned i = 0; i < after->instances.count; i++) {
		const struct vr_instance_conf *now = after->instances.at[i];
		const struct vr_instance_conf *was = find_router(before, now);

		visit(arg, was == NULL ? VR_COMPARE_ADDED :
		    same_instance(was, now) ? VR_COMPARE_SAME :
		    VR_COMPARE_CHANGED, was, now);
	}
	for (unsigned i = 0; i < before->instances.count; i++)
		if (find_router(after, before->instances.at[i]) == NULL)
			visit(arg, VR_COMPARE_REMOVED,
			    before->instances.at[i], NULL);
}

const char *
vr_compare_new_error(const struct vr_config *before,
    const struct vr_config *after)
{
	for (unsigned i = 0; i < after->errors.count; i++) {
		unsigned k = 0;

		while (k < before->errors.count && strcmp(after->errors.at[i],
		    before->errors.at[k]) != 0)
			k++;
		if (k == before->errors.count)
			return after->errors.at[i];
	}
	return NULL;
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

/* VRID and family; of several the one of that name, or the first. */
static const struct vr_instance_conf *
find_peer(const struct vr_config *c, const struct vr_instance_conf *like)
{
	const struct vr_instance_conf *found = NULL;

	for (unsigned i = 0; i < c->instances.count; i++) {
		const struct vr_instance_conf *x = c->instances.at[i];

		if (x->vrid == like->vrid && x->family == like->family &&
		    (found == NULL || strcmp(x->name, like->name) == 0))
			found = x;
	}
	return found;
}

static unsigned
tell_alone(FILE *to, const struct vr_config *c, const struct vr_config *o,
    const char *where)
{
	unsigned alone = 0;

	for (unsigned i = 0; i < c->instances.count; i++)
		if (find_peer(o, c->instances.at[i]) == NULL) {
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
	unsigned alone = tell_alone(to, one, other, "here") +
	    tell_alone(to, other, one, "there");

	for (unsigned i = 0; i < one->instances.count; i++) {
		p.one = one->instances.at[i];
		p.other = find_peer(other, p.one);
		if (p.other != NULL)
			compare_pair(&p);
	}
	return p.broken + alone;
}
