/* SPDX-License-Identifier: ISC */
/*
 * logs.h - log lines on their way to syslog servers, sockets and inherited
 * descriptors. Never blocks: what cannot be written now is dropped and
 * counted. Opened at start (before chroot) by loop 0; any loop sends.
 */
#ifndef WEIR_BALANCER_LOGS_H
#define WEIR_BALANCER_LOGS_H

#include "balancer/settings.h"

struct lb_logs;			/* the log lines of one section, opened */

enum lb_log_level { LB_LOG_EMERG, LB_LOG_ALERT, LB_LOG_CRIT, LB_LOG_ERR,
	LB_LOG_WARNING, LB_LOG_NOTICE, LB_LOG_INFO, LB_LOG_DEBUG };

struct lb_log_who {			/* what every line begins with */
	const char *tag, *hostname;	/* hostname NULL: none */
	int pid;
};

/* Dies: start only. NULL: there are no lines. */
struct lb_logs *lb_logs_open(const struct lb_log_conf *const *, unsigned n,
	    const struct lb_log_who *);
void	lb_logs_close(struct lb_logs **);
/* sd: structured data of rfc5424, or TEXT_NONE. NULL logs: nothing. */
void	lb_logs_send(struct lb_logs *, enum lb_log_level, struct text message,
	    struct text sd);
unsigned long lb_logs_dropped(void);	/* lines, of all, since start */

/*
 * A line of a program's own life on standard error: "[WARNING]  (pid) :
 * text", or an object of JSON; -q and daemons silence it.
 */
void	lb_logs_mute(bool);
void	lb_logs_as_json(bool);
void	lb_logs_say(enum lb_log_level, const char *text);
/* object: the proxy that it is about; "": the process. */
void	lb_logs_say_of(const char *object, enum lb_log_level,
	    const char *text);

#endif
