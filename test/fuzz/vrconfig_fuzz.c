/* SPDX-License-Identifier: ISC */
/*
 * vrconfig_fuzz.c - whole configurations of the VRRP daemon: the bytes in
 * front of the first form feed are the file, those behind it its side file
 * (when all are odd in number) and each file that is included. Interfaces
 * that begin with e are there, scripts up to /m too.
 */
#include "vrrp/compare.h"
#include "vrrp/config.h"
#include "vrrp/explain.h"
#include "fuzz.h"

static struct text other;

static int
fetch(void *arg, struct arena *arena, const char *path, struct text *to,
    struct why *why)
{
	to->at = arena_copy(arena, other);
	to->len = other.len;
	why_set(why, "no such file");
	return text_ends(text_of(path), ".weir") ? 1 : path[0] == '.' ? -1 :
	    0;
}

static unsigned
match(void *arg, struct arena *arena, const char *pattern,
    const char ***paths)
{
	*paths = arena_get(arena, 2 * sizeof **paths);
	(*paths)[0] = pattern;
	(*paths)[1] = "/b";
	return pattern[0] == '\0' ? 0 : pattern[0] == '/' ? 2 : 1;
}

static const char *
variable(void *arg, const char *name)
{
	return name[0] == 'H' ? "$X ${_ENV HOME} {" : NULL;
}

static unsigned
draw(void *arg)
{
	return 7;
}

static enum vr_outside_interface
find_interface(void *arg, const char *name)
{
	return name[0] == 'e' ? VR_INTERFACE_PLAIN : name[0] == 'l' ?
	    VR_INTERFACE_LOOPBACK : VR_INTERFACE_NONE;
}

static int
find_user(void *arg, const char *name, uid_t *uid, gid_t *gid)
{
	*uid = (uid_t)name[0];
	*gid = 1;
	return name[0] == 'r' || name[0] == 'n' ? 0 : -1;
}

static int
find_group(void *arg, const char *name, gid_t *gid)
{
	*gid = 2;
	return name[0] == 'r' ? 0 : -1;
}

static void
find_program(void *arg, struct arena *arena, const char *name, uid_t uid,
    gid_t gid, struct vr_outside_program *to)
{
	*to = (struct vr_outside_program){ .found = name[0] < 'm',
	    .plain = true, .path = name, .executable = uid != 'n',
	    .unsafe = name[0] == 'u' ? "/tmp" : NULL };
}

static const char *
host_name(void *arg)
{
	return "node";
}

static long
named(void *arg, const char *dir, const char *list, const char *name)
{
	return name[0] == 'n' ? 5 : -1;
}

static void
tell(void *arg, enum vr_report_level level, const char *text)
{
	NEED(strpbrk(text, "\n\r") == NULL);
	fuzz_touch(text_of(text));
}

/* What the header promises of an instance. */
static void
check_instance(const struct vr_instance_conf *i)
{
	NEED(i->name != NULL && i->vrid > 0 && i->priority > 0);
	NEED(i->version == 2 || i->version == 3);
	NEED(i->family == AF_INET || i->family == AF_INET6);
	NEED(i->advert_int > 0 && i->advert_int <= 255 * INT64_C(1000000));
	NEED(i->advert_int % (i->version == 2 ? 1000000 : 10000) == 0);
	NEED(i->garp.repeat > 0 && i->garp.delay >= 0);
	NEED(i->garp.lower_prio_delay >= 0);
	NEED(i->down_timer_adverts > 0 && i->addresses.count <= 255);
	NEED(i->group_address.family == i->family || i->unicast);
	for (unsigned n = 0; n < i->addresses.count; n++)
		NEED(i->addresses.at[n]->ip.family == i->family);
	for (unsigned n = 0; n < i->peers.count; n++)
		NEED(i->peers.at[n]->ip.family == i->family);
	for (unsigned n = 0; n < i->tracks.count; n++)
		NEED(i->tracks.at[n]->kind == VR_TRACK_INTERFACE ||
		    i->tracks.at[n]->what != NULL);
	NEED(!i->vmac.on || i->vmac.name != NULL);
}

static void
count(void *arg, enum vr_compare_kind kind,
    const struct vr_instance_conf *before,
    const struct vr_instance_conf *after)
{
	NEED(kind == VR_COMPARE_SAME);
	*(unsigned *)arg += 1;
}

static void
check_config(const struct vr_config *c)
{
	for (unsigned i = 0; i < c->instances.count; i++)
		check_instance(c->instances.at[i]);
	for (unsigned i = 0; i < c->groups.count; i++)
		for (unsigned k = 0; k < c->groups.at[i]->members.count; k++)
			NEED(c->groups.at[i]->members.at[k]->group ==
			    c->groups.at[i]);
	for (unsigned i = 0; i < c->scripts.count; i++)
		NEED(c->scripts.at[i]->program->count > 0 ||
		    c->scripts.at[i]->program->disabled != NULL);
}

/* A router that is there twice finds the first of its kind. */
static bool
has_twins(const struct vr_config *c)
{
	for (unsigned i = 0; i < c->instances.count; i++)
		for (unsigned k = 0; k < i; k++)
			if (vr_compare_same_router(c->instances.at[i],
			    c->instances.at[k]))
				return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct vr_outside outside = {
		.id = "node", .fetch = fetch, .match = match,
		.variable = variable, .random = draw,
		.interface = find_interface, .user = find_user,
		.group = find_group, .program = find_program,
		.host_name = host_name, .named = named,
	};
	struct text rest = fuzz_text(data, len), first = TEXT_NONE;
	struct vr_report report = { .tell = tell };
	struct vr_config *c;
	unsigned seen = 0;
	char *side;

	text_split(&rest, '\f', &first);
	other = rest;
	side = len % 2 == 1 && rest.at != NULL ? mem_copy(rest) : NULL;
	c = vr_config_parse("/a/file", first, side, 0, &outside, &report);
	mem_drop(side);
	if (c != NULL)
		check_config(c);
	if (c != NULL && !fuzz_short_of_memory() && !has_twins(c)) {
		vr_compare_instances(c, c, count, &seen);
		NEED(seen == c->instances.count);
	}
	vr_config_free(&c);
	NEED(c == NULL);
	return 0;
}
