/* SPDX-License-Identifier: ISC */
/* view_ends.h - views of clients, servers and listeners. Constant; loop 0. */
#ifndef WEIR_POOLER_VIEW_ENDS_H
#define WEIR_POOLER_VIEW_ENDS_H

#include "pooler/view.h"

extern const struct pl_view pl_view_ends_clients, pl_view_ends_servers,
    pl_view_ends_sockets, pl_view_ends_active_sockets, pl_view_ends_fds,
    pl_view_ends_listeners;

#endif
