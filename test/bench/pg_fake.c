/* SPDX-License-Identifier: ISC */
/*
 * pg_fake.c - a PostgreSQL backend that answers at once, so that what is
 * measured is the program in front of it. One thread, one epoll loop, which
 * owns every peer. Trusts everybody.
 *
 *	pg_fake [-p PORT]	0, the usual: any free one; prints "PORT n"
 *
 *	SELECT 123 ...		one row with that number
 *	SELECT $1 ...		one row with the bound parameter
 *	... BIG:<MB> ...	that many times 1000 rows of 1000 bytes
 *	COPY ... FROM STDIN	"COPY n", n being the CopyData messages seen
 *	SET name = value	ParameterStatus, where PostgreSQL sends one
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/text.h"
#include "bag.h"

#define READ_SIZE	((size_t)256 * 1024)
#define MESSAGE_MAX	((size_t)128 * 1024)
#define ROW_BYTES	1000
#define ROW_SIZE	(1 + 4 + 2 + 4 + ROW_BYTES)
#define BATCH_ROWS	50		/* 1000 is a multiple of it */
#define BATCH_SIZE	(BATCH_ROWS * ROW_SIZE)

#define CODE_TLS	80877103
#define CODE_GSS	80877104
#define CODE_CANCEL	80877102

enum kind {
	KIND_EMPTY,
	KIND_SELECT,
	KIND_BIG,
	KIND_BEGIN,
	KIND_COMMIT,
	KIND_SET,
	KIND_COPY,
	KIND_OTHER
};

/* First word of a statement, what it is, and its tag. */
static const struct word_row {
	const char *word;
	enum kind kind;
	const char *tag;
} words[] = {
	{ "select",	KIND_SELECT,	"SELECT 1" },
	{ "begin",	KIND_BEGIN,	"BEGIN" },
	{ "start",	KIND_BEGIN,	"START TRANSACTION" },
	{ "commit",	KIND_COMMIT,	"COMMIT" },
	{ "end",	KIND_COMMIT,	"COMMIT" },
	{ "rollback",	KIND_COMMIT,	"ROLLBACK" },
	{ "set",	KIND_SET,	"SET" },
	{ "copy",	KIND_COPY,	"" },
	{ "discard",	KIND_OTHER,	"DISCARD ALL" },
	{ "deallocate",	KIND_OTHER,	"DEALLOCATE" },
	{ "insert",	KIND_OTHER,	"INSERT 0 1" },
	{ "update",	KIND_OTHER,	"UPDATE 1" },
};

/* What PostgreSQL reports at login; the tracked ones follow SET. */
static const struct parameter_row {
	const char *name, *usual;
	bool tracked;
} parameters[] = {
	{ "application_name",			"",		true },
	{ "client_encoding",			"UTF8",		true },
	{ "DateStyle",				"ISO, MDY",	true },
	{ "default_transaction_read_only",	"off",		true },
	{ "in_hot_standby",			"off",		false },
	{ "integer_datetimes",			"on",		false },
	{ "IntervalStyle",			"postgres",	true },
	{ "is_superuser",			"off",		false },
	{ "server_encoding",			"UTF8",		false },
	{ "server_version",			"15.18",	false },
	{ "session_authorization",		"bench",	false },
	{ "standard_conforming_strings",	"on",		true },
	{ "TimeZone",				"Etc/UTC",	true },
};

#define COUNT(rows)	(sizeof(rows) / sizeof((rows)[0]))

struct plan {				/* what a statement will answer */
	enum kind kind;
	const char *tag;
	bool bound;			/* its value is the parameter */
	char value[16];
	uint32_t rows;
};

struct prepared {
	struct prepared *next;
	char *name;
	struct plan plan;
};

struct peer {
	int fd;
	bool listens, started, copying, failed, full;
	char txn;
	size_t skip;			/* of CopyData, to be thrown away */
	uint32_t copied;
	uint32_t rows, rows_all;	/* of a big result, still to be sent */
	size_t batch_at;
	bool rows_simple;
	struct bag in, out;		/* half a message; what was not taken */
	struct plan portal;
	struct prepared *prepared;
};

static int poller;
static struct bag answer;		/* of the peer being served */
static char batch[BATCH_SIZE];
static char input[READ_SIZE + MESSAGE_MAX];

static uint32_t
read_u32(const char *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof v);
	return ntohl(v);
}

static void
put(char type, const void *body, size_t len)
{
	bag_message(&answer, type, body, len);
}

