/* SPDX-License-Identifier: ISC */
/*
 * coding.h - bytes as an operator types and reads them: base64, with blanks
 * and ends of lines between, and hexadecimal. Any thread.
 */
#ifndef WEIR_BALANCER_CODING_H
#define WEIR_BALANCER_CODING_H

#include "stat/sheet.h"

/* The caller's (mem_drop to.at); -1: it is none, or no memory. */
int	lb_coding_from_base64(struct text, struct text *to);
void	lb_coding_base64(const void *, size_t, struct sheet *);
void	lb_coding_hex(const unsigned char *, size_t, struct sheet *);

#endif
