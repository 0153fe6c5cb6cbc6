/* SPDX-License-Identifier: ISC */
/* files.c - paths to texts; see files.h. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>

#include "balancer/files.h"
#include "base/file.h"
#include "base/mem.h"

enum { FILE_MOST = 64 * 1024 * 1024 };

struct kept {				/* a file that a text named */
	struct kept *next;
	char *path;
	struct text text;
};

struct lb_files {
	struct lb_source_text *texts;
	unsigned count;
	struct kept *kept, **kept_end;	/* in order */
};

static int
no_memory(struct why *why)
{
	return why_set(why, "out of memory");
}

/* Owns path from here on. */
static int
add_text(struct lb_files *f, char *path, bool side, struct why *why)
{
	struct lb_source_text *more = path == NULL ? NULL :
	    mem_grow(f->texts, (f->count + 1) * sizeof *more);
	struct text t;

	if (more == NULL) {
		mem_drop(path);
		return no_memory(why);
	}
	f->texts = more;
	if (file_read(path, FILE_MOST, &t, why) < 0) {
		struct why told = *why;

		why_set(why, "Cannot open configuration file/directory %s : "
		    "%s", path, told.line);
		mem_drop(path);
		return -1;
	}
	f->texts[f->count++] = (struct lb_source_text){ path, t,
	    side };
	return 0;
}

/* A file and, behind it, the side file that may stand beside it. */
static int
add_file(struct lb_files *f, char *path, struct why *why)
{
	char *side = path == NULL ? NULL : mem_print("%s.weir", path);
	struct stat s;

	if (add_text(f, path, false, why) < 0 || side == NULL) {
		mem_drop(side);
		return side == NULL ? no_memory(why) : -1;
	}
	if (stat(side, &s) == 0)
		return add_text(f, side, true, why);
	mem_drop(side);
	return 0;
}

static int
is_config(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 4 &&
	    strcmp(e->d_name + len - 4, ".cfg") == 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
add_directory(struct lb_files *f, const char *path, struct why *why)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_config, by_bytes), code = 0;

	if (n < 0)
		return why_set(why, "Cannot open configuration "
		    "file/directory %s : %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *file = mem_print("%s/%s", path, entries[i]->d_name);
		struct stat s;

		if (code == 0 && file != NULL && stat(file, &s) == 0 &&
		    !S_ISREG(s.st_mode))
			mem_drop(file);
		else if (code == 0)
			code = add_file(f, file, why);
		else
			mem_drop(file);
		mem_drop(entries[i]);
	}
	mem_drop(entries);
	return code;
}

struct lb_files *
lb_files_read(const char *const *paths, unsigned count, struct why *why)
{
	struct lb_files *f = mem_zero(sizeof *f);

	if (f == NULL) {
		no_memory(why);
		return NULL;
	}
	f->kept_end = &f->kept;
	for (unsigned i = 0; i < count; i++) {
		struct stat s;
		int code = stat(paths[i], &s) == 0 && S_ISDIR(s.st_mode) ?
		    add_directory(f, paths[i], why) :
		    add_file(f, mem_copy(text_of(paths[i])), why);

		if (code < 0) {
			lb_files_free(&f);
			return NULL;
		}
	}
	return f;
}

void
lb_files_free(struct lb_files **files)
{
	struct lb_files *f = *files;

	if (f == NULL)
		return;
	for (unsigned i = 0; i < f->count; i++) {
		mem_drop((void *)(uintptr_t)f->texts[i].name);
		mem_drop((void *)(uintptr_t)f->texts[i].text.at);
	}
	while (f->kept != NULL) {
		struct kept *next = f->kept->next;

		mem_drop((void *)(uintptr_t)f->kept->text.at);
		mem_drop(f->kept->path);
		mem_drop(f->kept);
		f->kept = next;
	}
	mem_drop(f->texts);
	mem_drop(f);
	*files = NULL;
}

/* ---- answers ----------------------------------------------------------- */

static int
fetch(void *arg, const char *path, struct text *to, struct why *why)
{
	struct lb_files *f = arg;
	struct kept *k;
	struct stat s;

	*to = TEXT_NONE;
	if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
		return 1;
	k = mem_zero(sizeof *k);
	if (k == NULL || (k->path = mem_copy(text_of(path))) == NULL) {
		mem_drop(k);
		return no_memory(why);
	}
	if (file_read(path, FILE_MOST, &k->text, why) < 0) {
		mem_drop(k->path);
		mem_drop(k);
		return -1;
	}
	*f->kept_end = k;
	f->kept_end = &k->next;
	*to = k->text;
	return 0;
}

static int
resolve(void *arg, const char *name, int family, struct address *to)
{
	struct addrinfo hints = { .ai_family = family,
	    .ai_socktype = SOCK_STREAM }, *found;

	memset(to, 0, sizeof *to);
	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return -1;
	memcpy(&to->sa, found->ai_addr, found->ai_addrlen);
	to->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static const char *
get_variable(void *arg, const char *name)
{
	return getenv(name);
}

static void
set_variable(void *arg, const char *name, const char *text)
{
	if (name == NULL)
		clearenv();
	else if (text == NULL)
		unsetenv(name);
	else
		setenv(name, text, 1);
}

static long
account(void *arg, const char *name, bool group)
{
	if (group) {
		const struct group *g = getgrnam(name);

		return g == NULL ? -1 : (long)g->gr_gid;
	} else {
		const struct passwd *u = getpwnam(name);

		return u == NULL ? -1 : (long)u->pw_uid;
	}
}

void
lb_files_source(struct lb_files *f, struct lb_source *to)
{
	to->texts = f->texts;
	to->count = f->count;
	to->arg = f;
	to->fetch = fetch;
	to->resolve = resolve;
	to->getenv = get_variable;
	to->setenv = set_variable;
	to->account = account;
}

void
lb_files_each(const struct lb_files *f, void (*visit)(void *arg,
    const char *path, struct text), void *arg)
{
	for (const struct kept *k = f->kept; k != NULL; k = k->next)
		visit(arg, k->path, k->text);
}
