/* SPDX-License-Identifier: ISC */
/* outbox.c - the durable queue; see outbox.h. Loop 0. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "watch/outbox.h"

enum { FIELDS = 6, TIDY_LEAST = 64 };

static uint32_t
crc32_of(struct text t)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < t.len; i++) {
		crc ^= (unsigned char)t.at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
	}
	return ~crc;
}

void
wt_outbox_init(struct wt_outbox *o)
{
	*o = (struct wt_outbox){ .fd = -1 };
	TAILQ_INIT(&o->queues);
}

static void
free_record(struct wt_record *r)
{
	wt_event_drop(&r->event);
	mem_drop(r);
}

static void
free_records(struct wt_records *list)
{
	struct wt_record *r;

	while ((r = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, r, link);
		free_record(r);
	}
}

void
wt_outbox_fini(struct wt_outbox *o)
{
	struct wt_queue *q;

	while ((q = TAILQ_FIRST(&o->queues)) != NULL) {
		TAILQ_REMOVE(&o->queues, q, link);
		free_records(&q->waiting);
		free_records(&q->done);
		mem_drop(q->name);
		mem_drop(q);
	}
	if (o->fd >= 0)
		close(o->fd);
	mem_drop(o->dir);
	mem_drop(o->path);
	mem_drop(o->pending);
	wt_outbox_init(o);
}

struct wt_queue *
wt_outbox_queue(struct wt_outbox *o, struct text name)
{
	struct wt_queue *q;

	TAILQ_FOREACH(q, &o->queues, link)
		if (text_is(name, q->name))
			return q;
	q = mem_zero(sizeof *q);
	if (q == NULL || (q->name = mem_copy(name)) == NULL) {
		mem_drop(q);
		return NULL;
	}
	TAILQ_INIT(&q->waiting);
	TAILQ_INIT(&q->done);
	TAILQ_INSERT_TAIL(&o->queues, q, link);
	return q;
}

int64_t
wt_outbox_age(const struct wt_queue *q, int64_t now)
{
	const struct wt_record *r = TAILQ_FIRST(&q->waiting);

	return r == NULL || now <= r->born ? 0 : now - r->born;
}

/* ---- lines */

static char *
add_crc(char *line)
{
	char *whole = line == NULL ? NULL : mem_print("%s\t%08" PRIx32 "\n",
	    line, crc32_of(text_of(line)));

	mem_drop(line);
	return whole;
}

static char *
print_record(const struct wt_queue *q, const struct wt_record *r)
{
	char *json = wt_event_print(r->event), *line;

	if (json == NULL)
		return NULL;
	line = mem_print("+%" PRIu64 "\t%s\t%" PRId64 "\t%s\t%s", r->seq,
	    r->event->id, r->event->wall, q->name, json);
	mem_drop(json);
	return add_crc(line);
}

/* What is to be written with the next sync; takes the line. */
static int
pend(struct wt_outbox *o, char *line)
{
	size_t len = line == NULL ? 0 : strlen(line);
	char *more;

	if (line == NULL)
		return -1;
	if (o->pending_len + len + 1 > o->pending_room) {
		more = mem_grow(o->pending, 2 * (o->pending_len + len + 1));
		if (more == NULL) {
			mem_drop(line);
			return -1;
		}
		o->pending = more;
		o->pending_room = 2 * (o->pending_len + len + 1);
	}
	memcpy(o->pending + o->pending_len, line, len + 1);
	o->pending_len += len;
	mem_drop(line);
	return 0;
}

/* ---- from text */

