/* SPDX-License-Identifier: ISC */
/*
 * guard.h - the process that outlives the parent: it sleeps until that has
 * died, then ends the child, says good-bye for all masters and takes their
 * addresses away. It has what it needs in its memory since its fork, and the
 * live records. A new one is forked at each reload. One thread.
 */
#ifndef WEIR_VRRP_GUARD_H
#define WEIR_VRRP_GUARD_H

#include <sys/types.h>

#include "vrrp/instance.h"

/* In the new process, with the parent's number; keep: -V. Never returns. */
_Noreturn void vr_guard_run(struct vr_cast *, pid_t parent, bool keep);

#endif
