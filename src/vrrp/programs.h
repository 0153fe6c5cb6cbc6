/* SPDX-License-Identifier: ISC */
/*
 * programs.h - the scripts a configuration names: their words, who runs them,
 * and, when everything is read, whether they may run. One thread.
 */
#ifndef WEIR_VRRP_PROGRAMS_H
#define WEIR_VRRP_PROGRAMS_H

#include "vrrp/parse.h"

/*
 * SCRIPT [USER [GROUP]] behind the keyword of the statement. NULL: it names
 * none, or somebody who does not exist; said already.
 */
struct vr_program *vr_programs_read(struct vr_parse *);
/* A whole line as the command; its user is set by a statement of its own. */
struct vr_program *vr_programs_command(struct vr_parse *);
/* USER [GROUP] from word n on; false: there are none such. */
bool	vr_programs_user(struct vr_parse *, unsigned n, struct vr_program *);
/* The user of scripts that name none; false: there is none, not said. */
bool	vr_programs_usual_user(struct vr_parse *, struct vr_program *);

/*
 * Looks at it now that all settings are known: fills path, insecure,
 * disabled. True: it may run.
 */
bool	vr_programs_settle(struct vr_parse *, struct vr_program *);

#endif
