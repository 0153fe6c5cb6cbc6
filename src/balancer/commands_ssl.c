/* SPDX-License-Identifier: ISC */
/*
 * commands_ssl.c - certificates, authorities, lists of what is revoked:
 * shown, made, replaced, removed; OCSP answers and keys of tickets. What
 * takes the place of a file is read first and put into force by its commit:
 * sessions that begin from then on get it. The file on the disk stays as it
 * is. One transaction of a kind at a time. Loop 0.
 */
#include "balancer/certs.h"
#include "balancer/coding.h"
#include "balancer/commands_rows.h"
#include "balancer/staple.h"
#include "balancer/tickets.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/secret.h"
#include "net/tour.h"

/* What answers call them. */
static const struct kind {
	const char *word;		/* in commands */
	const char *name, *upper;	/* within, and at the beginning */
	const char *set, *made, *created, *changed;
} kinds[] = {
	[LB_VAULT_CERT] = { "cert", "certificate", "Certificate",
	    "a certificate", "New empty certificate store '%s'!",
	    "Transaction", "certificate" },
	[LB_VAULT_CA] = { "ca-file", "CA file", "CA file", "CAs",
	    "New CA file created '%s'!", "transaction", "CA" },
	[LB_VAULT_CRL] = { "crl-file", "CRL file", "CRL file", "CRLs",
	    "New CRL file created '%s'!", "transaction", "CRL" },
};

static struct lb_vault_file *changes[LB_VAULT_KINDS];	/* NULL: none */

/* ---- shown ------------------------------------------------------------- */

static void
put_name(struct talk *t, const struct lb_vault_file *f, const char *mark)
{
	lb_talk_print(t, "%s%s", mark, f->path);
	if (f->kind == LB_VAULT_CA)
		lb_talk_print(t, " - %d certificate(s)",
		    f->authorities != NULL ? sk_X509_num(f->authorities) : 0);
	lb_talk_put(t, TEXT("\n"));
}

static void
show_files(struct talk *t, enum lb_vault_kind kind)
{
	const struct lb_vault_file *f = lb_vault_first(kind);

	if (changes[kind] != NULL) {
		lb_talk_put(t, TEXT("# transaction\n"));
		put_name(t, changes[kind], "*");
	}
	if (f != NULL)
		lb_talk_put(t, TEXT("# filename\n"));
	for (; f != NULL; f = f->next)
		put_name(t, f, "");
}

/* FILE, or *FILE for what is not yet in force; FILE:2 is its second. */
static const struct lb_vault_file *
find_shown(enum lb_vault_kind kind, const char *word, int64_t *index)
{
	const struct lb_vault_file *f;
	const char *colon = strrchr(word, ':');
	char path[4096];

	*index = 0;
	if (word[0] == '*')
		return changes[kind] != NULL && strcmp(changes[kind]->path,
		    word + 1) == 0 ? changes[kind] : NULL;
	f = lb_vault_find(kind, word);
	if (f != NULL || kind == LB_VAULT_CERT || colon == NULL ||
	    number_int(text_of(colon + 1), 10, 1, INT32_MAX, index,
	    NULL) < 0)
		return f;
	snprintf(path, sizeof path, "%.*s", (int)(colon - word), word);
	return lb_vault_find(kind, path);
}

static void
show_cert(struct talk *t, const struct lb_vault_file *f)
{
	struct sheet *to = lb_talk_answer(t);
	unsigned char id[LB_STAPLE_ID];

	lb_pem_show(&f->pem, to);
	sheet_text(to, "OCSP Response Key: ");
	if (f->pem.status.at != NULL)
		lb_coding_hex(id, lb_staple_id(&f->pem, id), to);
	sheet_char(to, '\n');
}

static void
show_authorities(struct talk *t, const struct lb_vault_file *f,
    int64_t index)
{
	for (int i = 0; i < sk_X509_num(f->authorities); i++) {
		if (index > 0 && index != i + 1)
			continue;
		lb_talk_print(t, " \nCertificate #%d:\n", i + 1);
		lb_pem_show_cert(sk_X509_value(f->authorities, i),
		    lb_talk_answer(t));
	}
}

