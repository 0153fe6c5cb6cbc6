/* SPDX-License-Identifier: ISC */
/* keys_address.c - one address line; see keys_address.h. One thread. */
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <string.h>

#include "base/number.h"
#include "vrrp/keys_address.h"

/* What is being read. */
struct line {
	struct vr_address_conf *a;
	const char *text;		/* the address as written */
	bool is_static;
	bool broken;			/* the address is dropped */
	bool lft_given, dad;
};

struct option {
	const char *name;
	bool takes;			/* a value */
	bool (*set)(struct vr_parse *, struct line *, const char *);
};

/* ---- what an option does; false: the rest of the line is not read */

static unsigned
bits_of(uint16_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

/* "+": all host bits set; "-": all clear. */
static void
fill_broadcast(struct vr_address_conf *a, bool ones)
{
	a->broadcast = a->ip;
	a->broadcast.bits = 32;
	for (unsigned bit = a->ip.bits; bit < 32; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if (ones)
			a->broadcast.ip[bit / 8] |= mask;
		else
			a->broadcast.ip[bit / 8] &= (uint8_t)~mask;
	}
}

static bool
set_broadcast(struct vr_parse *p, struct line *l, const char *s)
{
	struct vr_address_conf *a = l->a;
	struct prefix ip;

	if (a->ip.family == AF_INET6) {
		vr_parse_error(p, "IPv6 address %s cannot have a broadcast "
		    "address %s. skipping VIP...", l->text, s);
		l->broken = true;
		return false;
	}
	if (strcmp(s, "+") == 0 || strcmp(s, "-") == 0) {
		if (a->ip.bits > 30)
			vr_parse_error(p, "Address prefix length %u too long "
			    "for broadcast", a->ip.bits);
		else
			fill_broadcast(a, s[0] == '+');
		return true;
	}
	if (!vr_parse_ip(s, &ip) || ip.family != AF_INET || ip.bits != 32) {
		vr_parse_error(p, "VRRP is trying to assign invalid broadcast "
		    "%s. skipping VIP...", s);
		return true;
	}
	a->broadcast = ip;
	return true;
}

static bool
set_dev(struct vr_parse *p, struct line *l, const char *s)
{
	if (!vr_parse_interface(p, s)) {
		vr_parse_error(p, "WARNING - interface %s for ip address %s "
		    "doesn't exist", s, l->text);
		l->broken = true;
		return false;
	}
	l->a->dev = vr_parse_copy(p, s);
	return true;
}

int
vr_keys_address_scope(struct vr_parse *p, const char *s)
{
	static const struct { const char *name; int scope; } scopes[] = {
		{ "global", RT_SCOPE_UNIVERSE }, { "site", RT_SCOPE_SITE },
		{ "link", RT_SCOPE_LINK }, { "host", RT_SCOPE_HOST },
		{ "nowhere", RT_SCOPE_NOWHERE },
	};
	int64_t number;

	for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++)
		if (strcmp(scopes[i].name, s) == 0)
			return scopes[i].scope;
	if (number_int(text_of(s), 0, 0, 255, &number, NULL) == 0)
		return (int)number;
	return (int)vr_parse_named(p, "rt_scopes", s);
}

static bool
set_scope(struct vr_parse *p, struct line *l, const char *s)
{
	int scope = vr_keys_address_scope(p, s);

	if (scope < 0)
		vr_parse_error(p, "Invalid scope '%s' specified for %s - "
		    "ignoring", s, l->text);
	else
		l->a->scope = (uint8_t)scope;
	return true;
}

static bool
set_label(struct vr_parse *p, struct line *l, const char *s)
{
	if (strlen(s) >= IF_NAMESIZE) {
		vr_parse_error(p, "Address label %s is longer than maximum "
		    "length %d - removing address", s, IF_NAMESIZE - 1);
		l->broken = true;
		return true;
	}
	l->a->label = vr_parse_copy(p, s);
	return true;
}

static bool
set_peer(struct vr_parse *p, struct line *l, const char *s)
{
	struct prefix ip;

	if (!vr_parse_ip(s, &ip)) {
		vr_parse_error(p, "VRRP parsed invalid IP %s. skipping IP...",
		    s);
		vr_parse_error(p, "Invalid peer address %s", s);
		return true;
	}
	if (ip.family != l->a->ip.family) {
		vr_parse_error(p, "Peer address %s does not match address "
		    "family", s);
		return true;
	}
	l->a->peer = ip;
	return true;
}

static bool
set_lft(struct vr_parse *p, struct line *l, const char *s)
{
	int64_t value = UINT32_MAX;

	if (strcmp(s, "forever") != 0 && !vr_parse_number(p, s, 0,
	    UINT32_MAX - 1, &value)) {
		vr_parse_error(p, "preferred_lft %s is invalid", s);
		return true;
	}
	l->a->preferred_lft = (uint32_t)value;
	l->lft_given = true;
	return true;
}

