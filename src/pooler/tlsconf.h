/* SPDX-License-Identifier: ISC */
/*
 * tlsconf.h - the two TLS contexts that the settings ask for: towards
 * clients and towards servers. Made aside, swapped when both are good; what
 * runs keeps the one it began with. Loop 0 makes, all loops read.
 */
#ifndef WEIR_POOLER_TLSCONF_H
#define WEIR_POOLER_TLSCONF_H

#include "net/tls.h"
#include "pooler/settings.h"

/* -1: why; the old ones stay. *servers_changed: server connections are obsolete. */
int	pl_tlsconf_apply(const struct pl_settings *, bool *servers_changed, struct why *);
struct tls *pl_tlsconf_clients(void);	/* NULL: no TLS towards clients */
struct tls *pl_tlsconf_servers(void);	/* NULL: not asked for */
void	pl_tlsconf_fini(void);

#endif
