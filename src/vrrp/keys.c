/* SPDX-License-Identifier: ISC */
/* keys.c - the rows of the top level; lists of all rows; see keys.h. Any thread. */
#include <string.h>

#include "vrrp/keys.h"
#include "vrrp/keys_address.h"
#include "vrrp/keys_global.h"
#include "vrrp/keys_group.h"
#include "vrrp/keys_instance.h"
#include "vrrp/keys_route.h"
#include "vrrp/keys_track.h"

enum { SECOND = 1000 * 1000 };

/* ---- blocks that have no object of their own */

static void
read_global(struct vr_parse *p)
{
	vr_parse_block(p, vr_keys_global, &p->global);
}

static void
add_address(struct vr_parse *p)
{
	struct vr_address_conf *a = vr_keys_address_read(p, true);

	if (a == NULL)
		return;
	if (a->dev == NULL)
		a->dev = p->config->global.default_interface;
	arena_add(p->arena, &p->config->addresses, a);
}

static void
read_addresses(struct vr_parse *p)
{
	vr_parse_lines(p, add_address);
}

static void
add_route(struct vr_parse *p)
{
	struct vr_route_conf *r = vr_keys_route_read(p, true);

	if (r != NULL)
		arena_add(p->arena, &p->config->routes, r);
}

static void
read_routes(struct vr_parse *p)
{
	vr_parse_lines(p, add_route);
}

static void
add_rule(struct vr_parse *p)
{
	struct vr_rule_conf *r = vr_keys_route_rule(p, true);

	if (r != NULL)
		arena_add(p->arena, &p->config->rules, r);
}

static void
read_rules(struct vr_parse *p)
{
	vr_parse_lines(p, add_rule);
}

/* ---- words of the process */

static void
read_instance_name(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);

	if (s == NULL)
		vr_parse_error(p, "instance name missing - ignoring");
	else
		p->config->global.instance = vr_parse_copy(p, s);
}

static void
read_child_wait(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (vr_parse_number(p, s, 0, 86400, &value))
		p->config->global.child_wait_time = value * SECOND;
	else
		vr_parse_error(p, "Invalid child_wait_time %s", s);
}

static void
read_namespace(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s != NULL)
		p->config->global.namespace = vr_parse_copy(p, s);
}

static void
read_pid_dir(struct vr_parse *p)
{
	p->config->global.use_pid_dir = true;
}

/* ---- what is skipped whole, each line named */

static void
skip_lvs(struct vr_parse *p)
{
	vr_parse_note(p, "LVS section ignored: this daemon runs VRRP only "
	    "(%s%s%s)", p->words[0], p->count > 1 ? " " : "", p->rest);
	vr_parse_skip(p);
}

static void
skip_bfd(struct vr_parse *p)
{
	vr_parse_note(p, "BFD section ignored: this daemon runs VRRP only "
	    "(%s%s%s)", p->words[0], p->count > 1 ? " " : "", p->rest);
	vr_parse_skip(p);
}

static void
skip_polling(struct vr_parse *p)
{
	vr_parse_note(p, "Warning - %s has no effect: the kernel tells of "
	    "links", p->words[0]);
}

static void
skip_namespace(struct vr_parse *p)
{
	vr_parse_note(p, "Warning - %s has no effect: LVS and ipsets are not "
	    "part of weir-vrrp", p->words[0]);
}

#define OWN(word, reader, text)						\
	{ .name = word, .kind = VR_KIND_OWN, .read = reader, .help = text }
#define OPENS(word, reader, text)					\
	{ .name = word, .kind = VR_KIND_OWN, .read = reader,		\
	  .opens = true, .help = text }
#define OURS(word, reader, text)					\
	{ .name = word, .kind = VR_KIND_OWN, .read = reader,		\
	  .ours = true, .help = text }

#define IDLE(word, reader, text)					\
	{ .name = word, .kind = VR_KIND_OWN, .read = reader,		\
	  .idle = true, .help = text }

