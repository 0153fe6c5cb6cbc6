/* SPDX-License-Identifier: ISC */
/*
 * mail.c - letters: each has its text, its envelope and its dialogue, and
 * needs nothing of the configuration it was written under. A server's name is
 * asked for by a process of its own, since that may take long.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "vrrp/chat.h"
#include "vrrp/mail.h"
#include "vrrp/say.h"
#include "vrrp/turn.h"

enum { MOST_LETTERS = 4096, AT_ONCE = 16, SERVERS = 8, HOST = 256 };

enum step { GREETING, HELO, FROM, TO, DATA, TEXT_SENT, QUIT };

/* What was said, in the lines that the original logs. */
static const char *const words[] = {
	[GREETING] = "CONNECTION", [HELO] = "HELO", [FROM] = "MAIL",
	[TO] = "RCPT", [DATA] = "DATA", [TEXT_SENT] = "BODY", [QUIT] = "QUIT"
};

struct letter {
	struct letter *next;
	struct vr_mail *mail;
	struct vr_chat *chat;		/* NULL: waits for its turn */
	unsigned tried;			/* of the server's addresses */
	enum step step;
	char *text, *to;		/* to: addresses, a line each */
	struct text left;		/* of them */
};

struct vr_mail {
	const struct vr_global_conf *global;	/* until it is closed */
	bool closed;
	struct letter *letters;		/* in the order of writing */
	unsigned count, talking;
	char host[HOST], helo[HOST], from[HOST];
	uint16_t port;
	int64_t limit;
	bool literal;			/* the file has an address, no name */
	unsigned servers;		/* addresses; 0: not known */
	struct address server[SERVERS];
	bool unknown;			/* nobody knows the name */
	bool starting;			/* in start_waiting() */
	int asking;			/* pipe of the process; -1: none */
	pid_t asker;
};

/* ---- pure parts */