static bool
is_sound(struct text line, struct text *inner)
{
	uint32_t crc = 0;
	struct text sum;

	if (line.len < 10 || line.at[line.len - 9] != '\t')
		return false;
	sum = text_from(line, line.len - 8);
	*inner = (struct text){ line.at, line.len - 9 };
	for (size_t i = 0; i < 8; i++) {
		char c = sum.at[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
			return false;
		crc = crc << 4 | (uint32_t)(c <= '9' ? c - '0' :
		    c - 'a' + 10);
	}
	return crc == crc32_of(*inner);
}

static struct wt_record *
find_record(struct wt_outbox *o, uint64_t seq, struct wt_queue **queue)
{
	struct wt_record *r;
	struct wt_queue *q;

	TAILQ_FOREACH(q, &o->queues, link)
		TAILQ_FOREACH(r, &q->waiting, link)
			if (r->seq == seq) {
				*queue = q;
				return r;
			}
	return NULL;
}

static void
unlink_record(struct wt_outbox *o, struct wt_queue *q, struct wt_record *r)
{
	TAILQ_REMOVE(&q->waiting, r, link);
	q->count--;
	o->count--;
	o->bytes -= r->bytes;
}

static bool
read_done(struct wt_outbox *o, struct text number)
{
	struct wt_record *r;
	struct wt_queue *q;
	int64_t seq;

	if (number_int(number, 10, 1, INT64_MAX, &seq, NULL) < 0)
		return false;
	r = find_record(o, (uint64_t)seq, &q);
	if (r == NULL)
		return true;
	unlink_record(o, q, r);
	if (r->loaded)
		TAILQ_INSERT_HEAD(&q->done, r, link);
	else
		free_record(r);
	o->finished++;
	return true;
}

static bool
read_waiting(struct wt_outbox *o, struct text rest, size_t bytes,
    const struct wt_now *now)
{
	struct text f[FIELDS] = { TEXT_NONE };
	struct wt_record *r;
	struct wt_queue *q;
	int64_t seq, wall;
	int n = 0;

	while (n < 4 && text_split(&rest, '\t', &f[n]))
		n++;
	if (n < 4 || number_int(f[0], 10, 1, INT64_MAX - 1, &seq, NULL) < 0 ||
	    number_int(f[2], 10, 0, INT64_MAX, &wall, NULL) < 0 ||
	    f[3].len == 0 || memchr(f[3].at, '\0', f[3].len) != NULL ||
	    find_record(o, (uint64_t)seq, &q) != NULL)
		return false;
	q = wt_outbox_queue(o, f[3]);
	r = q == NULL ? NULL : mem_zero(sizeof *r);
	if (r == NULL)
		return false;
	r->event = wt_event_parse(rest);
	if (r->event == NULL) {
		mem_drop(r);
		return false;
	}
	r->seq = (uint64_t)seq;
	r->loaded = r->seq > o->known;
	r->bytes = bytes;
	r->due = now->mono;
	r->born = wall > now->wall ? now->mono : now->mono -
	    (now->wall - wall);
	if (r->seq > o->seq)
		o->seq = r->seq;
	TAILQ_INSERT_TAIL(&q->waiting, r, link);
	q->count++;
	o->count++;
	o->bytes += bytes;
	o->total++;
	return true;
}

bool
wt_outbox_read(struct wt_outbox *o, struct text all, const struct wt_now *now)
{
	struct text line = TEXT_NONE, inner;
	bool good = true;

	/* What has no line end is torn, or empty. */
	while (text_split(&all, '\n', &line) && all.at != NULL) {
		if (!is_sound(line, &inner))
			good = false;
		else if (inner.at[0] == '+')
			good &= read_waiting(o, text_from(inner, 1), line.len,
			    now);
		else if (inner.at[0] == '-')
			good &= read_done(o, text_from(inner, 1));
		else
			good = false;
	}
	return good && (all.at != NULL || line.len == 0);
}

/* ---- the file */

static char *
print_all(struct wt_outbox *o)
{
	char *held = o->pending;
	size_t len = o->pending_len, room = o->pending_room;
	struct wt_record *r;
	struct wt_queue *q;
	char *all;
	int code = 0;

	o->pending = NULL;
	o->pending_len = o->pending_room = 0;
	TAILQ_FOREACH(q, &o->queues, link)
		TAILQ_FOREACH(r, &q->waiting, link)
			if (code == 0)
				code = pend(o, print_record(q, r));
	all = o->pending != NULL || code < 0 ? o->pending :
	    mem_copy(TEXT(""));
	o->pending = held;
	o->pending_len = len;
	o->pending_room = room;
	if (code == 0)
		return all;
	mem_drop(all);
	return NULL;
}

static int
open_file(struct wt_outbox *o, struct why *why)
{
	struct stat st;
	int fd = open(o->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return why_errno(why, "cannot open %s", o->path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (st.st_uid != geteuid() && geteuid() != 0)) {
		close(fd);
		return why_set(why, "%s belongs to somebody else or is no "
		    "file", o->path);
	}
	if (o->fd >= 0)
		close(o->fd);
	o->fd = fd;
	o->size = st.st_size;
	o->torn = false;
	return 0;
}

/* The waiting records alone, aside and renamed. */
static int
rewrite(struct wt_outbox *o, struct why *why)
{
	char *all = print_all(o);
	struct why cause;
	int code;

	if (all == NULL)
		return why_set(why, "out of memory");
	code = file_write_aside(o->path, 0600, text_of(all), &cause);
	mem_drop(all);
	if (code < 0)
		return why_set(why, "cannot write %s: %s", o->path,
		    cause.line);
	o->pending_len = 0;
	o->total = o->count;
	o->finished = 0;
	return open_file(o, why);
}

static int
make_directory(const char *dir, struct why *why)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return why_errno(why, "cannot make %s", dir);
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) ||
	    (st.st_uid != geteuid() && geteuid() != 0))
		return why_set(why, "%s belongs to somebody else or is no "
		    "directory", dir);
	return 0;
}

