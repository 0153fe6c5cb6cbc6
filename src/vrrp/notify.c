/* SPDX-License-Identifier: ISC */
/* notify.c - scripts by the launch, lines into fifos, letters by mail. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "vrrp/mail.h"
#include "vrrp/notify.h"
#include "vrrp/say.h"

struct fifo {
	char *path;			/* NULL: none */
	int fd;				/* -1: not open */
	bool made, full;		/* made by us; told that it is full */
	uint64_t run;			/* its script */
};

/* Of one run: whom to tell. */
struct errand {
	struct errand *next;
	struct vr_notify_post *post;
	const struct vr_program *program;
	void (*done)(void *arg);
	void *arg;
};

struct vr_notify_post {
	const struct vr_config *config;
	struct vr_launch *launch;
	struct vr_mail *mail;
	struct fifo fifos[2];
	struct errand *errands;		/* scripts under way */
	unsigned running;
};

/* ---- words */

static const char *const words[VR_NOTIFIES] = {
	[VR_NOTIFY_MASTER] = "MASTER", [VR_NOTIFY_BACKUP] = "BACKUP",
	[VR_NOTIFY_FAULT] = "FAULT", [VR_NOTIFY_STOP] = "STOP",
	[VR_NOTIFY_DELETED] = "DELETED",
	[VR_NOTIFY_MASTER_RX_LOWER_PRI] = "MASTER_RX_LOWER_PRI",
	[VR_NOTIFY_ANY] = ""
};

const char *
vr_notify_word(enum vr_notify what)
{
	return words[what];
}

