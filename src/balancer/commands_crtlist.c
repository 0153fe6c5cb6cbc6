/* SPDX-License-Identifier: ISC */
/*
 * commands_crtlist.c - lines of crt-lists and of directories of certificates:
 * shown, added, deleted. Files on the disk stay as they are. Loop 0.
 */
#include <stdio.h>

#include "balancer/certs.h"
#include "balancer/commands_rows.h"
#include "balancer/keys_tls.h"
#include "balancer/world.h"
#include "base/number.h"

enum { MOST_NUMBERS = 400 };

/* Without the '/' behind it. */
static const char *
name_of(const char *word, char to[4096])
{
	snprintf(to, 4096, "%s", word);
	while (to[0] != '\0' && to[1] != '\0' && to[strlen(to) - 1] == '/')
		to[strlen(to) - 1] = '\0';
	return to;
}

/* ---- shown ------------------------------------------------------------- */

static void
put_line(struct talk *t, const struct lb_cert_conf *c, bool numbered)
{
	struct text rest = text_of(c->options), word;
	const char *gap = "";

	lb_talk_put(t, text_of(c->path));
	if (numbered)
		lb_talk_print(t, ":%u", c->line);
	if (c->options != NULL) {
		lb_talk_put(t, TEXT(" ["));
		for (; text_word(&rest, " \t", &word); gap = " ")
			lb_talk_print(t, "%s%.*s", gap, TEXT_ARG(word));
		lb_talk_put(t, TEXT("]"));
	}
	for (unsigned i = 0; i < c->filter_count; i++)
		lb_talk_print(t, " %s", c->filters[i]);
	lb_talk_put(t, TEXT("\n"));
}

static void
run_show(struct talk *t, const struct command_line *l)
{
	bool numbered = strcmp(l->at[3], "-n") == 0;
	const char *word = l->at[numbered ? 4 : 3], *list;
	const struct lb_cert_conf *line;
	char name[4096];

	if (word[0] == '\0' && numbered)
		lb_talk_refuse(t, "'show ssl crt-list -n' expects a filename "
		    "or a directory");
	else if (word[0] == '\0')
		for (unsigned i = 0; (list = lb_certs_list(i)) != NULL; i++)
			lb_talk_print(t, "%s\n", list);
	else if (!lb_certs_has_list(name_of(word, name)))
		lb_talk_refuse(t, "didn't find the specified filename");
	else {
		lb_talk_print(t, "# %s\n", name);
		for (unsigned i = 0; (line = lb_certs_line(name, i)) != NULL;
		    i++)
			put_line(t, line, numbered);
	}
}

/* ---- added ------------------------------------------------------------- */

/* The first alert, without where it was. */
static void
on_tell(void *arg, enum lb_report_level level, const char *text)
{
	struct why *why = arg;
	const char *cut = strstr(text, "] : ");

	if (level == LB_REPORT_ALERT && why->line[0] == '\0')
		why_set(why, "%s", cut != NULL ? cut + 4 : text);
}

/* In its own arena; NULL: why. */
static struct lb_cert_conf *
read_line(struct arena *arena, const char *list, struct text text,
    struct why *why)
{
	const struct lb_source nothing = { .names_may_fail = true };
	struct lb_report report = { .tell = on_tell, .arg = why };
	struct lb_setup setup = { .arena = arena };
	struct lb_parse p = { .arena = arena, .report = &report,
	    .source = &nothing, .setup = &setup };
	struct lb_cert_conf *line;
	jmp_buf full;

	*why = (struct why){ "", "" };
	if (setjmp(full) != 0) {
		arena_escape(arena, NULL);
		why_set(why, "out of memory");
		return NULL;
	}
	arena_escape(arena, &full);
	line = lb_keys_tls_line(&p, arena_copy(arena, text_of(list)), 1,
	    text);
	arena_escape(arena, NULL);
	if (line == NULL && why->line[0] == '\0')
		why_set(why, "no certificate is named");
	return why->line[0] == '\0' ? line : NULL;
}

static int
find_cert(const char *path, struct why *why)
{
	const struct lb_vault_file *f = lb_vault_find(LB_VAULT_CERT, path);

	if (f == NULL)
		return why_set(why, "certificate '%s' does not exist!", path);
	if (lb_vault_is_empty(f))
		return why_set(why, "certificate '%s' is empty!", path);
	return 0;
}

/* Nothing is read from the disk any more. */
static int
find_others(const struct lb_tls_conf *own, struct why *why)
{
	const struct {
		const char *key, *path;
		enum lb_vault_kind kind;
	} rows[] = {
		{ "ca-file", own->ca_file, LB_VAULT_CA },
		{ "ca-verify-file", own->ca_verify_file, LB_VAULT_CA },
		{ "crl-file", own->crl_file, LB_VAULT_CRL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].path != NULL && lb_vault_find(rows[i].kind,
		    rows[i].path) == NULL)
			return why_set(why, "'%s' : unable to load %s",
			    rows[i].key, rows[i].path);
	return 0;
}

/* path: of the certificate, for the answer. */
static int
add(const char *list, struct text text, char path[4096], struct why *why)
{
	struct arena *arena = arena_new();
	struct lb_cert_conf *line;

	if (arena == NULL)
		return why_set(why, "out of memory");
	line = read_line(arena, list, text, why);
	if (line == NULL || find_cert(line->path, why) < 0 ||
	    (line->own != NULL && find_others(line->own, why) < 0)) {
		arena_free(&arena);
		return -1;
	}
	snprintf(path, 4096, "%s", line->path);
	return lb_certs_add_line(line, arena, why);
}

