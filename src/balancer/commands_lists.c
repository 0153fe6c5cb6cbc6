/* SPDX-License-Identifier: ISC */
/*
 * commands_lists.c - values of conditions and maps: shown, asked for,
 * changed, at once or as a version that is committed. A list is named by "#"
 * and its number, or by its file: all that were read from it are meant.
 * "@3" in front of it names a version. Loop 0.
 */
#include <stdlib.h>

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

/* The words behind the verb and what it is of. */
struct request {
	bool map, versioned;		/* "@3" was given */
	unsigned version;		/* what is no number is 0 */
	unsigned count;			/* of words from the name on */
	const char *name, *key, *value;	/* ""; they stay until all is said */
};

static struct request
read_request(const struct command_line *l, bool map)
{
	char *const *at = l->at + 2;
	struct request r = { .map = map, .count = l->count - 2,
	    .name = at[0], .key = "", .value = "" };

	if (r.name[0] == '@') {
		r.versioned = true;
		r.version = (unsigned)strtoul(r.name + 1, NULL, 10);
		r.name = *++at;
		r.count--;
	}
	if (r.count > 1)
		r.key = at[1];
	if (r.count > 2)
		r.value = at[2];
	return r;
}

static unsigned
version_of(const struct request *r, const struct lb_list *l)
{
	return r->versioned ? r->version : lb_lists_current(l);
}

static bool
is_meant(const struct lb_list *l, bool map, const char *name)
{
	const char *path = lb_lists_conf(l)->path;
	int64_t id;

	if (is_map(l) != map)
		return false;
	if (name[0] == '#')
		return number_int(text_of(name + 1), 10, 0, INT32_MAX, &id,
		    NULL) == 0 && id == lb_lists_id(l);
	return path != NULL && strcmp(path, name) == 0;
}

