/* SPDX-License-Identifier: ISC */
/* door.c - listening sockets and what comes in by them. Loop 0. */
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/listener.h"
#include "net/socket.h"
#include "pooler/door.h"
#include "pooler/login.h"
#include "pooler/settings.h"
#include "proc/handover.h"

enum { MOST_DOORS = 64 };

struct door {
	struct listener *listener;
	struct address at;
	char *file;			/* of a unix socket we made; or NULL */
	bool passed;			/* by the service manager: not ours to remove */
};

static struct door doors[MOST_DOORS];
static unsigned door_count;

/* ---- who comes in ------------------------------------------------------ */

static void
on_accepted(struct listener *l, int fd, const struct address *from)
{
	struct endpoint peer = address_endpoint(from);
	int pid = 0, uid = -1, gid = -1;
	int32_t id[2];

	if (from->len == 0 || from->sa.sa_family == AF_UNIX) {
		memset(&peer, 0, sizeof peer);
		peer.family = AF_UNIX;
		peer.port = (uint16_t)pl_settings()->listen_port;
		socket_unix_peer(fd, &pid, &uid, &gid);
		id[0] = pid;
		id[1] = uid;
		memcpy(peer.ip, id, sizeof id);
	} else
		pl_settings_tune(fd);
	pl_login_new(loop_here(), fd, &peer);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
	log_error("accept() failed: %s", strerror(code));
}

static void
on_refused(struct listener *l, int fd)
{
	close(fd);
}

static const struct listener_handler handler = {
	.accepted = on_accepted,
	.resting = on_resting,
	.refused = on_refused,
};

static int
add_door(struct loop *loop, int fd, const struct address *at, char *file)
{
	struct listener *l;

	if (door_count == MOST_DOORS) {
		close(fd);
		return -1;
	}
	l = listener_new(loop, fd, &handler, NULL);
	if (l == NULL) {
		close(fd);
		return -1;
	}
	doors[door_count++] = (struct door){ l, *at, file, false };
	return 0;
}

/* ---- unix -------------------------------------------------------------- */

static bool
wants_unix(void)
{
	return pl_settings()->unix_socket_dir[0] != '\0';
}

static int
unix_address(struct address *to, char path[256], struct why *why)
{
	snprintf(path, 256, "%s/.s.PGSQL.%d", pl_settings()->unix_socket_dir,
	    pl_settings()->listen_port);
	return address_unix(text_of(path), to, why);
}

int
pl_door_alone(struct why *why)
{
	struct address a;
	char path[256];
	int fd, answered, first;

	if (!wants_unix() || handover_inherited(&first) > 0)
		return 0;
	if (unix_address(&a, path, why) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return why_errno(why, "socket");
	answered = connect(fd, &a.sa, a.len);
	close(fd);
	return answered == 0 ? why_set(why,
	    "unix socket is in use, cannot continue") : 0;
}

static void
set_group(const char *path)
{
	const char *name = pl_settings()->unix_socket_group;
	struct group *group;
	int64_t gid;

	if (name[0] == '\0')
		return;
	group = getgrnam(name);
	if (group != NULL)
		gid = group->gr_gid;
	else if (number_int(text_of(name), 10, 0, UINT32_MAX, &gid,
	    NULL) < 0) {
		log_fatal("could not find unix_socket_group '%s'", name);
		return;
	}
	if (chown(path, (uid_t)-1, (gid_t)gid) < 0)
		log_fatal("chown(%s, -1, %d) failed: %s", path, (int)gid,
		    strerror(errno));
}

static int
open_unix(struct loop *loop, struct why *why)
{
	const struct pl_settings *set = pl_settings();
	bool abstract = set->unix_socket_dir[0] == '@';
	char path[256], lock[300];
	struct address a;
	struct why reason = { "", "" };
	int fd;

	if (unix_address(&a, path, why) < 0)
		return -1;
	if (!abstract) {
		snprintf(lock, sizeof lock, "%s.lock", path);
		if (access(lock, F_OK) == 0)
			return why_set(why, "unix port %d is in use",
			    set->listen_port);
		unlink(path);
	}
	fd = socket_listen(&a, set->listen_backlog, false, false, &reason);
	if (fd < 0) {
		log_warning("cannot listen on %s: %s", path, reason.line);
		return why_set(why, "failed to create unix socket");
	}
	if (!abstract) {
		if (chmod(path, (mode_t)set->unix_socket_mode) < 0)
			log_warning("chmod(%s) failed: %s", path,
			    strerror(errno));
		set_group(path);
	}
	log_info("listening on unix:%s", path);
	return add_door(loop, fd, &a, abstract ? NULL :
	    mem_copy(text_of(path)));
}

/* ---- TCP --------------------------------------------------------------- */

static void
open_result(struct loop *loop, const struct addrinfo *ai)
{
	const struct pl_settings *set = pl_settings();
	struct address a = { .len = ai->ai_addrlen };
	struct why why = { "", "" };
	char text[ADDRESS_TEXT];
	int fd;

	if (ai->ai_addrlen > sizeof a.un)
		return;
	memcpy(&a.sa, ai->ai_addr, ai->ai_addrlen);
	fd = socket_listen(&a, set->listen_backlog, set->so_reuseport != 0,
	    set->tcp_defer_accept != 0, &why);
	if (fd < 0)
		log_warning("cannot listen on %s: %s",
		    address_print(&a, text), why.line);
	else if (add_door(loop, fd, &a, NULL) == 0)
		log_info("listening on %s", address_print(&a, text));
}

static int
open_name(struct loop *loop, struct text name, struct why *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE }, *found = NULL, *ai;
	char host[256], port[16];
	int code;

	snprintf(host, sizeof host, "%.*s", TEXT_ARG(name));
	snprintf(port, sizeof port, "%d", pl_settings()->listen_port);
	code = getaddrinfo(strcmp(host, "*") == 0 ? NULL : host, port, &hints,
	    &found);
	if (code != 0)
		return why_set(why, "getaddrinfo('%s', '%s') = %s [%d]", host,
		    port, gai_strerror(code), code);
	for (ai = found; ai != NULL; ai = ai->ai_next)
		open_result(loop, ai);
	freeaddrinfo(found);
	return 0;
}

