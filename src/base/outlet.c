/* SPDX-License-Identifier: ISC */
/* outlet.c - log lines out to a file, standard error, the journal, syslog. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/outlet.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct sink {			/* a descriptor that lines are written to */
	int fd;			/* -1: none */
	bool torn;		/* half a line stands there */
	unsigned long lost;	/* lines since it last worked */
};

struct outlet {
	struct sink file, err;
	int journal;		/* socket, or -1 */
	bool to_syslog, syslog_open;
	int facility;
	char *ident;		/* syslog keeps the pointer */
};

static atomic_ulong lost;	/* lines, by all outlets there were */

static const struct { const char *name; int code; } facilities[] = {
	{ "auth", LOG_AUTH },
#ifdef LOG_AUTHPRIV
	{ "authpriv", LOG_AUTHPRIV },
#endif
	{ "daemon", LOG_DAEMON }, { "user", LOG_USER },
	{ "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },
	{ "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
	{ "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
	{ "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
};

static int
find_facility(const char *name)
{
	for (size_t i = 0; i < sizeof facilities / sizeof facilities[0]; i++)
		if (name != NULL && strcasecmp(name, facilities[i].name) == 0)
			return facilities[i].code;
	return LOG_DAEMON;
}

/* O_NONBLOCK for the open alone: a pipe that nobody reads is refused. */
static int
open_file(const char *path, struct why *why)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY | O_NONBLOCK, 0644);

	if (fd < 0)
		return why_errno(why, "Cannot open logfile: '%s'", path);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

/* $JOURNAL_STREAM is "device:inode" of what standard error was at start. */
static bool
is_journal(void)
{
	const char *told = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return told != NULL &&
	    sscanf(told, "%llu:%llu", &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 &&
	    st.st_dev == device && st.st_ino == inode;
}

static int
open_journal(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof un.sun_path)
		return -1;
	memcpy(un.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

struct outlet *
outlet_new(const struct outlet_plan *plan, struct why *why)
{
	const char *ident = plan->syslog_ident;
	struct outlet *o = mem_zero(sizeof *o);

	if (o == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	o->file.fd = o->journal = -1;
	o->err.fd = plan->to_stderr ? STDERR_FILENO : -1;
	if (plan->file != NULL && plan->file[0] != '\0' &&
	    (o->file.fd = open_file(plan->file, why)) < 0) {
		mem_drop(o);
		return NULL;
	}
	if (plan->to_stderr && is_journal())
		o->journal = open_journal(plan->journal != NULL ?
		    plan->journal : JOURNAL_SOCKET);
	if (plan->to_syslog) {
		o->ident = mem_copy(text_of(ident != NULL ? ident : "weir"));
		o->facility = find_facility(plan->syslog_facility);
		o->to_syslog = true;
	}
	return o;
}

void
outlet_free(struct outlet **op)
{
	struct outlet *o = *op;

	*op = NULL;
	if (o == NULL)
		return;
	if (o->file.fd >= 0)
		close(o->file.fd);
	if (o->journal >= 0)
		close(o->journal);
	if (o->syslog_open)
		closelog();
	mem_drop(o->ident);
	mem_drop(o);
}

/* All of it, or -1; 'torn' remembers that a part went out. */
static int
write_all(struct sink *s, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(s->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {	/* somebody else set it so */
			poll(&(struct pollfd){ s->fd, POLLOUT, 0 }, 1, -1);
			continue;
		}
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
		s->torn = len > 0;
	}
	return 0;
}

/* What is said first where lines are missing: a torn line ends, the count. */
static int
tell_lost(struct sink *s, const struct outlet_line *l)
{
	char text[256];
	int n;

	if (s->torn && write_all(s, "\n", 1) < 0)
		return -1;
	if (s->lost == 0)
		return 0;
	n = snprintf(text, sizeof text,
	    "%.*sthe output failed, %lu log lines are missing here\n",
	    (int)(l->head < 128 ? l->head : 0), l->at, s->lost);
	if (write_all(s, text, (size_t)n) < 0)
		return -1;
	s->lost = 0;
	return 0;
}

static void
put_sink(struct sink *s, const struct outlet_line *l)
{
	if (tell_lost(s, l) < 0 || write_all(s, l->at, l->len) < 0) {
		s->lost++;
		lost++;
	}
}

/* The journal's own protocol: fields; a length in front where newlines are. */
static int
put_journal(struct outlet *o, const struct outlet_line *l)
{
	char field[48];
	uint8_t length[8];
	uint64_t size = l->len - l->head - 1;
	struct iovec parts[] = {
		{ field, (size_t)snprintf(field, sizeof field,
		    "PRIORITY=%d\nMESSAGE\n", l->priority) },
		{ length, sizeof length },
		{ (void *)(uintptr_t)(l->at + l->head), size + 1 },
	};
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = 3 };

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(size >> 8 * i);
	return sendmsg(o->journal, &m, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* Would a write wait? Asked only where another place has the line too. */
static bool
is_stuck(int fd)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	return poll(&p, 1, 0) == 0;
}

static void
put_err(struct outlet *o, const struct outlet_line *l)
{
	if (o->journal >= 0 && put_journal(o, l) == 0)
		return;
	if ((o->file.fd >= 0 || o->to_syslog) && is_stuck(o->err.fd)) {
		o->err.lost++;
		lost++;
		return;
	}
	put_sink(&o->err, l);
}

/* Opened late: libc has one, and the outlet before had it until now. */
static void
put_syslog(struct outlet *o, const struct outlet_line *l)
{
	if (!o->syslog_open)
		openlog(o->ident, LOG_PID, o->facility);
	o->syslog_open = true;
	syslog(l->priority, "%.*s", (int)(l->len - l->head - 1),
	    l->at + l->head);
}

void
outlet_put(struct outlet *o, const struct outlet_line *l)
{
	if (o->file.fd >= 0)
		put_sink(&o->file, l);
	if (o->to_syslog && l->priority <= LOG_INFO)
		put_syslog(o, l);
	if (o->err.fd >= 0)
		put_err(o, l);
}

unsigned long
outlet_lost(void)
{
	return lost;
}
