/* SPDX-License-Identifier: ISC */
/*
 * order.c - a cursor over one statement. The form is checked as a whole
 * before any length, so that a long line of nonsense is nonsense and not
 * "too long". Pure; any thread.
 */
#include "base/number.h"
#include "pooler/order.h"

enum { MOST_PARAMS = 16 };

struct word {
	struct text raw;	/* without its quotes */
	char quote;		/* 0: none */
	uint16_t param;		/* n of $n */
};

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

static void
skip_blanks(struct text *rest)
{
	while (rest->len > 0 && text_is_space(rest->at[0]))
		*rest = text_from(*rest, 1);
}

/* At least one blank. */
static bool
take_gap(struct text *rest)
{
	size_t before = rest->len;

	skip_blanks(rest);
	return rest->len < before;
}

static bool
take_plain(struct text *rest, struct word *w)
{
	size_t n = 0;

	while (n < rest->len && is_word_char(rest->at[n]))
		n++;
	*w = (struct word){ .raw = { rest->at, n } };
	*rest = text_from(*rest, n);
	return n > 0;
}

static bool
take_quoted(struct text *rest, char quote, struct word *w)
{
	size_t n = 1;

	for (;;) {
		while (n < rest->len && rest->at[n] != quote)
			n++;
		if (n == rest->len)
			return false;
		if (n + 1 == rest->len || rest->at[n + 1] != quote)
			break;
		n += 2;
	}
	*w = (struct word){ .raw = { rest->at + 1, n - 1 }, .quote = quote };
	*rest = text_from(*rest, n + 1);
	return true;
}

static bool
take_param(struct text *rest, struct word *w)
{
	int64_t n;

	*rest = text_from(*rest, 1);
	if (!take_plain(rest, w) ||
	    number_int(w->raw, 10, 1, MOST_PARAMS, &n, NULL) != 0)
		return false;
	*w = (struct word){ .raw = TEXT(""), .param = (uint16_t)n };
	return true;
}

/* quotes: the characters that may open a word here; params: may $n? */
static bool
take_word(struct text *rest, const char *quotes, bool params, struct word *w)
{
	if (rest->len == 0)
		return false;
	if (rest->at[0] != '\0' && strchr(quotes, rest->at[0]) != NULL)
		return take_quoted(rest, rest->at[0], w);
	if (params && rest->at[0] == '$')
		return take_param(rest, w);
	return take_plain(rest, w);
}

static bool
take_sign(struct text *rest)
{
	struct text probe = *rest;
	struct word to;

	skip_blanks(&probe);
	if (probe.len > 0 && probe.at[0] == '=') {
		probe = text_from(probe, 1);
		skip_blanks(&probe);
	} else if (!take_gap(rest) || !take_plain(&probe, &to) ||
	    !text_is_nocase(to.raw, "to") || !take_gap(&probe))
		return false;
	*rest = probe;
	return true;
}

static bool
take_end(struct text *rest)
{
	skip_blanks(rest);
	if (rest->len > 0 && rest->at[0] == ';')
		*rest = text_from(*rest, 1);
	skip_blanks(rest);
	return rest->len == 0;
}

/* Copies a word with its doubled quotes made one; false: too long. */
static bool
copy_word(const struct word *w, char *to, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < w->raw.len; i++) {
		if (n == most)
			return false;
		to[n++] = w->raw.at[i];
		if (w->quote != '\0' && w->raw.at[i] == w->quote)
			i++;
	}
	to[n] = '\0';
	return true;
}

enum pl_order_fault
pl_order_parse(struct text text, bool params, struct pl_order *o)
{
	struct word cmd, arg = { .raw = TEXT("") }, value = { .raw = TEXT("") };
	struct text rest = text, probe;

	*o = (struct pl_order){ .text = text };
	skip_blanks(&rest);
	if (!take_word(&rest, "\"", false, &cmd))
		return PL_ORDER_INVALID;
	probe = rest;
	if (take_gap(&probe) && take_word(&probe, "\"", params, &arg)) {
		rest = probe;
		if (text_is_nocase(cmd.raw, "set") && take_sign(&rest)) {
			if (!take_word(&rest, "\"'", params, &value))
				return PL_ORDER_INVALID;
			o->has_value = true;
		}
	}
	if (!take_end(&rest))
		return PL_ORDER_INVALID;
	o->arg_param = arg.param;
	o->value_param = value.param;
	if (!copy_word(&cmd, o->cmd, PL_ORDER_CMD) ||
	    !copy_word(&arg, o->arg, PL_ORDER_ARG) ||
	    !copy_word(&value, o->value, PL_ORDER_VALUE))
		return PL_ORDER_LONG;
	return PL_ORDER_FINE;
}

unsigned
pl_order_params(const struct pl_order *o)
{
	return o->arg_param > o->value_param ? o->arg_param : o->value_param;
}

static enum pl_order_fault
fill_one(unsigned param, const struct text *values, unsigned count, char *to,
    size_t most)
{
	if (param == 0)
		return PL_ORDER_FINE;
	if (param > count || values[param - 1].at == NULL)
		return PL_ORDER_INVALID;
	return copy_word(&(struct word){ .raw = values[param - 1] }, to, most) ?
	    PL_ORDER_FINE : PL_ORDER_LONG;
}

enum pl_order_fault
pl_order_fill(struct pl_order *o, const struct text *values, unsigned count)
{
	enum pl_order_fault fault;

	fault = fill_one(o->arg_param, values, count, o->arg, PL_ORDER_ARG);
	if (fault == PL_ORDER_FINE)
		fault = fill_one(o->value_param, values, count, o->value,
		    PL_ORDER_VALUE);
	return fault;
}