static void
show_revoked(struct talk *t, const struct lb_vault_file *f, int64_t index)
{
	for (int i = 0; i < sk_X509_CRL_num(f->revoked); i++) {
		if (index > 0 && index != i + 1)
			continue;
		lb_talk_print(t, " \nCertificate Revocation List #%d:\n",
		    i + 1);
		lb_pem_show_crl(sk_X509_CRL_value(f->revoked, i),
		    lb_talk_answer(t));
	}
}

static void
show_file(struct talk *t, const struct lb_vault_file *f, const char *word,
    int64_t index)
{
	if (f->kind == LB_VAULT_CA && (f->authorities == NULL ||
	    index > sk_X509_num(f->authorities)))
		return;
	lb_talk_print(t, "Filename: %s%s\nStatus: %s\n",
	    word[0] == '*' ? "*" : "", f->path, lb_vault_is_empty(f) ?
	    "Empty" : f->users > 0 ? "Used" : "Unused");
	if (f->kind == LB_VAULT_CERT)
		show_cert(t, f);
	else if (f->kind == LB_VAULT_CA)
		show_authorities(t, f, index);
	else
		show_revoked(t, f, index);
}

static void
show(struct talk *t, const struct command_line *l, enum lb_vault_kind kind)
{
	const struct lb_vault_file *f;
	int64_t index;

	if (l->at[3][0] == '\0') {
		show_files(t, kind);
		return;
	}
	f = find_shown(kind, l->at[3], &index);
	if (f != NULL)
		show_file(t, f, l->at[3], index);
	else if (kind == LB_VAULT_CERT)
		lb_talk_refuse(t, "Can't display the certificate: Not found "
		    "or the certificate is a bundle!");
	else
		lb_talk_refuse(t, "Can't display the %s : Not found!",
		    kinds[kind].name);
}

/* ---- made and removed -------------------------------------------------- */

static void
new(struct talk *t, const struct command_line *l, enum lb_vault_kind kind)
{
	const struct kind *k = &kinds[kind];
	const char *path = l->at[3];

	if (path[0] == '\0')
		lb_talk_refuse(t, "'new ssl %s' expects a filename",
		    k->word);
	else if (lb_vault_find(kind, path) != NULL)
		lb_talk_refuse(t, "%s '%s' already exists!", k->upper, path);
	else if (lb_vault_add(kind, path) == NULL)
		lb_talk_refuse(t, "Out of memory.");
	else {
		char line[4200];

		snprintf(line, sizeof line, "%.*s%s'!",
		    (int)(strchr(k->made, '%') - k->made), k->made, path);
		lb_talk_tell(t, LB_LOG_NOTICE, "%s", line);
	}
}

static bool
is_changing(enum lb_vault_kind kind, const char *path)
{
	return changes[kind] != NULL &&
	    strcmp(changes[kind]->path, path) == 0;
}

static void
del(struct talk *t, const struct command_line *l, enum lb_vault_kind kind)
{
	const struct kind *k = &kinds[kind];
	const char *path = l->at[3];
	struct lb_vault_file *f = lb_vault_find(kind, path);

	if (path[0] == '\0')
		lb_talk_refuse(t, "'del ssl %s' expects a %s name", k->word,
		    k->name);
	else if (is_changing(kind, path))
		lb_talk_refuse(t, "Can't remove the %s: ongoing transaction "
		    "for the %s '%s'", k->name, k->name, path);
	else if (f == NULL)
		lb_talk_refuse(t, "Can't remove the %s: %s '%s' doesn't "
		    "exist!", k->name, k->name, path);
	else if (f->users > 0)
		lb_talk_refuse(t, "Can't remove the %s: %s '%s' in use, "
		    "can't be deleted!", k->name, k->name, path);
	else {
		lb_talk_tell(t, LB_LOG_NOTICE, "%s '%s' deleted!", k->upper,
		    path);
		lb_vault_drop(f);
	}
}

/* ---- replaced ---------------------------------------------------------- */