int
wt_outbox_open(struct wt_outbox *o, const char *dir, uint64_t known,
    const struct wt_now *now, struct why *why)
{
	struct text all = TEXT_NONE;
	struct why cause;
	bool good = true;

	o->dir = mem_copy(text_of(dir));
	o->path = mem_print("%s/queue", dir);
	o->known = known;
	if (known != UINT64_MAX)
		o->seq = known;
	if (o->dir == NULL || o->path == NULL)
		return why_set(why, "out of memory");
	if (make_directory(dir, why) < 0 || open_file(o, why) < 0)
		return -1;
	if (file_read(o->path, 4 * (size_t)WT_OUTBOX_BYTES, &all, &cause) < 0)
		log_error("cannot read %s: %s", o->path, cause.line);
	else
		good = wt_outbox_read(o, all, now);
	if (!good)
		log_warning("%s: parts of it were not understood", o->path);
	mem_drop((void *)(uintptr_t)all.at);
	return good ? 0 : rewrite(o, why);
}

/* All of the pending text or, at the next try, all of it again. */
static int
append(struct wt_outbox *o, struct why *why)
{
	struct text rest = { o->pending, o->pending_len };
	ssize_t n;

	if (o->torn && ftruncate(o->fd, o->size) == 0)
		o->torn = false;
	if (o->torn)
		return rewrite(o, why);
	while (rest.len > 0) {
		n = write(o->fd, rest.at, rest.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			o->torn = true;
			return why_errno(why, "cannot write %s", o->path);
		}
		rest = text_from(rest, (size_t)n);
	}
	if (fsync(o->fd) < 0) {
		o->torn = true;
		return why_errno(why, "cannot sync %s", o->path);
	}
	o->size += (off_t)o->pending_len;
	o->pending_len = 0;
	return 0;
}

int
wt_outbox_sync(struct wt_outbox *o)
{
	struct why why;
	int code;

	if (o->pending_len == 0 || o->path == NULL)
		return 0;
	code = o->fd < 0 ? open_file(o, &why) : 0;
	if (code == 0)
		code = append(o, &why);
	if (code < 0)
		o->failures++;
	if (code < 0 && !o->failing)
		log_error("%s; messages are kept in memory", why.line);
	if (code == 0 && o->failing)
		log_info("%s is written again", o->path);
	o->failing = code < 0;
	return code;
}

void
wt_outbox_tidy(struct wt_outbox *o)
{
	struct why why;

	if (o->fd < 0 || o->failing || o->finished < TIDY_LEAST ||
	    2 * o->finished <= o->total)
		return;
	if (rewrite(o, &why) < 0)
		log_error("%s", why.line);
}

/* ---- the queue */

static bool
was_queued(struct wt_records *list, const struct wt_event *e)
{
	struct wt_record *r;

	TAILQ_FOREACH(r, list, link)
		if (r->loaded && wt_event_same(r->event, e)) {
			r->loaded = false;	/* it answers for one alone */
			return true;
		}
	return false;
}

void
wt_outbox_done(struct wt_outbox *o, struct wt_queue *q, struct wt_record *r)
{
	char *line = mem_print("-%" PRIu64, r->seq);

	pend(o, add_crc(line));
	unlink_record(o, q, r);
	o->finished++;
	if (r->loaded)
		TAILQ_INSERT_HEAD(&q->done, r, link);
	else
		free_record(r);
}

