/* SPDX-License-Identifier: ISC */
/* dump_test.c - where the files go; statistics, health, status, JSON. */
#include <string.h>

#include "base/mem.h"
#include "unit.h"
#include "vrrp/dump.h"
#include "vrrp/json.h"
#include "vrrp/metrics.h"

static struct vr_live live;

static const struct vr_live *
live_of(const struct vr_instance_conf *c)
{
	return &live;
}

static struct vr_instance_conf one = { .name = "V \"1\"", .vrid = 9,
	.family = AF_INET, .version = 2, .interface = "eth0" };
static struct vr_instance_conf *all[] = { &one };
static struct vr_config config;
static const struct vr_view view = { .config = &config, .live = live_of };

static void
set_up(void)
{
	config.instances.at = all;
	config.instances.count = 1;
	config.global.router_id = "R";
	live = (struct vr_live){ .state = VR_STATE_MASTER, .priority = 100 };
}

START_TEST(paths)
{
	struct vr_global_conf g = { .instance = "i", .namespace = "n" };
	char path[1024];

	vr_dump_path(&g, VR_DUMP_DATA, path, sizeof path);
	ck_assert_str_eq(path, "/tmp/keepalived.data");
	g.stats_dump_file = "/run/x/";
	vr_dump_path(&g, VR_DUMP_STATS, path, sizeof path);
	ck_assert_str_eq(path, "/run/x/keepalived.stats");
	g.data_use_instance = true;
	vr_dump_path(&g, VR_DUMP_STATS, path, sizeof path);
	ck_assert_str_eq(path, "/run/x/keepalived_i_n.stats");
	g.json_dump_file = "/run/my.json";
	vr_dump_path(&g, VR_DUMP_JSON, path, sizeof path);
	ck_assert_str_eq(path, "/run/my.json");
}
END_TEST

START_TEST(statistics)
{
	char *text;

	set_up();
	live.counts.advert_sent = 7;
	live.counts.zero_sent = 2;
	text = vr_dump_stats(&view);
	ck_assert_ptr_nonnull(strstr(text, "VRRP Instance: V \"1\"\n"
	    "  Advertisements:\n    Received: 0\n    Sent: 7\n"
	    "  Became master: 0\n  Released master: 0\n  Packet Errors:\n"
	    "    Length: 0\n    TTL: 0\n    Invalid Type: 0\n"
	    "    Advertisement Interval: 0\n    Address List: 0\n"
	    "  Authentication Errors:\n"));
	ck_assert_ptr_nonnull(strstr(text, "  Priority Zero:\n"
	    "    Received: 0\n    Sent: 2\n"));
	mem_drop(text);
}
END_TEST

START_TEST(health)
{
	int status;
	char *text;

	set_up();
	text = vr_metrics_health(&view, &status);
	ck_assert_int_eq(status, 200);
	ck_assert_str_eq(text, "ok\n");
	mem_drop(text);
	ck_assert_int_eq(vr_metrics_code(&view, NULL), 0);
	ck_assert_int_eq(vr_metrics_code(&view, "V \"1\""), 0);
	ck_assert_int_eq(vr_metrics_code(&view, "other"), 2);
	live.state = VR_STATE_FAULT;
	text = vr_metrics_health(&view, &status);
	ck_assert_int_eq(status, 503);
	mem_drop(text);
	ck_assert_int_eq(vr_metrics_code(&view, NULL), 2);
	live.state = VR_STATE_INIT;
	ck_assert_int_eq(vr_metrics_code(&view, NULL), 1);
}
END_TEST

START_TEST(quoting)
{
	struct sheet t = { .len = 0 };
	char *text;

	set_up();
	vr_json_text(&t, "a\"b\\c/d\n");
	text = sheet_take(&t);
	ck_assert_str_eq(text, "\"a\\\"b\\\\c\\/d\\u000a\"");
	mem_drop(text);
	text = vr_dump_json(&view);
	ck_assert_ptr_eq(strstr(text, "[{\"data\":{\"iname\":\"V \\\"1"
	    "\\\"\","), text);
	ck_assert_ptr_null(strstr(text, ",}"));
	ck_assert_ptr_null(strstr(text, ",]"));
	mem_drop(text);
	text = vr_metrics_page(&view);
	ck_assert_ptr_nonnull(strstr(text, "keepalived_become_master_total{"
	    "iname=\"V \\\"1\\\"\",intf=\"eth0\",vrid=\"9\"} 0\n"));
	mem_drop(text);
}
END_TEST

UNIT_MAIN("vrrp/dump", paths, statistics, health, quoting)
