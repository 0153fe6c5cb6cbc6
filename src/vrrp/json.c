/* SPDX-License-Identifier: ISC */
/* json.c - objects written as they are walked; no tree is built. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "vrrp/address.h"
#include "vrrp/columns.h"
#include "vrrp/data.h"
#include "vrrp/json.h"

#define put	sheet_print

void
vr_json_text(struct sheet *t, const char *s)
{
	put(t, "\"");
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\' || *s == '/')
			put(t, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			put(t, "\\u%04x", (unsigned)(unsigned char)*s);
		else
			put(t, "%c", *s);
	put(t, "\"");
}

static void
put_text(struct sheet *t, const char *key, const char *value)
{
	put(t, "\"%s\":", key);
	vr_json_text(t, value == NULL ? "" : value);
	put(t, ",");
}

static void
put_number(struct sheet *t, const char *key, int64_t value)
{
	put(t, "\"%s\":%" PRId64 ",", key, value);
}

static void
put_truth(struct sheet *t, const char *key, bool value)
{
	put(t, "\"%s\":%s,", key, value ? "true" : "false");
}

static void
put_seconds(struct sheet *t, const char *key, int64_t us)
{
	if (us % CLOCK_SECOND == 0)
		put_number(t, key, us / CLOCK_SECOND);
	else
		put(t, "\"%s\":%.6f,", key, (double)us / 1e6);
}

/* The comma behind the last member or element goes. */
static void
close_with(struct sheet *t, const char *bracket)
{
	if (!t->spoiled && t->len > 0 && t->at[t->len - 1] == ',')
		t->at[--t->len] = '\0';
	put(t, "%s", bracket);
}

/* ---- lists */

/* What was written from 'mark' on becomes one quoted text. */
static void
quote_from(struct sheet *t, size_t mark)
{
	char *raw = t->spoiled ? NULL : mem_copy((struct text){ t->at + mark,
	    t->len - mark });

	if (raw == NULL) {
		t->spoiled = true;
		return;
	}
	t->len = mark;
	vr_json_text(t, raw);
	mem_drop(raw);
}

static void
put_program(struct sheet *t, const struct vr_program *p)
{
	size_t mark = t->len;

	put(t, "%s", "");
	for (unsigned i = 0; i < p->count; i++)
		put(t, "%s'%s'", i > 0 ? " " : "", p->argv[i]);
	quote_from(t, mark);
	put(t, ",");
}

static void
put_list(struct sheet *t, const char *key,
    struct vr_address_conf *const *at, unsigned n,
    const struct vr_instance_conf *c, bool set)
{
	char text[VR_ADDRESS_TEXT];
	size_t mark;

	if (n == 0)
		return;
	put(t, "\"%s\":[", key);
	for (unsigned i = 0; i < n; i++) {
		mark = t->len;
		put(t, "%s%s", vr_address_print(at[i], c, text), set ?
		    " set" : "");
		quote_from(t, mark);
		put(t, ",");
	}
	close_with(t, "],");
}

static void
put_ways(struct sheet *t, const struct vr_instance_conf *c)
{
	size_t mark;

	if (c->routes.count > 0)
		put(t, "\"vroutes\":[");
	for (unsigned i = 0; i < c->routes.count; i++) {
		mark = t->len;
		vr_data_route(t, c->routes.at[i]);
		quote_from(t, mark);
		put(t, ",");
	}
	if (c->routes.count > 0)
		close_with(t, "],");
	if (c->rules.count > 0)
		put(t, "\"vrules\":[");
	for (unsigned i = 0; i < c->rules.count; i++) {
		mark = t->len;
		vr_data_rule(t, c->rules.at[i]);
		quote_from(t, mark);
		put(t, ",");
	}
	if (c->rules.count > 0)
		close_with(t, "],");
}

static bool
has_kind(const struct vr_instance_conf *c, enum vr_track_kind kind)
{
	for (unsigned i = 0; i < c->tracks.count; i++)
		if (c->tracks.at[i]->kind == kind)
			return true;
	return false;
}

/* As the original: interfaces and processes by name, scripts by command. */
static void
put_tracked(struct sheet *t, const char *key, enum vr_track_kind kind,
    const struct vr_instance_conf *c)
{
	if (!has_kind(c, kind))
		return;
	put(t, "\"%s\":[", key);
	for (unsigned i = 0; i < c->tracks.count; i++) {
		const struct vr_track_conf *line = c->tracks.at[i];

		if (line->kind != kind)
			continue;
		if (kind == VR_TRACK_SCRIPT && line->script->program != NULL)
			put_program(t, line->script->program);
		else {
			vr_json_text(t, line->name);
			put(t, ",");
		}
	}
	close_with(t, "],");
}

