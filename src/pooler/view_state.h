/* SPDX-License-Identifier: ISC */
/* view_state.h - views of the process itself. Constant; loop 0. */
#ifndef WEIR_POOLER_VIEW_STATE_H
#define WEIR_POOLER_VIEW_STATE_H

#include "pooler/view.h"

#define PL_VERSION_SHOWN	"1.25.2"	/* what we stand in for */
#define PL_VERSION_LINE		"PgBouncer " PL_VERSION_SHOWN		\
				" (Weir " PACKAGE_VERSION ")"

extern const struct pl_view pl_view_state_version, pl_view_state_state,
    pl_view_state_config, pl_view_state_lists, pl_view_state_totals,
    pl_view_state_mem, pl_view_state_dns_hosts, pl_view_state_dns_zones,
    pl_view_state_weir, pl_view_state_client_encoding, pl_view_state_isolation,
    pl_view_state_strings, pl_view_state_datestyle, pl_view_state_timezone;

#endif