static void
put_text(char type, const char *text)
{
	put(type, text, strlen(text) + 1);
}

static void
put_parameter(const char *name, const char *value)
{
	char body[512];
	int len;

	len = snprintf(body, sizeof body, "%s%c%s", name, 0, value);
	if (len > 0 && (size_t)len < sizeof body)
		put('S', body, (size_t)len + 1);
}

static void
put_ready(const struct peer *peer)
{
	put('Z', &peer->txn, 1);
}

static void
put_error(const char *code, const char *message)
{
	char body[256];
	int len;

	len = snprintf(body, sizeof body, "SERROR%cVERROR%cC%s%cM%s%c", 0, 0,
	    code, 0, message, 0);
	put('E', body, (size_t)len + 1);
}

static void
put_columns(void)
{
	/* One column "abalance", int4, in text. */
	static const char body[] = "\0\1abalance\0\0\0\0\0\0\0"
	    "\0\0\0\27\0\4\377\377\377\377\0";

	put('T', body, sizeof body);
}

static void
put_row(const char *value)
{
	uint32_t len = (uint32_t)strlen(value), size = htonl(len);
	char body[2 + 4 + 16] = { 0, 1 };

	memcpy(body + 2, &size, 4);
	memcpy(body + 6, value, len);
	put('D', body, 6 + len);
}

static void
make_batch(void)
{
	static const char head[] = { 'D', 0, 0, (ROW_SIZE - 1) >> 8,
	    (char)((ROW_SIZE - 1) & 255), 0, 1, 0, 0, ROW_BYTES >> 8,
	    (char)(ROW_BYTES & 255) };

	memset(batch, 'x', sizeof batch);
	for (size_t i = 0; i < BATCH_ROWS; i++)
		memcpy(batch + i * ROW_SIZE, head, sizeof head);
}

/* The first number behind SELECT, or a note that a parameter gives it. */
static void
plan_value(struct plan *plan, const char *sql)
{
	size_t n = 0;

	sql += strcspn(sql, "0123456789$");
	plan->bound = *sql == '$';
	while (n < sizeof plan->value - 1 && sql[n] >= '0' && sql[n] <= '9')
		n++;
	memcpy(plan->value, n > 0 ? sql : "1", n > 0 ? n : 1);
	plan->value[n > 0 ? n : 1] = '\0';
}

static struct plan
plan_statement(const char *sql)
{
	struct plan plan = { .kind = KIND_OTHER, .tag = "OK" };
	const char *big;

	sql += strspn(sql, " \t\r\n");
	if (*sql == '\0')
		plan.kind = KIND_EMPTY;
	for (size_t i = 0; i < COUNT(words); i++)
		if (strncasecmp(sql, words[i].word,
		    strlen(words[i].word)) == 0) {
			plan.kind = words[i].kind;
			plan.tag = words[i].tag;
		}
	big = strstr(sql, "BIG:");
	if (big != NULL) {
		plan.kind = KIND_BIG;
		plan.rows = 1000 * (uint32_t)strtoul(big + 4, NULL, 10);
		plan.rows += plan.rows == 0 ? 1000 : 0;
	} else if (plan.kind == KIND_SELECT) {
		plan_value(&plan, sql);
	}
	return plan;
}

/* "SET name =|TO value": tells the value as PostgreSQL would. */
static void
tell_set(const char *sql)
{
	struct text rest = text_of(sql), name = TEXT_NONE, value;
	char copy[256];

	text_word(&rest, " \t", &name);
	text_word(&rest, " \t=", &name);
	value = text_trim(rest);
	if (text_begins(value, "="))
		value = text_trim(text_from(value, 1));
	else if (value.len > 3)
		value = text_trim(text_from(value, 3));
	if (value.len >= 2 && *value.at == '\'')
		value = (struct text){ value.at + 1, value.len - 2 };
	snprintf(copy, sizeof copy, "%.*s", TEXT_ARG(value));
	for (size_t i = 0; i < COUNT(parameters); i++)
		if (parameters[i].tracked &&
		    text_is_nocase(name, parameters[i].name))
			put_parameter(parameters[i].name, copy);
}

