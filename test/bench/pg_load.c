/* SPDX-License-Identifier: ISC */
/*
 * pg_load.c - PostgreSQL clients that ask as fast as they are answered, and
 * check that every answer belongs to its question. One thread, one epoll
 * loop, which owns every client. Prints one line of JSON.
 *
 *	-p PORT -d DATABASE -U USER -W PASSWORD
 *	-m MODE		simple, extended, prepared, tx, select, copy
 *	-b MB		of one select or copy
 *	-c N -a N	clients connected, and how many of them ask
 *	-t S -w S	seconds measured, and before that to warm up
 *	-n N		that many transactions instead of -t
 *	-R N		N transactions a second, whatever the answers take; a
 *			latency counts from when its question was due
 *	-r		a connection per transaction
 *	-s		TLS
 *	-k		one transaction each, print READY, keep the idle
 *			clients until standard input ends
 *	-P PID		count the processor time of this process
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/text.h"
#include "bag.h"
#include "figures.h"
#include "proof.h"

#define READ_SIZE	((size_t)256 * 1024)
#define MESSAGE_MAX	((size_t)64 * 1024)
#define COPY_SIZE	8192
#define AT_ONCE		64		/* logins under way */
#define SECOND		FIGURES_SECOND
#define PATIENCE	(20 * SECOND)	/* for logins, and for the last answer */

enum doing {				/* what a client is at */
	DOING_NOTHING,			/* not connected */
	DOING_CONNECT,
	DOING_ASK_TLS,
	DOING_SHAKE,
	DOING_LOGIN,
	DOING_PREPARE,
	DOING_REST,			/* logged in, nothing asked */
	DOING_WORK
};

struct client {
	int fd;
	unsigned id;
	enum doing doing;
	unsigned step;			/* of the transaction */
	bool waits_out;			/* the socket took not all */
	SSL *ssl;
	struct proof *proof;
	int64_t began;
	size_t skip;			/* of a long row */
	unsigned copies_due, copies_sent;
	unsigned rows, told_rows;	/* seen, and in the tag */
	bool matched, refused;
	char nonce[12];
	struct bag in, out;
};

struct mode {
	const char *name;
	unsigned steps;
	void (*ask)(struct client *);
	bool (*is_right)(const struct client *, char status);
};

static struct {
	const char *database, *user, *password;
	const struct mode *mode;
	int64_t port, clients, active, mb, total, pid, rate;
	int64_t span, warm;		/* nanoseconds */
	bool reconnect, tls, keep;
} opt = { .database = "bench", .user = "bench", .password = "", .port = 6432,
    .clients = 1, .mb = 100, .span = SECOND, .warm = SECOND / 5 };

static struct client *clients;
static unsigned opened, connecting, resting, working;
static int poller;
static SSL_CTX *tls;
static char input[READ_SIZE + MESSAGE_MAX];
static bool measuring, stopping;
static int64_t due;			/* of the next question, with -R */
static struct client **spare;		/* a ring: who may ask it */
static unsigned spare_first, spare_count;

static struct figures sum;

/* ---- bytes */

static void
watch(struct client *c, bool out)
{
	struct epoll_event ev = { .events = EPOLLIN | (out ? EPOLLOUT : 0),
	    .data.ptr = c };

	if (c->waits_out != out)
		epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &ev);
	c->waits_out = out;
}

static void
drop_client(struct client *c)
{
	if (c->doing == DOING_WORK)
		working--;
	else if (c->doing == DOING_REST)
		resting--;
	else if (c->doing != DOING_NOTHING)
		connecting--;
	c->doing = DOING_NOTHING;
	SSL_free(c->ssl);
	c->ssl = NULL;
	mem_drop(c->proof);
	c->proof = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->waits_out = false;
	c->skip = 0;
	bag_drop(&c->in);
	bag_drop(&c->out);
}

