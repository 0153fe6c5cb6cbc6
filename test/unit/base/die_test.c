/* SPDX-License-Identifier: ISC */
/* die_test.c - a broken rule ends the process, and says where. */
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"

#include "base/die.h"
#include "base/text.h"

static void
break_rule(void)
{
	NEED(1 + 1 == 3);
}

static void
die_of(void)
{
	die("%s at %d", "over", 7);
}

static void
tell(const char *text)
{
	if (write(STDERR_FILENO, "told: ", 6) == 6 &&
	    write(STDERR_FILENO, text, strlen(text)) > 0)
		return;
}

static void
tell_and_die(void)
{
	die_set_teller(tell);
	die("so");
}

/* Runs it in a child; what the child wrote to its standard error. */
static void
last_words(void (*run)(void), char *to, size_t room)
{
	int ends[2], status;
	ssize_t n;
	size_t len = 0;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		run();
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], to + len, room - len - 1)) > 0)
		len += (size_t)n;
	to[len] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

START_TEST(ends_with_words)
{
	char words[512];

	last_words(die_of, words, sizeof words);
	ck_assert_str_eq(words, "FATAL over at 7\n");
	last_words(tell_and_die, words, sizeof words);
	ck_assert_str_eq(words, "told: so");
	last_words(break_rule, words, sizeof words);
	ck_assert(text_begins(text_of(words), "FATAL broken rule: "
	    "1 + 1 == 3 @"));
	ck_assert_ptr_nonnull(strstr(words, "die_test.c:"));
}
END_TEST

START_TEST(goes_on_when_all_is_well)
{
	NEED(1 + 1 == 2);
}
END_TEST

UNIT_MAIN("base/die", ends_with_words, goes_on_when_all_is_well)
