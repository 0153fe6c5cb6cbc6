/* SPDX-License-Identifier: ISC */
/*
 * state_file.h - server-state files: what "show servers state" printed, this
 * program's or the original's, restored when the process starts. First
 * thread.
 */
#ifndef WEIR_BALANCER_STATE_FILE_H
#define WEIR_BALANCER_STATE_FILE_H

/*
 * The files that the setup asks for, while they can be reached; what they
 * say, once servers and checks are there. What cannot be used is told as a
 * warning.
 */
void	lb_state_file_read(void);
void	lb_state_file_apply(void);

#endif