/* What is named, or the file that what is named stands beside. */
static struct lb_vault_file *
find_changed(enum lb_vault_kind kind, const char *word, const char **part)
{
	struct lb_vault_file *f = lb_vault_find(kind, word);
	size_t len = kind == LB_VAULT_CERT ? lb_vault_part(word) : 0;
	char path[4096];

	*part = NULL;
	if (f != NULL || len == 0 || len >= sizeof path)
		return f;
	snprintf(path, sizeof path, "%.*s", (int)len, word);
	*part = word + len;
	return lb_vault_find(kind, path);
}

static void
refuse_payload(struct talk *t, const struct lb_vault_file *f,
    const char *word, const char *part, const struct why *why)
{
	if (f->kind != LB_VAULT_CERT)
		lb_talk_refuse(t, "Invalid payload\nCan't update %s!", word);
	else if (part == NULL || strcmp(part, ".key") == 0)
		lb_talk_refuse(t, "%s from file '%s'.\nCan't load the "
		    "payload\nCan't update %s!", why->line, f->path, word);
	else if (strcmp(part, ".issuer") == 0)
		lb_talk_refuse(t, "'%s' cannot be read or parsed'.\nCan't "
		    "load the payload\nCan't update %s!", f->path, word);
	else
		lb_talk_refuse(t, "Can't load the payload\nCan't update %s!",
		    word);
}

/* A transaction goes on with what it has, or begins with what there is. */
static void
put_payload(struct talk *t, struct lb_vault_file *f, const char *word,
    const char *part, struct text payload)
{
	const struct kind *k = &kinds[f->kind];
	struct lb_vault_file **change = &changes[f->kind],
	    *next = lb_vault_copy(*change != NULL ? *change : f);
	struct why why = { "Out of memory.", "" };

	if (next == NULL || (part == NULL ? lb_vault_put(next, payload,
	    &why) : lb_vault_put_part(next, part, payload, &why)) < 0) {
		refuse_payload(t, f, word, part, &why);
		lb_vault_free(&next);
		return;
	}
	lb_talk_tell(t, LB_LOG_NOTICE, "%s %s for %s %s!", k->created,
	    *change != NULL ? "updated" : "created", k->changed, f->path);
	lb_vault_free(change);
	*change = next;
}

static void
set(struct talk *t, const struct command_line *l, enum lb_vault_kind kind)
{
	const struct kind *k = &kinds[kind];
	const char *word = l->at[3], *part;
	struct lb_vault_file *f = find_changed(kind, word, &part);

	if (word[0] == '\0' || l->payload.len == 0)
		lb_talk_refuse(t, "'set ssl %s expects a filename and %s as "
		    "a payload", k->word, k->set);
	else if (changes[kind] != NULL && (f == NULL ||
	    !is_changing(kind, f->path)))
		lb_talk_refuse(t, "The ongoing transaction is about '%s' but "
		    "you are trying to set '%s'\nCan't update %s!",
		    changes[kind]->path, word, word);
	else if (f == NULL)
		lb_talk_refuse(t, "Can't replace a %s which is not "
		    "referenced by the configuration!\nCan't update %s!",
		    k->name, word);
	else
		put_payload(t, f, word, part, l->payload);
}

static void
run_commit(struct talk *t, enum lb_vault_kind kind)
{
	struct lb_vault_file *change = changes[kind];
	const char *path = change->path;
	struct why why;
	int made;

	if (kind == LB_VAULT_CERT && lb_pem_is_whole(&change->pem,
	    &why) < 0) {
		if (change->pem.key == NULL || change->pem.cert == NULL)
			lb_talk_refuse(t, "%s\nCan't commit %s!", why.line,
			    path);
		else
			lb_talk_refuse(t, "%s '%s'.\nCan't commit %s!",
			    why.line, path, path);
		return;
	}
	made = lb_certs_change(lb_vault_find(kind, path), change, &why);
	if (made < 0) {
		lb_talk_refuse(t, "%s\nCan't commit %s!", why.line, path);
		return;
	}
	/* A dot for each context. */
	lb_talk_print(t, "Committing %s", path);
	while (made-- > 0)
		lb_talk_put(t, TEXT("."));
	lb_talk_put(t, TEXT("\nSuccess!\n"));
	lb_vault_free(&changes[kind]);
}

