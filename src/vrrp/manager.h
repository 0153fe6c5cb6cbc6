/* SPDX-License-Identifier: ISC */
/*
 * manager.h - what the service manager hears, by its notify protocol; silent
 * when there is none ($NOTIFY_SOCKET is not set). The parent's, one thread.
 */
#ifndef WEIR_VRRP_MANAGER_H
#define WEIR_VRRP_MANAGER_H

void	vr_manager_init(void);		/* reads the environment, cleans it */
void	vr_manager_up(void);		/* READY=1 and MAINPID */
void	vr_manager_reloading(void);	/* RELOADING=1 and MONOTONIC_USEC */
void	vr_manager_stopping(void);
void	vr_manager_failed(int error);	/* ERRNO=n */

#endif
