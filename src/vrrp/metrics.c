/* SPDX-License-Identifier: ISC */
/* metrics.c - series by series, instance by instance. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "vrrp/columns.h"
#include "vrrp/json.h"
#include "vrrp/metrics.h"

#define put	sheet_print

static const struct vr_live none;

static const struct vr_live *
live_of(const struct vr_view *v, const struct vr_instance_conf *c)
{
	const struct vr_live *l = v->live(c);

	return l == NULL ? &none : l;
}

/* A label's value: quotes, backslashes and line ends are escaped. */
static void
put_label(struct sheet *t, const char *name, const char *value)
{
	put(t, "%s=\"", name);
	for (; value != NULL && *value != '\0'; value++)
		if (*value == '"' || *value == '\\')
			put(t, "\\%c", *value);
		else
			put(t, "%c", (unsigned char)*value < ' ' ? '?' :
			    *value);
	put(t, "\"");
}

static void
put_head(struct sheet *t, const char *name, const char *kind,
    const char *help)
{
	put(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void
put_router(struct sheet *t, const struct vr_instance_conf *c)
{
	put_label(t, "iname", c->name);
	put(t, ",");
	put_label(t, "intf", c->interface);
	put(t, ",vrid=\"%u\"", c->vrid);
}

/* A row per address: its labels, and what the instance is. */
static void
put_states(struct sheet *t, const struct vr_view *v, bool excluded)
{
	const char *name = excluded ? "keepalived_vrrp_excluded_state" :
	    "keepalived_vrrp_state";
	char ip[INET6_ADDRSTRLEN];

	put_head(t, name, "gauge",
	    "0 init, 1 backup, 2 master, 3 fault; of an address");
	for (unsigned i = 0; i < v->config->instances.count; i++) {
		const struct vr_instance_conf *c =
		    v->config->instances.at[i];
		unsigned n = excluded ? c->excluded.count :
		    c->addresses.count;

		for (unsigned k = 0; k < n; k++) {
			const struct prefix *p = excluded ?
			    &c->excluded.at[k]->ip : &c->addresses.at[k]->ip;

			put(t, "%s{", name);
			put_router(t, c);
			put(t, ",ip_address=\"%s/%d\"} %d\n", inet_ntop(
			    p->family, p->ip, ip, sizeof ip), p->bits,
			    live_of(v, c)->state);
		}
	}
}

static void
put_counters(struct sheet *t, const struct vr_view *v)
{
	for (unsigned k = 0; k < VR_COLUMNS; k++) {
		const struct vr_column *column = &vr_columns[k];

		if (column->series == NULL)
			continue;
		put(t, "# HELP keepalived_%s %s\n# TYPE keepalived_%s "
		    "counter\n", column->series, column->help,
		    column->series);
		for (unsigned i = 0; i < v->config->instances.count; i++) {
			const struct vr_instance_conf *c =
			    v->config->instances.at[i];

			put(t, "keepalived_%s{", column->series);
			put_router(t, c);
			put(t, "} %" PRIu64 "\n", vr_column_value(column,
			    &live_of(v, c)->counts));
		}
	}
	put_head(t, "keepalived_gratuitous_arp_delay_total", "counter",
	    "seconds between the bursts of gratuitous ARP");
	for (unsigned i = 0; i < v->config->instances.count; i++) {
		put(t, "keepalived_gratuitous_arp_delay_total{");
		put_router(t, v->config->instances.at[i]);
		put(t, "} %g\n", (double)v->config->instances.at[i]->
		    garp.delay / 1e6);
	}
}

static void
put_scripts(struct sheet *t, const struct vr_view *v, bool status)
{
	const char *name = status ? "keepalived_script_status" :
	    "keepalived_script_state";

	put_head(t, name, "gauge", status ? "1: its last results are good" :
	    "1: it runs now");
	for (unsigned i = 0; i < v->config->scripts.count; i++) {
		const struct vr_script_conf *s = v->config->scripts.at[i];
		const struct vr_track *track = v->tracks == NULL ? NULL :
		    vr_tracks_find(v->tracks, VR_TRACK_SCRIPT, s->name);

		put(t, "%s{", name);
		put_label(t, "name", s->name);
		put(t, "} %d\n", track != NULL && (status ? track->state ==
		    VR_TRACK_UP : track->busy));
	}
}

/* ---- ours */

static void
put_ours(struct sheet *t, const struct vr_view *v, const char *name,
    const char *kind, const char *help, double (*value)(
    const struct vr_view *, const struct vr_instance_conf *))
{
	put_head(t, name, kind, help);
	for (unsigned i = 0; i < v->config->instances.count; i++) {
		put(t, "%s{", name);
		put_label(t, "iname", v->config->instances.at[i]->name);
		put(t, "} %g\n", value(v, v->config->instances.at[i]));
	}
}

static double
masters_seen(const struct vr_view *v, const struct vr_instance_conf *c)
{
	return live_of(v, c)->masters_seen;
}

static double
split_seconds(const struct vr_view *v, const struct vr_instance_conf *c)
{
	return (double)live_of(v, c)->counts.split_time / 1e6;
}

static double
restored(const struct vr_view *v, const struct vr_instance_conf *c)
{
	const struct vr_hold_losses *l = v->losses == NULL ? NULL :
	    v->losses(c);

	return l == NULL ? 0 : (double)l->restored;
}

static void
put_late(struct sheet *t, const struct vr_view *v)
{
	uint64_t total = 0;

	if (v->late == NULL)
		return;
	put_head(t, "weir_vrrp_late_timer_seconds", "histogram",
	    "how late timers ran");
	for (unsigned i = 0; i < VR_VIEW_LATE; i++) {
		total += v->late[i];
		put(t, "weir_vrrp_late_timer_seconds_bucket{le=\"%g\"} %"
		    PRIu64 "\n", vr_view_late[i], total);
	}
	total += v->late[VR_VIEW_LATE];
	put(t, "weir_vrrp_late_timer_seconds_bucket{le=\"+Inf\"} %" PRIu64
	    "\nweir_vrrp_late_timer_seconds_sum %g\n"
	    "weir_vrrp_late_timer_seconds_count %" PRIu64 "\n", total,
	    v->late_sum, total);
}

static void
put_trackers(void *arg, const struct vr_track *track)
{
	struct sheet *t = arg;

	put(t, "weir_vrrp_tracker_up{");
	put_label(t, "kind", track->ops->kind);
	put(t, ",");
	put_label(t, "name", track->name);
	put(t, "} %d\n", track->state == VR_TRACK_UP);
}

char *
vr_metrics_page(const struct vr_view *v)
{
	struct sheet t = { .len = 0 };

	put_head(&t, "keepalived_up", "gauge", "1");
	put(&t, "keepalived_up 1\n");
	put_states(&t, v, false);
	put_states(&t, v, true);
	put_counters(&t, v);
	put_scripts(&t, v, true);
	put_scripts(&t, v, false);
	put_ours(&t, v, "weir_vrrp_masters_seen", "gauge",
	    "masters of this virtual router, 2 is a split", masters_seen);
	put_ours(&t, v, "weir_vrrp_split_seconds_total", "counter",
	    "time with more than one master", split_seconds);
	put_ours(&t, v, "weir_vrrp_address_restored_total", "counter",
	    "addresses, routes, rules put back", restored);
	put_head(&t, "weir_vrrp_tracker_up", "gauge", "1: it is up");
	if (v->tracks != NULL)
		vr_tracks_each(v->tracks, put_trackers, &t);
	put_late(&t, v);
	put_head(&t, "weir_build_info", "gauge", "1");
	put(&t, "weir_build_info{version=\"%s\",engine=\"%s\"} 1\n",
	    PACKAGE_VERSION, v->engine == NULL ? "" : v->engine);
	return sheet_take(&t);
}

/* ---- health and status */

char *
vr_metrics_health(const struct vr_view *v, int *status)
{
	struct sheet t = { .len = 0 };

	*status = 200;
	for (unsigned i = 0; i < v->config->instances.count &&
	    *status == 200; i++)
		if (live_of(v, v->config->instances.at[i])->state ==
		    VR_STATE_FAULT) {
			*status = 503;
			put(&t, "%s is in FAULT\n",
			    v->config->instances.at[i]->name);
		}
	if (*status == 200)
		put(&t, "ok\n");
	return sheet_take(&t);
}

static const char *const states[] = { "INIT", "BACKUP", "MASTER", "FAULT" };

static void
put_line(struct sheet *t, const struct vr_instance_conf *c,
    const struct vr_live *l)
{
	char ip[INET6_ADDRSTRLEN];

	put(t, "%s %s priority %u vrid %u", c->name, states[l->state],
	    l->priority, c->vrid);
	if (c->interface != NULL)
		put(t, " on %s", c->interface);
	if (l->state == VR_STATE_BACKUP && l->master.len > 0)
		put(t, " master %s priority %u", inet_ntop(l->master.len ==
		    4 ? AF_INET : AF_INET6, l->master.at, ip, sizeof ip),
		    l->master_priority);
	if ((l->faults & VR_FAULT_LINK) != 0)
		put(t, " (interface down)");
	if ((l->faults & VR_FAULT_SOURCE) != 0)
		put(t, " (no source address)");
	if ((l->faults & VR_FAULT_TRACK) != 0)
		put(t, " (tracker down)");
	if ((l->faults & VR_FAULT_CONFIG) != 0)
		put(t, " (%s)", c->fault == NULL ? "configuration" :
		    c->fault);
	if ((l->faults & VR_FAULT_WAIT) != 0)
		put(t, " (waits for a tracker)");
	if ((l->faults & VR_FAULT_DELETED) != 0)
		put(t, " (addresses are deleted by others)");
	if (l->masters_seen > 1)
		put(t, " SPLIT: %u masters", l->masters_seen);
	put(t, "\n");
}

char *
vr_metrics_status(const struct vr_view *v, const char *instance, bool json)
{
	struct sheet t = { .len = 0 };

	put(&t, "%s", "");
	if (json)
		vr_json_status(&t, v, instance);
	for (unsigned i = 0; !json && i < v->config->instances.count; i++) {
		const struct vr_instance_conf *c =
		    v->config->instances.at[i];

		if (instance == NULL || strcmp(instance, c->name) == 0)
			put_line(&t, c, live_of(v, c));
	}
	return sheet_take(&t);
}

/* Of several the worst: a fault before a backup before a master. */
int
vr_metrics_code(const struct vr_view *v, const char *instance)
{
	int code = -1;

	for (unsigned i = 0; i < v->config->instances.count; i++) {
		const struct vr_instance_conf *c =
		    v->config->instances.at[i];
		enum vr_state state = live_of(v, c)->state;
		int is = state == VR_STATE_MASTER ? 0 : state ==
		    VR_STATE_FAULT ? 2 : 1;

		if ((instance == NULL || strcmp(instance, c->name) == 0) &&
		    is > code)
			code = is;
	}
	return code == -1 ? 2 : code;
}