const struct vr_key vr_keys[] = {
	OPENS("global_defs", read_global, "{ what holds for all }"),
	OPENS("vrrp_instance", vr_keys_instance_read,
	    "NAME { one virtual router }"),
	OPENS("vrrp_sync_group", vr_keys_group_read,
	    "NAME { routers that move together }"),
	OWN("vrrp_script", vr_keys_track_read_script, "NAME { a check }"),
	OWN("track_file", vr_keys_track_read_file, "NAME { a number in a "
	    "file }"),
	OWN("vrrp_track_file", vr_keys_track_read_file, "NAME { the same }"),
	OWN("vrrp_track_process", vr_keys_track_read_process,
	    "NAME { a process that must run }"),
	OURS("track_unix", vr_keys_track_read_unix, "NAME { a socket that "
	    "answers }"),
	OURS("track_http", vr_keys_track_read_http, "NAME { a page that "
	    "answers }"),
	OWN("garp_group", vr_keys_group_read_garp, "{ pace of GARPs }"),
	OWN("static_ipaddress", read_addresses, "{ ADDRESS OPTIONS... }"),
	OWN("static_routes", read_routes, "{ ROUTE... }"),
	OWN("static_rules", read_rules, "{ RULE... }"),
	OWN("track_group", vr_keys_group_read_track, "NAME { who faults with "
	    "a static address }"),
	OWN("linkbeat_interfaces", vr_keys_group_read_linkbeat,
	    "{ INTERFACE... }: the kernel is asked anyway"),
	IDLE("linkbeat_use_polling", skip_polling, "the kernel tells of links"),
	OWN("interface_up_down_delays", vr_keys_group_read_delays,
	    "{ INTERFACE DOWN [UP] }"),
	OWN("net_namespace", read_namespace, "NAME: where it runs"),
	OWN("instance", read_instance_name, "NAME: of this keepalived"),
	OWN("use_pid_dir", read_pid_dir, "pid files in /run/keepalived"),
	OWN("child_wait_time", read_child_wait, "seconds for children at the "
	    "end"),
	IDLE("net_namespace_ipvs", skip_namespace, "accepted, no effect"),
	IDLE("namespace_with_ipsets", skip_namespace, "accepted, no effect"),
	IDLE("virtual_server", skip_lvs, "skipped"),
	IDLE("virtual_server_group", skip_lvs, "skipped"),
	IDLE("SSL", skip_lvs, "skipped"),
	IDLE("bfd_instance", skip_bfd, "skipped"),
	{ .name = NULL },
};

const struct vr_keys_block vr_keys_blocks[] = {
	{ "", vr_keys }, { "global_defs", vr_keys_global },
	{ "vrrp_instance", vr_keys_instance },
	{ "authentication", vr_keys_instance_auth },
	{ "vrrp_sync_group", vr_keys_group },
	{ "vrrp_script", vr_keys_track_script },
	{ "track_file", vr_keys_track_file },
	{ "vrrp_track_process", vr_keys_track_process },
	{ "track_unix", vr_keys_track_unix },
	{ "track_http", vr_keys_track_http },
	{ "garp_group", vr_keys_group_garp },
	{ "track_group", vr_keys_group_track },
	{ NULL, NULL },
};

/* ---- lists of them */

const char *
vr_keys_class(const struct vr_key *k)
{
	return k->refused ? "E" : k->idle || k->kind ==
	    VR_KIND_NONE ? "W" : "F";
}

static void
print_range(FILE *to, const struct vr_key *k)
{
	bool time = k->kind == VR_KIND_TIME || k->kind == VR_KIND_SECONDS;

	if (k->most == 0)
		fprintf(to, "-");
	else if (time)
		fprintf(to, "%g-%g s", (double)k->least / SECOND,
		    (double)k->most / SECOND);
	else
		fprintf(to, "%lld-%lld", (long long)k->least,
		    (long long)k->most);
}

static void
list_row(FILE *to, enum vr_keys_form form, const char *where,
    const struct vr_key *k)
{
	const char *sep = form == VR_KEYS_MD ? " | " : "\t";

	if (form == VR_KEYS_MAN) {
		fprintf(to, ".It Ic %s\n%s%s%s%s%s.\n", k->name,
		    k->help == NULL ? "deprecated" : k->help,
		    k->usual == NULL ? "" : "; default ", k->usual == NULL ?
		    "" : k->usual, vr_keys_class(k)[0] == 'W' ?
		    " (accepted, no effect)" : "", k->ours ? " (ours)" : "");
		return;
	}
	fprintf(to, "%s%s%s%s%s%s%s%s%s", form == VR_KEYS_MD ? "| " : "",
	    k->name, sep, where[0] == '\0' ? "top level" : where, sep,
	    vr_keys_class(k), sep, k->usual == NULL ? "-" : k->usual, sep);
	print_range(to, k);
	fprintf(to, "%s%s%s\n", sep, k->instead != NULL ? k->instead :
	    k->help == NULL ? "" : k->help, form == VR_KEYS_MD ? " |" : "");
}

void
vr_keys_list(FILE *to, enum vr_keys_form form)
{
	if (form == VR_KEYS_MD)
		fprintf(to, "| keyword | where | class | default | range | "
		    "meaning |\n|---|---|---|---|---|---|\n");
	for (const struct vr_keys_block *b = vr_keys_blocks; b->name != NULL;
	    b++) {
		if (form == VR_KEYS_MAN)
			fprintf(to, ".Ss %s\n.Bl -tag -width Ds -compact\n",
			    b->name[0] == '\0' ? "Top level" : b->name);
		for (const struct vr_key *k = b->rows; k->name != NULL; k++)
			list_row(to, form, b->name, k);
		if (form == VR_KEYS_MAN)
			fprintf(to, ".El\n");
	}
}
