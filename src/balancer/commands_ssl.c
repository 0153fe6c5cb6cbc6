/* SPDX-License-Identifier: ISC */
/*
 * commands_ssl.c - certificates shown and replaced. A replacement is read
 * first and put into force by its commit: handshakes from then on get it,
 * while all loops stand still it takes the place of the one in use. Its
 * file is not written. One transaction at a time. Loop 0.
 */
#include "balancer/certs.h"
#include "balancer/commands_rows.h"
#include "balancer/pem.h"
#include "base/mem.h"
#include "net/tour.h"

static struct {
	char *path;			/* NULL: there is none */
	struct lb_pem pem;
} change;

static void
end_change(void)
{
	mem_drop(change.path);
	change.path = NULL;
	lb_pem_fini(&change.pem);
}

/* ---- shown ------------------------------------------------------------- */

/* Each file once, though many lines may name it. */
static bool
is_first(unsigned n)
{
	const char *path = lb_certs_at(n, NULL);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(lb_certs_at(i, NULL), path) == 0)
			return false;
	return true;
}

/* The first context of that file; NULL: nobody uses it. */
static struct tls *
find_context(const char *path)
{
	const char *have;
	struct tls *t;

	for (unsigned i = 0; (have = lb_certs_at(i, &t)) != NULL; i++)
		if (strcmp(have, path) == 0)
			return t;
	return NULL;
}

static void
show_files(struct talk *t)
{
	const char *path;

	if (change.path != NULL)
		lb_talk_print(t, "# transaction\n*%s\n", change.path);
	for (unsigned i = 0; (path = lb_certs_at(i, NULL)) != NULL; i++)
		if (is_first(i))
			lb_talk_print(t, "%s%s\n", i == 0 ? "# filename\n" :
			    "", path);
}

static void
run_show(struct talk *t, const struct command_line *l)
{
	const char *path = l->at[3];
	struct tls *tls = find_context(path);
	struct lb_pem pem;

	if (path[0] == '\0')
		show_files(t);
	else if (path[0] == '*' && change.path != NULL &&
	    strcmp(path + 1, change.path) == 0) {
		lb_talk_print(t, "Filename: %s\nStatus: Unused\n", path);
		lb_pem_show(&change.pem, lb_talk_answer(t));
	} else if (tls == NULL)
		lb_talk_refuse(t, "Can't display the certificate: Not found "
		    "or the certificate is a bundle!");
	else {
		lb_talk_print(t, "Filename: %s\nStatus: Used\n", path);
		lb_pem_of(&pem, tls_context(tls));
		lb_pem_show(&pem, lb_talk_answer(t));
		lb_pem_fini(&pem);
	}
}

/* ---- replaced ---------------------------------------------------------- */

static void
run_set(struct talk *t, const struct command_line *l)
{
	const char *path = l->at[3];
	bool updated = change.path != NULL;
	struct lb_pem pem = { NULL, NULL, NULL };
	struct why why;

	if (path[0] == '\0' || l->payload.len == 0)
		lb_talk_refuse(t, "'set ssl cert expects a filename and a "
		    "certificate as a payload");
	else if (updated && strcmp(change.path, path) != 0)
		lb_talk_refuse(t, "The ongoing transaction is about '%s' but "
		    "you are trying to set '%s'\nCan't update %s!",
		    change.path, path, path);
	else if (find_context(path) == NULL)
		lb_talk_refuse(t, "Can't replace a certificate which is not "
		    "referenced by the configuration!\nCan't update %s!",
		    path);
	else if (lb_pem_read(&pem, l->payload, &why) < 0) {
		lb_talk_refuse(t, "%s from file '%s'.\nCan't load the "
		    "payload\nCan't update %s!", why.line, path, path);
		lb_pem_fini(&pem);
	} else {
		end_change();
		change.path = mem_copy(text_of(path));
		change.pem = pem;
		if (change.path == NULL)
			lb_pem_fini(&change.pem);
		lb_talk_tell(t, LB_LOG_NOTICE, "Transaction %s for "
		    "certificate %s!", updated ? "updated" : "created", path);
	}
}

static void
put_in_place(void *arg)
{
	int *failed = arg;
	const char *path;
	struct tls *t;

	for (unsigned i = 0; (path = lb_certs_at(i, &t)) != NULL; i++)
		if (strcmp(path, change.path) == 0 &&
		    lb_pem_use(&change.pem, tls_context(t)) < 0)
			++*failed;
}

static int
commit(struct why *why)
{
	int failed = 0;

	if (lb_pem_fits(&change.pem, tls_context(find_context(change.path)),
	    why) < 0)
		return -1;
	if (tour_still(loop_here(), put_in_place, &failed) < 0)
		return why_set(why, "A thread is busy; try again.");
	return failed == 0 ? 0 : why_set(why, "the library refused it");
}

static void
run_commit(struct talk *t, const struct command_line *l)
{
	const char *path = l->at[3];
	struct why why;

	if (path[0] == '\0')
		lb_talk_refuse(t, "'commit ssl cert expects a filename");
	else if (change.path == NULL)
		lb_talk_refuse(t, "No ongoing transaction! !\nCan't commit "
		    "%s!", path);
	else if (strcmp(change.path, path) != 0)
		lb_talk_refuse(t, "The ongoing transaction is about '%s' but "
		    "you are trying to set '%s'\nCan't commit %s!",
		    change.path, path, path);
	else if (commit(&why) < 0)
		lb_talk_refuse(t, "%s\nCan't commit %s!", why.line, path);
	else {
		end_change();
		lb_talk_print(t, "Committing %s.\nSuccess!\n", path);
	}
}

static void
run_abort(struct talk *t, const struct command_line *l)
{
	const char *path = l->at[3];

	if (path[0] == '\0')
		lb_talk_refuse(t, "'abort ssl cert' expects a filename");
	else if (change.path == NULL)
		lb_talk_refuse(t, "No ongoing transaction!");
	else if (strcmp(change.path, path) != 0)
		lb_talk_refuse(t, "The ongoing transaction is about '%s' but "
		    "you are trying to abort a transaction for '%s'",
		    change.path, path);
	else {
		end_change();
		lb_talk_tell(t, LB_LOG_NOTICE, "Transaction aborted for "
		    "certificate '%s'!", path);
	}
}

const struct command lb_commands_ssl[] = {
	{ "show ssl cert", "[<certfile>]", "display the SSL certificates "
	    "used in memory, or the details of a file", LB_LEVEL_USER,
	    run_show },
	{ "set ssl cert", "<certfile> <payload>", "replace a certificate "
	    "file", LB_LEVEL_ADMIN, run_set },
	{ "commit ssl cert", "<certfile>", "commit a certificate file",
	    LB_LEVEL_ADMIN, run_commit },
	{ "abort ssl cert", "<certfile>", "abort a transaction for a "
	    "certificate file", LB_LEVEL_ADMIN, run_abort },
	{ NULL, NULL, NULL, 0, NULL }
};
