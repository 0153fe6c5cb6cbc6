/* SPDX-License-Identifier: ISC */
/* gauge_test.c - metrics of Weir's own become pages. */
#include "base/clock.h"
#include "base/mem.h"
#include "unit.h"
#include "watch/gauge.h"
#include "watch/page.h"

static const char pooler[] = "# HELP x y\n"
    "pgbouncer_up 1\n"
    "pgbouncer_databases_pool_size{name=\"app\",host=\"h\"} 20\n"
    "pgbouncer_databases_pool_size{name=\"a\\\"b\"} 20\n"
    "pgbouncer_databases_pool_size{name=\"pgbouncer\"} 2\n"
    "pgbouncer_pools_client_maxwait_seconds{database=\"app\",user=\"u\"} 7.5\n"
    "pgbouncer_used_clients 95\n"
    "pgbouncer_config_max_client_connections 100\n";

START_TEST(a_pooler)
{
	struct wt_source_row row = { .maxwait_warn = 5 * CLOCK_SECOND,
	    .clients_warn = 90 };
	static char reason[] = "no server";
	struct map *health = NULL;
	struct why why;
	char *page;

	map_put(&health, TEXT("app"), reason);
	page = wt_gauge_pooler(text_of(pooler), &row, health, &why);
	ck_assert_msg(page != NULL, "%s", why.line);
	ck_assert_str_eq(page, "# pxname,svname,status,type,check_desc,addr,\n"
	    "\"databases\",\"app\",\"DOWN\",\"2\",\"no server\",\"\",\n"
	    "\"databases\",\"a\"\"b\",\"UP\",\"2\",\"\",\"\",\n"
	    "\"pools\",\"app/u\",\"WAIT\",\"2\","
	    "\"a client has waited 8 s\",\"\",\n"
	    "\"pooler\",\"max_client_conn\",\"FULL\",\"2\","
	    "\"95 of 100 clients\",\"\",\n");
	mem_drop(page);
	map_free(&health, NULL);
	ck_assert_ptr_null(wt_gauge_pooler(TEXT("<html>\n"), &row, NULL,
	    &why));
	ck_assert_str_eq(why.line, "these are no metrics of Weir's pooler");
}
END_TEST

START_TEST(a_vrrp_node)
{
	struct why why;
	char *page = wt_gauge_vrrp(TEXT(
	    "keepalived_vrrp_state{iname=\"VI_1\",ip_address=\"10.0.0.5\"} 2\n"
	    "keepalived_vrrp_state{iname=\"VI_1\",ip_address=\"10.0.0.6\"} 2\n"
	    "keepalived_vrrp_state{iname=\"VI_2\"} 3\n"
	    "weir_vrrp_masters_seen{iname=\"VI_1\"} 2\n"), &why);

	ck_assert_ptr_nonnull(page);
	ck_assert_str_eq(page, "# pxname,svname,status,type,check_desc,addr,\n"
	    "\"vrrp\",\"VI_1\",\"MASTER (split)\",\"2\",\"\",\"10.0.0.5\",\n"
	    "\"vrrp\",\"VI_2\",\"FAULT\",\"2\",\"\",\"\",\n");
	mem_drop(page);
	ck_assert_ptr_null(wt_gauge_vrrp(TEXT("up 1\n"), &why));
}
END_TEST

UNIT_MAIN("watch/gauge", a_pooler, a_vrrp_node)