static const char *
print_date(int64_t wall, char *to, size_t size)
{
	time_t seconds = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(to, size, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	return to;
}

static void
append(char **at, const char *fmt, ...)
{
	char *more = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (*at != NULL)
		more = mem_grow(*at, strlen(*at) + (size_t)n + 1);
	if (more == NULL) {
		mem_drop(*at);
		*at = NULL;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(more + strlen(more), (size_t)n + 1, fmt, ap);
	va_end(ap);
	*at = more;
}

char *
vr_mail_text(const struct vr_global_conf *g, const char *from,
    const char *subject, const char *body, int64_t wall)
{
	char date[64], *t = mem_copy(TEXT(""));
	struct text rest = text_of(body), line;

	append(&t, "Date: %s\r\nFrom: %s\r\nSubject: %s\r\n"
	    "X-Mailer: weir-vrrp\r\nTo:", print_date(wall, date,
	    sizeof date), from, subject);
	for (unsigned i = 0; i < g->mail.to.count; i++)
		append(&t, "%s %s", i == 0 ? "" : ",", g->mail.to.at[i]);
	append(&t, "\r\n\r\n");
	while (text_split(&rest, '\n', &line))
		append(&t, "%s%.*s\r\n", line.len > 0 && line.at[0] == '.' ?
		    "." : "", TEXT_ARG(line));
	append(&t, "\r\n.\r\n");
	return t;
}

int
vr_mail_answer(const char *at, size_t len)
{
	struct text rest = { at, len }, line;
	int64_t code;

	if (len == 0 || at[len - 1] != '\n')
		return len > 1024 ? -1 : 0;
	while (text_split(&rest, '\n', &line) && line.len > 0) {
		if (line.len < 3 || number_int((struct text){ line.at, 3 },
		    10, 100, 599, &code, NULL) == -1)
			return -1;
		if (line.len == 3 || line.at[3] != '-')
			return (int)code;
	}
	return 0;
}

/* ---- letters */

static void
free_mail(struct vr_mail *m)
{
	if (m->asking != -1) {
		vr_turn_watch(m->asking, NULL, NULL);
		close(m->asking);
		kill(m->asker, SIGKILL);
		waitpid(m->asker, NULL, 0);
	}
	mem_drop(m);
}

static void	start_waiting(struct vr_mail *);

static void
hang_up(struct letter *l)
{
	if (l->chat != NULL)
		l->mail->talking--;
	vr_chat_close(&l->chat);
}

static void
drop_letter(struct letter *l)
{
	struct vr_mail *m = l->mail;
	struct letter **at;

	for (at = &m->letters; *at != l; at = &(*at)->next)
		;
	*at = l->next;
	m->count--;
	hang_up(l);
	mem_drop(l->text);
	mem_drop(l->to);
	mem_drop(l);
	if (!m->closed || m->count > 0)
		start_waiting(m);
	else if (!m->starting)
		free_mail(m);
}

static void
fail(struct letter *l, const char *reason)
{
	vr_say_warn("Mail by %s was not sent: %s", l->mail->host, reason);
	drop_letter(l);
}

/* "[127.0.0.1]:25", the address that is talked to. */
static const char *
print_server(const struct letter *l, char *to, size_t size)
{
	struct endpoint e = address_endpoint(&l->mail->server[l->tried - 1]);
	char ip[ADDRESS_TEXT];

	snprintf(to, size, "[%s]:%u", endpoint_ip(&e, ip), e.port);
	return to;
}

static void
put_line(struct letter *l, const char *word, struct text value)
{
	char line[2 * HOST];
	int n = snprintf(line, sizeof line, "%s%.*s%s\r\n", word,
	    TEXT_ARG(value), strchr(word, '<') != NULL ? ">" : "");

	(void)vr_chat_send(l->chat, (struct text){ line, (size_t)n <
	    sizeof line ? (size_t)n : sizeof line - 1 });
}

/* What is said next; the step is what was said. */
static void
go_on(struct letter *l)
{
	struct text to;

	switch (l->step) {
	case GREETING:
		put_line(l, "HELO ", text_of(l->mail->helo));
		l->step = HELO;
		break;
	case HELO:
		put_line(l, "MAIL FROM:<", text_of(l->mail->from));
		l->step = FROM;
		break;
	case FROM:
	case TO:
		l->step = TO;
		if (text_word(&l->left, "\n", &to)) {
			put_line(l, "RCPT TO:<", to);
			break;
		}
		put_line(l, "DATA", TEXT_NONE);
		l->step = DATA;
		break;
	case DATA:
		(void)vr_chat_send(l->chat, text_of(l->text));
		l->step = TEXT_SENT;
		break;
	case TEXT_SENT:
		put_line(l, "QUIT", TEXT_NONE);
		l->step = QUIT;
		break;
	case QUIT:
		break;
	}
}

static void	try_next(struct letter *, const char *reason);

/* The server does not want it: the original says QUIT, and so do we. */
static void
give_up(struct letter *l, int code)
{
	char server[ADDRESS_TEXT + 16];

	vr_say_warn("Error processing %s cmd on SMTP server %s. SMTP status "
	    "code = %d", words[l->step], print_server(l, server,
	    sizeof server), code);
	if (l->step == GREETING && l->tried < l->mail->servers) {
		try_next(l, NULL);
		return;
	}
	put_line(l, "QUIT", TEXT_NONE);
	l->step = QUIT;
}

static void
on_heard(void *arg, struct text all)
{
	struct letter *l = arg;
	int code = vr_mail_answer(all.at, all.len);

	if (code == 0)
		return;
	if (l->step == QUIT) {
		drop_letter(l);
		return;
	}
	vr_chat_eat(l->chat, all.len);
	vr_chat_wait(l->chat, l->mail->limit);
	if (code / 100 != (l->step == DATA ? 3 : 2)) {
		give_up(l, code);
		return;
	}
	if (l->step == TEXT_SENT)
		vr_say_info("SMTP alert successfully sent.");
	go_on(l);
}

static void
on_ended(void *arg, const char *reason)
{
	struct letter *l = arg;

	if (l->step == QUIT)
		drop_letter(l);
	else if (l->step == GREETING)
		try_next(l, reason == NULL ? "it hung up" : reason);
	else
		fail(l, reason == NULL ? "it hung up" : reason);
}

static void
on_ready(void *arg)
{
	struct letter *l = arg;
	char server[ADDRESS_TEXT + 16];

	vr_chat_wait(l->chat, l->mail->limit);
	vr_say_detail("Remote SMTP server %s connected.", print_server(l,
	    server, sizeof server));
}

static const struct vr_chat_handler handler = {
	.ready = on_ready, .heard = on_heard, .ended = on_ended
};

/* The next of its addresses; reason: why the one before would not do. */
static void
try_next(struct letter *l, const char *reason)
{
	struct vr_mail *m = l->mail;
	struct why why = { .line = "" };

	hang_up(l);
	while (l->chat == NULL && l->tried < m->servers) {
		l->chat = vr_chat_dial(&m->server[l->tried++], m->limit,
		    &handler, l, &why);
		if (l->chat == NULL)
			reason = why.line;
	}
	if (l->chat != NULL) {
		m->talking++;
		return;
	}
	if (!m->literal)
		m->servers = 0;		/* it may have others now */
	fail(l, reason == NULL ? "no address is left" : reason);
}

/* ---- the server's name */

static void	ask_name(struct vr_mail *);

static struct letter *
find_waiting(const struct vr_mail *m)
{
	struct letter *l;

	for (l = m->letters; l != NULL && (l->chat != NULL || l->tried > 0);
	    l = l->next)
		;
	return l;
}

static void
start_waiting(struct vr_mail *m)
{
	struct letter *l;

	if (m->starting)
		return;			/* one that failed: the loop below goes on */
	m->starting = true;
	while (m->talking < AT_ONCE && m->servers > 0 &&
	    (l = find_waiting(m)) != NULL)
		try_next(l, NULL);
	m->starting = false;
	if (m->closed && m->count == 0)
		free_mail(m);
	else if (m->servers == 0 && find_waiting(m) != NULL)
		ask_name(m);
}

/* Nobody knows it: those that wait would wait for ever. */
static void
fail_waiting(struct vr_mail *m)
{
	struct letter *l;

	m->unknown = true;		/* no new question for each of them */
	m->count++;			/* it must not go meanwhile */
	while ((l = find_waiting(m)) != NULL)
		fail(l, "its name is not known");
	m->unknown = false;
	if (--m->count == 0 && m->closed)
		free_mail(m);
}

static void
on_name(void *arg)
{
	struct vr_mail *m = arg;
	ssize_t n = read(m->asking, m->server, sizeof m->server);

	m->servers = n <= 0 ? 0 : (unsigned)((size_t)n /
	    sizeof m->server[0]);
	vr_turn_watch(m->asking, NULL, NULL);
	close(m->asking);
	m->asking = -1;
	waitpid(m->asker, NULL, 0);
	if (m->servers == 0)
		fail_waiting(m);
	else
		start_waiting(m);
}

/* All of its addresses, in the order that the system prefers. */
_Noreturn static void
look_up(const struct vr_mail *m, int to)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	struct address a[SERVERS];
	char port[8];
	unsigned n = 0;

	snprintf(port, sizeof port, "%u", m->port);
	if (getaddrinfo(m->host, port, &hints, &found) != 0)
		_exit(1);
	memset(a, 0, sizeof a);
	for (; found != NULL && n < SERVERS; found = found->ai_next)
		if (found->ai_addrlen <= sizeof a[n].in6) {
			a[n].len = found->ai_addrlen;
			memcpy(&a[n++].sa, found->ai_addr,
			    found->ai_addrlen);
		}
	_exit(write(to, a, n * sizeof a[0]) == (ssize_t)(n * sizeof a[0]) ?
	    0 : 1);
}

static void
ask_name(struct vr_mail *m)
{
	int ends[2];

	if (m->asking != -1 || m->unknown)
		return;
	if (pipe2(ends, O_CLOEXEC) == -1) {
		fail_waiting(m);
		return;
	}
	m->asker = fork();
	if (m->asker == 0)
		look_up(m, ends[1]);
	close(ends[1]);
	m->asking = ends[0];
	vr_turn_watch(m->asking, on_name, m);	/* no fork: it ends at once */
}

/* ---- the whole */

struct vr_mail *
vr_mail_open(const struct vr_global_conf *g)
{
	const struct vr_mail_conf *c = &g->mail;
	struct vr_mail *m;
	char name[HOST] = "localhost";

	if (c->server == NULL || c->to.count == 0)
		return NULL;
	m = mem_zero(sizeof *m);
	if (m == NULL)
		return NULL;
	(void)gethostname(name, sizeof name - 1);
	m->global = g;
	m->asking = -1;
	m->port = (uint16_t)c->port;
	m->limit = c->connect_timeout > 0 ? c->connect_timeout :
	    30 * CLOCK_SECOND;
	snprintf(m->host, sizeof m->host, "%s", c->server);
	snprintf(m->helo, sizeof m->helo, "%s", c->helo != NULL ? c->helo :
	    name);
	if (c->from != NULL)
		snprintf(m->from, sizeof m->from, "%s", c->from);
	else
		snprintf(m->from, sizeof m->from, "root@%.200s", name);
	m->literal = address_ip(text_of(c->server), m->port, &m->server[0])
	    == 0;
	m->servers = m->literal ? 1 : 0;
	return m;
}

static char *
list_receivers(const struct vr_global_conf *g)
{
	char *all = mem_copy(TEXT(""));

	for (unsigned i = 0; i < g->mail.to.count; i++)
		append(&all, "%s\n", g->mail.to.at[i]);
	return all;
}

void
vr_mail_send(struct vr_mail *m, const char *subject, const char *body)
{
	struct letter *l = m->count >= MOST_LETTERS ? NULL :
	    mem_zero(sizeof *l), **last;

	if (l != NULL) {
		l->text = vr_mail_text(m->global, m->from, subject, body,
		    clock_wall());
		l->to = list_receivers(m->global);
	}
	if (l == NULL || l->text == NULL || l->to == NULL) {
		vr_say_warn("Mail was dropped: too many wait");
		if (l != NULL) {
			mem_drop(l->text);
			mem_drop(l->to);
		}
		mem_drop(l);
		return;
	}
	l->mail = m;
	l->left = text_of(l->to);
	for (last = &m->letters; *last != NULL; last = &(*last)->next)
		;
	*last = l;
	m->count++;
	start_waiting(m);
}

unsigned
vr_mail_busy(const struct vr_mail *m)
{
	return m == NULL ? 0 : m->count;
}

void
vr_mail_close(struct vr_mail **mp)
{
	struct vr_mail *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	m->closed = true;
	m->global = NULL;
	if (m->count == 0)
		free_mail(m);
}
