/* SPDX-License-Identifier: ISC */
/*
 * view_pools.h - views of databases, pools, users and peers. Constant; loop
 * 0.
 */
#ifndef WEIR_POOLER_VIEW_POOLS_H
#define WEIR_POOLER_VIEW_POOLS_H

#include "pooler/view.h"

extern const struct pl_view pl_view_pools_databases, pl_view_pools_pools,
    pl_view_pools_peers, pl_view_pools_peer_pools, pl_view_pools_users,
    pl_view_pools_stats, pl_view_pools_stats_totals,
    pl_view_pools_stats_averages;

#endif
