/* SPDX-License-Identifier: ISC */
/*
 * logs.c - log lines out. One socket per family for all datagrams; their
 * sends are atomic, so loops need no lock.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "balancer/logs.h"
#include "balancer/notices.h"
#include "base/clock.h"
#include "base/mem.h"
#include "stat/json.h"

enum { LINE_MOST = 65536, HEAD_MOST = 512 };

struct target {
	const struct lb_log_conf *conf;
	struct address to;		/* len 0: fd is written to */
	int fd;
	atomic_uint turn;		/* of samples */
};

struct lb_logs {
	struct lb_log_who who;
	unsigned count;
	struct target at[];
};

static atomic_ulong dropped;
static atomic_bool muted, as_json;

/* ---- opening ----------------------------------------------------------- */

static int
open_socket(int family)
{
	static int unix_fd = -1, in_fd = -1, in6_fd = -1;
	int *fd = family == AF_UNIX ? &unix_fd :
	    family == AF_INET ? &in_fd : &in6_fd;

	if (*fd < 0)
		*fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, 0);
	return *fd;
}

static void
open_target(struct target *t, const struct lb_log_conf *conf)
{
	t->conf = conf;
	t->fd = -1;
	switch (conf->target) {
	case LB_LOG_ADDRESS:
		if (conf->addr.kind == LB_ADDRESS_FD) {
			t->fd = conf->addr.fd;
			break;
		}
		t->to = conf->addr.sa;
		if (t->to.len > 0)
			t->fd = open_socket(t->to.sa.sa_family);
		break;
	case LB_LOG_STDOUT:
		t->fd = 1;
		break;
	case LB_LOG_STDERR:
		t->fd = 2;
		break;
	case LB_LOG_FD:
		t->fd = conf->fd;
		break;
	case LB_LOG_GLOBAL:
	case LB_LOG_NOWHERE:
		break;
	}
}

struct lb_logs *
lb_logs_open(const struct lb_log_conf *const *conf, unsigned n,
    const struct lb_log_who *who)
{
	struct lb_logs *l;

	if (n == 0)
		return NULL;
	l = mem_need(sizeof *l + n * sizeof l->at[0]);
	l->who = *who;
	l->count = n;
	for (unsigned i = 0; i < n; i++)
		open_target(&l->at[i], conf[i]);
	return l;
}

void
lb_logs_close(struct lb_logs **l)
{
	mem_drop(*l);
	*l = NULL;
}

/* ---- the head of a line, by form --------------------------------------- */

struct line {			/* being made */
	const struct lb_logs *logs;
	int priority;
	int64_t wall;
	struct tm tm;
	struct text sd;
};

static size_t
put_rfc3164(const struct line *l, char *to, size_t room)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	const struct lb_log_who *who = &l->logs->who;

	return (size_t)snprintf(to, room,
	    "<%d>%s %2d %02d:%02d:%02d %s%s%s[%d]: ", l->priority,
	    months[l->tm.tm_mon], l->tm.tm_mday, l->tm.tm_hour, l->tm.tm_min,
	    l->tm.tm_sec, who->hostname != NULL ? who->hostname : "",
	    who->hostname != NULL ? " " : "", who->tag, who->pid);
}

static size_t
put_time(const struct line *l, char *to, size_t room, bool zone)
{
	char offset[8];
	size_t len = strftime(to, room, "%Y-%m-%dT%H:%M:%S", &l->tm);

	len += (size_t)snprintf(to + len, room - len, ".%06d",
	    (int)(l->wall % CLOCK_SECOND));
	if (zone && strftime(offset, sizeof offset, "%z", &l->tm) == 5)
		len += (size_t)snprintf(to + len, room - len, "%.3s:%s",
		    offset, offset + 3);
	return len;
}

static size_t
put_rfc5424(const struct line *l, char *to, size_t room)
{
	const struct lb_log_who *who = &l->logs->who;
	size_t len = (size_t)snprintf(to, room, "<%d>1 ", l->priority);

	len += put_time(l, to + len, room - len, true);
	return len + (size_t)snprintf(to + len, room - len,
	    " %s %s %d - %.*s ", who->hostname != NULL ? who->hostname : "-",
	    who->tag, who->pid, l->sd.len > 0 ? (int)l->sd.len : 1,
	    l->sd.len > 0 ? l->sd.at : "-");
}

static size_t
put_short(const struct line *l, char *to, size_t room)
{
	return (size_t)snprintf(to, room, "<%d>", l->priority & 7);
}

static size_t
put_priority(const struct line *l, char *to, size_t room)
{
	return (size_t)snprintf(to, room, "<%d>", l->priority);
}

static size_t
put_raw(const struct line *l, char *to, size_t room)
{
	return 0;
}

static size_t
put_timed(const struct line *l, char *to, size_t room)
{
	size_t len = put_short(l, to, room);

	len += put_time(l, to + len, room - len, true);
	return len + (size_t)snprintf(to + len, room - len, " ");
}

static size_t
put_iso(const struct line *l, char *to, size_t room)
{
	size_t len = put_time(l, to, room, true);

	return len + (size_t)snprintf(to + len, room - len, " ");
}

static size_t
put_local(const struct line *l, char *to, size_t room)
{
	struct lb_logs bare = { .who = l->logs->who };
	struct line other = *l;

	bare.who.hostname = NULL;
	other.logs = &bare;
	return put_rfc3164(&other, to, room);
}