/* ---- one instance */

static const char *const script_keys[VR_NOTIFIES] = {
	[VR_NOTIFY_BACKUP] = "script_backup",
	[VR_NOTIFY_MASTER] = "script_master",
	[VR_NOTIFY_FAULT] = "script_fault", [VR_NOTIFY_STOP] = "script_stop",
	[VR_NOTIFY_DELETED] = "script_deleted", [VR_NOTIFY_ANY] = "script",
	[VR_NOTIFY_MASTER_RX_LOWER_PRI] = "script_master_rx_lower_pri"
};

static void
put_scripts(struct sheet *t, const struct vr_notify_conf *n)
{
	for (int k = 0; k < VR_NOTIFIES; k++)
		if (n->scripts[k] != NULL) {
			put(t, "\"%s\":", script_keys[k]);
			put_program(t, n->scripts[k]);
		}
}

static void
put_settings(struct sheet *t, const struct vr_instance_conf *c)
{
	const struct vr_garp_conf *g = &c->garp;

	put_seconds(t, "garp_delay", g->delay);
	put_seconds(t, "garp_refresh", g->refresh);
	put_number(t, "garp_rep", g->repeat);
	put_number(t, "garp_refresh_rep", g->refresh_repeat);
	put_seconds(t, "garp_lower_prio_delay", g->lower_prio_delay);
	put_number(t, "garp_lower_prio_rep", g->lower_prio_repeat);
	put_number(t, "lower_prio_no_advert", c->lower_prio_no_advert);
	put_number(t, "higher_prio_send_advert", c->higher_prio_send_advert);
	put_number(t, "vrid", c->vrid);
	put_number(t, "base_priority", c->priority);
}

static void
put_data(struct sheet *t, const struct vr_instance_conf *c,
    const struct vr_live *l)
{
	put_text(t, "iname", c->name);
	put_number(t, "dont_track_primary", c->dont_track_primary);
	put_number(t, "skip_check_adv_addr", c->skip_check_adv_addr);
	put_number(t, "strict_mode", c->strict);
	put_text(t, "vmac_ifname", c->vmac.on ? c->vmac.name : "");
	put_text(t, "ifp_ifname", c->interface);
	put_number(t, "master_priority", l->state == VR_STATE_MASTER ? 0 :
	    l->master_priority);
	put(t, "\"last_transition\":%.6f,", (double)l->last_change / 1e6);
	put_settings(t, c);
	put_number(t, "effective_priority", l->priority);
	put_truth(t, "vipset", l->holds);
	put_truth(t, "promote_secondaries", c->promote_secondaries);
	put_seconds(t, "adver_int", c->advert_int);
	put_seconds(t, "master_adver_int", l->master_interval > 0 ?
	    l->master_interval : c->advert_int);
	put_number(t, "accept", c->accept);
	put_truth(t, "nopreempt", c->nopreempt);
	put_seconds(t, "preempt_delay", c->preempt_delay);
	put_number(t, "state", l->state);
	put_number(t, "wantstate", l->wanted);
	put_number(t, "version", c->version);
	put_truth(t, "smtp_alert", c->notify.smtp_alert);
	put_truth(t, "notify_deleted", c->notify.deleted);
	put_scripts(t, &c->notify);
	put_list(t, "vips", c->addresses.at, c->addresses.count, c,
	    l->holds);
	put_list(t, "evips", c->excluded.at, c->excluded.count, c,
	    l->holds);
	put_ways(t, c);
	put_tracked(t, "track_ifp", VR_TRACK_INTERFACE, c);
	put_tracked(t, "track_script", VR_TRACK_SCRIPT, c);
	put_tracked(t, "track_process", VR_TRACK_PROCESS, c);
	put_number(t, "auth_type", c->version == 2 ? c->auth : 0);
}

static const char *const kinds[VR_TRACKS] = {
	"interface", "script", "file", "process", "unix", "http"
};

static const char *const track_states[] = { "init", "up", "down" };