const struct vr_track_group *
vr_keys_address_group(struct vr_parse *p, const char *name)
{
	const struct vr_track_group *g = names_find(&p->track_group_names,
	    text_of(name));

	if (g == NULL)
		vr_parse_error(p, "track_group %s not found", name);
	return g;
}

static bool
set_group(struct vr_parse *p, struct line *l, const char *s)
{
	l->a->group = vr_keys_address_group(p, s);
	if (l->a->group != NULL)
		l->a->group_name = l->a->group->name;
	return true;
}

static bool
set_vmac(struct vr_parse *p, struct line *l, const char *s)
{
	l->a->use_vmac = true;
	return true;
}

static bool
set_home(struct vr_parse *p, struct line *l, const char *s)
{
	l->a->home = true;
	return true;
}

static bool
set_dad(struct vr_parse *p, struct line *l, const char *s)
{
	l->dad = true;
	return true;
}

static bool
set_mngtmpaddr(struct vr_parse *p, struct line *l, const char *s)
{
	l->a->mngtmpaddr = true;
	return true;
}

static bool
set_noprefixroute(struct vr_parse *p, struct line *l, const char *s)
{
	l->a->noprefixroute = true;
	return true;
}

static bool
set_autojoin(struct vr_parse *p, struct line *l, const char *s)
{
	l->a->autojoin = true;
	return true;
}

static bool
set_no_track(struct vr_parse *p, struct line *l, const char *s)
{
	l->a->no_track = true;
	return true;
}

static const struct option options[] = {
	{ "brd", true, set_broadcast }, { "broadcast", true, set_broadcast },
	{ "dev", true, set_dev }, { "scope", true, set_scope },
	{ "label", true, set_label }, { "peer", true, set_peer },
	{ "preferred_lft", true, set_lft },
	{ "track_group", true, set_group },
	{ "use_vmac", false, set_vmac }, { "home", false, set_home },
	{ "-nodad", false, set_dad },
	{ "mngtmpaddr", false, set_mngtmpaddr },
	{ "noprefixroute", false, set_noprefixroute },
	{ "autojoin", false, set_autojoin },
	{ "no_track", false, set_no_track },
};

/* ---- the line */

static const struct option *
find(const char *name, bool is_static)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcmp(options[i].name, name) == 0 &&
		    (is_static || options[i].set != set_group))
			return &options[i];
	return NULL;
}

/* The address itself; a wrong mask is the full one. */
static bool
read_address(struct vr_parse *p, const char *s, struct prefix *to)
{
	struct text rest = text_of(s), ip = rest;
	const char *alone;
	unsigned most;
	int64_t bits;

	text_split(&rest, '/', &ip);
	alone = arena_copy(p->arena, ip);
	if (!vr_parse_ip(alone, to)) {
		vr_parse_error(p, "VRRP parsed invalid IP %s. skipping IP...",
		    s);
		return false;
	}
	most = bits_of(to->family);
	if (rest.at == NULL)
		return true;
	if (vr_parse_number(p, rest.at, 0, most, &bits))
		to->bits = (uint8_t)bits;
	else
		vr_parse_error(p, "Invalid address prefix len %s for address "
		    "%s - using %u", rest.at, s, most);
	return true;
}

static void
read_options(struct vr_parse *p, struct line *l)
{
	for (unsigned n = 1; n < p->count; n++) {
		const struct option *o = find(p->words[n], l->is_static);

		if (o == NULL) {
			vr_parse_error(p, "Unknown configuration entry '%s' "
			    "for ip address - ignoring", p->words[n]);
			continue;
		}
		if (o->takes && n + 1 == p->count) {
			vr_parse_error(p, "No %s parameter specified for %s",
			    o->name, l->text);
			return;
		}
		if (!o->set(p, l, o->takes ? p->words[++n] : NULL))
			return;
	}
}

static void
settle(struct vr_parse *p, struct line *l)
{
	struct vr_address_conf *a = l->a;
	bool host6 = a->ip.family == AF_INET6 && a->ip.bits == 128;

	a->nodad = a->ip.family == AF_INET6 && !l->dad;
	if (!l->lft_given)
		a->preferred_lft = host6 && !l->is_static ? 0 : UINT32_MAX;
}

struct vr_address_conf *
vr_keys_address_read(struct vr_parse *p, bool is_static)
{
	struct line l = { .is_static = is_static, .text = p->words[0] };

	l.a = arena_get(p->arena, sizeof *l.a);
	l.a->place = p->place;
	l.a->scope = RT_SCOPE_UNIVERSE;
	if (!read_address(p, p->words[0], &l.a->ip))
		return NULL;
	read_options(p, &l);
	settle(p, &l);
	return l.broken ? NULL : l.a;
}
