/* SPDX-License-Identifier: ISC */
/* outside.c - the host as the configuration sees it; see outside.h. One thread. */
#include <sys/stat.h>
#include <sys/utsname.h>

#include <net/if.h>

#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/number.h"
#include "vrrp/outside.h"

enum { FILE_MOST = 16 * 1024 * 1024, LIST_MOST = 256 * 1024, LINKS_MOST = 40 };

/* ---- files */

static int
fetch(void *arg, struct arena *arena, const char *path, struct text *to,
    struct why *why)
{
	struct text t;
	struct stat st;

	if (stat(path, &st) < 0)
		return why_errno(why, "%s", path) < 0 && errno == ENOENT ? 1 :
		    -1;
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) &&
	    !S_ISCHR(st.st_mode))
		return why_set(why, "not a regular file");
	if (file_read(path, FILE_MOST, &t, why) < 0)
		return -1;
	to->at = arena_copy(arena, t);
	to->len = t.len;
	mem_drop((void *)(uintptr_t)t.at);
	return 0;
}

static unsigned
match(void *arg, struct arena *arena, const char *pattern,
    const char ***paths)
{
	ARENA_LIST(const char) found = { NULL, 0, 0 };
	glob_t g;

	if (glob(pattern, GLOB_BRACE | GLOB_MARK, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			if (!text_ends(text_of(g.gl_pathv[i]), "/"))
				arena_add(arena, &found, arena_copy(arena,
				    text_of(g.gl_pathv[i])));
		globfree(&g);
	}
	*paths = found.at;
	return found.count;
}

static const char *
variable(void *arg, const char *name)
{
	return getenv(name);
}

static unsigned
draw(void *arg)
{
	return (unsigned)random();
}

/* ---- interfaces */

static enum vr_outside_interface
find_interface(void *arg, const char *name)
{
	char path[64 + IF_NAMESIZE];
	struct text t;
	bool macvlan;

	if (strlen(name) >= IF_NAMESIZE || if_nametoindex(name) == 0)
		return VR_INTERFACE_NONE;
	if (strcmp(name, "lo") == 0)
		return VR_INTERFACE_LOOPBACK;
	snprintf(path, sizeof path, "/sys/class/net/%s/uevent", name);
	if (file_read(path, 4096, &t, NULL) < 0)
		return VR_INTERFACE_PLAIN;
	macvlan = strstr(t.at, "DEVTYPE=macvlan") != NULL;
	mem_drop((void *)(uintptr_t)t.at);
	return macvlan ? VR_INTERFACE_MACVLAN : VR_INTERFACE_PLAIN;
}

/* ---- accounts */

static int
find_user(void *arg, const char *name, uid_t *uid, gid_t *gid)
{
	struct passwd *pw = getpwnam(name);
	int64_t number;

	if (pw == NULL && number_int(text_of(name), 10, 0, UINT32_MAX - 1,
	    &number, NULL) == 0)
		pw = getpwuid((uid_t)number);
	if (pw == NULL)
		return -1;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

static int
find_group(void *arg, const char *name, gid_t *gid)
{
	struct group *gr = getgrnam(name);
	int64_t number;

	if (gr == NULL && number_int(text_of(name), 10, 0, UINT32_MAX - 1,
	    &number, NULL) == 0)
		gr = getgrgid((gid_t)number);
	if (gr == NULL)
		return -1;
	*gid = gr->gr_gid;
	return 0;
}

/* ---- programs */

/* The sticky bit of a directory makes up for its write bits; a link has none
 * that matter. */
static bool
is_unsafe(const struct stat *st)
{
	mode_t m = st->st_mode;

	if (st->st_uid != 0)
		return true;
	if (S_ISLNK(m) || (S_ISDIR(m) && (m & S_ISVTX)))
		return false;
	return (m & S_IWOTH) || ((m & S_IWGRP) && st->st_gid != 0);
}

/* A path on its way to a program: what was walked, and what is to come. */
struct walk {
	char done[PATH_MAX], rest[PATH_MAX];
	unsigned links;
};

/* Where the link leads stands in front of the rest. False: too long. */
static bool
follow(struct walk *w)
{
	char to[PATH_MAX], all[2 * PATH_MAX];
	ssize_t len = readlink(w->done, to, sizeof to - 1);
	char *slash = strrchr(w->done, '/');

	if (len < 0 || ++w->links > LINKS_MOST)
		return false;
	to[len] = '\0';
	if ((size_t)snprintf(all, sizeof all, "%s/%s", to, w->rest) >=
	    sizeof w->rest)
		return false;
	*(to[0] == '/' || slash == NULL ? w->done : slash) = '\0';
	memcpy(w->rest, all, strlen(all) + 1);
	return true;
}

/* The next component; false: there is none. */
static bool
step(struct walk *w)
{
	char *name = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(name, "/"), used = strlen(w->done);

	if (len == 0 || used + len + 2 > sizeof w->done)
		return false;
	snprintf(w->done + used, sizeof w->done - used, "/%.*s", (int)len,
	    name);
	memmove(w->rest, name + len, strlen(name + len) + 1);
	return true;
}

/*
 * Whoever may change one of them may change what is run: each component, also
 * of the links on the way and of where they lead. The first one; or NULL.
 */
static const char *
find_unsafe(struct arena *arena, const char *path)
{
	struct walk w = { .done = "" };
	struct stat st;

	if (strlen(path) >= sizeof w.rest)
		return "a path that is too long";
	memcpy(w.rest, path, strlen(path) + 1);
	do {
		const char *at = w.done[0] == '\0' ? "/" : w.done;

		if (lstat(at, &st) < 0)
			return NULL;
		if (is_unsafe(&st))
			return arena_print(arena, "%s, owner %u, mode %04o",
			    at, (unsigned)st.st_uid,
			    (unsigned)(st.st_mode & 07777));
		if (S_ISLNK(st.st_mode) && !follow(&w))
			return "a chain of links that does not end";
	} while (step(&w));
	return NULL;
}

static bool
may_execute(const struct stat *st, uid_t uid, gid_t gid)
{
	if (uid == 0)
		return st->st_mode & (S_IXUSR | S_IXGRP | S_IXOTH);
	if (st->st_uid == uid)
		return st->st_mode & S_IXUSR;
	if (st->st_gid == gid)
		return st->st_mode & S_IXGRP;
	return st->st_mode & S_IXOTH;
}

static char *
search(struct arena *arena, const char *name)
{
	const char *path = getenv("PATH");
	struct text dirs = text_of(path == NULL ?
	    "/usr/local/bin:/usr/bin:/bin" : path), dir;
	struct stat st;

	while (text_split(&dirs, ':', &dir)) {
		char *full = arena_print(arena, "%.*s/%s", TEXT_ARG(dir),
		    name);

		if (dir.len > 0 && stat(full, &st) == 0 &&
		    S_ISREG(st.st_mode) && (st.st_mode & 0111))
			return full;
	}
	return NULL;
}

static void
find_program(void *arg, struct arena *arena, const char *name, uid_t uid,
    gid_t gid, struct vr_outside_program *to)
{
	const char *full = strchr(name, '/') != NULL ? name :
	    search(arena, name);
	char real[PATH_MAX];
	struct stat st;

	*to = (struct vr_outside_program){ .found = false };
	if (full == NULL || realpath(full, real) == NULL ||
	    stat(real, &st) < 0)
		return;
	to->found = true;
	to->plain = S_ISREG(st.st_mode);
	/* busybox and its like go by the name they are called by. */
	to->path = arena_copy(arena, text_of(full));
	to->executable = to->plain && may_execute(&st, uid, gid);
	to->unsafe = find_unsafe(arena, full[0] == '/' ? full : real);
}

/* ---- names */

static const char *
host_name(void *arg)
{
	static struct utsname u;

	return uname(&u) < 0 ? "" : u.nodename;
}

/* Lines "NUMBER NAME" of iproute2's lists. */
static long
look_in(const char *path, const char *name)
{
	struct text t, rest, line, word;
	int64_t number = -1;

	if (file_read(path, LIST_MOST, &t, NULL) < 0)
		return -1;
	rest = t;
	while (number < 0 && text_split(&rest, '\n', &line)) {
		if (!text_word(&line, " \t", &word) || word.at[0] == '#' ||
		    number_int(word, 0, 0, UINT32_MAX, &number, NULL) < 0)
			continue;
		if (!text_word(&line, " \t", &word) || !text_is(word, name))
			number = -1;
	}
	mem_drop((void *)(uintptr_t)t.at);
	return (long)number;
}

static long
find_named(void *arg, const char *dir, const char *list, const char *name)
{
	static const char *const dirs[] = { "/etc/iproute2",
		"/usr/share/iproute2", "/usr/lib/iproute2" };
	size_t n = dir != NULL ? 1 : sizeof dirs / sizeof dirs[0];
	char path[PATH_MAX];
	long number = -1;

	for (size_t i = 0; number < 0 && i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", dir != NULL ? dir :
		    dirs[i], list);
		number = look_in(path, name);
	}
	return number;
}

static const char *
node_id(void)
{
	static char id[256];

	snprintf(id, sizeof id, "%s", host_name(NULL));
	id[strcspn(id, ".")] = '\0';
	return id;
}

const struct vr_outside *
vr_outside_host(const char *id)
{
	static struct vr_outside host = {
		.fetch = fetch, .match = match, .variable = variable,
		.random = draw, .interface = find_interface,
		.user = find_user, .group = find_group,
		.program = find_program, .host_name = host_name,
		.named = find_named,
	};

	host.id = id == NULL ? node_id() : id;
	return &host;
}

/* ---- another node: all that is named is there */

static enum vr_outside_interface
any_interface(void *arg, const char *name)
{
	return VR_INTERFACE_PLAIN;
}

static int
any_user(void *arg, const char *name, uid_t *uid, gid_t *gid)
{
	*uid = 0;
	*gid = 0;
	return 0;
}

static int
any_group(void *arg, const char *name, gid_t *gid)
{
	*gid = 0;
	return 0;
}

static void
any_program(void *arg, struct arena *arena, const char *name, uid_t uid,
    gid_t gid, struct vr_outside_program *to)
{
	*to = (struct vr_outside_program){ .found = true, .plain = true,
	    .executable = true, .path = arena_copy(arena, text_of(name)) };
}

const struct vr_outside *
vr_outside_elsewhere(const char *id)
{
	static struct vr_outside other;

	other = *vr_outside_host(id);
	other.interface = any_interface;
	other.user = any_user;
	other.group = any_group;
	other.program = any_program;
	return &other;
}