size_t
vr_notify_line(char *to, size_t size, bool group, const char *name,
    const char *word, unsigned priority)
{
	int n = snprintf(to, size, "%s \"%s\" %s %u\n", group ? "GROUP" :
	    "INSTANCE", name, word, priority);

	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* ---- fifos */

static void
write_line(struct fifo *f, const char *line, size_t len)
{
	if (f->fd == -1)
		return;
	if (write(f->fd, line, len) == (ssize_t)len) {
		f->full = false;
		return;
	}
	if (!f->full)
		vr_say_warn("notify fifo %s: %s, lines are lost", f->path,
		    errno == EAGAIN ? "nobody reads it" : strerror(errno));
	f->full = true;
}

static void
tell_fifos(struct vr_notify_post *p, bool group, const char *name,
    const char *word, unsigned priority)
{
	char line[512];
	size_t len = vr_notify_line(line, sizeof line, group, name, word,
	    priority);

	for (unsigned i = 0; i < 2; i++)
		write_line(&p->fifos[i], line, len);
}

/* Made when missing; anything else of that name is left alone. */
static void
open_fifo(struct fifo *f, const struct vr_fifo_conf *conf)
{
	struct stat st;

	f->fd = -1;
	f->path = mem_copy(text_of(conf->path));
	if (f->path == NULL)
		return;
	if (mkfifo(conf->path, 0644) == 0) {
		f->made = true;
		if (lchown(conf->path, conf->uid, conf->gid) == -1)
			vr_say_warn("notify fifo %s: cannot give it away: "
			    "%s", conf->path, strerror(errno));
	} else if (errno != EEXIST) {
		vr_say_error("cannot make notify fifo %s: %s", conf->path,
		    strerror(errno));
		return;
	}
	f->fd = open(conf->path, O_RDWR | O_NONBLOCK | O_NOFOLLOW |
	    O_CLOEXEC);
	if (f->fd != -1 && fstat(f->fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return;
	vr_say_error("cannot open notify fifo %s: %s", conf->path,
	    f->fd == -1 ? strerror(errno) : "it is no fifo");
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}

static void
start_reader(struct vr_notify_post *p, struct fifo *f,
    const struct vr_fifo_conf *conf)
{
	const char *args[] = { conf->path, NULL };
	struct vr_launch_job job = { .program = conf->script,
		.args = args };
	struct why why;

	if (conf->script == NULL || f->fd == -1)
		return;
	f->run = vr_launch_run(p->launch, &job, &why);
	if (f->run == 0)
		vr_say_error("notify fifo script %s: %s",
		    conf->script->text, why.line);
}

static void
close_fifo(struct vr_notify_post *p, struct fifo *f)
{
	if (f->run != 0)
		vr_launch_cancel(p->launch, f->run);
	if (f->fd != -1)
		close(f->fd);
	if (f->made)
		(void)unlink(f->path);
	mem_drop(f->path);
	*f = (struct fifo){ .fd = -1 };
}

/* ---- open, close */

static void
take_over(struct fifo *f, const struct vr_fifo_conf *conf,
    struct vr_notify_post *old)
{
	for (unsigned i = 0; old != NULL && i < 2; i++) {
		struct fifo *was = &old->fifos[i];

		if (was->path == NULL || strcmp(was->path, conf->path) != 0)
			continue;
		if (was->run != 0)
			vr_launch_cancel(old->launch, was->run);
		*f = *was;
		f->run = 0;
		*was = (struct fifo){ .fd = -1 };
		return;
	}
	open_fifo(f, conf);
}

struct vr_notify_post *
vr_notify_open(const struct vr_config *config, struct vr_launch *launch,
    struct vr_notify_post **old)
{
	const struct vr_fifo_conf *confs[2] = { &config->global.fifo,
	    &config->global.vrrp_fifo };
	struct vr_notify_post *p = mem_need(sizeof *p);

	p->config = config;
	p->launch = launch;
	p->mail = vr_mail_open(&config->global);
	for (unsigned i = 0; i < 2; i++) {
		p->fifos[i].fd = -1;
		if (confs[i]->path == NULL)
			continue;
		take_over(&p->fifos[i], confs[i], old == NULL ? NULL : *old);
		start_reader(p, &p->fifos[i], confs[i]);
	}
	if (old != NULL)
		vr_notify_close(old);
	return p;
}

void
vr_notify_close(struct vr_notify_post **pp)
{
	struct vr_notify_post *p = *pp;
	struct errand *e;

	*pp = NULL;
	if (p == NULL)
		return;
	while ((e = p->errands) != NULL) {
		p->errands = e->next;
		mem_drop(e);
	}
	for (unsigned i = 0; i < 2; i++)
		close_fifo(p, &p->fifos[i]);
	vr_mail_close(&p->mail);
	mem_drop(p);
}

unsigned
vr_notify_busy(const struct vr_notify_post *p)
{
	return p->running + vr_mail_busy(p->mail);
}

/* ---- scripts */

static void
tell_bad_end(const struct vr_program *program, const struct runner_result *r)
{
	struct text rest = r->output, line = TEXT_NONE;

	if (r->end == RUNNER_EXITED && r->code == 0)
		return;
	(void)text_word(&rest, "\r\n", &line);
	if (r->end == RUNNER_FAILED)
		vr_say_warn("script %s could not be run: %s", program->text,
		    strerror(r->code));
	else if (r->end == RUNNER_TIMED_OUT)
		vr_say_warn("script %s was stopped, it took too long",
		    program->text);
	else if (r->end != RUNNER_LOST)
		vr_say_detail("script %s %s %d%s%.*s", program->text,
		    r->end == RUNNER_EXITED ? "exited with status" :
		    "ended by signal", r->code, line.len > 0 ? ": " : "",
		    (int)(line.len < 200 ? line.len : 200),
		    line.len > 0 ? line.at : "");
}

static void
on_done(void *arg, const struct runner_result *r)
{
	struct errand e = *(struct errand *)arg, **at;

	for (at = &e.post->errands; *at != arg; at = &(*at)->next)
		;
	*at = e.next;
	mem_drop(arg);
	e.post->running--;
	tell_bad_end(e.program, r);
	if (e.done != NULL)
		e.done(e.arg);
}

static int
run(struct vr_notify_post *p, const struct vr_program *program,
    const char *const *args, int64_t limit, void (*done)(void *arg),
    void *arg)
{
	struct errand *e = mem_get(sizeof *e);
	struct vr_launch_job job = { .program = program, .args = args,
		.limit = limit, .done = on_done, .arg = e };
	struct why why = { .line = "no memory" };

	if (e != NULL) {
		*e = (struct errand){ p->errands, p, program, done, arg };
		if (vr_launch_run(p->launch, &job, &why) != 0) {
			p->errands = e;
			p->running++;
			return 0;
		}
	}
	vr_say_warn("script %s is not run: %s", program->text, why.line);
	mem_drop(e);
	return -1;
}

static void
run_both(struct vr_notify_post *p, const struct vr_notify_conf *conf,
    enum vr_notify what, bool group, const char *name, unsigned priority)
{
	char number[16];
	const char *args[] = { group ? "GROUP" : "INSTANCE", name,
		words[what], number, NULL };

	snprintf(number, sizeof number, "%u", priority);
	if (conf->scripts[what] != NULL)
		(void)run(p, conf->scripts[what], NULL, 0, NULL, NULL);
	if (conf->scripts[VR_NOTIFY_ANY] != NULL &&
	    what != VR_NOTIFY_MASTER_RX_LOWER_PRI)
		(void)run(p, conf->scripts[VR_NOTIFY_ANY], args, 0, NULL,
		    NULL);
}

void
vr_notify_once(struct vr_notify_post *p, const struct vr_program *program,
    int64_t limit, void (*done)(void *arg), void *arg)
{
	if (run(p, program, NULL, limit, done, arg) == -1 && done != NULL)
		done(arg);
}

/* ---- mail */

static void
send_mail(struct vr_notify_post *p, bool group, const char *name,
    enum vr_notify what)
{
	const struct vr_global_conf *g = &p->config->global;
	char subject[400], doing[64];
	const char *kind = group ? "Group" : "Instance";
	bool master = what == VR_NOTIFY_MASTER;
	bool stop = what == VR_NOTIFY_STOP || what == VR_NOTIFY_DELETED;

	if (p->mail == NULL || what == VR_NOTIFY_MASTER_RX_LOWER_PRI ||
	    (what == VR_NOTIFY_FAULT && g->mail.no_faults))
		return;
	if (stop)
		snprintf(doing, sizeof doing, "Stopping");
	else
		snprintf(doing, sizeof doing, "Entering %s state",
		    words[what]);
	snprintf(subject, sizeof subject, "[%s] VRRP %s %s - %s",
	    g->router_id, kind, name, doing);
	if (group)
		vr_mail_send(p->mail, subject, master ?
		    "=> All VRRP group instances are now in MASTER state <=" :
		    stop ? "=> All VRRP group instances are stopping <=" :
		    "=> All VRRP group instances are no longer in MASTER "
		    "state <=");
	else
		vr_mail_send(p->mail, subject, master ?
		    "=> VRRP Instance is now owning VRRP VIPs <=" : stop ?
		    "=> VRRP Instance is stopping <=" :
		    "=> VRRP Instance is no longer owning VRRP VIPs <=");
}

/* ---- changes */

void
vr_notify_instance(struct vr_notify_post *p,
    const struct vr_instance_conf *c, enum vr_notify what, unsigned priority)
{
	run_both(p, &c->notify, what, false, c->name, priority);
	tell_fifos(p, false, c->name, words[what], priority);
	if (c->notify.smtp_alert)
		send_mail(p, false, c->name, what);
}

void
vr_notify_group(struct vr_notify_post *p, const struct vr_group_conf *g,
    enum vr_notify what)
{
	run_both(p, &g->notify, what, true, g->name, 0);
	tell_fifos(p, true, g->name, words[what], 0);
	if (g->notify.smtp_alert)
		send_mail(p, true, g->name, what);
}

void
vr_notify_again(struct vr_notify_post *p, const struct vr_instance_conf *c,
    enum vr_notify what, unsigned priority)
{
	tell_fifos(p, false, c->name, words[what], priority);
}

void
vr_notify_priority(struct vr_notify_post *p,
    const struct vr_instance_conf *c, bool master, unsigned priority)
{
	if (c->notify.priority_changes)
		tell_fifos(p, false, c->name, master ? "MASTER_PRIORITY" :
		    "BACKUP_PRIORITY", priority);
}