static bool
has_same_subject(const struct wt_event *a, const struct wt_event *b)
{
	return strcmp(a->server, b->server) == 0 &&
	    strcmp(a->proxy, b->proxy) == 0 &&
	    strcmp(a->group, b->group) == 0 &&
	    (a->server[0] != '\0' || strcmp(a->source, b->source) == 0);
}

static struct wt_record *
find_end(const struct wt_record *problem)
{
	struct wt_record *r = TAILQ_NEXT(problem, link);

	for (; r != NULL; r = TAILQ_NEXT(r, link))
		if (r->event->ends_problem && !r->taken &&
		    has_same_subject(problem->event, r->event))
			return r;
	return NULL;
}

enum { REPEATS, PAIRS, SMALL_MATTERS, WAYS };

/* Those that go in one of the ways, oldest first, down to 'left'. */
static void
drop_some(struct wt_outbox *o, struct wt_queue *q, int way, unsigned left)
{
	struct wt_record *r, *next, *end;

	for (r = TAILQ_FIRST(&q->waiting); r != NULL && o->count > left;
	    r = next) {
		const struct wt_event *e = r->event;

		next = TAILQ_NEXT(r, link);
		end = way == PAIRS && e->is_problem && !r->taken ?
		    find_end(r) : NULL;
		if (r->taken || (way == REPEATS && !e->repeat) ||
		    (way == PAIRS && end == NULL) ||
		    (way == SMALL_MATTERS && (e->is_problem ||
		    e->ends_problem)))
			continue;
		if (end != NULL && end == next)
			next = TAILQ_NEXT(end, link);
		if (end != NULL)
			wt_outbox_done(o, q, end);
		wt_outbox_done(o, q, r);
		o->overflowed++;
	}
}

static bool
is_full(const struct wt_outbox *o)
{
	return o->count >= WT_OUTBOX_RECORDS || o->bytes >= WT_OUTBOX_BYTES;
}

/* A tenth at a time; where nothing may go, not again for each record. */
static void
make_room(struct wt_outbox *o)
{
	unsigned left = o->count - o->count / 10;
	struct wt_queue *q, *longest = TAILQ_FIRST(&o->queues);

	if (o->count < o->full_at)
		return;
	TAILQ_FOREACH(q, &o->queues, link)
		if (q->count > longest->count)
			longest = q;
	for (int way = REPEATS; way < WAYS && o->count > left; way++)
		drop_some(o, longest, way, left);
	o->full_at = o->count > left ? o->count + o->count / 10 : 0;
	log_warning("the outbox was full: %lu events dropped so far, %u wait",
	    o->overflowed, o->count);
}

bool
wt_outbox_add(struct wt_outbox *o, struct wt_queue *q, struct wt_event *e,
    int64_t due, const struct wt_now *now)
{
	struct wt_record *r;
	char *line;

	if (was_queued(&q->waiting, e) || was_queued(&q->done, e))
		return false;
	if (is_full(o))
		make_room(o);
	r = mem_zero(sizeof *r);
	if (r == NULL) {
		log_error("out of memory: %s is not told", e->words);
		return false;
	}
	r->seq = ++o->seq;
	r->event = wt_event_hold(e);
	r->due = due;
	r->born = now->mono;
	line = print_record(q, r);
	r->bytes = line == NULL ? 0 : strlen(line);
	pend(o, line);
	TAILQ_INSERT_TAIL(&q->waiting, r, link);
	q->count++;
	o->count++;
	o->total++;
	o->bytes += r->bytes;
	return true;
}

void
wt_outbox_bury(struct wt_outbox *o, const struct wt_queue *q,
    const struct wt_record *r, const char *reason)
{
	char *path = mem_print("%s/outbox.dead", o->dir == NULL ? "" : o->dir);
	char *line = print_record(q, r);
	struct stat st;
	int fd = -1;

	if (path != NULL && line != NULL && o->dir != NULL)
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	/* What nobody looks at must not fill the disk. */
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > WT_OUTBOX_BYTES ||
	    write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		log_warning("%s: not kept in outbox.dead: %s", q->name,
		    r->event->words);
	log_error("%s refuses a message (%s), set aside: %s", q->name,
	    reason, r->event->words);
	if (fd >= 0)
		close(fd);
	mem_drop(path);
	mem_drop(line);
}
