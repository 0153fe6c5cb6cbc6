/* SPDX-License-Identifier: ISC */
/*
 * pagelook.h - the parts of the statistics page that never change: style,
 * heads of tables, the script. Constant; any thread.
 */
#ifndef WEIR_BALANCER_PAGELOOK_H
#define WEIR_BALANCER_PAGELOOK_H

extern const char *const lb_pagelook_open;	/* up to the title's text */
extern const char *const lb_pagelook_style;	/* from there to the body */
extern const char *const lb_pagelook_legend;
extern const char *const lb_pagelook_columns[2];	/* of each table; with
						 * modules */
extern const char *const lb_pagelook_script;

#endif
