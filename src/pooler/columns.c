/* SPDX-License-Identifier: ISC */
/*
 * columns.c - the table of what SHOW can show. To add a column: one line in
 * a table of a view_ file and one put_ function above it. To add an object:
 * a table, a next_ function that finds its rows, a line here. Loop 0.
 */
#include "pooler/columns.h"
#include "pooler/view_ends.h"
#include "pooler/view_pools.h"
#include "pooler/view_state.h"

/* In the order of SHOW HELP. */
const struct pl_object pl_objects[] = {
	{ "HELP", PL_LEVEL_ANY, 1, NULL,
	    "this list" },
	{ "CONFIG", PL_LEVEL_ANY, 1, &pl_view_state_config,
	    "settings in force, their defaults, and which can be changed" },
	{ "DATABASES", PL_LEVEL_ANY, 1, &pl_view_pools_databases,
	    "entries of [databases] with their limits" },
	{ "POOLS", PL_LEVEL_ANY, 1, &pl_view_pools_pools,
	    "clients and servers of each pool, by state" },
	{ "CLIENTS", PL_LEVEL_ANY, 1, &pl_view_ends_clients,
	    "client connections" },
	{ "SERVERS", PL_LEVEL_ANY, 1, &pl_view_ends_servers,
	    "server connections" },
	{ "USERS", PL_LEVEL_ANY, 1, &pl_view_pools_users,
	    "users with their limits" },
	{ "VERSION", PL_LEVEL_ANY, 1, &pl_view_state_version,
	    "the version" },
	{ "PEERS", PL_LEVEL_ANY, 2, &pl_view_pools_peers,
	    "entries of [peers]" },
	{ "PEER_POOLS", PL_LEVEL_ANY, 2, &pl_view_pools_peer_pools,
	    "cancel requests on their way to peers" },
	{ "FDS", PL_LEVEL_ADMIN, 3, &pl_view_ends_fds,
	    "descriptors that a successor may take over" },
	{ "SOCKETS", PL_LEVEL_ANY, 3, &pl_view_ends_sockets,
	    "all connections with what stands in their buffers" },
	{ "ACTIVE_SOCKETS", PL_LEVEL_ANY, 3, &pl_view_ends_active_sockets,
	    "the same, of those that are at work" },
	{ "LISTS", PL_LEVEL_ANY, 3, &pl_view_state_lists,
	    "how many of each kind there are" },
	{ "MEM", PL_LEVEL_ANY, 3, &pl_view_state_mem,
	    "memory by kind" },
	{ "STATE", PL_LEVEL_ANY, 3, &pl_view_state_state,
	    "whether it is active, paused or suspended" },
	{ "DNS_HOSTS", PL_LEVEL_ANY, 4, &pl_view_state_dns_hosts,
	    "host names in the cache" },
	{ "DNS_ZONES", PL_LEVEL_ANY, 4, &pl_view_state_dns_zones,
	    "zones in the cache" },
	{ "STATS", PL_LEVEL_ANY, 5, &pl_view_pools_stats,
	    "totals and averages of each database" },
	{ "STATS_TOTALS", PL_LEVEL_ANY, 5, &pl_view_pools_stats_totals,
	    "the totals alone" },
	{ "STATS_AVERAGES", PL_LEVEL_ANY, 5, &pl_view_pools_stats_averages,
	    "the averages alone" },
	{ "TOTALS", PL_LEVEL_ANY, 5, &pl_view_state_totals,
	    "totals and averages of all databases" },
	{ "WEIR", PL_LEVEL_ANY, 6, &pl_view_state_weir,
	    "engine, threads, memory" },
	{ "LISTENERS", PL_LEVEL_ANY, 6, &pl_view_ends_listeners,
	    "sockets that we listen on" },
	{ "CLIENT_ENCODING", PL_LEVEL_ANY, PL_GROUP_PARAMETER,
	    &pl_view_state_client_encoding, NULL },
	{ "DEFAULT_TRANSACTION_ISOLATION", PL_LEVEL_ANY, PL_GROUP_PARAMETER,
	    &pl_view_state_isolation, NULL },
	{ "STANDARD_CONFORMING_STRINGS", PL_LEVEL_ANY, PL_GROUP_PARAMETER,
	    &pl_view_state_strings, NULL },
	{ "DATESTYLE", PL_LEVEL_ANY, PL_GROUP_PARAMETER,
	    &pl_view_state_datestyle, NULL },
	{ "TIMEZONE", PL_LEVEL_ANY, PL_GROUP_PARAMETER,
	    &pl_view_state_timezone, NULL },
};
const unsigned pl_object_count = sizeof pl_objects / sizeof pl_objects[0];

const struct pl_object *
pl_columns_find(const char *name)
{
	for (unsigned i = 0; i < pl_object_count; i++)
		if (text_is_nocase(text_of(name), pl_objects[i].name))
			return &pl_objects[i];
	return NULL;
}
