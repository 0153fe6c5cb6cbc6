/* SPDX-License-Identifier: ISC */
/* explain.c - settings as text again; see explain.h. One thread. */
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "vrrp/explain.h"
#include "vrrp/keys_global.h"
#include "vrrp/keys_instance.h"

enum { SECOND = 1000 * 1000, WIDTH = 48 };

/* A text that grows in an arena. */
struct out {
	struct arena *arena;
	char *at;
	size_t len, room;
	bool places;			/* comments of where it came from */
	bool multicast;			/* the instance: no unicast_ttl */
	const struct vr_draft *draft;
};

static void put(struct out *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void line(struct out *, const char *from, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
put_text(struct out *o, const char *s)
{
	size_t len = strlen(s);

	if (o->len + len + 1 > o->room) {
		size_t room = (o->len + len + 1) * 2 + 256;
		char *more = arena_get(o->arena, room);

		if (o->len > 0)
			memcpy(more, o->at, o->len);
		o->at = more;
		o->room = room;
	}
	memcpy(o->at + o->len, s, len + 1);
	o->len += len;
}

static void
put(struct out *o, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put_text(o, text);
}

/* One line of a block, and where it came from. */
static void
line(struct out *o, const char *from, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (o->places)
		put(o, "    %-*s # %s\n", WIDTH, text, from);
	else
		put(o, "    %s\n", text);
}

static const char *
place(struct out *o, const struct vr_place *at)
{
	return arena_print(o->arena, "%s:%u", at->file, at->line);
}

const char *
vr_explain_ip(struct arena *arena, const struct prefix *ip)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned all = ip->family == AF_INET6 ? 128 : 32;

	if (inet_ntop(ip->family, ip->ip, text, sizeof text) == NULL)
		return "";
	return ip->bits == all ? arena_copy(arena, text_of(text)) :
	    arena_print(arena, "%s/%u", text, ip->bits);
}

static const char *
seconds(struct out *o, int64_t usec)
{
	return usec % SECOND == 0 ? arena_print(o->arena, "%lld",
	    (long long)(usec / SECOND)) : arena_print(o->arena, "%.6g",
	    (double)usec / SECOND);
}

/* ---- rows of plain values */

static const char *
origin(struct out *o, const struct vr_key *k)
{
	const struct vr_place *at = vr_parse_where(o->draft, k);

	return at != NULL ? place(o, at) : k->from > 0 ? "global_defs" :
	    "default";
}

static void
put_row(struct out *o, const struct vr_key *k, const void *object)
{
	const void *at = (const char *)object + k->at;
	const char *from = origin(o, k);

	switch (k->kind) {
	case VR_KIND_FLAG:
		if (*(const bool *)at)
			line(o, from, "%s", k->name);
		break;
	case VR_KIND_OFF:
		if (!*(const bool *)at)
			line(o, from, "%s", k->name);
		break;
	case VR_KIND_BOOL:
		line(o, from, "%s %s", k->name, *(const bool *)at ? "on" :
		    "off");
		break;
	case VR_KIND_U8:
		line(o, from, "%s %u", k->name, *(const uint8_t *)at);
		break;
	case VR_KIND_UINT:
		line(o, from, "%s %u", k->name, *(const unsigned *)at);
		break;
	case VR_KIND_INT:
		line(o, from, "%s %d", k->name, *(const int *)at);
		break;
	case VR_KIND_BYTES:
		line(o, from, "%s %lld", k->name,
		    (long long)*(const int64_t *)at);
		break;
	case VR_KIND_TIME:
	case VR_KIND_SECONDS:
		line(o, from, "%s %s", k->name, seconds(o,
		    *(const int64_t *)at));
		break;
	case VR_KIND_TEXT:
		if (*(const char *const *)at != NULL)
			line(o, from, "%s %s", k->name,
			    *(const char *const *)at);
		break;
	default:
		break;
	}
}

/* Another word for a row above it. */
static bool
is_alias(const struct vr_key *rows, const struct vr_key *k)
{
	for (; rows != k; rows++)
		if (rows->kind == k->kind && rows->at == k->at)
			return k->kind != VR_KIND_OWN && k->kind !=
			    VR_KIND_NONE;
	return false;
}

/* Nobody could write it so: it is what holds when it is not there. */
static bool
is_unwritten(const struct out *o, const struct vr_key *k, const void *object)
{
	bool time = k->kind == VR_KIND_TIME || k->kind == VR_KIND_SECONDS;

	return (time && *(const int64_t *)(const void *)((const char *)object +
	    k->at) < k->least) || (o->multicast && strcmp(k->name,
	    "unicast_ttl") == 0);
}

static void
put_rows(struct out *o, const struct vr_key *rows, const void *object)
{
	for (const struct vr_key *k = rows; k->name != NULL; k++)
		if (k->instead == NULL && !is_alias(rows, k) &&
		    !is_unwritten(o, k, object))
			put_row(o, k, object);
}

/* ---- an address line, as it would be written */

static const char *
address_line(struct out *o, const struct vr_address_conf *a)
{
	struct out t = { .arena = o->arena };

	put(&t, "%s", vr_explain_ip(o->arena, &a->ip));
	if (a->broadcast.family != 0)
		put(&t, " brd %s", vr_explain_ip(o->arena, &a->broadcast));
	if (a->peer.family != 0)
		put(&t, " peer %s", vr_explain_ip(o->arena, &a->peer));
	if (a->dev != NULL)
		put(&t, " dev %s", a->dev);
	if (a->scope != RT_SCOPE_UNIVERSE)
		put(&t, " scope %u", a->scope);
	if (a->label != NULL)
		put(&t, " label %s", a->label);
	put(&t, "%s%s%s%s%s%s", a->use_vmac ? " use_vmac" : "", a->home ?
	    " home" : "", a->mngtmpaddr ? " mngtmpaddr" : "",
	    a->noprefixroute ? " noprefixroute" : "", a->autojoin ?
	    " autojoin" : "", a->no_track ? " no_track" : "");
	if (a->ip.family == AF_INET6 && !a->nodad)
		put(&t, " -nodad");
	if (a->preferred_lft != UINT32_MAX)
		put(&t, " preferred_lft %u", a->preferred_lft);
	if (a->group_name != NULL)
		put(&t, " track_group %s", a->group_name);
	return t.at;
}

/* ---- blocks of an instance */

static void
put_block(struct out *o, const char *name, unsigned count)
{
	if (count > 0)
		put(o, "    %s {\n", name);
}

static void
put_end(struct out *o, unsigned count)
{
	if (count > 0)
		put(o, "    }\n");
}

static void
put_addresses(struct out *o, const struct vr_instance_conf *i)
{
	put_block(o, "virtual_ipaddress", i->addresses.count);
	for (unsigned n = 0; n < i->addresses.count; n++)
		line(o, place(o, &i->addresses.at[n]->place), "    %s",
		    address_line(o, i->addresses.at[n]));
	put_end(o, i->addresses.count);
	put_block(o, "virtual_ipaddress_excluded", i->excluded.count);
	for (unsigned n = 0; n < i->excluded.count; n++)
		line(o, place(o, &i->excluded.at[n]->place), "    %s",
		    address_line(o, i->excluded.at[n]));
	put_end(o, i->excluded.count);
}

static void
put_routes(struct out *o, const struct vr_instance_conf *i)
{
	put_block(o, "virtual_routes", i->routes.count);
	for (unsigned n = 0; n < i->routes.count; n++)
		line(o, place(o, &i->routes.at[n]->place), "    %s",
		    i->routes.at[n]->text);
	put_end(o, i->routes.count);
	put_block(o, "virtual_rules", i->rules.count);
	for (unsigned n = 0; n < i->rules.count; n++)
		line(o, place(o, &i->rules.at[n]->place), "    %s",
		    i->rules.at[n]->text);
	put_end(o, i->rules.count);
}

static const char *const track_words[VR_TRACKS] = {
	[VR_TRACK_INTERFACE] = "track_interface",
	[VR_TRACK_SCRIPT] = "track_script", [VR_TRACK_FILE] = "track_file",
	[VR_TRACK_PROCESS] = "track_process", [VR_TRACK_UNIX] = "track_unix",
	[VR_TRACK_HTTP] = "track_http",
};

static void
put_tracks(struct out *o, const struct vr_track_list *list)
{
	for (unsigned n = 0; n < list->count; n++) {
		const struct vr_track_conf *t = list->at[n];

		line(o, place(o, &t->place), "%s { %s weight %d%s }",
		    track_words[t->kind], t->name, t->weight.value,
		    t->weight.reverse ? " reverse" : "");
	}
}

static void
put_notify(struct out *o, const struct vr_notify_conf *c)
{
	static const char *const words[VR_NOTIFIES] = { "notify_master",
		"notify_backup", "notify_fault", "notify_stop",
		"notify_deleted", "notify_master_rx_lower_pri", "notify" };

	for (unsigned n = 0; n < VR_NOTIFIES; n++)
		if (c->scripts[n] != NULL)
			line(o, place(o, &c->scripts[n]->place),
			    "%s \"%s\" %s%s%s", words[n], c->scripts[n]->text,
			    c->scripts[n]->user, c->scripts[n]->disabled ==
			    NULL ? "" : " ! disabled: ",
			    c->scripts[n]->disabled == NULL ? "" :
			    c->scripts[n]->disabled);
	if (c->deleted && c->scripts[VR_NOTIFY_DELETED] == NULL)
		line(o, "given", "notify_deleted");
	line(o, "in force", "notify_priority_changes %s",
	    c->priority_changes ? "on" : "off");
	line(o, "in force", "smtp_alert %s", c->smtp_alert ? "on" : "off");
}

static void
put_peers(struct out *o, const struct vr_instance_conf *i)
{
	if (i->source.family != 0)
		line(o, "given", "%s %s", i->unicast ? "unicast_src_ip" :
		    "mcast_src_ip", vr_explain_ip(o->arena, &i->source));
	if (!i->unicast)
		line(o, "in force", "mcast_dst_ip %s", vr_explain_ip(o->arena,
		    &i->group_address));
	put_block(o, "unicast_peer", i->peers.count);
	for (unsigned n = 0; n < i->peers.count; n++) {
		const struct vr_peer_conf *p = i->peers.at[n];

		line(o, place(o, &p->place), "    %s%s%s",
		    vr_explain_ip(o->arena, &p->ip), p->min_ttl == 0 ? "" :
		    arena_print(o->arena, " min_ttl %u", p->min_ttl),
		    p->max_ttl == 255 ? "" : arena_print(o->arena,
		    " max_ttl %u", p->max_ttl));
	}
	put_end(o, i->peers.count);
}

/* The password itself is never shown, and yet two must compare. */
static void
put_auth(struct out *o, const struct vr_instance_conf *i)
{
	if (i->auth != VR_AUTH_PASS)
		return;
	if (o->places)
		line(o, "given", "authentication { auth_type PASS, auth_pass "
		    "******** }");
	else
		line(o, "", "auth_pass %.*s", VR_AUTH_LENGTH,
		    (const char *)i->password);
}

static const char *
print_mac(struct out *o, const uint8_t m[6])
{
	return arena_print(o->arena, " %02x:%02x:%02x:%02x:%02x:%02x", m[0],
	    m[1], m[2], m[3], m[4], m[5]);
}

static void
put_own(struct out *o, const struct vr_instance_conf *i)
{
	const struct vr_vmac_conf *v = &i->vmac;

	line(o, "in force", "state %s", i->master ? "MASTER" : "BACKUP");
	if (i->interface != NULL)
		line(o, "given", "interface %s", i->interface);
	line(o, "in force", "version %u", i->version);
	line(o, "in force", "advert_int %s", seconds(o, i->advert_int));
	line(o, "in force", "%s", i->nopreempt ? "nopreempt" : "preempt");
	line(o, "in force", "preempt_delay %s", seconds(o, i->preempt_delay));
	if (i->timer_expired_backup)
		line(o, "given", "timer_expired_backup %u",
		    i->timer_expired_priority);
	if (i->check_unicast_src)
		line(o, "in force", "check_unicast_src");
	if (i->old_checksum != VR_OLD_CHECKSUM_AUTO)
		line(o, "given", "old_unicast_checksum%s", i->old_checksum ==
		    VR_OLD_CHECKSUM_NEVER ? " never" : "");
	if (i->vrf != NULL)
		line(o, "given", "vrf %s", i->vrf);
	if (i->garp.extra_if > 0)
		line(o, "in force", "garp_extra_if %s%s",
		    i->garp.extra_if_all ? "all " : "", seconds(o,
		    i->garp.extra_if));
	if (v->on)
		line(o, "in force", "use_vmac %s%s%s group %u", v->name,
		    v->mac_given ? print_mac(o, v->mac) : "",
		    v->netlink_notify_msg ? " netlink_notify_msg" : "",
		    v->group);
}

static void
put_instance(struct out *o, const struct vr_instance_conf *i)
{
	o->draft = i->draft;
	o->multicast = !i->unicast;
	put(o, "vrrp_instance %s {", i->name);
	put(o, o->places ? "   # %s:%u\n" : "\n", i->place.file,
	    i->place.line);
	if (i->fault != NULL)
		put(o, "    # in FAULT: %s\n", i->fault);
	put_own(o, i);
	put_rows(o, vr_keys_instance, i);
	put_auth(o, i);
	put_peers(o, i);
	put_addresses(o, i);
	put_routes(o, i);
	put_tracks(o, &i->tracks);
	put_notify(o, &i->notify);
	put(o, "}\n");
}

const char *
vr_explain_instance(struct arena *arena, const struct vr_instance_conf *i)
{
	struct out o = { .arena = arena };

	put_instance(&o, i);
	return o.at;
}

/* ---- global settings that are no plain values */

static void
put_program(struct out *o, const char *word, const struct vr_program *x)
{
	if (x != NULL)
		line(o, place(o, &x->place), "%s \"%s\" %s%s%s", word, x->text,
		    x->user, x->disabled == NULL ? "" : " ! disabled: ",
		    x->disabled == NULL ? "" : x->disabled);
}

static void
put_fifo(struct out *o, const char *word, const struct vr_fifo_conf *f)
{
	if (f->path == NULL)
		return;
	if (f->uid == 0 && f->gid == 0)
		line(o, "given", "%s %s", word, f->path);
	else
		line(o, "given", "%s %s %u %u", word, f->path,
		    (unsigned)f->uid, (unsigned)f->gid);
	put_program(o, arena_print(o->arena, "%s_script", word), f->script);
}

static void
put_pace(struct out *o, const struct vr_global_conf *g)
{
	const char *cpus = "";

	if (g->nice_given)
		line(o, "given", "vrrp_priority %d", g->nice);
	if (g->rt_priority > 0)
		line(o, "given", "vrrp_rt_priority %d", g->rt_priority);
	line(o, "in force", "max_auto_priority %d", g->max_auto_priority);
	line(o, "in force", "min_auto_priority_delay %lld",
	    (long long)g->min_auto_priority_delay);
	for (unsigned i = 0; i < 256; i++)
		if (g->cpu_affinity[i / 64] >> i % 64 & 1)
			cpus = arena_print(o->arena, "%s %u", cpus, i);
	if (cpus[0] != '\0')
		line(o, "given", "vrrp_cpu_affinity%s", cpus);
}

static void
put_buffer(struct out *o, const char *word, const struct vr_buffer_conf *b)
{
	if (b->bytes > 0)
		line(o, "given", "%s %lld", word, (long long)b->bytes);
	if (b->force)
		line(o, "given", "%s_force on", word);
}

static void
put_buffers(struct out *o, const struct vr_global_conf *g)
{
	if (g->rx_policy == VR_RX_SIZE)
		line(o, "given", "vrrp_rx_bufs_policy %lld",
		    (long long)g->rx_size);
	else if (g->rx_policy != VR_RX_NONE)
		line(o, "given", "vrrp_rx_bufs_policy %s", g->rx_policy ==
		    VR_RX_MTU ? "MTU" : "ADVERT");
	put_buffer(o, "vrrp_netlink_cmd_rcv_bufs", &g->netlink_cmd);
	put_buffer(o, "vrrp_netlink_monitor_rcv_bufs", &g->netlink_monitor);
	put_buffer(o, "process_monitor_rcv_bufs", &g->process_monitor);
}

static void
put_odd(struct out *o, const struct vr_global_conf *g)
{
	if (g->garp_interval > 0)
		line(o, "given", "vrrp_garp_interval %s", seconds(o,
		    g->garp_interval));
	if (g->gna_interval > 0)
		line(o, "given", "vrrp_gna_interval %s", seconds(o,
		    g->gna_interval));
	if (g->garp.extra_if > 0)
		line(o, "given", "vrrp_garp_extra_if %s%s",
		    g->garp.extra_if_all ? "all " : "", seconds(o,
		    g->garp.extra_if));
	if (g->dynamic_interfaces)
		line(o, "given", "dynamic_interfaces%s", g->allow_if_changes ?
		    " allow_if_changes" : "");
	line(o, "in force", "nftables %s", g->nftables);
	if (g->umask != VR_UNSET)
		line(o, "given", "umask 0%o", (unsigned)g->umask);
	if (g->reload_check_config)
		line(o, "given", "reload_check_config %s",
		    g->reload_check_log == NULL ? "" : g->reload_check_log);
	if (g->reload_file_on)
		line(o, "given", "reload_file %s", g->reload_file == NULL ?
		    "" : g->reload_file);
	line(o, "in force", "log_format %s", g->log_json ? "json" :
	    "original");
}

/* ---- the rest of the file */

static void
put_process_words(struct out *o, const struct vr_global_conf *g)
{
	if (g->namespace != NULL)
		put(o, "net_namespace %s\n", g->namespace);
	if (g->instance != NULL)
		put(o, "instance %s\n", g->instance);
	if (g->use_pid_dir)
		put(o, "use_pid_dir\n");
	put(o, "child_wait_time %s\n", seconds(o, g->child_wait_time));
}

static void
put_global(struct out *o, const struct vr_config *c)
{
	const struct vr_global_conf *g = &c->global;

	o->draft = c->draft;
	put(o, "global_defs {\n");
	put_rows(o, vr_keys_global, g);
	line(o, "in force", "vrrp_mcast_group4 %s", vr_explain_ip(o->arena,
	    &g->mcast_group4));
	line(o, "in force", "vrrp_mcast_group6 %s", vr_explain_ip(o->arena,
	    &g->mcast_group6));
	put_program(o, "startup_script", g->startup_script);
	put_program(o, "shutdown_script", g->shutdown_script);
	put_fifo(o, "notify_fifo", &g->fifo);
	put_fifo(o, "vrrp_notify_fifo", &g->vrrp_fifo);
	put_pace(o, g);
	put_buffers(o, g);
	put_odd(o, g);
	if (g->mail.server != NULL)
		line(o, "given", "smtp_server %s %u", g->mail.server,
		    g->mail.port);
	for (unsigned n = 0; n < g->mail.to.count; n++)
		line(o, "given", "notification_email { %s }",
		    g->mail.to.at[n]);
	put(o, "}\n");
}

static void
put_script(struct out *o, const struct vr_script_conf *s)
{
	const char *from = place(o, &s->place);
	const struct vr_program *x = s->program;

	put(o, "vrrp_script %s {\n", s->name);
	line(o, place(o, &x->place), "script \"%s\"", x->text);
	line(o, from, "user %s", x->user);
	line(o, from, "interval %s", seconds(o, s->interval));
	line(o, from, "timeout %s", seconds(o, s->timeout));
	line(o, from, "weight %d%s", s->weight.value, s->weight.reverse ?
	    " reverse" : "");
	line(o, from, "rise %u", s->rise);
	line(o, from, "fall %u", s->fall);
	if (s->init_fail)
		line(o, from, "init_fail");
	if (x->disabled != NULL)
		put(o, "    # %s\n", x->disabled);
	put(o, "}\n");
}

static void
put_weight(struct out *o, const char *from, const struct vr_weight *w)
{
	line(o, from, "weight %d%s", w->value, w->reverse ? " reverse" : "");
}

static void
put_file(struct out *o, const struct vr_file_conf *f)
{
	const char *from = place(o, &f->place);

	put(o, "track_file %s {\n", f->name);
	line(o, from, "file %s", f->path);
	put_weight(o, from, &f->weight);
	if (f->init)
		line(o, from, "init_file %d%s", f->init_value,
		    f->init_overwrite ? " overwrite" : "");
	put(o, "}\n");
}

static void
put_process(struct out *o, const struct vr_process_conf *p)
{
	static const char *const matches[] = { [VR_MATCH_EXACT] = "",
		[VR_MATCH_PARTIAL] = " partial",
		[VR_MATCH_INITIAL] = " initial" };
	const char *from = place(o, &p->place), *command = p->command;

	for (unsigned i = 0; i < p->count; i++)
		command = arena_print(o->arena, "%s '%s'", command,
		    p->parameters[i]);
	put(o, "vrrp_track_process %s {\n", p->name);
	line(o, from, "process %s", command);
	if (p->match != VR_MATCH_NONE)
		line(o, from, "param_match%s", matches[p->match]);
	put_weight(o, from, &p->weight);
	line(o, from, "quorum %u", p->quorum);
	if (p->quorum_max != UINT32_MAX)
		line(o, from, "quorum_max %u", p->quorum_max);
	if (p->fork_delay > 0)
		line(o, from, "fork_delay %s", seconds(o, p->fork_delay));
	if (p->terminate_delay > 0)
		line(o, from, "terminate_delay %s", seconds(o,
		    p->terminate_delay));
	if (p->full_command)
		line(o, from, "full_command");
	put(o, "}\n");
}

static void
put_probe(struct out *o, const char *from, int64_t interval, int64_t timeout,
    unsigned rise, unsigned fall, const struct vr_weight *weight)
{
	line(o, from, "interval %s", seconds(o, interval));
	line(o, from, "timeout %s", seconds(o, timeout));
	line(o, from, "rise %u", rise);
	line(o, from, "fall %u", fall);
	put_weight(o, from, weight);
	put(o, "}\n");
}

/* In "...", with what is no letter as \xHH. */
static const char *
quote(struct out *o, const char *s)
{
	struct out t = { .arena = o->arena };

	put(&t, "\"");
	for (; *s != '\0'; s++)
		put(&t, *s < ' ' || *s == '"' || *s == '\\' || *s == 0x7f ?
		    "\\x%02x" : "%c", (unsigned char)*s);
	put(&t, "\"");
	return t.at;
}

static void
put_unix(struct out *o, const struct vr_unix_conf *u)
{
	const char *from = place(o, &u->place);

	put(o, "track_unix %s {\n", u->name);
	line(o, from, "path %s", u->path);
	if (u->send != NULL)
		line(o, from, "send %s", quote(o, u->send));
	if (u->expect != NULL)
		line(o, from, "expect %s", quote(o, u->expect));
	put_probe(o, from, u->interval, u->timeout, u->rise, u->fall,
	    &u->weight);
}

static void
put_http(struct out *o, const struct vr_http_conf *h)
{
	const char *from = place(o, &h->place), *codes = "";

	for (unsigned i = 0; i < h->code_count; i++)
		codes = arena_print(o->arena, "%s %u-%u", codes,
		    h->codes[i].least, h->codes[i].most);
	put(o, "track_http %s {\n", h->name);
	line(o, from, "url %s", h->url);
	line(o, from, "expect%s", codes);
	put_probe(o, from, h->interval, h->timeout, h->rise, h->fall,
	    &h->weight);
}

static void
put_trackers(struct out *o, const struct vr_config *c)
{
	for (unsigned n = 0; n < c->files.count; n++)
		put_file(o, c->files.at[n]);
	for (unsigned n = 0; n < c->processes.count; n++)
		put_process(o, c->processes.at[n]);
	for (unsigned n = 0; n < c->unixes.count; n++)
		put_unix(o, c->unixes.at[n]);
	for (unsigned n = 0; n < c->https.count; n++)
		put_http(o, c->https.at[n]);
}

static void
put_interfaces(struct out *o, const struct vr_config *c)
{
	for (unsigned n = 0; n < c->garp_groups.count; n++) {
		const struct vr_garp_group_conf *g = c->garp_groups.at[n];

		put(o, "garp_group {   # %s\n", place(o, &g->place));
		if (g->garp_interval > 0)
			put(o, "    garp_interval %s\n", seconds(o,
			    g->garp_interval));
		if (g->gna_interval > 0)
			put(o, "    gna_interval %s\n", seconds(o,
			    g->gna_interval));
		for (unsigned k = 0; k < g->interfaces.count; k++)
			put(o, "    interface %s\n", g->interfaces.at[k]);
		put(o, "}\n");
	}
	if (c->debounces.count > 0)
		put(o, "interface_up_down_delays {\n");
	for (unsigned n = 0; n < c->debounces.count; n++) {
		const struct vr_debounce_conf *d = c->debounces.at[n];

		line(o, place(o, &d->place), "%s %s %s", d->interface,
		    seconds(o, d->down), seconds(o, d->up));
	}
	if (c->debounces.count > 0)
		put(o, "}\n");
	if (c->linkbeats.count > 0)
		put(o, "linkbeat_interfaces {\n");
	for (unsigned n = 0; n < c->linkbeats.count; n++)
		put(o, "    %s\n", c->linkbeats.at[n]);
	if (c->linkbeats.count > 0)
		put(o, "}\n");
}

/* Groups first: a line names one. */
static void
put_statics(struct out *o, const struct vr_config *c)
{
	for (unsigned n = 0; n < c->track_groups.count; n++) {
		const struct vr_track_group *g = c->track_groups.at[n];

		put(o, "track_group %s {   # %s\n    group {\n", g->name,
		    place(o, &g->place));
		for (unsigned k = 0; k < g->members.count; k++)
			put(o, "        %s\n", g->members.at[k]->name);
		put(o, "    }\n}\n");
	}
	if (c->addresses.count > 0)
		put(o, "static_ipaddress {\n");
	for (unsigned n = 0; n < c->addresses.count; n++)
		line(o, place(o, &c->addresses.at[n]->place), "%s",
		    address_line(o, c->addresses.at[n]));
	if (c->addresses.count > 0)
		put(o, "}\n");
	if (c->routes.count > 0)
		put(o, "static_routes {\n");
	for (unsigned n = 0; n < c->routes.count; n++)
		line(o, place(o, &c->routes.at[n]->place), "%s",
		    c->routes.at[n]->text);
	if (c->routes.count > 0)
		put(o, "}\n");
	if (c->rules.count > 0)
		put(o, "static_rules {\n");
	for (unsigned n = 0; n < c->rules.count; n++)
		line(o, place(o, &c->rules.at[n]->place), "%s",
		    c->rules.at[n]->text);
	if (c->rules.count > 0)
		put(o, "}\n");
}

static void
put_group(struct out *o, const struct vr_group_conf *g)
{
	put(o, "vrrp_sync_group %s {\n    group {\n", g->name);
	for (unsigned n = 0; n < g->members.count; n++)
		put(o, "        %s\n", g->members.at[n]->name);
	put(o, "    }\n");
	put_tracks(o, &g->tracks);
	put_notify(o, &g->notify);
	if (g->tracking_weight)
		put(o, "    sync_group_tracking_weight\n");
	put(o, "}\n");
}

void
vr_explain_config(FILE *to, const struct vr_config *c)
{
	struct out o = { .arena = c->arena, .places = true };

	put_process_words(&o, &c->global);
	put_global(&o, c);
	put_interfaces(&o, c);
	for (unsigned n = 0; n < c->scripts.count; n++)
		put_script(&o, c->scripts.at[n]);
	put_trackers(&o, c);
	put_statics(&o, c);
	for (unsigned n = 0; n < c->groups.count; n++)
		put_group(&o, c->groups.at[n]);
	for (unsigned n = 0; n < c->instances.count; n++)
		put_instance(&o, c->instances.at[n]);
	fputs(o.at, to);
}

/* ---- what peers must share */

static void
tell_peers(struct out *o, const struct vr_instance_conf *i)
{
	put(o, "%s: every node of this virtual router must say\n", i->name);
	put(o, "    virtual_router_id %u, on the same network%s%s\n", i->vrid,
	    i->interface == NULL ? "" : " as this node's ", i->interface ==
	    NULL ? "" : i->interface);
	put(o, "    version %u, IPv%c\n", i->version, i->family == AF_INET6 ?
	    '6' : '4');
	put(o, "    advert_int %s%s\n", seconds(o, i->advert_int),
	    i->version == 2 ? " (otherwise both are master)" :
	    " (otherwise the longer down time decides)");
	put(o, "    authentication %s\n", i->auth == VR_AUTH_PASS ?
	    "PASS with the same auth_pass" : "none");
	if (i->unicast)
		put(o, "    unicast: each names the others in unicast_peer\n");
	else
		put(o, "    multicast to %s\n", vr_explain_ip(o->arena,
		    &i->group_address));
	put(o, "    the same addresses in the same order:");
	for (unsigned n = 0; n < i->addresses.count; n++)
		put(o, " %s", vr_explain_ip(o->arena,
		    &i->addresses.at[n]->ip));
	put(o, "\n    and another priority than %u\n", i->priority);
	if (i->nopreempt)
		put(o, "    nopreempt holds only when the others are BACKUP "
		    "at start too\n");
}

void
vr_explain_peers(FILE *to, const struct vr_config *c)
{
	struct out o = { .arena = c->arena };

	put(&o, "%s", "");
	for (unsigned n = 0; n < c->instances.count; n++)
		tell_peers(&o, c->instances.at[n]);
	fputs(o.at, to);
}