static size_t (*const heads[])(const struct line *, char *, size_t) = {
	[LB_LOG_RFC3164] = put_rfc3164, [LB_LOG_RFC5424] = put_rfc5424,
	[LB_LOG_RAW] = put_raw, [LB_LOG_SHORT] = put_short,
	[LB_LOG_TIMED] = put_timed, [LB_LOG_ISO] = put_iso,
	[LB_LOG_LOCAL] = put_local, [LB_LOG_PRIORITY] = put_priority,
};

/* ---- sending ----------------------------------------------------------- */

static bool
is_sampled(struct target *t)
{
	const struct lb_log_conf *c = t->conf;
	unsigned n;

	if (c->sample_size == 0)
		return true;
	n = atomic_fetch_add_explicit(&t->turn, 1, memory_order_relaxed) %
	    c->sample_size + 1;
	for (unsigned i = 0; i < c->sample_count; i++)
		if ((int)n >= c->samples[i].least &&
		    (int)n <= c->samples[i].most)
			return true;
	return false;
}

/*
 * A shared descriptor stays as blocking as it is: whether it takes a line is
 * asked first. A pipe that says yes takes PIPE_BUF bytes at once.
 */
static bool
write_out(int fd, const char *line, size_t len)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) &&
	    write(fd, line, len) == (ssize_t)len;
}

static void
send_to(struct target *t, struct line *l, enum lb_log_level level,
    struct text message)
{
	char line[LINE_MOST];
	size_t most = t->conf->length < 80 ? 80 : t->conf->length, len;
	bool sent;

	if (most > sizeof line - 1)
		most = sizeof line - 1;
	if ((int)level < t->conf->min_level)
		level = (enum lb_log_level)t->conf->min_level;
	l->priority = t->conf->facility * 8 + (int)level;
	len = heads[t->conf->form](l, line, HEAD_MOST);
	if (len > most)
		len = most;
	if (message.len > most - len)
		message.len = most - len;
	memcpy(line + len, message.at, message.len);
	len += message.len;
	line[len++] = '\n';
	if (t->to.len > 0)
		sent = sendto(t->fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT,
		    &t->to.sa, t->to.len) == (ssize_t)len;
	else
		sent = write_out(t->fd, line, len);
	if (!sent)
		atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
}

void
lb_logs_send(struct lb_logs *logs, enum lb_log_level level,
    struct text message, struct text sd)
{
	struct line l = { .logs = logs, .sd = sd };
	time_t seconds;

	if (logs == NULL)
		return;
	l.wall = clock_wall();
	seconds = (time_t)(l.wall / CLOCK_SECOND);
	localtime_r(&seconds, &l.tm);
	for (unsigned i = 0; i < logs->count; i++) {
		struct target *t = &logs->at[i];

		if (t->fd >= 0 && (int)level <= t->conf->max_level &&
		    is_sampled(t))
			send_to(t, &l, level, message);
	}
}

unsigned long
lb_logs_dropped(void)
{
	return atomic_load_explicit(&dropped, memory_order_relaxed);
}

/* ---- standard error ---------------------------------------------------- */

void
lb_logs_mute(bool mute)
{
	atomic_store(&muted, mute);
}

void
lb_logs_as_json(bool json)
{
	atomic_store(&as_json, json);
}

static void
put_member(struct sheet *to, const char *name, const char *value)
{
	sheet_print(to, "\"%s\":", name);
	json_text(to, text_of(value));
	sheet_char(to, ',');
}

/* {"time":...,"level":...}, a line. */
static void
write_object(const char *level, const char *object, const char *text)
{
	int64_t wall = clock_wall();
	time_t seconds = (time_t)(wall / CLOCK_SECOND);
	struct sheet line = { .len = 0 };
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	sheet_print(&line, "{\"time\":\"%s.%06dZ\",", date,
	    (int)(wall % CLOCK_SECOND));
	put_member(&line, "level", level);
	put_member(&line, "program", "weir-balancer");
	put_member(&line, "object", object);
	put_member(&line, "text", text);
	sheet_print(&line, "\"fields\":{\"pid\":%d}}\n", (int)getpid());
	if (!line.spoiled && write(2, line.at, line.len) < 0)
		line.len = 0;
	sheet_fini(&line);
}

void
lb_logs_say(enum lb_log_level level, const char *text)
{
	lb_logs_say_of("", level, text);
}

void
lb_logs_say_of(const char *object, enum lb_log_level level, const char *text)
{
	const char *word = level <= LB_LOG_ERR ? "ALERT" :
	    level == LB_LOG_WARNING ? "WARNING" : "NOTICE";
	char line[2048], tag[16];
	int len;

	snprintf(tag, sizeof tag, "[%s]", word);
	len = snprintf(line, sizeof line - 1, "%-10s (%d) : %s", tag,
	    (int)getpid(), text);
	if (len < 0)
		return;
	if (len >= (int)sizeof line - 1)
		len = sizeof line - 2;
	lb_notices_add(line);
	line[len++] = '\n';
	if (atomic_load(&muted))
		return;
	if (atomic_load(&as_json))
		write_object(level <= LB_LOG_ERR ? "error" :
		    level == LB_LOG_WARNING ? "warning" : "info", object,
		    text);
	else if (write(2, line, (size_t)len) < 0)
		return;
}
