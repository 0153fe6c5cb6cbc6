/* SPDX-License-Identifier: ISC */
/*
 * check_kinds.h - the variants that checks.c puts into its table, each from
 * its own file. Constant; loop 0.
 */
#ifndef WEIR_BALANCER_CHECK_KINDS_H
#define WEIR_BALANCER_CHECK_KINDS_H

#include "balancer/check.h"

extern const struct lb_check_variant lb_check_tcp, lb_check_http,
    lb_check_pgsql, lb_check_pgsql_login, lb_check_mysql, lb_check_redis,
    lb_check_smtp, lb_check_ldap, lb_check_hello, lb_check_agent, lb_check_external;

#endif