static void
lose_client(struct client *c, const char *what, const char *more)
{
	figures_fault(&sum, what, more);
	drop_client(c);
}

/* Bytes moved, 0 not now, -1 closed. */
static ssize_t
take_tls(struct client *c, int n)
{
	int error;

	if (n > 0)
		return n;
	error = SSL_get_error(c->ssl, n);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return 0;
	return -1;
}

static ssize_t
take_plain(ssize_t n)
{
	if (n > 0)
		return n;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t
read_some(struct client *c, char *at, size_t len)
{
	if (c->ssl != NULL)
		return take_tls(c, SSL_read(c->ssl, at, (int)len));
	return take_plain(recv(c->fd, at, len, 0));
}

static ssize_t
write_some(struct client *c, const char *at, size_t len)
{
	if (c->ssl != NULL)
		return take_tls(c, SSL_write(c->ssl, at, (int)len));
	return take_plain(send(c->fd, at, len, MSG_NOSIGNAL));
}

/* Eight rows of CopyData to a send, the last with CopyDone behind it. */
static void
add_copies(struct client *c)
{
	static char row[COPY_SIZE];

	if (row[0] == '\0') {
		memset(row, 'x', sizeof row);
		row[sizeof row - 1] = '\n';
	}
	for (int i = 0; i < 8 && c->copies_due > 0; i++) {
		bag_message(&c->out, 'd', row, sizeof row);
		c->copies_due--;
		c->copies_sent++;
		if (c->copies_due == 0)
			bag_message(&c->out, 'c', "", 0);
	}
}

static void
flush_out(struct client *c)
{
	ssize_t n;

	while (c->out.len > 0) {
		n = write_some(c, c->out.at, c->out.len);
		if (n < 0) {
			lose_client(c, "write: ", strerror(errno));
			return;
		}
		sum.bytes += measuring ? n : 0;
		bag_cut(&c->out, (size_t)n);
		if (c->out.len > 0)
			break;
		add_copies(c);
	}
	watch(c, c->out.len > 0);
}

/* ---- questions, and whether the answer is theirs */

static void
make_nonce(struct client *c)
{
	static unsigned last;

	last = (last + 1) % 900000000;
	snprintf(c->nonce, sizeof c->nonce, "%u", 100000000 + last);
}

static void
ask_query(struct client *c, const char *sql)
{
	bag_message(&c->out, 'Q', sql, strlen(sql) + 1);
}

static void
ask_simple(struct client *c)
{
	char sql[128];

	make_nonce(c);
	snprintf(sql, sizeof sql, "SELECT %s AS abalance "
	    "/* as long as what pgbench asks */;", c->nonce);
	ask_query(c, sql);
}

static void
ask_tx(struct client *c)
{
	static const char *const around[] = { "BEGIN;", NULL, "COMMIT;" };

	if (around[c->step] == NULL)
		ask_simple(c);
	else
		ask_query(c, around[c->step]);
}

static void
add_parse(struct client *c, const char *name)
{
	struct bag body = { NULL, 0, 0 };
	static const char sql[] = "SELECT $1::int4 AS abalance";

	bag_add(&body, name, strlen(name) + 1);
	bag_add(&body, sql, sizeof sql);
	bag_add(&body, "\0\0", 2);
	bag_message(&c->out, 'P', body.at, body.len);
	bag_drop(&body);
}

static void
add_bind(struct client *c, const char *name)
{
	struct bag body = { NULL, 0, 0 };

	make_nonce(c);
	bag_add(&body, "", 1);
	bag_add(&body, name, strlen(name) + 1);
	bag_add(&body, "\0\0\0\1", 4);
	bag_u32(&body, (uint32_t)strlen(c->nonce));
	bag_add(&body, c->nonce, strlen(c->nonce));
	bag_add(&body, "\0\0", 2);
	bag_message(&c->out, 'B', body.at, body.len);
	bag_message(&c->out, 'D', "P", 2);
	bag_message(&c->out, 'E', "\0\0\0\0", 5);
	bag_message(&c->out, 'S', "", 0);
	bag_drop(&body);
}

static void
ask_extended(struct client *c)
{
	add_parse(c, "");
	add_bind(c, "");
}

static void
ask_prepared(struct client *c)
{
	add_bind(c, "load_1");
}

static void
ask_select(struct client *c)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT repeat('x', 1000) FROM "
	    "generate_series(1, %d) /* BIG:%d */;", (int)opt.mb * 1000,
	    (int)opt.mb);
	ask_query(c, sql);
}

