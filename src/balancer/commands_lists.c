/* SPDX-License-Identifier: ISC */
/*
 * commands_lists.c - values of conditions and maps: shown, asked for,
 * changed. A list is named by "#" and its number, or by its file: then all
 * that were read from it are meant. Loop 0.
 */
#include "balancer/casting.h"
#include "balancer/commands_rows.h"
#include "balancer/lists.h"
#include "balancer/matching.h"
#include "base/mem.h"
#include "base/number.h"

static bool
is_map(const struct lb_list *l)
{
	return lb_lists_conf(l)->map != NULL;
}

static bool
is_meant(const struct lb_list *l, unsigned i, bool map, const char *name)
{
	const char *path = lb_lists_conf(l)->path;
	int64_t id;

	if (is_map(l) != map)
		return false;
	if (name[0] == '#')
		return number_int(text_of(name + 1), 10, 0, INT32_MAX, &id,
		    NULL) == 0 && id == i;
	return path != NULL && strcmp(path, name) == 0;
}

/* From *at on; NULL: there is none (any more). */
static struct lb_list *
find_list(unsigned *at, bool map, const char *name)
{
	struct lb_list *l;

	while ((l = lb_lists_at((*at)++)) != NULL)
		if (is_meant(l, *at - 1, map, name))
			return l;
	return NULL;
}

static void
refuse_name(struct talk *t, bool map)
{
	lb_talk_refuse(t, "Unknown %s identifier. Please use #<id> or "
	    "<file>.", map ? "map" : "ACL");
}

/* ---- shown ------------------------------------------------------------- */

static void
show_all(struct talk *t, bool map)
{
	const struct lb_list *l;

	lb_talk_put(t, TEXT("# id (file) description\n"));
	for (unsigned i = 0; (l = lb_lists_at(i)) != NULL; i++) {
		const struct lb_list_conf *c = lb_lists_conf(l);

		if (is_map(l) != map)
			continue;
		lb_talk_print(t, "%u (%s) ", i, c->path != NULL ? c->path :
		    "");
		if (c->path != NULL)
			lb_talk_print(t, "pattern loaded from file '%s' used "
			    "by %s at", c->path, map ? "map" : "acl");
		else
			lb_talk_print(t, "acl '%s'", c->what);
		lb_talk_print(t, " file '%s' line %u. curr_ver=0 next_ver=0 "
		    "entry_cnt=%u\n", c->place.file != NULL ? c->place.file :
		    "", c->place.line, lb_lists_count(l));
	}
}

struct walk {
	struct lb_list *list;
	unsigned at;
};

static bool
show_on(struct talk *t, void *state)
{
	struct walk *w = state;
	const struct lb_pattern *p;
	const char *value;

	for (; w->at < lb_lists_count(w->list); w->at++) {
		if (!lb_talk_has_room(t))
			return true;
		p = lb_lists_entry(w->list, w->at, &value);
		lb_talk_print(t, "%p %s%s%s\n", (const void *)p, p->text,
		    value != NULL ? " " : "", value != NULL ? value : "");
	}
	return false;
}

static void
show(struct talk *t, const struct command_line *l, bool map)
{
	struct lb_list *list;
	struct walk *w;
	unsigned at = 0;

	if (l->at[2][0] == '\0') {
		show_all(t, map);
		return;
	}
	list = find_list(&at, map, l->at[2]);
	w = list == NULL ? NULL : mem_zero(sizeof *w);
	if (w == NULL) {
		refuse_name(t, map);
		return;
	}
	w->list = list;
	lb_talk_more(t, show_on, w, mem_drop);
}

/* ---- asked for --------------------------------------------------------- */

static bool
make_value(struct text text, enum lb_match how, struct lb_value *v)
{
	*v = (struct lb_value){ .type = LB_TYPE_STR, .text = text };
	return how == LB_MATCH_INT ? lb_casting_number(v) :
	    how != LB_MATCH_IP || lb_casting_address(v);
}

static const char *
type_of(enum lb_match how)
{
	return how == LB_MATCH_IP ? "ip" : how == LB_MATCH_INT ||
	    how == LB_MATCH_LEN ? "int" : "str";
}

