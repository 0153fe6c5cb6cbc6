/* SPDX-License-Identifier: ISC */
/*
 * sysctl.h - settings under /proc/sys/net that are changed while we run and
 * put back as they were found: a list of what was found. The list lies in
 * memory that a helper forked later also sees (MAP_SHARED), so that whoever
 * is left puts them back. One writer at a time, one thread.
 */
#ifndef WEIR_VRRP_SYSCTL_H
#define WEIR_VRRP_SYSCTL_H

#include <stdbool.h>

struct vr_sysctls;

struct vr_sysctls *vr_sysctls_new(void);		/* NULL: no memory */
/*
 * "net/ipv4/conf/eth0/arp_ignore", 1. Remembers what it was the first time.
 * -1: errno.
 */
int	vr_sysctls_set(struct vr_sysctls *, const char *path, int value);
/* The same of an interface: "ipv4", "eth0", "arp_ignore", 1. */
int	vr_sysctls_link(struct vr_sysctls *, const char *family,
	    const char *link, const char *name, int value);
/* For what goes away with its interface: set and forgotten. */
int	vr_sysctl_write(const char *path, int value);
int	vr_sysctl_read(const char *path, int *value);
/*
 * What a configuration asks for beside VMACs: promote_secondaries of its
 * interfaces, disable_local_igmp. At start and reload.
 */
struct vr_config;
void	vr_sysctls_apply(struct vr_sysctls *, const struct vr_config *);
/* All as found; those whose interface has gone are forgotten. */
void	vr_sysctls_restore(struct vr_sysctls *);
void	vr_sysctls_free(struct vr_sysctls **);

#endif
