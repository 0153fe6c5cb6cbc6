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
#include "base/text.h"
#include "vrrp/say.h"

enum { LINE_MOST = 1024 };

bool vr_say_detailed;

static struct {
	struct vr_say_plan plan;
	int syslog, file;
	unsigned long lost;
	bool json;
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
vr_say_as_json(bool json)
{
	out.json = json;
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
	char line[5 * LINE_MOST];
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

/* ---- lines as objects */

static size_t
escape(char *to, size_t room, struct text t)
{
	size_t used = 0;

	for (size_t i = 0; i < t.len && used + 8 < room; i++) {
		unsigned char c = (unsigned char)t.at[i];

		if (c == '"' || c == '\\')
			to[used++] = '\\';
		if (c < ' ')
			used += (size_t)snprintf(to + used, room - used,
			    "\\u%04x", c);
		else
			to[used++] = (char)c;
	}
	to[used] = '\0';
	return used;
}

/* "(VI_1) text": the object stands in front. */
static struct text
cut_object(struct text *t)
{
	const char *end = t->len > 0 && t->at[0] == '(' ? memchr(t->at, ')',
	    t->len) : NULL;
	struct text object = TEXT_NONE;

	if (end == NULL || end[1] != ' ')
		return object;
	object = (struct text){ t->at + 1, (size_t)(end - t->at) - 1 };
	*t = text_from(*t, object.len + 3);
	return object;
}

static const char *
level_of(int priority)
{
	return priority == LOG_ERR ? "error" : priority == LOG_WARNING ?
	    "warning" : "info";
}

static size_t
make_object(char *to, size_t room, int priority, int64_t wall,
    const char *text)
{
	time_t second = (time_t)(wall / CLOCK_SECOND);
	struct text rest = text_of(text), object = cut_object(&rest);
	struct tm tm;
	size_t n;

	gmtime_r(&second, &tm);
	n = strftime(to, room, "{\"time\":\"%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(to + n, room - n, ".%06dZ\",\"level\":\"%s\","
	    "\"program\":\"%s\",\"object\":\"", (int)(wall % CLOCK_SECOND),
	    level_of(priority), out.plan.ident);
	n += escape(to + n, room - n - 64, object);
	n += (size_t)snprintf(to + n, room - n, "\",\"text\":\"");
	n += escape(to + n, room - n - 64, rest);
	return n + (size_t)snprintf(to + n, room - n, "\",\"fields\":{\"pid\":"
	    "%d}}\n", (int)getpid());
}

static void
put_object(int priority, const char *text)
{
	char line[4 * LINE_MOST];
	int64_t wall = clock_wall();
	size_t len = make_object(line, sizeof line, priority, wall, text);

	if (out.plan.to_stderr)
		put_line(STDERR_FILENO, line, len);
	if (out.file >= 0)
		put_line(out.file, line, len);
	line[len - 1] = '\0';
	if (out.syslog >= 0)
		put_syslog(priority, (time_t)(wall / CLOCK_SECOND), line);
}

static void
put_text(int priority, const char *text)
{
	time_t second = (time_t)(clock_wall() / CLOCK_SECOND);

	if (out.json) {
		put_object(priority, text);
		return;
	}
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