static int
open_tcp(struct loop *loop, struct why *why)
{
	struct text rest = text_of(pl_settings()->listen_addr), name;
	unsigned before = door_count;
	bool any = false;

	while (text_word(&rest, ", \t", &name)) {
		any = true;
		if (open_name(loop, name, why) < 0)
			return -1;
	}
	if (any && door_count == before)
		return why_set(why, "failed to listen on any address in "
		    "listen_addr list: %s", pl_settings()->listen_addr);
	return 0;
}

/* ---- passed ------------------------------------------------------------ */

static int
open_passed(struct loop *loop, int first, unsigned n, struct why *why)
{
	const struct pl_settings *set = pl_settings();
	struct address a;

	if (set->listen_addr[0] != '\0')
		log_warning("sockets passed from service manager, "
		    "cf_listen_addr ignored");
	if (strcmp(set->unix_socket_dir, "/tmp") != 0 && wants_unix())
		log_warning("sockets passed from service manager, "
		    "cf_unix_socket_dir ignored");
	for (unsigned i = 0; i < n; i++) {
		int fd = first + (int)i;

		if (handover_listening(fd, &a, why) < 0)
			return -1;
		log_info("socket passed from service manager (fd %d)", fd);
		if (add_door(loop, fd, &a, NULL) == 0)
			doors[door_count - 1].passed = true;
	}
	return 0;
}

int
pl_door_open(struct loop *loop, struct why *why)
{
	int first;
	unsigned n = handover_inherited(&first);

	if (n > 0)
		return open_passed(loop, first, n, why);
	if (open_tcp(loop, why) < 0 ||
	    (wants_unix() && open_unix(loop, why) < 0))
		return -1;
	return door_count == 0 ? why_set(why, "nowhere to listen on") : 0;
}

/* ---- opened and shut --------------------------------------------------- */

static void
shut(struct door *d)
{
	listener_free(&d->listener);
	if (d->file != NULL)
		unlink(d->file);
	mem_drop(d->file);
	d->file = NULL;
}

void
pl_door_listen(bool on)
{
	for (unsigned i = 0; i < door_count; i++)
		if (doors[i].listener != NULL && on)
			listener_resume(doors[i].listener);
		else if (doors[i].listener != NULL)
			listener_hold(doors[i].listener);
}

void
pl_door_close_tcp(void)
{
	for (unsigned i = 0; i < door_count; i++)
		if (doors[i].at.sa.sa_family != AF_UNIX)
			shut(&doors[i]);
}

void
pl_door_close(void)
{
	for (unsigned i = 0; i < door_count; i++)
		shut(&doors[i]);
	door_count = 0;
}

bool
pl_door_at(unsigned i, struct pl_listening *to)
{
	for (unsigned k = 0; k < door_count; k++) {
		if (doors[k].listener == NULL)
			continue;
		if (i-- > 0)
			continue;
		to->fd = listener_fd(doors[k].listener);
		to->at = doors[k].at;
		return true;
	}
	return false;
}
