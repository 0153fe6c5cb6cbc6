/* SPDX-License-Identifier: ISC */
/* passfile.c - passwords by host, port, database, user; see passfile.h. */
#include <sys/stat.h>

#include <stdint.h>

#include "balancer/passfile.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"

enum { MOST = 1 << 20, FIELDS = 5 };

struct passfile {
	struct passfile *next;
	char *path, *text;		/* text: secret */
};

static struct passfile *all;

/* ---- a text ------------------------------------------------------------ */

/* How many characters this one takes: two behind a backslash. */
static size_t
step(struct text t)
{
	return t.at[0] == '\\' && t.len > 1 ? 2 : 1;
}

/* Up to the next colon that is none of its own. */
static bool
take_field(struct text *rest, struct text *field)
{
	size_t n = 0;

	while (n < rest->len && rest->at[n] != ':')
		n += step(text_from(*rest, n));
	if (n >= rest->len)
		return false;
	*field = (struct text){ rest->at, n };
	*rest = text_from(*rest, n + 1);
	return true;
}

static bool
fits(struct text field, const char *want)
{
	if (text_is(field, "*"))
		return true;
	while (field.len > 0 && want != NULL && *want != '\0') {
		field = text_from(field, step(field) - 1);
		if (field.at[0] != *want++)
			return false;
		field = text_from(field, 1);
	}
	return field.len == 0 && want != NULL && *want == '\0';
}

/* A line of five fields; *password is the last, as it stands there. */
static bool
split(struct text line, struct text field[FIELDS - 1], struct text *password)
{
	for (unsigned i = 0; i < FIELDS - 1; i++)
		if (!take_field(&line, &field[i]))
			return false;
	*password = line;
	return true;
}

static bool
is_for(const struct text field[FIELDS - 1], const struct lb_passfile_who *who)
{
	return (fits(field[0], who->host) || fits(field[0], who->address)) &&
	    fits(field[1], who->port) && fits(field[2], who->database) &&
	    fits(field[3], who->user);
}

static char *
copy_plain(struct text t)
{
	char *copy = secret_get(t.len + 1), *to = copy;

	while (copy != NULL && t.len > 0) {
		t = text_from(t, step(t) - 1);
		*to++ = t.at[0];
		t = text_from(t, 1);
	}
	return copy;
}

static struct text
without_cr(struct text line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

char *
lb_passfile_match(struct text t, const struct lb_passfile_who *who)
{
	struct text line, field[FIELDS - 1], password;

	if (t.len > 0 && t.at[t.len - 1] == '\n')
		t.len--;
	if (t.len > 0 && memchr(t.at, '\n', t.len) == NULL &&
	    !split(t, field, &password))
		return secret_copy(without_cr(t));
	while (t.len > 0) {
		(void)text_split(&t, '\n', &line);
		line = without_cr(line);
		if (line.len > 0 && line.at[0] != '#' &&
		    split(line, field, &password) && is_for(field, who))
			return copy_plain(password);
	}
	return NULL;
}

/* ---- files ------------------------------------------------------------- */

static struct passfile *
find_file(const char *path)
{
	struct passfile *f = all;

	while (f != NULL && strcmp(f->path, path) != 0)
		f = f->next;
	return f;
}

static int
look_at_mode(const char *path, struct why *why)
{
	struct stat s;

	if (stat(path, &s) == 0 && (s.st_mode & 077) != 0)
		return why_set(why, "'%s' may be read by others than its "
		    "owner: its mode is to be 0600", path);
	return 0;
}

int
lb_passfile_load(const char *path, struct why *why)
{
	struct passfile *f;
	struct text t;
	struct why reason;

	if (find_file(path) != NULL)
		return 0;
	if (look_at_mode(path, why) < 0)
		return -1;
	if (file_read(path, MOST, &t, &reason) < 0)
		return why_set(why, "cannot read '%s': %s", path,
		    reason.line);
	f = mem_need(sizeof *f);
	f->path = mem_print("%s", path);
	f->text = secret_copy(t);
	secret_wipe((void *)(uintptr_t)t.at, t.len);
	mem_drop((void *)(uintptr_t)t.at);
	f->next = all;
	all = f;
	return f->path != NULL && f->text != NULL ? 0 :
	    why_set(why, "out of memory");
}

char *
lb_passfile_find(const char *path, const struct lb_passfile_who *who)
{
	const struct passfile *f = path == NULL ? NULL : find_file(path);

	return f == NULL ? NULL : lb_passfile_match(text_of(f->text), who);
}

void
lb_passfile_fini(void)
{
	for (struct passfile *f = all, *next; f != NULL; f = next) {
		next = f->next;
		mem_drop(f->path);
		secret_drop(f->text);
		mem_drop(f);
	}
	all = NULL;
}
