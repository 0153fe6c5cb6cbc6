/* SPDX-License-Identifier: ISC */
/*
 * commands.c - the table of commands and a run_ function for each. To add a
 * command: one line in the table, one function. Loop 0.
 */
#include <ctype.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "pooler/commands.h"

static void
log_order(const struct pl_order *o)
{
	char word[sizeof o->cmd];
	size_t i;

	for (i = 0; o->cmd[i] != '\0'; i++)
		word[i] = (char)toupper((unsigned char)o->cmd[i]);
	word[i] = '\0';
	if (o->arg[0] != '\0')
		log_info("%s '%s' command issued", word, o->arg);
	else
		log_info("%s command issued", word);
}

/* After a call of control: its reason, or the tag that stands already. */
static void
settle(struct pl_reply *reply, int outcome)
{
	if (outcome != 0)
		reply->act = PL_REPLY_ERROR;
}

static void
refuse(struct pl_reply *reply, const char *text)
{
	why_set(&reply->why, "%s", text);
	reply->act = PL_REPLY_ERROR;
}

/*
 * The database that was named, NULL when none was. False: there is none of
 * that name, and none can be made (which only some commands do).
 */
static bool
find_database(const struct pl_order *o, bool make, struct pl_database **db,
    struct pl_reply *reply)
{
	struct text name = text_of(o->arg);

	*db = NULL;
	if (name.len == 0)
		return true;
	*db = make ? pl_database_get(name) : pl_database_find(name);
	if (*db != NULL && !(*db)->dead)
		return true;
	why_set(&reply->why, "no such database: %s", o->arg);
	reply->act = PL_REPLY_ERROR;
	return false;
}

static enum pl_control_outcome
look(const struct pl_reply *reply)
{
	struct pl_database *db;

	if (reply->wait == PL_WAIT_HUNT)
		return pl_control_hunted(reply->hunt);
	if (!pl_control_served(reply->wait, reply->ticket))
		return PL_CONTROL_WAITS;
	if (reply->database[0] == '\0')
		return pl_control_look(reply->wait, NULL);
	db = pl_database_find(text_of(reply->database));
	return db == NULL ? PL_CONTROL_DONE : pl_control_look(reply->wait, db);
}

enum pl_control_outcome
pl_commands_look(struct pl_reply *reply)
{
	enum pl_control_outcome outcome = look(reply);

	if (outcome == PL_CONTROL_UNDONE)
		why_set(&reply->why, reply->wait == PL_WAIT_HUNT ?
		    "client not found" : "resumed while waiting");
	return outcome;
}

void
pl_commands_end(struct pl_reply *reply)
{
	mem_drop(reply->detail);
	reply->detail = NULL;
	pl_control_end_hunt(&reply->hunt);
}

/* The answer comes when what was begun is over; maybe it is already. */
static void
await(const struct pl_order *o, enum pl_control_wait what,
    struct pl_reply *reply)
{
	reply->wait = what;
	reply->ticket = pl_control_ticket(what);
	snprintf(reply->database, sizeof reply->database, "%s", o->arg);
	if (look(reply) != PL_CONTROL_DONE)
		reply->act = PL_REPLY_WAIT;
}

/* Done, on loop 0; answered when the others have done it. */
static void
await_round(const struct pl_order *o, int outcome, struct pl_reply *reply)
{
	settle(reply, outcome);
	if (outcome == 0)
		await(o, PL_WAIT_ROUND, reply);
}

/* ---- commands ----------------------------------------------------------- */

static void
run_pause(const struct pl_order *o, struct pl_reply *reply)
{
	struct pl_database *db;

	if (pl_control_may_pause(&reply->why) != 0) {
		settle(reply, -1);
		return;
	}
	log_order(o);
	if (!find_database(o, true, &db, reply))
		return;
	settle(reply, pl_control_pause(db, &reply->why));
	if (reply->act == PL_REPLY_DONE)
		await(o, PL_WAIT_PAUSE, reply);
}

static void
run_resume(const struct pl_order *o, struct pl_reply *reply)
{
	struct pl_database *db;

	log_order(o);
	if (find_database(o, false, &db, reply))
		await_round(o, pl_control_resume(db, &reply->why), reply);
}