/* Answers one statement; false when its end comes later (COPY, big). */
static bool
run_plan(struct peer *peer, const struct plan *plan, const char *sql)
{
	switch (plan->kind) {
	case KIND_EMPTY:
		put('I', "", 0);
		return true;
	case KIND_COPY:
		put('G', "\0\0\1\0\0", 5);
		peer->copying = true;
		peer->copied = 0;
		return false;
	case KIND_BIG:
		peer->rows = peer->rows_all = plan->rows;
		peer->batch_at = 0;
		peer->rows_simple = sql != NULL;
		if (sql != NULL)
			put_columns();
		return false;
	case KIND_SELECT:
		if (sql != NULL)
			put_columns();
		put_row(plan->value);
		break;
	case KIND_BEGIN:
		peer->txn = 'T';
		break;
	case KIND_COMMIT:
		peer->txn = 'I';
		break;
	case KIND_SET:
		if (sql != NULL)
			tell_set(sql);
		break;
	case KIND_OTHER:
		break;
	}
	put_text('C', plan->tag);
	return true;
}

/* Where a statement ends: its semicolon outside quotes, or the end. */
static char *
find_end(char *sql)
{
	bool quoted = false;

	for (; *sql != '\0' && (quoted || *sql != ';'); sql++)
		if (*sql == '\'')
			quoted = !quoted;
	return sql;
}

static void
on_query(struct peer *peer, char *sql)
{
	struct plan plan;
	char *end;
	bool last;

	do {
		end = find_end(sql);
		last = *end == '\0' ||
		    end[1 + strspn(end + 1, " \t\r\n;")] == '\0';
		*end = '\0';
		plan = plan_statement(sql);
		if (!run_plan(peer, &plan, sql))
			return;
		sql = end + 1;
	} while (!last);
	put_ready(peer);
}