static void
put_tracker(struct sheet *t, const struct vr_view *v,
    const struct vr_track_conf *line)
{
	const struct vr_track *track = v->tracks == NULL ? NULL :
	    vr_tracks_find(v->tracks, line->kind, line->name);
	const struct vr_program *program = line->kind == VR_TRACK_SCRIPT ?
	    line->script->program : NULL;

	put(t, "{");
	put_text(t, "kind", kinds[line->kind]);
	put_text(t, "name", line->name);
	put_text(t, "state", track == NULL ? "init" : track->idle ?
	    "disabled" : track_states[track->state]);
	put_number(t, "weight", line->weight.value);
	put_truth(t, "reverse", line->weight.reverse);
	if (line->kind == VR_TRACK_FILE && track != NULL)
		put_number(t, "value", track->value);
	if (program != NULL)
		put_truth(t, "insecure", program->insecure);
	if (track != NULL && track->last[0] != '\0')
		put_text(t, "last", track->last);
	close_with(t, "},");
}

/* What is ours: why it is in FAULT, who else is master, all trackers. */
static void
put_more(struct sheet *t, const struct vr_view *v,
    const struct vr_instance_conf *c, const struct vr_live *l)
{
	static const char *const faults[] = { "interface", "source address",
		"tracker", "configuration", "no result of a tracker yet",
		"addresses deleted" };
	const struct vr_group_conf *g = c->group;

	put(t, "\"faults\":[");
	for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
		if ((l->faults & 1U << i) != 0) {
			vr_json_text(t, faults[i]);
			put(t, ",");
		}
	close_with(t, "],");
	put_number(t, "masters_seen", l->masters_seen);
	put_number(t, "split_count", (int64_t)l->counts.split);
	put_seconds(t, "split_seconds", l->counts.split_time);
	put(t, "\"trackers\":[");
	for (unsigned i = 0; i < c->tracks.count; i++)
		put_tracker(t, v, c->tracks.at[i]);
	for (unsigned i = 0; g != NULL && i < g->tracks.count; i++)
		put_tracker(t, v, g->tracks.at[i]);
	close_with(t, "],");
}

static void
put_instance(struct sheet *t, const struct vr_view *v,
    const struct vr_instance_conf *c)
{
	static const struct vr_live none;
	const struct vr_live *l = v->live(c);

	if (l == NULL)
		l = &none;
	put(t, "{\"data\":{");
	put_data(t, c, l);
	put_more(t, v, c, l);
	close_with(t, "},\"stats\":{");
	for (unsigned i = 0; i < VR_COLUMNS; i++)
		put_number(t, vr_columns[i].key, (int64_t)vr_column_value(
		    &vr_columns[i], &l->counts));
	close_with(t, "}},");
}

static void
put_instances(struct sheet *t, const struct vr_view *v,
    const char *only)
{
	const struct vr_config *config = v->config;

	put(t, "[");
	for (unsigned i = 0; i < config->instances.count; i++)
		if (only == NULL || strcmp(only,
		    config->instances.at[i]->name) == 0)
			put_instance(t, v, config->instances.at[i]);
	close_with(t, "]");
}

static void
put_processes(struct sheet *t, const struct vr_view *v)
{
	const struct vr_config *config = v->config;

	put(t, "[");
	for (unsigned i = 0; i < config->processes.count; i++) {
		const struct vr_process_conf *p = config->processes.at[i];
		const struct vr_track *track = v->tracks == NULL ? NULL :
		    vr_tracks_find(v->tracks, VR_TRACK_PROCESS, p->name);

		put(t, "{");
		put_text(t, "name", p->name);
		put_text(t, "process", p->command);
		put_number(t, "weight", p->weight.value);
		put_number(t, "quorum", p->quorum);
		put_text(t, "state", track == NULL ? "init" :
		    track_states[track->state]);
		close_with(t, "},");
	}
	close_with(t, "]");
}

void
vr_json_file(struct sheet *t, const struct vr_view *v,
    unsigned version)
{
	if (version != 2) {
		put_instances(t, v, NULL);
		return;
	}
	put(t, "{\"vrrp\":");
	put_instances(t, v, NULL);
	put(t, ",\"track_process\":");
	put_processes(t, v);
	put(t, "}");
}

void
vr_json_status(struct sheet *t, const struct vr_view *v,
    const char *instance)
{
	put(t, "{");
	put_text(t, "version", PACKAGE_VERSION);
	put_text(t, "router_id", v->config->global.router_id);
	put(t, "\"vrrp\":");
	put_instances(t, v, instance);
	put(t, ",\"track_process\":");
	put_processes(t, v);
	put(t, "}\n");
}