static void
run_disable(const struct pl_order *o, struct pl_reply *reply)
{
	struct pl_database *db;

	log_order(o);
	if (find_database(o, true, &db, reply))
		settle(reply, pl_control_able(db, false, &reply->why));
}

static void
run_enable(const struct pl_order *o, struct pl_reply *reply)
{
	struct pl_database *db;

	log_order(o);
	if (find_database(o, false, &db, reply))
		settle(reply, pl_control_able(db, true, &reply->why));
}

static void
run_kill(const struct pl_order *o, struct pl_reply *reply)
{
	struct pl_database *db;

	log_order(o);
	if (find_database(o, true, &db, reply))
		await_round(o, pl_control_kill(db, &reply->why), reply);
}

/* With one loop it is over already. */
static void
await_hunt(struct pl_reply *reply)
{
	reply->wait = PL_WAIT_HUNT;
	switch (pl_commands_look(reply)) {
	case PL_CONTROL_WAITS:
		reply->act = PL_REPLY_WAIT;
		break;
	case PL_CONTROL_UNDONE:
		reply->act = PL_REPLY_ERROR;
		break;
	case PL_CONTROL_DONE:
		break;
	}
}

static void
run_kill_client(const struct pl_order *o, struct pl_reply *reply)
{
	int64_t id;

	if (number_int(text_of(o->arg), 10, 1, INT64_MAX, &id, NULL) != 0) {
		refuse(reply, "invalid client pointer supplied");
		return;
	}
	log_order(o);
	settle(reply, pl_control_kill_client((uint64_t)id, &reply->hunt,
	    &reply->why));
	if (reply->act == PL_REPLY_DONE)
		await_hunt(reply);
}

static void
run_reconnect(const struct pl_order *o, struct pl_reply *reply)
{
	struct pl_database *db;

	log_order(o);
	if (find_database(o, true, &db, reply))
		settle(reply, pl_control_reconnect(db, &reply->why));
}

static void
run_wait_close(const struct pl_order *o, struct pl_reply *reply)
{
	struct pl_database *db;

	log_order(o);
	if (!find_database(o, true, &db, reply))
		return;
	settle(reply, pl_control_may_wait(db, &reply->why));
	if (reply->act == PL_REPLY_DONE)
		await(o, PL_WAIT_CLOSE, reply);
}

static void
run_suspend(const struct pl_order *o, struct pl_reply *reply)
{
	if (pl_control_may_suspend(&reply->why) != 0) {
		settle(reply, -1);
		return;
	}
	log_order(o);
	settle(reply, pl_control_suspend(&reply->why));
	if (reply->act == PL_REPLY_DONE)
		await(o, PL_WAIT_SUSPEND, reply);
}

static void
run_reload(const struct pl_order *o, struct pl_reply *reply)
{
	log_order(o);
	if (pl_control_reload(&reply->why) == 0)
		return;
	refuse(reply, "RELOAD failed, see logs for additional details");
	reply->code = "F0000";
}

static void
run_shutdown(const struct pl_order *o, struct pl_reply *reply)
{
	log_order(o);
	if (o->arg[0] == '\0') {
		pl_control_shutdown(PL_SHUTDOWN_NOW);
		reply->act = PL_REPLY_END;
	} else if (text_is_nocase(text_of(o->arg), "WAIT_FOR_SERVERS"))
		pl_control_shutdown(PL_SHUTDOWN_SERVERS);
	else
		pl_control_shutdown(PL_SHUTDOWN_CLIENTS);
}

static bool
touches_tls(const char *key)
{
	return strstr(key, "_tls_") != NULL;
}

static void
run_set(const struct pl_order *o, struct pl_reply *reply)
{
	if (pl_control_set(text_of(o->arg), text_of(o->value),
	    &reply->why) != 0) {
		if (reply->why.line[0] != '\0')
			log_error("%s", reply->why.line);
		refuse(reply, "SET failed");
		return;
	}
	snprintf(reply->tag, sizeof reply->tag, "SET %s=%s", o->arg, o->value);
	if (pl_control_applied == NULL ||
	    pl_control_applied(text_of(o->arg), &reply->why) == 0)
		return;
	log_error("%s", reply->why.line);
	if (touches_tls(o->arg))
		reply->notice = "TLS settings could not be applied, "
		    "still using old configuration";
}