/* From *at on; NULL: there is none (any more). */
static struct lb_list *
find_list(unsigned *at, bool map, const char *name)
{
	struct lb_list *l;

	while ((l = lb_lists_at((*at)++)) != NULL)
		if (is_meant(l, map, name))
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

/* "by map at file 'F' line 3, by map at ...": all that were read from it. */
static void
show_users(struct talk *t, unsigned first)
{
	const struct lb_list *l, *head = lb_lists_at(first);

	for (unsigned i = first; (l = lb_lists_at(i)) != NULL; i++) {
		const struct lb_list_conf *c = lb_lists_conf(l);

		if (lb_lists_id(l) == lb_lists_id(head))
			lb_talk_print(t, "%s by %s at file '%s' line %u",
			    i == first ? "" : ",", is_map(l) ? "map" : "acl",
			    c->place.file != NULL ? c->place.file : "",
			    c->place.line);
	}
}

static void
show_one(struct talk *t, unsigned first)
{
	const struct lb_list *l = lb_lists_at(first);
	const struct lb_list_conf *c = lb_lists_conf(l);

	lb_talk_print(t, "%u (%s) ", lb_lists_id(l), c->path != NULL ?
	    c->path : "");
	if (c->path != NULL) {
		lb_talk_print(t, "pattern loaded from file '%s' used",
		    c->path);
		show_users(t, first);
	} else
		lb_talk_print(t, "acl '%s' file '%s' line %u", c->what,
		    c->place.file != NULL ? c->place.file : "",
		    c->place.line);
	lb_talk_print(t, ". curr_ver=%u next_ver=%u entry_cnt=%u\n",
	    lb_lists_current(l), lb_lists_newest(l),
	    lb_lists_count(l, lb_lists_current(l)));
}

static void
show_all(struct talk *t, bool map)
{
	const struct lb_list *l;
	unsigned next = 0;

	lb_talk_put(t, TEXT("# id (file) description\n"));
	for (unsigned i = 0; (l = lb_lists_at(i)) != NULL; i++) {
		if (lb_lists_id(l) < next)
			continue;
		next = lb_lists_id(l) + 1;
		if (is_map(l) == map)
			show_one(t, i);
	}
}

struct walk {
	struct lb_list *list;
	unsigned version, at;
};

static bool
show_on(struct talk *t, void *state)
{
	struct walk *w = state;
	const struct lb_pattern *p;
	const char *value;

	for (; w->at < lb_lists_count(w->list, w->version); w->at++) {
		if (!lb_talk_has_room(t))
			return true;
		p = lb_lists_entry(w->list, w->version, w->at, &value);
		lb_talk_print(t, "%p %s%s%s\n", (const void *)p, p->text,
		    value != NULL ? " " : "", value != NULL ? value : "");
	}
	return false;
}

static void
show(struct talk *t, const struct command_line *l, bool map)
{
	struct request r = read_request(l, map);
	struct lb_list *list;
	struct walk *w;
	unsigned at = 0;

	if (r.count == 0 && !r.versioned) {
		show_all(t, map);
		return;
	}
	list = find_list(&at, map, r.name);
	w = list == NULL ? NULL : mem_zero(sizeof *w);
	if (w == NULL) {
		refuse_name(t, map);
		return;
	}
	w->list = list;
	w->version = version_of(&r, list);
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

/* What one of them makes of it. */
static void
look_up(struct talk *t, const struct lb_list *list, const char *key)
{
	enum lb_match how = lb_lists_match(list);
	unsigned now = lb_lists_current(list);
	const struct lb_pattern *p, *hit = NULL;
	const char *value = NULL;
	struct lb_value v;

	if (make_value(text_of(key), how, &v))
		for (unsigned i = 0; hit == NULL &&
		    i < lb_lists_count(list, now); i++) {
			p = lb_lists_entry(list, now, i, &value);
			if (lb_matching_hits(p, how, lb_lists_nocase(list),
			    &v))
				hit = p;
		}
	lb_talk_print(t, "type=%s, case=%s, %s=%s", type_of(how),
	    lb_lists_nocase(list) ? "insensitive" : "sensitive",
	    is_map(list) ? "found" : "match", hit != NULL ? "yes" : "no");
	if (hit != NULL && is_map(list))
		lb_talk_print(t, ", idx=list, key=\"%s\", value=\"%s\", "
		    "type=\"str\"", hit->text, value);
	else if (hit != NULL)
		lb_talk_print(t, ", idx=list, pattern=\"%s\"", hit->text);
	lb_talk_put(t, TEXT("\n"));
}

static void
get(struct talk *t, const struct command_line *l, bool map)
{
	struct lb_list *list;
	bool found = false;
	unsigned at = 0;

	if (l->at[2][0] == '\0' || l->at[3][0] == '\0') {
		lb_talk_refuse(t, "Missing %s identifier and/or key.",
		    map ? "map" : "ACL");
		return;
	}
	while ((list = find_list(&at, map, l->at[2])) != NULL) {
		found = true;
		look_up(t, list, l->at[3]);
	}
	if (!found)
		refuse_name(t, map);
}

/* ---- changed ----------------------------------------------------------- */

/* To each list of that name; false: told. */
static bool
add_to_all(struct talk *t, const struct request *r, struct text key,
    struct text value)
{
	struct lb_list *l;
	bool found = false;
	unsigned at = 0;
	struct why why;

	while ((l = find_list(&at, r->map, r->name)) != NULL) {
		found = true;
		if (r->versioned && r->version > lb_lists_newest(l)) {
			lb_talk_refuse(t, "Version number in the future, "
			    "please use 'prepare %s' before.",
			    r->map ? "map" : "acl");
			return false;
		}
		if (lb_lists_add(l, version_of(r, l), key, value, &why) < 0) {
			lb_talk_refuse(t, "%s.", why.line);
			return false;
		}
	}
	if (!found)
		refuse_name(t, r->map);
	return found;
}

/* "key value" a line, some of them in each turn. */
struct feed {
	struct text rest;		/* of the payload */
	struct request request;
	bool more;
};

static bool
add_line(struct talk *t, const struct request *r, struct text line)
{
	struct text key;

	line = text_trim(line);
	if (line.len == 0 || !text_word(&line, " \t", &key))
		return true;
	line = text_trim(line);
	if (r->map && line.len == 0) {
		lb_talk_refuse(t, "Missing value for key '%.*s'.",
		    TEXT_ARG(key));
		return false;
	}
	return add_to_all(t, r, key, line);
}

static bool
feed_on(struct talk *t, void *state)
{
	struct feed *f = state;
	struct text line;

	while (f->more && lb_talk_has_room(t)) {
		f->more = text_split(&f->rest, '\n', &line);
		if (!add_line(t, &f->request, line))
			return false;
	}
	return f->more;
}

static void
add_payload(struct talk *t, const struct request *r, struct text payload)
{
	struct feed *f = mem_get(sizeof *f);

	if (f == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	*f = (struct feed){ payload, *r, true };
	lb_talk_more(t, feed_on, f, mem_drop);
}

static void
add(struct talk *t, const struct command_line *l, bool map)
{
	struct request r = read_request(l, map);

	if (r.count > 0 && l->payload.len > 0)
		add_payload(t, &r, l->payload);
	else if (map && r.count < 3)
		lb_talk_refuse(t, "'add map' expects three parameters (map "
		    "identifier, key and value) or one parameter (map "
		    "identifier) and a payload");
	else if (r.count < 2)
		lb_talk_refuse(t, "'add acl' expects two parameters: ACL "
		    "identifier and pattern.");
	else
		add_to_all(t, &r, text_of(r.key), text_of(r.value));
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
		lb_talk_refuse(t, value == NULL ? "Key not found." :
		    ref != NULL ? "key or pattern not found." :
		    "entry not found.");
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
	struct request r = read_request(l, map);
	struct lb_list *list;
	bool found = false;
	unsigned at = 0;
	struct why why;

	if (r.count == 0) {
		lb_talk_refuse(t, "Missing %s identifier.",
		    map ? "map" : "ACL");
		return;
	}
	while ((list = find_list(&at, map, r.name)) != NULL) {
		found = true;
		if (lb_lists_clear(list, version_of(&r, list), &why) < 0)
			lb_talk_refuse(t, "%s", why.line);
	}
	if (!found)
		refuse_name(t, map);
}

/* ---- versions ---------------------------------------------------------- */

static void
prepare(struct talk *t, const struct command_line *l, bool map)
{
	struct lb_list *list;
	unsigned at = 0, made = 0;

	while ((list = find_list(&at, map, l->at[2])) != NULL)
		made = lb_lists_prepare(list);
	if (made == 0)
		refuse_name(t, map);
	else
		lb_talk_tell(t, LB_LOG_INFO, "New version created: %u", made);
}

static bool
may_commit(const struct lb_list *l, unsigned version)
{
	return version > lb_lists_current(l) && version <= lb_lists_newest(l);
}

static void
commit(struct talk *t, const struct command_line *l, bool map)
{
	struct request r = read_request(l, map);
	struct lb_list *list;
	bool found = false;
	unsigned at = 0;
	struct why why;

	if (!r.versioned || r.count == 0) {
		lb_talk_refuse(t, r.versioned ? "Missing %s identifier." :
		    "Missing version number.", map ? "map" : "ACL");
		return;
	}
	while ((list = find_list(&at, map, r.name)) != NULL) {
		found = true;
		if (!may_commit(list, r.version)) {
			lb_talk_refuse(t, "Version number out of range.");
			return;
		}
		if (lb_lists_commit(list, r.version, &why) < 0) {
			lb_talk_refuse(t, "%s", why.line);
			return;
		}
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
BOTH(prepare)
BOTH(commit)

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
	{ "show acl", "[@<ver>] [<acl>]", "report available acls or dump an "
	    "acl's contents", LB_LEVEL_USER, run_show_acl },
	{ "show map", "[@<ver>] [<map>]", "report available maps or dump a "
	    "map's contents", LB_LEVEL_USER, run_show_map },
	{ "get acl", "<acl> <value>", "report the patterns matching a sample "
	    "for an ACL", LB_LEVEL_USER, run_get_acl },
	{ "get map", "<map> <value>", "report the keys and values matching a "
	    "sample for a map", LB_LEVEL_USER, run_get_map },
	{ "prepare acl", "<acl>", "prepare a new version for atomic ACL "
	    "replacement", LB_LEVEL_ADMIN, run_prepare_acl },
	{ "prepare map", "<map>", "prepare a new version for atomic map "
	    "replacement", LB_LEVEL_ADMIN, run_prepare_map },
	{ "commit acl", "@<ver> <acl>", "commit the ACL at this version",
	    LB_LEVEL_ADMIN, run_commit_acl },
	{ "commit map", "@<ver> <map>", "commit the map at this version",
	    LB_LEVEL_ADMIN, run_commit_map },
	{ "add acl", "[@<ver>] <acl> <pattern>", "add an acl entry (payload "
	    "supported instead of pattern)", LB_LEVEL_ADMIN, run_add_acl },
	{ "add map", "[@<ver>] <map> <key> <val>", "add a map entry (payload "
	    "supported instead of key/val)", LB_LEVEL_ADMIN, run_add_map },
	{ "del acl", "<acl> [<key>|#<ref>]", "delete acl entries matching "
	    "<key>", LB_LEVEL_ADMIN, run_del_acl },
	{ "del map", "<map> [<key>|#<ref>]", "delete map entries matching "
	    "<key>", LB_LEVEL_ADMIN, run_del_map },
	{ "clear acl", "[@<ver>] <acl>", "clear the contents of this acl",
	    LB_LEVEL_ADMIN, run_clear_acl },
	{ "clear map", "[@<ver>] <map>", "clear the contents of this map",
	    LB_LEVEL_ADMIN, run_clear_map },
	{ "set map", "<map> [<key>|#<ref>] <value>", "modify a map entry",
	    LB_LEVEL_ADMIN, run_set_map },
	{ NULL, NULL, NULL, 0, NULL }
};