static void
ask_copy(struct client *c)
{
	ask_query(c, "COPY bench FROM STDIN;");
}

static bool
is_right_row(const struct client *c, char status)
{
	return c->rows == 1 && c->matched && status == 'I';
}

static bool
is_right_tx(const struct client *c, char status)
{
	if (c->step == 1)
		return c->rows == 1 && c->matched && status == 'T';
	return c->rows == 0 && status == (c->step == 0 ? 'T' : 'I');
}

static bool
is_right_select(const struct client *c, char status)
{
	return c->rows == opt.mb * 1000 && c->told_rows == c->rows &&
	    status == 'I';
}

static bool
is_right_copy(const struct client *c, char status)
{
	return c->copies_sent > 0 && c->told_rows == c->copies_sent &&
	    c->copies_due == 0 && status == 'I';
}

static const struct mode modes[] = {
	{ "simple",	1, ask_simple,		is_right_row },
	{ "extended",	1, ask_extended,	is_right_row },
	{ "prepared",	1, ask_prepared,	is_right_row },
	{ "tx",		3, ask_tx,		is_right_tx },
	{ "select",	1, ask_select,		is_right_select },
	{ "copy",	1, ask_copy,		is_right_copy },
};

#define MODES	(sizeof modes / sizeof modes[0])

/* ---- one transaction */

static void
ask_step(struct client *c)
{
	c->rows = c->told_rows = 0;
	c->copies_sent = 0;
	c->matched = c->refused = false;
	opt.mode->ask(c);
	flush_out(c);
}

static void
begin(struct client *c)
{
	if (c->doing == DOING_REST) {
		c->doing = DOING_WORK;
		resting--;
		working++;
	}
	c->step = 0;
	ask_step(c);
}

static void
count_tx(struct client *c)
{
	int64_t took = figures_now() - c->began;

	if (!measuring)
		return;
	sum.tx++;
	figures_note(&sum, took);
	if (opt.total > 0 && sum.tx >= opt.total)
		stopping = true;
}

static bool
may_ask(const struct client *c)
{
	return !stopping && !opt.keep && c->id < opt.active;
}

/* ---- by the clock */

static void
spare_client(struct client *c)
{
	spare[(spare_first + spare_count++) % opt.active] = c;
}

/* Asks what is due; what nobody is free for waits, and its time counts. */
static void
keep_pace(void)
{
	struct client *c;

	while (spare_count > 0 && due <= figures_now() && !stopping) {
		c = spare[spare_first];
		spare_first = (spare_first + 1) % (unsigned)opt.active;
		spare_count--;
		c->began = due;
		due += SECOND / opt.rate;
		begin(c);
	}
}

/* The first wrong answer is described. */
static void
count_wrong(const struct client *c, char status)
{
	sum.wrong++;
	if (sum.note[0] == '\0')
		snprintf(sum.note, sizeof sum.note, "client %u asked %s: "
		    "%u rows (%s), tag %u, status %c", c->id, c->nonce,
		    c->rows, c->matched ? "its own" : "not its own",
		    c->told_rows, status);
}