static void
run_set_parameter(const struct pl_order *o, struct pl_reply *reply)
{
	(void)o;
	reply->notice = "SET ignored";
}

static char *print_help(void);

static void
run_show(const struct pl_order *o, struct pl_reply *reply)
{
	reply->object = pl_columns_find(o->arg);
	if (reply->object->view != NULL) {
		reply->act = PL_REPLY_ROWS;
		return;
	}
	reply->notice = "Console usage";
	reply->detail = print_help();
}

/* In the order of SHOW HELP. */
const struct pl_command pl_commands[] = {
	{ "SHOW", PL_FORM_SHOW, PL_LEVEL_ANY, run_show, NULL,
	    "shows one of the tables listed above" },
	{ "SELECT", PL_FORM_SHOW, PL_LEVEL_ANY, run_show, NULL,
	    "the same as SHOW" },
	{ "SET", PL_FORM_SET_PARAMETER, PL_LEVEL_ANY, run_set_parameter, NULL,
	    "accepts what drivers set at the start of a session" },
	{ "SET", PL_FORM_SET, PL_LEVEL_ADMIN, run_set, "SET key = arg",
	    "changes a setting until the next reload" },
	{ "RELOAD", PL_FORM_BARE, PL_LEVEL_ADMIN, run_reload, "RELOAD",
	    "reads the configuration again" },
	{ "PAUSE", PL_FORM_ANY_DATABASE, PL_LEVEL_ADMIN, run_pause,
	    "PAUSE [<db>]",
	    "lets transactions end, disconnects from servers, answers then" },
	{ "RESUME", PL_FORM_ANY_DATABASE, PL_LEVEL_ADMIN, run_resume,
	    "RESUME [<db>]", "goes on after PAUSE, KILL or SUSPEND" },
	{ "DISABLE", PL_FORM_DATABASE, PL_LEVEL_ADMIN, run_disable,
	    "DISABLE <db>", "refuses new clients of a database" },
	{ "ENABLE", PL_FORM_DATABASE, PL_LEVEL_ADMIN, run_enable,
	    "ENABLE <db>", "takes new clients again after DISABLE" },
	{ "RECONNECT", PL_FORM_ANY_DATABASE, PL_LEVEL_ADMIN, run_reconnect,
	    "RECONNECT [<db>]",
	    "closes each server connection when it is released" },
	{ "KILL", PL_FORM_ANY_DATABASE, PL_LEVEL_ADMIN, run_kill,
	    "KILL [<db>]", "drops all clients and servers now, and pauses" },
	{ "KILL_CLIENT", PL_FORM_CLIENT, PL_LEVEL_ADMIN, run_kill_client,
	    "KILL_CLIENT <client_id>", "drops the client with that id" },
	{ "SUSPEND", PL_FORM_BARE, PL_LEVEL_ADMIN, run_suspend, "SUSPEND",
	    "sends what is in hand and stops reading" },
	{ "SHUTDOWN", PL_FORM_SHUTDOWN, PL_LEVEL_ADMIN, run_shutdown,
	    "SHUTDOWN [WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS]",
	    "ends the process, at once or when they are gone" },
	{ "WAIT_CLOSE", PL_FORM_ANY_DATABASE, PL_LEVEL_ADMIN, run_wait_close,
	    "WAIT_CLOSE [<db>]",
	    "answers when RECONNECT or RELOAD has closed its connections" },
};
const unsigned pl_command_count = sizeof pl_commands / sizeof pl_commands[0];

/* ---- help --------------------------------------------------------------- */

static char *
add_line(char *all, const char *before, const char *text)
{
	char *longer = all == NULL ? NULL :
	    mem_print("%s%s%s", all, before, text);

	mem_drop(all);
	return longer;
}

static char *
print_help(void)
{
	char *all = mem_copy(TEXT(""));
	unsigned group = 0;

	for (unsigned i = 0; i < pl_object_count; i++) {
		const struct pl_object *o = &pl_objects[i];

		if (o->group == PL_GROUP_PARAMETER)
			continue;
		all = add_line(all, o->group == group ? "|" : "\n\tSHOW ",
		    o->name);
		group = o->group;
	}
	for (unsigned i = 0; i < pl_command_count; i++)
		if (pl_commands[i].usage != NULL)
			all = add_line(all, "\n\t", pl_commands[i].usage);
	return all;
}

