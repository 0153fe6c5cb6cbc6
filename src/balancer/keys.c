/* SPDX-License-Identifier: ISC */
/* keys.c - sections and tables of keywords; see keys.h. */
#include "balancer/keys.h"
#include "balancer/keys_bind.h"
#include "balancer/keys_global.h"
#include "balancer/keys_proxy.h"
#include "balancer/keys_section.h"
#include "balancer/keys_server.h"
#include "balancer/keys_tls.h"

#define PROXY(name, in)	{ name, in, lb_keys_proxy, LB_CLASS_F, NULL }
#define IGNORED(name, advice)						\
	{ name, 0, NULL, LB_CLASS_W, advice }
#define REFUSED(name, advice)						\
	{ name, 0, NULL, LB_CLASS_E, advice }

const struct lb_section lb_keys_sections[] = {
	IGNORED("acme", "Renew certificates with a program of your own."),
	PROXY("backend", LB_IN_BACKEND),
	IGNORED("cache", NULL),
	IGNORED("crt-store", "Name certificates in bind lines."),
	PROXY("defaults", LB_IN_DEFAULTS),
	IGNORED("fcgi-app", NULL),
	PROXY("frontend", LB_IN_FRONTEND),
	{ "global", LB_IN_GLOBAL, lb_keys_global, LB_CLASS_F, NULL },
	IGNORED("healthcheck", "Write the checks in the backend."),
	IGNORED("http-errors", NULL),
	PROXY("listen", LB_IN_LISTEN),
	IGNORED("log-forward", NULL),
	IGNORED("log-profile", NULL),
	IGNORED("mailers", "Alerts by mail are the monitor's task."),
	{ "peers", LB_IN_PEERS, lb_keys_section_peers, LB_CLASS_F, NULL },
	IGNORED("program", "Start the program by the service manager."),
	{ "resolvers", LB_IN_RESOLVERS, lb_keys_section_resolvers,
	    LB_CLASS_F, NULL },
	IGNORED("ring", "Log to an address or a path."),
	REFUSED("spoe-agent", "there is no SPOE in this program."),
	REFUSED("spoe-group", "there is no SPOE in this program."),
	REFUSED("spoe-message", "there is no SPOE in this program."),
	IGNORED("traces", NULL),
	{ "userlist", LB_IN_USERLIST, lb_keys_section_userlist, LB_CLASS_F,
	    NULL },
	{ NULL, 0, NULL, LB_CLASS_F, NULL }
};

const struct lb_keys_table lb_keys_tables[] = {
	{ "global", lb_keys_global },
	{ "proxy", lb_keys_proxy },
	{ "bind", lb_keys_bind },
	{ "server", lb_keys_server },
	{ "tls", lb_keys_tls },
	{ "resolvers", lb_keys_section_resolvers },
	{ "userlist", lb_keys_section_userlist },
	{ "peers", lb_keys_section_peers },
	{ NULL, NULL }
};

/* ---- lines ------------------------------------------------------------- */

const struct lb_section *
lb_keys_section(const char *name)
{
	for (const struct lb_section *s = lb_keys_sections; s->name != NULL;
	    s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

const struct lb_key *
lb_keys_line(const struct lb_section *s, const struct lb_words *w, bool *no)
{
	unsigned n;

	*no = strcmp(w->at[0], "no") == 0 || strcmp(w->at[0], "default") == 0;
	return lb_key_find(s->keys, w, *no, &n);
}

unsigned
lb_keys_escape(char c, char to[5])
{
	unsigned char byte = (unsigned char)c;

	if (byte < ' ' || byte == 0x7f)
		return (unsigned)snprintf(to, 5, "\\x%02x", byte);
	if (strchr(" \\\"'#", byte) != NULL)
		return (unsigned)snprintf(to, 5, "\\%c", byte);
	to[0] = c;
	return 1;
}

/* ---- the list ---------------------------------------------------------- */

static const char *
name_of_kind(const struct lb_key *k)
{
	switch (k->kind) {
	case LB_KEY_FLAG:
	case LB_KEY_BITS:
	case LB_KEY_VALUE:
		return "switch";
	case LB_KEY_INT:
	case LB_KEY_COUNT:
		return "number";
	case LB_KEY_TIME:
		return "time";
	case LB_KEY_SECONDS:
		return "time, seconds";
	case LB_KEY_SIZE:
		return "size";
	case LB_KEY_TEXT:
		return "text";
	case LB_KEY_READ:
		return "words";
	case LB_KEY_NOTHING:
		break;
	}
	return "";
}

/* Rows of class F that only say what to write instead. */
static bool
is_refused(const struct lb_key *k)
{
	return strcmp(k->help, "refused") == 0;
}

static const char *
name_of_class(const struct lb_key *k)
{
	static const char *const names[] = { "read",
	    "ignored with a warning", "ignored", "refused" };

	return names[k->help != NULL && is_refused(k) ? LB_CLASS_E :
	    k->class];
}

/* "defaults, frontend": where a row may stand. */
static const char *
places(const struct lb_key *k, char *to, size_t len)
{
	static const char *const names[] = { "global", "defaults", "frontend",
	    "listen", "backend", "peers", "resolvers", "userlist", "bind",
	    "stats socket", "server", "default-server" };
	size_t at = 0;

	*to = '\0';
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (k->in & (1u << i))
			at += (size_t)snprintf(to + at, len - at, "%s%s",
			    at == 0 ? "" : ", ", names[i]);
	return to;
}

static void
list_row(FILE *to, enum key_form form, const struct lb_key *k)
{
	const char *usual = k->usual == NULL ? "" : k->usual,
	    *help = k->help == NULL ? "" : k->help,
	    *args = k->args == NULL ? "" : k->args;
	char where[160];

	places(k, where, sizeof where);
	if (form == KEY_FORM_MD)
		fprintf(to, "| `%s%s%s` | %s | %s | %s | %s | %s |\n",
		    k->name, *args == '\0' ? "" : " ", args, where,
		    name_of_kind(k), usual, name_of_class(k), help);
	else if (form == KEY_FORM_MAN)
		fprintf(to, ".It Ic \"%s\" Ar \"%s\"\nIn %s: %s.%s%s%s\n",
		    k->name, args, where, help, *usual == '\0' ? "" :
		    "\nDefault: ", usual, *usual == '\0' ? "" : ".");
	else
		fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\n", k->name, where,
		    name_of_kind(k), usual, name_of_class(k), help);
}

void
lb_keys_list(FILE *to, enum key_form form)
{
	if (form == KEY_FORM_MD)
		fprintf(to, "| keyword | where | type | default | class | "
		    "meaning |\n|---|---|---|---|---|---|\n");
	for (const struct lb_keys_table *t = lb_keys_tables; t->name != NULL;
	    t++)
		for (const struct lb_key *k = t->keys; k->name != NULL; k++)
			if (k->help != NULL && (form != KEY_FORM_MAN ||
			    (k->class == LB_CLASS_F && !is_refused(k))))
				list_row(to, form, k);
}