static void
end_step(struct client *c, char status)
{
	if (!c->refused && !opt.mode->is_right(c, status))
		count_wrong(c, status);
	if (!c->refused && ++c->step < opt.mode->steps) {
		ask_step(c);
		return;
	}
	count_tx(c);
	c->doing = DOING_REST;
	working--;
	resting++;
	if (opt.reconnect) {
		bag_message(&c->out, 'X', "", 0);
		flush_out(c);
		drop_client(c);
	} else if (opt.rate > 0) {
		spare_client(c);
	} else if (may_ask(c)) {
		c->began = figures_now();
		begin(c);
	}
}

/* Logged in: those who keep or reconnect ask at once, the others wait. */
static void
end_login(struct client *c)
{
	connecting--;
	resting++;
	c->doing = DOING_REST;
	mem_drop(c->proof);
	c->proof = NULL;
	if (opt.keep || opt.reconnect)
		begin(c);
}

static void
on_ready(struct client *c, char status)
{
	if (c->doing == DOING_WORK) {
		end_step(c, status);
	} else if (c->doing == DOING_PREPARE ||
	    opt.mode->ask != ask_prepared) {
		end_login(c);
	} else {
		c->doing = DOING_PREPARE;
		add_parse(c, "load_1");
		bag_message(&c->out, 'S', "", 0);
		flush_out(c);
	}
}

/* ---- messages */

static void
on_error(struct client *c, const char *at, const char *end)
{
	const char *text = "error";

	for (; at < end && *at != '\0'; at += strlen(at) + 1)
		if (*at == 'M')
			text = at + 1;
	if (c->doing == DOING_WORK) {
		figures_fault(&sum, "answer: ", text);
		c->refused = true;
	} else {
		lose_client(c, "login: ", text);
	}
}

static void
send_scram(struct client *c)
{
	struct bag body = { NULL, 0, 0 };
	const char *first;

	c->proof = mem_need(sizeof *c->proof);
	first = proof_first(c->proof);
	NEED(first != NULL);
	bag_add(&body, "SCRAM-SHA-256", 14);
	bag_u32(&body, (uint32_t)strlen(first) + 3);
	bag_add(&body, "n,,", 3);
	bag_add(&body, first, strlen(first));
	bag_message(&c->out, 'p', body.at, body.len);
	bag_drop(&body);
}

static void
on_authentication(struct client *c, const char *body)
{
	uint32_t code = (uint32_t)(unsigned char)body[3];
	char answer[512];

	switch (code) {
	case 0:
	case 12:
		return;
	case 3:
		bag_message(&c->out, 'p', opt.password,
		    strlen(opt.password) + 1);
		break;
	case 5:
		proof_md5(opt.user, opt.password, body + 4, answer);
		bag_message(&c->out, 'p', answer, strlen(answer) + 1);
		break;
	case 10:
		send_scram(c);
		break;
	case 11:
		if (c->proof != NULL && proof_final(c->proof, opt.password,
		    body + 4, answer, sizeof answer) == 0) {
			bag_message(&c->out, 'p', answer, strlen(answer));
			break;
		}
		/* FALLTHROUGH */
	default:
		lose_client(c, "login: ", "unknown question");
		return;
	}
	flush_out(c);
}

static void
on_row(struct client *c, const char *body, const char *end)
{
	size_t len = strlen(c->nonce);

	c->rows++;
	c->matched = body + 6 + len == end &&
	    memcmp(body + 6, c->nonce, len) == 0;
}

static void
on_tag(struct client *c, const char *tag)
{
	const char *number = strrchr(tag, ' ');

	if (number != NULL)
		c->told_rows = (unsigned)strtoul(number + 1, NULL, 10);
}

static void
start_copy(struct client *c)
{
	c->copies_due = (unsigned)(opt.mb * 1000000 / COPY_SIZE);
	add_copies(c);
	flush_out(c);
}

static void
on_message(struct client *c, char type, char *body, char *end)
{
	switch (type) {
	case 'R':
		on_authentication(c, body);
		break;
	case 'E':
		on_error(c, body, end);
		break;
	case 'D':
		on_row(c, body, end);
		break;
	case 'C':
		on_tag(c, body);
		break;
	case 'G':
		start_copy(c);
		break;
	case 'Z':
		on_ready(c, *body);
		break;
	}
}