static const char *
name_level(enum pl_level level)
{
	return level == PL_LEVEL_ADMIN ? "admin" : "any";
}

void
pl_commands_list(FILE *to)
{
	for (unsigned i = 0; i < pl_object_count; i++)
		if (pl_objects[i].help != NULL)
			fprintf(to, "SHOW %s\t%s\t%s\n",
			    pl_objects[i].name,
			    name_level(pl_objects[i].level),
			    pl_objects[i].help);
	for (unsigned i = 0; i < pl_command_count; i++)
		if (pl_commands[i].usage != NULL)
			fprintf(to, "%s\t%s\t%s\n", pl_commands[i].usage,
			    name_level(pl_commands[i].level),
			    pl_commands[i].help);
}

/* ---- finding and running ------------------------------------------------ */

/* Some forms are right whatever the argument; it is judged when it runs. */
static bool
has_form(const struct pl_order *o, enum pl_form form)
{
	struct text arg = text_of(o->arg);
	const struct pl_object *object = pl_columns_find(o->arg);
	bool given = arg.len > 0 || o->arg_param > 0;

	switch (form) {
	case PL_FORM_BARE:
		return !given && !o->has_value;
	case PL_FORM_DATABASE:
	case PL_FORM_ANY_DATABASE:
	case PL_FORM_CLIENT:
		return !o->has_value;
	case PL_FORM_SHOW:
		return object != NULL;
	case PL_FORM_SHUTDOWN:
		return !given || text_is_nocase(arg, "WAIT_FOR_SERVERS") ||
		    text_is_nocase(arg, "WAIT_FOR_CLIENTS");
	case PL_FORM_SET:
		return given && o->has_value;
	case PL_FORM_SET_PARAMETER:
		return o->has_value && object != NULL &&
		    object->group == PL_GROUP_PARAMETER;
	}
	return false;
}

const struct pl_command *
pl_commands_find(const struct pl_order *o)
{
	for (unsigned i = 0; i < pl_command_count; i++)
		if (text_is_nocase(text_of(o->cmd), pl_commands[i].word) &&
		    has_form(o, pl_commands[i].form))
			return &pl_commands[i];
	return NULL;
}

const struct pl_object *
pl_commands_object(const struct pl_order *o)
{
	const struct pl_command *row = pl_commands_find(o);
	const struct pl_object *object;

	if (row == NULL || row->form != PL_FORM_SHOW)
		return NULL;
	object = pl_columns_find(o->arg);
	return object->view != NULL ? object : NULL;
}

enum pl_level
pl_commands_level(const struct pl_command *row, const struct pl_order *o)
{
	return row->form == PL_FORM_SHOW ? pl_columns_find(o->arg)->level :
	    row->level;
}

void
pl_commands_refuse(enum pl_order_fault fault, struct text text,
    struct pl_reply *reply)
{
	*reply = (struct pl_reply){ .act = PL_REPLY_ERROR, .code = "08P01" };
	if (fault == PL_ORDER_LONG)
		why_set(&reply->why, "bad arguments");
	else
		why_set(&reply->why, "invalid command '%.*s', use SHOW HELP;",
		    TEXT_ARG(text));
}

void
pl_commands_run(const struct pl_order *o, bool admin, struct pl_reply *reply)
{
	const struct pl_command *row = pl_commands_find(o);

	if (row == NULL) {
		pl_commands_refuse(PL_ORDER_INVALID, o->text, reply);
		return;
	}
	*reply = (struct pl_reply){ .code = "08P01" };
	snprintf(reply->tag, sizeof reply->tag, "%s",
	    row->form == PL_FORM_SHOW ? "SHOW" : row->word);
	if (pl_commands_level(row, o) == PL_LEVEL_ADMIN && !admin)
		refuse(reply, "admin access needed");
	else if (row->form == PL_FORM_DATABASE && o->arg[0] == '\0')
		refuse(reply, "a database is required");
	else
		row->run(o, reply);
}