static void
run_add(struct talk *t, const struct command_line *l)
{
	struct text text = l->payload.len > 0 ? text_trim(l->payload) :
	    text_of(l->at[4]);
	char list[4096], path[4096];
	struct why why;

	if (l->at[3][0] == '\0' || text.len == 0)
		lb_talk_refuse(t, "'add ssl crtlist' expects a filename and "
		    "a certificate name");
	else if (memchr(text.at, '\n', text.len) != NULL)
		lb_talk_refuse(t, "Can't edit the crt-list: only one line of "
		    "payload is supported!");
	else if (!lb_certs_has_list(name_of(l->at[3], list)))
		lb_talk_refuse(t, "Can't edit the crt-list: crt-list '%s' "
		    "does not exist!", list);
	else if (add(list, text, path, &why) < 0)
		lb_talk_refuse(t, "Can't edit the crt-list: %s", why.line);
	else
		lb_talk_print(t, "Inserting certificate '%s' in crt-list "
		    "'%s'.\nSuccess!\n", path, list);
}

/* ---- deleted ----------------------------------------------------------- */

/* "(3, 4, 5)" */
static unsigned
number_lines(const char *list, const char *path, char to[MOST_NUMBERS])
{
	const struct lb_cert_conf *line;
	unsigned found = 0;
	size_t len = 0;

	for (unsigned i = 0; (line = lb_certs_line(list, i)) != NULL; i++) {
		if (strcmp(line->path, path) != 0)
			continue;
		if (len + 16 < MOST_NUMBERS)
			len += (size_t)snprintf(to + len, MOST_NUMBERS - len,
			    "%s%u", found > 0 ? ", " : "", line->line);
		found++;
	}
	return found;
}

/* number 0: the only one. NULL: why. */
static const struct lb_cert_conf *
find_entry(const char *list, const char *path, int64_t number,
    struct why *why)
{
	const struct lb_cert_conf *line;
	char numbers[MOST_NUMBERS];
	unsigned found = number_lines(list, path, numbers);

	for (unsigned i = 0; (line = lb_certs_line(list, i)) != NULL; i++)
		if (strcmp(line->path, path) == 0 &&
		    (number == line->line || (number == 0 && found == 1)))
			return line;
	if (found == 0)
		why_set(why, "certificate '%s' can't be found in crt-list "
		    "'%s'!", path, list);
	else if (number == 0)
		why_set(why, "found the certificate '%s' in several entries, "
		    "please specify a line number preceded by colons (%s)!",
		    path, numbers);
	else
		why_set(why, "found a certificate '%s' but the line number "
		    "is incorrect, please specify a correct line number "
		    "preceded by colons (%s)!", path, numbers);
	return NULL;
}

static void
drop_entry(struct talk *t, const struct lb_cert_conf *line, const char *path,
    const char *list)
{
	const struct lb_bind_conf *b = lb_certs_default(line, 0);
	struct why why;

	if (b == NULL && lb_certs_drop_line(line, &why) == 0) {
		lb_talk_tell(t, LB_LOG_NOTICE, "Entry '%s' deleted in "
		    "crtlist '%s'!", path, list);
		return;
	}
	if (b == NULL) {
		lb_talk_refuse(t, "Can't delete the entry: %s", why.line);
		return;
	}
	lb_talk_refuse(t, "Can't delete the entry: certificate '%s' cannot "
	    "be deleted, it is used as default certificate by the following "
	    "frontends:", path);
	for (unsigned i = 0; (b = lb_certs_default(line, i)) != NULL; i++)
		lb_talk_print(t, "\t- %s:%u\n", b->place.file, b->place.line);
}

/* "FILE:3": cut off; -1: it is no number. */
static int
cut_number(char path[4096], int64_t *number)
{
	char *colon = strrchr(path, ':');

	*number = 0;
	if (colon == NULL)
		return 0;
	*colon = '\0';
	return number_int(text_of(colon + 1), 10, 1, INT32_MAX, number,
	    NULL);
}

static void
run_del(struct talk *t, const struct command_line *l)
{
	const struct lb_cert_conf *line = NULL;
	char list[4096], path[4096];
	int64_t number;
	struct why why;

	if (l->count < 5) {
		lb_talk_refuse(t, "'del ssl crtlist' expects a filename and "
		    "a certificate name");
		return;
	}
	snprintf(path, sizeof path, "%s", l->at[4]);
	if (cut_number(path, &number) < 0)
		why_set(&why, "wrong line number after colons in '%s'!",
		    l->at[4]);
	else if (!lb_certs_has_list(name_of(l->at[3], list)))
		why_set(&why, "crt-list '%s' does not exist!", list);
	else if (find_cert(path, &why) == 0)
		line = find_entry(list, path, number, &why);
	if (line == NULL)
		lb_talk_refuse(t, "Can't delete the entry: %s", why.line);
	else
		drop_entry(t, line, path, list);
}

const struct command lb_commands_crtlist[] = {
	{ "add ssl crt-list", "<list> <cert> [opts]*", "add to crt-list file "
	    "<list> a line <cert> or a payload", LB_LEVEL_ADMIN, run_add },
	{ "del ssl crt-list", "<list> <cert[:line]>", "delete a line <cert> "
	    "from crt-list file <list>", LB_LEVEL_ADMIN, run_del },
	{ "show ssl crt-list", "[-n] [<list>]", "show the list of crt-lists "
	    "or the content of a crt-list file <list>", LB_LEVEL_USER,
	    run_show },
	{ NULL, NULL, NULL, 0, NULL }
};