static struct prepared **
find_prepared(struct peer *peer, const char *name)
{
	struct prepared **at = &peer->prepared;

	while (*at != NULL && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static void
drop_prepared(struct prepared **at)
{
	struct prepared *dead = *at;

	*at = dead->next;
	mem_drop(dead->name);
	mem_drop(dead);
}

static void
fail(struct peer *peer, const char *code, const char *message)
{
	put_error(code, message);
	peer->failed = true;
}

static void
on_parse(struct peer *peer, const char *body)
{
	struct prepared **at = find_prepared(peer, body);

	if (*at == NULL) {
		*at = mem_need(sizeof **at);
		(*at)->name = mem_copy(text_of(body));
		NEED((*at)->name != NULL);
	} else if (*body != '\0') {
		fail(peer, "42P05", "prepared statement already exists");
		return;
	}
	(*at)->plan = plan_statement(body + strlen(body) + 1);
	put('1', "", 0);
}

/* Only the first parameter is looked at; formats as they come. */
static void
on_bind(struct peer *peer, const char *body, const char *end)
{
	const char *name = body + strlen(body) + 1;
	struct prepared *known = *find_prepared(peer, name);
	size_t formats, len;

	if (known == NULL) {
		fail(peer, "26000", "prepared statement does not exist");
		return;
	}
	peer->portal = known->plan;
	body = name + strlen(name) + 1;
	formats = (size_t)((unsigned char)body[0] << 8 |
	    (unsigned char)body[1]);
	body += 2 + 2 * formats + 2;
	if (known->plan.bound && body + 4 <= end) {
		len = read_u32(body);
		if (len >= sizeof known->plan.value || body + 4 + len > end)
			len = 0;
		memcpy(peer->portal.value, body + 4, len);
		peer->portal.value[len] = '\0';
	}
	put('2', "", 0);
}

static void
on_describe(struct peer *peer, const char *body)
{
	struct prepared *known = *find_prepared(peer, body + 1);
	const struct plan *plan = &peer->portal;

	if (*body == 'S') {
		if (known == NULL) {
			fail(peer, "26000",
			    "prepared statement does not exist");
			return;
		}
		plan = &known->plan;
		put('t', plan->bound ? "\0\1\0\0\0\27" : "\0\0",
		    plan->bound ? 6 : 2);
	}
	if (plan->kind == KIND_SELECT || plan->kind == KIND_BIG)
		put_columns();
	else
		put('n', "", 0);
}

static void
on_close(struct peer *peer, const char *body)
{
	struct prepared **at = find_prepared(peer, body + 1);

	if (*body == 'S' && *at != NULL)
		drop_prepared(at);
	put('3', "", 0);
}

static void
end_copy(struct peer *peer, bool good)
{
	char tag[32];

	if (!peer->copying)
		return;
	peer->copying = false;
	snprintf(tag, sizeof tag, "COPY %u", peer->copied);
	if (good)
		put_text('C', tag);
	else
		put_error("57014", "COPY from stdin failed");
	put_ready(peer);
}

/* A whole message; false when the peer takes its leave. */
static bool
on_message(struct peer *peer, char type, char *body, char *end)
{
	if (peer->failed && type != 'S' && type != 'X')
		return true;
	switch (type) {
	case 'Q':
		on_query(peer, body);
		break;
	case 'P':
		on_parse(peer, body);
		break;
	case 'B':
		on_bind(peer, body, end);
		break;
	case 'D':
		on_describe(peer, body);
		break;
	case 'E':
		run_plan(peer, &peer->portal, NULL);
		break;
	case 'C':
		on_close(peer, body);
		break;
	case 'S':
		peer->failed = false;
		put_ready(peer);
		break;
	case 'c':
	case 'f':
		end_copy(peer, type == 'c');
		break;
	case 'X':
		return false;
	}
	return true;
}

static const char *
find_option(const char *at, const char *end, const char *name)
{
	const char *value;

	for (; at < end && *at != '\0'; at = value + strlen(value) + 1) {
		value = at + strlen(at) + 1;
		if (value >= end)
			break;
		if (strcmp(at, name) == 0)
			return value;
	}
	return NULL;
}

static void
welcome(struct peer *peer, const char *body, const char *end)
{
	uint32_t key[2] = { htonl((uint32_t)getpid()),
	    htonl((uint32_t)peer->fd) };
	const char *value;

	put('R', "\0\0\0\0", 4);
	for (size_t i = 0; i < COUNT(parameters); i++) {
		value = find_option(body, end, parameters[i].name);
		put_parameter(parameters[i].name,
		    value != NULL ? value : parameters[i].usual);
	}
	put('K', key, sizeof key);
	peer->txn = 'I';
	peer->started = true;
	put_ready(peer);
}

/* Bytes of the startup packet used: 0 wait for more, -1 close. */
static ssize_t
take_startup(struct peer *peer, const char *at, size_t len)
{
	size_t size;
	uint32_t code;

	if (len < 8)
		return 0;
	size = read_u32(at);
	code = read_u32(at + 4);
	if (size < 8 || size > 10000 || code == CODE_CANCEL)
		return -1;
	if (len < size)
		return 0;
	if (code == CODE_TLS || code == CODE_GSS)
		bag_add(&answer, "N", 1);
	else
		welcome(peer, at + 8, at + size);
	return (ssize_t)size;
}

/* Bytes of one message used: 0 wait for more, -1 close. */
static ssize_t
take_message(struct peer *peer, char *at, size_t len)
{
	size_t size;
	char behind;
	bool stays;

	if (!peer->started)
		return take_startup(peer, at, len);
	if (len < 5)
		return 0;
	size = 1 + (size_t)read_u32(at + 1);
	if (size < 5)
		return -1;
	if (*at == 'd') {
		peer->copied++;
		peer->skip = size - 5;
		return 5;
	}
	if (size > MESSAGE_MAX)
		return -1;
	if (len < size)
		return 0;
	behind = at[size];		/* input has room for one more */
	at[size] = '\0';
	stays = on_message(peer, *at, at + 5, at + size);
	at[size] = behind;
	return stays ? (ssize_t)size : -1;
}

/* Takes what is whole out of at; the bytes used, or -1 to close. */
static ssize_t
take_all(struct peer *peer, char *at, size_t len)
{
	size_t used = 0, step;
	ssize_t n;

	while (used < len && peer->rows == 0) {
		if (peer->skip > 0) {
			step = len - used < peer->skip ? len - used :
			    peer->skip;
			peer->skip -= step;
			used += step;
			continue;
		}
		n = take_message(peer, at + used, len - used);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

static void
drop_peer(struct peer *peer)
{
	close(peer->fd);
	while (peer->prepared != NULL)
		drop_prepared(&peer->prepared);
	bag_drop(&peer->in);
	bag_drop(&peer->out);
	mem_drop(peer);
}

/* While the peer takes nothing, nothing is read from it. */
static void
watch_peer(struct peer *peer, bool full)
{
	struct epoll_event ev = { .events = full ? EPOLLOUT : EPOLLIN,
	    .data.ptr = peer };

	if (peer->full != full)
		epoll_ctl(poller, EPOLL_CTL_MOD, peer->fd, &ev);
	peer->full = full;
}

/* Sends at; the bytes taken, or -1 to close. */
static ssize_t
send_bytes(struct peer *peer, const char *at, size_t len)
{
	ssize_t n = send(peer->fd, at, len, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	return n;
}

/* Sends the rows still due; 1 all gone, 0 blocked, -1 close. */
static int
send_rows(struct peer *peer)
{
	ssize_t n;

	while (peer->rows > 0) {
		n = send_bytes(peer, batch + peer->batch_at,
		    BATCH_SIZE - peer->batch_at);
		if (n < 0)
			return -1;
		peer->batch_at += (size_t)n;
		if (peer->batch_at < BATCH_SIZE)
			return 0;
		peer->batch_at = 0;
		peer->rows -= BATCH_ROWS;
	}
	return 1;
}

static void
end_rows(struct peer *peer)
{
	char tag[32];

	snprintf(tag, sizeof tag, "SELECT %u", peer->rows_all);
	put_text('C', tag);
	if (peer->rows_simple)
		put_ready(peer);
}

/* Sends what is stashed; 1 all gone, 0 blocked, -1 close. */
static int
send_out(struct peer *peer)
{
	ssize_t n = 0;

	bag_add(&peer->out, answer.at, answer.len);
	answer.len = 0;
	if (peer->out.len > 0)
		n = send_bytes(peer, peer->out.at, peer->out.len);
	if (n < 0)
		return -1;
	bag_cut(&peer->out, (size_t)n);
	return peer->out.len == 0;
}

/* Sends the answer and the rows behind it; false when the peer is gone. */
static bool
flush_answer(struct peer *peer)
{
	int all;

	do {
		all = send_out(peer);
		if (all <= 0 || peer->rows == 0)
			break;
		all = send_rows(peer);
		if (all > 0)
			end_rows(peer);
	} while (all > 0);
	watch_peer(peer, all == 0);
	return all >= 0;
}

/*
 * Answers what is whole in at, and keeps the rest. Rows that block stop the
 * reading of what stands behind them; on_writable goes on there.
 */
static bool
serve(struct peer *peer, char *at, size_t len)
{
	ssize_t used;
	bool rows;

	answer.len = 0;		/* one who left may have left some */
	do {
		used = take_all(peer, at, len);
		if (used < 0)
			return false;
		at += used;
		len -= (size_t)used;
		rows = peer->rows > 0;
		if (!flush_answer(peer))
			return false;
	} while (rows && peer->rows == 0);
	peer->in.len = 0;
	bag_add(&peer->in, at, len);
	return true;
}

static bool
on_readable(struct peer *peer)
{
	size_t kept = peer->in.len;
	ssize_t n;

	if (kept > 0)
		memcpy(input, peer->in.at, kept);
	n = recv(peer->fd, input + kept, READ_SIZE - 1, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && serve(peer, input, kept + (size_t)n);
}

static bool
on_writable(struct peer *peer)
{
	size_t kept = peer->in.len;

	if (!flush_answer(peer))
		return false;
	if (peer->full || kept == 0)
		return true;
	memcpy(input, peer->in.at, kept);
	return serve(peer, input, kept);
}

static void
watch_new(int fd, bool listens)
{
	struct peer *peer = mem_need(sizeof *peer);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = peer };

	peer->fd = fd;
	peer->listens = listens;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev) != 0)
		die("epoll_ctl: %s", strerror(errno));
}

static void
on_newcomers(int listener)
{
	int fd, yes = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		watch_new(fd, false);
	}
}

static void
open_listener(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
	socklen_t len = sizeof at;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(fd, 4096) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		die("port %u: %s", port, strerror(errno));
	printf("PORT %u\n", ntohs(at.sin_port));
	fflush(stdout);
	watch_new(fd, true);
}

static void
serve_all(void)
{
	struct epoll_event events[256];
	struct peer *peer;
	bool stays;
	int n;

	for (;;) {
		n = epoll_wait(poller, events, COUNT(events), -1);
		for (int i = 0; i < n; i++) {
			peer = events[i].data.ptr;
			if (peer->listens) {
				on_newcomers(peer->fd);
				continue;
			}
			stays = peer->full ? on_writable(peer) :
			    on_readable(peer);
			if (!stays)
				drop_peer(peer);
		}
	}
}

int
main(int argc, char **argv)
{
	int64_t port = 0;
	int option;

	while ((option = getopt(argc, argv, "p:")) != -1)
		if (option != 'p' || number_int(text_of(optarg), 10, 0, 65535,
		    &port, NULL) != 0) {
			fprintf(stderr, "usage: pg_fake [-p PORT]\n");
			return 2;
		}
	signal(SIGPIPE, SIG_IGN);
	make_batch();
	poller = epoll_create1(0);
	open_listener((uint16_t)port);
	serve_all();
}
