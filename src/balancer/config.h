/* SPDX-License-Identifier: ISC */
/*
 * config.h - how named texts (haproxy.cfg and what it is made of) become a
 * struct lb_setup. Reading has no effect on the process: files that the texts
 * name are asked for through the source. All errors are told in one go. The
 * setup belongs to the caller. Any one thread.
 */
#ifndef WEIR_BALANCER_CONFIG_H
#define WEIR_BALANCER_CONFIG_H

#include "balancer/report.h"
#include "balancer/settings.h"
#include "balancer/source.h"

/*
 * NULL: refused, or out of memory (told too). Everything that there is to
 * tell goes to report, in order.
 */
struct lb_setup *lb_config_read(const struct lb_source *,
	    struct lb_report *);
void	lb_config_free(struct lb_setup **);

struct lb_proxy_conf *lb_config_frontend(const struct lb_setup *,
	    const char *name);		/* or NULL */
struct lb_proxy_conf *lb_config_backend(const struct lb_setup *,
	    const char *name);		/* or NULL */
struct lb_server_conf *lb_config_server(const struct lb_proxy_conf *,
	    const char *name);		/* or NULL */

#endif