static void
commit(struct talk *t, const struct command_line *l, enum lb_vault_kind kind)
{
	const char *path = l->at[3];

	if (path[0] == '\0')
		lb_talk_refuse(t, "'commit ssl %s expects a filename",
		    kind == LB_VAULT_CERT ? "cert" : "ca-file");
	else if (changes[kind] == NULL)
		lb_talk_refuse(t, "No ongoing transaction! !\nCan't commit "
		    "%s!", path);
	else if (!is_changing(kind, path))
		lb_talk_refuse(t, "The ongoing transaction is about '%s' but "
		    "you are trying to set '%s'\nCan't commit %s!",
		    changes[kind]->path, path, path);
	else
		run_commit(t, kind);
}

static void
abort_change(struct talk *t, const struct command_line *l,
    enum lb_vault_kind kind)
{
	const char *path = l->at[3];

	if (path[0] == '\0')
		lb_talk_refuse(t, "'abort ssl %s' expects a filename",
		    kinds[kind].word);
	else if (changes[kind] == NULL)
		lb_talk_refuse(t, "No ongoing transaction!");
	else if (!is_changing(kind, path))
		lb_talk_refuse(t, "The ongoing transaction is about '%s' but "
		    "you are trying to abort a transaction for '%s'",
		    changes[kind]->path, path);
	else {
		lb_vault_free(&changes[kind]);
		lb_talk_tell(t, LB_LOG_NOTICE, "Transaction aborted for "
		    "certificate '%s'!", path);
	}
}

/* ---- OCSP -------------------------------------------------------------- */

/* A certificate whose id that is, with an answer; NULL: none. */
static struct lb_vault_file *
find_by_id(const char *word)
{
	struct lb_vault_file *f = lb_vault_first(LB_VAULT_CERT);

	for (; f != NULL; f = f->next) {
		unsigned char id[LB_STAPLE_ID];
		struct sheet text = { NULL, 0, 0, false };
		bool is;

		lb_coding_hex(id, lb_staple_id(&f->pem, id), &text);
		is = f->pem.status.at != NULL && text.len > 0 &&
		    text_is(sheet_all(&text), word);
		sheet_fini(&text);
		if (is)
			return f;
	}
	return NULL;
}

static void
run_show_ocsp(struct talk *t, const struct command_line *l)
{
	const struct lb_vault_file *f;
	struct sheet *to = lb_talk_answer(t);
	unsigned char id[LB_STAPLE_ID];

	if (l->at[3][0] != '\0') {
		f = find_by_id(l->at[3]);
		if (f == NULL)
			lb_talk_refuse(t, "Certificate ID does not match any "
			    "certificate.");
		else
			lb_staple_show(f->pem.status, to);
		return;
	}
	sheet_text(to, "# Certificate IDs\n");
	for (f = lb_vault_first(LB_VAULT_CERT); f != NULL; f = f->next) {
		size_t len = lb_staple_id(&f->pem, id);

		if (f->pem.status.at == NULL || len == 0)
			continue;
		sheet_text(to, "Certificate ID key : ");
		lb_coding_hex(id, len, to);
		sheet_char(to, '\n');
		lb_staple_show_id(&f->pem, to);
	}
}

/* For each certificate that it is about; false: told. */
static bool
take_answer(struct talk *t, struct text answer)
{
	struct lb_vault_file *f = lb_vault_first(LB_VAULT_CERT);
	bool taken = false;
	struct why why = { "OCSP single response: Certificate ID does not "
	    "match any certificate or issuer.", "" };
	int64_t until;

	for (; f != NULL; f = f->next) {
		if (f->pem.status.at == NULL ||
		    lb_staple_check(&f->pem, answer, &until, &why) < 0)
			continue;
		if (lb_certs_staple(f, answer, until, &why) < 0) {
			taken = false;
			break;
		}
		taken = true;
	}
	if (!taken)
		lb_talk_refuse(t, "%s", why.line);
	return taken;
}