static size_t
size_at(const char *at)
{
	uint32_t size;

	memcpy(&size, at + 1, sizeof size);
	return 1 + (size_t)ntohl(size);
}

/* One message of at: bytes used, 0 when it is not whole. Rows may be long. */
static size_t
take_message(struct client *c, char *at, size_t len)
{
	size_t size;
	char behind;

	if (len < 5)
		return 0;
	size = size_at(at);
	if (*at == 'D' && size > 100) {
		c->rows++;
		c->skip = size - 5;
		return 5;
	}
	if (size < 5 || size > MESSAGE_MAX) {
		lose_client(c, "not a message: ", "bad length");
		return 0;
	}
	if (len < size)
		return 0;
	behind = at[size];
	at[size] = '\0';
	on_message(c, *at, at + 5, at + size);
	at[size] = behind;
	return size;
}

static void
take_all(struct client *c, char *at, size_t len)
{
	size_t used = 0, step;

	while (used < len && c->doing != DOING_NOTHING) {
		step = len - used < c->skip ? len - used : c->skip;
		if (step > 0)
			c->skip -= step;
		else
			step = take_message(c, at + used, len - used);
		if (step == 0)
			break;
		used += step;
	}
	if (c->doing == DOING_NOTHING)
		return;
	c->in.len = 0;
	bag_add(&c->in, at + used, len - used);
}

/* ---- connections */

static void
add_pair(struct bag *body, const char *name, const char *value)
{
	bag_add(body, name, strlen(name) + 1);
	bag_add(body, value, strlen(value) + 1);
}

static void
start_login(struct client *c)
{
	struct bag body = { NULL, 0, 0 };

	bag_u32(&body, 196608);
	add_pair(&body, "user", opt.user);
	add_pair(&body, "database", opt.database);
	add_pair(&body, "application_name", "pg_load");
	add_pair(&body, "client_encoding", "UTF8");
	bag_add(&body, "", 1);
	bag_message(&c->out, '\0', body.at, body.len);
	bag_drop(&body);
	c->doing = DOING_LOGIN;
	flush_out(c);
}

static void
shake_hands(struct client *c)
{
	int done = SSL_connect(c->ssl);

	if (done == 1)
		start_login(c);
	else if (take_tls(c, done) < 0)
		lose_client(c, "TLS: ", "handshake failed");
	else
		watch(c, SSL_want_write(c->ssl));
}

static void
on_tls_answer(struct client *c)
{
	char answer;

	if (recv(c->fd, &answer, 1, 0) != 1 || answer != 'S') {
		lose_client(c, "TLS: ", "refused");
		return;
	}
	c->ssl = SSL_new(tls);
	NEED(c->ssl != NULL);
	SSL_set_fd(c->ssl, c->fd);
	c->doing = DOING_SHAKE;
	shake_hands(c);
}

static void
on_connected(struct client *c)
{
	int error = 0;
	socklen_t len = sizeof error;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		lose_client(c, "connect: ", strerror(error));
	} else if (opt.tls) {
		c->doing = DOING_ASK_TLS;
		bag_message(&c->out, '\0', "\4\322\26\57", 4);
		flush_out(c);
	} else {
		start_login(c);
	}
}

/* Many addresses of the loopback, or the ports would not suffice. */
static void
bind_anywhere(int fd)
{
	static unsigned turn;
	struct sockaddr_in from = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(0x7f000002 + turn++ % 60) };
	int yes = 1;

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
		figures_fault(&sum, "bind: ", strerror(errno));
}