static void
get(struct talk *t, const struct command_line *l, bool map)
{
	const struct lb_pattern *p, *hit = NULL;
	const char *value = NULL, *word = map ? "found" : "match";
	struct lb_list *list;
	struct lb_value v;
	enum lb_match how;
	unsigned at = 0;

	if (l->at[2][0] == '\0' || l->at[3][0] == '\0') {
		lb_talk_refuse(t, "Missing %s identifier and/or key.",
		    map ? "map" : "ACL");
		return;
	}
	list = find_list(&at, map, l->at[2]);
	if (list == NULL) {
		refuse_name(t, map);
		return;
	}
	how = lb_lists_match(list);
	if (make_value(text_of(l->at[3]), how, &v))
		for (unsigned i = 0; hit == NULL &&
		    i < lb_lists_count(list); i++) {
			p = lb_lists_entry(list, i, &value);
			if (lb_matching_hits(p, how, lb_lists_nocase(list),
			    &v))
				hit = p;
		}
	lb_talk_print(t, "type=%s, case=%s, %s=%s", type_of(how),
	    lb_lists_nocase(list) ? "insensitive" : "sensitive", word,
	    hit != NULL ? "yes" : "no");
	if (hit != NULL && map)
		lb_talk_print(t, ", idx=list, key=\"%s\", value=\"%s\", "
		    "type=\"str\"", hit->text, value);
	else if (hit != NULL)
		lb_talk_print(t, ", idx=list, pattern=\"%s\"", hit->text);
	lb_talk_put(t, TEXT("\n"));
}

/* ---- changed ----------------------------------------------------------- */

/* To each list of that name; false: told. */
static bool
add_to_all(struct talk *t, bool map, const char *name, struct text key,
    struct text value)
{
	struct lb_list *l;
	bool found = false;
	unsigned at = 0;
	struct why why;

	while ((l = find_list(&at, map, name)) != NULL) {
		found = true;
		if (lb_lists_add(l, key, value, &why) < 0) {
			lb_talk_refuse(t, "%s.", why.line);
			return false;
		}
	}
	if (!found)
		refuse_name(t, map);
	return found;
}

/* "key value" a line, some of them in each turn. */
struct feed {
	struct text rest;		/* of the payload */
	const char *name;
	bool map, more;
};

static bool
feed_on(struct talk *t, void *state)
{
	struct feed *f = state;
	struct text line, key;

	while (f->more && lb_talk_has_room(t)) {
		f->more = text_split(&f->rest, '\n', &line);
		line = text_trim(line);
		if (line.len > 0 && text_word(&line, " \t", &key) &&
		    !add_to_all(t, f->map, f->name, key, text_trim(line)))
			return false;
	}
	return f->more;
}