static void
run_set_ocsp(struct talk *t, const struct command_line *l)
{
	struct text answer, given = l->payload.len > 0 ? l->payload :
	    text_of(l->at[3]);

	if (given.len == 0)
		lb_talk_refuse(t, "'set ssl ocsp-response' expects response "
		    "in base64 encoding.");
	else if (lb_coding_from_base64(given, &answer) < 0)
		lb_talk_refuse(t, "'set ssl ocsp-response' received invalid "
		    "base64 encoded response.");
	else {
		if (take_answer(t, answer))
			lb_talk_tell(t, LB_LOG_INFO,
			    "OCSP Response updated!");
		mem_drop((void *)(uintptr_t)answer.at);
	}
}

/* ---- keys of tickets --------------------------------------------------- */

static bool
is_named(const struct lb_tickets *k, unsigned i, const char *word)
{
	int64_t id;

	if (word[0] != '#')
		return strcmp(lb_tickets_path(k), word) == 0;
	return number_int(text_of(word + 1), 10, 0, INT32_MAX, &id,
	    NULL) == 0 && id == i;
}

static struct lb_tickets *
find_keys(const char *word)
{
	struct lb_tickets *k;

	for (unsigned i = 0; (k = lb_tickets_at(i)) != NULL; i++)
		if (is_named(k, i, word))
			return k;
	return NULL;
}

static void
run_show_keys(struct talk *t, const struct command_line *l)
{
	const char *word = l->at[2];
	const struct lb_tickets *k;
	bool all = strcmp(word, "*") == 0;

	if (word[0] != '\0' && !all && find_keys(word) == NULL) {
		lb_talk_refuse(t, "'show tls-keys' unable to locate "
		    "referenced filename");
		return;
	}
	lb_talk_print(t, "# id %s\n", word[0] != '\0' ? "secret" : "(file)");
	for (unsigned i = 0; (k = lb_tickets_at(i)) != NULL; i++) {
		if (word[0] != '\0' && !all && !is_named(k, i, word))
			continue;
		lb_talk_print(t, "%s%u (%s)\n", word[0] != '\0' ? "# " : "",
		    i, lb_tickets_path(k));
		if (word[0] != '\0')
			lb_tickets_show(k, lb_talk_answer(t));
	}
}

struct turn {
	struct lb_tickets *keys;
	struct text key;
	int code;
};

static void
turn_keys(void *arg)
{
	struct turn *turn = arg;

	turn->code = lb_tickets_turn(turn->keys, turn->key);
}

static void
run_set_key(struct talk *t, const struct command_line *l)
{
	struct turn turn = { find_keys(l->at[3]), TEXT_NONE, 0 };

	if (l->count < 5)
		lb_talk_refuse(t, "'set ssl tls-key' expects a filename and "
		    "the new TLS key in base64 encoding.");
	else if (turn.keys == NULL)
		lb_talk_refuse(t, "'set ssl tls-key' unable to locate "
		    "referenced filename");
	else if (lb_coding_from_base64(text_of(l->at[4]), &turn.key) < 0)
		lb_talk_refuse(t, "'set ssl tls-key' received invalid base64 "
		    "encoded TLS key.");
	else {
		if (tour_still(loop_here(), turn_keys, &turn) < 0)
			lb_talk_refuse(t, "A thread is busy; try again.");
		else if (turn.code < 0)
			lb_talk_refuse(t, "'set ssl tls-key' received a key "
			    "of wrong size.");
		else
			lb_talk_tell(t, LB_LOG_INFO,
			    "TLS ticket key updated!");
		secret_wipe((void *)(uintptr_t)turn.key.at, turn.key.len);
		mem_drop((void *)(uintptr_t)turn.key.at);
	}
}

/* ---- rows -------------------------------------------------------------- */

static void
run_providers(struct talk *t, const struct command_line *l)
{
	lb_talk_put(t, TEXT("Loaded providers : \n\t- default\n"));
}