static void
open_client(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)opt.port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT,
	    .data.ptr = c };
	int yes = 1;

	c->began = figures_now();
	c->doing = DOING_CONNECT;
	connecting++;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0) {
		lose_client(c, "socket: ", strerror(errno));
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	bind_anywhere(c->fd);
	c->waits_out = true;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &ev) != 0 ||
	    (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 &&
	    errno != EINPROGRESS))
		lose_client(c, "connect: ", strerror(errno));
}

static void
on_traffic(struct client *c, uint32_t events)
{
	size_t kept;
	ssize_t n;

	if (events & EPOLLOUT)
		flush_out(c);
	if (c->doing == DOING_NOTHING || !(events & ~(uint32_t)EPOLLOUT))
		return;
	do {
		kept = c->in.len;
		if (kept > 0)
			memcpy(input, c->in.at, kept);
		n = read_some(c, input + kept, READ_SIZE - 1);
		if (n < 0)
			lose_client(c, "closed: ", "by the server");
		if (n <= 0)
			return;
		sum.bytes += measuring ? n : 0;
		take_all(c, input, kept + (size_t)n);
	} while (c->ssl != NULL);
}

static void
on_event(struct client *c, uint32_t events)
{
	switch (c->doing) {
	case DOING_NOTHING:
		break;
	case DOING_CONNECT:
		on_connected(c);
		break;
	case DOING_ASK_TLS:
		on_tls_answer(c);
		break;
	case DOING_SHAKE:
		shake_hands(c);
		break;
	default:
		on_traffic(c, events);
	}
}

/* ---- the run */

/* Until something comes, or the next question is due, to the microsecond. */
static void
wait_due(int64_t until)
{
	struct pollfd fd = { .fd = poller, .events = POLLIN };
	struct timespec t = { 0, 0 };
	int64_t left;

	if (spare_count > 0 && due < until)
		until = due;
	left = until - figures_now();
	if (left > 0)
		t.tv_nsec = left > SECOND / 10 ? SECOND / 10 : left;
	ppoll(&fd, 1, &t, NULL);
}

static void
wait_events(int64_t until)
{
	struct epoll_event events[256];
	int64_t left = (until - figures_now()) / 1000000 + 1;
	int n;

	if (opt.rate > 0 && !stopping && due > 0) {
		wait_due(until);
		left = 0;
	}
	n = epoll_wait(poller, events, 256, left < 0 ? 0 : left > 100 ? 100 :
	    (int)left);
	for (int i = 0; i < n; i++)
		on_event(events[i].data.ptr, events[i].events);
}

static void
open_more(void)
{
	while (opened < opt.clients && connecting + (opt.keep ? working : 0) <
	    AT_ONCE && sum.errors == 0)
		open_client(&clients[opened++]);
}

/* True when all are logged in. */
static bool
open_all(void)
{
	int64_t limit = figures_now() + PATIENCE + opt.clients * SECOND / 100;

	while ((opened < opt.clients || connecting > 0 || working > 0) &&
	    sum.errors == 0 && figures_now() < limit) {
		open_more();
		wait_events(limit);
	}
	if (sum.errors == 0 && resting < opt.clients)
		figures_fault(&sum, "login: ", "took too long");
	return sum.errors == 0;
}

static void
reopen(void)
{
	for (unsigned i = 0; i < opt.clients && opt.reconnect; i++)
		if (clients[i].doing == DOING_NOTHING && !stopping)
			open_client(&clients[i]);
}

static void
run_until(int64_t end)
{
	while (figures_now() < end && !stopping && sum.errors < 1000) {
		reopen();
		if (opt.rate > 0)
			keep_pace();
		else if (!opt.reconnect && working == 0)
			break;
		wait_events(end);
	}
}

static void
run_window(void)
{
	due = figures_now();
	for (unsigned i = 0; i < opt.active && !opt.reconnect; i++) {
		clients[i].began = figures_now();
		if (opt.rate > 0)
			spare_client(&clients[i]);
		else
			begin(&clients[i]);
	}
	run_until(figures_now() + opt.warm);
	measuring = true;
	sum.from = figures_now();
	sum.cpu_from = figures_cpu((pid_t)opt.pid);
	run_until(sum.from + (opt.total > 0 ? 600 * SECOND : opt.span));
	sum.to = figures_now();
	sum.cpu_to = figures_cpu((pid_t)opt.pid);
	measuring = false;
}

