/* SPDX-License-Identifier: ISC */
/*
 * say.c - log lines to syslog, standard error and a file, none of which can
 * make us wait: the socket of syslog does not block, a pipe or terminal is
 * asked first whether it takes a line. Each process has its own.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "vrrp/say.h"

enum { LINE_MOST = 1024 };

bool vr_say_detailed;

static struct {
	struct vr_say_plan plan;
	int syslog, file;
	unsigned long lost;
} out = { .syslog = -1, .file = -1 };

static void
open_syslog(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX,
	    .sun_path = "/dev/log" };

	out.syslog = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (out.syslog >= 0 && connect(out.syslog,
	    (const struct sockaddr *)&to, sizeof to) < 0) {
		close(out.syslog);
		out.syslog = -1;
	}
}

int
vr_say_open(const struct vr_say_plan *plan, struct why *why)
{
	vr_say_close();
	out.plan = *plan;
	vr_say_detailed = plan->detail;
	if (plan->to_syslog)
		open_syslog();
	if (plan->file == NULL)
		return 0;
	out.file = open(plan->file, O_WRONLY | O_CREAT | O_APPEND |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	return out.file < 0 ? why_errno(why, "cannot open log file %s",
	    plan->file) : 0;
}

void
vr_say_close(void)
{
	if (out.syslog >= 0)
		close(out.syslog);
	if (out.file >= 0)
		close(out.file);
	out.syslog = out.file = -1;
}

unsigned
vr_say_descriptors(int to[])
{
	unsigned n = 0;

	if (out.syslog >= 0)
		to[n++] = out.syslog;
	if (out.file >= 0)
		to[n++] = out.file;
	return n;
}

/* A line is shorter than what a pipe takes whole. */
static void
put_line(int fd, const char *line, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1 || write(fd, line, len) != (ssize_t)len)
		out.lost++;
}


static void
put_plain(int fd, time_t second, const char *text)
{
	char line[LINE_MOST + 64];
	struct tm tm;
	size_t len;

	localtime_r(&second, &tm);
	len = strftime(line, sizeof line, "%a %b %e %H:%M:%S %Y: ", &tm);
	len += (size_t)snprintf(line + len, sizeof line - len, "%s\n", text);
	put_line(fd, line, len < sizeof line ? len : sizeof line - 1);
}

static void
put_syslog(int priority, time_t second, const char *text)
{
	char line[LINE_MOST + 128];
	size_t len = (size_t)snprintf(line, sizeof line, "<%d>", priority |
	    out.plan.facility);
	struct tm tm;

	localtime_r(&second, &tm);
	len += strftime(line + len, sizeof line - len, "%b %e %H:%M:%S ",
	    &tm);
	len += (size_t)snprintf(line + len, sizeof line - len, "%s[%d]: %s",
	    out.plan.ident, (int)getpid(), text);
	if (len >= sizeof line)
		len = sizeof line - 1;
	if (send(out.syslog, line, len, MSG_NOSIGNAL) >= 0)
		return;
	out.lost++;
	if (errno == ECONNREFUSED || errno == ENOTCONN) {
		close(out.syslog);
		open_syslog();
	}
}

static void
put_text(int priority, const char *text)
{
	time_t second = (time_t)(clock_wall() / CLOCK_SECOND);

	if (out.syslog >= 0)
		put_syslog(priority, second, text);
	if (out.plan.to_stderr)
		put_plain(STDERR_FILENO, second, text);
	if (out.file >= 0)
		put_plain(out.file, second, text);
}

void
vr_say_line(int priority, const char *fmt, ...)
{
	char text[LINE_MOST];
	unsigned long lost = out.lost;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put_text(priority, text);
	if (lost == 0 || out.lost != lost)
		return;
	out.lost = 0;
	snprintf(text, sizeof text, "%lu log lines were lost", lost);
	put_text(LOG_WARNING, text);
}