#define ALL(verb)							\
static void								\
run_##verb##_cert(struct talk *t, const struct command_line *l)	\
{									\
	verb(t, l, LB_VAULT_CERT);					\
}									\
static void								\
run_##verb##_ca(struct talk *t, const struct command_line *l)		\
{									\
	verb(t, l, LB_VAULT_CA);					\
}									\
static void								\
run_##verb##_crl(struct talk *t, const struct command_line *l)		\
{									\
	verb(t, l, LB_VAULT_CRL);					\
}

ALL(show)
ALL(new)
ALL(set)
ALL(commit)
ALL(abort_change)
ALL(del)

#define ROW(words, usage, run, help)					\
	{ words, usage, help, LB_LEVEL_ADMIN, run }

const struct command lb_commands_ssl[] = {
	ROW("abort ssl ca-file", "<cafile>", run_abort_change_ca,
	    "abort a transaction for a CA file"),
	ROW("abort ssl cert", "<certfile>", run_abort_change_cert,
	    "abort a transaction for a certificate file"),
	ROW("abort ssl crl-file", "<crlfile>", run_abort_change_crl,
	    "abort a transaction for a CRL file"),
	ROW("commit ssl ca-file", "<cafile>", run_commit_ca,
	    "commit a CA file"),
	ROW("commit ssl cert", "<certfile>", run_commit_cert,
	    "commit a certificate file"),
	ROW("commit ssl crl-file", "<crlfile>", run_commit_crl,
	    "commit a CRL file"),
	ROW("del ssl ca-file", "<cafile>", run_del_ca,
	    "delete an unused CA file"),
	ROW("del ssl cert", "<certfile>", run_del_cert,
	    "delete an unused certificate file"),
	ROW("del ssl crl-file", "<crlfile>", run_del_crl,
	    "delete an unused CRL file"),
	ROW("new ssl ca-file", "<cafile>", run_new_ca,
	    "create a new CA file to be used in a crt-list"),
	ROW("new ssl cert", "<certfile>", run_new_cert, "create a new "
	    "certificate file to be used in a crt-list or a directory"),
	ROW("new ssl crl-file", "<crlfile>", run_new_crl,
	    "create a new CRL file to be used in a crt-list"),
	ROW("set ssl ca-file", "<cafile> <payload>", run_set_ca,
	    "replace a CA file"),
	ROW("set ssl cert", "<certfile> <payload>", run_set_cert,
	    "replace a certificate file"),
	ROW("set ssl crl-file", "<crlfile> <payload>", run_set_crl,
	    "replace a CRL file"),
	ROW("set ssl ocsp-response", "<resp|payload>", run_set_ocsp,
	    "update a certificate's OCSP Response from a base64-encode DER"),
	ROW("set ssl tls-key", "[id|file] <key>", run_set_key, "set the next "
	    "TLS key for the <id> or <file> listener to <key>"),
	{ "show ssl ca-file", "[<cafile>[:<index>]]", "display the SSL CA "
	    "files used in memory, or the details of a <cafile>, or a single "
	    "certificate of index <index> of a CA file <cafile>",
	    LB_LEVEL_USER, run_show_ca },
	{ "show ssl cert", "[<certfile>]", "display the SSL certificates "
	    "used in memory, or the details of a file", LB_LEVEL_USER,
	    run_show_cert },
	{ "show ssl crl-file", "[<crlfile[:<index>>]]", "display the SSL CRL "
	    "files used in memory, or the details of a <crlfile>, or a "
	    "single CRL of index <index> of CRL file <crlfile>",
	    LB_LEVEL_USER, run_show_crl },
	{ "show ssl ocsp-response", "[id]", "display the IDs of the OCSP "
	    "responses used in memory, or the details of a single OCSP "
	    "response", LB_LEVEL_USER, run_show_ocsp },
	{ "show ssl providers", NULL, "show loaded SSL providers",
	    LB_LEVEL_USER, run_providers },
	ROW("show tls-keys", "[id|*]", run_show_keys, "show tls keys "
	    "references or dump tls ticket keys when id specified"),
	{ NULL, NULL, NULL, 0, NULL }
};