/* Nobody may be left without an answer. */
static void
run_out(void)
{
	int64_t limit = figures_now() + PATIENCE;

	stopping = true;
	while ((working > 0 || connecting > 0) && figures_now() < limit)
		wait_events(limit);
	if (working > 0 || connecting > 0)
		figures_fault(&sum, "stuck: ", "a client got no answer");
}

static void
keep_idle(void)
{
	char byte;

	printf("READY\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	for (unsigned i = 0; i < opt.clients; i++)
		drop_client(&clients[i]);
}

static void
make_tls(void)
{
	tls = SSL_CTX_new(TLS_client_method());
	NEED(tls != NULL);
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
}

static _Noreturn void
show_usage(void)
{
	fprintf(stderr, "usage: pg_load -p PORT [-d DATABASE] [-U USER] "
	    "[-W PASSWORD] [-m MODE] [-b MB]\n    [-c N] [-a N] [-t SECONDS] "
	    "[-w SECONDS] [-n N] [-R N] [-P PID] [-krs]\n");
	exit(2);
}

static int64_t
read_number(const char *text)
{
	int64_t n;

	if (number_int(text_of(text), 10, 0, 100000000, &n, NULL) != 0)
		show_usage();
	return n;
}

static int64_t
read_seconds(const char *text)
{
	int64_t usec;

	if (number_seconds(text_of(text), &usec, NULL) != 0)
		show_usage();
	return usec * 1000;
}

static const struct mode *
read_mode(const char *name)
{
	for (size_t i = 0; i < MODES; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	show_usage();
}

static void
read_option(int option, const char *value)
{
	switch (option) {
	case 'p': opt.port = read_number(value); break;
	case 'd': opt.database = value; break;
	case 'U': opt.user = value; break;
	case 'W': opt.password = value; break;
	case 'm': opt.mode = read_mode(value); break;
	case 'b': opt.mb = read_number(value); break;
	case 'c': opt.clients = read_number(value); break;
	case 'a': opt.active = read_number(value); break;
	case 't': opt.span = read_seconds(value); break;
	case 'w': opt.warm = read_seconds(value); break;
	case 'n': opt.total = read_number(value); break;
	case 'R': opt.rate = read_number(value); break;
	case 'P': opt.pid = read_number(value); break;
	case 'k': opt.keep = true; break;
	case 'r': opt.reconnect = true; break;
	case 's': opt.tls = true; break;
	default: show_usage();
	}
}

static void
make_clients(void)
{
	clients = mem_need((size_t)opt.clients * sizeof *clients);
	for (unsigned i = 0; i < opt.clients; i++) {
		clients[i].fd = -1;
		clients[i].id = i;
	}
	spare = mem_need((size_t)opt.active * sizeof *spare);
}

int
main(int argc, char **argv)
{
	int option;

	opt.mode = &modes[0];
	while ((option = getopt(argc, argv, "p:d:U:W:m:b:c:a:t:w:n:P:R:krs")) !=
	    -1)
		read_option(option, optarg);
	if (optind != argc || opt.clients == 0 || opt.mb == 0)
		show_usage();
	if (opt.active == 0 || opt.active > opt.clients)
		opt.active = opt.clients;
	signal(SIGPIPE, SIG_IGN);
	poller = epoll_create1(0);
	make_clients();
	if (opt.tls)
		make_tls();
	if (opt.reconnect || open_all()) {
		if (opt.keep) {
			keep_idle();
			return 0;
		}
		run_window();
		run_out();
	}
	figures_print(&sum);
	return sum.errors > 0 || sum.wrong > 0;
}