static void
add_payload(struct talk *t, const struct command_line *l, bool map)
{
	struct feed *f = mem_get(sizeof *f);

	if (f == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	/* The line and its payload stay until all is said. */
	*f = (struct feed){ l->payload, l->at[2], map, true };
	lb_talk_more(t, feed_on, f, mem_drop);
}

static void
add(struct talk *t, const struct command_line *l, bool map)
{
	if (l->at[2][0] != '\0' && l->at[3][0] == '\0' &&
	    l->payload.len > 0)
		add_payload(t, l, map);
	else if (map && l->count < 5)
		lb_talk_refuse(t, "'add map' expects three parameters (map "
		    "identifier, key and value) or one parameter (map "
		    "identifier) and a payload");
	else if (l->count < 4)
		lb_talk_refuse(t, "'add acl' expects two parameters: ACL "
		    "identifier and pattern.");
	else
		add_to_all(t, map, l->at[2], text_of(l->at[3]),
		    text_of(l->at[4]));
}

/* "#0x1234": by the name that it is shown with. */
static const void *
read_ref(const char *word)
{
	int64_t n;

	if (word[0] != '#' || number_int(text_of(word + 1), 16, 1, INT64_MAX,
	    &n, NULL) < 0)
		return NULL;
	return (const void *)(uintptr_t)n;
}

/* value NULL: they go. */
static void
change(struct talk *t, const struct command_line *l, bool map,
    const char *value)
{
	const void *ref = read_ref(l->at[3]);
	struct lb_list *list;
	bool known = false;
	int found = 0, n;
	unsigned at = 0;
	struct why why;

	while ((list = find_list(&at, map, l->at[2])) != NULL) {
		known = true;
		n = lb_lists_change(list, l->at[3], ref, value, &why);
		if (n < 0) {
			lb_talk_refuse(t, "%s.", why.line);
			return;
		}
		found += n;
	}
	if (!known)
		refuse_name(t, map);
	else if (found == 0)
		lb_talk_refuse(t, value != NULL ? "entry not found." :
		    "Key not found.");
}

static void
del(struct talk *t, const struct command_line *l, bool map)
{
	if (l->count < 4)
		lb_talk_refuse(t, "This command expects two parameters: %s "
		    "identifier and key.", map ? "map" : "ACL");
	else
		change(t, l, map, NULL);
}

static void
clear(struct talk *t, const struct command_line *l, bool map)
{
	struct lb_list *list;
	bool found = false;
	unsigned at = 0;
	struct why why;

	if (l->count < 3) {
		lb_talk_refuse(t, "Missing %s identifier.",
		    map ? "map" : "ACL");
		return;
	}
	while ((list = find_list(&at, map, l->at[2])) != NULL) {
		found = true;
		if (lb_lists_clear(list, &why) < 0)
			lb_talk_refuse(t, "%s", why.line);
	}
	if (!found)
		refuse_name(t, map);
}

/* ---- rows -------------------------------------------------------------- */

#define BOTH(verb)							\
static void								\
run_##verb##_acl(struct talk *t, const struct command_line *l)		\
{									\
	verb(t, l, false);						\
}									\
static void								\
run_##verb##_map(struct talk *t, const struct command_line *l)		\
{									\
	verb(t, l, true);						\
}

BOTH(show)
BOTH(get)
BOTH(add)
BOTH(del)
BOTH(clear)

static void
run_set_map(struct talk *t, const struct command_line *l)
{
	if (l->count < 5)
		lb_talk_refuse(t, "'set map' expects three parameters: map "
		    "identifier, key and value.");
	else
		change(t, l, true, l->at[4]);
}

const struct command lb_commands_lists[] = {
	{ "show acl", "[<acl>]", "report available acls or dump an acl's "
	    "contents", LB_LEVEL_USER, run_show_acl },
	{ "show map", "[<map>]", "report available maps or dump a map's "
	    "contents", LB_LEVEL_USER, run_show_map },
	{ "get acl", "<acl> <value>", "report the patterns matching a sample "
	    "for an ACL", LB_LEVEL_USER, run_get_acl },
	{ "get map", "<map> <value>", "report the keys and values matching a "
	    "sample for a map", LB_LEVEL_USER, run_get_map },
	{ "add acl", "<acl> <pattern>", "add an acl entry", LB_LEVEL_ADMIN,
	    run_add_acl },
	{ "add map", "<map> <key> <val>", "add a map entry (payload "
	    "supported instead of key/val)", LB_LEVEL_ADMIN, run_add_map },
	{ "del acl", "<acl> [<key>|#<ref>]", "delete acl entries matching "
	    "<key>", LB_LEVEL_ADMIN, run_del_acl },
	{ "del map", "<map> [<key>|#<ref>]", "delete map entries matching "
	    "<key>", LB_LEVEL_ADMIN, run_del_map },
	{ "clear acl", "<acl>", "clear the contents of this acl",
	    LB_LEVEL_ADMIN, run_clear_acl },
	{ "clear map", "<map>", "clear the contents of this map",
	    LB_LEVEL_ADMIN, run_clear_map },
	{ "set map", "<map> [<key>|#<ref>] <value>", "modify a map entry",
	    LB_LEVEL_ADMIN, run_set_map },
	{ NULL, NULL, NULL, 0, NULL }
};
